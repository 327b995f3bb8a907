/*
 * Unit tests of upstream.c, with a clock and random numbers of our own.
 */
#include <sys/socket.h>

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "dns64d/upstream.h"

#define NAME_A 1
#define NAME_B 2

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
static const struct upstream_route all = {
	.domain_len = 1, .member = { 0, 1, 2, 3 }, .n = SERVERS
};
static const unsigned no_tries[SERVERS];

static void
make(struct upstreams *ups, enum upstream_order order,
    const struct upstreams *old)
{
	static struct sockaddr_storage ss[SERVERS];
	struct upstreams_conf conf = {
		.addrs = ss, .n = SERVERS, .routes = &all, .n_routes = 1,
		.order = order
	};
	socklen_t len;
	char text[] = "192.0.2.1";
	size_t i;

	for (i = 0; i < SERVERS; i++, text[8]++)
		ck_assert_int_eq(sockaddr_parse(text, 53, &ss[i], &len), 0);
	ck_assert_int_eq(upstreams_init(ups, &conf, old), 0);
}

static void
lose(struct upstream *u, uint64_t name)
{
	upstream_lost(u, name, true, start, &rng);
}

static void
bring_down(struct upstream *u)
{
	while (!u->down)
		lose(u, u->lost % 2 == 0 ? NAME_A : NAME_B);
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
		{ "the same before one that is down", { 2, 0, 0 },
		    { 0, 1, 1 }, false, 0 },
		{ "one that is down when the others are spent", { 3, 0, 3 },
		    { 0, 1, 0 }, false, 1 },
		{ "all down, all the same", { 1, 0, 0 }, { 1, 1, 1 }, false,
		    1 },
		{ "three times each and no more", { 3, 3, 3 }, { 0 }, false,
		    -1 },
		{ "untried", { 1, 1, 0 }, { 0 }, true, 2 },
		{ "untried but down", { 1, 1, 0 }, { 0, 0, 1 }, true, -1 },
	};
	static const struct upstream_route three = {
		.domain_len = 1, .member = { 0, 1, 2 }, .n = 3
	};
	struct upstreams ups;
	struct upstream *u;
	size_t i, k;

	make(&ups, UPSTREAM_ORDERED, NULL);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (k = 0; k < 3; k++)
			ups.v[k].down = rows[i].down[k];
		u = upstream_choose(&ups, &three, rows[i].tries,
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
		{ "near", 1000, 0, UPSTREAM_RTO_MIN_MS },
		{ "nearer than the clock tells", -5, 0, UPSTREAM_RTO_MIN_MS },
		{ "far", 300000, 0, 300 },
		{ "far, again", 300000, 1, 600 },
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

/* Shows: DNS64-87 */
START_TEST(upstream_goes_down_by_losses_of_two_names)
{
	struct upstreams ups;
	struct upstream *u;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	for (i = 1; i < UPSTREAM_DOWN_LOST; i++)
		ck_assert(!upstream_lost(u, i % 2 ? NAME_A : NAME_B, true,
		    start, &rng));
	ck_assert(!u->down);
	ck_assert(upstream_lost(u, NAME_A, true, start, &rng));
	ck_assert(u->down);
	ck_assert(upstreams_any_down(&ups));
	/* It went down once. */
	ck_assert(!upstream_lost(u, NAME_B, true, start, &rng));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-87 */
START_TEST(upstream_stays_up_by_losses_of_one_name)
{
	struct upstreams ups;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	for (i = 0; i < 1000; i++)
		ck_assert(!upstream_lost(ups.v, NAME_A, true, start,
		    &rng));
	ck_assert(!upstreams_any_down(&ups));
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
		lose(u, NAME_A);
		lose(u, NAME_B);
		ck_assert(!upstream_answered(u, true, true, start));
	}
	ck_assert(!u->down);
	bring_down(u);
	ck_assert(upstream_answered(u, true, true, start));
	ck_assert(!u->down);
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-87 */
START_TEST(upstream_probes_come_later_and_later_with_jitter)
{
	struct upstreams ups;
	struct upstream *u;
	struct monotime now = start;
	int64_t wait_ms, expected_ms = UPSTREAM_PROBE_FIRST_MS;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = &ups.v[1];
	ck_assert_ptr_null(upstream_probe_due(&ups, after_ms(1000000)));
	bring_down(u);
	for (i = 0; i < 10; i++) {
		wait_ms = monotime_diff_ms(u->probe_at, now);
		ck_assert_int_ge(wait_ms, expected_ms * 3 / 4);
		ck_assert_int_le(wait_ms, expected_ms * 5 / 4);
		ck_assert_ptr_null(upstream_probe_due(&ups,
		    monotime_add_ms(u->probe_at, -1)));
		ck_assert_ptr_eq(upstream_probe_due(&ups, u->probe_at), u);
		now = u->probe_at;
		upstream_probe_failed(u, now, &rng);
		if (expected_ms < UPSTREAM_PROBE_MAX_MS)
			expected_ms *= 2;
	}
	upstream_answered(u, true, true, now);
	ck_assert_ptr_null(upstream_probe_due(&ups, after_ms(1000000)));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-59 */
START_TEST(upstream_that_refuses_edns_is_remembered_for_a_time)
{
	const int64_t ms = UPSTREAM_NOEDNS_FIRST_SECS * 1000;
	struct upstreams ups;
	struct upstream *u;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	ck_assert(upstream_wants_edns(u, start));
	ck_assert(upstream_answered_plain(u, true, start));
	ck_assert(!upstream_wants_edns(u, after_ms(ms - 1)));
	ck_assert(!upstream_speaks_edns(u, after_ms(ms - 1)));
	/* Another answer without OPT is no news. */
	ck_assert(!upstream_answered_plain(u, false, after_ms(1)));
	ck_assert(!upstream_wants_edns(u, after_ms(ms - 1)));
	/* One query tries, the others do not wait for it. */
	ck_assert(upstream_wants_edns(u, after_ms(ms)));
	ck_assert(!upstream_wants_edns(u, after_ms(ms)));
	upstream_answered(u, true, true, after_ms(ms));
	ck_assert(upstream_wants_edns(u, after_ms(ms)));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-59 */
START_TEST(upstream_without_edns_is_tried_later_and_later)
{
	struct upstreams ups;
	struct upstream *u;
	struct monotime now = start;
	int64_t secs = UPSTREAM_NOEDNS_FIRST_SECS;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	ck_assert(upstream_answered_plain(u, true, now));
	for (i = 0; i < 20; i++) {
		ck_assert(!upstream_wants_edns(u, monotime_add_ms(now,
		    secs * 1000 - 1)));
		now = monotime_add_secs(now, secs);
		ck_assert(upstream_wants_edns(u, now));
		/* Refused again, or left unanswered again. */
		if (i % 2 == 0)
			ck_assert(!upstream_answered_plain(u, true, now));
		else
			upstream_lost(u, NAME_A, true, now, &rng);
		secs = secs * 2 < UPSTREAM_NOEDNS_MAX_SECS ? secs * 2 :
		    UPSTREAM_NOEDNS_MAX_SECS;
	}
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-59 */
START_TEST(upstream_that_ignores_edns_queries_is_asked_without)
{
	struct upstreams ups;
	struct upstream *u;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	for (i = 0; i < 3; i++) {
		ck_assert(upstream_wants_edns(u, start));
		upstream_lost(u, NAME_A, true, start, &rng);
		ck_assert(upstream_wants_edns(u, start));
		upstream_lost(u, NAME_A, true, start, &rng);
		ck_assert(!upstream_wants_edns(u, start));
		if (i < 2)
			upstream_lost(u, NAME_A, false, start, &rng);
	}
	ck_assert(upstream_answered_plain(u, false, start));
	ck_assert(!upstream_wants_edns(u, start));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-59 */
START_TEST(upstream_that_spoke_edns_lately_may_be_silent)
{
	const struct monotime later = after_ms(UPSTREAM_EDNS_SECS * 1000);
	struct upstreams ups;
	struct upstream *u;
	int i;

	make(&ups, UPSTREAM_ORDERED, NULL);
	u = ups.v;
	upstream_answered(u, true, true, start);
	for (i = 0; i < 10; i++)
		upstream_lost(u, NAME_A, true, start, &rng);
	ck_assert(upstream_wants_edns(u, after_ms(1)));
	ck_assert(!upstream_answered_plain(u, false, after_ms(1)));
	ck_assert(!upstream_wants_edns(u, later));
	/* What it refuses it does not speak. */
	ck_assert(upstream_answered_plain(u, true, after_ms(1)));
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
		ck_assert_ptr_eq(upstream_choose(&ups, &all, no_tries, false),
		    &ups.v[i % SERVERS]);
	ups.v[1].down = true;
	for (i = 0; i < 3; i++)
		ck_assert_ptr_ne(upstream_choose(&ups, &all, no_tries, false),
		    &ups.v[1]);
	/* The one that rested comes first, and once only. */
	ups.v[1].down = false;
	ck_assert_ptr_eq(upstream_choose(&ups, &all, no_tries, false),
	    &ups.v[1]);
	ck_assert_ptr_ne(upstream_choose(&ups, &all, no_tries, false),
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
		u = upstream_choose(&ups, &all, no_tries, false);
		ck_assert_ptr_eq(u, &ups.v[i % SERVERS]);
		upstream_sent(u);
	}
	upstream_ended(&ups.v[2]);
	ck_assert_ptr_eq(upstream_choose(&ups, &all, no_tries, false),
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
		u = upstream_choose(ups, &all, no_tries, false);
		count[u - ups->v]++;
		if (rtt_us[u - ups->v] == 0) {
			lose(u, NAME_A);
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
		ck_assert_ptr_eq(upstream_choose(&ups, &all, no_tries, false),
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

/* Shows: DNS64-89 */
START_TEST(upstream_choose_keeps_to_the_route_and_its_order)
{
	static const struct upstream_route route = {
		.domain_len = 1, .member = { 2, 0 }, .n = 2
	};
	struct upstreams ups;
	unsigned tries[SERVERS] = { 0 };

	make(&ups, UPSTREAM_ORDERED, NULL);
	ck_assert_ptr_eq(upstream_choose(&ups, &route, tries, false),
	    &ups.v[2]);
	tries[2] = 1;
	ck_assert_ptr_eq(upstream_choose(&ups, &route, tries, false),
	    &ups.v[0]);
	tries[0] = tries[2] = UPSTREAM_TRIES_EACH;
	ck_assert_ptr_null(upstream_choose(&ups, &route, tries, false));
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
	ck_assert(new.v[0].down);
	ck_assert(!new.v[1].down);
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
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, upstream_choose_takes_another_before_the_same);
	tcase_add_test(tc, upstream_rto_follows_what_was_measured);
	tcase_add_test(tc, upstream_goes_down_by_losses_of_two_names);
	tcase_add_test(tc, upstream_stays_up_by_losses_of_one_name);
	tcase_add_test(tc, upstream_answer_ends_the_row_of_losses);
	tcase_add_test(tc, upstream_probes_come_later_and_later_with_jitter);
	tcase_add_test(tc,
	    upstream_that_refuses_edns_is_remembered_for_a_time);
	tcase_add_test(tc, upstream_without_edns_is_tried_later_and_later);
	tcase_add_test(tc,
	    upstream_that_ignores_edns_queries_is_asked_without);
	tcase_add_test(tc, upstream_that_spoke_edns_lately_may_be_silent);
	tcase_add_test(tc, upstream_order_round_robin_takes_each_in_turn);
	tcase_add_test(tc,
	    upstream_order_least_outstanding_takes_the_idlest);
	tcase_add_test(tc,
	    upstream_order_fastest_takes_the_fastest_and_tries_the_others);
	tcase_add_test(tc,
	    upstream_order_fastest_asks_one_server_at_a_time_for_its_speed);
	tcase_add_test(tc, upstreams_route_is_that_of_the_longest_domain);
	tcase_add_test(tc, upstream_choose_keeps_to_the_route_and_its_order);
	tcase_add_test(tc, upstream_state_outlives_a_reload);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
