/*
 * Sessions through more than a thousand random fail-overs of a pair: the real
 * translators, queues of changes, publisher and follower, with a simulated
 * store and network (tests/unit/redis_fake.h). Hosts and servers open, use and
 * end sessions of TCP and UDP; the active node dies at any moment, and with it
 * what it had not sent, and from a random command on what was on its way. The
 * other one becomes active 250 to 3,000 ms later, as keepalived has it, and the
 * dead one comes back with nothing. Nodes are also switched as planned. The
 * store is lost now and then: it comes back as it was, empty, or as it was
 * some time before (a snapshot). The clocks of the nodes differ by an hour.
 *
 * RFC 7269, 3.2.1, asks of a hot standby that it has the state of all existing
 * sessions, and lets it leave out short ones. Here that is: a session is told
 * to the store when it is `replicate after' old, and one of TCP when it is
 * established. It is told with what happens in the same 10 ms (COLLECT_MS of
 * publish.c), and takes the way to the store. So, of the sessions that the
 * active node has when it dies, these must be at the other one when it becomes
 * active, and packets of both directions pass as before:
 *
 *	TOLD	the store has it, in the copy of the epoch that is complete
 *	OLD	it is older than `replicate after', or established for longer
 *		than 0, by at least SLACK_MS: the 10 ms, a turn of the event
 *		loop, and the longest way to the store
 *	THERE	the other node has it in its table
 *
 * OLD and TOLD count when the other node had a complete copy and the store was
 * there; while the store is away, or is being filled again, nothing can be told
 * and THERE is what remains. A node that dies before the other one has a copy
 * is the second failure of two, and counts for nothing.
 *
 * The store also drops keys, as a server does that is full; then the active
 * node writes everything again, and is not complete meanwhile.
 *
 * The same again with a store that takes up to two seconds for each way. Then
 * what the store has, or what is still on its way to it, is not at the other
 * node when that one becomes active, and must be LATE_MS later. Hosts and
 * servers go on meanwhile, and must not be told that their session is gone. A
 * host that sends a datagram has a binding at once, with another port unless
 * the old one has come: such a session has moved, and is counted for itself.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/failover_lab.h"
#include "tests/unit/suite.h"

/* --- what a death costs --- */

static bool
is_told(const struct talk *f)
{
	const struct replica_place place = { f->proto, tuple_of(f) };

	return (sim.epoch.node != 0 &&
	    replica_look_session(redis_fake_db(), &seal, &sim.epoch, &place));
}

static bool
is_old(const struct talk *f)
{
	const int64_t now = now_ms();

	return (now - f->born_ms >= AFTER_SECS * 1000 + sim.slack_ms ||
	    (f->established_ms != 0 &&
		now - f->established_ms >= sim.slack_ms));
}

/* Has the other one copied all that d writes? */
static bool
is_followed(const struct node *d)
{
	const struct node *to = other(d);
	struct replica_origin o, followed;

	/* It is noticed with the next beat, and written again. */
	if (now_ms() - sim.dropped_ms < 3000 || sim.away_until != 0 ||
	    to->n == NULL || is_active(to) ||
	    !publisher_count(d->publisher).complete ||
	    !replica_look_epoch(redis_fake_db(), &seal, &o))
		return (false);
	/* A new epoch is not known to the store at once. */
	if (o.epoch != publisher_epoch(d->publisher) &&
	    now_ms() - d->since_ms < 3000 + 4 * sim.delay_ms)
		return (false);
	followed = follower_count(to->follower).origin;
	return (o.node == followed.node && o.epoch == followed.epoch);
}

/* Something else has happened before. */
static void
cancel_check(void)
{
	struct talk *f;

	sim.n_cut += sim.check_ms != 0;
	sim.check_ms = 0;
	sim.heir = NULL;
	for (f = sim.flows; f < sim.flows + MAX_FLOWS; f++)
		f->awaited = false;
}

/*
 * d is about to die, or to leave: note what has to be at the other one. old_ms:
 * so old a session has to be, unless that is 0.
 */
