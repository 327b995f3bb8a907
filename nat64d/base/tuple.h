/*
 * Transport addresses and tuples (RFC 6146, 2): what the tables are keyed
 * with. Addresses in network order; ports and ICMP identifiers in host
 * order. For ICMP queries "port" means the identifier (RFC 6146, 3.5.3).
 */
#ifndef NAT64D_BASE_TUPLE_H
#define NAT64D_BASE_TUPLE_H

#include <netinet/in.h>

#include <stdint.h>
#include <string.h>

/* The three protocols that are translated; each has tables of its own. */
enum l4proto { L4_TCP, L4_UDP, L4_ICMP };
#define L4_NPROTO 3

struct taddr4 {
	struct in_addr addr;
	uint16_t port;
};

struct taddr6 {
	struct in6_addr addr;
	uint16_t port;
};

/*
 * ICMP queries carry one identifier: it is the port of the side that the
 * host behind us is on, and 0 on the other side, so that a tuple of any
 * protocol is a valid session key. In tuple6 that is src for a packet from
 * IPv6; in tuple4 it is dst for a packet from IPv4.
 */
struct tuple4 {
	struct taddr4 src;
	struct taddr4 dst;
};

struct tuple6 {
	struct taddr6 src;
	struct taddr6 dst;
};

/* An order of IPv6 addresses for trees. It means nothing, but is fast. */
static inline int
addr6_compare(const struct in6_addr *a, const struct in6_addr *b)
{
	uint64_t x[2], y[2];
	const unsigned i = memcmp(a, b, sizeof(x[0])) == 0;

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return ((x[i] > y[i]) - (x[i] < y[i]));
}

#endif
