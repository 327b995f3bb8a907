/*
 * Pref64::/n, the prefix of IPv4-embedded IPv6 addresses (RFC 6052).
 * Knows addresses only: which prefix applies to whom is decided elsewhere.
 */
#ifndef COMMON_PREF64_H
#define COMMON_PREF64_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>

/* Host bits are zero; len is one of 32, 40, 48, 56, 64, 96. */
struct pref64 {
	struct in6_addr addr;
	unsigned char len; /* bits */
};

/* Longest text of a prefix with its length, and the final NUL. */
#define PREF64_STRLEN (INET6_ADDRSTRLEN + 4)

/*
 * Make a prefix and check it: length (RFC 6052, 2.2), host bits, octet 8 of
 * a /96, and the ranges that can never be a translation prefix (multicast,
 * link-local, ::/96, IPv4-mapped, loopback).
 *
 * Returns NULL, or the reason for the refusal as a static string that reads
 * well behind the prefix ("has host bits set"); then p is unchanged.
 */
const char *pref64_init(struct pref64 *p, const struct in6_addr *addr,
    unsigned len);

/* True when addr lies inside the prefix, whatever its other bits. */
bool pref64_match(const struct pref64 *p, const struct in6_addr *addr);

/* Index of the first of n prefixes that addr lies inside, or -1. */
int pref64_find(const struct pref64 *prefixes, size_t n,
    const struct in6_addr *addr);

/* True when one of the two prefixes contains the other. */
bool pref64_overlap(const struct pref64 *a, const struct pref64 *b);

/* True for 64:ff9b::/96, the well-known prefix (RFC 6052, 2.1). */
bool pref64_is_wkp(const struct pref64 *p);

/* Embed addr4; octet 8 and the suffix are zero (RFC 6052, 2.2 and 2.3). */
void pref64_embed(const struct pref64 *p, struct in_addr addr4,
    struct in6_addr *out);

/*
 * Take the IPv4 address out of addr, which must match p. The suffix is
 * ignored (RFC 6052, 2.2). Returns 0, or -1 when octet 8 is not zero: then
 * addr is no IPv4-embedded address.
 */
int pref64_extract(const struct pref64 *p, const struct in6_addr *addr,
    struct in_addr *out);

/* Print as 2001:db8::/96 into buf, cut to size; returns buf. */
char *pref64_print(const struct pref64 *p, char *buf, size_t size);

#endif
