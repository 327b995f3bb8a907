/*
 * The table of special-use zones: those of IANA's registries
 * "Locally-Served DNS Zones" and "Special-Use Domain Names", compared on
 * 2026-11-29 with public copies of September 2026.
 *
 * These are registered, but resolvers are to treat them like other names:
 *
 *	example, example.com, .net, .org	RFC 6761, 6.5 (4)
 *	170 and 171.0.0.192.in-addr.arpa	RFC 8880, 7.2 (4)
 *
 * ipv4only.arpa is answered by synth_ptr.c. The second prefix for
 * documentation, 3fff::/20 (RFC 9637), is not registered as locally served.
 */
#include <sys/socket.h>

#include "local.h"
#include "dns64d/wire/msg_name.h"
#include "dns64d/synth/reverse.h"

/*
 * nowhere: no site uses names in it, so it is answered unless an upstream is
 * configured for it. The others are answered with `special-zones yes` only.
 */
static const struct {
	const char *apex;
	enum local_zone_kind kind;
	bool nowhere;
} zones[] = {
	/* RFC 6761, 6.3 (4): the loopback addresses. */
	{ "\011localhost", LOCAL_ZONE_LOCALHOST, true },
	/* RFC 6761, 6.4 (4): NXDOMAIN. */
	{ "\007invalid", LOCAL_ZONE_ABSENT, true },
	/* RFC 7686, 2 (4): NXDOMAIN. */
	{ "\005onion", LOCAL_ZONE_ABSENT, true },
	/* RFC 9476, 2: not in the DNS. */
	{ "\003alt", LOCAL_ZONE_ABSENT, true },
	/*
	 * RFC 9462, 6.4: not to be forwarded. Clients ask it for encrypted
	 * services of their resolver. The answer of an upstream would make
	 * them ask the upstream, without DNS64.
	 */
	{ "\010resolver\004arpa", LOCAL_ZONE_EMPTY, true },
	/* RFC 6762, 22.1 (4): NXDOMAIN. */
	{ "\005local", LOCAL_ZONE_ABSENT, false },
	/* RFC 6761, 6.2 (4): negative. */
	{ "\004test", LOCAL_ZONE_ABSENT, false },
	/* RFC 8375, 4 (4): as RFC 6303, 3. */
	{ "\004home\004arpa", LOCAL_ZONE_EMPTY, false },
	/* RFC 9665, 8.4: as RFC 6303, 3. */
	{ "\007service\004arpa", LOCAL_ZONE_EMPTY, false },
	/*
	 * Identifiers of other protocols, not in the DNS: RFC 9031; RFC 9140,
	 * 5.6; RFC 9965, which deprecates that of RFC 9140.
	 */
	{ "\0066tisch\004arpa", LOCAL_ZONE_ABSENT, false },
	{ "\010eap-noob\004arpa", LOCAL_ZONE_ABSENT, false },
	{ "\003eap\004arpa", LOCAL_ZONE_ABSENT, false },
};

/*
 * Reverse zones by the numbers of their names, as in reverse.h. The last
 * number is a range; numbers that are left out are zero.
 */
struct reverse_zone {
	int family;
	uint8_t depth;
	uint8_t digit[7]; /* all but the last */
	uint8_t low, high;
};

static const struct reverse_zone reverse_zones[] = {
	/* RFC 6303, 4.1: private addresses. */
	{ AF_INET, 1, { 0 }, 10, 10 },
	{ AF_INET, 2, { 172 }, 16, 31 },
	{ AF_INET, 2, { 192 }, 168, 168 },
	/* RFC 6303, 4.2: this network, loopback, link-local, examples. */
	{ AF_INET, 1, { 0 }, 0, 0 },
	{ AF_INET, 1, { 0 }, 127, 127 },
	{ AF_INET, 2, { 169 }, 254, 254 },
	{ AF_INET, 3, { 192, 0 }, 2, 2 },
	{ AF_INET, 3, { 198, 51 }, 100, 100 },
	{ AF_INET, 3, { 203, 0 }, 113, 113 },
	{ AF_INET, 4, { 255, 255, 255 }, 255, 255 },
	/* RFC 7793, 3: addresses shared by providers. */
	{ AF_INET, 2, { 100 }, 64, 127 },
	/* RFC 6303, 4.3: unspecified and loopback. */
	{ AF_INET6, 32, { 0 }, 0, 1 },
	/* RFC 6303, 4.4: locally assigned. */
	{ AF_INET6, 2, { 0xf }, 0xd, 0xd },
	/* RFC 6303, 4.5: link-local. */
	{ AF_INET6, 3, { 0xf, 0xe }, 0x8, 0xb },
	/* RFC 6303, 4.6: examples. */
	{ AF_INET6, 8, { 2, 0, 0, 1, 0, 0xd, 0xb }, 8, 8 },
};

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

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

	reverse_read(name, &r);
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
