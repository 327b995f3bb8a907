/*
 * Unit tests of topn.c.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "common/topn.h"

#include "tests/unit/suite.h"

struct item {
	uint64_t key;
	char text[24];
};

/* All numbers below n in an order that looks random: n is a prime. */
static void
add_all(struct topn *t, uint64_t n)
{
	struct item item = { 0 };
	uint64_t i;

	for (i = 0; i < n; i++) {
		item.key = i * 7919 % n;
		item.text[0] = (char)('a' + item.key % 26);
		topn_add(t, item.key, &item);
	}
}

static void
expect_top(size_t max, uint64_t n)
{
	const size_t kept = max < n ? max : n;
	const struct item *item;
	struct topn t;
	size_t i;

	ck_assert_int_eq(topn_init(&t, max, sizeof(*item)), 0);
	add_all(&t, n);
	topn_sort(&t);
	ck_assert_uint_eq(t.n, kept);
	for (i = 0; i < kept; i++) {
		item = topn_at(&t, i);
		ck_assert_uint_eq(item->key, n - 1 - i);
		ck_assert_int_eq(item->text[0],
		    (char)('a' + (n - 1 - i) % 26));
	}
	topn_clear(&t);
}

START_TEST(topn_keeps_the_greatest_and_sorts_them)
{
	static const size_t sizes[] = { 1, 2, 3, 10, 100, 996, 997, 2000 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		expect_top(sizes[i], 997);
}
END_TEST

START_TEST(topn_of_nothing_is_empty)
{
	struct topn t;

	ck_assert_int_eq(topn_init(&t, 5, sizeof(struct item)), 0);
	topn_sort(&t);
	ck_assert_uint_eq(t.n, 0);
	topn_clear(&t);
	topn_clear(&t);
}
END_TEST

START_TEST(topn_keeps_as_many_of_equal_keys_as_it_can)
{
	struct item item = { 0 };
	struct topn t;
	unsigned i;

	ck_assert_int_eq(topn_init(&t, 5, sizeof(item)), 0);
	for (i = 0; i < 9; i++)
		topn_add(&t, i == 7 ? 2 : 1, &item);
	ck_assert_uint_eq(t.n, 5);
	topn_clear(&t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("topn");
	TCase *tc = tcase_create("topn");

	tcase_add_test(tc, topn_keeps_the_greatest_and_sorts_them);
	tcase_add_test(tc, topn_of_nothing_is_empty);
	tcase_add_test(tc, topn_keeps_as_many_of_equal_keys_as_it_can);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
