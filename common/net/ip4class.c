#include <arpa/inet.h>

#include "addr.h"
#include "ip4class.h"

struct block {
	uint32_t addr; /* host order */
	uint32_t mask;
};

#define IP4(a, b, c, d) \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* Registry entries whose column "globally reachable" says no. */
static const struct block nonglobal[] = {
	{ IP4(0, 0, 0, 0), PREFIX4_MASK(8) },	   /* "this" network */
	{ IP4(10, 0, 0, 0), PREFIX4_MASK(8) },	   /* private use */
	{ IP4(100, 64, 0, 0), PREFIX4_MASK(10) },  /* shared address space */
	{ IP4(127, 0, 0, 0), PREFIX4_MASK(8) },	   /* loopback */
	{ IP4(169, 254, 0, 0), PREFIX4_MASK(16) }, /* link-local */
	{ IP4(172, 16, 0, 0), PREFIX4_MASK(12) },  /* private use */
	{ IP4(192, 0, 0, 0),
	    PREFIX4_MASK(24) }, /* IETF protocol assignments */
	{ IP4(192, 0, 2, 0), PREFIX4_MASK(24) },    /* TEST-NET-1 */
	{ IP4(192, 88, 99, 2), PREFIX4_MASK(32) },  /* 6a44 relay anycast */
	{ IP4(192, 168, 0, 0), PREFIX4_MASK(16) },  /* private use */
	{ IP4(198, 18, 0, 0), PREFIX4_MASK(15) },   /* benchmarking */
	{ IP4(198, 51, 100, 0), PREFIX4_MASK(24) }, /* TEST-NET-2 */
	{ IP4(203, 0, 113, 0), PREFIX4_MASK(24) },  /* TEST-NET-3 */
	{ IP4(240, 0, 0, 0), PREFIX4_MASK(4) },	    /* reserved, broadcast */
};

/* The globally reachable exceptions inside 192.0.0.0/24. */
static const struct block global[] = {
	{ IP4(192, 0, 0, 9), PREFIX4_MASK(32) },  /* PCP anycast, RFC 7723 */
	{ IP4(192, 0, 0, 10), PREFIX4_MASK(32) }, /* TURN anycast, RFC 8155 */
};

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static bool
in_blocks(const struct block *blocks, size_t n, struct in_addr addr)
{
	uint32_t host = ntohl(addr.s_addr);
	size_t i;

	for (i = 0; i < n; i++) {
		if ((host & blocks[i].mask) == blocks[i].addr)
			return (true);
	}
	return (false);
}

bool
ip4_is_nonglobal(struct in_addr addr)
{
	return (in_blocks(nonglobal, NITEMS(nonglobal), addr) &&
	    !in_blocks(global, NITEMS(global), addr));
}
