/*
 * FNV-1a, by which tests compare much data without keeping it.
 */
#ifndef TESTS_UNIT_FNV_H
#define TESTS_UNIT_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_FIRST UINT64_C(0xcbf29ce484222325)

/* The hash of len more bytes. sum: FNV_FIRST, or that of the bytes before. */
static inline uint64_t
fnv_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < len; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return (sum);
}

#endif
