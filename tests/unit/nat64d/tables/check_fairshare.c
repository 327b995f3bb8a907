/*
 * Unit tests of fairshare.c.
 */
#include <check.h>

#include "nat64d/tables/fairshare.h"
#include "tests/unit/suite.h"
#include "tests/unit/tables.h"

static const struct siphash_key key = { "sixteen bytes ok" };
static struct fairshare fairshare;

static void
setup(void)
{
	ck_assert_int_eq(fairshare_init(&fairshare, &key), 0);
}

static void
teardown(void)
{
	fairshare_clear(&fairshare);
}

/* The length of the prefix that has reached its share, n_free free. */
static unsigned
asked(const char *text, unsigned kind, uint64_t n_free)
{
	const struct in6_addr addr = ip6(text);

	return (fairshare_check(&fairshare, &addr, kind, n_free));
}

static void
take(const char *text, unsigned kind, unsigned n)
{
	const struct in6_addr addr = ip6(text);

	while (n-- > 0)
		fairshare_add(&fairshare, &addr, kind);
}

START_TEST(a_host_may_have_as_much_as_is_free)
{
	take("2001:db8::1", L4_TCP, 10);
	ck_assert_uint_eq(asked("2001:db8::1", L4_TCP, 10), 0);
	ck_assert_uint_eq(asked("2001:db8::1", L4_TCP, 9), 128);
	ck_assert_uint_eq(asked("2001:db8::2", L4_TCP, 9), 0);
}
END_TEST

START_TEST(prefixes_may_have_eight_times_what_is_free)
{
	static const struct {
		const char *other; /* takes 80 */
		const char *asks;
		unsigned len;
	} rows[] = {
		{ "2001:db8:1:200::1", "2001:db8:1:200::2", 64 },
		{ "2001:db8:1:200::1", "2001:db8:1:2ff::1", 56 },
		{ "2001:db8:1:200::1", "2001:db8:1:300::1", 48 },
		{ "2001:db8:1:200::1", "2001:db8:2:200::1", 0 },
	};
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		teardown();
		setup();
		take(rows[i].other, L4_UDP, 80);
		ck_assert_uint_eq(asked(rows[i].asks, L4_UDP, 10), 0);
		ck_assert_uint_eq(asked(rows[i].asks, L4_UDP, 9), rows[i].len);
	}
}
END_TEST

START_TEST(each_kind_has_a_share_of_its_own)
{
	unsigned kind, other;

	for (kind = 0; kind < FAIRSHARE_NKINDS; kind++) {
		teardown();
		setup();
		take("2001:db8::1", kind, 2);
		for (other = 0; other < FAIRSHARE_NKINDS; other++)
			ck_assert_uint_eq(asked("2001:db8::1", other, 1),
			    other == kind ? 128 : 0);
	}
}
END_TEST

START_TEST(what_is_given_back_is_free_again)
{
	const struct in6_addr addr = ip6("2001:db8::1");
	int i;

	take("2001:db8::1", L4_ICMP, 100);
	for (i = 0; i < 99; i++)
		fairshare_remove(&fairshare, &addr, L4_ICMP);
	ck_assert_uint_eq(asked("2001:db8::1", L4_ICMP, 1), 0);
	ck_assert_uint_eq(asked("2001:db8::1", L4_ICMP, 0), 128);
	fairshare_remove(&fairshare, &addr, L4_ICMP);
	ck_assert_uint_eq(asked("2001:db8::1", L4_ICMP, 0), 0);
}
END_TEST

/* Cells are shared, but few hosts are refused because of others. */
START_TEST(of_many_hosts_few_are_mistaken)
{
	struct in6_addr addr = ip6("2001:db8::");
	unsigned i, n = 0;

	take("2001:db8::ffff:1", L4_TCP, 1000);
	for (i = 0; i < 100000; i++) {
		addr.s6_addr[12] = (uint8_t)(i >> 16);
		addr.s6_addr[13] = (uint8_t)(i >> 8);
		addr.s6_addr[14] = (uint8_t)i;
		n += fairshare_check(&fairshare, &addr, L4_TCP, 500) != 0;
	}
	ck_assert_uint_le(n, 1);
}
END_TEST

START_TEST(without_shares_nothing_is_refused)
{
	const struct in6_addr addr = ip6("2001:db8::1");

	fairshare_clear(&fairshare);
	fairshare_add(&fairshare, &addr, L4_TCP);
	fairshare_remove(&fairshare, &addr, L4_TCP);
	ck_assert_uint_eq(fairshare_check(&fairshare, &addr, L4_TCP, 0), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fairshare");
	TCase *tc = tcase_create("fairshare");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_host_may_have_as_much_as_is_free);
	tcase_add_test(tc, prefixes_may_have_eight_times_what_is_free);
	tcase_add_test(tc, each_kind_has_a_share_of_its_own);
	tcase_add_test(tc, what_is_given_back_is_free_again);
	tcase_add_test(tc, of_many_hosts_few_are_mistaken);
	tcase_add_test(tc, without_shares_nothing_is_refused);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
