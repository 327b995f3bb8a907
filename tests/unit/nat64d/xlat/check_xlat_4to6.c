/*
 * IPv4 to IPv6: tables of headers, checksums compared with a full computation,
 * and translation to IPv6 and back.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/wire/ipid.h"
#include "nat64d/wire/vnet.h"
#include "nat64d/xlat/xlat.h"
#include "tests/unit/ipid_util.h"
#include "tests/unit/suite.h"
#include "tests/unit/xlat_util.h"

static struct xlat_conf conf;
static struct pkt p;

static void
setup(void)
{
	xlat_conf_init(&conf);
	pkt_alloc(&p);
}

static void
teardown(void)
{
	free(p.buf);
}

static void
translate(void)
{
	struct tuple6 out = tuple_out6();

	xlat_4to6(&p, &out, &conf);
	assert_as_parsed(&p);
}

static const uint8_t opt_record_route[] = { 7, 7, 8, 192, 0, 2, 9, 0 };
static const uint8_t opt_used_lsrr[] = { 1, 131, 7, 8, 192, 0, 2, 5 };
static const uint8_t opt_most[40] = { 0 };

struct header_row {
	const char *name;
	uint8_t tos;
	uint8_t ttl;
	const uint8_t *ext;
	size_t extlen;
	uint16_t frag;
	bool tclass_zero;
	/* the IPv6 header */
	uint8_t tclass;
	uint8_t hlim;
	bool fh;
	uint16_t off_more;
};

static const struct header_row header_rows[] = {
	{ "XLT-01 all bits of TOS", 0xff, 64, NULL, 0, 0, false, 0xff, 63,
	    false, 0 },
	{ "XLT-01 traffic class zero", 0xff, 64, NULL, 0, 0, true, 0, 63,
	    false, 0 },
	{ "XLT-06 TTL 2", 0, 2, NULL, 0, 0, false, 0, 1, false, 0 },
	{ "XLT-06 TTL 255", 0, 255, NULL, 0, 0, false, 0, 254, false, 0 },
	{ "XLT-09 record route", 0, 64, opt_record_route, 8, 0, false, 0, 63,
	    false, 0 },
	{ "XLT-09 used-up source route", 0, 64, opt_used_lsrr, 8, 0, false, 0,
	    63, false, 0 },
	{ "XLT-09 forty bytes of options", 0, 64, opt_most, 40, 0, false, 0,
	    63, false, 0 },
	{ "XLT-10 DF makes no Fragment Header", 0, 64, NULL, 0, 0x4000, false,
	    0, 63, false, 0 },
	{ "XLT-10 first fragment", 0, 64, NULL, 0, 0x2000, false, 0, 63, true,
	    1 },
	{ "XLT-10 first fragment, DF", 0, 64, NULL, 0, 0x6000, false, 0, 63,
	    true, 1 },
	{ "XLT-10 first fragment, options", 0, 64, opt_record_route, 8, 0x2000,
	    false, 0, 63, true, 1 },
	{ "XLT-10 middle fragment", 0, 64, NULL, 0, 0x2000 | 154, false, 0, 63,
	    true, 1232 | 1 },
	{ "XLT-10 last fragment", 0, 64, NULL, 0, 308, false, 0, 63, true,
	    2464 },
};

