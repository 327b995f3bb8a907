/*
 * Pref64::/n, the prefix of IPv4-embedded IPv6 addresses (RFC 6052).
 * Which prefix applies to which client is decided elsewhere.
 */
#ifndef COMMON_NET_PREF64_H
#define COMMON_NET_PREF64_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Host bits are zero; len is one of 32, 40, 48, 56, 64, 96. */
struct pref64 {
	struct in6_addr addr;
	unsigned char len; /* bits */
};

/* 64:ff9b::/96, the well-known prefix (RFC 6052, 2.1). */
extern const struct pref64 pref64_wkp;

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

/* The same from a text such as "64:ff9b::/96". */
const char *pref64_parse(const char *text, struct pref64 *p);

/*
 * True when addr lies inside the prefix, whatever its other bits. Lengths
 * are whole octets, so octets are compared.
 */
static inline bool
pref64_match(const struct pref64 *p, const struct in6_addr *addr)
{
	/* The usual length gets a comparison of constant size. */
	if (p->len == 96)
		return (memcmp(&p->addr, addr, 96 / 8) == 0);
	return (memcmp(&p->addr, addr, p->len / 8) == 0);
}

/* Index of the first of n prefixes that addr lies inside, or -1. */
static inline int
pref64_find(const struct pref64 *prefixes, size_t n,
    const struct in6_addr *addr)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (pref64_match(&prefixes[i], addr))
			return ((int)i);
	return (-1);
}

/* True when one of the two prefixes contains the other. */
bool pref64_overlap(const struct pref64 *a, const struct pref64 *b);

bool pref64_equal(const struct pref64 *a, const struct pref64 *b);

/* True for pref64_wkp. */
bool pref64_is_wkp(const struct pref64 *p);

/* For prefixes shorter than 96 bits; called by the two below. */
void pref64_embed_short(const struct pref64 *p, struct in_addr addr4,
    struct in6_addr *out);
int pref64_extract_short(const struct pref64 *p, const struct in6_addr *addr,
    struct in_addr *out);

/* Embed addr4; octet 8 and the suffix are zero (RFC 6052, 2.2 and 2.3). */
static inline void
pref64_embed(const struct pref64 *p, struct in_addr addr4,
    struct in6_addr *out)
{
	if (p->len != 96) {
		pref64_embed_short(p, addr4, out);
		return;
	}
	*out = p->addr;
	memcpy(&out->s6_addr[96 / 8], &addr4, sizeof(addr4));
}

/*
 * Take the IPv4 address out of addr, which must match p. The suffix is
 * ignored (RFC 6052, 2.2). Returns 0, or -1 when octet 8 is not zero: then
 * addr is no IPv4-embedded address.
 */
static inline int
pref64_extract(const struct pref64 *p, const struct in6_addr *addr,
    struct in_addr *out)
{
	if (p->len != 96)
		return (pref64_extract_short(p, addr, out));
	if (addr->s6_addr[8] != 0)
		return (-1);
	memcpy(out, &addr->s6_addr[96 / 8], sizeof(*out));
	return (0);
}

/* Print as 2001:db8::/96 into buf, cut to size; returns buf. */
char *pref64_print(const struct pref64 *p, char *buf, size_t size);

#endif
