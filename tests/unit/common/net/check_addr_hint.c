/*
 * Unit tests of addr_hint.c: addresses with ports as others write them.
 */
#include <check.h>
#include <string.h>

#include "common/net/addr_hint.h"

#include "tests/unit/suite.h"

#define NITEMS(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	const char *text;
	const char *hint;
} rows[] = {
	{ "[192.0.2.53]", "192.0.2.53" },
	{ "[::1]", "::1" },
	{ "[::1]:53", "::1 port 53" },
	{ "[::1]@53", "::1 port 53" },
	{ "[192.0.2.53]:53", "192.0.2.53 port 53" },
	{ "192.0.2.53:53", "192.0.2.53 port 53" },
	{ "192.0.2.53@53", "192.0.2.53 port 53" },
	{ "192.0.2.53#53", "192.0.2.53 port 53" },
	{ "::1@53", "::1 port 53" },
	{ "::1#53", "::1 port 53" },
	{ "fe80::1%eth0#53", "fe80::1%eth0 port 53" },
	{ "[fe80::1%2]:53", "fe80::1%2 port 53" },
	{ "", NULL },
	{ "[", NULL },
	{ "[]", NULL },
	{ "[]:53", NULL },
	{ "[::1", NULL },
	{ "[::1]53", NULL },
	{ "[::1]:", NULL },
	{ "[::1]:domain", NULL },
	{ "[::1]:530000", NULL },
	{ "[::1]:53/path", NULL },
	{ "[dns.example]:53", NULL },
	{ "dns.example:53", NULL },
	{ "192.0.2.53", NULL },
	{ "192.0.2.53:", NULL },
	{ "192.0.2%1:53", NULL },
	{ "2001:db8::1", NULL },
	{ "corp..example", NULL },
};

START_TEST(hint_is_what_to_write)
{
	char buf[ADDR_HINT_MAX];
	const char *hint;

	hint = addr_hint(rows[_i].text, strlen(rows[_i].text), buf);
	if (rows[_i].hint == NULL)
		ck_assert_ptr_null(hint);
	else
		ck_assert_pstr_eq(hint, rows[_i].hint);
}
END_TEST

START_TEST(hint_reads_no_further_than_told)
{
	char buf[ADDR_HINT_MAX];

	ck_assert_pstr_eq(addr_hint("::1#53 and more", 6, buf), "::1 port 53");
}
END_TEST

START_TEST(hint_of_a_long_text_is_none)
{
	char text[2 * ADDR_HINT_MAX], buf[ADDR_HINT_MAX];
	size_t len;

	memset(text, ':', sizeof(text));
	for (len = 0; len <= sizeof(text); len++)
		ck_assert_ptr_null(addr_hint(text, len, buf));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("addr_hint");
	TCase *tc = tcase_create("addr_hint");

	tcase_add_loop_test(tc, hint_is_what_to_write, 0, NITEMS(rows));
	tcase_add_test(tc, hint_reads_no_further_than_told);
	tcase_add_test(tc, hint_of_a_long_text_is_none);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
