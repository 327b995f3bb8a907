/*
 * Transport addresses and tuples (RFC 6146, 2): the keys of the tables.
 * Addresses are in network order, ports and ICMP identifiers in host order.
 * For ICMP queries "port" is the identifier (RFC 6146, 3.5.3).
 */
#ifndef NAT64D_BASE_TUPLE_H
#define NAT64D_BASE_TUPLE_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The protocols that are translated; each has its own tables. */
enum l4proto { L4_TCP, L4_UDP, L4_ICMP };
#define L4_NPROTO 3

/* The number of the protocol in IPv4, also in records. */
static inline uint8_t
l4proto_number(enum l4proto proto)
{
	static const uint8_t numbers[L4_NPROTO] = {
		[L4_TCP] = IPPROTO_TCP,
		[L4_UDP] = IPPROTO_UDP,
		[L4_ICMP] = IPPROTO_ICMP,
	};

	return (numbers[proto]);
}

/* The protocol with this number; false: it is none of them. */
static inline bool
l4proto_find(uint8_t number, enum l4proto *proto)
{
	for (*proto = L4_TCP; *proto < L4_NPROTO; (*proto)++)
		if (l4proto_number(*proto) == number)
			return (true);
	return (false);
}

struct taddr4 {
	struct in_addr addr;
	uint16_t port;
};

struct taddr6 {
	struct in6_addr addr;
	uint16_t port;
};

/*
 * An ICMP query has one identifier. It is the port of the IPv6 host, and the
 * port of the peer is 0, so that the tuple of any protocol is a session key:
 * the identifier is in src of a tuple6 made from an IPv6 packet, and in dst
 * of a tuple4 made from an IPv4 packet.
 */
struct tuple4 {
	struct taddr4 src;
	struct taddr4 dst;
};

struct tuple6 {
	struct taddr6 src;
	struct taddr6 dst;
};

/* An order of IPv6 addresses for trees: fast, but not the numeric one. */
static inline int
addr6_compare(const struct in6_addr *a, const struct in6_addr *b)
{
	uint64_t x[2], y[2];
	const unsigned i = memcmp(a, b, sizeof(x[0])) == 0;

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return ((x[i] > y[i]) - (x[i] < y[i]));
}

/* Order: address, then port, as numbers. */
static inline int
taddr4_compare(const struct taddr4 *a, const struct taddr4 *b)
{
	const uint64_t x = (uint64_t)ntohl(a->addr.s_addr) << 16 | a->port;
	const uint64_t y = (uint64_t)ntohl(b->addr.s_addr) << 16 | b->port;

	return ((x > y) - (x < y));
}

#endif
