/*
 * The addresses of the machine that we run on.
 */
#ifndef NAT64D_HOSTADDR_H
#define NAT64D_HOSTADDR_H

#include <netinet/in.h>

#include <stddef.h>

#include "common/pref64.h"

/*
 * Find a global unicast IPv6 address of this host that lies in none of the
 * prefixes: what ICMPv6 errors are sent from when no address is configured
 * (spec LOC, ADR-07). Returns 0, or -1 when there is none.
 */
int hostaddr_global6(const struct pref64 *prefixes, size_t nprefixes,
    struct in6_addr *addr);

#endif
