/*
 * CRC-32C (Castagnoli), as of iSCSI (RFC 3720, 12.1): polynomial 0x1EDC6F41,
 * reflected, initial value and final XOR 0xFFFFFFFF. It finds any burst of
 * errors of up to 32 bits.
 */
#ifndef COMMON_CRC32_H
#define COMMON_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The remainder of each value of a byte. */
struct crc32 {
	uint32_t table[256];
};

void crc32_init(struct crc32 *c);

/*
 * The sum of data. sum: 0, or that of the bytes before data, of which it is
 * the continuation.
 */
uint32_t crc32_add(const struct crc32 *c, uint32_t sum, const void *data,
    size_t len);

#endif
