/*
 * Unit tests of upstream.c, with a clock and random numbers of our own.
 */
#include <sys/socket.h>

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

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

/* Servers 192.0.2.1, 192.0.2.2 ... */
static void
make(struct upstreams *ups, size_t n, const struct upstreams *old)
{
	struct sockaddr_storage ss[4];
	socklen_t len;
	char text[] = "192.0.2.1";
	size_t i;

	for (i = 0; i < n; i++, text[8]++)
		ck_assert_int_eq(sockaddr_parse(text, 53, &ss[i], &len), 0);
	ck_assert_int_eq(upstreams_init(ups, ss, n, old), 0);
}

static void
bring_down(struct upstream *u)
{
	while (!u->down)
		upstream_lost(u, u->lost % 2 == 0 ? NAME_A : NAME_B, start,
		    &rng);
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
	struct upstreams ups;
	struct upstream *u;
	size_t i, k;

	make(&ups, 3, NULL);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (k = 0; k < 3; k++)
			ups.v[k].down = rows[i].down[k];
		u = upstream_choose(&ups, rows[i].tries,
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
		make(&ups, 1, NULL);
		for (n = 0; n < 100 && rows[i].rtt_us != 0; n++)
			upstream_answered(ups.v, rows[i].rtt_us, true, start);
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

	make(&ups, 1, NULL);
	u = ups.v;
	for (i = 1; i < UPSTREAM_DOWN_LOST; i++)
		ck_assert(!upstream_lost(u, i % 2 ? NAME_A : NAME_B, start,
		    &rng));
	ck_assert(!u->down);
	ck_assert(upstream_lost(u, NAME_A, start, &rng));
	ck_assert(u->down);
	ck_assert(upstreams_any_down(&ups));
	/* It went down once. */
	ck_assert(!upstream_lost(u, NAME_B, start, &rng));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-87 */
START_TEST(upstream_stays_up_by_losses_of_one_name)
{
	struct upstreams ups;
	int i;

	make(&ups, 1, NULL);
	for (i = 0; i < 1000; i++)
		ck_assert(!upstream_lost(ups.v, NAME_A, start, &rng));
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

	make(&ups, 1, NULL);
	u = ups.v;
	for (i = 0; i < 100; i++) {
		upstream_lost(u, NAME_A, start, &rng);
		upstream_lost(u, NAME_B, start, &rng);
		ck_assert(!upstream_answered(u, 1000, true, start));
	}
	ck_assert(!u->down);
	bring_down(u);
	ck_assert(upstream_answered(u, 1000, true, start));
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

	make(&ups, 2, NULL);
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
	upstream_answered(u, 1000, true, now);
	ck_assert_ptr_null(upstream_probe_due(&ups, after_ms(1000000)));
	upstreams_clear(&ups);
}
END_TEST

/* Shows: DNS64-59 */
START_TEST(upstream_without_edns_is_remembered_for_a_time)
{
	const int64_t ms = UPSTREAM_NOEDNS_SECS * 1000;
	struct upstreams ups;
	struct upstream *u;

	make(&ups, 1, NULL);
	u = ups.v;
	ck_assert(upstream_speaks_edns(u, start));
	ck_assert(!upstream_spoke_edns(u, start));
	upstream_set_noedns(u, start);
	ck_assert(!upstream_speaks_edns(u, after_ms(ms - 1)));
	ck_assert(upstream_speaks_edns(u, after_ms(ms)));
	/* An answer without OPT proves nothing, one with it does. */
	upstream_answered(u, 1000, false, after_ms(1));
	ck_assert(!upstream_speaks_edns(u, after_ms(1)));
	upstream_answered(u, 1000, true, after_ms(2));
	ck_assert(upstream_speaks_edns(u, after_ms(2)));
	ck_assert(upstream_spoke_edns(u, after_ms(3)));
	ck_assert(!upstream_spoke_edns(u,
	    after_ms(2 + UPSTREAM_EDNS_SECS * 1000)));
	upstreams_clear(&ups);
}
END_TEST

START_TEST(upstream_state_outlives_a_reload)
{
	struct upstreams old, new;

	make(&old, 1, NULL);
	bring_down(old.v);
	make(&new, 2, &old);
	ck_assert(new.v[0].down);
	ck_assert(!new.v[1].down);
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
	tcase_add_test(tc, upstream_without_edns_is_remembered_for_a_time);
	tcase_add_test(tc, upstream_state_outlives_a_reload);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
