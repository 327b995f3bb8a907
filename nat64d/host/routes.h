/*
 * What has to be routed to nat64d: the prefixes and the pool. With "mode clat",
 * the IPv6 side of the mappings (clatif.h has the IPv4 default route); with
 * "mode siit", the prefixes and the IPv4 side.
 */
#ifndef NAT64D_HOST_ROUTES_H
#define NAT64D_HOST_ROUTES_H

#include "common/net/addr.h"

#include "nat64d/core/nat64.h"

/* Returns 0, or -1 to end the walk. */
typedef int (*routes_fn)(void *arg, const struct prefix *dst);

/*
 * Call fn for each destination. A range of the pool that is no prefix is
 * several of them. Returns what the last call returned, or 0.
 */
int routes_each(const struct nat64_config *n, routes_fn fn, void *arg);

#endif
