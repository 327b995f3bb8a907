/*
 * ICMP errors through the translator: types by table, what is quoted by
 * comparison with packets built anew.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/ipid.h"
#include "nat64d/xlat.h"
#include "tests/unit/xlat_util.h"

#define FIRST_ID 0x1001

/* An error; what is not said is 0. */
struct error_spec {
	enum pkt_family family;
	uint8_t type;
	uint8_t code;
	uint32_t param; /* bytes 4-7 */
	uint8_t tos;
	const uint8_t *quote;
	size_t quotelen;
	size_t ext; /* bytes of an extension structure behind the quote */
};

static struct xlat_conf conf;
static struct ipid ids;
static struct pkt p, q, out; /* the error, what it quotes, the result */
static struct icmp_inner inner;

static void
setup(void)
{
	xlat_conf_init(&conf);
	ipid_init_fixed(&ids, FIRST_ID);
	pkt_alloc(&p);
	pkt_alloc(&q);
	pkt_alloc(&out);
}

static void
teardown(void)
{
	free(p.buf);
	free(q.buf);
	free(out.buf);
}

static uint8_t
ext_byte(size_t i)
{
	return ((uint8_t)(0x20 + i));
}

static void
fix_error(uint32_t hlen)
{
	uint8_t proto = hlen == 40 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	uint8_t *icmp = p.data + hlen;

	wire_put16(icmp + 2, 0);
	wire_put16(icmp + 2,
	    (uint16_t)~wire_sum(pseudo_sum(p.data, proto, p.len - hlen), icmp,
		p.len - hlen));
}

/* Build an error from a router to the one who sent the quoted packet. */
static void
build_error(const struct error_spec *e)
{
	struct spec s = { .family = e->family, .tos = e->tos, .ttl = 50 };
	struct in_addr router4 = addr4(ROUTER4);
	struct in6_addr router6 = addr6(ROUTER6);
	bool v6 = e->family == PKT_V6;
	uint32_t hlen = v6 ? 40 : 20;
	uint8_t *icmp;
	size_t i;

	s.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	s.payload = e->quotelen + e->ext;
	build(&p, &s);
	if (v6) {
		memcpy(p.data + 8, &router6, 16);
	} else {
		memcpy(p.data + 12, &router4, 4);
		wire_fix_ip4(p.data);
	}
	icmp = p.data + hlen;
	icmp[0] = e->type;
	icmp[1] = e->code;
	wire_put16(icmp + 4, (uint16_t)(e->param >> 16));
	wire_put16(icmp + 6, (uint16_t)e->param);
	memcpy(icmp + 8, e->quote, e->quotelen);
	for (i = 0; i < e->ext; i++)
		icmp[8 + e->quotelen + i] = ext_byte(i);
	fix_error(hlen);
}

static enum nat64_reason
translate(void)
{
	struct in_addr src4 = addr4(POOL4), dst4 = addr4(SERVER4);
	struct in6_addr src6 = addr6(ROUTER6), dst6 = addr6(CLIENT6);
	struct tuple4 t4 = { .src = { dst4, PORT_SERVER },
		.dst = { src4, PORT4 } };
	struct tuple6 t6 = { .src = { dst6, PORT6 },
		.dst = { addr6(SERVER6), PORT_SERVER } };
	enum nat64_reason reason;

	parse(&p);
	reason = xlat_icmp_parse(&p, true, &inner);
	if (reason != NAT64_NONE)
		return (reason);
	if (p.family == PKT_V6)
		reason = xlat_icmp_6to4(&p, &inner, src4, dst4, &t4, &conf,
		    &ids, false, &out);
	else
		reason = xlat_icmp_4to6(&p, &inner, &src6, &dst6, &t6, &conf,
		    &out);
	if (reason == NAT64_NONE) {
		ck_assert(cksum_right(&out));
		assert_as_parsed(&out);
	}
	return (reason);
}

/*
 * The packet that an error of that family quotes, by the flow: it went the
 * other way than the error.
 */
static void
quote(const struct spec *like, enum pkt_family family)
{
	struct spec s = *like;

	s.family = family;
	s.back = true;
	build(&q, &s);
}

static void
quote_udp(enum pkt_family family)
{
	struct spec s = { .proto = IPPROTO_UDP, .payload = 40 };

	quote(&s, family);
}

static void
error_about(enum pkt_family family, uint8_t type, uint8_t code,
    uint32_t param)
{
	struct error_spec e = { .family = family,
		.type = type,
		.code = code,
		.param = param,
		.quote = q.data,
		.quotelen = q.len };

	build_error(&e);
}

/* Types and codes: what stands here is all that is translated. */
struct type_row {
	uint8_t type;
	int code; /* -1: every code, kept or as given */
	uint8_t new_type;
	int new_code; /* -1: the same */
};

static const struct type_row types6to4[] = {
	{ 1, 0, 3, 1 }, { 1, 1, 3, 10 }, { 1, 2, 3, 1 }, { 1, 3, 3, 1 },
	{ 1, 4, 3, 3 }, { 2, -1, 3, 4 }, { 3, -1, 11, -1 }, { 4, 0, 12, 0 },
	{ 4, 1, 3, 2 },
};

static const struct type_row types4to6[] = {
	{ 3, 0, 1, 0 }, { 3, 1, 1, 0 }, { 3, 2, 4, 1 }, { 3, 3, 1, 4 },
	{ 3, 4, 2, 0 }, { 3, 5, 1, 0 }, { 3, 6, 1, 0 }, { 3, 7, 1, 0 },
	{ 3, 8, 1, 0 }, { 3, 9, 1, 1 }, { 3, 10, 1, 1 }, { 3, 11, 1, 0 },
	{ 3, 12, 1, 0 }, { 3, 13, 1, 1 }, { 3, 15, 1, 1 }, { 11, -1, 3, -1 },
	{ 12, 0, 4, 0 }, { 12, 2, 4, 0 },
};

