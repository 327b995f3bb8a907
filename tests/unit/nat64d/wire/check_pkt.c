/*
 * Unit tests of pkt.c: the headers of IP.
 */
#include "tests/unit/pkt_util.h"
#include "tests/unit/suite.h"

/* Shows: FLT-08 XLT-20 */
START_TEST(parse_finds_the_fields_of_ipv4)
{
	struct pkt p = load4(udp4, sizeof(udp4));

	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_int_eq(p.family, PKT_V4);
	ck_assert_uint_eq(p.tclass, 0x28);
	ck_assert_uint_eq(p.ttl, 0x3f);
	ck_assert_uint_eq(p.proto, IPPROTO_UDP);
	ck_assert_uint_eq(p.frag_id, 0x1234);
	ck_assert_uint_eq(p.l4off, 20);
	ck_assert(p.df && !p.more && !p.is_frag && !p.has_fh);
	ck_assert_mem_eq(&p.ip4.src, udp4 + 12, 4);
	ck_assert_mem_eq(&p.ip4.dst, udp4 + 16, 4);
	free(p.buf);
}
END_TEST

/* Shows: FLT-08 XLT-20 */
START_TEST(parse_finds_the_fields_of_ipv6)
{
	struct pkt p = load(udp6, sizeof(udp6));

	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_int_eq(p.family, PKT_V6);
	ck_assert_uint_eq(p.tclass, 0xb9);
	ck_assert_uint_eq(p.ttl, 0x3f);
	ck_assert_uint_eq(p.proto, IPPROTO_UDP);
	ck_assert_uint_eq(p.l4off, 40);
	ck_assert(!p.is_frag && !p.has_fh && !p.truncated);
	ck_assert_mem_eq(&p.ip6.src, udp6 + 8, 16);
	ck_assert_mem_eq(&p.ip6.dst, udp6 + 24, 16);
	free(p.buf);
}
END_TEST

/* Shows: FLT-08 FLT-09 FLT-10 */
START_TEST(parse_drops_malformed_ipv4)
{
	static const struct {
		const char *name;
		enum nat64_reason reason;
		struct patch patches[3];
		bool keep_cksum;
	} rows[] = {
		{ "good", NAT64_NONE, { { 0, 0 } }, false },
		{ "version 0", NAT64_BAD_VERSION, { { 0, 0x05 } }, false },
		{ "version 5", NAT64_BAD_VERSION, { { 0, 0x55 } }, false },
		{ "version 15", NAT64_BAD_VERSION, { { 0, 0xf5 } }, false },
		{ "ihl 0", NAT64_BAD_LENGTH, { { 0, 0x40 } }, false },
		{ "ihl 4", NAT64_BAD_LENGTH, { { 0, 0x44 } }, false },
		{ "ihl beyond total length", NAT64_BAD_LENGTH, { { 0, 0x4f } },
		    true },
		{ "total length below header", NAT64_BAD_LENGTH, { { 3, 19 } },
		    false },
		{ "total length 0", NAT64_BAD_LENGTH, { { 3, 0 } }, false },
		{ "total length is the header", NAT64_NONE, { { 3, 20 } },
		    false },
		{ "total length beyond the bytes", NAT64_BAD_LENGTH,
		    { { 3, 33 } }, false },
		{ "total length far beyond", NAT64_BAD_LENGTH,
		    { { 2, 0xff }, { 3, 0xff } }, false },
		{ "checksum wrong", NAT64_BAD_IP4_CKSUM, { { 10, 0x77 } },
		    true },
		{ "header damaged", NAT64_BAD_IP4_CKSUM, { { 15, 0x15 } },
		    true },
	};
	struct pkt p;
	size_t i;
	int got;

	for (i = 0; i < NITEMS(rows); i++) {
		p = load4(udp4, sizeof(udp4));
		patch(p.data, rows[i].patches, NITEMS(rows[i].patches));
		if (!rows[i].keep_cksum && p.data[0] == 0x45)
			wire_fix_ip4(p.data);
		got = pkt_parse(&p);
		ck_assert_msg(got == (int)rows[i].reason, "%s: %s",
		    rows[i].name, nat64_reason_name(got));
		free(p.buf);
	}
}
END_TEST

