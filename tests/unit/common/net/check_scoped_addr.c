/*
 * Unit tests of scoped_addr.c: addresses with the interface that they are on.
 */
#include <netinet/in.h>

#include <check.h>
#include <string.h>

#include "common/net/scoped_addr.h"

#include "tests/unit/suite.h"

#define NITEMS(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct scoped_addr
addr(const char *text)
{
	struct scoped_addr a;

	ck_assert_ptr_null(scoped_addr_parse(text, 53, &a));
	return (a);
}

static const struct {
	const char *text;
	const char *printed; /* NULL: refused */
	const char *reason;
} rows[] = {
	{ "192.0.2.1", "192.0.2.1:53", NULL },
	{ "2001:db8::1", "[2001:db8::1]:53", NULL },
	{ "fe80::1", "[fe80::1]:53", NULL },
	{ "fe80::1%2", "[fe80::1%2]:53", NULL },
	{ "fe80::1%eth0", "[fe80::1%eth0]:53", NULL },
	{ "fe80::1%2x", "[fe80::1%2x]:53", NULL },
	{ "fe80::1%abcdefghijklmno", "[fe80::1%abcdefghijklmno]:53", NULL },
	{ "fe80:1111:2222:3333:4444:5555:6666:7777%abcdefghijklmno",
	    "[fe80:1111:2222:3333:4444:5555:6666:7777%abcdefghijklmno]:53",
	    NULL },
	{ "fe80::1%abcdefghijklmnop", NULL,
	    "has a zone that is longer than the name of an interface can be" },
	{ "fe80::1%", NULL, "has a zone that is no interface" },
	{ "fe80::1%0", NULL, "has a zone that is no interface" },
	{ "fe80::1%4294967296", NULL, "has a zone that is no interface" },
	{ "fe80::1%a/b", NULL, "has a zone that is no interface" },
	{ "2001:db8::1%eth0", NULL,
	    "has a zone, which only a link-local address can" },
	{ "192.0.2.1%eth0", NULL,
	    "has a zone, which only a link-local address can" },
	{ "localhost", NULL, "is no address" },
	{ "%eth0", NULL, "is no address" },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa%e", NULL,
	    "is no address" },
	{ "", NULL, "is no address" },
};

START_TEST(scoped_addr_parse_and_print_are_inverse)
{
	const char *why;
	char buf[SCOPED_ADDR_STRLEN];
	struct scoped_addr a;

	why = scoped_addr_parse(rows[_i].text, 53, &a);
	if (rows[_i].printed == NULL) {
		ck_assert_ptr_nonnull(why);
		ck_assert_str_eq(why, rows[_i].reason);
		return;
	}
	ck_assert_ptr_null(why);
	ck_assert_str_eq(scoped_addr_print(&a, buf, sizeof(buf)),
	    rows[_i].printed);
	ck_assert_str_eq(scoped_addr_print_host(&a, buf, sizeof(buf)),
	    rows[_i].text);
}
END_TEST

START_TEST(scoped_addr_equal_compares_the_zone)
{
	static const char *const all[] = { "fe80::1", "fe80::1%2", "fe80::1%3",
		"fe80::1%eth0", "fe80::1%eth1", "fe80::2%eth0", "2001:db8::1",
		"192.0.2.1" };
	struct scoped_addr a, b;
	int i, k;

	for (i = 0; i < NITEMS(all); i++) {
		for (k = 0; k < NITEMS(all); k++) {
			a = addr(all[i]);
			b = addr(all[k]);
			ck_assert_msg(scoped_addr_equal(&a, &b) == (i == k),
			    "%s %s", all[i], all[k]);
		}
	}
}
END_TEST

START_TEST(scoped_addr_resolve_puts_in_the_index)
{
	static const struct {
		const char *text;
		uint32_t own, scope;
		bool zone;
	} table[] = {
		{ "fe80::1%eth0", 0, 7, true },
		{ "fe80::1%2", 2, 7, true },
		{ "fe80::1", 0, 0, false },
		{ "2001:db8::1", 0, 0, false },
	};
	struct sockaddr_storage ss;
	const struct sockaddr_in6 *sin6 = (const void *)&ss;
	struct scoped_addr a;
	int i;

	for (i = 0; i < NITEMS(table); i++) {
		a = addr(table[i].text);
		ck_assert_uint_eq(scoped_addr_index(&a), table[i].own);
		ck_assert(scoped_addr_has_zone(&a) == table[i].zone);
		scoped_addr_resolve(&a, 7, &ss);
		ck_assert_uint_eq(sin6->sin6_scope_id, table[i].scope);
		ck_assert_uint_eq(sockaddr_port(&ss), 53);
	}
	a = addr("192.0.2.1");
	ck_assert(!scoped_addr_has_zone(&a));
	scoped_addr_resolve(&a, 7, &ss);
	ck_assert(sockaddr_equal(&a.ss, &ss));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("scoped_addr");
	TCase *tc = tcase_create("scoped_addr");

	tcase_add_loop_test(tc, scoped_addr_parse_and_print_are_inverse, 0,
	    NITEMS(rows));
	tcase_add_test(tc, scoped_addr_equal_compares_the_zone);
	tcase_add_test(tc, scoped_addr_resolve_puts_in_the_index);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
