/*
 * Unit tests of what an operator wants forgotten.
 */
#include <check.h>
#include <stdio.h>

#include "dns64d/cache/cache.h"
#include "dns64d/cache/flush_list.h"
#include "dns64d/wire/msg.h"
#include "dns64d/wire/name_text.h"
#include "tests/unit/cache_util.h"
#include "tests/unit/suite.h"

#define SOA "example. 300 IN SOA ns.example. root.example. 1 2 3 4 120\n"

static void
forget(const char *name, bool below, int64_t secs)
{
	uint8_t wire[MSG_NAME_MAX];

	ck_assert_uint_ne(name_from_text(name, wire), 0);
	cache_flush(cache, wire, below, at(secs));
}

static size_t
entries(void)
{
	struct lru_counts counts;

	cache_count(cache, &counts);
	return (counts.entries);
}

static void
sweep_all(void)
{
	while (cache_flush_some(cache, 64))
		continue;
}

static void
fill(void)
{
	put("www.example. A", 0, "NOERROR\nAN www.example. 100 A 192.0.2.1\n");
	put("www.example. AAAA", 0, "NOERROR\nNS " SOA);
	put("www.example. TXT", 0, "NOERROR\nAN www.example. 100 TXT \"x\"\n");
	put("a.www.example. A", 0,
	    "NOERROR\nAN a.www.example. 100 A 192.0.2.1\n");
	put("xwww.example. A", 0,
	    "NOERROR\nAN xwww.example. 100 A 192.0.2.1\n");
	put("other.test. A", 0, "NOERROR\nAN other.test. 100 A 192.0.2.1\n");
}

START_TEST(a_name_is_forgotten_with_all_its_types_and_nothing_else)
{
	fill();
	forget("WWW.example.", false, 1);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_MISS);
	ck_assert_int_eq(get("www.example. AAAA", 1), CACHE_MISS);
	ck_assert_int_eq(get("www.Example. TXT", 1), CACHE_MISS);
	ck_assert_int_eq(get("a.www.example. A", 1), CACHE_FRESH);
	ck_assert_int_eq(get("xwww.example. A", 1), CACHE_FRESH);
	ck_assert_int_eq(get("other.test. A", 1), CACHE_FRESH);
}
END_TEST

START_TEST(a_zone_is_forgotten_with_what_is_below)
{
	fill();
	forget("www.example.", true, 1);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_MISS);
	ck_assert_int_eq(get("a.www.example. A", 1), CACHE_MISS);
	ck_assert_int_eq(get("xwww.example. A", 1), CACHE_FRESH);
	forget(".", true, 1);
	ck_assert_int_eq(get("xwww.example. A", 1), CACHE_MISS);
	ck_assert_int_eq(get("other.test. A", 1), CACHE_MISS);
}
END_TEST

START_TEST(what_is_stored_afterwards_stays)
{
	fill();
	forget("www.example.", true, 1);
	put("www.example. A", 2, "NOERROR\nAN www.example. 100 A 192.0.2.2\n");
	ck_assert_int_eq(get("www.example. A", 3), CACHE_FRESH);
	sweep_all();
	ck_assert_int_eq(get("www.example. A", 3), CACHE_FRESH);
	ck_assert_int_eq(get("a.www.example. A", 3), CACHE_MISS);
}
END_TEST

START_TEST(aliases_whose_end_is_flushed_are_forgotten)
{
	put("www.example. A", 0,
	    "NOERROR\nAN www.example. 100 CNAME cdn.test.\n"
	    "AN cdn.test. 100 A 192.0.2.1\n");
	put("ftp.example. A", 0,
	    "NOERROR\nAN ftp.example. 100 CNAME xcdn.test.\n"
	    "AN xcdn.test. 100 A 192.0.2.1\n");
	forget("cdn.test.", false, 1);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_MISS);
	ck_assert_int_eq(get("ftp.example. A", 1), CACHE_FRESH);
}
END_TEST

START_TEST(failures_and_denials_are_forgotten)
{
	put_failure("www.example. A", 0, NULL);
	put("no.example. A", 0, "NXDOMAIN\nNS " SOA);
	forget("www.example.", false, 1);
	forget("no.example.", false, 1);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_MISS);
	ck_assert_int_eq(get("no.example. MX", 1), CACHE_MISS);
	sweep_all();
	ck_assert_uint_eq(entries(), 0);
}
END_TEST

