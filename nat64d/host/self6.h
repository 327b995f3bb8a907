/*
 * The source of ICMPv6 errors, when it is not configured: an address of this
 * host, chosen again when addresses change, since prefixes change and the
 * daemon may start before the network. hostaddr.h makes the choice.
 */
#ifndef NAT64D_HOST_SELF6_H
#define NAT64D_HOST_SELF6_H

#include <netinet/in.h>

#include "common/os/watch.h"

#include "nat64d/core/nat64.h"

struct self6;

/*
 * Choose one now, put it into n->self6, and log it. tun: our own interface.
 * watch and n are borrowed. Returns NULL with errno.
 */
struct self6 *self6_new(struct watch *watch, const char *tun,
    struct nat64_config *n);
void self6_free(struct self6 *s);

/* The present one; "::" if it lies inside a prefix of n. */
struct in6_addr self6_addr(const struct self6 *s,
    const struct nat64_config *n);

/* The prefixes have changed: choose again. After self6_follow(). */
void self6_look(struct self6 *s);

/*
 * Call fn when there is a better one, or with :: when there is none any more.
 */
typedef void (*self6_fn)(void *arg, const struct in6_addr *addr);
void self6_follow(struct self6 *s, self6_fn fn, void *arg);

#endif
