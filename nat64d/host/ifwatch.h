/*
 * Our own interface while we run. The privileges to repair it have been given
 * up: changes are followed where possible, and others end the process, so that
 * a supervisor restarts it with its privileges:
 *
 *	removed, or moved elsewhere	ends
 *	down				logged; when it is up again, its
 *					routes have gone in most cases
 *	a route has gone		ends, if we made it or found it
 *	IPv6 disabled			logged; IPv6 routes are not looked
 *					for before it is enabled again
 *	another MTU			logged and followed
 */
#ifndef NAT64D_HOST_IFWATCH_H
#define NAT64D_HOST_IFWATCH_H

#include "common/os/watch.h"

#include "nat64d/core/nat64.h"

struct ifwatch;

/*
 * Record the state of the interface, and which routes of the prefixes and of
 * the pool lead to it; n: NULL to leave routes to the administrator. Only
 * watch is borrowed. Returns NULL with errno.
 */
struct ifwatch *ifwatch_new(struct watch *watch, const char *tun,
    const struct nat64_config *n);
void ifwatch_free(struct ifwatch *w);

/* The MTU of the interface, in bytes. */
unsigned ifwatch_mtu(const struct ifwatch *w);

/*
 * Watch the routes of another configuration from now on, as ifwatch_new() does.
 * Returns 0, or -1 with errno ENOMEM; then not all of them are watched.
 */
int ifwatch_use(struct ifwatch *w, const struct nat64_config *n);

/*
 * Is there a prefix, or a part of the pool, of n that no route leads to us for?
 * Then returns -1 and sets *missing.
 */
int ifwatch_find_unrouted(const struct ifwatch *w,
    const struct nat64_config *n, struct prefix *missing);

struct ifwatch_ops {
	void (*mtu)(void *arg, unsigned mtu); /* in bytes, after a change */
	void (*fail)(void *arg); /* end the daemon; the reason was logged */
	void *arg;
};

/* Call ops from now on. */
void ifwatch_follow(struct ifwatch *w, const struct ifwatch_ops *ops);

#endif
