/*
 * Tests of linerate.c with a clock of our own.
 */
#include <check.h>
#include <stdint.h>

#include "common/os/linerate.h"

#include "tests/unit/suite.h"

static struct linerate r;
static uint64_t before;

static void
setup(void)
{
	r = (struct linerate){ .said = 0 };
	before = 0;
}

static struct monotime
at_ms(int64_t ms)
{
	return ((struct monotime){ .ns = INT64_C(5000000000) + ms * 1000000 });
}

/* How many of n lines may be said then? */
static unsigned
say(unsigned n, int64_t ms)
{
	unsigned said = 0;

	while (n-- > 0)
		said += linerate_take(&r, at_ms(ms), &before);
	return (said);
}

START_TEST(no_more_lines_than_so_many_are_said_in_a_second)
{
	ck_assert_uint_eq(say(LINERATE_MAX + 7, 0), LINERATE_MAX);
	ck_assert_uint_eq(say(10, 999), 0);
	ck_assert_uint_eq(r.left_out, 17);
	ck_assert_uint_eq(before, 0);
}
END_TEST

START_TEST(what_was_left_out_is_said_once_when_the_second_is_over)
{
	say(LINERATE_MAX + 7, 0);
	ck_assert_uint_eq(linerate_due(&r, at_ms(999)), 0);
	ck_assert_uint_eq(linerate_due(&r, at_ms(1000)), 7);
	ck_assert_uint_eq(linerate_due(&r, at_ms(1000)), 0);
	ck_assert_uint_eq(say(1, 1001), 1);
	ck_assert_uint_eq(before, 0);
}
END_TEST

START_TEST(what_was_left_out_comes_before_the_next_line)
{
	say(LINERATE_MAX + 7, 0);
	ck_assert_uint_eq(say(1, 1000), 1);
	ck_assert_uint_eq(before, 7);
	ck_assert_uint_eq(say(LINERATE_MAX, 1001), LINERATE_MAX - 1);
	ck_assert_uint_eq(before, 0);
	ck_assert_uint_eq(r.left_out, 1);
}
END_TEST

/* A second begins with a line, so that none is shared by two. */
START_TEST(second_begins_with_its_first_line)
{
	ck_assert_uint_eq(say(1, 0), 1);
	ck_assert_uint_eq(say(LINERATE_MAX, 1700), LINERATE_MAX);
	ck_assert_uint_eq(say(1, 2699), 0);
	ck_assert_uint_eq(say(1, 2700), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("linerate");
	TCase *tc = tcase_create("linerate");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, no_more_lines_than_so_many_are_said_in_a_second);
	tcase_add_test(tc,
	    what_was_left_out_is_said_once_when_the_second_is_over);
	tcase_add_test(tc, what_was_left_out_comes_before_the_next_line);
	tcase_add_test(tc, second_begins_with_its_first_line);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
