/*
 * A set of numbers below 65536 that finds the next member from a point on
 * in constant time: which pool addresses still have a free port.
 *
 * A bit of a higher level says that the word below it is not empty.
 */
#ifndef NAT64D_POOL_ADDRSET_H
#define NAT64D_POOL_ADDRSET_H

#include <stdbool.h>
#include <stdint.h>

#define ADDRSET_SIZE 65536

/* All zero: the empty set. */
struct addrset {
	uint64_t words[ADDRSET_SIZE / 64];
	uint64_t level1[ADDRSET_SIZE / 64 / 64];
	uint64_t level2[1];
};

/* Make n a member, or none; n < ADDRSET_SIZE. */
void addrset_put(struct addrset *set, uint32_t n, bool member);

/* The first member >= n, or after the last one the very first; or -1. */
int32_t addrset_next(const struct addrset *set, uint32_t n);

#endif
