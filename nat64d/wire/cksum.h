/*
 * The Internet checksum: sums (RFC 1071) and updates (RFC 1624).
 *
 * A "sum" is a one's-complement sum of 16-bit big-endian words, not folded
 * and not complemented, in 64 bits, which no packet can overflow. The
 * checksum field of a header is cksum_finish() of it.
 */
#ifndef NAT64D_WIRE_CKSUM_H
#define NAT64D_WIRE_CKSUM_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Add len bytes at data to sum. An odd last byte is padded with zero, so
 * only the last part of a sum may have an odd length.
 */
uint64_t cksum_add(uint64_t sum, const void *data, size_t len);

/* Fold to 33 bits: 2^32 is congruent to 1 modulo 2^16 - 1. */
static inline uint64_t
cksum_fold32(uint64_t sum)
{
	return ((sum >> 32) + (sum & 0xffffffff));
}

/* Fold to 16 bits, not complemented. */
static inline uint16_t
cksum_fold(uint64_t sum)
{
	sum = cksum_fold32(cksum_fold32(sum));
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return ((uint16_t)((sum >> 16) + sum));
}

/* The checksum field for a sum: folded and complemented, host order. */
static inline uint16_t
cksum_finish(uint64_t sum)
{
	return ((uint16_t)~cksum_fold(sum));
}

/* Add an address to sum. */
static inline uint64_t
cksum_add4(uint64_t sum, struct in_addr addr)
{
	return (sum + ntohl(addr.s_addr));
}

static inline uint64_t
cksum_add6(uint64_t sum, const struct in6_addr *addr)
{
	uint32_t words[4];

	memcpy(words, addr, sizeof(words));
	return (sum + ntohl(words[0]) + ntohl(words[1]) + ntohl(words[2]) +
	    ntohl(words[3]));
}

/*
 * Update the checksum field of a packet whose checksum the device completes:
 * the field has the sum of the pseudo header, not complemented (virtio 1.2,
 * 5.1.6.2). old and new: sums of the words that change, before and after.
 * Fields are in host order.
 */
static inline uint16_t
cksum_update_partial(uint16_t field, uint64_t old, uint64_t new)
{
	return (cksum_fold((uint64_t)field + cksum_finish(old) + new));
}

/*
 * Update a complete checksum field (RFC 1624, eqn. 3): HC' = ~(~HC + ~m + m').
 * The checksum of a damaged packet stays wrong by the same amount.
 */
static inline uint16_t
cksum_update(uint16_t field, uint64_t old, uint64_t new)
{
	return ((uint16_t)~cksum_update_partial((uint16_t)~field, old, new));
}

/*
 * Sum of a pseudo header (RFC 9293, 3.1; RFC 768; RFC 8200, 8.1). l4len:
 * bytes of the L4 header and payload of the whole unfragmented datagram.
 */
static inline uint64_t
cksum_pseudo4(struct in_addr src, struct in_addr dst, uint8_t proto,
    uint32_t l4len)
{
	return (cksum_add4(cksum_add4(0, src), dst) + proto + l4len);
}

static inline uint64_t
cksum_pseudo6(const struct in6_addr *src, const struct in6_addr *dst,
    uint8_t proto, uint32_t l4len)
{
	return (cksum_add6(cksum_add6(0, src), dst) + proto + l4len);
}

#endif