/* Shows: FLT-09 */
START_TEST(parse_drops_ipv6_longer_than_its_bytes)
{
	struct pkt p = load(udp6, sizeof(udp6));

	p.data[5]++;
	ck_assert_int_eq(pkt_parse(&p), NAT64_BAD_LENGTH);
	wire_put16(p.data + 4, 0xffff);
	ck_assert_int_eq(pkt_parse(&p), NAT64_BAD_LENGTH);
	free(p.buf);
}
END_TEST

/* Shows: FLT-09 */
START_TEST(parse_cuts_off_bytes_beyond_the_length_field)
{
	uint8_t padded[sizeof(udp6) + 6] = { 0 };
	struct pkt p;

	memcpy(padded, udp4, sizeof(udp4));
	p = load4(padded, sizeof(udp4) + 6);
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_uint_eq(p.len, sizeof(udp4));
	free(p.buf);

	memcpy(padded, udp6, sizeof(udp6));
	p = load(padded, sizeof(udp6) + 6);
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_uint_eq(p.len, sizeof(udp6));
	free(p.buf);
}
END_TEST

/* Shows: XLT-09 */
START_TEST(parse_walks_ipv4_options)
{
	static const struct {
		const char *name;
		enum nat64_reason reason;
		bool source_route;
		uint8_t options[8];
	} rows[] = {
		{ "all end", NAT64_NONE, false, { 0 } },
		{ "all no-operation", NAT64_NONE, false,
		    { 1, 1, 1, 1, 1, 1, 1, 1 } },
		{ "router alert", NAT64_NONE, false, { 148, 4, 0, 0 } },
		{ "option to the last byte", NAT64_NONE, false,
		    { 7, 8, 4, 0, 0, 0, 0, 0 } },
		{ "rubbish behind the end", NAT64_NONE, false,
		    { 0, 7, 99, 131, 7, 4, 255, 255 } },
		{ "length 0", NAT64_BAD_IP4_OPTIONS, false, { 7, 0 } },
		{ "length 1", NAT64_BAD_IP4_OPTIONS, false, { 7, 1 } },
		{ "length beyond the header", NAT64_BAD_IP4_OPTIONS, false,
		    { 7, 9 } },
		{ "no room for a length", NAT64_BAD_IP4_OPTIONS, false,
		    { 1, 1, 1, 1, 1, 1, 1, 7 } },
		{ "loose route unused", NAT64_NONE, true,
		    { 131, 7, 4, 192, 0, 2, 5, 0 } },
		{ "strict route unused", NAT64_NONE, true,
		    { 137, 7, 4, 192, 0, 2, 5, 0 } },
		{ "route behind padding", NAT64_NONE, true,
		    { 1, 131, 7, 4, 192, 0, 2, 5 } },
		{ "pointer at the length", NAT64_NONE, true,
		    { 131, 7, 7, 192, 0, 2, 5, 0 } },
		{ "route used up", NAT64_NONE, false,
		    { 131, 7, 8, 192, 0, 2, 5, 0 } },
		{ "route without a pointer", NAT64_BAD_IP4_OPTIONS, false,
		    { 131, 2, 0, 0 } },
	};
	uint8_t buf[sizeof(udp4) + 8];
	struct pkt p;
	size_t i;
	int got;

	for (i = 0; i < NITEMS(rows); i++) {
		memcpy(buf, udp4, 20);
		memcpy(buf + 20, rows[i].options, 8);
		memcpy(buf + 28, udp4 + 20, 12);
		buf[0] = 0x47;
		buf[3] = sizeof(buf);
		p = load4(buf, sizeof(buf));
		got = pkt_parse(&p);
		ck_assert_msg(got == (int)rows[i].reason, "%s: %s",
		    rows[i].name, nat64_reason_name(got));
		ck_assert_msg(p.source_route == rows[i].source_route, "%s",
		    rows[i].name);
		ck_assert_uint_eq(p.l4off, 28);
		free(p.buf);
	}
}
END_TEST

