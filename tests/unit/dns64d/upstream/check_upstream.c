/*
 * Unit tests of upstream.c, with a clock and random numbers of our own.
 */
#include <sys/socket.h>

#include <check.h>
#include <stdint.h>
#include <string.h>

#include "common/net/addr.h"
#include "dns64d/upstream/upstream.h"

#include "tests/unit/suite.h"

static const struct monotime start = { .ns = INT64_C(1000000000000) };

static uint32_t
count_up(void *arg)
{
	uint32_t *n = arg;

	return (*n += 0x9e3779b9);
}

static uint32_t seed;
static const struct rng rng = { count_up, &seed };

static struct monotime
after_ms(int64_t ms)
{
	return (monotime_add_ms(start, ms));
}

#define SERVERS 4

/* Servers 192.0.2.1, 192.0.2.2 ..., all on one route for all names. */
static const struct upstream_route all = { .domain_len = 1,
	.member = { 0, 1, 2, 3 },
	.n = SERVERS };
static const unsigned no_tries[SERVERS];

static void
make(struct upstreams *ups, enum upstream_order order,
    const struct upstreams *old)
{
	static struct scoped_addr addrs[SERVERS];
	static struct upstream_common common[2][SERVERS];
	const bool again = old != NULL && old->conf.common == common[0];
	struct upstreams_conf conf = { .addrs = addrs,
		.n = SERVERS,
		.routes = &all,
		.n_routes = 1,
		.order = order,
		.common = common[again] };
	char text[] = "192.0.2.1";
	size_t i;

	memset(conf.common, 0, sizeof(common[0]));
	for (i = 0; i < SERVERS; i++, text[8]++)
		ck_assert_ptr_null(scoped_addr_parse(text, 53, &addrs[i]));
	ck_assert_int_eq(upstreams_init(ups, &conf, old), 0);
}

/* Silence: nothing was answered since the query was sent. */
static bool
lose(struct upstream *u)
{
	return (upstream_lost(u, true, after_ms(1)));
}

static void
set_down(struct upstream *u, bool down)
{
	atomic_store(&u->common->down, down);
}

static void
bring_down(struct upstream *u)
{
	while (!lose(u))
		continue;
	upstream_probe_failed(u, after_ms(1), after_ms(2), &rng);
}

/* Shows: DNS64-88 */
START_TEST(upstream_choose_takes_another_before_the_same)
{
	static const struct {
		const char *name;
		unsigned tries[3];
		bool down[3];
		bool untried_only;
		int chosen;
	} rows[] = {
		/* of three servers */
		{ "first comes first", { 0, 0, 0 }, { 0 }, false, 0 },
		{ "others before the same", { 1, 0, 0 }, { 0 }, false, 1 },
		{ "round again", { 1, 1, 1 }, { 0 }, false, 0 },
		{ "not one that is down", { 0, 0, 0 }, { 1, 0, 0 }, false, 1 },
		{ "the same before one that is down", { 2, 0, 0 }, { 0, 1, 1 },
		    false, 0 },
		{ "one that is down when the others are spent", { 3, 0, 3 },
		    { 0, 1, 0 }, false, 1 },
		{ "all down, all the same", { 1, 0, 0 }, { 1, 1, 1 }, false,
		    1 },
		{ "three times each and no more", { 3, 3, 3 }, { 0 }, false,
		    -1 },
		{ "untried", { 1, 1, 0 }, { 0 }, true, 2 },
		{ "untried but down", { 1, 1, 0 }, { 0, 0, 1 }, true, -1 },
	};
	static const struct upstream_route three = { .domain_len = 1,
		.member = { 0, 1, 2 },
		.n = 3 };
	struct upstreams ups;
	struct upstream *u;
	size_t i, k;

	make(&ups, UPSTREAM_ORDERED, NULL);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (k = 0; k < 3; k++)
			set_down(&ups.v[k], rows[i].down[k]);
		u = upstream_choose(&ups, &three, rows[i].tries, 0,
		    rows[i].untried_only);
		ck_assert_msg((u == NULL ? -1 : u - ups.v) == rows[i].chosen,
		    "%s", rows[i].name);
	}
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-88 */
START_TEST(upstream_rto_follows_what_was_measured)
{
	static const struct {
		const char *name;
		int64_t rtt_us; /* of every answer; 0: none came */
		unsigned try;
		unsigned ms;
	} rows[] = {
		{ "nothing measured", 0, 0, UPSTREAM_RTO_FIRST_MS },
		{ "again", 0, 1, 2 * UPSTREAM_RTO_FIRST_MS },
		{ "and again", 0, 2, UPSTREAM_RTO_MAX_MS },
		{ "the next round", 0, 3, 2 * UPSTREAM_RTO_FIRST_MS },
		{ "near", 1000, 0, UPSTREAM_RTO_MIN_MS },
		{ "nearer than the clock tells", -5, 0, UPSTREAM_RTO_MIN_MS },
		{ "far", 300000, 0, 300 },
		{ "far, again", 300000, 1, 600 },
		{ "far, for the third time", 300000, 2, UPSTREAM_RTO_MAX_MS },
		{ "near, the second round", 1000, 3, 200 },
		{ "near, its second try", 1000, 4, 400 },
		{ "too far", 9000000, 0, UPSTREAM_RTO_MAX_MS },
	};
	struct upstreams ups;
	size_t i;
	unsigned ms;
	int n;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(&ups, UPSTREAM_ORDERED, NULL);
		for (n = 0; n < 100 && rows[i].rtt_us != 0; n++)
			upstream_measured(ups.v, rows[i].rtt_us);
		ms = upstream_rto_ms(ups.v, rows[i].try);
		ck_assert_msg(ms == rows[i].ms, "%s: %u", rows[i].name, ms);
		upstreams_clear(&ups);
	}
}
END_TEST