START_TEST(a_denial_of_a_parent_is_forgotten_if_it_denies_the_name)
{
	rules.nxdomain_cut = true;
	renew();
	put("no.example. A", 0, "NXDOMAIN\nNS " SOA);
	ck_assert_int_eq(get("a.b.no.example. A", 0), CACHE_FRESH);
	forget("b.no.example.", false, 1);
	ck_assert_int_eq(get("a.b.no.example. A", 1), CACHE_MISS);
	rules.nxdomain_cut = false;
	renew();
	put("no.example. A", 0, "NXDOMAIN\nNS " SOA);
	forget("b.no.example.", false, 1);
	ck_assert_int_eq(get("no.example. A", 1), CACHE_FRESH);
}
END_TEST

START_TEST(memory_is_freed_in_steps)
{
	char of[64], reply[128];
	unsigned i, steps;

	for (i = 0; i < 500; i++) {
		snprintf(of, sizeof(of), "n%u.%s A", i,
		    i % 2 ? "example." : "test.");
		snprintf(reply, sizeof(reply),
		    "NOERROR\nAN n%u.%s 100 A 192.0.2.1\n", i,
		    i % 2 ? "example." : "test.");
		put(of, 0, reply);
	}
	ck_assert_uint_eq(entries(), 500);
	forget("example.", true, 1);
	ck_assert_uint_eq(entries(), 500);
	ck_assert(cache_flush_some(cache, 1));
	ck_assert_uint_ge(entries(), 490);
	for (steps = 0; cache_flush_some(cache, 64); steps++)
		ck_assert_uint_lt(steps, 100000);
	ck_assert_uint_gt(steps, 2);
	ck_assert_uint_eq(entries(), 250);
	ck_assert(!cache_flush_some(cache, 64));
	ck_assert_int_eq(get("n1.example. A", 1), CACHE_MISS);
	ck_assert_int_eq(get("n2.test. A", 1), CACHE_FRESH);
}
END_TEST

START_TEST(too_many_flushes_at_a_time_flush_everything)
{
	char name[32];
	unsigned i;

	fill();
	for (i = 0; i < FLUSH_MAX; i++) {
		snprintf(name, sizeof(name), "n%u.example.", i);
		forget(name, false, 1);
	}
	ck_assert_int_eq(get("www.example. A", 1), CACHE_FRESH);
	forget("last.example.", false, 1);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_MISS);
	put("www.example. A", 2, "NOERROR\nAN www.example. 100 A 192.0.2.2\n");
	ck_assert_int_eq(get("www.example. A", 2), CACHE_FRESH);
	sweep_all();
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(a_flush_during_the_search_is_searched_for_everywhere)
{
	fill();
	forget("www.example.", false, 1);
	ck_assert(cache_flush_some(cache, 100));
	forget("other.test.", false, 1);
	sweep_all();
	ck_assert_uint_eq(entries(), 2);
}
END_TEST

START_TEST(without_memory_there_is_nothing_to_flush)
{
	rules.bytes = 0;
	renew();
	forget(".", true, 1);
	ck_assert(!cache_flush_some(cache, 1));
}
END_TEST

static Suite *
cache_flush_suite(void)
{
	Suite *s = suite_create("cache_flush");
	TCase *tc = tcase_create("cache_flush");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
	    a_name_is_forgotten_with_all_its_types_and_nothing_else);
	tcase_add_test(tc, a_zone_is_forgotten_with_what_is_below);
	tcase_add_test(tc, what_is_stored_afterwards_stays);
	tcase_add_test(tc, aliases_whose_end_is_flushed_are_forgotten);
	tcase_add_test(tc, failures_and_denials_are_forgotten);
	tcase_add_test(tc,
	    a_denial_of_a_parent_is_forgotten_if_it_denies_the_name);
	tcase_add_test(tc, memory_is_freed_in_steps);
	tcase_add_test(tc, too_many_flushes_at_a_time_flush_everything);
	tcase_add_test(tc,
	    a_flush_during_the_search_is_searched_for_everywhere);
	tcase_add_test(tc, without_memory_there_is_nothing_to_flush);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(cache_flush_suite()));
}
