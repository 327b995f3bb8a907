/*
 * Helpers of the tests that examine packets byte by byte. Checksums are
 * computed word by word (RFC 1071), without the code under test.
 */
#ifndef TESTS_UNIT_WIRE_H
#define TESTS_UNIT_WIRE_H

#include <stddef.h>
#include <stdint.h>

static inline uint16_t
wire_get16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static inline void
wire_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Add len bytes to a folded sum, one word at a time. */
static inline uint16_t
wire_sum(uint16_t start, const uint8_t *p, size_t len)
{
	uint32_t sum = start;
	size_t i;

	for (i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum >> 16) + (sum & 0xffff);
	}
	return ((uint16_t)((sum >> 16) + sum));
}

/* Write the header checksum of an IPv4 packet. */
static inline void
wire_fix_ip4(uint8_t *ip)
{
	wire_put16(ip + 10, 0);
	wire_put16(ip + 10,
	    (uint16_t)~wire_sum(0, ip, (size_t)(ip[0] & 15) * 4));
}

/*
 * Folded sum of the pseudo header of a packet of either family; 0xffff when
 * the L4 bytes with a right checksum are added.
 */
static inline uint16_t
wire_pseudo(const uint8_t *ip, uint8_t proto, size_t l4len)
{
	uint8_t tail[4] = { 0, proto, (uint8_t)(l4len >> 8), (uint8_t)l4len };
	uint16_t sum;

	if (ip[0] >> 4 == 4)
		sum = wire_sum(0, ip + 12, 8);
	else
		sum = wire_sum(0, ip + 8, 32);
	return (wire_sum(sum, tail, sizeof(tail)));
}

/* A small generator, the same bytes in every run. */
static inline uint32_t
wire_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return (*state);
}

#endif
