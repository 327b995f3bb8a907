/*
 * Two nodes and a simulated store (tests/unit/redis_fake.h) in cases that are
 * too rare for chance: both are active with the same number or with the same
 * epoch, and a store that drops what it was given.
 */
#include <check.h>
#include <string.h>

#include "nat64d/core/nat64_role.h"
#include "nat64d/state/follow.h"
#include "nat64d/state/publish.h"
#include "tests/unit/nat64_lab.h"
#include "tests/unit/redis_fake.h"
#include "tests/unit/replica_look.h"
#include "tests/unit/suite.h"

#define STEP_MS 5

struct node {
	struct nat64 *n;
	struct store *store;
	struct publisher *publisher;
	struct follower *follower;
};

static struct node nodes[2];
static const struct replica_seal ours = { .pair = "pair" };

static void
setup(void)
{
	lab_setup();
	redis_fake_begin();
	redis_fake_set_delay(2);
	nat64_free(lab.n);
	lab.n = NULL;
	memset(nodes, 0, sizeof(nodes));
}

static struct event_base *
machine(struct node *d)
{
	return ((struct event_base *)d);
}

/* At standby. */
static struct node *
start_node(unsigned i, uint8_t number)
{
	struct node *d = &nodes[i];

	lab.conf.pool_opts.node = number;
	lab_start();
	d->n = lab.n;
	lab.n = NULL;
	nat64_set_role(d->n, NAT64_ROLE_STANDBY, lab.now);
	d->store = redis_fake_connect(machine(d));
	d->publisher =
	    publisher_new(machine(d), d->n, d->store, &ours, number, 0);
	d->follower = follower_new(machine(d), d->n, d->store, &ours);
	REQUIRE(d->publisher != NULL && d->follower != NULL);
	follower_start(d->follower, 0);
	return (d);
}

static void
activate(struct node *d)
{
	nat64_set_role(d->n, NAT64_ROLE_ACTIVE, lab.now);
	follower_stop(d->follower);
	publisher_start(d->publisher);
}

static void
end_node(struct node *d)
{
	if (d->n == NULL)
		return;
	publisher_free(d->publisher);
	follower_free(d->follower);
	redis_fake_close(d->store);
	nat64_free(d->n);
	d->n = NULL;
}

static void
teardown(void)
{
	end_node(&nodes[0]);
	end_node(&nodes[1]);
	redis_fake_end();
	lab_teardown();
}

static void
run_ms(int64_t ms)
{
	for (; ms > 0; ms -= STEP_MS) {
		redis_fake_run();
		lab_doze_ms(STEP_MS);
	}
}

static void
open_from(struct node *d, uint16_t port, unsigned n)
{
	lab.n = d->n;
	for (; n > 0; n--)
		lab_udp(CLIENT6, port++, SERVER6, PORT_SERVER);
	lab.n = NULL;
}

static void
open_sessions(struct node *d, unsigned n)
{
	open_from(d, PORT6, n);
}

static struct publish_count
count(const struct node *d)
{
	return (publisher_count(d->publisher));
}

static void
expect_both_to_know(const struct node *a, const struct node *b)
{
	ck_assert_uint_eq(count(a).rivals, 1);
	ck_assert_uint_eq(count(b).rivals, 1);
	ck_assert_uint_ne(count(a).rival, 0);
	ck_assert_uint_ne(count(b).rival, 0);
	ck_assert_uint_ne(publisher_epoch(a->publisher),
	    publisher_epoch(b->publisher));
}

/* --- both are active --- */

START_TEST(two_nodes_of_one_number_both_know)
{
	struct node *a = start_node(0, 1), *b = start_node(1, 1);

	activate(a);
	run_ms(3000);
	activate(b);
	run_ms(5000);
	expect_both_to_know(a, b);
	ck_assert_uint_eq(count(a).rival, 1);
	ck_assert_uint_eq(count(b).rival, 1);
	publisher_stop(b->publisher);
	run_ms(10000);
	ck_assert_uint_eq(count(a).rival, 0);
	ck_assert(count(a).complete);
}
END_TEST

/* Neither finds an epoch of the other one, and their clocks are the same. */
START_TEST(two_nodes_with_one_epoch_both_know)
{
	struct node *a = start_node(0, 1), *b = start_node(1, 2);
	struct replica_origin o;

	redis_fake_set_delay(0);
	activate(a);
	activate(b);
	run_ms(50);
	ck_assert_uint_eq(publisher_epoch(a->publisher),
	    publisher_epoch(b->publisher));
	redis_fake_set_delay(20);
	run_ms(10000);
	ck_assert_uint_eq(count(a).rivals, 1);
	ck_assert_uint_eq(count(b).rivals, 1);
	REQUIRE(replica_look_epoch(redis_fake_db(), &ours, &o));
	ck_assert_uint_eq(o.node, 2);
}
END_TEST

/* They would write under the same keys. */
START_TEST(two_nodes_of_one_number_with_one_epoch_both_know)
{
	struct node *a = start_node(0, 1), *b = start_node(1, 1);

	redis_fake_set_delay(0);
	activate(a);
	activate(b);
	run_ms(50);
	ck_assert_uint_ge(count(a).epochs + count(b).epochs, 3);
	redis_fake_set_delay(20);
	run_ms(15000);
	expect_both_to_know(a, b);
}
END_TEST

/* --- a store that drops --- */

