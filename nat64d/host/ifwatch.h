/*
 * Our own interface while we run. The rights to mend it have been given up,
 * so what can be followed is followed, and what cannot be put right ends the
 * process, so that a supervisor starts it anew with its rights:
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
 * Note how the interface is now, and which routes of the prefixes and of the
 * pool lead to it; n: NULL to leave routes to the administrator. Nothing but
 * watch is borrowed. Returns NULL with errno.
 */
struct ifwatch *ifwatch_new(struct watch *watch, const char *tun,
    const struct nat64_config *n);
void ifwatch_free(struct ifwatch *w);

struct ifwatch_ops {
	void (*mtu)(void *arg, unsigned mtu); /* bytes; it has changed */
	void (*fail)(void *arg); /* we are to end; it was logged why */
	void *arg;
};

/* Call ops from now on. */
void ifwatch_follow(struct ifwatch *w, const struct ifwatch_ops *ops);

#endif
