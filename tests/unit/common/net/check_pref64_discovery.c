/*
 * What a network says about its Pref64: the option of router advertisements
 * (RFC 8781), the answers of DNS (RFC 7050), and the choice among them.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/pref64_dns.h"
#include "common/net/pref64_list.h"
#include "common/net/pref64_opt.h"
#include "common/octets.h"
#include "tests/unit/suite.h"

static struct pref64
prefix(const char *text)
{
	struct pref64 p;

	ck_assert_ptr_null(pref64_parse(text, &p));
	return (p);
}

static const char *
text_of(const struct pref64 *p)
{
	static char text[PREF64_STRLEN];

	return (pref64_print(p, text, sizeof(text)));
}

/* --- RFC 8781 --- */

START_TEST(an_option_of_each_length_is_read_as_it_was_written)
{
	static const char *const texts[] = { "2001:db8::/32",
		"2001:db8:4000::/40", "2001:db8:4800::/48",
		"2001:db8:56:5600::/56", "2001:db8:64:6464::/64",
		"64:ff9b::/96" };
	uint8_t opt[PREF64_OPT_LEN];
	struct pref64 in, out;
	uint32_t secs;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		in = prefix(texts[i]);
		pref64_opt_put(opt, &in, 1800);
		ck_assert_int_eq(pref64_opt_get(opt, sizeof(opt), &out, &secs),
		    0);
		ck_assert_str_eq(text_of(&out), texts[i]);
		ck_assert_uint_eq(secs, 1800);
	}
}
END_TEST

/* RFC 8781, 4 and 4.1, byte by byte. */
START_TEST(the_option_has_the_bytes_of_the_rfc)
{
	static const uint8_t bytes[] = { 38, 2, 0x07, 0x08, 0, 0x64, 0xff,
		0x9b, 0, 0, 0, 0, 0, 0, 0, 0 };
	const struct pref64 wkp = prefix("64:ff9b::/96");
	uint8_t opt[PREF64_OPT_LEN];
	struct pref64 p;
	uint32_t secs;

	pref64_opt_put(opt, &wkp, 1800); /* 225 units */
	ck_assert_mem_eq(opt, bytes, sizeof(bytes));
	pref64_opt_put(opt, &wkp, 1); /* rounded up */
	pref64_opt_get(opt, sizeof(opt), &p, &secs);
	ck_assert_uint_eq(secs, 8);
	pref64_opt_put(opt, &wkp, 0);
	pref64_opt_get(opt, sizeof(opt), &p, &secs);
	ck_assert_uint_eq(secs, 0);
	pref64_opt_put(opt, &wkp, 1000000);
	pref64_opt_get(opt, sizeof(opt), &p, &secs);
	ck_assert_uint_eq(secs, PREF64_OPT_MAX_SECS);
}
END_TEST

START_TEST(an_option_that_makes_no_sense_is_ignored)
{
	const struct pref64 wkp = prefix("64:ff9b::/96");
	uint8_t opt[PREF64_OPT_LEN], bad[PREF64_OPT_LEN];
	struct pref64 p;
	uint32_t secs;

	pref64_opt_put(opt, &wkp, 1800);
	ck_assert_int_eq(pref64_opt_get(opt, 15, &p, &secs), -1);
	memcpy(bad, opt, sizeof(bad));
	bad[0] = 37;
	ck_assert_int_eq(pref64_opt_get(bad, sizeof(bad), &p, &secs), -1);
	memcpy(bad, opt, sizeof(bad));
	bad[1] = 3;
	ck_assert_int_eq(pref64_opt_get(bad, sizeof(bad), &p, &secs), -1);
	memcpy(bad, opt, sizeof(bad));
	bad[3] |= 6; /* Prefix Length Code */
	ck_assert_int_eq(pref64_opt_get(bad, sizeof(bad), &p, &secs), -1);
	memcpy(bad, opt, sizeof(bad));
	bad[4] = 0xff; /* multicast */
	ck_assert_int_eq(pref64_opt_get(bad, sizeof(bad), &p, &secs), -1);
}
END_TEST

/* --- RFC 7050 --- */

#define ID 0x1234

struct answer {
	uint8_t bytes[512];
	size_t len;
};

/* The query with another header, and no records yet. */
static struct answer
begin(unsigned flags)
{
	struct answer a = { .len = PREF64_DNS_QUERY_LEN };

	pref64_dns_query(a.bytes, ID);
	put16(a.bytes + 2, (uint16_t)flags);
	return (a);
}