/* Shows: XLT-01 XLT-02 XLT-03 XLT-04 XLT-06 XLT-08 XLT-09 XLT-10 XLT-11 */
/* Shows: FRG-10 FRG-20 CFG-10 BIS-06 */
START_TEST(xlat_4to6_writes_the_ipv6_header)
{
	const struct header_row *r = &header_rows[_i];
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.tos = r->tos,
		.ttl = r->ttl,
		.ext = r->ext,
		.extlen = r->extlen,
		.id = 0xbeef,
		.frag = r->frag,
		.payload = 24 };
	struct in6_addr src = addr6(SERVER6), dst = addr6(CLIENT6);
	uint8_t fh[8], data[32];
	const uint8_t *ip;
	uint16_t hlen = r->fh ? 48 : 40;

	build(&p, &s);
	memcpy(data, p.data + p.len - 32, 32);
	parse(&p);
	conf.tclass_zero = r->tclass_zero;
	translate();
	ip = p.data;
	ck_assert_msg(ip[0] == (0x60 | r->tclass >> 4), "%s", r->name);
	ck_assert_msg(ip[1] == (uint8_t)(r->tclass << 4), "%s", r->name);
	ck_assert_uint_eq(wire_get16(ip + 2), 0);
	ck_assert_msg(wire_get16(ip + 4) == hlen - 40 + 32, "%s", r->name);
	ck_assert_msg(p.len == hlen + 32u, "%s", r->name);
	ck_assert_msg(ip[6] == (r->fh ? IPPROTO_FRAGMENT : IPPROTO_UDP), "%s",
	    r->name);
	ck_assert_msg(ip[7] == r->hlim, "%s", r->name);
	ck_assert_mem_eq(ip + 8, &src, 16);
	ck_assert_mem_eq(ip + 24, &dst, 16);
	if (r->fh) {
		put_fh(fh, IPPROTO_UDP, r->off_more, 0xbeef);
		ck_assert_mem_eq(ip + 40, fh, 8);
	}
	if (p.frag_off != 0)
		ck_assert_mem_eq(ip + hlen, data, 32);
	else
		ck_assert_msg(cksum_right(&p), "%s", r->name);
}
END_TEST

/* Shows: CSM-01 CSM-04 FRG-10 */
START_TEST(xlat_4to6_first_fragment_updates_the_sum_of_the_whole)
{
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.frag = 0x2000,
		.payload = 1300 };
	uint8_t rest[588];

	build(&p, &s);
	memcpy(rest, p.data + 20 + 720, sizeof(rest));
	wire_put16(p.data + 2, 20 + 720);
	wire_fix_ip4(p.data);
	p.len = 20 + 720;
	parse(&p);
	translate();
	memcpy(p.data + 48 + 720, rest, sizeof(rest));
	p.len += sizeof(rest);
	ck_assert(cksum_right(&p));
}
END_TEST

/*
 * In a buffer that ends where the fragment ends, so that a sanitizer reports
 * any read beyond it.
 */
/* Shows: CSM-12 FLT-12 */
START_TEST(xlat_4to6_udp_length_of_a_fragment_is_not_believed)
{
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.frag = 0x2000,
		.payload = 16 };
	struct pkt whole = p;

	build(&p, &s);
	wire_put16(p.data + 24, 65535);
	wire_put16(p.data + 26, 0);
	p.bufsize = PKT_HEADROOM + p.len;
	p.buf = malloc(p.bufsize);
	REQUIRE(p.buf != NULL);
	memcpy(p.buf + PKT_HEADROOM, p.data, p.len);
	p.data = p.buf + PKT_HEADROOM;
	parse(&p);
	translate();
	ck_assert_uint_eq(p.len, 48 + 24);
	free(p.buf);
	p = whole;
}
END_TEST

struct zero_row {
	const char *name;
	size_t payload;
	size_t trailing; /* behind the UDP length */
	bool valid;	 /* the device says that it is verified */
};

static const struct zero_row zero_rows[] = {
	{ "even", 20, 0, false },
	{ "odd", 21, 0, false },
	{ "no payload", 0, 0, false },
	{ "trailing bytes are not covered", 21, 5, false },
	{ "verified by the device", 20, 0, true },
};

/* Shows: CSM-10 CSM-04 FLT-12 GSO-19 BIS-04 */
START_TEST(xlat_4to6_udp_without_checksum_gets_one)
{
	const struct zero_row *r = &zero_rows[_i];
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.payload = r->payload };

	build(&p, &s);
	memset(p.data + p.len, 0x5a, r->trailing);
	p.len += (uint32_t)r->trailing;
	wire_put16(p.data + 2, (uint16_t)p.len);
	wire_fix_ip4(p.data);
	wire_put16(p.data + 26, 0);
	parse(&p);
	p.ofl.csum_valid = r->valid;
	translate();
	ck_assert_msg(cksum_right(&p), "%s", r->name);
	ck_assert_uint_ne(wire_get16(p.data + 46), 0);
	ck_assert_uint_eq(p.len, 48 + r->payload + r->trailing);
	ck_assert_uint_eq(wire_get16(p.data + 40), PORT_SERVER);
	ck_assert_uint_eq(wire_get16(p.data + 42), PORT6);
}
END_TEST

