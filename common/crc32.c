#include "crc32.h"

#define POLYNOMIAL 0x82F63B78U /* reflected */

void
crc32_init(struct crc32 *c)
{
	uint32_t i, rest;
	unsigned bit;

	for (i = 0; i < 256; i++) {
		rest = i;
		for (bit = 0; bit < 8; bit++)
			rest = (rest >> 1) ^ (rest & 1 ? POLYNOMIAL : 0);
		c->table[i] = rest;
	}
}

uint32_t
crc32_add(const struct crc32 *c, uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	sum = ~sum;
	for (; len > 0; len--, p++)
		sum = (sum >> 8) ^ c->table[(sum ^ *p) & 0xff];
	return (~sum);
}