static struct node *
publish(unsigned n)
{
	struct node *a = start_node(0, 1);

	activate(a);
	run_ms(100);
	open_sessions(a, n);
	run_ms(3000);
	ck_assert(count(a).complete);
	ck_assert_uint_eq(count(a).epochs, 1);
	return (a);
}

static const char *const keys[] = { ":state", ":log", "" };

START_TEST(what_the_store_has_dropped_is_written_again)
{
	struct node *a = publish(5), *b;

	redis_db_drop(redis_fake_db(), keys[_i]);
	run_ms(1500); /* a beat */
	ck_assert_uint_eq(count(a).drops, 1);
	ck_assert(count(a).dropped);
	run_ms(3000);
	ck_assert(count(a).complete);
	ck_assert_uint_eq(count(a).epochs, 2);
	b = start_node(1, 2);
	run_ms(5000);
	ck_assert_uint_eq(session_count(nat64_sessions(b->n)), 5);
	ck_assert_ptr_null(follower_incomplete(b->follower));
	run_ms(60000);
	ck_assert(!count(a).dropped);
	ck_assert_uint_eq(count(a).drops, 1);
}
END_TEST

/* The next command makes the key again. */
START_TEST(what_was_dropped_and_made_again_is_noticed)
{
	struct node *a = publish(5);

	redis_db_drop(redis_fake_db(), ":state");
	open_sessions(a, 20);
	run_ms(4500);
	ck_assert_uint_eq(count(a).drops, 1);
	ck_assert(count(a).complete);
}
END_TEST

START_TEST(no_session_is_no_drop)
{
	struct node *a = publish(0);

	run_ms(20000);
	ck_assert_uint_eq(count(a).drops, 0);
	ck_assert_uint_eq(count(a).epochs, 1);
}
END_TEST

/* At once, then after 2, 4, 8 ... seconds. */
START_TEST(a_store_that_drops_always_is_written_less_and_less_often)
{
	struct node *a = publish(5);
	unsigned i;

	run_ms(60000);
	for (i = 0; i < 120; i++) {
		redis_db_drop(redis_fake_db(), ":state");
		run_ms(1000);
	}
	ck_assert_uint_ge(count(a).drops, 5);
	ck_assert_uint_le(count(a).drops, 9);
	run_ms(65000);
	ck_assert(count(a).complete);
}
END_TEST

/* Nor does a standby take what is missing for ended. */
START_TEST(a_hash_that_was_dropped_ends_nothing)
{
	struct node *a = publish(5), *b = start_node(1, 2);

	run_ms(5000);
	ck_assert_uint_eq(session_count(nat64_sessions(b->n)), 5);
	end_node(a);
	redis_db_drop(redis_fake_db(), ":state");
	redis_fake_lose(b->store);
	follower_lost(b->follower);
	redis_fake_make_ready(b->store);
	follower_ready(b->follower);
	run_ms(5000);
	ck_assert_uint_ge(follower_count(b->follower).drops, 1);
	ck_assert_uint_eq(session_count(nat64_sessions(b->n)), 5);
	ck_assert_ptr_null(follower_incomplete(b->follower));
}
END_TEST

/* --- a table that is nearly full --- */

/* Sessions of the last epoch take the room of those of the next one. */
START_TEST(a_full_standby_has_all_sessions_of_the_next_epoch)
{
	struct node *a, *b;

	lab.conf.max_sessions = 6;
	a = publish(5);
	b = start_node(1, 2);
	run_ms(5000);
	ck_assert_uint_eq(session_count(nat64_sessions(b->n)), 5);
	end_node(a);
	a = start_node(0, 1);
	activate(a);
	open_from(a, PORT6 + 100, 4);
	run_ms(10000);
	ck_assert_uint_eq(session_count(nat64_sessions(b->n)), 4);
	ck_assert_uint_eq(follower_count(b->follower).left, 3);
	ck_assert_uint_eq(follower_count(b->follower).copies, 2);
}
END_TEST

/* Nor is it tried forever where the standby allows fewer. */
START_TEST(a_smaller_standby_copies_an_epoch_twice_at_most)
{
	struct node *a = publish(20), *b;

	lab.conf.max_sessions = 6;
	b = start_node(1, 2);
	run_ms(5000);
	end_node(a);
	lab.conf.max_sessions = 20;
	a = start_node(0, 1);
	activate(a);
	open_from(a, PORT6 + 100, 20);
	run_ms(60000);
	ck_assert_uint_eq(session_count(nat64_sessions(b->n)), 6);
	ck_assert_uint_eq(follower_count(b->follower).copies, 2);
	ck_assert_ptr_null(follower_incomplete(b->follower));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("publish");
	TCase *tc = tcase_create("publish");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, two_nodes_of_one_number_both_know);
	tcase_add_test(tc, two_nodes_with_one_epoch_both_know);
	tcase_add_test(tc, two_nodes_of_one_number_with_one_epoch_both_know);
	tcase_add_loop_test(tc, what_the_store_has_dropped_is_written_again, 0,
	    3);
	tcase_add_test(tc, what_was_dropped_and_made_again_is_noticed);
	tcase_add_test(tc, no_session_is_no_drop);
	tcase_add_test(tc,
	    a_store_that_drops_always_is_written_less_and_less_often);
	tcase_add_test(tc, a_hash_that_was_dropped_ends_nothing);
	tcase_add_test(tc, a_full_standby_has_all_sessions_of_the_next_epoch);
	tcase_add_test(tc, a_smaller_standby_copies_an_epoch_twice_at_most);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