/* Shows: DNS64-88 */
START_TEST(upstream_that_was_silent_is_not_taken_for_slow)
{
	struct upstreams ups;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	for (i = 0; i < 100; i++)
		upstream_measured(ups.v, 1000);
	/* All that was asked in three seconds is answered at once. */
	for (i = 0; i < 20; i++)
		upstream_measured(ups.v, 3000000);
	ck_assert_uint_le(upstream_rto_ms(ups.v, 0), UPSTREAM_RTO_MAX_MS);
	for (i = 0; i < 40; i++)
		upstream_measured(ups.v, 1000);
	ck_assert_uint_le(upstream_rto_ms(ups.v, 0), 200);
	/* One that is down is asked at an even pace. */
	set_down(ups.v, true);
	for (i = 0; i < 6; i++)
		ck_assert_uint_eq(upstream_rto_ms(ups.v, i),
		    UPSTREAM_RTO_DOWN_MS);
	upstreams_clear(&ups);
}
END_TEST

/* Two workers: each has its own upstreams and the same common part. */
static void
make_worker(struct upstreams *ups, const struct upstreams *first)
{
	ck_assert_int_eq(upstreams_init(ups, &first->conf, NULL), 0);
}

/* Shows: DNS64-88 DNS64-87 */
START_TEST(upstream_knowledge_is_that_of_all_workers)
{
	const struct upstream_asked asked = { .since = start, .n_edns = 1 };
	struct upstreams one, two;
	size_t i = 0;

	make(&one, UPSTREAM_ORDERED, NULL);
	make_worker(&two, &one);
	upstream_measured(one.v, 1000);
	ck_assert_uint_eq(upstream_rto_ms(two.v, 0), UPSTREAM_RTO_MIN_MS);
	bring_down(one.v);
	ck_assert(upstream_is_down(two.v));
	/* One of them probes at a time. */
	i = 0;
	ck_assert_ptr_eq(upstream_probe_due(&two, &i, after_ms(10000)), two.v);
	i = 0;
	ck_assert_ptr_null(upstream_probe_due(&one, &i, after_ms(10000)));
	ck_assert(upstream_answered(two.v, true, true, after_ms(10001)));
	ck_assert(!upstream_is_down(one.v));
	ck_assert(!upstreams_any_silent(&one));
	ck_assert(upstream_answered_since(one.v, after_ms(10000)));
	ck_assert(
	    upstream_answered_plain(one.v, true, &asked, after_ms(10002)));
	ck_assert(!upstream_has_edns(two.v, after_ms(10003)));
	upstreams_clear(&one);
	upstreams_clear(&two);
}
END_TEST

