/*
 * SipHash-2-4, the keyed hash for everything that an attacker must not be able
 * to predict: pool address choice, identification counters, buckets.
 */
#ifndef COMMON_SIPHASH_H
#define COMMON_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEYLEN 16

struct siphash_key {
	uint8_t bytes[SIPHASH_KEYLEN];
};

uint64_t siphash24(const struct siphash_key *key, const void *data,
    size_t len);

#endif
