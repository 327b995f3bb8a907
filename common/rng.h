/*
 * The source of random numbers, which the pure layers get as an argument, so
 * that a test can replay a run. The process layer passes the operating system's
 * cryptographic generator (RFC 6056, 3.2; RFC 5452, 9.2).
 */
#ifndef COMMON_RNG_H
#define COMMON_RNG_H

#include <stdint.h>

struct rng {
	uint32_t (*next)(void *arg); /* 32 uniform bits */
	void *arg;
};

static inline uint32_t
rng_next(const struct rng *r)
{
	return (r->next(r->arg));
}

/* Uniform in [0, bound), bound > 0; a bias below 2^-16 for small bounds. */
static inline uint32_t
rng_below(const struct rng *r, uint32_t bound)
{
	return ((uint32_t)(((uint64_t)rng_next(r) * bound) >> 32));
}

#endif