/* Shows: DNS64-87 */
START_TEST(upstream_goes_down_by_silence_and_a_lost_probe)
{
	struct upstreams ups;
	struct upstream *u;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	for (i = 1; i < UPSTREAM_SUSPECT_LOST; i++)
		ck_assert(!lose(u));
	ck_assert(!upstreams_any_silent(&ups));
	ck_assert(lose(u));
	ck_assert(upstreams_any_silent(&ups));
	ck_assert(!upstream_is_down(u));
	ck_assert(!upstreams_down_since(&ups, &all, after_ms(1000)));
	ck_assert(upstream_probe_failed(u, after_ms(2), after_ms(700), &rng));
	ck_assert(upstream_is_down(u));
	/* It went down once. */
	ck_assert(
	    !upstream_probe_failed(u, after_ms(701), after_ms(20000), &rng));
	for (i = 1; i < SERVERS; i++)
		bring_down(&ups.v[i]);
	ck_assert(!upstreams_down_since(&ups, &all, after_ms(699)));
	ck_assert(upstreams_down_since(&ups, &all, after_ms(700)));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-87 */
START_TEST(upstream_stays_up_while_it_answers_anything)
{
	struct upstreams ups;
	struct upstream *u;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	for (i = 0; i < 1000; i++) {
		/* Many names that nobody answers, and now and then one. */
		ck_assert(!upstream_lost(u, true, after_ms(10 * i)));
		ck_assert(
		    !upstream_answered(u, true, true, after_ms(10 * i + 5)));
		ck_assert(!upstream_lost(u, true, after_ms(10 * i + 4)));
	}
	ck_assert(!upstreams_any_silent(&ups));
	/* A probe that gets lost while others are answered is no proof. */
	ck_assert(
	    !upstream_probe_failed(u, after_ms(1), after_ms(10000), &rng));
	ck_assert(!upstream_is_down(u));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-87 */
START_TEST(upstream_answer_ends_the_row_of_losses)
{
	struct upstreams ups;
	struct upstream *u;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	for (i = 0; i < 100; i++) {
		ck_assert(!lose(u));
		ck_assert(!lose(u));
		ck_assert(!upstream_answered(u, true, true, start));
	}
	bring_down(u);
	ck_assert(upstream_answered(u, true, true, after_ms(3)));
	ck_assert(!upstream_is_down(u));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-87 */
START_TEST(upstream_that_flaps_is_told_of_now_and_then)
{
	const int64_t log_ms = UPSTREAM_LOG_SECS * 1000;
	struct upstreams ups;
	struct upstream *u;
	struct monotime began;
	int i, n_down = 0, n_up = 0;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	for (i = 0; i < 100; i++) {
		began = after_ms(i * 500);
		n_down += upstream_probe_failed(u, began,
		    monotime_add_ms(began, 100), &rng);
		n_up += upstream_answered(u, true, true,
		    monotime_add_ms(began, 200));
	}
	ck_assert_int_eq(n_down, 5);
	ck_assert_int_eq(n_up, 5);
	/* That it stays down is told in the end. */
	upstream_probe_failed(u, after_ms(50000), after_ms(50001), &rng);
	ck_assert(upstream_probe_failed(u, after_ms(50002),
		      after_ms(50002 + log_ms), &rng) ||
	    atomic_load(&u->common->logged_down));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-87 */
START_TEST(upstream_probes_come_once_a_second_with_jitter)
{
	struct upstreams ups;
	struct upstream *u;
	struct monotime now = start, due;
	size_t k;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = &ups.v[1];
	k = 0;
	ck_assert_ptr_null(upstream_probe_due(&ups, &k, after_ms(1000000)));
	bring_down(u);
	for (i = 0; i < 100; i++) {
		due.ns = u->common->probe_ns;
		ck_assert_int_lt(monotime_diff_ms(due, now), 1000);
		now = due;
		k = 0;
		ck_assert_ptr_null(
		    upstream_probe_due(&ups, &k, monotime_add_ms(now, -1)));
		k = 0;
		ck_assert_ptr_eq(upstream_probe_due(&ups, &k, now), u);
		ck_assert_ptr_null(upstream_probe_due(&ups, &k, now));
		/* Rejected by the network, or not answered in time. */
		upstream_probe_failed(u, now, monotime_add_ms(now, i), &rng);
		ck_assert_int_ge(
		    monotime_diff_ms((struct monotime){ u->common->probe_ns },
			now),
		    UPSTREAM_PROBE_MS);
	}
	upstream_answered(u, true, true, now);
	k = 0;
	ck_assert_ptr_null(upstream_probe_due(&ups, &k, after_ms(1000000)));
	upstreams_clear(&ups);
}
END_TEST

/* A question that was sent n times with OPT to the server, from a time on. */
static struct upstream_asked
asked(int64_t since_ms, unsigned n_edns, bool last_plain)
{
	return ((struct upstream_asked){ after_ms(since_ms), n_edns,
	    after_ms(since_ms), last_plain });
}

static bool
wants_edns(struct upstream *u, struct upstream_asked a, int64_t now_ms)
{
	return (upstream_wants_edns(u, &a, after_ms(now_ms)));
}

static bool
plain(struct upstream *u, bool refused, struct upstream_asked a,
    int64_t now_ms)
{
	return (upstream_answered_plain(u, refused, &a, after_ms(now_ms)));
}

/* Shows: DNS64-59 */
START_TEST(upstream_that_refuses_edns_is_remembered_for_a_time)
{
	const int64_t ms = UPSTREAM_NOEDNS_FIRST_SECS * 1000;
	struct upstreams ups;
	struct upstream *u;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	ck_assert(wants_edns(u, asked(0, 0, false), 0));
	ck_assert(plain(u, true, asked(0, 1, false), 0));
	ck_assert(!wants_edns(u, asked(1, 0, false), ms - 1));
	ck_assert(!upstream_has_edns(u, after_ms(ms - 1)));
	/* Others that were under way, refused or lost, are no news. */
	ck_assert(!plain(u, true, asked(0, 1, false), 1));
	ck_assert(!plain(u, false, asked(0, 5, false), 1));
	ck_assert(!upstream_lost(u, true, start));
	ck_assert(!wants_edns(u, asked(1, 0, false), ms - 1));
	/* One query tries, the others do not wait for it. */
	ck_assert(wants_edns(u, asked(ms, 0, false), ms));
	ck_assert(!wants_edns(u, asked(ms, 0, false), ms));
	upstream_answered(u, true, true, after_ms(ms));
	ck_assert(wants_edns(u, asked(ms, 0, false), ms));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-59 */
START_TEST(upstream_without_edns_is_tried_later_and_later)
{
	struct upstreams ups;
	struct upstream *u;
	int64_t now = 0, secs = UPSTREAM_NOEDNS_FIRST_SECS;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	ck_assert(plain(u, true, asked(0, 1, false), now));
	for (i = 0; i < 20; i++) {
		ck_assert(!wants_edns(u, asked(now, 0, false),
		    now + secs * 1000 - 1));
		now += secs * 1000;
		ck_assert(wants_edns(u, asked(now, 0, false), now));
		/* Refused again, or answered without only; that once. */
		ck_assert(!plain(u, i % 2 == 0, asked(now, 1, true), now));
		ck_assert(!plain(u, i % 2 == 0, asked(now, 1, true), now));
		secs = secs * 2 < UPSTREAM_NOEDNS_MAX_SECS ?
		    secs * 2 :
		    UPSTREAM_NOEDNS_MAX_SECS;
	}
	ck_assert_int_le(secs, 900);
	/* A trial that is lost, and nothing else, proves nothing. */
	now += secs * 1000;
	ck_assert(wants_edns(u, asked(now, 0, false), now));
	upstream_lost(u, true, after_ms(now));
	now += UPSTREAM_NOEDNS_TRY_SECS * 1000;
	ck_assert(wants_edns(u, asked(now, 0, false), now));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-59 */
START_TEST(upstream_that_drops_opt_is_found_out_by_the_second_question)
{
	struct upstreams ups;
	struct upstream *u;
	unsigned n;
	int seen;

	for (seen = 0; seen < 2; seen++) {
		make(&ups, UPSTREAM_ORDERED, NULL);
		u = ups.v;
		if (seen)
			upstream_answered(u, true, true, start);
		n = seen ? UPSTREAM_EDNS_LOST_SEEN : UPSTREAM_EDNS_LOST;
		ck_assert(wants_edns(u, asked(1, n - 1, false), 10));
		ck_assert(!wants_edns(u, asked(1, n, false), 10));
		ck_assert(wants_edns(u, asked(1, n, true), 10));
		upstream_answered(u, false, false, after_ms(20));
		ck_assert(!plain(u, false, asked(1, n, false), 20));
		/* The next one knows of the doubt. */
		upstream_lost(u, true, after_ms(30));
		upstream_lost(u, true, after_ms(40));
		ck_assert(!wants_edns(u, asked(30, 2, false), 50));
		ck_assert(plain(u, false, asked(30, 2, false), 50));
		ck_assert(!wants_edns(u, asked(60, 0, false), 60));
		upstreams_clear(&ups);
	}
}
END_TEST

/* Shows: DNS64-59 */
START_TEST(upstream_that_is_silent_keeps_its_edns)
{
	struct upstreams ups;
	struct upstream *u;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	/* Many questions during a silence, which ends for those without. */
	for (i = 0; i < 30; i++)
		upstream_lost(u, true, after_ms(i));
	for (i = 0; i < 3; i++)
		ck_assert(!plain(u, false, asked(1, 2, false), 1500));
	/* What was sent before and expires now is not held against it. */
	for (i = 0; i < 30; i++)
		upstream_lost(u, true, after_ms(1499));
	ck_assert(!plain(u, false, asked(1, 2, false), 1510));
	ck_assert(wants_edns(u, asked(1600, 0, false), 1600));
	/* The first answer to OPT ends the doubt. */
	upstream_lost(u, true, after_ms(1600));
	upstream_lost(u, true, after_ms(1601));
	upstream_answered(u, true, true, after_ms(1700));
	ck_assert(!plain(u, false, asked(1, 2, false), 1710));
	ck_assert(upstream_has_edns(u, after_ms(1710)));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-89 */
START_TEST(upstream_order_round_robin_takes_each_in_turn)
{
	struct upstreams ups;
	int i;

	make(&ups, UPSTREAM_ROUND_ROBIN, NULL);
	for (i = 0; i < 3 * SERVERS; i++)
		ck_assert_ptr_eq(upstream_choose(&ups, &all, no_tries, 0,
				     false),
		    &ups.v[i % SERVERS]);
	set_down(&ups.v[1], true);
	for (i = 0; i < 3; i++)
		ck_assert_ptr_ne(upstream_choose(&ups, &all, no_tries, 0,
				     false),
		    &ups.v[1]);
	/* The one that rested comes first, and once only. */
	set_down(&ups.v[1], false);
	ck_assert_ptr_eq(upstream_choose(&ups, &all, no_tries, 0, false),
	    &ups.v[1]);
	ck_assert_ptr_ne(upstream_choose(&ups, &all, no_tries, 0, false),
	    &ups.v[1]);
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-89 */
START_TEST(upstream_order_least_outstanding_takes_the_idlest)
{
	struct upstreams ups;
	struct upstream *u;
	int i;

	make(&ups, UPSTREAM_LEAST_OUTSTANDING, NULL);
	for (i = 0; i < 2 * SERVERS; i++) {
		u = upstream_choose(&ups, &all, no_tries, 0, false);
		ck_assert_ptr_eq(u, &ups.v[i % SERVERS]);
		upstream_sent(u);
	}
	upstream_ended(&ups.v[2]);
	ck_assert_ptr_eq(upstream_choose(&ups, &all, no_tries, 0, false),
	    &ups.v[2]);
	upstreams_clear(&ups);
}
END_TEST

/* Answers every query, in the time that the server takes. */
static void
count_choices(struct upstreams *ups, const int64_t *rtt_us, unsigned n,
    unsigned *count)
{
	struct upstream *u;

	memset(count, 0, SERVERS * sizeof(*count));
	while (n-- > 0) {
		u = upstream_choose(ups, &all, no_tries, 0, false);
		count[u - ups->v]++;
		if (rtt_us[u - ups->v] == 0) {
			lose(u);
			continue;
		}
		upstream_measured(u, rtt_us[u - ups->v]);
		upstream_answered(u, true, true, start);
	}
}

/* Shows: DNS64-89 */
START_TEST(upstream_order_fastest_takes_the_fastest_and_tries_the_others)
{
	/* The last one is silent. */
	const int64_t rtt_us[SERVERS] = { 50000, 5000, 20000, 0 };
	const int64_t later_us[SERVERS] = { 50000, 100000, 20000, 0 };
	struct upstreams ups;
	unsigned count[SERVERS];

	make(&ups, UPSTREAM_FASTEST, NULL);
	count_choices(&ups, rtt_us, 10000, count);
	ck_assert_uint_gt(count[1], 9900);
	ck_assert_uint_gt(count[0], 0);
	ck_assert_uint_gt(count[2], count[0]);
	ck_assert_uint_gt(count[3], 0);
	/* What has become slow is left soon. */
	count_choices(&ups, later_us, 1000, count);
	ck_assert_uint_gt(count[2], 900);
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-89 */
START_TEST(upstream_order_fastest_asks_one_server_at_a_time_for_its_speed)
{
	struct upstreams ups;
	int i;

	make(&ups, UPSTREAM_FASTEST, NULL);
	for (i = 0; i < SERVERS; i++)
		ck_assert_ptr_eq(upstream_choose(&ups, &all, no_tries, 0,
				     false),
		    &ups.v[i]);
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-89 */
START_TEST(upstreams_route_is_that_of_the_longest_domain)
{
	static const struct upstream_route routes[] = {
		{ .domain = "\7example", .domain_len = 9 },
		{ .domain = "", .domain_len = 1 },
		{ .domain = "\4corp\7example", .domain_len = 14 },
		{ .domain = "\2xy", .domain_len = 4 },
	};
	static const struct {
		const char *name;
		int route;
	} rows[] = {
		{ "", 1 },
		{ "\7example", 0 },
		{ "\7EXAMPLE", 0 },
		{ "\3www\7example", 0 },
		{ "\4corp\7example", 2 },
		{ "\3www\4Corp\7example", 2 },
		{ "\5xcorp\7example", 0 },
		{ "\7example\3com", 1 },
		{ "\10xexample", 1 },
		{ "\3axy", 1 },
	};
	struct upstreams ups = { .conf.routes = routes, .conf.n_routes = 4 };
	const struct upstream_route *r;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = upstreams_route(&ups, (const uint8_t *)rows[i].name);
		ck_assert_msg(r == &routes[rows[i].route], "row %zu", i);
	}
	ups.conf.n_routes = 1;
	ck_assert_ptr_null(upstreams_route(&ups, (const uint8_t *)"\3com"));
}
END_TEST

START_TEST(upstreams_same_compares_the_servers_of_a_domain_in_any_order)
{
	static const struct upstream_route before[] = {
		{ .domain = "", .domain_len = 1, .member = { 0, 1 }, .n = 2 },
		{ .domain = "\4corp",
		    .domain_len = 6,
		    .member = { 2 },
		    .n = 1 },
	};
	static const struct upstream_route after[] = {
		{ .domain = "", .domain_len = 1, .member = { 1, 0 }, .n = 2 },
		{ .domain = "\3lab",
		    .domain_len = 5,
		    .member = { 0, 1 },
		    .n = 2 },
		{ .domain = "\4more",
		    .domain_len = 6,
		    .member = { 0, 1, 2 },
		    .n = 3 },
	};
	static const struct {
		const char *domain;
		bool same;
	} rows[] = {
		{ "", true }, { "\7example", true },
		{ "\3lab", true },   /* a route of its own, equal servers */
		{ "\4corp", false }, /* its route was removed */
		{ "\4more", false }, /* one more */
	};
	struct upstreams a, b;
	size_t i;

	make(&a, UPSTREAM_ORDERED, NULL);
	make(&b, UPSTREAM_ORDERED, &a);
	a.conf.routes = before;
	a.conf.n_routes = 2;
	b.conf.routes = after;
	b.conf.n_routes = 3;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t *domain = (const uint8_t *)rows[i].domain;

		ck_assert_msg(upstreams_same(&a, &b, domain) == rows[i].same,
		    "row %zu", i);
		ck_assert_msg(upstreams_same(&b, &a, domain) == rows[i].same,
		    "row %zu, the other way", i);
	}
	a.conf.n_routes = 0;
	ck_assert(!upstreams_same(&a, &b, (const uint8_t *)""));
	upstreams_clear(&a);
	upstreams_clear(&b);
}
END_TEST

/* Shows: DNS64-89 */
START_TEST(upstream_choose_keeps_to_the_route_and_its_order)
{
	static const struct upstream_route route = { .domain_len = 1,
		.member = { 2, 0 },
		.n = 2 };
	struct upstreams ups;
	unsigned tries[SERVERS] = { 0 };

	make(&ups, UPSTREAM_ORDERED, NULL);
	ck_assert_ptr_eq(upstream_choose(&ups, &route, tries, 0, false),
	    &ups.v[2]);
	tries[2] = 1;
	ck_assert_ptr_eq(upstream_choose(&ups, &route, tries, 0, false),
	    &ups.v[0]);
	tries[0] = tries[2] = UPSTREAM_TRIES_EACH;
	ck_assert_ptr_null(upstream_choose(&ups, &route, tries, 0, false));
	/* The next round. */
	ck_assert_ptr_eq(upstream_choose(&ups, &route, tries, 1, false),
	    &ups.v[2]);
	upstreams_clear(&ups);
}
END_TEST

START_TEST(upstream_state_outlives_a_reload)
{
	struct upstreams old, new;

	make(&old, UPSTREAM_ORDERED, NULL);
	bring_down(old.v);
	upstream_sent(old.v);
	make(&new, UPSTREAM_ORDERED, &old);
	ck_assert(upstream_is_down(&new.v[0]));
	ck_assert(!upstream_is_down(&new.v[1]));
	/* What is learnt now is not of the old ones. */
	ck_assert(upstream_answered(&new.v[0], true, true, after_ms(3)));
	ck_assert(upstream_is_down(&old.v[0]));
	ck_assert_uint_eq(new.v[0].outstanding, 0);
	upstreams_clear(&old);
	upstreams_clear(&new);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("upstream");
	TCase *tc = tcase_create("upstream");

	tcase_add_test(tc, upstream_that_was_silent_is_not_taken_for_slow);
	tcase_add_test(tc, upstream_knowledge_is_that_of_all_workers);
	tcase_add_test(tc, upstream_goes_down_by_silence_and_a_lost_probe);
	tcase_add_test(tc, upstream_stays_up_while_it_answers_anything);
	tcase_add_test(tc, upstream_that_flaps_is_told_of_now_and_then);
	tcase_add_test(tc, upstream_probes_come_once_a_second_with_jitter);
	tcase_add_test(tc,
	    upstream_that_drops_opt_is_found_out_by_the_second_question);
	tcase_add_test(tc, upstream_that_is_silent_keeps_its_edns);
	tcase_add_test(tc, upstream_choose_takes_another_before_the_same);
	tcase_add_test(tc, upstream_rto_follows_what_was_measured);
	tcase_add_test(tc, upstream_answer_ends_the_row_of_losses);
	tcase_add_test(tc,
	    upstream_that_refuses_edns_is_remembered_for_a_time);
	tcase_add_test(tc, upstream_without_edns_is_tried_later_and_later);
	tcase_add_test(tc, upstream_order_round_robin_takes_each_in_turn);
	tcase_add_test(tc, upstream_order_least_outstanding_takes_the_idlest);
	tcase_add_test(tc,
	    upstream_order_fastest_takes_the_fastest_and_tries_the_others);
	tcase_add_test(tc,
	    upstream_order_fastest_asks_one_server_at_a_time_for_its_speed);
	tcase_add_test(tc, upstreams_route_is_that_of_the_longest_domain);
	tcase_add_test(tc,
	    upstreams_same_compares_the_servers_of_a_domain_in_any_order);
	tcase_add_test(tc, upstream_choose_keeps_to_the_route_and_its_order);
	tcase_add_test(tc, upstream_state_outlives_a_reload);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
