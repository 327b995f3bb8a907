/*
 * SipHash-2-4, the keyed hash for everything that an attacker must not be able
 * to predict: pool address choice, identification counters, buckets.
 */
#ifndef COMMON_SIPHASH_H
#define COMMON_SIPHASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEYLEN 16

struct siphash_key {
	uint8_t bytes[SIPHASH_KEYLEN];
};

uint64_t siphash24(const struct siphash_key *key, const void *data,
    size_t len);

/*
 * SipHash-2-4 with an output of 128 bits, as a message authentication code for
 * short messages: its authors define it as one, and without the key a tag can
 * only be guessed, one of 2^128.
 */
#define SIPHASH_MACLEN 16

void siphash24_mac(const struct siphash_key *key, const void *data, size_t len,
    uint8_t mac[SIPHASH_MACLEN]);

/* Are two tags the same? Takes the same time wherever they differ. */
bool siphash_mac_equal(const uint8_t a[SIPHASH_MACLEN],
    const uint8_t b[SIPHASH_MACLEN]);

#endif
