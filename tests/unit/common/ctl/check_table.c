/*
 * Tests of table.c: what people read.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/ctl/table.h"

#include "tests/unit/suite.h"

static json_t *
load(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(value);
	return (value);
}

START_TEST(table_aligns_columns)
{
	static const struct table_column columns[] = {
		{ "internal-src-address", "address" },
		{ "sessions", "sessions" },
		{ "type", "type" },
	};
	json_t *list =
	    load("[{\"internal-src-address\":\"2001:db8::1\",\"sessions\":12,"
		 "\"type\":\"static\"},{\"internal-src-address\":\"::\","
		 "\"sessions\":1048576}]");
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_int_eq(table_print(list, columns, 3, f), 0);
	fclose(f);
	ck_assert_str_eq(text,
	    "address      sessions  type\n"
	    "2001:db8::1        12  static\n"
	    "::            1048576  -\n");
	free(text);
	json_decref(list);
}
END_TEST

START_TEST(table_lists_members)
{
	json_t *o = load("{\"a\":1,\"longer\":18,\"text\":\"x\"}");
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	table_print_members(o, f);
	fclose(f);
	ck_assert_str_eq(text,
	    "a                     1\n"
	    "longer               18\n");
	free(text);
	json_decref(o);
}
END_TEST

START_TEST(table_reads_members)
{
	json_t *o = load("{\"name\":\"x\",\"n\":7}");

	ck_assert_str_eq(table_text(o, "name"), "x");
	ck_assert_str_eq(table_text(o, "n"), "");
	ck_assert_str_eq(table_text(NULL, "n"), "");
	ck_assert_int_eq(table_number(o, "n"), 7);
	ck_assert_int_eq(table_number(o, "m"), 0);
	json_decref(o);
}
END_TEST

START_TEST(table_shows_times)
{
	char text[TABLE_TIME_SIZE];

	ck_assert_str_eq(table_time(0, text), "0 s");
	ck_assert_str_eq(table_time(59, text), "59 s");
	ck_assert_str_eq(table_time(60, text), "1 min 0 s");
	ck_assert_str_eq(table_time(3599, text), "59 min 59 s");
	ck_assert_str_eq(table_time(3661, text), "1 h 1 min");
	ck_assert_str_eq(table_time(90000, text), "1 d 1 h");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("table");
	TCase *tc = tcase_create("table");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, table_aligns_columns);
	tcase_add_test(tc, table_lists_members);
	tcase_add_test(tc, table_reads_members);
	tcase_add_test(tc, table_shows_times);
	return (suite_run(s));
}
