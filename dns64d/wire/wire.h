/*
 * Fixed parts of DNS messages that more than one file reads or writes. The
 * caller checks that they are inside the message.
 */
#ifndef DNS64D_WIRE_WIRE_H
#define DNS64D_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/octets.h"

#include "msg_scan.h"

#define RR_FIXED 10 /* type, class, TTL and RDLENGTH behind the owner */
#define OPT_LEN 11  /* an OPT record without options */
#define OPT_TYPE 41
#define OPT_DO 0x8000 /* in the lower half of its TTL field */

#define OPTION_FIXED 4 /* code and length of an EDNS option */
#define OPTION_ECS 8
#define OPTION_COOKIE 10
#define OPTION_KEEPALIVE 11
#define OPTION_EDE 15

static inline void
put_header(uint8_t *p, uint16_t id, uint16_t flags,
    const uint16_t count[MSG_N_SECTIONS])
{
	size_t i;

	put16(p, id);
	put16(p + 2, flags);
	for (i = 0; i < MSG_N_SECTIONS; i++)
		put16(p + 4 + 2 * i, count[i]);
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

/* An EDNS option (RFC 6891, 6.1.2). Returns its length. */
static inline size_t
put_option(uint8_t *p, uint16_t code, const void *data, size_t len)
{
	put16(p, code);
	put16(p + 2, (uint16_t)len);
	memcpy(p + OPTION_FIXED, data, len);
	return (OPTION_FIXED + len);
}

#endif
