#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "pref64.h"

/* Bits 64 to 71, "u" in RFC 6052, 2.2: zero, and never part of an address. */
#define U_OCTET 8

const struct pref64 pref64_wkp = {
	.addr.s6_addr = { 0x00, 0x64, 0xff, 0x9b },
	.len = 96,
};

/* Ranges that a translation prefix must not overlap. */
static const struct {
	struct prefix prefix;
	char reason[48];
} refused[] = {
	{ { .family = AF_INET6, .len = 8, .v6.s6_addr = { 0xff } },
	    "is multicast" },
	{ { .family = AF_INET6, .len = 10, .v6.s6_addr = { 0xfe, 0x80 } },
	    "is link-local" },
	/* ::1 and the deprecated IPv4-compatible addresses (RFC 4291). */
	{ { .family = AF_INET6, .len = 96 },
	    "covers the loopback and unspecified addresses" },
	{ { .family = AF_INET6,
	      .len = 96,
	      .v6.s6_addr = { [10] = 0xff, [11] = 0xff } },
	    "covers the IPv4-mapped addresses" },
};

static struct prefix
as_prefix(const struct pref64 *p)
{
	return ((struct prefix){ .family = AF_INET6,
	    .len = p->len,
	    .v6 = p->addr });
}

static bool
length_is_valid(unsigned len)
{
	return (len == 96 || (len >= 32 && len <= 64 && len % 8 == 0));
}

const char *
pref64_init(struct pref64 *p, const struct in6_addr *addr, unsigned len)
{
	struct prefix all = { .family = AF_INET6, .v6 = *addr };
	size_t i;

	if (!length_is_valid(len))
		return ("has a length other than 32, 40, 48, 56, 64 or 96");
	all.len = (unsigned char)len;
	for (i = len / 8; i < sizeof(addr->s6_addr); i++) {
		if (addr->s6_addr[i] != 0)
			return ("has host bits set");
	}
	if (addr->s6_addr[U_OCTET] != 0)
		return ("has bits 64 to 71 set");
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (prefix_overlap(&all, &refused[i].prefix))
			return (refused[i].reason);
	}
	p->addr = *addr;
	p->len = (unsigned char)len;
	return (NULL);
}

const char *
pref64_parse(const char *text, struct pref64 *out)
{
	struct prefix p;
	const char *why;

	if ((why = prefix_parse_family(text, AF_INET6, &p)) != NULL)
		return (why);
	return (pref64_init(out, &p.v6, p.len));
}

bool
pref64_overlap(const struct pref64 *a, const struct pref64 *b)
{
	unsigned len = a->len < b->len ? a->len : b->len;

	return (memcmp(&a->addr, &b->addr, len / 8) == 0);
}

bool
pref64_equal(const struct pref64 *a, const struct pref64 *b)
{
	return (a->len == b->len && pref64_overlap(a, b));
}

bool
pref64_is_wkp(const struct pref64 *p)
{
	return (p->len == pref64_wkp.len && pref64_match(p, &pref64_wkp.addr));
}

/* The four octets follow the prefix and step over the "u" octet. */
void
pref64_embed_short(const struct pref64 *p, struct in_addr addr4,
    struct in6_addr *out)
{
	unsigned char bytes[sizeof(addr4)];
	size_t i, at = p->len / 8;

	memcpy(bytes, &addr4, sizeof(bytes));
	*out = p->addr;
	for (i = 0; i < sizeof(bytes); i++, at++) {
		if (at == U_OCTET)
			at++;
		out->s6_addr[at] = bytes[i];
	}
}

int
pref64_extract_short(const struct pref64 *p, const struct in6_addr *addr,
    struct in_addr *out)
{
	unsigned char bytes[sizeof(*out)];
	size_t i, at = p->len / 8;

	if (addr->s6_addr[U_OCTET] != 0)
		return (-1);
	for (i = 0; i < sizeof(bytes); i++, at++) {
		if (at == U_OCTET)
			at++;
		bytes[i] = addr->s6_addr[at];
	}
	memcpy(out, bytes, sizeof(bytes));
	return (0);
}

char *
pref64_print(const struct pref64 *p, char *buf, size_t size)
{
	struct prefix all = as_prefix(p);

	return (prefix_print(&all, buf, size));
}
