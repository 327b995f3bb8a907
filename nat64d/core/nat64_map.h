/*
 * The addresses of the stateless translator (nat64_siit.h): by a mapping
 * (RFC 7757), else by the Pref64.
 */
#ifndef NAT64D_CORE_NAT64_MAP_H
#define NAT64D_CORE_NAT64_MAP_H

#include "nat64.h"

/* How an address was translated. */
enum nat64_by {
	NAT64_BY_NOTHING, /* it cannot be, and *out means nothing */
	NAT64_BY_EAM,
	NAT64_BY_PREFIX
};

/* For translators that are not NAT64_STATEFUL. */
enum nat64_by nat64_map_4to6(const struct nat64 *n, struct in_addr addr,
    struct in6_addr *out);
enum nat64_by nat64_map_6to4(const struct nat64 *n,
    const struct in6_addr *addr, struct in_addr *out);

/* The same without the mappings, where RFC 7757, 4.2.1 forbids them. */
enum nat64_by nat64_embed_4to6(const struct nat64 *n, struct in_addr addr,
    struct in6_addr *out);

#endif