/* Shows: XLT-10 */
START_TEST(parse_finds_ipv4_fragments)
{
	static const struct {
		const char *name;
		uint8_t flags[2];
		bool df, more, is_frag;
		uint16_t off;
	} rows[] = {
		{ "whole", { 0, 0 }, false, false, false, 0 },
		{ "whole, DF", { 0x40, 0 }, true, false, false, 0 },
		{ "reserved bit", { 0x80, 0 }, false, false, false, 0 },
		{ "first", { 0x20, 0 }, false, true, true, 0 },
		{ "first, DF", { 0x60, 0 }, true, true, true, 0 },
		{ "middle", { 0x20, 1 }, false, true, true, 8 },
		{ "last", { 0, 1 }, false, false, true, 8 },
		{ "largest offset", { 0x1f, 0xff }, false, false, true,
		    65528 },
	};
	struct pkt p;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		p = load(udp4, sizeof(udp4));
		memcpy(p.data + 6, rows[i].flags, 2);
		wire_fix_ip4(p.data);
		ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
		ck_assert_msg(p.df == rows[i].df && p.more == rows[i].more &&
			p.is_frag == rows[i].is_frag &&
			p.frag_off == rows[i].off,
		    "%s", rows[i].name);
		free(p.buf);
	}
}
END_TEST

/* Shows: XLT-30 XLT-31 XLT-32 */
START_TEST(parse_walks_ipv6_headers)
{
	static const struct {
		const char *name;
		uint8_t next; /* of the IPv6 header */
		uint8_t len;
		uint8_t proto;
		uint8_t l4off;
		uint8_t rh_off;
		bool truncated;
		uint8_t bytes[40];
	} rows[] = {
		{ "no header", 17, 12, 17, 40, 0, false, { UDP_12 } },
		{ "nothing at all", 17, 0, 17, 40, 0, false, { 0 } },
		{ "no next header", 59, 8, 59, 40, 0, false, { 0 } },
		{ "authentication is a protocol", 51, 8, 51, 40, 0, false,
		    { 17, 0 } },
		{ "ESP is a protocol", 50, 8, 50, 40, 0, false, { 17, 0 } },
		{ "mobility is a protocol", 135, 8, 135, 40, 0, false,
		    { 17, 0 } },
		{ "hop-by-hop", 0, 20, 17, 48, 0, false,
		    { 17, 0, 1, 4, 0, 0, 0, 0, UDP_12 } },
		{ "hop-by-hop of 16 bytes", 0, 28, 17, 56, 0, false,
		    { 17, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
			UDP_12 } },
		{ "destination, hop-by-hop, destination", 60, 24, 6, 64, 0,
		    false,
		    { 0, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 6,
			0 } },
		{ "routing used up", 43, 20, 17, 48, 0, false,
		    { 17, 0, 4, 0, 0, 0, 0, 0, UDP_12 } },
		{ "routing with a segment", 43, 20, 17, 48, 40, false,
		    { 17, 0, 4, 1, 0, 0, 0, 0, UDP_12 } },
		{ "the first such header counts", 43, 24, 17, 64, 48, false,
		    { 43, 0, 4, 0, 0, 0, 0, 0, 43, 0, 4, 9, 0, 0, 0, 0, 17, 0,
			4, 1 } },
		{ "chain ends at the end", 0, 8, 17, 48, 0, false, { 17, 0 } },
		{ "hop-by-hop missing", 0, 0, 0, 40, 0, true, { 0 } },
		{ "hop-by-hop of 7 bytes", 0, 7, 0, 40, 0, true, { 17, 0 } },
		{ "hop-by-hop too long", 0, 12, 0, 40, 0, true, { 17, 1 } },
		{ "second header too long", 0, 16, 60, 48, 0, true,
		    { 60, 0, 0, 0, 0, 0, 0, 0, 17, 255 } },
		{ "Fragment Header of 7 bytes", 44, 7, 44, 40, 0, true,
		    { 17, 0 } },
	};
	struct pkt p;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		p = load6(rows[i].next, rows[i].bytes, rows[i].len);
		ck_assert_msg(pkt_parse(&p) == NAT64_NONE, "%s", rows[i].name);
		ck_assert_msg(p.truncated == rows[i].truncated, "%s",
		    rows[i].name);
		ck_assert_msg(p.proto == rows[i].proto &&
			p.l4off == rows[i].l4off && p.rh_off == rows[i].rh_off,
		    "%s: proto %u l4off %u rh_off %u", rows[i].name, p.proto,
		    p.l4off, p.rh_off);
		free(p.buf);
	}
}
END_TEST

