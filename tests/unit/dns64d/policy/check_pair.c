/*
 * Tests of what is thought of a translator, or of a pair, from what its nodes
 * say.
 */
#include <check.h>

#include "dns64d/policy/pair.h"

#include "tests/unit/suite.h"

static struct monotime now;

static struct pair
pair_of(size_t n)
{
	now = (struct monotime){ .ns = 1000000000 };
	return ((struct pair){ .n = n });
}

static void
pass(int64_t ms)
{
	now = monotime_add_ms(now, ms);
}

/* A node is asked, and answers this. */
static void
says(struct pair *p, size_t index, bool up, bool draining)
{
	struct pair_node *node = &p->node[index];

	node->asked = now;
	node->answered = true;
	node->lost = 0;
	node->metrics = (struct metrics){ .up = up, .draining = draining };
	pair_observe(p, index, now);
}

static void
translates(struct pair *p, size_t index)
{
	says(p, index, true, false);
}

static void
stands_by(struct pair *p, size_t index)
{
	says(p, index, false, false);
}

/* A node is asked, and does not answer. */
static void
is_silent(struct pair *p, size_t index)
{
	p->node[index].asked = now;
	p->node[index].lost++;
	p->node[index].why = "no answer";
	pair_observe(p, index, now);
}

/* Shows: DNS64-92 */
START_TEST(single_node_is_what_it_says_at_once)
{
	struct pair p = pair_of(1);

	translates(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_UP);
	says(&p, 0, true, true);
	ck_assert_int_eq(p.state, BALANCE_DRAINING);
	ck_assert_str_eq(p.why, "nat64d_draining is 1");
	translates(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_UP);
	stands_by(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_DRAINING);
	ck_assert_str_eq(p.why, "nat64d_up is 0");
	ck_assert_uint_eq(pair_failover_ms(&p, now), 0);
}
END_TEST

/* Shows: DNS64-92 */
START_TEST(single_node_is_down_when_it_is_lost_twice)
{
	struct pair p = pair_of(1);

	ck_assert_int_eq(p.state, BALANCE_UP);
	translates(&p, 0);
	is_silent(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_UP);
	is_silent(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_DOWN);
	ck_assert_str_eq(p.why, "no answer");
	translates(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_UP);
}
END_TEST

START_TEST(pair_is_what_the_node_says_that_translates)
{
	struct pair p = pair_of(2);

	says(&p, 1, false, true);
	ck_assert_int_eq(p.state, BALANCE_UP);
	translates(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_UP);
	ck_assert_uint_eq(p.active, 0);
	says(&p, 0, true, true);
	ck_assert_int_eq(p.state, BALANCE_DRAINING);
	stands_by(&p, 1);
	ck_assert_int_eq(p.state, BALANCE_DRAINING);
	translates(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_UP);
}
END_TEST

START_TEST(pair_does_not_need_its_standby)
{
	struct pair p = pair_of(2);

	translates(&p, 0);
	is_silent(&p, 1);
	is_silent(&p, 1);
	is_silent(&p, 1);
	ck_assert_int_eq(p.state, BALANCE_UP);
	ck_assert_int_eq(pair_node_state(&p.node[1]), PAIR_NODE_LOST);
	ck_assert_uint_eq(pair_failover_ms(&p, now), 0);
}
END_TEST

START_TEST(failover_changes_nothing)
{
	struct pair p = pair_of(2);

	translates(&p, 0);
	stands_by(&p, 1);
	pass(2000);
	is_silent(&p, 0);
	ck_assert_uint_gt(pair_failover_ms(&p, now), PAIR_FAILOVER_MS - 10);
	pass(PAIR_FAILOVER_MS - 10);
	stands_by(&p, 1);
	is_silent(&p, 0);
	is_silent(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_UP);
	ck_assert_uint_gt(pair_failover_ms(&p, now), 0);
	translates(&p, 1);
	ck_assert_int_eq(p.state, BALANCE_UP);
	ck_assert_uint_eq(p.active, 1);
	ck_assert_uint_eq(pair_failover_ms(&p, now), 0);
	pass(PAIR_FAILOVER_MS);
	is_silent(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_UP);
}
END_TEST

