/*
 * Thresholds: reached and left once, with a gap between, for the pool and for
 * each subscriber.
 */
#include <check.h>
#include <stdint.h>

#include "tests/unit/nat64_lab.h"

static void
bind_some(const char *host, unsigned first, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		lab_bind(L4_TCP, host, (uint16_t)(first + i));
	lab.n_events = 0;
}

static void
expect_events(unsigned reached, unsigned left)
{
	ck_assert_uint_eq(lab_count_events(NAT64_EV_THRESHOLD), reached);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_THRESHOLD_LEFT), left);
}

/* Shows: LOG-21 */
START_TEST(the_pool_reaches_its_threshold_and_leaves_it)
{
	lab_set_pool(POOL4, POOL4, 2000, 2009);
	lab.conf.warn_pool = 80;
	lab_start();
	bind_some(CLIENT6, 5000, 4);
	lab_wait(100);
	bind_some(HOST_C, 6000, 3);
	ck_assert(!nat64_pool_is_high(lab.n, L4_TCP));
	lab_bind(L4_TCP, HOST_C, 6003); /* the eighth of ten */
	ck_assert_str_eq(lab_event(NAT64_EV_THRESHOLD)->text,
	    "event=threshold-reached natevent=18 subtype=3 threshold=80 "
	    "proto=tcp statement=\"warn pool\"");
	ck_assert(nat64_pool_is_high(lab.n, L4_TCP));
	ck_assert(!nat64_pool_is_high(lab.n, L4_UDP));
	lab.n_events = 0;
	lab_bind(L4_TCP, HOST_C, 6004);
	expect_events(0, 0);
	lab_wait(140); /* four end: five of ten are left */
	expect_events(0, 1);
	ck_assert_str_eq(lab_event(NAT64_EV_THRESHOLD_LEFT)->text,
	    "event=threshold-left threshold=80 proto=tcp "
	    "statement=\"warn pool\"");
	ck_assert(!nat64_pool_is_high(lab.n, L4_TCP));
}
END_TEST

/* One port less is not enough. */
START_TEST(within_the_gap_nothing_is_reported)
{
	lab_set_pool(POOL4, POOL4, 2000, 2009);
	lab.conf.warn_pool = 80;
	lab_start();
	bind_some(CLIENT6, 5000, 1);
	lab_wait(100);
	bind_some(CLIENT6, 6000, 6);
	lab_bind(L4_TCP, CLIENT6, 6006);
	expect_events(1, 0);
	lab.n_events = 0;
	lab_wait(140); /* seven of ten */
	ck_assert_uint_eq(lab_bindings(L4_TCP), 7);
	lab_bind(L4_TCP, CLIENT6, 7000);
	expect_events(0, 0);
}
END_TEST

START_TEST(a_subscriber_reaches_its_threshold)
{
	lab.conf.subscriber.ports = 4;
	lab.conf.warn_subscriber = 75;
	lab_start();
	bind_some(CLIENT6, 5000, 2);
	lab_bind(L4_TCP, HOST_B, 5002);
	expect_events(1, 0);
	ck_assert_str_eq(lab_event(NAT64_EV_THRESHOLD)->text,
	    "event=threshold-reached natevent=18 subtype=4 threshold=75 "
	    "proto=tcp statement=\"warn subscriber\" "
	    "subscriber=2001:db8:1::/64");
	ck_assert_uint_eq(nat64_subscribers_high(lab.n), 1);
	bind_some(HOST_C, 5000, 2);
	ck_assert_uint_eq(nat64_subscribers_high(lab.n), 1);
	lab_wait(240);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_THRESHOLD_LEFT), 1);
	ck_assert_uint_eq(nat64_subscribers_high(lab.n), 0);
}
END_TEST

static void
set_blocks(uint16_t size, uint16_t max)
{
	lab_set_pool(POOL4, POOL4, 2000, 2063);
	lab.pool[0].block_size = size;
	lab.pool[0].max_blocks = max;
	lab.conf.warn_subscriber = 75;
	lab_start();
	lab.n_events = 0;
}

/* What is counted is ports: the first block alone, full, is a half. */
START_TEST(blocks_are_a_limit_of_ports)
{
	set_blocks(4, 2);
	bind_some(CLIENT6, 5000, 5);
	expect_events(0, 0);
	lab_bind(L4_TCP, CLIENT6, 5005); /* the sixth of eight */
	expect_events(1, 0);
	ck_assert_uint_eq(nat64_subscribers_high(lab.n), 1);
}
END_TEST

START_TEST(the_lower_limit_of_ports_counts)
{
	lab.conf.subscriber.ports = 4;
	set_blocks(4, 2);
	bind_some(CLIENT6, 5000, 2);
	lab_bind(L4_TCP, CLIENT6, 5002);
	expect_events(1, 0);
}
END_TEST

START_TEST(another_threshold_applies_at_once)
{
	lab_set_pool(POOL4, POOL4, 2000, 2009);
	lab_start();
	bind_some(CLIENT6, 5000, 5);
	lab.conf.warn_pool = 50;
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
	while (nat64_settle(lab.n, lab.now, 10))
		continue;
	lab_wait(1);
	expect_events(1, 0);
	lab.conf.warn_pool = 0;
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
	while (nat64_settle(lab.n, lab.now, 10))
		continue;
	lab_wait(1);
	ck_assert(!nat64_pool_is_high(lab.n, L4_TCP));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		the_pool_reaches_its_threshold_and_leaves_it,
		within_the_gap_nothing_is_reported,
		a_subscriber_reaches_its_threshold,
		blocks_are_a_limit_of_ports,
		the_lower_limit_of_ports_counts,
		another_threshold_applies_at_once,
	};

	return (lab_main("nat64_threshold", tests, NITEMS(tests)));
}
