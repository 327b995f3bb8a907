/*
 * The Pref64 of the network, found by router advertisements (ndopt.h) or by the
 * resolvers of /etc/resolv.conf (RFC 7050), which are asked
 *
 *	at the start, and after changes of the host's addresses and routes,
 *	while no advertisement has one;
 *	when the TTL of what they said is over;
 *	after a failure, at growing intervals.
 */
#ifndef NAT64D_HOST_PREF64FIND_H
#define NAT64D_HOST_PREF64FIND_H

#include "common/net/pref64.h"
#include "common/os/watch.h"

#define PREF64FIND_RESOLV_CONF "/etc/resolv.conf"

struct pref64find;

/*
 * Open what needs privileges. watch is borrowed. Returns NULL with errno
 * ENOMEM.
 */
struct pref64find *pref64find_new(struct watch *watch);
void pref64find_free(struct pref64find *f);

/*
 * Search from now on; after watch_attach(). fn is called with the prefix to be
 * used when it is another one, NULL: there is none any more. Changes are
 * logged.
 * Returns 0, or -1 with errno ENOMEM.
 */
typedef void pref64find_fn(void *arg, const struct pref64 *p);
int pref64find_follow(struct pref64find *f, pref64find_fn *fn, void *arg);

/* Stop; before the event loop is freed. */
void pref64find_stop(struct pref64find *f);

#endif
