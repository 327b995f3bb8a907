/*
 * The simulation of tests/sim in small: who moves, how even the shares are, and
 * that loads settle.
 */
#include <check.h>
#include <math.h>

#include "tests/sim/fleet.h"
#include "tests/sim/loads.h"
#include "tests/unit/suite.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))
#define CLIENTS 20000
#define TRANSLATORS 20

static const enum policy_balance by_client[] = {
	POLICY_BALANCE_CLIENT_HASH,
	POLICY_BALANCE_LEAST_LOADED,
};

static void
set_state(struct fleet *f, size_t from, size_t to, enum balance_state state)
{
	for (; from < to; from++) {
		f->target[from].state = state;
		f->involved[from] = true;
	}
}

/* So many of the translators' clients have moved, and none of the others'. */
static void
check_moved(const struct fleet_result *r, double share)
{
	ck_assert_double_eq(r->needless, 0);
	ck_assert_double_gt(r->moved, 0.85 * share);
	ck_assert_double_lt(r->moved, 1.15 * share);
	ck_assert_double_lt(r->max, 1.1);
	ck_assert_double_le(r->p99, r->max);
}

/* Shows: DNS64-92 */
START_TEST(only_clients_of_those_that_go_or_come_move)
{
	struct fleet_result r;
	struct fleet *f;

	f = fleet_new(by_client[_i], CLIENTS, TRANSLATORS);
	r = fleet_ask(f);
	ck_assert_double_eq(r.moved, 0);
	set_state(f, 5, 6, BALANCE_DOWN);
	r = fleet_ask(f);
	check_moved(&r, 1.0 / TRANSLATORS);
	set_state(f, 5, 6, BALANCE_UP);
	r = fleet_ask(f);
	check_moved(&r, 1.0 / TRANSLATORS);
	set_state(f, 3, 9, BALANCE_DRAINING);
	r = fleet_ask(f);
	check_moved(&r, 6.0 / TRANSLATORS);
	set_state(f, 3, 9, BALANCE_UP);
	r = fleet_ask(f);
	check_moved(&r, 6.0 / TRANSLATORS);
	fleet_resize(f, TRANSLATORS + 1);
	f->involved[TRANSLATORS] = true;
	r = fleet_ask(f);
	check_moved(&r, 1.0 / (TRANSLATORS + 1));
	fleet_free(f);
}
END_TEST

/* Shows: DNS64-92 */
START_TEST(shares_follow_weights_when_one_goes)
{
	struct fleet_result r;
	struct fleet *f;
	size_t i;

	f = fleet_new(by_client[_i], CLIENTS, TRANSLATORS);
	for (i = 0; i < TRANSLATORS; i += 2)
		policy_set_weight(&f->policy, (int)i, 3);
	r = fleet_ask(f);
	ck_assert_double_lt(r.max, 1.1);
	set_state(f, 4, 5, BALANCE_DOWN);
	r = fleet_ask(f);
	check_moved(&r, 3.0 / (2 * TRANSLATORS));
	fleet_free(f);
}
END_TEST

static double
range(const double *v, unsigned from, unsigned to)
{
	double least = v[from], greatest = v[from];

	for (; from < to; from++) {
		least = fmin(least, v[from]);
		greatest = fmax(greatest, v[from]);
	}
	return (greatest - least);
}

/* In the last quarter of the time. */
struct summary {
	double swing;	 /* of the load of the fullest or the emptiest one */
	double greatest; /* load, at the end */
	double moved;	 /* share of those who asked */
};

static struct summary
summarise(const struct loads_conf *conf)
{
	const unsigned from = conf->steps * 3 / 4;
	struct summary s = { .moved = 0 };
	struct loads_result r;
	unsigned i;

	loads_run(conf, &r);
	s.swing = fmax(range(r.least, from, conf->steps),
	    range(r.greatest, from, conf->steps));
	s.greatest = r.greatest[conf->steps - 1];
	for (i = from; i < conf->steps; i++)
		s.moved += r.moved[i] / (conf->steps - from);
	loads_clear(&r);
	return (s);
}

/* TTL and life of sessions, from short to long. */
static const unsigned times[][2] = {
	{ 60, 10 },
	{ 60, 240 },
	{ 300, 20 },
	{ 300, 240 },
	{ 300, 1200 },
};

/* One dies and comes back, one has 20 % more than the others. */
static struct loads_conf
conf_of(const unsigned *time)
{
	return ((struct loads_conf){ .n_clients = 6000,
	    .n_translators = 10,
	    .poll_secs = 5,
	    .ttl_secs = time[0],
	    .session_secs = time[1],
	    .load = 0.6,
	    .extra = 0.2,
	    .steps = 1600,
	    .dead_from = 300,
	    .dead_until = 600 });
}

/* Shows: DNS64-92 */
START_TEST(loads_settle_and_clients_stay)
{
	const struct loads_conf conf = conf_of(times[_i]);
	const struct summary s = summarise(&conf);

	ck_assert_double_lt(s.swing, 0.05);
	ck_assert_double_lt(s.greatest, 0.75);
	ck_assert_double_lt(s.moved, 0.01);
}
END_TEST

/* So the simulation would show it. */
START_TEST(choice_of_the_last_poll_swings)
{
	struct loads_conf conf = conf_of(times[3]);
	struct summary s;

	conf.naive = true;
	s = summarise(&conf);
	ck_assert_double_gt(s.swing, 0.15);
	ck_assert_double_gt(s.moved, 0.5);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fleet");
	TCase *tc = tcase_create("fleet");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, only_clients_of_those_that_go_or_come_move, 0,
	    NITEMS(by_client));
	tcase_add_loop_test(tc, shares_follow_weights_when_one_goes, 0,
	    NITEMS(by_client));
	tcase_add_loop_test(tc, loads_settle_and_clients_stay, 0,
	    NITEMS(times));
	tcase_add_test(tc, choice_of_the_last_poll_swings);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
