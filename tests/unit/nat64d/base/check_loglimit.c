/*
 * Tests of loglimit.c with simulated time.
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

START_TEST(first_occurrence_is_logged_at_once)
{
	struct loglimit l = { .running = false };

	ck_assert(loglimit_allow(&l, at_secs(0)));
	ck_assert(l.running);
	ck_assert_int_eq(l.until.ns, at_secs(60).ns);
}
END_TEST

START_TEST(within_the_minute_it_is_counted)
{
	struct loglimit l = { .running = false };

	ck_assert(loglimit_allow(&l, at_secs(100)));
	ck_assert(!loglimit_allow(&l, at_secs(100)));
	ck_assert(!loglimit_allow(&l, at_secs(159)));
	ck_assert_uint_eq(l.n_muted, 2);
	ck_assert_uint_eq(loglimit_due(&l, at_secs(159)), 0);
	ck_assert_uint_eq(loglimit_due(&l, at_secs(160)), 2);
	ck_assert_uint_eq(loglimit_due(&l, at_secs(160)), 0);
}
END_TEST

START_TEST(count_that_is_logged_begins_a_minute)
{
	struct loglimit l = { .running = false };

	ck_assert(loglimit_allow(&l, at_secs(0)));
	ck_assert(!loglimit_allow(&l, at_secs(1)));
	ck_assert_uint_eq(loglimit_due(&l, at_secs(60)), 1);
	ck_assert(!loglimit_allow(&l, at_secs(61)));
	ck_assert_uint_eq(loglimit_due(&l, at_secs(119)), 0);
	ck_assert_uint_eq(loglimit_due(&l, at_secs(120)), 1);
}
END_TEST

START_TEST(count_is_logged_before_the_next_occurrence)
{
	struct loglimit l = { .running = false };

	ck_assert(loglimit_allow(&l, at_secs(0)));
	ck_assert(!loglimit_allow(&l, at_secs(1)));
	ck_assert(!loglimit_allow(&l, at_secs(1000)));
	ck_assert_uint_eq(loglimit_due(&l, at_secs(1000)), 2);
}
END_TEST

START_TEST(minute_without_occurrence_ends_it)
{
	struct loglimit l = { .running = false };

	ck_assert(loglimit_allow(&l, at_secs(0)));
	ck_assert_uint_eq(loglimit_due(&l, at_secs(60)), 0);
	ck_assert(!l.running);
	ck_assert(loglimit_allow(&l, at_secs(61)));
}
END_TEST

START_TEST(occurrence_after_the_minute_is_logged_at_once)
{
	struct loglimit l = { .running = false };

	ck_assert(loglimit_allow(&l, at_secs(0)));
	ck_assert(loglimit_allow(&l, at_secs(60)));
}
END_TEST

/* Shows: LOG-10 LOG-11 LOG-20 LOG-30 */
START_TEST(flood_is_one_line_a_minute)
{
	struct loglimit l = { .running = false };
	uint64_t logged = 0, n, lines = 0;
	int64_t ms;

	for (ms = 0; ms < 600000; ms++) {
		n = loglimit_due(&l, (struct monotime){ .ns = ms * 1000000 });
		if (loglimit_allow(&l,
			(struct monotime){ .ns = ms * 1000000 }))
			n++;
		lines += n > 0;
		logged += n;
	}
	ck_assert_uint_eq(lines, 10);
	ck_assert_uint_eq(logged + l.n_muted, 600000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("loglimit");
	TCase *tc = tcase_create("loglimit");

	tcase_add_test(tc, first_occurrence_is_logged_at_once);
	tcase_add_test(tc, within_the_minute_it_is_counted);
	tcase_add_test(tc, count_that_is_logged_begins_a_minute);
	tcase_add_test(tc, count_is_logged_before_the_next_occurrence);
	tcase_add_test(tc, minute_without_occurrence_ends_it);
	tcase_add_test(tc, occurrence_after_the_minute_is_logged_at_once);
	tcase_add_test(tc, flood_is_one_line_a_minute);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
