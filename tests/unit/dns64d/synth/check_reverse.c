/*
 * Tests of reverse names: as numbers, as addresses, and made of addresses.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <check.h>
#include <string.h>

#include "dns64d/wire/msg_name.h"
#include "dns64d/wire/name_text.h"
#include "dns64d/synth/reverse.h"

#include "tests/unit/suite.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))
#define ZERO8 "0.0.0.0.0.0.0.0."
#define DB8 ZERO8 ZERO8 "8.b.d.0.1.0.0.2.ip6.arpa"

static const struct row {
	const char *name;
	int family; /* of the address, and its text */
	const char *addr;
	size_t n; /* numbers, and the first and the last of them */
	int first, last;
} rows[] = {
	{ "1.2.0.192.in-addr.arpa", AF_INET, "192.0.2.1", 4, 192, 1 },
	{ "255.254.253.252.IN-Addr.Arpa", AF_INET, "252.253.254.255", 4, 252,
	    255 },
	{ "0.0.0.0.in-addr.arpa", AF_INET, "0.0.0.0", 4, 0, 0 },
	{ "2.0.192.in-addr.arpa", 0, NULL, 3, 192, 2 },
	{ "x.1.2.0.192.in-addr.arpa", 0, NULL, 4, 192, 1 },
	{ "x.2.0.192.in-addr.arpa", 0, NULL, 3, 192, 2 },
	{ "01.2.0.192.in-addr.arpa", 0, NULL, 3, 192, 2 },
	{ "00.2.0.192.in-addr.arpa", 0, NULL, 3, 192, 2 },
	{ "256.2.0.192.in-addr.arpa", 0, NULL, 3, 192, 2 },
	{ "0001.2.0.192.in-addr.arpa", 0, NULL, 3, 192, 2 },
	{ "1.2.x.192.in-addr.arpa", 0, NULL, 1, 192, 192 },
	{ "in-addr.arpa", 0, NULL, 0, 0, 0 },
	{ "1.2.0.192.in-addr.example", 0, NULL, 0, 0, 0 },
	{ "1."
	  "0.0.0.0.0.0.0." DB8,
	    AF_INET6, "2001:db8::1", 32, 2, 1 },
	{ "F.e."
	  "0.0.0.0.0.0." DB8,
	    AF_INET6, "2001:db8::ef", 32, 2, 15 },
	{ "8.b.d.0.1.0.0.2.ip6.arpa", 0, NULL, 8, 2, 8 },
	{ "g."
	  "0.0.0.0.0.0.0." DB8,
	    0, NULL, 31, 2, 0 },
	{ "01."
	  "0.0.0.0.0.0.0." DB8,
	    0, NULL, 31, 2, 0 },
	{ "x.1."
	  "0.0.0.0.0.0.0." DB8,
	    0, NULL, 32, 2, 1 },
	{ "1.ip6.int", 0, NULL, 0, 0, 0 },
};

/* Shows: DNS64-29 */
START_TEST(reverse_name_is_what_its_row_says)
{
	const struct row *row = &rows[_i];
	uint8_t name[MSG_NAME_MAX];
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;
	struct reverse r;

	ck_assert_uint_gt(name_from_text(row->name, name), 0);
	reverse_read(name, &r);
	ck_assert_uint_eq(r.n, row->n);
	if (r.n > 0) {
		ck_assert_int_eq(r.digit[0], row->first);
		ck_assert_int_eq(r.digit[r.n - 1], row->last);
	}
	ck_assert_int_eq(reverse_addr(name, &addr), row->family);
	if (row->family != 0)
		ck_assert_str_eq(inet_ntop(row->family, &addr, text,
				     sizeof(text)),
		    row->addr);
}
END_TEST

/* Shows: DNS64-21 */
START_TEST(reverse_name4_of_the_longest_address_fits)
{
	const struct in_addr addr = { htonl(0xfffefdfc) };
	uint8_t name[REVERSE_NAME4_MAX];
	struct in6_addr back;

	ck_assert_uint_eq(reverse_name4(addr, name), REVERSE_NAME4_MAX);
	ck_assert_mem_eq(name,
	    "\003252\003253\003254\003255\007in-addr"
	    "\004arpa",
	    REVERSE_NAME4_MAX);
	ck_assert_int_eq(reverse_addr(name, &back), AF_INET);
	ck_assert_mem_eq(&back, &addr, sizeof(addr));
}
END_TEST

static Suite *
reverse_suite(void)
{
	Suite *s = suite_create("reverse");
	TCase *tc = tcase_create("reverse");

	tcase_add_loop_test(tc, reverse_name_is_what_its_row_says, 0,
	    NITEMS(rows));
	tcase_add_test(tc, reverse_name4_of_the_longest_address_fits);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(reverse_suite()));
}
