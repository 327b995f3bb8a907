/*
 * Tests of event_json.c and words.c: events as lines of JSON, read again with a
 * parser of JSON.
 */
#include <check.h>
#include <jansson.h>
#include <string.h>

#include "nat64d/core/event_text.h"
#include "nat64d/log/event_json.h"

#include "tests/unit/suite.h"

/* 2026-11-23T14:50:05.123Z */
#define NOW_MS INT64_C(1795445405123)
#define TIME "{\"time\":\"2026-11-23T14:50:05.123Z\""

static char line[EVENT_JSON_SIZE];

static json_t *
parse(const char *text)
{
	json_t *o;

	ck_assert_uint_eq(event_json(text, NOW_MS, line), strlen(line));
	ck_assert_uint_lt(strlen(line), sizeof(line));
	o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(json_is_object(o), "%s", line);
	return (o);
}

/* Shows: LOG-01 LOG-40 */
START_TEST(event_json_has_each_word_as_a_member)
{
	event_json("event=binding-created natevent=10 proto=udp "
		   "addr6=2001:db8::10 port6=5000 addr4=192.0.2.7 port4=0",
	    NOW_MS, line);
	ck_assert_str_eq(line,
	    TIME ",\"event\":\"binding-created\",\"natevent\":10,"
		 "\"proto\":\"udp\",\"addr6\":\"2001:db8::10\","
		 "\"port6\":5000,\"addr4\":\"192.0.2.7\",\"port4\":0}");
}
END_TEST

START_TEST(event_json_keeps_blanks_of_quoted_values)
{
	json_t *o = parse("event=quota-exceeded statement=\"limit subscriber "
			  "ports\" limit=7");

	ck_assert_str_eq(json_string_value(json_object_get(o, "statement")),
	    "limit subscriber ports");
	ck_assert_int_eq(json_integer_value(json_object_get(o, "limit")), 7);
	json_decref(o);
}
END_TEST

/* What JSON would read as another number, or not at all, is a string. */
START_TEST(event_json_writes_only_numbers_of_json_as_numbers)
{
	static const struct {
		const char *word;
		bool number;
	} rows[] = {
		{ "x=0", true },
		{ "x=65535", true },
		{ "x=007", false },
		{ "x=", false },
		{ "x=1e5", false },
		{ "x=-1", false },
		{ "x=\"12\"", false },
		{ "x=999999999999999999", true },
		{ "x=18446744073709551615", false },
		{ "x=192.0.2.1", false },
	};
	json_t *o = parse(rows[_i].word);

	ck_assert_int_eq(json_is_integer(json_object_get(o, "x")),
	    rows[_i].number);
	json_decref(o);
}
END_TEST

START_TEST(event_json_escapes_what_json_does_not_allow)
{
	json_t *o = parse("a=b\\c d=\x01\x1f e=\xff =novalue alone f=\"");

	ck_assert_str_eq(json_string_value(json_object_get(o, "a")), "b\\c");
	ck_assert_str_eq(json_string_value(json_object_get(o, "d")),
	    "\x01\x1f");
	ck_assert_str_eq(json_string_value(json_object_get(o, "f")), "");
	ck_assert_uint_eq(json_object_size(o), 5);
	json_decref(o);
}
END_TEST

START_TEST(event_json_leaves_out_what_has_no_room)
{
	char text[EVENT_TEXT_SIZE * 4];
	json_t *o;

	memset(text, '"', sizeof(text));
	memcpy(text, "a=1 b=", 6);
	text[sizeof(text) - 1] = '\0';
	memset(text + 6, '\\', 600);
	memcpy(text + 606, " c=2", 4);
	text[610] = '\0';
	o = parse(text);
	ck_assert_int_eq(json_integer_value(json_object_get(o, "a")), 1);
	ck_assert_ptr_null(json_object_get(o, "b"));
	ck_assert_int_eq(json_integer_value(json_object_get(o, "c")), 2);
	json_decref(o);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("event_json");
	TCase *tc = tcase_create("event_json");

	tcase_add_test(tc, event_json_has_each_word_as_a_member);
	tcase_add_test(tc, event_json_keeps_blanks_of_quoted_values);
	tcase_add_loop_test(tc,
	    event_json_writes_only_numbers_of_json_as_numbers, 0, 10);
	tcase_add_test(tc, event_json_escapes_what_json_does_not_allow);
	tcase_add_test(tc, event_json_leaves_out_what_has_no_room);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
