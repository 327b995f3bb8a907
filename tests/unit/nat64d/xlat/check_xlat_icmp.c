/*
 * ICMP errors: the quoted packets, compared with packets built anew, and the
 * extensions after them.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/xlat/xlat.h"
#include "tests/unit/suite.h"
#include "tests/unit/xlat_icmp_util.h"

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
 * How many bytes at the end of a quoted packet of that L4 length are not
 * compared: half a checksum cannot be updated.
 */
static uint32_t
half_cksum(uint8_t proto, uint32_t l4len)
{
	return (l4len == cksum_off(proto) + 1 ? 1 : 0);
}

/*
 * Truncation must not change the bytes that are left, down to the least
 * length that is accepted.
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

/* Shows: ICM-32 ICM-33 */
START_TEST(xlat_icmp_padding_is_no_checksum)
{
	struct spec s = { .proto = IPPROTO_TCP };

	/* A first fragment of 16 bytes, padded by the router. */
	quote(&s, PKT_V4);
	wire_put16(q.data + 2, 36);
	wire_put16(q.data + 6, 0x2000);
	wire_fix_ip4(q.data);
	memset(q.data + 36, 0, 64);
	q.len = 100;
	error_about(PKT_V4, 11, 0, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(out.len, 48 + 48 + 80);
	ck_assert_uint_eq(wire_get16(out.data + 48 + 4), 8 + 16);
	ck_assert_mem_eq(out.data + 48 + 48 + 16, q.data + 36, 64);
}
END_TEST

/* Shows: ICM-33 CSM-09 */
START_TEST(xlat_icmp_quoted_udp_result_zero_becomes_ffff)
{
	uint8_t diff[4];

	/* The field that becomes 0 is 1 less what becomes of 1. */
	quote_udp(PKT_V4);
	wire_put16(q.data + 26, 1);
	error_about(PKT_V4, 3, 3, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	wire_put16(diff, 1);
	wire_put16(diff + 2, (uint16_t)~wire_get16(out.data + 48 + 46));
	wire_put16(q.data + 26, wire_sum(0, diff, sizeof(diff)));
	ck_assert_uint_ne(wire_get16(q.data + 26), 0);
	error_about(PKT_V4, 3, 3, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(wire_get16(out.data + 48 + 46), 0xffff);
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
	quote_udp(PKT_V6);
	error_about(PKT_V6, 1, 4, 0);
	inside = true;
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(out.ttl, 50);
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
	{ "ICM-41 larger field", PKT_V4, 3, 1, 50, 1500, 200, 16, 28, 224,
	    16 },
	{ "ICM-41 short field is padded", PKT_V4, 11, 0, 15, 60, 60, 8, 16,
	    128, 8 },
	{ "ICM-42 128 to 128", PKT_V6, 3, 0, 16, 88, 128, 16, 32, 128, 16 },
	{ "ICM-42 larger field", PKT_V6, 1, 4, 30, 1500, 240, 16, 55, 220,
	    16 },
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
	{ "ICM-43 field shortened, 576", PKT_V6, 3, 0, 100, 1500, 800, 100,
	    112, 448, 100 },
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

int
main(void)
{
	Suite *s = suite_create("xlat_icmp");
	TCase *tc = tcase_create("xlat_icmp");

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
	tcase_add_test(tc, xlat_icmp_padding_is_no_checksum);
	tcase_add_test(tc, xlat_icmp_quoted_udp_result_zero_becomes_ffff);
	tcase_add_loop_test(tc,
	    xlat_icmp_6to4_quoted_df_follows_the_quoted_length, 0, 2);
	tcase_add_test(tc, xlat_icmp_outer_header_is_as_any);
	tcase_add_test(tc, xlat_icmp_6to4_hairpin_keeps_the_hop_limit);
	tcase_add_loop_test(tc, xlat_icmp_extensions_move_with_the_datagram, 0,
	    NITEMS(ext_rows));
	tcase_add_test(tc, xlat_icmp_results_are_cut);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
