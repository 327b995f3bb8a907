/*
 * Tests of what translators tell of themselves.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dns64d/policy/metrics.h"

#include "tests/unit/suite.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

#define LIMIT "nat64d_sessions_max 1000\n"

/* Shows: DNS64-92 */
START_TEST(three_lines_are_enough_and_others_do_no_harm)
{
	static const char *const texts[] = {
		"nat64d_up 1\nnat64d_sessions 12\n" LIMIT,
		LIMIT "nat64d_sessions 12\nnat64d_up 1",
		"# HELP nat64d_up serving\n# TYPE nat64d_up gauge\n"
		"nat64d_up 1 1700000000000\r\n\r\n\r\n"
		"\tnat64d_sessions\t 12  \r\nnat64d_sessions_total x\n" LIMIT,
		"nat64d_sessions 99\nnat64d_sessions{proto=\"tcp\"} 7\n"
		"nat64d_sessions 12\nnat64d_up 1\nother_up 0\n" LIMIT,
	};
	struct metrics m;
	size_t i;

	for (i = 0; i < NITEMS(texts); i++) {
		memset(&m, 0, sizeof(m));
		ck_assert_msg(metrics_parse(texts[i], strlen(texts[i]), &m) ==
			0,
		    "%zu", i);
		ck_assert(m.up);
		ck_assert_uint_eq(m.sessions, 12);
		ck_assert_uint_eq(m.sessions_max, 1000);
	}
}
END_TEST

/* Shows: DNS64-92 */
START_TEST(ports_of_the_pool_are_read_if_they_are_there)
{
	static const char t[] = "nat64d_up 1\nnat64d_sessions 1\n" LIMIT
				"nat64d_pool_ports{protocol=\"tcp\"} 64512\n"
				"nat64d_pool_ports{protocol=\"icmp\"} 7\n"
				"nat64d_pool_ports{protocol=\"sctp\"} 9\n"
				"nat64d_pool_ports_available{protocol="
				"\"tcp\"} 12\n";
	struct metrics m;

	ck_assert_int_eq(metrics_parse(t, strlen(t), &m), 0);
	ck_assert_uint_eq(m.ports[0], 64512);
	ck_assert_uint_eq(m.ports[1], 0);
	ck_assert_uint_eq(m.ports[2], 7);
	ck_assert_uint_eq(m.available[0], 12);
	ck_assert_uint_eq(m.available[2], 0);
}
END_TEST

/* Shows: DNS64-92 */
START_TEST(draining_is_told_by_up)
{
	static const char t[] = "nat64d_up 0\nnat64d_sessions 0\n" LIMIT;
	struct metrics m;

	ck_assert_int_eq(metrics_parse(t, strlen(t), &m), 0);
	ck_assert(!m.up);
	ck_assert(!m.draining);
}
END_TEST

/* Shows: DNS64-92 */
START_TEST(drain_of_an_operator_is_told_apart)
{
	static const char t[] = "nat64d_up 1\nnat64d_draining 1\n"
				"nat64d_sessions 0\n" LIMIT;
	struct metrics m;

	ck_assert_int_eq(metrics_parse(t, strlen(t), &m), 0);
	ck_assert(m.up);
	ck_assert(m.draining);
}
END_TEST

/* Shows: DNS64-92 DNS64-94 */
START_TEST(whatever_else_is_refused)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"<html>",
		"nat64d_up 1\nnat64d_sessions 12\n",
		"nat64d_up 1\n" LIMIT,
		"nat64d_sessions 12\n" LIMIT,
		"nat64d_up 2\nnat64d_sessions 12\n" LIMIT,
		"nat64d_up 1\nnat64d_draining 2\nnat64d_sessions 12\n" LIMIT,
		"nat64d_up\nnat64d_sessions 12\n" LIMIT,
		"nat64d_up 1\nnat64d_sessions -1\n" LIMIT,
		"nat64d_up 1\nnat64d_sessions 1.5\n" LIMIT,
		"nat64d_up 1\nnat64d_sessions 1e3\n" LIMIT,
		"nat64d_up 1\nnat64d_sessions 12x\n" LIMIT,
		"nat64d_up 1\nnat64d_sessions 9999999999999999999\n" LIMIT,
		"nat64d_up 1\nnat64d_sessions 1\nnat64d_sessions_max 0\n",
	};
	struct metrics m = { .sessions = 77 };
	size_t i;

	for (i = 0; i < NITEMS(texts); i++) {
		ck_assert_msg(metrics_parse(texts[i], strlen(texts[i]), &m) ==
			-1,
		    "%zu", i);
		ck_assert_uint_eq(m.sessions, 77);
	}
}
END_TEST

/* Shows: DNS64-94 */
START_TEST(nothing_is_read_beyond_the_end)
{
	static const char t[] = "nat64d_up 1\nnat64d_sessions 12\r\n" LIMIT;
	struct metrics m;
	size_t len;
	char *copy;

	/* Every begin of a good answer, in memory of just its size. */
	for (len = 1; len <= strlen(t); len++) {
		ck_assert_ptr_nonnull(copy = malloc(len));
		memcpy(copy, t, len);
		metrics_parse(copy, len, &m);
		free(copy);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("metrics");
	TCase *tc = tcase_create("metrics");

	tcase_add_test(tc, three_lines_are_enough_and_others_do_no_harm);
	tcase_add_test(tc, ports_of_the_pool_are_read_if_they_are_there);
	tcase_add_test(tc, draining_is_told_by_up);
	tcase_add_test(tc, drain_of_an_operator_is_told_apart);
	tcase_add_test(tc, whatever_else_is_refused);
	tcase_add_test(tc, nothing_is_read_beyond_the_end);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
