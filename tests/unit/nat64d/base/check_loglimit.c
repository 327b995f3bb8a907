/*
 * Tests of loglimit.c with a clock of our own.
 */
#include <check.h>
#include <stdint.h>

#include "nat64d/base/loglimit.h"

#include "tests/unit/suite.h"

static struct monotime
at_secs(int64_t secs)
{
	return ((struct monotime){ .ns = secs * 1000000000 });
}

START_TEST(first_time_is_said_at_once)
{
	struct loglimit r = { .quiet = false };

	ck_assert(loglimit_allow(&r, at_secs(0)));
	ck_assert(r.quiet);
	ck_assert_int_eq(r.until.ns, at_secs(60).ns);
}
END_TEST

START_TEST(within_the_minute_it_is_counted)
{
	struct loglimit r = { .quiet = false };

	ck_assert(loglimit_allow(&r, at_secs(100)));
	ck_assert(!loglimit_allow(&r, at_secs(100)));
	ck_assert(!loglimit_allow(&r, at_secs(159)));
	ck_assert_uint_eq(r.unsaid, 2);
	ck_assert_uint_eq(loglimit_due(&r, at_secs(159)), 0);
	ck_assert_uint_eq(loglimit_due(&r, at_secs(160)), 2);
	ck_assert_uint_eq(loglimit_due(&r, at_secs(160)), 0);
}
END_TEST

START_TEST(count_that_is_said_begins_a_minute)
{
	struct loglimit r = { .quiet = false };

	ck_assert(loglimit_allow(&r, at_secs(0)));
	ck_assert(!loglimit_allow(&r, at_secs(1)));
	ck_assert_uint_eq(loglimit_due(&r, at_secs(60)), 1);
	ck_assert(!loglimit_allow(&r, at_secs(61)));
	ck_assert_uint_eq(loglimit_due(&r, at_secs(119)), 0);
	ck_assert_uint_eq(loglimit_due(&r, at_secs(120)), 1);
}
END_TEST

START_TEST(what_is_unsaid_comes_before_the_next)
{
	struct loglimit r = { .quiet = false };

	ck_assert(loglimit_allow(&r, at_secs(0)));
	ck_assert(!loglimit_allow(&r, at_secs(1)));
	ck_assert(!loglimit_allow(&r, at_secs(1000)));
	ck_assert_uint_eq(loglimit_due(&r, at_secs(1000)), 2);
}
END_TEST

START_TEST(quiet_minute_ends_it)
{
	struct loglimit r = { .quiet = false };

	ck_assert(loglimit_allow(&r, at_secs(0)));
	ck_assert_uint_eq(loglimit_due(&r, at_secs(60)), 0);
	ck_assert(!r.quiet);
	ck_assert(loglimit_allow(&r, at_secs(61)));
}
END_TEST

START_TEST(it_is_said_without_being_asked_for_what_is_due)
{
	struct loglimit r = { .quiet = false };

	ck_assert(loglimit_allow(&r, at_secs(0)));
	ck_assert(loglimit_allow(&r, at_secs(60)));
}
END_TEST

/* Shows: LOG-10 LOG-11 LOG-20 LOG-30 */
START_TEST(flood_is_one_line_a_minute)
{
	struct loglimit r = { .quiet = false };
	uint64_t said = 0, n, lines = 0;
	int64_t ms;

	for (ms = 0; ms < 600000; ms++) {
		n = loglimit_due(&r, (struct monotime){ .ns = ms * 1000000 });
		if (loglimit_allow(&r,
			(struct monotime){ .ns = ms * 1000000 }))
			n++;
		lines += n > 0;
		said += n;
	}
	ck_assert_uint_eq(lines, 10);
	ck_assert_uint_eq(said + r.unsaid, 600000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("repeat");
	TCase *tc = tcase_create("repeat");

	tcase_add_test(tc, first_time_is_said_at_once);
	tcase_add_test(tc, within_the_minute_it_is_counted);
	tcase_add_test(tc, count_that_is_said_begins_a_minute);
	tcase_add_test(tc, what_is_unsaid_comes_before_the_next);
	tcase_add_test(tc, quiet_minute_ends_it);
	tcase_add_test(tc, it_is_said_without_being_asked_for_what_is_due);
	tcase_add_test(tc, flood_is_one_line_a_minute);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
