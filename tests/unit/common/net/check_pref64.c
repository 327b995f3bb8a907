/*
 * Unit tests of pref64.c: the vectors of RFC 6052, 2.4, and the properties
 * that hold for every address and length.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdint.h>
#include <string.h>

#include "common/net/pref64.h"

#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

#define NITEMS(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	const char *prefix;
	unsigned len;
	const char *ip4;
	const char *ip6;
} vectors[] = {
	{ "2001:db8::", 32, "192.0.2.33", "2001:db8:c000:221::" },
	{ "2001:db8:100::", 40, "192.0.2.33", "2001:db8:1c0:2:21::" },
	{ "2001:db8:122::", 48, "192.0.2.33", "2001:db8:122:c000:2:2100::" },
	{ "2001:db8:122:300::", 56, "192.0.2.33", "2001:db8:122:3c0:0:221::" },
	{ "2001:db8:122:344::", 64, "192.0.2.33",
	    "2001:db8:122:344:c0:2:2100::" },
	{ "2001:db8:122:344::", 96, "192.0.2.33",
	    "2001:db8:122:344::192.0.2.33" },
	{ "64:ff9b::", 96, "192.0.2.33", "64:ff9b::192.0.2.33" },
	{ "2001:db8:100::", 40, "198.51.100.2", "2001:db8:1c6:3364:2::" },
	{ "64:ff9b:1:fffe::", 96, "8.8.4.4", "64:ff9b:1:fffe::808:404" },
};

static const unsigned lengths[] = { 32, 40, 48, 56, 64, 96 };

static struct in6_addr
ip6(const char *text)
{
	struct in6_addr addr;

	ck_assert_int_eq(inet_pton(AF_INET6, text, &addr), 1);
	return (addr);
}

static struct pref64
pref64(const char *text, unsigned len)
{
	struct in6_addr addr = ip6(text);
	struct pref64 p;

	ck_assert_ptr_null(pref64_init(&p, &addr, len));
	return (p);
}

/* A random prefix of the length, below 2000::/3. */
static struct pref64
random_prefix(unsigned len, uint32_t *state)
{
	struct in6_addr addr = { 0 };
	struct pref64 p;
	unsigned i;

	for (i = 0; i < len / 8; i++)
		addr.s6_addr[i] = (uint8_t)wire_random(state);
	addr.s6_addr[0] = 0x20;
	addr.s6_addr[8] = 0;
	ck_assert_ptr_null(pref64_init(&p, &addr, len));
	return (p);
}

/* Shows: ADR-02 ADR-03 ADR-10 DNS64-13 */
START_TEST(embed_and_extract_match_vectors_of_rfc_6052)
{
	struct pref64 p = pref64(vectors[_i].prefix, vectors[_i].len);
	struct in6_addr want = ip6(vectors[_i].ip6), got;
	struct in_addr v4, back;

	ck_assert_int_eq(inet_pton(AF_INET, vectors[_i].ip4, &v4), 1);
	pref64_embed(&p, v4, &got);
	ck_assert_mem_eq(&got, &want, sizeof(got));
	ck_assert(pref64_match(&p, &got));
	ck_assert_int_eq(pref64_extract(&p, &got, &back), 0);
	ck_assert_uint_eq(back.s_addr, v4.s_addr);
}
END_TEST

/* Shows: ADR-02 ADR-03 ADR-11 */
START_TEST(extract_undoes_embed_for_every_length)
{
	uint32_t state = 7;
	struct pref64 p;
	struct in_addr v4, back;
	struct in6_addr addr, again;
	int i;

	for (i = 0; i < 2000; i++) {
		p = random_prefix(lengths[_i], &state);
		v4.s_addr = wire_random(&state);
		pref64_embed(&p, v4, &addr);
		ck_assert(pref64_match(&p, &addr));
		ck_assert_uint_eq(addr.s6_addr[8], 0);
		ck_assert_int_eq(pref64_extract(&p, &addr, &back), 0);
		ck_assert_uint_eq(back.s_addr, v4.s_addr);
		pref64_embed(&p, back, &again);
		ck_assert_mem_eq(&addr, &again, sizeof(addr));
	}
}
END_TEST

/* Shows: ADR-02 */
START_TEST(embed_leaves_all_but_prefix_and_address_zero)
{
	uint32_t state = 8;
	struct pref64 p = random_prefix(lengths[_i], &state);
	struct in_addr zero = { 0 };
	struct in6_addr addr;

	memset(&addr, 0xff, sizeof(addr));
	pref64_embed(&p, zero, &addr);
	ck_assert_mem_eq(&addr, &p.addr, sizeof(addr));
}
END_TEST

