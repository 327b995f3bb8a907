/*
 * The hash of the flow cache: spread, secrecy of the keys, families apart.
 * That lookups through it are right is check_tables.c's to show.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdlib.h>

#include "nat64d/flow.h"

#define NTUPLES 4096

static const struct siphash_key key_a = { "sixteen bytes a" };
static const struct siphash_key key_b = { "sixteen bytes b" };

static struct flow_cache c;

/* Many hosts of one /64 talking to one server: the usual regularity. */
static struct tuple6
tuple6_number(unsigned i)
{
	struct tuple6 t = { .src.port = (uint16_t)(1024 + i % 7),
		.dst.port = 443 };

	inet_pton(AF_INET6, "2001:db8:64::c633:6414", &t.dst.addr);
	inet_pton(AF_INET6, "2001:db8:1::", &t.src.addr);
	t.src.addr.s6_addr[14] = (uint8_t)(i >> 8);
	t.src.addr.s6_addr[15] = (uint8_t)i;
	return (t);
}

static struct tuple4
tuple4_number(unsigned i)
{
	struct tuple4 t = { .src.port = (uint16_t)(1024 + i),
		.dst.port = 443 };

	t.src.addr.s_addr = htonl(0xcb007105);
	t.dst.addr.s_addr = htonl(0xc6336414);
	return (t);
}

/* Shows: LIM-05 */
START_TEST(flow_place_spreads_regular_tuples)
{
	/* Any address will do: the cache never looks at it. */
	struct session *const mark = (struct session *)(void *)&c;
	struct flow_place p;
	struct tuple6 t6;
	struct tuple4 t4;
	unsigned lost, i, j;

	flow_cache_init(&c, NTUPLES, &key_a);
	for (i = 0; i < NTUPLES / 2; i++) {
		t6 = tuple6_number(i);
		t4 = tuple4_number(i);
		p = flow_place6(&c, L4_TCP, &t6);
		flow_remember(&p, mark);
		p = flow_place4(&c, L4_TCP, &t4);
		flow_remember(&p, mark);
	}
	/* Four in a bucket of eight on average: few find theirs full. */
	for (i = lost = 0; i < NTUPLES / 2; i++) {
		t6 = tuple6_number(i);
		p = flow_place6(&c, L4_TCP, &t6);
		j = 0;
		lost += flow_candidate(&p, &j) == NULL;
	}
	ck_assert_uint_lt(lost, NTUPLES / 2 / 8);
	flow_cache_clear(&c);
}
END_TEST

/* Shows: LIM-05 */
START_TEST(flow_place_depends_on_the_secret)
{
	struct flow_cache other;
	struct tuple6 t;
	unsigned same = 0, i;

	flow_cache_init(&c, NTUPLES, &key_a);
	flow_cache_init(&other, NTUPLES, &key_b);
	for (i = 0; i < NTUPLES; i++) {
		t = tuple6_number(i);
		same += flow_place6(&c, L4_UDP, &t).bucket - c.buckets ==
		    flow_place6(&other, L4_UDP, &t).bucket - other.buckets;
	}
	ck_assert_uint_lt(same, 32);
	flow_cache_clear(&c);
	flow_cache_clear(&other);
}
END_TEST

START_TEST(flow_forget_leaves_the_others)
{
	static char marks[2];
	struct session *const a = (struct session *)(void *)&marks[0];
	struct session *const b = (struct session *)(void *)&marks[1];
	const struct tuple6 t = tuple6_number(0);
	struct flow_place p;
	unsigned i = 0;

	flow_cache_init(&c, 1, &key_a);
	p = flow_place6(&c, L4_TCP, &t);
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
	const struct tuple6 t = tuple6_number(0);
	const struct flow_place p = flow_place6(&none, L4_TCP, &t);
	unsigned i = 0;

	ck_assert_ptr_null(flow_candidate(&p, &i));
	flow_remember(&p, (struct session *)(void *)&c);
	flow_forget(&p, (struct session *)(void *)&c);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("flow");
	Suite *s = suite_create("flow");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, flow_place_spreads_regular_tuples);
	tcase_add_test(tc, flow_place_depends_on_the_secret);
	tcase_add_test(tc, flow_forget_leaves_the_others);
	tcase_add_test(tc, flow_place_without_memory_has_no_candidates);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
