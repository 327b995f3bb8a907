/*
 * Tests of page.c: what fits into a page.
 */
#include <check.h>
#include <stdio.h>

#include "tests/unit/suite.h"

#include "page_util.h"

START_TEST(page_line_is_cut_at_the_width)
{
	struct page p;

	page_init(&p, 5, 0);
	page_line(&p, PAGE_TEXT, "1234567");
	page_line(&p, PAGE_TEXT, "");
	page_line(&p, PAGE_TEXT, "\303\274\303\274\303\274\303\274\303\274x");
	page_line(&p, PAGE_TEXT, "ab   ");
	ck_assert_str_eq(page_text(&p),
	    "12345\n\n\303\274\303\274\303\274\303\274\303\274\nab\n");
}
END_TEST

START_TEST(page_has_no_more_rows_than_fit)
{
	struct page p;

	page_init(&p, 10, 2);
	ck_assert_uint_eq(page_rows_left(&p, 99), 2);
	page_line(&p, PAGE_TEXT, "a");
	page_line(&p, PAGE_TEXT, "b");
	page_line(&p, PAGE_TEXT, "c");
	ck_assert_uint_eq(page_rows_left(&p, 99), 0);
	ck_assert_str_eq(page_text(&p), "a\nb\n");
	page_init(&p, 10, 0);
	ck_assert_uint_eq(page_rows_left(&p, 99), 99);
}
END_TEST

START_TEST(page_ends_leaves_the_right_end_out)
{
	struct page p;

	page_init(&p, 10, 0);
	page_ends(&p, PAGE_TITLE, "left", "at");
	page_ends(&p, PAGE_TITLE, "left", "righ");
	page_ends(&p, PAGE_TITLE, "left", "right");
	page_ends(&p, PAGE_TITLE, "left, long", "right");
	ck_assert_int_eq(p.lines[0].style, PAGE_TITLE);
	ck_assert_str_eq(page_text(&p),
	    "left    at\nleft  righ\nleft\nleft, long\n");
}
END_TEST

static void
draw_items(struct page *p)
{
	page_begin(p, PAGE_TEXT, "pool");
	page_item(p, "tcp %d %%", 12);
	page_item(p, "udp %d %%", 3);
	page_item(p, "icmp %d %%", 0);
	page_end(p);
}

START_TEST(page_items_flow)
{
	struct page p;

	page_init(&p, 60, 0);
	draw_items(&p);
	ck_assert_str_eq(page_text(&p),
	    "pool       tcp 12 %  udp 3 %  icmp 0 %\n");
	page_init(&p, 30, 0);
	draw_items(&p);
	ck_assert_str_eq(page_text(&p),
	    "pool       tcp 12 %  udp 3 %\n  icmp 0 %\n");
	page_init(&p, 1, 0);
	draw_items(&p);
	ck_assert_str_eq(page_text(&p), "p\n\n\n\n");
}
END_TEST

START_TEST(page_words_break_between_words)
{
	struct page p;

	page_init(&p, 52, 0);
	page_words(&p, PAGE_WARNING, "warning",
	    "forwarding of IPv6 is off: packets do not pass  this host");
	ck_assert_int_eq(p.lines[1].style, PAGE_WARNING);
	ck_assert_str_eq(page_text(&p),
	    "warning    forwarding of IPv6 is off: packets do not\n"
	    "           pass  this host\n");
	page_init(&p, 20, 0);
	page_words(&p, PAGE_WARNING, "warning", "");
	page_words(&p, PAGE_WARNING, "w",
	    "averyverylongwordthatisnotbroken x");
	ck_assert_str_eq(page_text(&p),
	    "warning\nw\n  averyverylongwordt\n  x\n");
}
END_TEST

static void
check_double(double value, const char *expected)
{
	char text[PAGE_NUMBER_SIZE];

	ck_assert_str_eq(page_double(value, text), expected);
}

