/*
 * The explicit address mapping table (RFC 7757): IPv4 prefixes and the IPv6
 * prefixes that their addresses are translated to, without state.
 *
 * A lookup is a binary search for the last prefix that begins at or before the
 * address. If that does not contain it, a prefix that contains that one may:
 * each entry knows the smallest prefix around it.
 */
#ifndef NAT64D_TABLES_EAMT_H
#define NAT64D_TABLES_EAMT_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * A mapping. Host bits are zero; 32 - len4 <= 128 - len6, so that each IPv4
 * address has a place in the IPv6 prefix (RFC 7757, 3.2).
 */
struct eam {
	struct in_addr addr4;
	unsigned char len4; /* bits */
	struct in6_addr addr6;
	unsigned char len6; /* bits */
};

/*
 * Is it a mapping of one address of the service continuity prefix 192.0.0.0/29
 * (RFC 7335)? A CLAT gives such an address to its own host, and to no other.
 */
bool eam_is_of_host(const struct eam *m);

struct eamt;

/*
 * A table of n mappings, which are copied. Prefixes may contain each other;
 * of two mappings with the same prefix the result is unspecified (RFC 7757,
 * 5), so callers refuse these. Returns NULL with errno ENOMEM, or EINVAL for a
 * mapping as it must not be.
 */
struct eamt *eamt_new(const struct eam *maps, size_t n);
void eamt_free(struct eamt *t);

/*
 * The address that belongs to addr by the mapping with the longest matching
 * prefix (RFC 7757, 3.3.1 and 3.3.2). False: no mapping matches.
 */
bool eamt_4to6(const struct eamt *t, struct in_addr addr,
    struct in6_addr *out);
bool eamt_6to4(const struct eamt *t, const struct in6_addr *addr,
    struct in_addr *out);

/* The mapping that they use, owned by t; NULL: none matches. */
const struct eam *eamt_find4(const struct eamt *t, struct in_addr addr);
const struct eam *eamt_find6(const struct eamt *t,
    const struct in6_addr *addr);

#endif