static void
check_type(const struct type_row *rows, size_t nrows, uint8_t type,
    uint8_t code)
{
	const struct type_row *r, *found = NULL;
	enum nat64_reason reason = translate();

	for (r = rows; r < rows + nrows; r++)
		if (r->type == type && (r->code == -1 || r->code == code))
			found = r;
	if (found == NULL) {
		ck_assert_msg(reason == NAT64_ICMP_TYPE, "%d/%d", type, code);
		return;
	}
	ck_assert_msg(reason == NAT64_NONE, "%d/%d", type, code);
	ck_assert_msg(out.icmp_type == found->new_type, "%d/%d", type, code);
	ck_assert_msg(out.icmp_code ==
		(found->new_code == -1 ? code : found->new_code),
	    "%d/%d", type, code);
}

/* Shows: ICM-02 ICM-02b ICM-02c ICM-02d ICM-05 ICM-06 ICM-07 ICM-07b */
/* Shows: ICM-07c ICM-08 */
START_TEST(xlat_icmp_6to4_types_are_those_of_the_table)
{
	unsigned i;

	quote_udp(PKT_V6);
	for (i = 0; i < 65536; i++) {
		error_about(PKT_V6, (uint8_t)(i >> 8), (uint8_t)i, 0);
		check_type(types6to4, NITEMS(types6to4), (uint8_t)(i >> 8),
		    (uint8_t)i);
	}
}
END_TEST

/* Shows: ICM-10b ICM-20 ICM-20b ICM-20c ICM-20d ICM-20e ICM-20f ICM-21 */
/* Shows: ICM-22 ICM-22b */
START_TEST(xlat_icmp_4to6_types_are_those_of_the_table)
{
	unsigned i;

	quote_udp(PKT_V4);
	for (i = 0; i < 65536; i++) {
		error_about(PKT_V4, (uint8_t)(i >> 8), (uint8_t)i, 0);
		check_type(types4to6, NITEMS(types4to6), (uint8_t)(i >> 8),
		    (uint8_t)i);
	}
}
END_TEST

/* Shows: ICM-07 */
START_TEST(xlat_icmp_6to4_pointer_is_that_of_figure_6)
{
	static const int first[] = { 0, 1, -1, -1, 2, 2, 9, 8 };
	uint32_t i;
	int want;

	quote_udp(PKT_V6);
	for (i = 0; i < 300; i++) {
		want = -1;
		if (i < 8)
			want = first[i];
		else if (i < 24)
			want = 12;
		else if (i < 40)
			want = 16;
		error_about(PKT_V6, 4, 0, i);
		ck_assert_int_eq(translate(),
		    want == -1 ? NAT64_ICMP_POINTER : NAT64_NONE);
		if (want == -1)
			continue;
		ck_assert_uint_eq(out.data[24], want);
		ck_assert_uint_eq(wire_get16(out.data + 26), 0);
	}
	error_about(PKT_V6, 4, 0, 0x01000000);
	ck_assert_int_eq(translate(), NAT64_ICMP_POINTER);
}
END_TEST

/* Shows: ICM-22 */
START_TEST(xlat_icmp_4to6_pointer_is_that_of_figure_3)
{
	static const int want[] = { 0, 1, 4, 4, -1, -1, -1, -1, 7, 6, -1, -1,
		8, 8, 8, 8, 24, 24, 24, 24 };
	uint32_t i;
	bool none;

	quote_udp(PKT_V4);
	for (i = 0; i < 256; i++) {
		none = i >= NITEMS(want) || want[i] == -1;
		error_about(PKT_V4, 12, 0, i << 24);
		ck_assert_int_eq(translate(),
		    none ? NAT64_ICMP_POINTER : NAT64_NONE);
		if (none)
			continue;
		ck_assert_uint_eq(wire_get16(out.data + 44), 0);
		ck_assert_uint_eq(wire_get16(out.data + 46), want[i]);
	}
}
END_TEST

