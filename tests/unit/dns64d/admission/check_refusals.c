/*
 * Tests of refusals.c: whose queries were refused, within bounds.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/net/addr.h"
#include "dns64d/admission/refusals.h"

#include "tests/unit/suite.h"

static void
note(struct refusals *r, const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len;

	ck_assert_int_eq(sockaddr_parse(text, 53, &ss, &len), 0);
	refusals_note(r, &ss);
}

static void
note_times(struct refusals *r, const char *text, unsigned times)
{
	while (times-- > 0)
		note(r, text);
}

/* One of many IPv4 networks. */
static void
note_number(struct refusals *r, unsigned i)
{
	char text[INET_ADDRSTRLEN];

	snprintf(text, sizeof(text), "10.%u.%u.1", i / 256 % 256, i % 256);
	note(r, text);
}

static void
check_next(struct refusals *r, const char *network, uint64_t n)
{
	char text[PREFIX_STRLEN];
	struct prefix p;

	ck_assert_uint_eq(refusals_take(r, &p), n);
	ck_assert_str_eq(prefix_print(&p, text, sizeof(text)), network);
}

START_TEST(networks_are_counted_the_most_frequent_first)
{
	struct refusals r = { 0 };
	struct prefix p;

	note(&r, "2001:db8:1:2:3::4");
	note(&r, "192.0.2.1");
	note(&r, "2001:db8:1:2::5");
	note(&r, "192.0.2.255");
	note(&r, "2001:db8:1:2:ffff::5");
	note(&r, "2001:db8:1:3::");
	ck_assert_uint_eq(r.queries, 6);
	check_next(&r, "2001:db8:1:2::/64", 3);
	check_next(&r, "192.0.2.0/24", 2);
	ck_assert_uint_eq(r.queries, 1);
	check_next(&r, "2001:db8:1:3::/64", 1);
	ck_assert_uint_eq(refusals_take(&r, &p), 0);
	ck_assert_uint_eq(r.queries, 0);
}
END_TEST

static void
count_call(void *arg)
{
	unsigned *calls = arg;

	(*calls)++;
}

START_TEST(the_first_one_is_told_of_and_again_when_they_were_moved)
{
	unsigned calls = 0;
	struct refusals r = { .first = count_call, .arg = &calls };
	struct refusals sum = { 0 };

	note_times(&r, "192.0.2.1", 3);
	note(&r, "2001:db8::1");
	ck_assert_uint_eq(calls, 1);
	refusals_move(&sum, &r);
	ck_assert_uint_eq(r.queries, 0);
	note(&r, "192.0.2.1");
	ck_assert_uint_eq(calls, 2);
}
END_TEST

START_TEST(sums_add_what_is_of_one_network)
{
	struct refusals a = { 0 }, b = { 0 }, sum = { 0 };

	note_times(&a, "192.0.2.1", 2);
	note_times(&a, "2001:db8::1", 4);
	note_times(&b, "192.0.2.2", 3);
	note(&b, "198.51.100.1");
	refusals_move(&sum, &a);
	refusals_move(&sum, &b);
	ck_assert_uint_eq(sum.queries, 10);
	check_next(&sum, "192.0.2.0/24", 5);
	check_next(&sum, "2001:db8::/64", 4);
	check_next(&sum, "198.51.100.0/24", 1);
}
END_TEST

/* Who asks more often than the table's share is kept in any fairness. */
START_TEST(random_sources_do_not_wash_out_who_keeps_asking)
{
	const unsigned fairness = 50000, every = REFUSALS_NETWORKS / 4;
	struct refusals r = { 0 }, sum = { 0 };
	struct prefix p;
	uint64_t n, most;
	unsigned i;

	for (i = 0; i < fairness; i++) {
		note_number(&r, i);
		if (i % every == 0)
			note(&r, "2001:db8::1");
	}
	ck_assert_uint_eq(r.n, REFUSALS_NETWORKS);
	ck_assert_uint_eq(r.queries, fairness + fairness / every);
	refusals_move(&sum, &r);
	most = refusals_take(&sum, &p);
	ck_assert_int_eq(p.family, AF_INET6);
	ck_assert_uint_le(most, fairness / every);
	ck_assert_uint_ge(most, fairness / every / 2);
	while ((n = refusals_take(&sum, &p)) > 0)
		ck_assert_uint_le(n, fairness / 65536 + 1);
	ck_assert_uint_gt(sum.queries, 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("refusals");
	Suite *s = suite_create("refusals");

	tcase_add_test(tc, networks_are_counted_the_most_frequent_first);
	tcase_add_test(tc,
	    the_first_one_is_told_of_and_again_when_they_were_moved);
	tcase_add_test(tc, sums_add_what_is_of_one_network);
	tcase_add_test(tc, random_sources_do_not_wash_out_who_keeps_asking);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
