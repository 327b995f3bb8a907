/*
 * Tests of name_text.c: what an operator reads.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "dns64d/wire/msg_name.h"
#include "dns64d/wire/msg_scan.h"
#include "dns64d/wire/name_text.h"

#include "tests/unit/suite.h"

/* Whoever asks chooses the octets; a log line must stay one. */
START_TEST(names_have_visible_characters_of_ascii_only)
{
	static const uint8_t name[] = "\x09"
				      "a b\nc\x1b\x7f\xff."
				      "\x02"
				      "x)"
				      "\x00";
	char text[NAME_TEXT_MAX];

	ck_assert_str_eq(name_to_text(name, text),
	    "a\\032b\\010c\\027\\127\\255\\..x\\).");
}
END_TEST

START_TEST(names_of_escapes_alone_are_cut)
{
	uint8_t name[MSG_NAME_MAX];
	char text[NAME_TEXT_MAX];
	unsigned i;

	memset(name, 0xff, sizeof(name));
	for (i = 0; i < 3; i++)
		name[i * 64] = 63;
	name[3 * 64] = 61;
	name[254] = 0;
	name_to_text(name, text);
	ck_assert_uint_eq(strlen(text), NAME_TEXT_MAX - 1);
	ck_assert_int_eq(strncmp(text, "\\255\\255", 8), 0);
}
END_TEST

START_TEST(types_have_names_or_numbers)
{
	char text[TYPE_TEXT_MAX];

	ck_assert_str_eq(type_to_text(MSG_T_AAAA, text), "AAAA");
	ck_assert_str_eq(type_to_text(MSG_T_HTTPS, text), "HTTPS");
	ck_assert_str_eq(type_to_text(65280, text), "TYPE65280");
	ck_assert_str_eq(type_to_text(0, text), "TYPE0");
}
END_TEST

START_TEST(codes_have_names_or_numbers)
{
	char text[RCODE_TEXT_MAX];

	ck_assert_str_eq(rcode_to_text(MSG_NOERROR, text), "NOERROR");
	ck_assert_str_eq(rcode_to_text(MSG_REFUSED, text), "REFUSED");
	ck_assert_str_eq(rcode_to_text(MSG_BADVERS, text), "BADVERS");
	ck_assert_str_eq(rcode_to_text(MSG_BADCOOKIE, text), "BADCOOKIE");
	ck_assert_str_eq(rcode_to_text(9, text), "9");
	ck_assert_str_eq(rcode_to_text(4095, text), "4095");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("name_text");
	TCase *tc = tcase_create("name_text");

	tcase_add_test(tc, names_have_visible_characters_of_ascii_only);
	tcase_add_test(tc, names_of_escapes_alone_are_cut);
	tcase_add_test(tc, types_have_names_or_numbers);
	tcase_add_test(tc, codes_have_names_or_numbers);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