/* Shows: CSM-09 CSM-10 */
START_TEST(xlat_4to6_computed_zero_is_sent_as_ffff)
{
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.payload = 4 };
	uint16_t sum;

	/* Once with 0 in the last word, to see what it must be. */
	build(&p, &s);
	wire_put16(p.data + 26, 0);
	wire_put16(p.data + 30, 0);
	parse(&p);
	translate();
	sum = wire_get16(p.data + 46);

	build(&p, &s);
	wire_put16(p.data + 30, sum);
	wire_put16(p.data + 26, 0);
	if (_i == 1) /* and once by an update */
		wire_put16(p.data + 26,
		    (uint16_t)~wire_sum(wire_pseudo(p.data, IPPROTO_UDP, 12),
			p.data + 20, 12));
	parse(&p);
	translate();
	ck_assert_uint_eq(wire_get16(p.data + 46), 0xffff);
	ck_assert(cksum_right(&p));
}
END_TEST

/* Shows: CSM-02 */
START_TEST(xlat_4to6_damage_stays_visible)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
		IPPROTO_ICMP };
	struct spec s = { .family = PKT_V4,
		.proto = protos[_i],
		.echo_type = ICMP_ECHOREPLY,
		.payload = 33 };

	build(&p, &s);
	p.data[p.len - 2] ^= 0x10;
	parse(&p);
	translate();
	ck_assert(!cksum_right(&p));
	p.data[p.len - 2] ^= 0x10;
	ck_assert(cksum_right(&p));
}
END_TEST

/* Shows: ICM-10 CSM-03 OUT-03 GSO-19 */
START_TEST(xlat_4to6_echo_changes_type_and_identifier)
{
	static const struct {
		uint8_t type4;
		uint8_t type6;
		bool partial;
	} rows[] = { { ICMP_ECHO, ICMP6_ECHO_REQUEST, false },
		{ ICMP_ECHOREPLY, ICMP6_ECHO_REPLY, false },
		{ ICMP_ECHO, ICMP6_ECHO_REQUEST, true } };
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_ICMP,
		.echo_type = rows[_i].type4,
		.echo_id = 22136,
		.payload = 41 };

	build(&p, &s);
	parse(&p);
	if (rows[_i].partial)
		make_partial(&p, PKT_SEG_NONE, 0);
	translate();
	ck_assert_uint_eq(p.data[6], IPPROTO_ICMPV6);
	ck_assert_uint_eq(p.data[40], rows[_i].type6);
	ck_assert_uint_eq(p.data[41], 0);
	ck_assert_uint_eq(wire_get16(p.data + 44), PORT6);
	ck_assert_uint_eq(wire_get16(p.data + 46), 3);
	ck_assert(cksum_right(&p));
	ck_assert(!p.ofl.csum_partial);
}
END_TEST

struct offload_row {
	const char *name;
	uint8_t proto;
	enum pkt_seg seg;
	bool ecn;
	uint16_t seg_size;
	size_t payload;
	size_t optlen4;	 /* IPv4 options */
	uint8_t vnet[6]; /* flags, type, hdr_len and gso_size, host order */
};

#define LE(v) (uint8_t)((v)&0xff), (uint8_t)((v) >> 8)

static const struct offload_row offload_rows[] = {
	{ "GSO-10 TSO4 to TSO6", IPPROTO_TCP, PKT_SEG_TCP, false, 1400, 14000,
	    0, { 1, 4, LE(60), LE(1400) } },
	{ "GSO-11 ECN kept", IPPROTO_TCP, PKT_SEG_TCP, true, 1000, 5000, 0,
	    { 1, 0x84, LE(60), LE(1000) } },
	{ "GSO-06 IPv4 options", IPPROTO_TCP, PKT_SEG_TCP, false, 1400, 14000,
	    8, { 1, 4, LE(60), LE(1400) } },
	{ "GSO-13 USO4 to USO6", IPPROTO_UDP, PKT_SEG_UDP, false, 1200, 6000,
	    0, { 1, 5, LE(48), LE(1200) } },
	{ "GSO-14 partial alone", IPPROTO_UDP, PKT_SEG_NONE, false, 0, 20, 0,
	    { 1, 0, LE(0), LE(0) } },
	{ "GSO-18 longest IPv4 packet", IPPROTO_TCP, PKT_SEG_TCP, false, 1400,
	    65535 - 40, 0, { 1, 4, LE(60), LE(1400) } },
};

