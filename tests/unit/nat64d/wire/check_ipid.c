/*
 * Unit tests of ipid.c.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <stdint.h>

#include "nat64d/wire/ipid.h"

#include "tests/unit/ipid_util.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

static const struct siphash_key key = { { 1, 2, 3, 4, 5, 6, 7, 8 } };

static uint32_t
next_random(void *arg)
{
	return (wire_random(arg));
}

static struct in_addr
addr(const char *text)
{
	struct in_addr a;

	ck_assert_int_eq(inet_pton(AF_INET, text, &a), 1);
	return (a);
}

static struct ipid *
generator(uint32_t seed)
{
	static struct ipid g;
	const struct rng rng = { .next = next_random, .arg = &seed };

	ipid_init(&g, &key, &rng);
	return (&g);
}

/* Shows: XLT-22 XLT-40 */
START_TEST(take_repeats_no_number_of_a_triple_before_all_are_used)
{
	struct ipid *g = generator(1);
	static uint8_t seen[65536];
	const struct in_addr src = addr("203.0.113.5");
	const struct in_addr dst = addr("198.51.100.20");
	int i;

	for (i = 0; i < 65536; i++)
		ck_assert_uint_eq(
		    seen[ipid_take(g, src, dst, IPPROTO_UDP, 1)]++, 0);
}
END_TEST

/* Shows: XLT-40 GSO-15 */
START_TEST(take_of_several_reserves_consecutive_numbers)
{
	struct ipid *g = generator(1);
	const struct in_addr src = addr("203.0.113.5");
	const struct in_addr dst = addr("198.51.100.20");
	uint16_t first, next;

	first = ipid_take(g, src, dst, IPPROTO_TCP, 44);
	next = ipid_take(g, src, dst, IPPROTO_TCP, 1);
	ck_assert_uint_eq(next, (uint16_t)(first + 44));
}
END_TEST

/* Shows: XLT-40 */
START_TEST(take_wraps_round)
{
	static struct ipid g;
	const struct in_addr a = addr("192.0.2.1");

	ipid_init_fixed(&g, 0xfffe);
	ck_assert_uint_eq(ipid_take(&g, a, a, IPPROTO_UDP, 3), 0xfffe);
	ck_assert_uint_eq(ipid_take(&g, a, a, IPPROTO_UDP, 1), 1);
}
END_TEST

/* Shows: XLT-40 */
START_TEST(destinations_protocols_and_sources_have_counters_of_their_own)
{
	static const struct {
		const char *name;
		const char *src;
		const char *dst;
		uint8_t proto;
	} rows[] = {
		{ "source", "203.0.113.6", "198.51.100.20", IPPROTO_UDP },
		{ "destination", "203.0.113.5", "198.51.100.21", IPPROTO_UDP },
		{ "protocol", "203.0.113.5", "198.51.100.20", IPPROTO_TCP },
	};
	struct ipid *g;
	struct in_addr src = addr("203.0.113.5");
	struct in_addr dst = addr("198.51.100.20");
	uint16_t first;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		g = generator(1);
		first = ipid_take(g, src, dst, IPPROTO_UDP, 1);
		(void)ipid_take(g, addr(rows[i].src), addr(rows[i].dst),
		    rows[i].proto, 1);
		/* Holds for this key; two triples may share a counter. */
		ck_assert_msg(ipid_take(g, src, dst, IPPROTO_UDP, 1) ==
			(uint16_t)(first + 1),
		    "%s", rows[i].name);
	}
}
END_TEST

/* Shows: XLT-40 */
START_TEST(starting_points_depend_on_the_random_numbers_of_the_start)
{
	const struct in_addr a = addr("192.0.2.1");
	uint16_t first;

	first = ipid_take(generator(1), a, a, IPPROTO_UDP, 1);
	ck_assert_uint_eq(ipid_take(generator(1), a, a, IPPROTO_UDP, 1),
	    first);
	ck_assert_uint_ne(ipid_take(generator(2), a, a, IPPROTO_UDP, 1),
	    first);
}
END_TEST

/* Shows: XLT-40 */
START_TEST(init_fixed_starts_every_triple_at_the_value)
{
	static struct ipid g;
	struct in_addr dst = { 0 };
	unsigned i;

	ipid_init_fixed(&g, 0x1001);
	for (i = 0; i < IPID_NCOUNTERS; i++)
		ck_assert_uint_eq(g.next[i], 0x1001);
	ck_assert_uint_eq(ipid_take(&g, dst, dst, IPPROTO_UDP, 1), 0x1001);
}
END_TEST

/* Shows: XLT-40 */
START_TEST(sharing_begins_and_ends_without_a_number_twice)
{
	static uint32_t shared[IPID_NCOUNTERS];
	struct ipid *g = generator(1);
	const struct in_addr src = addr("203.0.113.5");
	const struct in_addr dst = addr("198.51.100.20");
	uint32_t *counter = &shared[ipid_index(g, src, dst, IPPROTO_UDP)];
	const uint16_t first = ipid_take(g, src, dst, IPPROTO_UDP, 1);

	ipid_share(g, shared);
	ck_assert_uint_eq((uint16_t)*counter, (uint16_t)(first + 1));
	*counter += 5; /* taken by the other one */
	ck_assert_uint_eq(ipid_take(g, src, dst, IPPROTO_UDP, 3),
	    (uint16_t)(first + 6));
	*counter += 0x10000; /* all numbers */
	ck_assert_uint_eq(ipid_take(g, src, dst, IPPROTO_UDP, 1),
	    (uint16_t)(first + 9));
	ipid_share(g, NULL);
	ck_assert_uint_eq(ipid_take(g, src, dst, IPPROTO_UDP, 1),
	    (uint16_t)(first + 10));
	ck_assert_uint_eq((uint16_t)*counter, (uint16_t)(first + 10));
}
END_TEST

static Suite *
ipid_suite(void)
{
	Suite *s = suite_create("ipid");
	TCase *tc = tcase_create("ipid");

	tcase_add_test(tc,
	    take_repeats_no_number_of_a_triple_before_all_are_used);
	tcase_add_test(tc, take_of_several_reserves_consecutive_numbers);
	tcase_add_test(tc, take_wraps_round);
	tcase_add_test(tc,
	    destinations_protocols_and_sources_have_counters_of_their_own);
	tcase_add_test(tc,
	    starting_points_depend_on_the_random_numbers_of_the_start);
	tcase_add_test(tc, init_fixed_starts_every_triple_at_the_value);
	tcase_add_test(tc, sharing_begins_and_ends_without_a_number_twice);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(ipid_suite()));
}