/* Shows: XLT-26 XLT-30 XLT-35 FRG-03 */
START_TEST(parse_finds_ipv6_fragments)
{
	static const struct {
		const char *name;
		uint8_t next; /* of the Fragment Header */
		uint8_t field[2];
		bool is_frag, more, ext;
		uint16_t off;
	} rows[] = {
		{ "atomic", 17, { 0, 0 }, false, false, false, 0 },
		{ "atomic, reserved bits", 17, { 0, 6 }, false, false, false,
		    0 },
		{ "first", 17, { 0, 1 }, true, true, false, 0 },
		{ "middle", 17, { 0, 9 }, true, true, false, 8 },
		{ "last", 17, { 0, 8 }, true, false, false, 8 },
		{ "largest offset", 17, { 0xff, 0xf8 }, true, false, false,
		    65528 },
		{ "ESP behind", 50, { 0, 1 }, true, true, false, 0 },
		{ "hop-by-hop behind", 0, { 0, 1 }, true, true, true, 0 },
		{ "routing behind", 43, { 0, 1 }, true, true, true, 0 },
		{ "fragment behind", 44, { 0, 1 }, true, true, true, 0 },
		{ "authentication behind", 51, { 0, 1 }, true, true, true, 0 },
		{ "destination behind", 60, { 0, 0 }, false, false, true, 0 },
		{ "mobility behind", 135, { 0, 1 }, true, true, true, 0 },
		{ "HIP behind", 139, { 0, 1 }, true, true, true, 0 },
		{ "shim6 behind", 140, { 0, 1 }, true, true, true, 0 },
	};
	uint8_t bytes[] = { 0, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd, UDP_12 };
	struct pkt p;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		bytes[0] = rows[i].next;
		memcpy(bytes + 2, rows[i].field, 2);
		p = load6(44, bytes, sizeof(bytes));
		ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
		ck_assert(p.has_fh && !p.truncated && !p.df);
		ck_assert_uint_eq(p.frag_id, 0xaabbccdd);
		ck_assert_uint_eq(p.proto, rows[i].next);
		ck_assert_uint_eq(p.l4off, 48);
		ck_assert_msg(p.is_frag == rows[i].is_frag &&
			p.more == rows[i].more && p.fh_ext == rows[i].ext &&
			p.frag_off == rows[i].off,
		    "%s", rows[i].name);
		free(p.buf);
	}
}
END_TEST