/* Shows: GSO-06 GSO-10 GSO-11 GSO-12 GSO-13 GSO-14 GSO-18 GSO-19 GSO-20 */
START_TEST(xlat_4to6_offloads_follow_the_packet)
{
	const struct offload_row *r = &offload_rows[_i];
	struct spec s = { .family = PKT_V4,
		.proto = r->proto,
		.tcp_flags = PKT_TH_ACK,
		.ext = opt_record_route,
		.extlen = r->optlen4,
		.payload = r->payload };
	uint8_t vnet[VNET_HDRLEN];
	uint16_t start;

	build(&p, &s);
	parse(&p);
	make_partial(&p, r->seg, r->seg_size);
	p.ofl.ecn = r->ecn;
	translate();
	ck_assert_uint_eq(wire_get16(p.data + 4), p.len - 40);
	ck_assert_msg(wire_get16(pkt_l4(&p) + cksum_off(r->proto)) ==
		wire_pseudo(p.data, r->proto, pkt_l4len(&p)),
	    "%s", r->name);
	vnet_encode(&p, vnet);
	memcpy(&start, vnet + 6, sizeof(start));
	ck_assert_uint_eq(start, 40);
	ck_assert_uint_eq(p.ofl.seg_size, r->seg_size);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	ck_assert_mem_eq(vnet, r->vnet, sizeof(r->vnet));
#endif
}
END_TEST

/* Shows: GSO-13 */
START_TEST(xlat_4to6_partial_udp_sum_zero_is_no_missing_checksum)
{
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.payload = 20 };
	uint16_t sum;

	build(&p, &s);
	/* A source address with which the pseudo header sums to nothing. */
	memset(p.data + 12, 0, 4);
	sum = wire_pseudo(p.data, IPPROTO_UDP, 28);
	wire_put16(p.data + 12, (uint16_t)~sum);
	wire_fix_ip4(p.data);
	parse(&p);
	make_partial(&p, PKT_SEG_NONE, 0);
	wire_put16(p.data + 26, 0); /* 0xffff and 0 are the same number */
	translate();
	ck_assert(p.ofl.csum_partial);
	pkt_complete_cksum(&p);
	ck_assert(cksum_right(&p));
}
END_TEST

/* Shows: GSO-16 GSO-19 */
START_TEST(xlat_4to6_verified_checksum_stays_full)
{
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_TCP,
		.payload = 100 };

	build(&p, &s);
	parse(&p);
	p.ofl.csum_valid = true;
	translate();
	ck_assert(p.ofl.csum_valid);
	ck_assert(cksum_right(&p));
}
END_TEST

/* Shows: XLT-16 */
START_TEST(xlat_4to6_mss_is_clamped_in_syns)
{
	static const uint8_t opts[] = { 2, 4, 0x05, 0xb4 };
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_TCP,
		.tcp_flags = PKT_TH_SYN | PKT_TH_ACK,
		.opts = opts,
		.optlen = sizeof(opts) };

	build(&p, &s);
	parse(&p);
	conf.mss_clamp = _i == 1;
	translate();
	ck_assert_uint_eq(wire_get16(pkt_l4(&p) + 22), _i == 1 ? 1440 : 1460);
	ck_assert(cksum_right(&p));
}
END_TEST

/*
 * A random packet of the flow. As the payload is random, its checksum may
 * have any value, except 0 for UDP.
 */