START_TEST(failover_in_a_pair_that_drains_leaves_it_draining)
{
	struct pair p = pair_of(2);

	says(&p, 0, true, true);
	stands_by(&p, 1);
	is_silent(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_DRAINING);
	says(&p, 1, true, true);
	ck_assert_int_eq(p.state, BALANCE_DRAINING);
	translates(&p, 1);
	ck_assert_int_eq(p.state, BALANCE_UP);
}
END_TEST

START_TEST(pair_is_down_when_both_nodes_are_lost_for_long)
{
	struct pair p = pair_of(2);

	translates(&p, 0);
	stands_by(&p, 1);
	is_silent(&p, 0);
	is_silent(&p, 0);
	pass(PAIR_FAILOVER_MS);
	is_silent(&p, 1);
	/* Once may be an accident. */
	ck_assert_int_eq(p.state, BALANCE_UP);
	is_silent(&p, 1);
	ck_assert_int_eq(p.state, BALANCE_DOWN);
	ck_assert_str_eq(p.why, "no answer");
	stands_by(&p, 1);
	ck_assert_int_eq(p.state, BALANCE_DRAINING);
	is_silent(&p, 1);
	ck_assert_int_eq(p.state, BALANCE_DRAINING);
	translates(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_UP);
	ck_assert_uint_eq(p.active, 0);
}
END_TEST

START_TEST(pair_of_two_standbys_gets_no_clients)
{
	struct pair p = pair_of(2);

	translates(&p, 1);
	stands_by(&p, 0);
	stands_by(&p, 1);
	ck_assert_int_eq(p.state, BALANCE_UP);
	pass(PAIR_FAILOVER_MS - 1);
	stands_by(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_UP);
	pass(1);
	stands_by(&p, 0);
	ck_assert_int_eq(p.state, BALANCE_DRAINING);
	ck_assert_str_eq(p.why, "nat64d_up is 0");
}
END_TEST

/* A node that leaves translates what is on its way; or by mistake. */
START_TEST(of_two_that_translate_the_first_counts_until_it_ends)
{
	struct pair p = pair_of(2);

	translates(&p, 0);
	says(&p, 1, true, true);
	ck_assert_uint_eq(p.active, 0);
	ck_assert_int_eq(p.state, BALANCE_UP);
	stands_by(&p, 0);
	ck_assert_uint_eq(p.active, 1);
	ck_assert_int_eq(p.state, BALANCE_DRAINING);
	translates(&p, 0);
	ck_assert_uint_eq(p.active, 1);
}
END_TEST

START_TEST(node_has_a_state)
{
	struct pair p = pair_of(2);

	ck_assert_str_eq(pair_node_state_name(pair_node_state(&p.node[0])),
	    "unknown");
	translates(&p, 0);
	ck_assert_str_eq(pair_node_state_name(pair_node_state(&p.node[0])),
	    "active");
	stands_by(&p, 0);
	ck_assert_str_eq(pair_node_state_name(pair_node_state(&p.node[0])),
	    "standby");
	is_silent(&p, 0);
	ck_assert_str_eq(pair_node_state_name(pair_node_state(&p.node[0])),
	    "unknown");
	is_silent(&p, 0);
	ck_assert_str_eq(pair_node_state_name(pair_node_state(&p.node[0])),
	    "lost");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pair");
	TCase *tc = tcase_create("pair");

	tcase_add_test(tc, single_node_is_what_it_says_at_once);
	tcase_add_test(tc, single_node_is_down_when_it_is_lost_twice);
	tcase_add_test(tc, pair_is_what_the_node_says_that_translates);
	tcase_add_test(tc, pair_does_not_need_its_standby);
	tcase_add_test(tc, failover_changes_nothing);
	tcase_add_test(tc, failover_in_a_pair_that_drains_leaves_it_draining);
	tcase_add_test(tc, pair_is_down_when_both_nodes_are_lost_for_long);
	tcase_add_test(tc, pair_of_two_standbys_gets_no_clients);
	tcase_add_test(tc,
	    of_two_that_translate_the_first_counts_until_it_ends);
	tcase_add_test(tc, node_has_a_state);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
