/*
 * The Internet checksum: sums (RFC 1071) and updates (RFC 1624).
 *
 * A "sum" is a one's-complement sum of 16-bit big-endian words, not folded
 * and not complemented, in a 64-bit accumulator that cannot overflow for
 * any packet. What stands in a header is cksum_fold() of it.
 */
#ifndef NAT64D_CKSUM_H
#define NAT64D_CKSUM_H

#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>

/*
 * Sum of len bytes at data; an odd last byte is padded with zero, so only
 * the last piece of a sum may have an odd length.
 */
uint64_t cksum_add(uint64_t sum, const void *data, size_t len);

/* Sum of the addresses alone: two words, or eight. */
uint64_t cksum_add4(uint64_t sum, struct in_addr addr);
uint64_t cksum_add6(uint64_t sum, const struct in6_addr *addr);

/* Fold to 16 bits, not complemented. */
uint16_t cksum_fold(uint64_t sum);

/* The checksum field for a sum: folded and complemented, host order. */
uint16_t cksum_finish(uint64_t sum);

/*
 * Update a checksum field (RFC 1624, eqn. 3): HC' = ~(~HC + ~m + m'), the
 * old words m given as the sum old, the new words m' as the sum new.
 * A damaged packet stays damaged by the same amount. Host order.
 */
uint16_t cksum_update(uint16_t field, uint64_t old, uint64_t new);

/*
 * The same for the uncomplemented partial sum of a pseudo header (GSO-13).
 */
uint16_t cksum_update_partial(uint16_t field, uint64_t old, uint64_t new);

/*
 * Sum of a pseudo header (RFC 793, RFC 768; RFC 8200, 8.1); l4len in bytes,
 * of the whole unfragmented datagram.
 */
uint64_t cksum_pseudo4(struct in_addr src, struct in_addr dst, uint8_t proto,
    uint32_t l4len);
uint64_t cksum_pseudo6(const struct in6_addr *src, const struct in6_addr *dst,
    uint8_t proto, uint32_t l4len);

#endif
