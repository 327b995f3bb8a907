/*
 * Unit tests of range.c.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdint.h>

#include "nat64d/pool/range.h"

#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

static const struct {
	const char *first;
	const char *last;
	const char *prefixes[5]; /* that the range is split into */
} rows[] = {
	{ "192.0.2.1", "192.0.2.1", { "192.0.2.1/32" } },
	{ "192.0.2.0", "192.0.2.255", { "192.0.2.0/24" } },
	{ "192.0.2.1", "192.0.2.6",
	    { "192.0.2.1/32", "192.0.2.2/31", "192.0.2.4/31",
		"192.0.2.6/32" } },
	{ "192.0.2.254", "192.0.3.1", { "192.0.2.254/31", "192.0.3.0/31" } },
	{ "0.0.0.0", "255.255.255.255", { "0.0.0.0/0" } },
	{ "255.255.255.254", "255.255.255.255", { "255.255.255.254/31" } },
	{ "128.0.0.0", "255.255.255.255", { "128.0.0.0/1" } },
};

START_TEST(range_is_cut_into_prefixes)
{
	struct in_addr first = { inet_addr(rows[_i].first) };
	const struct in_addr last = { inet_addr(rows[_i].last) };
	char text[PREFIX_STRLEN];
	struct prefix head;
	int i;

	for (i = 0; rows[_i].prefixes[i] != NULL; i++) {
		head = range4_head(first, last);
		ck_assert_str_eq(prefix_print(&head, text, sizeof(text)),
		    rows[_i].prefixes[i]);
		first = range4_next(range4_last(&head));
	}
	ck_assert_uint_eq(range4_last(&head).s_addr, last.s_addr);
}
END_TEST

START_TEST(heads_are_aligned_and_as_large_as_can_be)
{
	uint32_t state = 1, from, to, end;
	struct prefix head, wider;
	int i;

	for (i = 0; i < 100000; i++) {
		from = wire_random(&state);
		to = from + (wire_random(&state) >> (i % 32));
		if (to < from)
			continue;
		head = range4_head((struct in_addr){ htonl(from) },
		    (struct in_addr){ htonl(to) });
		end = ntohl(range4_last(&head).s_addr);
		ck_assert_uint_eq(ntohl(head.v4.s_addr), from);
		ck_assert_uint_le(end, to);
		ck_assert_uint_eq(from & (end - from), 0);
		if (head.len == 0)
			continue;
		wider = head;
		wider.len--;
		end = ntohl(range4_last(&wider).s_addr);
		ck_assert(end > to ||
		    end - from != (uint32_t)((1ULL << (32 - wider.len)) - 1));
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("range");
	TCase *tc = tcase_create("range");

	tcase_add_loop_test(tc, range_is_cut_into_prefixes, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, heads_are_aligned_and_as_large_as_can_be);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
