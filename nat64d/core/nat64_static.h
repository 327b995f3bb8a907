/*
 * Static bindings (RFC 6146, 3.1) that are added and deleted while the
 * translator runs. Unlike those of the configuration they are reported one by
 * one.
 */
#ifndef NAT64D_CORE_NAT64_STATIC_H
#define NAT64D_CORE_NAT64_STATIC_H

#include <stdbool.h>

#include "nat64.h"

/*
 * Most sessions that a dynamic binding may have to be ended for a static one,
 * so that packets do not wait long.
 */
#define NAT64_STATIC_MAX_ENDED 1024

/*
 * Add a static binding. A dynamic one of the same two transport addresses
 * becomes static and keeps its sessions. One that has either of them with
 * another one is in the way: it is ended if end_dynamic is set.
 *
 * Returns 0, or -1 with errno, and then nothing has changed but for dynamic
 * bindings that were ended:
 *	EINVAL		in6 can be no host: it is in a Pref64 or no global
 *			unicast address, or a port is 0
 *	EADDRNOTAVAIL	out4 is not in the pool
 *	EEXIST		*other is in the way, and is static, or end_dynamic is
 *			not set; or it is this very binding, which is static
 *	EBUSY		*other has more sessions than NAT64_STATIC_MAX_ENDED
 *	ENOBUFS, ENOMEM	a table is full; no memory
 */
int nat64_static_add(struct nat64 *n, const struct nat64_static *st,
    bool end_dynamic, struct monotime now, const struct bib_entry **other);

/*
 * Delete a static binding. If it has sessions or explicit mappings, it is a
 * dynamic one from now on, until they end; if its port is in the block of
 * another subscriber, they end at once. Returns 0, or -1 with errno, and then
 * nothing has changed:
 *	ENOENT		there is no such static binding
 *	EBUSY		it has more sessions to end than NAT64_STATIC_MAX_ENDED
 */
int nat64_static_delete(struct nat64 *n, const struct nat64_static *st,
    struct monotime now);

#endif
