/*
 * Tests of clean.c: no text from elsewhere can command a terminal.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/ctl/clean.h"

#include "tests/unit/suite.h"

static void
check_text(const char *text, unsigned flags, const char *expected)
{
	char *clean = clean_text(text, flags);

	ck_assert_ptr_nonnull(clean);
	ck_assert_str_eq(clean, expected);
	free(clean);
}

START_TEST(clean_text_keeps_what_is_harmless)
{
	check_text("", 0, "");
	check_text("www.example.com. \\027", 0, "www.example.com. \\027");
	check_text("b\303\274ro \342\202\254 \360\237\220\215", 0,
	    "b\303\274ro \342\202\254 \360\237\220\215");
	check_text("one\n\ttwo\n", CLEAN_LINES, "one\n\ttwo\n");
}
END_TEST

START_TEST(clean_text_escapes_controls)
{
	check_text("a\033[2Jb", 0, "a\\u001b[2Jb");
	check_text("a\nb\tc\r", 0, "a\\u000ab\\u0009c\\u000d");
	check_text("a\r\nb", CLEAN_LINES, "a\\u000d\nb");
	check_text("\177", 0, "\\u007f");
	/* C1: CSI in one character; and in one octet, which is no UTF-8 */
	check_text("\302\2332J", 0, "\\u009b2J");
	check_text("\2332J", 0, "\\u009b2J");
}
END_TEST

START_TEST(clean_text_escapes_directions)
{
	check_text("a\342\200\256b", 0, "a\\u202eb");
	check_text("a\342\201\246b\342\201\251", 0, "a\\u2066b\\u2069");
	check_text("a\342\200\250b", 0, "a\\u2028b");
}
END_TEST

START_TEST(clean_text_escapes_what_is_no_utf8)
{
	check_text("\300\233", 0, "\\u00c0\\u009b"); /* not shortest */
	check_text("\340\202\233", 0, "\\u00e0\\u0082\\u009b");
	check_text("\355\240\200", 0, "\\u00ed\\u00a0\\u0080");
	check_text("\364\220\200\200", 0, "\\u00f4\\u0090\\u0080\\u0080");
	check_text("a\303", 0, "a\\u00c3"); /* cut */
	check_text("\303\033", 0, "\\u00c3\\u001b");
}
END_TEST

/* The second octet of U+011B is CSI for a terminal with ISO 8859. */
START_TEST(clean_text_for_ascii_escapes_all_else)
{
	check_text("\304\233", CLEAN_ASCII, "\\u011b");
	check_text("\360\237\220\215", CLEAN_ASCII, "\\ud83d\\udc0d");
}
END_TEST

/* A stream comes in pieces: the rest of a character may come later. */
START_TEST(clean_one_waits_for_the_rest)
{
	static const char text[] = "\360\237\220\215";
	char one[CLEAN_ONE_SIZE];
	size_t len;

	for (len = 1; len < 4; len++)
		ck_assert_uint_eq(clean_one(text, len, 0, one), 0);
	ck_assert_uint_eq(clean_one(text, 4, 0, one), 4);
	ck_assert_str_eq(one, text);
}
END_TEST

/* Each octet, alone and behind each first one: nothing gets through. */
START_TEST(clean_text_of_any_two_octets_is_printable)
{
	const unsigned char *p;
	char text[3] = "", *clean;
	int a, b;

	for (a = 1; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			text[0] = (char)a;
			text[1] = (char)b;
			clean = clean_text(text, CLEAN_ASCII);
			for (p = (unsigned char *)clean; *p != '\0'; p++)
				ck_assert(*p >= 0x20 && *p < 0x7f);
			free(clean);
		}
	}
}
END_TEST

START_TEST(clean_json_reaches_everything)
{
	json_t *o = json_loads("{\"a\":[\"\\u001b[m\",{\"b\":\"\\n\"},1],"
			       "\"x\\u009by\":\"z\",\"c\":null}",
	    0, NULL);
	json_t *expected = json_loads("{\"a\":[\"\\\\u001b[m\",{\"b\":"
				      "\"\\\\u000a\"},1],"
				      "\"x\\\\u009by\":\"z\",\"c\":null}",
	    0, NULL);

	ck_assert_int_eq(clean_json(o, 0), 0);
	ck_assert(json_equal(o, expected));
	ck_assert_int_eq(clean_json(NULL, 0), 0);
	json_decref(expected);
	json_decref(o);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("clean");
	TCase *tc = tcase_create("clean");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, clean_text_keeps_what_is_harmless);
	tcase_add_test(tc, clean_text_escapes_controls);
	tcase_add_test(tc, clean_text_escapes_directions);
	tcase_add_test(tc, clean_text_escapes_what_is_no_utf8);
	tcase_add_test(tc, clean_text_for_ascii_escapes_all_else);
	tcase_add_test(tc, clean_one_waits_for_the_rest);
	tcase_add_test(tc, clean_text_of_any_two_octets_is_printable);
	tcase_add_test(tc, clean_json_reaches_everything);
	return (suite_run(s));
}