/* Shows: FLT-11 */
START_TEST(parse_drops_jumbograms)
{
	static const struct {
		const char *name;
		enum nat64_reason reason;
		uint8_t payload_len;
		uint8_t bytes[16];
	} rows[] = {
		{ "jumbo option", NAT64_JUMBOGRAM, 0,
		    { 17, 0, 0xc2, 4, 0, 1, 0, 0 } },
		{ "jumbo behind padding", NAT64_JUMBOGRAM, 0,
		    { 17, 1, 0, 1, 1, 0, 0xc2, 4, 0, 1, 0, 0 } },
		{ "jumbo in a header beyond the bytes", NAT64_JUMBOGRAM, 0,
		    { 17, 9, 0xc2, 4, 0, 1, 0, 0 } },
		{ "other option", NAT64_NONE, 0,
		    { 17, 0, 5, 4, 0xc2, 4, 0, 0 } },
		{ "option beyond the header", NAT64_NONE, 0,
		    { 17, 0, 5, 5, 0xc2, 4, 0, 0 } },
		{ "length byte beyond the header", NAT64_NONE, 0,
		    { 17, 0, 5, 3, 0, 0, 0, 5 } },
		{ "jumbo option but a payload length", NAT64_NONE, 16,
		    { 17, 0, 0xc2, 4, 0, 1, 0, 0 } },
	};
	struct pkt p;
	size_t i;
	int got;

	for (i = 0; i < NITEMS(rows); i++) {
		p = load6(0, rows[i].bytes, 16);
		p.data[5] = rows[i].payload_len;
		got = pkt_parse(&p);
		ck_assert_msg(got == (int)rows[i].reason, "%s: %s",
		    rows[i].name, nat64_reason_name(got));
		/* Without payload the packet ends in the headers. */
		ck_assert(got != NAT64_NONE ||
		    p.truncated == (rows[i].payload_len == 0));
		free(p.buf);
	}
}
END_TEST

/* Shows: XLT-30 */
START_TEST(parse_drops_header_chains_beyond_64_kib)
{
	const size_t len = PKT_IP6_HLEN + 65535;
	uint8_t *buf = calloc(1, len);
	struct pkt p;
	size_t off;

	/* Destination options of 2048 bytes each, 32 of them. */
	ck_assert_ptr_nonnull(buf);
	memcpy(buf, udp6, PKT_IP6_HLEN);
	wire_put16(buf + 4, 65535);
	buf[6] = IPPROTO_DSTOPTS;
	for (off = PKT_IP6_HLEN; off < len; off += 2048) {
		buf[off] = IPPROTO_DSTOPTS;
		if (off + 1 < len)
			buf[off + 1] = 255;
	}
	/* The header behind the last but one begins above 65535. */
	buf[PKT_IP6_HLEN + 31 * 2048 + 1] = 254;
	buf[PKT_IP6_HLEN + 31 * 2048] = IPPROTO_UDP;
	p = load(buf, len);
	ck_assert_int_eq(pkt_parse(&p), NAT64_EXT_HEADERS);
	free(p.buf);

	/* A Fragment Header that begins below 65535 and ends above. */
	buf[PKT_IP6_HLEN + 31 * 2048] = IPPROTO_FRAGMENT;
	buf[PKT_IP6_HLEN + 31 * 2048 + 1] = 249;
	p = load(buf, len);
	ck_assert_int_eq(pkt_parse(&p), NAT64_EXT_HEADERS);
	free(p.buf);
	free(buf);
}
END_TEST
static void
parse_all(struct pkt *p)
{
	enum nat64_reason reason;

	reason = pkt_parse(p);
	if (reason != NAT64_NONE)
		return;
	ck_assert_uint_le(p->l4off, p->len);
	ck_assert_uint_le(p->len, p->bufsize);
	reason = pkt_parse_l4(p);
	if (reason == NAT64_NONE) {
		ck_assert_uint_le(p->l4off + p->l4hlen, p->len);
		ck_assert_uint_ge(p->l4hlen, 8);
	}
	pkt_complete_cksum(p);
}

/* Shows: FLT-08 LIM-07 */
START_TEST(parse_is_safe_for_packets_of_every_length)
{
	static const uint8_t protos[] = { 0, 1, 6, 17, 43, 44, 58, 60 };
	uint8_t buf[61] = { 0 };
	struct pkt p;
	size_t len, i;

	for (len = 0; len <= 60; len++)
		for (i = 0; i < NITEMS(protos); i++) {
			memcpy(buf, udp6, 40);
			wire_put16(buf + 4,
			    len < 40 ? 0 : (uint16_t)(len - 40));
			buf[6] = protos[i];
			p = load(buf, len);
			parse_all(&p);
			ck_assert(
			    len >= 40 || pkt_parse(&p) == NAT64_BAD_LENGTH);
			free(p.buf);

			memcpy(buf, udp4, 20);
			wire_put16(buf + 2, (uint16_t)len);
			buf[9] = protos[i];
			wire_fix_ip4(buf);
			p = load(buf, len);
			parse_all(&p);
			ck_assert(
			    len >= 20 || pkt_parse(&p) == NAT64_BAD_LENGTH);
			free(p.buf);
		}
}
END_TEST

