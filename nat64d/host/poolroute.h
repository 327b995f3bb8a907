/*
 * What has to be routed to the translator: its prefixes and its pool.
 */
#ifndef NAT64D_HOST_POOLROUTE_H
#define NAT64D_HOST_POOLROUTE_H

#include "common/net/addr.h"

#include "nat64d/core/nat64.h"

typedef void poolroute_fn(void *arg, const struct prefix *dst);

/* Call fn for each; a range that is not a prefix is several. */
void poolroute_each(const struct nat64_config *n, poolroute_fn *fn, void *arg);

#endif