/* Shows: ICM-07b ICM-20b */
START_TEST(xlat_icmp_unknown_protocol_points_at_next_header)
{
	quote_udp(PKT_V4);
	error_about(PKT_V4, 3, 2, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(get32(out.data + 44), 6);

	quote_udp(PKT_V6);
	error_about(PKT_V6, 4, 1, 6);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(get32(out.data + 24), 0);
}
END_TEST

struct mtu_row {
	const char *name;
	uint32_t mtu4;
	uint32_t mtu6;
	uint32_t in;
	size_t quoted; /* 4 to 6: total length of the quoted packet */
	bool fh;       /* 6 to 4: quoted with a Fragment Header */
	uint32_t out;
};

static const struct mtu_row mtus6to4[] = {
	{ "1400", 1500, 1500, 1400, 0, false, 1380 },
	{ "1400 with Fragment Header", 1500, 1500, 1400, 0, true, 1372 },
	{ "1280", 1500, 1500, 1280, 0, false, 1260 },
	{ "below 1280 is raised", 1500, 1500, 600, 0, false, 1260 },
	{ "0 is raised", 1500, 1500, 0, 0, false, 1260 },
	{ "below 1280 with Fragment Header", 1500, 1500, 600, 0, true, 1252 },
	{ "bounded by the IPv4 MTU", 1300, 1500, 1400, 0, false, 1300 },
	{ "bounded by the IPv6 MTU", 1500, 1400, 1480, 0, false, 1380 },
	{ "huge", 65535, 65535, 0xffffffff, 0, false, 65515 },
};

/* Shows: ICM-05 */
START_TEST(xlat_icmp_6to4_mtu_follows_the_headers)
{
	const struct mtu_row *r = &mtus6to4[_i];
	uint8_t fh[8];
	struct spec s = { .proto = IPPROTO_UDP,
		.next = IPPROTO_FRAGMENT,
		.ext = fh,
		.extlen = r->fh ? 8 : 0,
		.payload = 1400 };

	put_fh(fh, IPPROTO_UDP, 1, 5);
	quote(&s, PKT_V6);
	q.len = 1232;
	conf.mtu4 = r->mtu4;
	conf.mtu6 = r->mtu6;
	error_about(PKT_V6, 2, 0, r->in);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(wire_get16(out.data + 24), 0);
	ck_assert_msg(wire_get16(out.data + 26) == r->out, "%s: %u", r->name,
	    wire_get16(out.data + 26));
}
END_TEST

static const struct mtu_row mtus4to6[] = {
	{ "1400", 1500, 1500, 1400, 1500, false, 1420 },
	{ "576 is no IPv6 MTU", 1500, 1500, 576, 1500, false, 1280 },
	{ "bounded by the IPv6 MTU", 9000, 1500, 1500, 1500, false, 1500 },
	{ "bounded by the IPv4 MTU", 1400, 9000, 9000, 1500, false, 1420 },
	{ "plateau below 1500", 9000, 9000, 0, 1500, false, 1512 },
	{ "plateau below 1492", 9000, 9000, 0, 1492, false, 1280 },
	{ "plateau below 9000", 65535, 65535, 0, 9000, false, 8186 },
	{ "plateau, bounded", 1500, 1500, 0, 9000, false, 1500 },
	{ "plateau of a small packet", 1500, 1500, 0, 60, false, 1280 },
};

/* Shows: ICM-24 ICM-25 CFG-12 */
START_TEST(xlat_icmp_4to6_mtu_follows_the_headers)
{
	const struct mtu_row *r = &mtus4to6[_i];
	struct spec s = { .proto = IPPROTO_UDP, .payload = r->quoted - 28 };

	quote(&s, PKT_V4);
	if (q.len > 548)
		q.len = 548;
	conf.mtu4 = r->mtu4;
	conf.mtu6 = r->mtu6;
	error_about(PKT_V4, 3, 4, r->in);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_msg(get32(out.data + 44) == r->out, "%s: %u", r->name,
	    get32(out.data + 44));
}
END_TEST

/* Shows: ICM-25 CFG-12 */
START_TEST(xlat_icmp_4to6_plateaus_are_configurable)
{
	struct spec s = { .proto = IPPROTO_UDP, .payload = 1472 };

	quote(&s, PKT_V4);
	conf.plateaus[0] = 1500;
	conf.plateaus[1] = 1400;
	conf.nplateaus = 2;
	error_about(PKT_V4, 3, 4, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(get32(out.data + 44), 1420);
	conf.nplateaus = 0;
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(get32(out.data + 44), 1280);
}
END_TEST

/* What is quoted: spec of the packet, and how much of it. */
struct quote_row {
	const char *name;
	uint8_t proto;
	uint8_t echo; /* 1: request, 2: reply */
	size_t payload;
	uint8_t next;
	const uint8_t *ext6;
	size_t ext6len;
	const uint8_t *ext4;
	size_t ext4len;
	uint16_t frag4;
};

static const uint8_t opts4[] = { 7, 7, 8, 192, 0, 2, 9, 0 };
static const uint8_t hbh_udp[] = { 17, 0, 1, 4, 0, 0, 0, 0 };
static const uint8_t rh_used[] = { 17, 0, 4, 0, 0, 0, 0, 0 };
static const uint8_t rh_left[] = { 17, 0, 4, 1, 0, 0, 0, 0 };
static const uint8_t dst_fh_tcp[] = { 44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 1, 0xab,
	0xcd, 0x12, 0x34 };

static const struct quote_row quote_rows[] = {
	{ "UDP", IPPROTO_UDP, 0, 40, 0, NULL, 0, NULL, 0, 0 },
	{ "UDP, odd", IPPROTO_UDP, 0, 41, 0, NULL, 0, NULL, 0, 0x4000 },
	{ "TCP", IPPROTO_TCP, 0, 40, 0, NULL, 0, NULL, 0, 0x4000 },
	{ "echo request", IPPROTO_ICMP, 1, 41, 0, NULL, 0, NULL, 0, 0 },
	{ "echo reply", IPPROTO_ICMP, 2, 40, 0, NULL, 0, NULL, 0, 0 },
	{ "options, hop-by-hop", IPPROTO_UDP, 0, 40, IPPROTO_HOPOPTS, hbh_udp,
	    8, opts4, 8, 0 },
	{ "routing header used up", IPPROTO_UDP, 0, 40, IPPROTO_ROUTING,
	    rh_used, 8, NULL, 0, 0 },
	{ "routing header not used up", IPPROTO_UDP, 0, 40, IPPROTO_ROUTING,
	    rh_left, 8, NULL, 0, 0 },
	{ "first fragment", IPPROTO_TCP, 0, 40, IPPROTO_DSTOPTS, dst_fh_tcp,
	    16, opts4, 8, 0x2000 },
};

static void
quote_of_row(const struct quote_row *r, enum pkt_family family, bool back)
{
	struct spec s = { .family = family,
		.back = back,
		.proto = r->proto,
		.tos = 0x42,
		.ttl = 1,
		.id = 0x1234,
		.payload = r->payload,
		.echo_id = family == PKT_V6 ? PORT6 : PORT4 };

	if (family == PKT_V6) {
		s.next = r->next;
		s.ext = r->ext6;
		s.extlen = r->ext6len;
		if (r->proto == IPPROTO_ICMP)
			s.proto = IPPROTO_ICMPV6;
		s.echo_type = (uint8_t)(r->echo == 1 ? ICMP6_ECHO_REQUEST :
						       ICMP6_ECHO_REPLY);
	} else {
		s.ext = r->ext4;
		s.extlen = r->ext4len;
		s.frag = r->frag4;
		s.echo_type =
		    (uint8_t)(r->echo == 1 ? ICMP_ECHO : ICMP_ECHOREPLY);
	}
	build(&q, &s);
}

/*
 * The packet as the other side knew it, built anew without what is dropped
 * on the way; and the sums that it has by then.
 */
static void
quote_as_sent(const struct quote_row *r, enum pkt_family family)
{
	struct quote_row plain = *r;
	static uint8_t fh[8];
	bool frag = (r->frag4 & 0x2000) != 0;

	plain.ext4len = 0;
	plain.ext6len = 0;
	plain.frag4 = frag ? 0x2000 : 0;
	if (frag && family == PKT_V6) {
		put_fh(fh, r->proto, 1, 0x1234);
		plain.next = IPPROTO_FRAGMENT;
		plain.ext6 = fh;
		plain.ext6len = 8;
	}
	quote_of_row(&plain, family, false);
	if (family == PKT_V6) {
		q.data[1] &= 0xf0;
		q.data[2] = q.data[3] = 0;
		return;
	}
	wire_put16(q.data + 4, frag ? 0x1234 : 0);
	wire_fix_ip4(q.data);
}

/* Shows: ICM-32 ICM-33 ICM-34 ICM-37 CSM-01 CSM-03 OUT-03 */
START_TEST(xlat_icmp_6to4_quotes_the_packet_as_it_was)
{
	const struct quote_row *r = &quote_rows[_i];

	quote_of_row(r, PKT_V6, true);
	error_about(PKT_V6, 1, 4, 0);
	ck_assert_msg(translate() == NAT64_NONE, "%s", r->name);
	quote_as_sent(r, PKT_V4);
	ck_assert_msg(out.len == 28 + q.len, "%s", r->name);
	ck_assert_msg(memcmp(out.data + 28, q.data, q.len) == 0, "%s",
	    r->name);
}
END_TEST

/* Shows: ICM-32 ICM-33 ICM-34 ICM-37 CSM-01 CSM-03 OUT-03 XLT-10 */
START_TEST(xlat_icmp_4to6_quotes_the_packet_as_it_was)
{
	const struct quote_row *r = &quote_rows[_i];

	quote_of_row(r, PKT_V4, true);
	error_about(PKT_V4, 3, 3, 0);
	ck_assert_msg(translate() == NAT64_NONE, "%s", r->name);
	quote_as_sent(r, PKT_V6);
	ck_assert_msg(out.len == 48 + q.len, "%s", r->name);
	ck_assert_msg(memcmp(out.data + 48, q.data, q.len) == 0, "%s",
	    r->name);
}
END_TEST

/*
 * How many bytes at the end of a quotation of that L4 length do not count:
 * of half a checksum nothing can be made.
 */
static uint32_t
half_cksum(uint8_t proto, uint32_t l4len)
{
	return (l4len == cksum_off(proto) + 1 ? 1 : 0);
}

/*
 * What is cut off must change nothing in the rest, down to the least that
 * must be there.
 */
static void
check_cuts(const struct quote_row *r, enum pkt_family family, uint32_t least,
    uint32_t hlen_out)
{
	static uint8_t whole[2048];
	uint32_t full, whole_len, cut, half;
	uint8_t type = family == PKT_V6 ? 1 : 3;

	quote_of_row(r, family, true);
	full = q.len;
	error_about(family, type, 0, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	whole_len = out.len;
	memcpy(whole, out.data, whole_len);
	for (cut = 0; cut <= full; cut++) {
		q.len = full - cut;
		error_about(family, type, 0, 0);
		if (q.len < least) {
			ck_assert_int_eq(translate(), NAT64_ICMP_INNER);
			continue;
		}
		ck_assert_msg(translate() == NAT64_NONE, "%s, %u less",
		    r->name, cut);
		ck_assert_uint_eq(out.len, whole_len - cut);
		half = half_cksum(r->proto, inner.end - inner.l4off);
		ck_assert_msg(memcmp(out.data + hlen_out, whole + hlen_out,
				  out.len - hlen_out - half) == 0,
		    "%s, %u less", r->name, cut);
	}
}

/* Shows: ICM-32 ICM-33 ICM-53 TUP-06 */
START_TEST(xlat_icmp_cut_quotations_are_translated_as_far_as_they_go)
{
	const struct quote_row *r = &quote_rows[_i];
	uint32_t need6 = r->proto == IPPROTO_ICMP ? 8 : 4;

	check_cuts(r, PKT_V6, (uint32_t)(40 + r->ext6len) + need6, 28);
	check_cuts(r, PKT_V4, (uint32_t)(20 + r->ext4len) + 8, 48);
}
END_TEST

/* Shows: ICM-33 */
START_TEST(xlat_icmp_quoted_checksums_are_updated_not_verified)
{
	uint16_t field;

	/* One that is wrong stays wrong by the same amount. */
	quote_udp(PKT_V4);
	wire_put16(q.data + 26, (uint16_t)(wire_get16(q.data + 26) ^ 0x0100));
	error_about(PKT_V4, 3, 3, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	field = wire_get16(out.data + 48 + 46);
	quote_udp(PKT_V6);
	ck_assert_uint_ne(field, wire_get16(q.data + 46));

	/* None stays none. */
	quote_udp(PKT_V4);
	wire_put16(q.data + 26, 0);
	error_about(PKT_V4, 3, 3, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(wire_get16(out.data + 48 + 46), 0);
}
END_TEST

/* Shows: ICM-33 CSM-09 */
START_TEST(xlat_icmp_quoted_udp_result_zero_becomes_ffff)
{
	uint32_t i;
	bool seen = false;

	quote_udp(PKT_V4);
	for (i = 1; i < 0x10000; i++) {
		wire_put16(q.data + 26, (uint16_t)i);
		error_about(PKT_V4, 3, 3, 0);
		ck_assert_int_eq(translate(), NAT64_NONE);
		ck_assert_uint_ne(wire_get16(out.data + 48 + 46), 0);
		seen |= wire_get16(out.data + 48 + 46) == 0xffff;
	}
	ck_assert(seen);
}
END_TEST

/* Shows: ICM-34 XLT-25 */
START_TEST(xlat_icmp_6to4_quoted_df_follows_the_quoted_length)
{
	static const struct {
		uint16_t payload; /* of IPv6 */
		uint16_t frag;
	} rows[] = { { 1240, 0 }, { 1241, 0x4000 } };

	quote_udp(PKT_V6);
	wire_put16(q.data + 4, rows[_i].payload);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(wire_get16(out.data + 30), rows[_i].payload + 20);
	ck_assert_uint_eq(wire_get16(out.data + 34), rows[_i].frag);
}
END_TEST

/* Shows: ICM-31 ICM-35 XLT-20 XLT-01 CFG-10 */
START_TEST(xlat_icmp_outer_header_is_as_any)
{
	struct error_spec e = { .family = PKT_V6,
		.type = 1,
		.tos = 0xb8,
		.quote = q.data };
	struct in_addr src4 = addr4(POOL4), dst4 = addr4(SERVER4);
	struct in6_addr src6 = addr6(ROUTER6), dst6 = addr6(CLIENT6);

	quote_udp(PKT_V6);
	e.quotelen = q.len;
	build_error(&e);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(out.tclass, 0xb8);
	ck_assert_uint_eq(out.ttl, 49);
	ck_assert(!out.df && !out.is_frag);
	ck_assert_uint_eq(out.frag_id, FIRST_ID);
	ck_assert_mem_eq(&out.ip4.src, &src4, 4);
	ck_assert_mem_eq(&out.ip4.dst, &dst4, 4);
	conf.tos = 7;
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(out.tclass, 7);
	ck_assert_uint_eq(out.data[29], 7);

	quote_udp(PKT_V4);
	e.family = PKT_V4;
	e.type = 3;
	e.quotelen = q.len;
	build_error(&e);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(out.tclass, 0xb8);
	ck_assert_uint_eq(out.ttl, 49);
	ck_assert(!out.has_fh);
	ck_assert_mem_eq(&out.ip6.src, &src6, 16);
	ck_assert_mem_eq(&out.ip6.dst, &dst6, 16);
	conf.tclass_zero = true;
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(out.tclass, 0);
}
END_TEST

/* Shows: HPN-03 HPN-05 */
START_TEST(xlat_icmp_6to4_hairpin_keeps_the_hop_limit)
{
	struct in_addr src4 = addr4(POOL4), dst4 = addr4(SERVER4);
	struct tuple4 t4 = { .src = { dst4, PORT_SERVER },
		.dst = { src4, PORT4 } };

	quote_udp(PKT_V6);
	error_about(PKT_V6, 1, 4, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_int_eq(xlat_icmp_6to4(&p, &inner, src4, dst4, &t4, &conf,
			     &ids, true, &out),
	    NAT64_NONE);
	ck_assert_uint_eq(out.ttl, 50);
}
END_TEST

/* What makes an error worthless. Layout: see build_error(). */
struct bad_row {
	const char *name;
	enum pkt_family family;
	uint8_t proto; /* of the quoted packet */
	uint32_t off;  /* from the quoted header; patched with value */
	uint8_t value;
	bool fix_ip4; /* the quoted header's checksum is made right */
	bool bad_cksum;
	enum nat64_reason reason;
};

static const struct bad_row bad_rows[] = {
	{ "ICM-50 checksum, IPv6", PKT_V6, IPPROTO_UDP, 50, 0xff, false, true,
	    NAT64_ICMP_CKSUM },
	{ "ICM-50 checksum, IPv4", PKT_V4, IPPROTO_UDP, 30, 0xff, false, true,
	    NAT64_ICMP_CKSUM },
	{ "version 4 in 6", PKT_V6, IPPROTO_UDP, 0, 0x45, false, false,
	    NAT64_ICMP_INNER },
	{ "version 6 in 4", PKT_V4, IPPROTO_UDP, 0, 0x65, true, false,
	    NAT64_ICMP_INNER },
	{ "header length 4", PKT_V4, IPPROTO_UDP, 0, 0x44, true, false,
	    NAT64_ICMP_INNER },
	{ "header longer than the quotation", PKT_V4, IPPROTO_UDP, 0, 0x4f,
	    true, false, NAT64_ICMP_INNER },
	{ "total length below the header", PKT_V4, IPPROTO_UDP, 3, 19, true,
	    false, NAT64_ICMP_INNER },
	{ "total length without L4", PKT_V4, IPPROTO_UDP, 3, 27, true, false,
	    NAT64_ICMP_INNER },
	{ "payload length without ports", PKT_V6, IPPROTO_UDP, 5, 3, false,
	    false, NAT64_ICMP_INNER },
	{ "payload length that IPv4 cannot have", PKT_V6, IPPROTO_UDP, 4, 0xff,
	    false, false, NAT64_NONE },
	{ "ICM-51 quoted header checksum", PKT_V4, IPPROTO_UDP, 8, 0x33, false,
	    false, NAT64_ICMP_INNER },
	{ "ICM-53 later fragment", PKT_V4, IPPROTO_UDP, 7, 1, true, false,
	    NAT64_ICMP_INNER },
	{ "unknown protocol, IPv4", PKT_V4, IPPROTO_UDP, 9, 47, true, false,
	    NAT64_ICMP_INNER },
	{ "ICMPv6 in IPv4", PKT_V4, IPPROTO_UDP, 9, 58, true, false,
	    NAT64_ICMP_INNER },
	{ "unknown protocol, IPv6", PKT_V6, IPPROTO_UDP, 6, 47, false, false,
	    NAT64_ICMP_INNER },
	{ "ICMPv4 in IPv6", PKT_V6, IPPROTO_UDP, 6, 1, false, false,
	    NAT64_ICMP_INNER },
	{ "chain beyond the quotation", PKT_V6, IPPROTO_UDP, 6, 60, false,
	    false, NAT64_ICMP_INNER },
	{ "ICM-37 error in error, IPv4", PKT_V4, IPPROTO_ICMP, 20, 3, false,
	    false, NAT64_ICMP_INNER },
	{ "ICM-37 error in error, IPv6", PKT_V6, IPPROTO_ICMPV6, 40, 1, false,
	    false, NAT64_ICMP_INNER },
	{ "quoted timestamp", PKT_V4, IPPROTO_ICMP, 20, 13, false, false,
	    NAT64_ICMP_INNER },
	{ "ICM-54 quoted source, IPv4", PKT_V4, IPPROTO_UDP, 15, 6, true,
	    false, NAT64_ICMP_INNER },
	{ "ICM-54 quoted source, IPv6", PKT_V6, IPPROTO_UDP, 23, 6, false,
	    false, NAT64_ICMP_INNER },
};

/* Shows: ICM-37 ICM-50 ICM-51 ICM-53 ICM-54 TUP-05 TUP-06 */
START_TEST(xlat_icmp_parse_refuses_what_cannot_be_trusted)
{
	const struct bad_row *r = &bad_rows[_i];
	struct spec s = { .proto = r->proto, .payload = 20 };
	uint32_t hlen = r->family == PKT_V6 ? 40 : 20;

	s.echo_type = r->family == PKT_V6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	quote(&s, r->family);
	error_about(r->family, r->family == PKT_V6 ? 1 : 3, 0, 0);
	p.data[hlen + 8 + r->off] = r->value;
	if (r->fix_ip4 && (r->value != 0x4f || r->off != 0))
		wire_fix_ip4(p.data + hlen + 8);
	if (!r->bad_cksum)
		fix_error(hlen);
	ck_assert_msg(translate() == r->reason, "%s", r->name);
}
END_TEST

/* Shows: ICM-53 */
START_TEST(xlat_icmp_parse_refuses_later_fragments_of_ipv6)
{
	uint8_t fh[8];
	struct spec s = { .proto = IPPROTO_UDP,
		.next = IPPROTO_FRAGMENT,
		.ext = fh,
		.extlen = 8,
		.payload = 20 };

	put_fh(fh, IPPROTO_UDP, 8, 1);
	quote(&s, PKT_V6);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_ICMP_INNER);
	/* Behind a Fragment Header the protocol follows at once. */
	put_fh(fh, IPPROTO_DSTOPTS, 0, 1);
	quote(&s, PKT_V6);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_ICMP_INNER);
}
END_TEST

/* Shows: ICM-32 LIM-07 */
START_TEST(xlat_icmp_parse_refuses_a_length_that_ipv4_cannot_have)
{
	quote_udp(PKT_V6);
	wire_put16(q.data + 4, 65515);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(wire_get16(out.data + 30), 65535);
	wire_put16(q.data + 4, 65516);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_ICMP_INNER);
}
END_TEST

/* Shows: ICM-50 ICM-51 GSO-19 */
START_TEST(xlat_icmp_parse_checks_only_what_it_is_told_to)
{
	quote_udp(PKT_V4);
	q.data[10] ^= 0x40;
	error_about(PKT_V4, 3, 0, 0);
	parse(&p);
	ck_assert_int_eq(xlat_icmp_parse(&p, true, &inner), NAT64_ICMP_INNER);
	ck_assert_int_eq(xlat_icmp_parse(&p, false, &inner), NAT64_NONE);

	quote_udp(PKT_V4);
	error_about(PKT_V4, 3, 0, 0);
	p.data[22] ^= 1;
	parse(&p);
	ck_assert_int_eq(xlat_icmp_parse(&p, true, &inner), NAT64_ICMP_CKSUM);
	p.ofl.csum_valid = true;
	ck_assert_int_eq(xlat_icmp_parse(&p, true, &inner), NAT64_NONE);
	p.ofl.csum_valid = false;
	p.ofl.csum_partial = true;
	ck_assert_int_eq(xlat_icmp_parse(&p, true, &inner), NAT64_NONE);
}
END_TEST

/* Shows: TUP-03 */
START_TEST(xlat_icmp_parse_gives_the_tuple_as_quoted)
{
	struct spec s = { .proto = IPPROTO_ICMP,
		.echo_type = ICMP_ECHO,
		.echo_id = 77,
		.payload = 8 };
	struct in_addr src4 = addr4(POOL4), dst4 = addr4(SERVER4);
	struct in6_addr src6 = addr6(SERVER6), dst6 = addr6(CLIENT6);

	quote(&s, PKT_V4);
	error_about(PKT_V4, 3, 0, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_int_eq(inner.l4, L4_ICMP);
	ck_assert_mem_eq(&inner.t4.src.addr, &src4, 4);
	ck_assert_mem_eq(&inner.t4.dst.addr, &dst4, 4);
	ck_assert_uint_eq(inner.t4.src.port, 77);
	ck_assert_uint_eq(inner.t4.dst.port, 77);

	quote_udp(PKT_V6);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_int_eq(inner.l4, L4_UDP);
	ck_assert_mem_eq(&inner.t6.src.addr, &src6, 16);
	ck_assert_mem_eq(&inner.t6.dst.addr, &dst6, 16);
	ck_assert_uint_eq(inner.t6.src.port, PORT_SERVER);
	ck_assert_uint_eq(inner.t6.dst.port, PORT6);
}
END_TEST

/* RFC 4884: a quoted UDP packet cut or padded to field bytes. */
struct ext_row {
	const char *name;
	enum pkt_family family;
	uint8_t type;
	uint8_t code;
	uint8_t attr;  /* 0: none given */
	size_t packet; /* length of the quoted packet */
	size_t field;
	size_t ext;
	/* the result */
	uint8_t new_attr;
	size_t new_field;
	size_t new_ext;
};

static const struct ext_row ext_rows[] = {
	{ "ICM-41 128 to 152", PKT_V4, 11, 0, 32, 68, 128, 16, 19, 152, 16 },
	{ "ICM-41 larger field", PKT_V4, 3, 1, 50, 1500, 200, 16, 28, 224, 16 },
	{ "ICM-41 short field is padded", PKT_V4, 11, 0, 15, 60, 60, 8, 16, 128,
	    8 },
	{ "ICM-42 128 to 128", PKT_V6, 3, 0, 16, 88, 128, 16, 32, 128, 16 },
	{ "ICM-42 larger field", PKT_V6, 1, 4, 30, 1500, 240, 16, 55, 220, 16 },
	{ "ICM-40 attribute 0", PKT_V4, 11, 0, 0, 68, 128, 16, 0, 164, 0 },
	{ "ICM-40 all of the body", PKT_V4, 11, 0, 32, 68, 128, 0, 0, 148, 0 },
	{ "ICM-40 all of the body, IPv6", PKT_V6, 1, 0, 16, 88, 128, 0, 0, 108,
	    0 },
	{ "ICM-43 field shortened, 1280", PKT_V4, 11, 0, 255, 1500, 1020, 300,
	    116, 928, 300 },
	{ "ICM-43 no room for the extension, 1280", PKT_V4, 11, 0, 32, 1500,
	    128, 1108, 0, 148, 0 },
	{ "ICM-43 just room", PKT_V4, 11, 0, 32, 1500, 128, 1104, 16, 128,
	    1104 },
	{ "ICM-43 field shortened, 576", PKT_V6, 3, 0, 100, 1500, 800, 100, 112,
	    448, 100 },
	{ "ICM-43 no room for the extension, 576", PKT_V6, 3, 0, 30, 1500, 240,
	    424, 0, 220, 0 },
	{ "ICM-43 larger than any", PKT_V6, 3, 0, 16, 88, 128, 1000, 0, 108,
	    0 },
	{ "ICM-44 fragmentation needed", PKT_V4, 3, 4, 32, 68, 128, 16, 0, 148,
	    0 },
	{ "ICM-44 protocol unreachable", PKT_V4, 3, 2, 32, 68, 128, 16, 0, 148,
	    0 },
	{ "ICM-44 parameter problem", PKT_V4, 12, 0, 32, 68, 128, 16, 0, 148,
	    0 },
};

/* Shows: ICM-36 ICM-40 ICM-41 ICM-42 ICM-43 ICM-44 ICM-45 */
START_TEST(xlat_icmp_extensions_move_with_the_datagram)
{
	const struct ext_row *r = &ext_rows[_i];
	bool v6 = r->family == PKT_V6;
	struct spec s = { .proto = IPPROTO_UDP };
	struct error_spec e = { .family = r->family,
		.type = r->type,
		.code = r->code,
		.param = (uint32_t)r->attr << (v6 ? 24 : 16),
		.quote = q.data,
		.quotelen = r->field,
		.ext = r->ext };
	uint32_t body = v6 ? 28 : 48;
	size_t i;

	s.payload = r->packet - (v6 ? 48 : 28);
	quote(&s, r->family);
	if (r->packet < r->field)
		memset(q.data + r->packet, 0, r->field - r->packet);
	build_error(&e);
	ck_assert_msg(translate() == NAT64_NONE, "%s", r->name);
	ck_assert_msg(out.len == body + r->new_field + r->new_ext,
	    "%s: %u bytes", r->name, out.len - body);
	ck_assert_msg(out.data[body - (v6 ? 3 : 4)] == r->new_attr, "%s: %u",
	    r->name, out.data[body - (v6 ? 3 : 4)]);
	for (i = 0; i < r->new_ext; i++)
		ck_assert_msg(out.data[body + r->new_field + i] == ext_byte(i),
		    "%s", r->name);
}
END_TEST

/* Shows: ICM-40 */
START_TEST(xlat_icmp_parse_refuses_a_datagram_longer_than_the_body)
{
	quote_udp(PKT_V4);
	error_about(PKT_V4, 11, 0, 18U << 16);
	ck_assert_int_eq(translate(), NAT64_ICMP_INNER);
	error_about(PKT_V4, 11, 0, 17U << 16);
	ck_assert_int_eq(translate(), NAT64_NONE);

	quote_udp(PKT_V6);
	error_about(PKT_V6, 3, 0, 12U << 24);
	ck_assert_int_eq(translate(), NAT64_ICMP_INNER);
	error_about(PKT_V6, 3, 0, 11U << 24);
	ck_assert_int_eq(translate(), NAT64_NONE);
}
END_TEST

/* Shows: ICM-36 */
START_TEST(xlat_icmp_results_are_cut)
{
	struct spec s = { .proto = IPPROTO_UDP, .payload = 4000 };

	quote(&s, PKT_V6);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(out.len, 576);
	ck_assert_uint_eq(wire_get16(out.data + 2), 576);
	ck_assert_uint_eq(wire_get16(out.data + 30), 4028);

	quote(&s, PKT_V4);
	error_about(PKT_V4, 3, 0, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(out.len, 1280);
	ck_assert_uint_eq(wire_get16(out.data + 52), 4008);
}
END_TEST

/* Shows: ICM-08 ICM-10b ERR-14 */
START_TEST(xlat_icmp_is_error_knows_errors_from_queries)
{
	int type;
	bool want;

	quote_udp(PKT_V6);
	for (type = 0; type < 256; type++) {
		error_about(PKT_V6, (uint8_t)type, 0, 0);
		parse(&p);
		ck_assert(xlat_icmp_is_error(&p) == (type < 128));
	}
	quote_udp(PKT_V4);
	for (type = 0; type < 256; type++) {
		want = (type >= 3 && type <= 5) || type == 11 || type == 12;
		error_about(PKT_V4, (uint8_t)type, 0, 0);
		parse(&p);
		ck_assert(xlat_icmp_is_error(&p) == want);
	}
	parse(&q);
	ck_assert(!xlat_icmp_is_error(&q));
}
END_TEST

/*
 * Errors with random bytes changed, in a buffer that ends where the packet
 * ends: a sanitizer sees every byte too far.
 */
/* Shows: ICM-32 ICM-36 ICM-53 LIM-07 */
START_TEST(xlat_icmp_any_bytes_are_dropped_or_translated)
{
	enum pkt_family family = _i == 0 ? PKT_V4 : PKT_V6;
	uint32_t hlen = _i == 0 ? 20 : 40, seed = 0xbadc0de5, i, n, translated;
	const struct quote_row *r;
	struct pkt whole = p;

	translated = 0;
	for (i = 0; i < 40000; i++) {
		p = whole;
		r = &quote_rows[wire_random(&seed) % NITEMS(quote_rows)];
		quote_of_row(r, family, true);
		q.len -= wire_random(&seed) % 40;
		error_about(family, _i == 0 ? 11 : 3, 0, 0);
		for (n = wire_random(&seed) % 4; n > 0; n--)
			p.data[hlen + 4 +
			    wire_random(&seed) % (p.len - hlen - 4)] =
			    (uint8_t)wire_random(&seed);
		fix_error(hlen);
		p.bufsize = PKT_HEADROOM + p.len;
		p.buf = malloc(p.bufsize);
		ck_assert_ptr_nonnull(p.buf);
		memcpy(p.buf + PKT_HEADROOM, p.data, p.len);
		p.data = p.buf + PKT_HEADROOM;
		if (translate() == NAT64_NONE) {
			translated++;
			ck_assert_uint_le(out.len, _i == 0 ? 1280 : 576);
		}
		free(p.buf);
	}
	p = whole;
	ck_assert_uint_gt(translated, 1000);
}
END_TEST

static TCase *
types_tcase(void)
{
	TCase *tc = tcase_create("types");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, xlat_icmp_6to4_types_are_those_of_the_table);
	tcase_add_test(tc, xlat_icmp_4to6_types_are_those_of_the_table);
	tcase_add_test(tc, xlat_icmp_6to4_pointer_is_that_of_figure_6);
	tcase_add_test(tc, xlat_icmp_4to6_pointer_is_that_of_figure_3);
	tcase_add_test(tc, xlat_icmp_unknown_protocol_points_at_next_header);
	tcase_add_loop_test(tc, xlat_icmp_6to4_mtu_follows_the_headers, 0,
	    NITEMS(mtus6to4));
	tcase_add_loop_test(tc, xlat_icmp_4to6_mtu_follows_the_headers, 0,
	    NITEMS(mtus4to6));
	tcase_add_test(tc, xlat_icmp_4to6_plateaus_are_configurable);
	tcase_add_test(tc, xlat_icmp_is_error_knows_errors_from_queries);
	return (tc);
}

static TCase *
quotation_tcase(void)
{
	TCase *tc = tcase_create("quotation");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, xlat_icmp_6to4_quotes_the_packet_as_it_was, 0,
	    NITEMS(quote_rows));
	tcase_add_loop_test(tc, xlat_icmp_4to6_quotes_the_packet_as_it_was, 0,
	    NITEMS(quote_rows));
	tcase_add_loop_test(tc,
	    xlat_icmp_cut_quotations_are_translated_as_far_as_they_go, 0,
	    NITEMS(quote_rows));
	tcase_add_test(tc,
	    xlat_icmp_quoted_checksums_are_updated_not_verified);
	tcase_add_test(tc, xlat_icmp_quoted_udp_result_zero_becomes_ffff);
	tcase_add_loop_test(tc,
	    xlat_icmp_6to4_quoted_df_follows_the_quoted_length, 0, 2);
	tcase_add_test(tc, xlat_icmp_outer_header_is_as_any);
	tcase_add_test(tc, xlat_icmp_6to4_hairpin_keeps_the_hop_limit);
	tcase_add_loop_test(tc, xlat_icmp_extensions_move_with_the_datagram, 0,
	    NITEMS(ext_rows));
	tcase_add_test(tc, xlat_icmp_results_are_cut);
	return (tc);
}

static TCase *
parse_tcase(void)
{
	TCase *tc = tcase_create("parse");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    xlat_icmp_parse_refuses_what_cannot_be_trusted, 0,
	    NITEMS(bad_rows));
	tcase_add_test(tc, xlat_icmp_parse_refuses_later_fragments_of_ipv6);
	tcase_add_test(tc,
	    xlat_icmp_parse_refuses_a_length_that_ipv4_cannot_have);
	tcase_add_test(tc, xlat_icmp_parse_checks_only_what_it_is_told_to);
	tcase_add_test(tc, xlat_icmp_parse_gives_the_tuple_as_quoted);
	tcase_add_test(tc,
	    xlat_icmp_parse_refuses_a_datagram_longer_than_the_body);
	tcase_add_loop_test(tc, xlat_icmp_any_bytes_are_dropped_or_translated,
	    0, 2);
	return (tc);
}

int
main(void)
{
	Suite *s = suite_create("xlat_icmp");
	SRunner *sr;
	int failed;

	suite_add_tcase(s, types_tcase());
	suite_add_tcase(s, quotation_tcase());
	suite_add_tcase(s, parse_tcase());
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