/* Shows: ADR-04 */
START_TEST(extract_ignores_the_suffix)
{
	static const char *const with_suffix[][2] = {
		{ "2001:db8::", "2001:db8:c000:221:ff:ffff:ffff:ffff" },
		{ "2001:db8:100::", "2001:db8:1c0:2:21:1:2:3" },
		{ "2001:db8:122::", "2001:db8:122:c000:2:21ff:ffff:ffff" },
		{ "2001:db8:122:300::", "2001:db8:122:3c0:0:221::1" },
		{ "2001:db8:122:344::", "2001:db8:122:344:c0:2:21ff:1" },
	};
	struct pref64 p = pref64(with_suffix[_i][0], lengths[_i]);
	struct in6_addr addr = ip6(with_suffix[_i][1]);
	struct in_addr v4;

	ck_assert(pref64_match(&p, &addr));
	ck_assert_int_eq(pref64_extract(&p, &addr, &v4), 0);
	ck_assert_uint_eq(ntohl(v4.s_addr), 0xc0000221);
}
END_TEST

/* Shows: ADR-06 */
START_TEST(extract_refuses_octet_8_that_is_not_zero)
{
	uint32_t state = 9;
	struct pref64 p = random_prefix(lengths[_i], &state);
	struct in_addr v4 = { htonl(0xc0000221) };
	struct in6_addr addr;
	unsigned bit;

	pref64_embed(&p, v4, &addr);
	for (bit = 0; bit < 8; bit++) {
		addr.s6_addr[8] = (uint8_t)(1 << bit);
		ck_assert_int_eq(pref64_extract(&p, &addr, &v4), -1);
	}
}
END_TEST

static const struct {
	const char *addr;
	unsigned len;
	const char *reason; /* NULL: is accepted */
} inits[] = {
	{ "2001:db8::", 32, NULL },
	{ "2001:db8::", 64, NULL },
	{ "2001:db8::", 96, NULL },
	{ "64:ff9b::", 96, NULL },
	{ "64:ff9b:1::", 48, NULL },
	{ "64:ff9b:1:fffe::", 96, NULL },
	{ "fd00:64::", 96, NULL },
	{ "2001:db8::", 0,
	    "has a length other than 32, 40, 48, 56, 64 or 96" },
	{ "2001:db8::", 24,
	    "has a length other than 32, 40, 48, 56, 64 or 96" },
	{ "2001:db8::", 33,
	    "has a length other than 32, 40, 48, 56, 64 or 96" },
	{ "2001:db8::", 72,
	    "has a length other than 32, 40, 48, 56, 64 or 96" },
	{ "2001:db8::", 128,
	    "has a length other than 32, 40, 48, 56, 64 or 96" },
	{ "2001:db8::", 352,
	    "has a length other than 32, 40, 48, 56, 64 or 96" },
	{ "2001:db8:1::", 32, "has host bits set" },
	{ "2001:db8::1", 96, "has host bits set" },
	{ "2001:db8::100:0:0:0", 64, "has host bits set" },
	{ "2001:db8::100:0:0:0", 96, "has bits 64 to 71 set" },
	{ "2001:db8::8000:0:0:0", 96, "has bits 64 to 71 set" },
	{ "2001:db8::ff:0:0:0", 96, NULL },
	{ "ff00::", 32, "is multicast" },
	{ "ff0e::", 96, "is multicast" },
	{ "fe80::", 64, "is link-local" },
	{ "febf:ffff::", 32, "is link-local" },
	{ "fec0::", 32, NULL },
	{ "::", 96, "covers the loopback and unspecified addresses" },
	{ "::", 32, "covers the loopback and unspecified addresses" },
	{ "::ffff:0:0", 96, "covers the IPv4-mapped addresses" },
};

/* Shows: ADR-01 ADR-05 ADR-07 ADR-12 DNS64-19 */
START_TEST(init_refuses_what_is_no_translation_prefix)
{
	struct in6_addr addr = ip6(inits[_i].addr);
	struct pref64 p, before;
	const char *reason;

	memset(&p, 0x5a, sizeof(p));
	before = p;
	reason = pref64_init(&p, &addr, inits[_i].len);
	if (inits[_i].reason == NULL) {
		ck_assert_msg(reason == NULL, "%s/%u %s", inits[_i].addr,
		    inits[_i].len, reason);
		ck_assert_mem_eq(&p.addr, &addr, sizeof(addr));
		ck_assert_uint_eq(p.len, inits[_i].len);
	} else {
		ck_assert_pstr_eq(reason, inits[_i].reason);
		ck_assert_mem_eq(&p.addr, &before.addr, sizeof(p.addr));
		ck_assert_uint_eq(p.len, before.len);
	}
}
END_TEST