static void
expect_sessions(struct node *d, int64_t old_ms)
{
	const bool followed = is_followed(d);
	struct node *to = other(d);
	struct talk *f;

	cancel_check();
	sim.heir = to->n != NULL && !is_active(to) ? to : NULL;
	if (!followed ||
	    !replica_look_epoch(redis_fake_db(), &seal, &sim.epoch))
		sim.epoch.node = 0;
	for (f = sim.flows; f < sim.flows + MAX_FLOWS; f++) {
		memset(f->expected, 0, sizeof(f->expected));
		if (!f->on || session_of_flow(d, f) == NULL) {
			f->on = false;
			continue;
		}
		f->expected[THERE] =
		    sim.heir != NULL && session_of_flow(to, f) != NULL;
		f->expected[OLD] = followed &&
		    (old_ms != 0 ? now_ms() - f->born_ms >= old_ms :
				   is_old(f));
		sim.n_young += !f->expected[OLD];
	}
	sim.n_counted += followed;
}

static bool
goes_on(struct node *d, struct talk *f)
{
	if (session_of_flow(d, f) == NULL)
		return (false);
	if (f->ending)
		return (true);
	if (once_in(2))
		return (
		    send_out(d, f, PKT_TH_ACK) && send_in(d, f, PKT_TH_ACK));
	return (send_in(d, f, PKT_TH_ACK) && send_out(d, f, PKT_TH_ACK));
}

static void
tell_lost(const struct talk *f, unsigned tally)
{
	static const char *const names[] = { "told", "old", "there" };

	if (sim.n_lost[tally] < 5)
		printf("# lost: %s, %s, %lld ms old, established for %lld ms "
		       "at %lld\n",
		    names[tally], f->proto == L4_TCP ? "TCP" : "UDP",
		    (long long)(now_ms() - f->born_ms),
		    (long long)(f->established_ms != 0 ?
			    now_ms() - f->established_ms :
			    -1),
		    (long long)now_ms());
	sim.n_lost[tally]++;
}

/* Some sessions that d is to have come late. */
static void
await_sessions(struct node *d)
{
	struct talk *f;

	sim.check_ms = now_ms() + LATE_MS;
	for (f = sim.flows; f < sim.flows + MAX_FLOWS; f++) {
		f->awaited = f->on && f->expected[OLD] && d == sim.heir &&
		    session_of_flow(d, f) == NULL;
		sim.n_awaited += f->awaited;
		if (f->on && !f->awaited && session_of_flow(d, f) == NULL)
			f->on = false; /* nothing is said of it */
	}
}

static void
check_sessions(struct node *d)
{
	struct talk *f;
	unsigned i;
	bool good;

	sim.check_ms = 0;
	for (f = sim.flows; f < sim.flows + MAX_FLOWS; f++) {
		if (!f->on)
			continue;
		f->awaited = false;
		if (sim.is_slow && !f->expected[OLD] && !f->expected[THERE])
			continue;
		f->expected[TOLD] =
		    d == sim.heir && sim.leaving == NULL && is_told(f);
		good = goes_on(d, f);
		for (i = 0; i < N_TALLIES; i++) {
			sim.n_expected[i] += d == sim.heir && f->expected[i];
			if (d == sim.heir && f->expected[i] && !good)
				tell_lost(f, i);
		}
		f->on = good;
	}
}

/* --- what happens --- */

static void
die(struct node *d)
{
	if (active() == d) {
		expect_sessions(d, 0);
		sim.n_failovers++;
	} else if (d == sim.heir)
		cancel_check();
	end_node(d);
	if (sim.leaving == d)
		sim.leaving = NULL;
	d->back_ms = now_ms() + 500 + below(once_in(5) ? 20000 : 3000);
}

static void
begin_switch(struct node *d)
{
	if (sim.check_ms != 0 || !is_followed(d))
		return;
	sim.leaving = d;
	sim.left_ms = now_ms();
	nat64_set_role(d->n, NAT64_ROLE_LEAVING, lab.now);
	publisher_hurry(d->publisher);
}

/* keepalived needs a while to see it; what is not told then is not expected. */
static void
go_on_with_switch(void)
{
	struct node *d = sim.leaving, *to;
	const int64_t ms = now_ms() - sim.left_ms;

	if (d == NULL)
		return;
	to = other(d);
	if (is_active(to)) {
		if (ms > 2500) {
			stand_by(d);
			sim.leaving = NULL;
		}
	} else if (to->n != NULL && ms > 300 &&
	    publisher_is_done(d->publisher)) {
		expect_sessions(d, 4 * sim.slack_ms);
		sim.n_switches++;
		activate(to);
		check_sessions(to);
	} else if (ms > 1500 || to->n == NULL) {
		nat64_set_role(d->n, NAT64_ROLE_ACTIVE, lab.now);
		publisher_start(d->publisher);
		d->since_ms = now_ms();
		sim.leaving = NULL;
	}
}

