/*
 * Unit tests of portlist.c.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "nat64d/pool/portlist.h"

#include "tests/unit/suite.h"

static struct portlist list;

static void
setup(void)
{
	memset(&list, 0, sizeof(list));
}

static bool
add(uint16_t first, uint16_t last)
{
	return (portlist_add(&list, (struct port_range){ first, last }));
}

static const char *
text(void)
{
	static char buf[PORTLIST_MAX * 12 + 1];
	size_t len = 0;
	unsigned i;

	buf[0] = '\0';
	for (i = 0; i < list.n; i++)
		len += (size_t)snprintf(buf + len, sizeof(buf) - len,
		    "%s%u-%u", i > 0 ? " " : "", list.ranges[i].first,
		    list.ranges[i].last);
	return (buf);
}

static const struct {
	const char *name;
	struct port_range third;
	const char *result;
} thirds[] = {
	{ "before both", { 1, 5 }, "1-5 10-20 40-50" },
	{ "between", { 30, 30 }, "10-20 30-30 40-50" },
	{ "behind both", { 60, 65535 }, "10-20 40-50 60-65535" },
	{ "touches the first from below", { 0, 9 }, "0-20 40-50" },
	{ "touches the first from above", { 21, 22 }, "10-22 40-50" },
	{ "closes the gap", { 21, 39 }, "10-50" },
	{ "reaches into both", { 15, 45 }, "10-50" },
	{ "covers one", { 5, 25 }, "5-25 40-50" },
	{ "covers both", { 0, 65535 }, "0-65535" },
	{ "is there", { 12, 13 }, "10-20 40-50" },
};

START_TEST(ranges_stay_in_order_and_apart)
{
	ck_assert(add(40, 50));
	ck_assert(add(10, 20));
	ck_assert(add(thirds[_i].third.first, thirds[_i].third.last));
	ck_assert_msg(strcmp(text(), thirds[_i].result) == 0, "%s: %s",
	    thirds[_i].name, text());
}
END_TEST

START_TEST(full_list_takes_only_what_joins_a_range)
{
	uint16_t i;

	for (i = 0; i < PORTLIST_MAX; i++)
		ck_assert(add((uint16_t)(i * 10), (uint16_t)(i * 10 + 1)));
	ck_assert(!add(5, 5));
	ck_assert(!add(65535, 65535));
	ck_assert_uint_eq(list.n, PORTLIST_MAX);
	ck_assert(add(2, 2));
	ck_assert(!portlist_has(&list, 5));
	ck_assert(add(0, 21));
	ck_assert_uint_eq(list.n, PORTLIST_MAX - 2);
	ck_assert(add(65535, 65535));
}
END_TEST

START_TEST(ports_of_a_range_are_counted)
{
	static const struct {
		struct port_range r;
		uint32_t n;
	} rows[] = {
		{ { 0, 65535 }, 14 },
		{ { 0, 9 }, 0 },
		{ { 10, 10 }, 1 },
		{ { 20, 40 }, 2 },
		{ { 21, 39 }, 0 },
		{ { 42, 65535 }, 1 },
		{ { 5, 4 }, 0 },
	};
	unsigned i;

	ck_assert(add(10, 20));
	ck_assert(add(40, 42));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_uint_eq(portlist_count(&list, rows[i].r), rows[i].n);
		ck_assert(portlist_meets(&list, rows[i].r) == (rows[i].n > 0));
	}
	ck_assert(portlist_has(&list, 10));
	ck_assert(portlist_has(&list, 42));
	ck_assert(!portlist_has(&list, 43));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("portlist");
	Suite *s = suite_create("portlist");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, ranges_stay_in_order_and_apart, 0,
	    sizeof(thirds) / sizeof(thirds[0]));
	tcase_add_test(tc, full_list_takes_only_what_joins_a_range);
	tcase_add_test(tc, ports_of_a_range_are_counted);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