/* Shows: ADR-01 */
START_TEST(match_looks_at_the_prefix_alone)
{
	struct pref64 p = pref64("2001:db8:100::", 40);
	struct in6_addr inside = ip6("2001:db8:1ff:ffff:ffff:ffff:ffff:ffff");
	struct in6_addr outside = ip6("2001:db8:200::");

	ck_assert(pref64_match(&p, &inside));
	ck_assert(!pref64_match(&p, &outside));
}
END_TEST

/* Shows: ADR-07 */
START_TEST(overlap_is_one_prefix_inside_the_other)
{
	struct pref64 wide = pref64("2001:db8::", 32);
	struct pref64 inside = pref64("2001:db8:0:64::", 96);
	struct pref64 beside = pref64("2001:db9::", 32);

	ck_assert(pref64_overlap(&wide, &wide));
	ck_assert(pref64_overlap(&wide, &inside));
	ck_assert(pref64_overlap(&inside, &wide));
	ck_assert(!pref64_overlap(&wide, &beside));
	ck_assert(!pref64_overlap(&beside, &inside));
}
END_TEST

START_TEST(equal_is_the_same_address_and_length)
{
	struct pref64 wide = pref64("2001:db8::", 32);
	struct pref64 inside = pref64("2001:db8::", 96);
	struct pref64 beside = pref64("2001:db9::", 32);

	ck_assert(pref64_equal(&wide, &wide));
	ck_assert(!pref64_equal(&wide, &inside));
	ck_assert(!pref64_equal(&wide, &beside));
}
END_TEST

/* Shows: ADR-12 ADR-20 */
START_TEST(well_known_prefix_is_that_one_alone)
{
	struct pref64 wkp = pref64("64:ff9b::", 96);
	struct pref64 local = pref64("64:ff9b:1::", 96);
	struct pref64 shorter = pref64("64:ff9b::", 64);

	ck_assert(pref64_is_wkp(&wkp));
	ck_assert(!pref64_is_wkp(&local));
	ck_assert(!pref64_is_wkp(&shorter));
}
END_TEST

/* Shows: ADR-01 */
START_TEST(print_gives_prefix_and_length)
{
	struct pref64 p = pref64("2001:db8:122:344::", 96);
	char buf[PREF64_STRLEN], small[8];

	ck_assert_str_eq(pref64_print(&p, buf, sizeof(buf)),
	    "2001:db8:122:344::/96");
	ck_assert_str_eq(pref64_print(&p, small, sizeof(small)), "2001:db");
}
END_TEST

/* Shows: ADR-08 */
START_TEST(find_gives_the_first_prefix_that_holds_the_address)
{
	struct pref64 p[2];
	struct in6_addr addr;

	inet_pton(AF_INET6, "2001:db8:1::", &addr);
	ck_assert_ptr_null(pref64_init(&p[0], &addr, 96));
	inet_pton(AF_INET6, "2001:db8:2::", &addr);
	ck_assert_ptr_null(pref64_init(&p[1], &addr, 96));
	inet_pton(AF_INET6, "2001:db8:2::c633:6414", &addr);
	ck_assert_int_eq(pref64_find(p, 2, &addr), 1);
	ck_assert_int_eq(pref64_find(p, 1, &addr), -1);
	ck_assert_int_eq(pref64_find(p, 0, &addr), -1);
}
END_TEST

static Suite *
pref64_suite(void)
{
	Suite *s = suite_create("pref64");
	TCase *tc = tcase_create("pref64");

	tcase_add_loop_test(tc, embed_and_extract_match_vectors_of_rfc_6052, 0,
	    NITEMS(vectors));
	tcase_add_loop_test(tc, extract_undoes_embed_for_every_length, 0,
	    NITEMS(lengths));
	tcase_add_loop_test(tc, embed_leaves_all_but_prefix_and_address_zero,
	    0, NITEMS(lengths));
	tcase_add_loop_test(tc, extract_ignores_the_suffix, 0, 5);
	tcase_add_loop_test(tc, extract_refuses_octet_8_that_is_not_zero, 0,
	    NITEMS(lengths));
	tcase_add_loop_test(tc, init_refuses_what_is_no_translation_prefix, 0,
	    NITEMS(inits));
	tcase_add_test(tc, match_looks_at_the_prefix_alone);
	tcase_add_test(tc, find_gives_the_first_prefix_that_holds_the_address);
	tcase_add_test(tc, overlap_is_one_prefix_inside_the_other);
	tcase_add_test(tc, equal_is_the_same_address_and_length);
	tcase_add_test(tc, well_known_prefix_is_that_one_alone);
	tcase_add_test(tc, print_gives_prefix_and_length);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(pref64_suite()));
}