static void
add(struct answer *a, unsigned type, uint32_t ttl, const char *addr)
{
	uint8_t *r = a->bytes + a->len;

	memcpy(r, "\300\14", 2);
	put16(r + 2, (uint16_t)type);
	put16(r + 4, 1);
	put32(r + 6, ttl);
	put16(r + 10, 16);
	ck_assert_int_eq(inet_pton(AF_INET6, addr, r + 12), 1);
	a->len += 28;
	put16(a->bytes + 6, (uint16_t)(get16(a->bytes + 6) + 1));
}

#define REPLY 0x8180
#define AAAA 28

static int
parse(const struct answer *a, struct pref64 *found, uint32_t *ttl)
{
	/* Of that size, so that a sanitizer sees what is behind it. */
	uint8_t *copy = malloc(a->len);
	int n;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, a->bytes, a->len);
	n = pref64_dns_answer(copy, a->len, ID, found, 4, ttl);
	free(copy);
	return (n);
}

START_TEST(the_answers_of_all_lengths_give_their_prefix)
{
	static const struct {
		const char *addr, *prefix;
	} rows[] = {
		{ "2001:db8:c000:aa::", "2001:db8::/32" },
		{ "2001:db8:40c0:0:aa::", "2001:db8:4000::/40" },
		{ "2001:db8:48:c000:0:aa00::", "2001:db8:48::/48" },
		{ "2001:db8:56:56c0:0:aa::", "2001:db8:56:5600::/56" },
		{ "2001:db8:64:6464:c0:0:aa00:0", "2001:db8:64:6464::/64" },
		{ "64:ff9b::192.0.0.170", "64:ff9b::/96" },
		{ "2001:db8:8000::192.0.0.171", "2001:db8:8000::/96" },
	};
	struct pref64 found[4];
	struct answer a;
	uint32_t ttl;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		a = begin(REPLY);
		add(&a, AAAA, 300, rows[i].addr);
		ck_assert_msg(parse(&a, found, &ttl) == 1, "%s", rows[i].addr);
		ck_assert_str_eq(text_of(&found[0]), rows[i].prefix);
		ck_assert_uint_eq(ttl, 300);
	}
}
END_TEST

START_TEST(each_prefix_counts_once_and_the_least_ttl)
{
	struct pref64 found[4];
	struct answer a = begin(REPLY);
	uint32_t ttl;

	add(&a, 5, 7, "::"); /* an alias */
	add(&a, AAAA, 300, "64:ff9b::192.0.0.170");
	add(&a, AAAA, 60, "64:ff9b::192.0.0.171");
	add(&a, AAAA, 90, "2001:db8:8000::192.0.0.171");
	add(&a, AAAA, 9, "2001:db8:9::1");
	ck_assert_int_eq(parse(&a, found, &ttl), 2);
	ck_assert_str_eq(text_of(&found[1]), "2001:db8:8000::/96");
	ck_assert_uint_eq(ttl, 90);
}
END_TEST

/* RFC 7050, 3: the well-known address at two places. */
START_TEST(an_address_of_two_meanings_is_ignored)
{
	struct pref64 found[4];
	struct answer a = begin(REPLY);
	uint32_t ttl;

	add(&a, AAAA, 300, "2001:db8:c000:aa::192.0.0.170");
	ck_assert_int_eq(parse(&a, found, &ttl), 0);
	a = begin(REPLY | 3);
	ck_assert_int_eq(parse(&a, found, &ttl), 0);
}
END_TEST

START_TEST(what_is_no_answer_to_the_query_is_ignored)
{
	struct pref64 found[4];
	struct answer a = begin(REPLY);
	uint32_t ttl;
	size_t len;

	add(&a, AAAA, 300, "64:ff9b::192.0.0.170");
	ck_assert_int_eq(parse(&a, found, &ttl), 1);
	a.bytes[0] ^= 1;
	ck_assert_int_eq(parse(&a, found, &ttl), -1);
	a.bytes[0] ^= 1;
	a.bytes[13] = 'I'; /* case does not matter */
	ck_assert_int_eq(parse(&a, found, &ttl), 1);
	a.bytes[13] = 'x';
	ck_assert_int_eq(parse(&a, found, &ttl), -1);
	a.bytes[13] = 'i';
	for (len = 0; len < a.len; len++) {
		struct answer cut = a;

		cut.len = len;
		ck_assert_int_eq(parse(&cut, found, &ttl), -1);
	}
	put16(a.bytes + 2, 0x0180); /* a query */
	ck_assert_int_eq(parse(&a, found, &ttl), -1);
	put16(a.bytes + 2, 0x8380); /* truncated */
	ck_assert_int_eq(parse(&a, found, &ttl), -1);
	put16(a.bytes + 2, 0x8182); /* SERVFAIL */
	ck_assert_int_eq(parse(&a, found, &ttl), -1);
}
END_TEST

