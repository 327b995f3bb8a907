/*
 * Sums of bytes; sums of a few words are inline functions in cksum.h.
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

/*
 * Add word to *acc and return the carry. Its weight of 2^64 is congruent to
 * 1 modulo 2^16 - 1.
 */
static inline uint64_t
add_carry(uint64_t *acc, uint64_t word)
{
	*acc += word;
	return (*acc < word);
}

/*
 * Sum in the byte order of the machine; the caller converts the folded
 * result (RFC 1071, 2(B)). There are four accumulators because with one
 * every addition would wait for the carry of the one before.
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
	return (cksum_fold32(a) + cksum_fold32(b) + cksum_fold32(c) +
	    cksum_fold32(d) + carry);
}

uint64_t
cksum_add(uint64_t sum, const void *data, size_t len)
{
	return (sum + ntohs(cksum_fold(sum_native(data, len))));
}
