/*
 * Special-use zones, and reverse names as numbers. Owns the lists, which
 * follow the RFCs that local.h names, and were not compared with IANA's
 * registries as a whole; knows no hosts.
 */
#include <sys/socket.h>

#include <string.h>

#include "local.h"
#include "msg_name.h"

#define DIGITS_MAX 32 /* nibbles of an IPv6 address */

static const struct {
	const char *apex;
	enum local_zone_kind kind;
	bool nowhere; /* no site has a use for it either */
} zones[] = {
	{ "\011localhost", LOCAL_ZONE_LOCALHOST, true },
	{ "\007invalid", LOCAL_ZONE_ABSENT, true },
	{ "\005onion", LOCAL_ZONE_ABSENT, true },
	{ "\003alt", LOCAL_ZONE_ABSENT, true },
	/*
	 * Clients ask there for the encrypted services of the resolver that
	 * they use (RFC 9462, 4). The answer of an upstream would be about
	 * the upstream, and lead them past us and DNS64.
	 */
	{ "\010resolver\004arpa", LOCAL_ZONE_EMPTY, true },
	{ "\005local", LOCAL_ZONE_ABSENT, false },
	{ "\004test", LOCAL_ZONE_ABSENT, false },
	{ "\004home\004arpa", LOCAL_ZONE_EMPTY, false },
	{ "\007service\004arpa", LOCAL_ZONE_EMPTY, false },
};

/*
 * Reverse zones by the numbers of their names, the one next to the root
 * first: octets of in-addr.arpa, nibbles of ip6.arpa. The last number has a
 * range; numbers that are not written are zero.
 */
struct reverse_zone {
	int family;
	uint8_t depth;
	uint8_t digit[7]; /* all but the last */
	uint8_t low, high;
};

static const struct reverse_zone reverse_zones[] = {
	{ AF_INET, 1, { 0 }, 0, 0 },
	{ AF_INET, 1, { 0 }, 10, 10 },
	{ AF_INET, 2, { 100 }, 64, 127 },
	{ AF_INET, 1, { 0 }, 127, 127 },
	{ AF_INET, 2, { 169 }, 254, 254 },
	{ AF_INET, 2, { 172 }, 16, 31 },
	{ AF_INET, 3, { 192, 0 }, 2, 2 },
	{ AF_INET, 2, { 192 }, 168, 168 },
	{ AF_INET, 3, { 198, 51 }, 100, 100 },
	{ AF_INET, 3, { 203, 0 }, 113, 113 },
	{ AF_INET, 4, { 255, 255, 255 }, 255, 255 },
	{ AF_INET6, 32, { 0 }, 0, 1 }, /* unspecified and loopback */
	{ AF_INET6, 2, { 0xf }, 0xd, 0xd },
	{ AF_INET6, 3, { 0xf, 0xe }, 0x8, 0xb },
	{ AF_INET6, 8, { 2, 0, 0, 1, 0, 0xd, 0xb }, 8, 8 },
};

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

/* A reverse name as numbers, the one next to the root first. */
struct reverse {
	int family; /* 0: the name is none */
	bool deeper; /* it has labels below the address */
	size_t n;
	uint8_t digit[DIGITS_MAX];
	const uint8_t *label[DIGITS_MAX]; /* where each number stands */
};

/* An octet without leading zeros; -1: not one. */
static int
read_octet(const uint8_t *label)
{
	int i, n = 0;

	if (label[0] < 1 || label[0] > 3 || (label[1] == '0' && label[0] > 1))
		return (-1);
	for (i = 1; i <= label[0]; i++) {
		if (label[i] < '0' || label[i] > '9')
			return (-1);
		n = n * 10 + label[i] - '0';
	}
	return (n > 255 ? -1 : n);
}

static int
read_nibble(const uint8_t *label)
{
	uint8_t c = name_lower(label[1]);

	if (label[0] != 1)
		return (-1);
	if (c >= '0' && c <= '9')
		return (c - '0');
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

static unsigned
count_labels(const uint8_t *name)
{
	unsigned n = 0;

	for (; *name != 0; name += *name + 1)
		n++;
	return (n);
}

/* The numbers end where a label is none. */
static void
read_digits(struct reverse *r, const uint8_t *name, size_t n)
{
	int digit;
	size_t i;

	for (i = n; i-- > 0; name += *name + 1)
		r->label[i] = name;
	for (; r->n < n; r->n++) {
		digit = r->family == AF_INET ? read_octet(r->label[r->n]) :
		    read_nibble(r->label[r->n]);
		if (digit == -1)
			return;
		r->digit[r->n] = (uint8_t)digit;
	}
}

static void
read_reverse(const uint8_t *name, struct reverse *r)
{
	static const uint8_t arpa4[] = "\007in-addr\004arpa";
	static const uint8_t arpa6[] = "\003ip6\004arpa";
	size_t n, max;

	memset(r, 0, sizeof(*r));
	if (name_is_below(name, arpa4)) {
		r->family = AF_INET;
		max = 4;
	} else if (name_is_below(name, arpa6)) {
		r->family = AF_INET6;
		max = DIGITS_MAX;
	} else
		return;
	n = count_labels(name) - 2;
	r->deeper = n > max;
	for (; n > max; n--)
		name += *name + 1;
	read_digits(r, name, n);
}

static bool
is_in_reverse(const struct reverse *r, const struct reverse_zone *z)
{
	size_t i, last = z->depth - 1u;

	if (r->family != z->family || r->n < z->depth)
		return (false);
	for (i = 0; i < last; i++)
		if (r->digit[i] != (i < sizeof(z->digit) ? z->digit[i] : 0))
			return (false);
	return (r->digit[last] >= z->low && r->digit[last] <= z->high);
}

static enum local_zone_kind
find_reverse(const uint8_t *name, const uint8_t **apex)
{
	struct reverse r;
	size_t i;

	read_reverse(name, &r);
	for (i = 0; i < NITEMS(reverse_zones); i++) {
		if (!is_in_reverse(&r, &reverse_zones[i]))
			continue;
		*apex = r.label[reverse_zones[i].depth - 1];
		return (LOCAL_ZONE_EMPTY);
	}
	return (LOCAL_ZONE_NONE);
}

enum local_zone_kind
local_zone_find(const uint8_t *name, enum local_zones which,
    const uint8_t **apex)
{
	const bool all = which == LOCAL_ZONES_ALL;
	const uint8_t *zone;
	size_t i;

	if (which == LOCAL_ZONES_NONE)
		return (LOCAL_ZONE_NONE);
	for (i = 0; i < NITEMS(zones); i++) {
		zone = (const uint8_t *)zones[i].apex;
		if ((!all && !zones[i].nowhere) || !name_is_below(name, zone))
			continue;
		*apex = name + name_length(name) - name_length(zone);
		return (zones[i].kind);
	}
	return (all ? find_reverse(name, apex) : LOCAL_ZONE_NONE);
}

int
local_reverse_addr(const uint8_t *name, struct in6_addr *out)
{
	struct reverse r;
	size_t i;

	read_reverse(name, &r);
	if (r.deeper)
		return (0);
	if (r.family == AF_INET && r.n == 4)
		memcpy(out, r.digit, 4);
	else if (r.family == AF_INET6 && r.n == DIGITS_MAX)
		for (i = 0; i < sizeof(*out); i++)
			out->s6_addr[i] = (uint8_t)(r.digit[2 * i] << 4 |
			    r.digit[2 * i + 1]);
	else
		return (0);
	return (r.family);
}
