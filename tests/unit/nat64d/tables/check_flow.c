/*
 * The buckets of the flow cache. Lookups through it are tested by
 * check_tables.c, the hash by check_keyhash.c.
 */
#include <check.h>

#include "nat64d/tables/flow.h"

#include "tests/unit/suite.h"

#define NTUPLES 4096

static struct flow_cache c;

/* Any pointers: the cache does not dereference them. */
static struct session *const mark = (struct session *)(void *)&c;

static struct flow_place
place_of(uint64_t hash)
{
	return (flow_place(&c, hash * UINT64_C(0x9e3779b97f4a7c15)));
}

START_TEST(flow_finds_what_it_remembers)
{
	struct flow_place p;
	unsigned lost, i, j;

	flow_cache_init(&c, NTUPLES);
	for (i = 0; i < NTUPLES; i++) {
		p = place_of(i + 1);
		flow_remember(&p, mark);
	}
	/* Four in a bucket of eight on average: few find theirs full. */
	for (i = lost = 0; i < NTUPLES; i++) {
		p = place_of(i + 1);
		j = 0;
		lost += flow_candidate(&p, &j) == NULL;
	}
	ck_assert_uint_lt(lost, NTUPLES / 8);
	flow_cache_clear(&c);
}
END_TEST

START_TEST(flow_forget_leaves_the_others)
{
	static char marks[2];
	struct session *const a = (struct session *)(void *)&marks[0];
	struct session *const b = (struct session *)(void *)&marks[1];
	struct flow_place p;
	unsigned i = 0;

	flow_cache_init(&c, 1);
	p = place_of(7);
	flow_remember(&p, a);
	flow_remember(&p, b);
	flow_forget(&p, a);
	ck_assert_ptr_eq(flow_candidate(&p, &i), b);
	i++;
	ck_assert_ptr_null(flow_candidate(&p, &i));
	flow_cache_clear(&c);
}
END_TEST

START_TEST(flow_place_without_memory_has_no_candidates)
{
	const struct flow_cache none = { .memory = NULL };
	const struct flow_place p = flow_place(&none, 7);
	unsigned i = 0;

	ck_assert_ptr_null(flow_candidate(&p, &i));
	flow_remember(&p, mark);
	flow_forget(&p, mark);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("flow");
	Suite *s = suite_create("flow");

	tcase_add_test(tc, flow_finds_what_it_remembers);
	tcase_add_test(tc, flow_forget_leaves_the_others);
	tcase_add_test(tc, flow_place_without_memory_has_no_candidates);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