/* --- the choice --- */

static const struct monotime t0 = { .ns = INT64_C(1000000000) };

static void
expect(struct pref64_list *l, bool changes, const char *text, int secs)
{
	const struct monotime now = monotime_add_secs(t0, secs);

	ck_assert_int_eq(pref64_list_choose(l, now), changes);
	ck_assert_int_eq(l->has_current, text != NULL);
	if (text != NULL)
		ck_assert_str_eq(text_of(&l->current), text);
}

START_TEST(a_router_comes_before_dns_and_the_one_in_use_stays)
{
	const struct pref64 a = prefix("2001:db8:a::/96");
	const struct pref64 b = prefix("2001:db8:b::/96");
	const struct pref64 c = prefix("2001:db8:c::/96");
	struct pref64_list l = { .n = 0 };
	struct monotime next;

	expect(&l, false, NULL, 0);
	ck_assert(!pref64_list_next(&l, &next));
	pref64_list_add(&l, &c, PREF64_BY_DNS, 100, t0);
	expect(&l, true, "2001:db8:c::/96", 0);
	pref64_list_add(&l, &b, PREF64_BY_RA, 50, t0);
	expect(&l, true, "2001:db8:b::/96", 0);
	pref64_list_add(&l, &a, PREF64_BY_RA, 60, t0);
	expect(&l, false, "2001:db8:b::/96", 49);
	ck_assert(pref64_list_next(&l, &next));
	ck_assert_int_eq(monotime_diff_ms(next, t0), 50000);
	expect(&l, true, "2001:db8:a::/96", 50);
	expect(&l, true, "2001:db8:c::/96", 60);
	expect(&l, true, NULL, 100);
}
END_TEST

START_TEST(a_prefix_is_withdrawn_prolonged_and_learnt_from_both)
{
	const struct pref64 a = prefix("2001:db8:a::/96");
	struct pref64_list l = { .n = 0 };

	pref64_list_add(&l, &a, PREF64_BY_RA, 10, t0);
	pref64_list_add(&l, &a, PREF64_BY_RA, 100, t0);
	ck_assert_uint_eq(l.n, 1);
	expect(&l, true, "2001:db8:a::/96", 50);
	pref64_list_add(&l, &a, PREF64_BY_DNS, 100, t0);
	pref64_list_add(&l, &a, PREF64_BY_RA, 0, t0);
	ck_assert(!pref64_list_has(&l, PREF64_BY_RA));
	expect(&l, false, "2001:db8:a::/96", 50);
	pref64_list_clear(&l, PREF64_BY_DNS);
	expect(&l, true, NULL, 50);
	pref64_list_add(&l, &a, PREF64_BY_RA, 0, t0);
	ck_assert_uint_eq(l.n, 0);
}
END_TEST

START_TEST(no_more_than_a_few_are_remembered)
{
	struct pref64 p = prefix("2001:db8:0::/96");
	struct pref64_list l = { .n = 0 };
	int i;

	for (i = 0; i < 100; i++) {
		p.addr.s6_addr[5] = (uint8_t)i;
		pref64_list_add(&l, &p, PREF64_BY_RA, 100, t0);
	}
	ck_assert_uint_eq(l.n, PREF64_LIST_MAX);
	expect(&l, true, "2001:db8::/96", 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		an_option_of_each_length_is_read_as_it_was_written,
		the_option_has_the_bytes_of_the_rfc,
		an_option_that_makes_no_sense_is_ignored,
		the_answers_of_all_lengths_give_their_prefix,
		each_prefix_counts_once_and_the_least_ttl,
		an_address_of_two_meanings_is_ignored,
		what_is_no_answer_to_the_query_is_ignored,
		a_router_comes_before_dns_and_the_one_in_use_stays,
		a_prefix_is_withdrawn_prolonged_and_learnt_from_both,
		no_more_than_a_few_are_remembered,
	};
	Suite *s = suite_create("pref64_discovery");
	TCase *tc = tcase_create("pref64_discovery");
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
