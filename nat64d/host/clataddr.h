/*
 * The IPv6 address of a CLAT whose mapping is "to interface NAME": one of the
 * network of that interface, beside those of the host. It is made from an
 * address of the host there, so that it stays the same as long as that does and
 * no other host has it: the first half of the interface identifier is changed.
 */
#ifndef NAT64D_HOST_CLATADDR_H
#define NAT64D_HOST_CLATADDR_H

#include "common/os/watch.h"

#include "nat64d/conf/conf.h"

struct clataddr;

/*
 * Find the address and put it into c. watch and c are borrowed. Returns NULL
 * with errno and *what, a static string: the interface is not there, or has no
 * global or unique local address of a /64.
 */
struct clataddr *clataddr_new(struct watch *watch, struct conf *c,
    const char **what);
void clataddr_free(struct clataddr *a);

/* Put it into another configuration. */
void clataddr_complete(const struct clataddr *a, struct conf *c);

/*
 * Call fail when the interface has another network and not this one any more:
 * the privileges to change routes were given up, so a supervisor has to restart
 * the daemon. The reason is logged.
 */
void clataddr_follow(struct clataddr *a, void (*fail)(void *arg), void *arg);

/* The address for a host address of a /64; pure. */
struct in6_addr clataddr_derive(const struct in6_addr *host);

#endif
