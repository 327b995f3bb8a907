/*
 * The cryptographic generator of the operating system, drawn from in blocks:
 * arc4random() takes a lock each time, and where the C library lacks it
 * makes a system call. For the process layer; not to be used on both sides
 * of a fork.
 */
#ifndef COMMON_OS_RNG_OS_H
#define COMMON_OS_RNG_OS_H

#include <stdint.h>

#include "common/rng.h"

#define RNG_OS_WORDS 128

/* Private to rng_os.c; all zero is one that has drawn nothing yet. */
struct rng_os {
	uint32_t word[RNG_OS_WORDS];
	unsigned left;
};

/* A source of numbers for one thread, which lives as long as r does. */
struct rng rng_os_source(struct rng_os *r);

#endif