static void
lose_store(void)
{
	unsigned i;

	sim.n_outages++;
	if (sim.is_slow)
		cancel_check();
	sim.away_until = now_ms() + 100 + below(8000);
	for (i = 0; i < 2; i++) {
		struct node *d = &sim.nodes[i];

		if (d->n == NULL)
			continue;
		redis_fake_lose(d->store);
		publisher_lost(d->publisher);
		follower_lost(d->follower);
	}
	/* Else it was the network. */
	if (!once_in(3))
		redis_fake_restart(once_in(2));
}

static void
find_store(void)
{
	unsigned i;

	sim.away_until = 0;
	for (i = 0; i < 2; i++) {
		struct node *d = &sim.nodes[i];

		if (d->n == NULL)
			continue;
		d->since_ms = now_ms();
		redis_fake_make_ready(d->store);
		publisher_ready(d->publisher);
		follower_ready(d->follower);
	}
}

static void
drop_keys(void)
{
	static const char *const ends[] = { "", ":head", ":state", ":log" };

	redis_db_drop(redis_fake_db(), ends[below(4)]);
	sim.dropped_ms = now_ms();
}

/* Somebody alive, who has a copy if there is one. */
static void
elect(void)
{
	struct node *a = &sim.nodes[0], *b = &sim.nodes[1], *d;

	if (active() != NULL) {
		sim.elect_ms = 0;
		return;
	}
	if (sim.elect_ms == 0)
		sim.elect_ms = now_ms() + 250 + below(2750);
	if (now_ms() < sim.elect_ms || (a->n == NULL && b->n == NULL))
		return;
	if (a->n == NULL || b->n == NULL)
		d = a->n == NULL ? b : a;
	else
		d = follower_incomplete(b->follower) == NULL ? b : a;
	activate(d);
	if (sim.is_slow) {
		await_sessions(d);
		return;
	}
	check_sessions(d);
	sim.heir = NULL;
}

/* What had to come late has had its time. */
static void
check_late(void)
{
	if (sim.check_ms == 0 || now_ms() < sim.check_ms)
		return;
	check_sessions(sim.heir != NULL ? sim.heir : active());
	sim.heir = NULL;
}

/* Once in so many milliseconds. */
static bool
once_in_ms(unsigned ms)
{
	return (once_in(ms / STEP_MS));
}

static void
happen(void)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct node *d = &sim.nodes[i];

		if (d->n == NULL && now_ms() >= d->back_ms)
			start_node(d);
		else if (d->n == NULL)
			continue;
		else if (once_in_ms(
			     d == active() ? sim.life_ms : 10 * sim.life_ms))
			die(d);
		else if (d == active() && sim.leaving == NULL &&
		    once_in_ms(30000))
			begin_switch(d);
		else if (once_in_ms(20000))
			redis_fake_set_skew(machine(d),
			    INT64_C(3600000) * ((int)below(3) - 1));
	}
	go_on_with_switch();
	if (sim.away_until == 0 && once_in_ms(10 * sim.life_ms))
		lose_store();
	else if (sim.away_until != 0 && now_ms() >= sim.away_until)
		find_store();
	if (once_in_ms(15000))
		redis_fake_save();
	if (!sim.is_slow && once_in_ms(60000))
		drop_keys();
	elect();
	check_late();
}

static void
exchange(void)
{
	struct node *d = active();

	if (d != NULL && once_in_ms(50))
		open_flow(d);
	if (d != NULL && once_in_ms(20))
		use_flow(d);
}

static void
pass_step(void)
{
	unsigned i;

	lab_doze_ms(STEP_MS);
	if (now_ms() % 100 != 0)
		return;
	for (i = 0; i < 2; i++)
		while (sim.nodes[i].n != NULL &&
		    nat64_expire(sim.nodes[i].n, lab.ws, lab.now, 1000))
			continue;
}

static void
begin_sim(unsigned seed, bool is_slow)
{
	const uint32_t more = is_slow ? 2 * LATE_MS / 1000 : 0;

	memset(&sim, 0, sizeof(sim));
	sim.is_slow = is_slow;
	sim.delay_ms = is_slow ? SLOW_MS : DELAY_MS;
	sim.slack_ms = 10 + 2 * STEP_MS + sim.delay_ms;
	sim.life_ms = is_slow ? 60000 : 6000;
	sim.random = seed;
	redis_fake_begin();
	redis_fake_set_delay(sim.delay_ms);
	nat64_free(lab.n);
	lab.n = NULL;
	lab_set_pool(POOL4, POOL4, 1024, 8191);
	lab.conf.max_sessions = 32 * MAX_FLOWS; /* also those of before */
	lab.conf.lifetime_secs[SESSION_UDP] = UDP_SECS + more;
	lab.conf.lifetime_secs[SESSION_TCP_OPEN] = CLOSE_SECS + more;
	lab.conf.lifetime_secs[SESSION_TCP_CLOSE] = CLOSE_SECS + more;
	lab.conf.subscriber.new_bindings = (struct bucket_rate){ 0, 0 };
}

