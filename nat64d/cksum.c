/*
 * Internet checksums. Owns the arithmetic; knows no header format but the
 * pseudo headers, and not where a checksum field stands.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdint.h>
#include <string.h>

#include "cksum.h"

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return (word);
}

/* 2^32 is 1 modulo 2^16 - 1. The result is below 2^33. */
static inline uint64_t
fold32(uint64_t sum)
{
	return ((sum >> 32) + (sum & 0xffffffff));
}

/* Add word to *acc; the carry, which weighs 2^64 and thus 1, is returned. */
static inline uint64_t
add_carry(uint64_t *acc, uint64_t word)
{
	*acc += word;
	return (*acc < word);
}

/*
 * Sum in the byte order of the machine, which RFC 1071, 2(B), allows when
 * the folded result is swapped back. Four accumulators, for one would make
 * every addition wait for the carry before it.
 */
static uint64_t
sum_native(const uint8_t *p, size_t len)
{
	uint64_t a = 0, b = 0, c = 0, d = 0, carry = 0, tail = 0;

	for (; len >= 32; len -= 32, p += 32) {
		carry += add_carry(&a, load64(p));
		carry += add_carry(&b, load64(p + 8));
		carry += add_carry(&c, load64(p + 16));
		carry += add_carry(&d, load64(p + 24));
	}
	for (; len >= 8; len -= 8, p += 8)
		carry += add_carry(&a, load64(p));
	/* memcpy from NULL is undefined even for no bytes. */
	if (len > 0)
		memcpy(&tail, p, len);
	carry += add_carry(&b, tail);
	return (fold32(a) + fold32(b) + fold32(c) + fold32(d) + carry);
}

uint64_t
cksum_add(uint64_t sum, const void *data, size_t len)
{
	return (sum + ntohs(cksum_fold(sum_native(data, len))));
}

uint64_t
cksum_add4(uint64_t sum, struct in_addr addr)
{
	return (sum + ntohl(addr.s_addr));
}

uint64_t
cksum_add6(uint64_t sum, const struct in6_addr *addr)
{
	uint32_t words[4];

	memcpy(words, addr, sizeof(words));
	return (sum + ntohl(words[0]) + ntohl(words[1]) + ntohl(words[2]) +
	    ntohl(words[3]));
}

uint16_t
cksum_fold(uint64_t sum)
{
	sum = fold32(fold32(sum));
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return ((uint16_t)((sum >> 16) + sum));
}

uint16_t
cksum_finish(uint64_t sum)
{
	return ((uint16_t)~cksum_fold(sum));
}

uint16_t
cksum_update(uint16_t field, uint64_t old, uint64_t new)
{
	return ((uint16_t)~cksum_update_partial((uint16_t)~field, old, new));
}

uint16_t
cksum_update_partial(uint16_t field, uint64_t old, uint64_t new)
{
	return (cksum_fold((uint64_t)field + cksum_finish(old) + new));
}

uint64_t
cksum_pseudo4(struct in_addr src, struct in_addr dst, uint8_t proto,
    uint32_t l4len)
{
	return (cksum_add4(cksum_add4(0, src), dst) + proto + l4len);
}

uint64_t
cksum_pseudo6(const struct in6_addr *src, const struct in6_addr *dst,
    uint8_t proto, uint32_t l4len)
{
	return (cksum_add6(cksum_add6(0, src), dst) + proto + l4len);
}
