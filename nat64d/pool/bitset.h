/*
 * A set of numbers below 65536, which finds the next member from a given
 * number in constant time. The pool keeps the indexes of addresses that have
 * a free port in such sets.
 *
 * A bit of a higher level is set if the word below it is not 0.
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

/* Add n, or remove it; n < BITSET_NBITS. */
void bitset_put(struct bitset *set, uint32_t n, bool member);

/*
 * The first member >= n; if there is none, the first one of all; -1 if the
 * set is empty.
 */
int32_t bitset_next(const struct bitset *set, uint32_t n);

#endif