static void
run(bool is_slow, unsigned n_failovers)
{
	const char *seed = getenv("FAILOVER_SEED"); /* for a longer hunt */

	begin_sim(seed != NULL ? (unsigned)atoi(seed) : 1, is_slow);
	start_node(&sim.nodes[0]);
	start_node(&sim.nodes[1]);
	while (sim.n_counted < n_failovers) {
		happen();
		exchange();
		redis_fake_run();
		pass_step();
	}
	end_node(&sim.nodes[0]);
	end_node(&sim.nodes[1]);
	redis_fake_end();
	printf("# %u nodes died that were active, %u were switched, %u of "
	       "both with a complete copy; the store was lost %u times; "
	       "%u packets\n",
	    sim.n_failovers, sim.n_switches, sim.n_counted, sim.n_outages,
	    sim.n_packets);
	printf("# sessions that had to go on, and that were lost: told %u, "
	       "%u; old %u, %u; there %u, %u; too young: %u\n",
	    sim.n_expected[TOLD], sim.n_lost[TOLD], sim.n_expected[OLD],
	    sim.n_lost[OLD], sim.n_expected[THERE], sim.n_lost[THERE],
	    sim.n_young);
	if (is_slow)
		printf("# of them late: %u, in %llu values; used before they "
		       "came: %u, and moved: %u; %u checks were not to be "
		       "made\n",
		    sim.n_awaited, (unsigned long long)sim.n_late, sim.n_early,
		    sim.n_moved, sim.n_cut);
	fflush(stdout);
}

START_TEST(no_session_is_lost)
{
	run(false, 1000);
	ck_assert_uint_eq(sim.n_lost[TOLD], 0);
	ck_assert_uint_eq(sim.n_lost[OLD], 0);
	ck_assert_uint_eq(sim.n_lost[THERE], 0);
	/* A planned switch is no mistake. */
	ck_assert_uint_eq(sim.n_rivals, 0);
	ck_assert_uint_gt(sim.n_failovers, 1000);
	ck_assert_uint_gt(sim.n_switches, 50);
	ck_assert_uint_gt(sim.n_outages, 50);
	ck_assert_uint_gt(sim.n_drops, 50);
	ck_assert_uint_gt(sim.n_expected[OLD], 50000);
}
END_TEST

START_TEST(no_session_is_lost_by_a_slow_store)
{
	run(true, 300);
	ck_assert_uint_eq(sim.n_lost[TOLD], 0);
	ck_assert_uint_eq(sim.n_lost[OLD], 0);
	ck_assert_uint_eq(sim.n_lost[THERE], 0);
	ck_assert_uint_eq(sim.n_rivals, 0);
	ck_assert_uint_gt(sim.n_expected[OLD], 10000);
	ck_assert_uint_gt(sim.n_awaited, 200);
	ck_assert_uint_gt(sim.n_early, 100);
}
END_TEST

/* Something changes all the time: there is no moment without news. */
START_TEST(a_copy_is_complete_although_changes_go_on)
{
	struct node *a = &sim.nodes[0], *b = &sim.nodes[1];
	unsigned i;

	begin_sim(1, false);
	start_node(a);
	activate(a);
	for (i = 0; i < 20000 / STEP_MS; i++) {
		if (i == 5000 / STEP_MS)
			start_node(b);
		open_flow(a);
		use_flow(a);
		redis_fake_run();
		pass_step();
	}
	ck_assert_uint_eq(follower_count(b->follower).copies, 1);
	ck_assert_ptr_null(follower_incomplete(b->follower));
	ck_assert(is_followed(a));
	end_node(a);
	end_node(b);
	redis_fake_end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("failover");
	TCase *tc = tcase_create("failover");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, a_copy_is_complete_although_changes_go_on);
	tcase_add_test(tc, no_session_is_lost);
	suite_add_tcase(s, tc);
	tc = tcase_create("slow");
	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, no_session_is_lost_by_a_slow_store);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
