/*
 * The cryptographic random number generator of the operating system, read in
 * blocks: each call of arc4random() takes a lock, and with some C libraries a
 * system call. For the process layer; not to be used on both sides of a fork.
 */
#ifndef COMMON_OS_RNG_OS_H
#define COMMON_OS_RNG_OS_H

#include <stdint.h>

#include "common/rng.h"

#define RNG_OS_WORDS 128

/* Private to rng_os.c; all zero is the initial state. */
struct rng_os {
	uint32_t word[RNG_OS_WORDS];
	unsigned left;
};

/* A source of numbers for one thread, which lives as long as r does. */
struct rng rng_os_source(struct rng_os *r);

#endif
