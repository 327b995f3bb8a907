/*
 * Numbers in network order, and the few octets that every writer of
 * messages needs. Bounds are the caller's.
 */
#ifndef DNS64D_WIRE_WIRE_H
#define DNS64D_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RR_FIXED 10 /* type, class, TTL and RDLENGTH behind the owner */
#define OPT_LEN 11  /* an OPT record without options */
#define OPT_TYPE 41
#define OPT_DO 0x8000 /* of the lower half of its TTL field */

#define OPTION_FIXED 4 /* code and length of an EDNS option */
#define OPTION_ECS 8
#define OPTION_COOKIE 10
#define OPTION_KEEPALIVE 11
#define OPTION_EDE 15

static inline uint16_t
get16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static inline uint32_t
get32(const uint8_t *p)
{
	return ((uint32_t)get16(p) << 16 | get16(p + 2));
}

static inline void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

/* An OPT record, version 0, without options (RFC 6891, 6.1.2 and 6.1.3). */
static inline void
put_opt(uint8_t *p, uint16_t udp_size, unsigned rcode, bool dnssec_ok)
{
	p[0] = 0;
	put16(p + 1, OPT_TYPE);
	put16(p + 3, udp_size);
	p[5] = (uint8_t)(rcode >> 4);
	p[6] = 0;
	put16(p + 7, dnssec_ok ? OPT_DO : 0);
	put16(p + 9, 0);
}

#endif
