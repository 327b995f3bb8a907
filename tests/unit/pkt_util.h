/*
 * Packets for the tests of pkt.c: each lies in memory of exactly its size,
 * so that AddressSanitizer sees each byte read beyond the end.
 */
#ifndef TESTS_UNIT_PKT_UTIL_H
#define TESTS_UNIT_PKT_UTIL_H

#include <netinet/in.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/wire/pkt.h"

#include "tests/unit/wire.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

#define IP4_SRC 0xc6, 0x33, 0x64, 0x14
#define IP4_DST 0xcb, 0x00, 0x71, 0x05
#define IP6_SRC 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10
#define IP6_DST                                                              \
	0x20, 0x01, 0x0d, 0xb8, 0, 0x64, 0, 0, 0, 0, 0, 0, 0xc6, 0x33, 0x64, \
	    0x14
#define UDP_12 0xc0, 0x01, 0x00, 0x35, 0x00, 0x0c, 0x12, 0x34, 1, 2, 3, 4
#define TCP_20                                                            \
	0xc0, 0x00, 0x01, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8, 0x50, 0x12, 0xfa, \
	    0xf0, 0, 0, 0, 0

static const uint8_t udp4[] = { 0x45, 0x28, 0x00, 0x20, 0x12, 0x34, 0x40, 0x00,
	0x3f, 0x11, 0, 0, IP4_SRC, IP4_DST, UDP_12 };
static const uint8_t tcp4[] = { 0x45, 0x00, 0x00, 0x28, 0x12, 0x34, 0x40, 0x00,
	0x3f, 0x06, 0, 0, IP4_SRC, IP4_DST, TCP_20 };
static const uint8_t udp6[] = { 0x6b, 0x91, 0x23, 0x45, 0x00, 0x0c, 0x11, 0x3f,
	IP6_SRC, IP6_DST, UDP_12 };
static const uint8_t tcp6[] = { 0x60, 0x00, 0x00, 0x00, 0x00, 0x14, 0x06, 0x3f,
	IP6_SRC, IP6_DST, TCP_20 };

struct patch {
	uint8_t off;
	uint8_t value;
};

/* A packet in storage of exactly len bytes, without headroom. */
static inline struct pkt
load(const uint8_t *bytes, size_t len)
{
	struct pkt p = { .bufsize = len, .len = (uint32_t)len };

	p.buf = malloc(len);
	ck_assert_ptr_nonnull(p.buf);
	memcpy(p.buf, bytes, len);
	p.data = p.buf;
	return (p);
}

/* The same of an IPv4 header and what follows, its checksum made right. */
static inline struct pkt
load4(const uint8_t *bytes, size_t len)
{
	struct pkt p = load(bytes, len);

	wire_fix_ip4(p.data);
	return (p);
}

/* IPv6 header with next, then len bytes. */
static inline struct pkt
load6(uint8_t next, const uint8_t *bytes, size_t len)
{
	uint8_t buf[PKT_IP6_HLEN + 128];

	ck_assert_uint_le(len, 128);
	memcpy(buf, udp6, PKT_IP6_HLEN);
	memcpy(buf + PKT_IP6_HLEN, bytes, len);
	wire_put16(buf + 4, (uint16_t)len);
	buf[6] = next;
	return (load(buf, PKT_IP6_HLEN + len));
}

static inline void
patch(uint8_t *bytes, const struct patch *patches, size_t n)
{
	size_t i;

	/* Byte 0 is never patched with 0: such an entry is unused. */
	for (i = 0; i < n; i++)
		if (patches[i].off != 0 || patches[i].value != 0)
			bytes[patches[i].off] = patches[i].value;
}

#endif
