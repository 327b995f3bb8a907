/*
 * A set of numbers below 65536 that finds the next member from a point on
 * in constant time: which pool addresses still have a free port.
 *
 * A bit of a higher level says that the word below it is not empty.
 */
#ifndef NAT64D_POOL_BITSET_H
#define NAT64D_POOL_BITSET_H

#include <stdbool.h>
#include <stdint.h>

#define BITSET_NBITS 65536

/* All zero: the empty set. */
struct bitset {
	uint64_t words[BITSET_NBITS / 64];
	uint64_t level1[BITSET_NBITS / 64 / 64];
	uint64_t level2[1];
};

/* Make n a member, or none; n < BITSET_NBITS. */
void bitset_put(struct bitset *set, uint32_t n, bool member);

/* The first member >= n, or after the last one the very first; or -1. */
int32_t bitset_next(const struct bitset *set, uint32_t n);

#endif
