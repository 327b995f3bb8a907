/*
 * ICMP errors: types, codes, pointers and MTUs, by the tables of RFC 7915.
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

/* All types and codes that are translated. */
struct type_row {
	uint8_t type;
	int code; /* -1: every code, kept or as given */
	uint8_t new_type;
	int new_code; /* -1: the same */
};

static const struct type_row types6to4[] = {
	{ 1, 0, 3, 1 },
	{ 1, 1, 3, 10 },
	{ 1, 2, 3, 1 },
	{ 1, 3, 3, 1 },
	{ 1, 4, 3, 3 },
	{ 2, -1, 3, 4 },
	{ 3, -1, 11, -1 },
	{ 4, 0, 12, 0 },
	{ 4, 1, 3, 2 },
};

static const struct type_row types4to6[] = {
	{ 3, 0, 1, 0 },
	{ 3, 1, 1, 0 },
	{ 3, 2, 4, 1 },
	{ 3, 3, 1, 4 },
	{ 3, 4, 2, 0 },
	{ 3, 5, 1, 0 },
	{ 3, 6, 1, 0 },
	{ 3, 7, 1, 0 },
	{ 3, 8, 1, 0 },
	{ 3, 9, 1, 1 },
	{ 3, 10, 1, 1 },
	{ 3, 11, 1, 0 },
	{ 3, 12, 1, 0 },
	{ 3, 13, 1, 1 },
	{ 3, 15, 1, 1 },
	{ 11, -1, 3, -1 },
	{ 12, 0, 4, 0 },
	{ 12, 2, 4, 0 },
};

static void
check_type(const struct type_row *rows, size_t n_rows, uint8_t type,
    uint8_t code)
{
	const struct type_row *r, *found = NULL;
	enum nat64_reason reason = translate();

	for (r = rows; r < rows + n_rows; r++)
		if (r->type == type && (r->code == -1 || r->code == code))
			found = r;
	if (found == NULL && reason == NAT64_ICMP_TYPE)
		return;
	if (found == NULL || reason != NAT64_NONE ||
	    out.icmp_type != found->new_type ||
	    out.icmp_code != (found->new_code == -1 ? code : found->new_code))
		ck_abort_msg("%d/%d", type, code);
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
	conf.n_plateaus = 2;
	error_about(PKT_V4, 3, 4, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(get32(out.data + 44), 1420);
	conf.n_plateaus = 0;
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(get32(out.data + 44), 1280);
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

int
main(void)
{
	Suite *s = suite_create("xlat_icmp_types");
	TCase *tc = tcase_create("xlat_icmp_types");

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
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