/* Random bytes, most of which pass the first checks. */
static struct pkt
random_packet(uint32_t *state)
{
	static const uint8_t protos[] = { 0, 1, 6, 17, 43, 44, 58, 60 };
	uint8_t buf[256];
	size_t i, len = wire_random(state) % sizeof(buf);
	uint32_t dice = wire_random(state);

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)wire_random(state);
	if (dice % 2 == 0) {
		buf[0] = 0x60;
		buf[6] = protos[dice >> 8 & 7];
		if (dice % 16 != 0)
			wire_put16(buf + 4, (uint16_t)(len - 40));
		for (i = 40; i < sizeof(buf); i += 8) {
			buf[i] = protos[wire_random(state) & 7];
			buf[i + 1] &= dice >> 16 & 3;
		}
	} else {
		buf[0] = (uint8_t)(0x45 + (dice >> 16) % 11);
		buf[9] = protos[dice >> 8 & 7];
		if (dice % 16 != 1)
			wire_put16(buf + 2, (uint16_t)len);
		if (dice % 64 != 1)
			wire_fix_ip4(buf);
	}
	return (load(buf, len));
}

/* Shows: FLT-08 LIM-07 */
START_TEST(parse_is_safe_for_random_packets)
{
	uint32_t state = 2463534242;
	struct pkt p;
	int i;

	for (i = 0; i < 200000; i++) {
		p = random_packet(&state);
		p.ofl.csum_partial = wire_random(&state) % 4 == 0;
		p.ofl.csum_start = wire_random(&state) % 2 == 0 ? 40 : 20;
		p.ofl.csum_off = (uint16_t)(wire_random(&state) % 20);
		p.ofl.seg = wire_random(&state) % 3;
		p.ofl.seg_size = (uint16_t)(wire_random(&state) % 100);
		parse_all(&p);
		free(p.buf);
	}
}
END_TEST

START_TEST(init_gives_an_empty_packet_behind_the_headroom)
{
	uint8_t buf[PKT_HEADROOM + 20];
	struct pkt p;

	memset(&p, 0xff, sizeof(p));
	pkt_init(&p, buf, sizeof(buf));
	ck_assert_ptr_eq(p.data, buf + PKT_HEADROOM);
	ck_assert_uint_eq(p.len, 0);
	ck_assert_int_eq(p.ofl.seg, PKT_SEG_NONE);
	ck_assert(!p.ofl.csum_partial);
	ck_assert_int_eq(pkt_parse(&p), NAT64_BAD_LENGTH);
}
END_TEST

static Suite *
pkt_suite(void)
{
	Suite *s = suite_create("pkt");
	TCase *tc = tcase_create("pkt");

	tcase_add_test(tc, init_gives_an_empty_packet_behind_the_headroom);
	tcase_add_test(tc, parse_finds_the_fields_of_ipv4);
	tcase_add_test(tc, parse_finds_the_fields_of_ipv6);
	tcase_add_test(tc, parse_drops_malformed_ipv4);
	tcase_add_test(tc, parse_drops_ipv6_longer_than_its_bytes);
	tcase_add_test(tc, parse_cuts_off_bytes_beyond_the_length_field);
	tcase_add_test(tc, parse_walks_ipv4_options);
	tcase_add_test(tc, parse_finds_ipv4_fragments);
	tcase_add_test(tc, parse_walks_ipv6_headers);
	tcase_add_test(tc, parse_finds_ipv6_fragments);
	tcase_add_test(tc, parse_drops_jumbograms);
	tcase_add_test(tc, parse_drops_header_chains_beyond_64_kib);
	tcase_add_test(tc, parse_is_safe_for_packets_of_every_length);
	tcase_add_test(tc, parse_is_safe_for_random_packets);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(pkt_suite()));
}
