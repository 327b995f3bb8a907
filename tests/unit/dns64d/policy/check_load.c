/*
 * Tests of the load of a translator: what it is made of, and that it is damped.
 */
#include <check.h>

#include "dns64d/policy/load.h"

#include "tests/unit/suite.h"

static struct metrics
sessions(uint64_t n)
{
	return ((struct metrics){ .up = true,
	    .sessions = n,
	    .sessions_max = 1000 });
}

static void
poll(struct load *l, uint64_t n)
{
	const struct metrics m = sessions(n);

	load_observe(l, &m);
}

/* Shows: DNS64-92 */
START_TEST(load_is_that_of_the_scarcest)
{
	struct metrics m = sessions(200);

	ck_assert_uint_eq(load_of_metrics(&m), 200);
	m.ports[0] = 64512;
	m.available[0] = 64512;
	ck_assert_uint_eq(load_of_metrics(&m), 200);
	m.available[0] = 6451;
	ck_assert_uint_eq(load_of_metrics(&m), 900);
	m.ports[2] = 10;
	m.available[2] = 0;
	ck_assert_uint_eq(load_of_metrics(&m), LOAD_FULL);
}
END_TEST

/* Shows: DNS64-92 DNS64-94 */
START_TEST(load_has_bounds_whatever_the_metrics_say)
{
	struct metrics m = sessions(0);

	m.sessions = UINT64_MAX;
	ck_assert_uint_eq(load_of_metrics(&m), LOAD_FULL);
	m.sessions_max = UINT64_MAX;
	ck_assert_uint_eq(load_of_metrics(&m), LOAD_FULL);
	m.sessions = UINT64_MAX / 2;
	ck_assert_uint_eq(load_of_metrics(&m), LOAD_FULL / 2);
	m.sessions = 0;
	m.ports[1] = 100;
	m.available[1] = 101;
	ck_assert_uint_eq(load_of_metrics(&m), 0);
}
END_TEST

/* Shows: DNS64-92 */
START_TEST(first_poll_counts_at_once_and_later_ones_by_and_by)
{
	struct load l = { 0 };
	unsigned before, i;

	poll(&l, 600);
	ck_assert_uint_eq(l.used, 600);
	poll(&l, 200);
	ck_assert_uint_eq(l.last, 200);
	ck_assert_uint_eq(l.used, 500);
	for (i = 0; i < 40; i++) {
		before = l.used;
		poll(&l, 200);
		ck_assert_uint_le(l.used, before);
		ck_assert_uint_ge(l.used, 200);
	}
	ck_assert_uint_lt(l.used, 210);
	for (i = 0; i < 40; i++)
		poll(&l, 800);
	ck_assert_uint_gt(l.used, 790);
}
END_TEST

/* Shows: DNS64-92 */
START_TEST(small_changes_are_none)
{
	struct load l = { 0 };
	unsigned i;

	poll(&l, 500);
	for (i = 0; i < 100; i++) {
		poll(&l, i % 2 == 0 ? 509 : 491);
		ck_assert_uint_eq(l.used, 500);
	}
}
END_TEST

/* Shows: DNS64-92 */
START_TEST(translator_about_to_fail_is_known_at_once)
{
	struct load l = { 0 };

	poll(&l, 100);
	poll(&l, 960);
	ck_assert_uint_eq(l.used, 960);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("load");
	TCase *tc = tcase_create("load");

	tcase_add_test(tc, load_is_that_of_the_scarcest);
	tcase_add_test(tc, load_has_bounds_whatever_the_metrics_say);
	tcase_add_test(tc, first_poll_counts_at_once_and_later_ones_by_and_by);
	tcase_add_test(tc, small_changes_are_none);
	tcase_add_test(tc, translator_about_to_fail_is_known_at_once);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