static void
build_random(uint32_t *seed)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
		IPPROTO_ICMPV6 };
	static const uint8_t opts[] = { 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct spec s = { .family = PKT_V6 };
	size_t off;
	uint32_t i;

	s.proto = protos[wire_random(seed) % 3];
	s.tos = (uint8_t)wire_random(seed);
	s.ttl = (uint8_t)(3 + wire_random(seed) % 250);
	s.echo_type = (uint8_t)(128 + wire_random(seed) % 2);
	s.echo_id = PORT6;
	s.tcp_flags = (uint8_t)wire_random(seed);
	s.opts = opts;
	s.optlen = wire_random(seed) % 2 == 0 ? 0 : sizeof(opts);
	s.payload = wire_random(seed) % 300;
	build(&p, &s);
	for (i = p.len - (uint32_t)s.payload; i < p.len; i++)
		p.data[i] = (uint8_t)wire_random(seed);
	off = 40 + cksum_off(s.proto);
	wire_put16(p.data + off, 0);
	wire_put16(p.data + off,
	    (uint16_t)~wire_sum(wire_pseudo(p.data, s.proto, p.len - 40),
		p.data + 40, p.len - 40));
	if (s.proto == IPPROTO_UDP && wire_get16(p.data + off) == 0)
		wire_put16(p.data + off, 0xffff);
	p.data[1] &= 0xf0; /* the flow label is lost */
	p.data[2] = p.data[3] = 0;
}

/* Shows: CSM-01 CSM-03 CSM-05 XLT-01 XLT-02 XLT-06 XLT-20 XLT-27 GSO-13 */
START_TEST(xlat_6to4_then_4to6_gives_the_packet_back)
{
	struct tuple4 there = tuple_out4();
	struct tuple6 back = { .src = { addr6(CLIENT6), PORT6 },
		.dst = { addr6(SERVER6), PORT_SERVER } };
	static uint8_t before[2048];
	struct ipid ids;
	uint32_t seed = 0x9e3779b9, i, len;
	bool partial;

	ipid_init_fixed(&ids, 1);
	for (i = 0; i < 30000; i++) {
		build_random(&seed);
		parse(&p);
		partial =
		    p.proto != IPPROTO_ICMPV6 && wire_random(&seed) % 4 == 0;
		if (partial)
			make_partial(&p, PKT_SEG_NONE, 0);
		len = p.len;
		memcpy(before, p.data, len);
		/* An echo's identifier goes with the host's side. */
		back.dst.port =
		    p.proto == IPPROTO_ICMPV6 ? PORT6 : PORT_SERVER;
		xlat_6to4(&p, &there, &conf, &ids, false);
		if (!partial)
			REQUIRE(cksum_right(&p));
		assert_as_parsed(&p);
		xlat_4to6(&p, &back, &conf);
		REQUIRE(p.len == len);
		before[7] -= 2;
		REQUIRE(memcmp(p.data, before, len) == 0);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("xlat_4to6");
	TCase *tc = tcase_create("4to6");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, xlat_4to6_writes_the_ipv6_header, 0,
	    NITEMS(header_rows));
	tcase_add_test(tc,
	    xlat_4to6_first_fragment_updates_the_sum_of_the_whole);
	tcase_add_test(tc, xlat_4to6_udp_length_of_a_fragment_is_not_believed);
	tcase_add_loop_test(tc, xlat_4to6_udp_without_checksum_gets_one, 0,
	    NITEMS(zero_rows));
	tcase_add_loop_test(tc, xlat_4to6_computed_zero_is_sent_as_ffff, 0, 2);
	tcase_add_loop_test(tc, xlat_4to6_damage_stays_visible, 0, 3);
	tcase_add_loop_test(tc, xlat_4to6_echo_changes_type_and_identifier, 0,
	    3);
	tcase_add_loop_test(tc, xlat_4to6_offloads_follow_the_packet, 0,
	    NITEMS(offload_rows));
	tcase_add_test(tc,
	    xlat_4to6_partial_udp_sum_zero_is_no_missing_checksum);
	tcase_add_test(tc, xlat_4to6_verified_checksum_stays_full);
	tcase_add_loop_test(tc, xlat_4to6_mss_is_clamped_in_syns, 0, 2);
	tcase_add_test(tc, xlat_6to4_then_4to6_gives_the_packet_back);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