START_TEST(page_numbers)
{
	char text[PAGE_NUMBER_SIZE];
	json_t *n = json_integer(99999), *big = json_integer(100000);

	check_double(0, "0");
	check_double(0.04, "0.0");
	check_double(0.3, "0.3");
	check_double(9.94, "9.9");
	check_double(9.96, "10");
	check_double(9999.4, "9999");
	check_double(9999.6, "10.0k");
	check_double(12345, "12.3k");
	check_double(999499, "999k");
	check_double(999500, "1.00M");
	check_double(1048576, "1.05M");
	check_double(1e18, "1.00E");
	check_double(9.9e19, "99.0E");
	check_double(1e300, "-");
	check_double(-1, "-");
	check_double(0.0 / 0.0, "-");
	ck_assert_str_eq(page_number(n, text), "99999");
	ck_assert_str_eq(page_number(big, text), "100k");
	ck_assert_str_eq(page_number(NULL, text), "-");
	json_decref(n);
	json_decref(big);
}
END_TEST

static const struct page_column columns[] = {
	{ "name", "NAME", PAGE_WORD, NULL, 0 },
	{ "n", "N", PAGE_NUMBER, "max", 0 },
	{ "rtt", "MS", PAGE_USEC, NULL, 1 },
	{ "note", "NOTE", PAGE_WORD, NULL, 2 },
};

/* A table of that width, and at most rows rows, on a page of page_rows. */
static const char *
table(unsigned width, unsigned page_rows, unsigned rows)
{
	json_t *list = page_load("[{\"name\":\"2001:db8:1::/64\",\"n\":12,"
				 "\"max\":4000,\"rtt\":1500,\"note\":\"x\"},"
				 "{\"name\":\"::/0\",\"n\":3}]");
	struct page p;

	page_init(&p, width, page_rows);
	page_table(&p, list, columns, 4, rows);
	json_decref(list);
	return (page_text(&p));
}

START_TEST(page_table_aligns)
{
	ck_assert_str_eq(table(80, 0, 10),
	    "\nNAME                   N   MS  NOTE\n"
	    "2001:db8:1::/64  12/4000  1.5  x\n"
	    "::/0                   3    -  -\n");
}
END_TEST

START_TEST(page_table_leaves_out_columns_by_rank)
{
	ck_assert_str_eq(table(33, 0, 10),
	    "\nNAME                   N   MS\n"
	    "2001:db8:1::/64  12/4000  1.5\n"
	    "::/0                   3    -\n");
	ck_assert_str_eq(table(28, 0, 1),
	    "\nNAME                   N\n2001:db8:1::/64  12/4000\n");
	ck_assert_str_eq(table(20, 0, 1),
	    "\nNAME               N\n2001:db8:1:  12/4000\n");
	ck_assert_str_eq(table(5, 0, 1), "\nNAME\n2001:\n");
}
END_TEST

START_TEST(page_table_keeps_to_its_rows)
{
	ck_assert_str_eq(table(28, 0, 0), "");
	ck_assert_str_eq(table(28, 2, 10), "");
	ck_assert_str_eq(table(28, 3, 10),
	    "\nNAME                   N\n2001:db8:1::/64  12/4000\n");
}
END_TEST

START_TEST(page_half_leaves_room_for_another_table)
{
	struct page p;

	page_init(&p, 80, 20);
	ck_assert_uint_eq(page_half(&p, 100), 8);
	ck_assert_uint_eq(page_half(&p, 5), 5);
	page_init(&p, 80, 4);
	ck_assert_uint_eq(page_half(&p, 100), 0);
	page_init(&p, 80, 0);
	ck_assert_uint_eq(page_half(&p, 100), 100);
}
END_TEST

START_TEST(page_of_no_width)
{
	struct page p;

	page_init(&p, 0, 0);
	page_line(&p, PAGE_TEXT, "abc");
	ck_assert_str_eq(page_text(&p), "a\n");
	page_init(&p, 80, 0);
	page_table(&p, NULL, columns, 4, 10);
	page_end(&p);
	ck_assert_str_eq(page_text(&p), "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("page");
	TCase *tc = tcase_create("page");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, page_line_is_cut_at_the_width);
	tcase_add_test(tc, page_has_no_more_rows_than_fit);
	tcase_add_test(tc, page_ends_leaves_the_right_end_out);
	tcase_add_test(tc, page_items_flow);
	tcase_add_test(tc, page_words_break_between_words);
	tcase_add_test(tc, page_numbers);
	tcase_add_test(tc, page_table_aligns);
	tcase_add_test(tc, page_table_leaves_out_columns_by_rank);
	tcase_add_test(tc, page_table_keeps_to_its_rows);
	tcase_add_test(tc, page_half_leaves_room_for_another_table);
	tcase_add_test(tc, page_of_no_width);
	return (suite_run(s));
}
