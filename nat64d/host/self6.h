/*
 * The address that ICMPv6 errors are sent from follows those of this host,
 * unless the configuration says one: prefixes change, and a daemon may be
 * started before the network is there. Which one: hostaddr.h.
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

/*
 * Have fn called when there is a better one; :: when there is none any more.
 */
typedef void (*self6_fn)(void *arg, const struct in6_addr *addr);
void self6_follow(struct self6 *s, self6_fn fn, void *arg);

#endif
