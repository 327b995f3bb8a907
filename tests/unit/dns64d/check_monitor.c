/*
 * Tests of the ring between a worker and those who watch, and of what they
 * want to see.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dns64d/monitor.h"
#include "tests/unit/suite.h"

static const struct monitor_filter everything;
static struct monitor_ring *ring;
static struct monitor_event event;
static struct monitor_filter filter;

static void
setup(void)
{
	struct sockaddr_in *sin = (void *)&event.client;

	ring = calloc(1, sizeof(*ring));
	ck_assert_ptr_nonnull(ring);
	ring->filters[0] = &everything;
	ring->n_filters = 1;
	memset(&filter, 0, sizeof(filter));
	memset(&event, 0, sizeof(event));
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(0xc0000201);
	event.action = "synthesised";
	event.question = event.answered = true;
	event.qtype = 28;
	event.rcode = 3;
	memcpy(event.qname, "\3www\7example", 13);
}

static void
teardown(void)
{
	free(ring);
}

START_TEST(events_come_out_as_they_went_in)
{
	unsigned i;

	ck_assert_ptr_null(monitor_next(ring));
	/* More than one round, never full. */
	for (i = 0; i < 3 * MONITOR_RING; i++) {
		event.usecs = i;
		monitor_put(ring, &event);
		if (i % 2 == 0)
			continue;
		ck_assert_int_eq(monitor_next(ring)->usecs, i - 1);
		monitor_read(ring);
		ck_assert_int_eq(monitor_next(ring)->usecs, i);
		monitor_read(ring);
	}
	ck_assert_ptr_null(monitor_next(ring));
	ck_assert_uint_eq(monitor_take_lost(ring), 0);
}
END_TEST

START_TEST(a_full_ring_loses_the_new_events_and_counts_them)
{
	unsigned i;

	for (i = 0; i < MONITOR_RING + 5; i++) {
		event.usecs = i;
		monitor_put(ring, &event);
	}
	ck_assert_uint_eq(monitor_take_lost(ring), 5);
	ck_assert_uint_eq(monitor_take_lost(ring), 0);
	for (i = 0; i < MONITOR_RING; i++) {
		ck_assert_int_eq(monitor_next(ring)->usecs, i);
		monitor_read(ring);
	}
	ck_assert_ptr_null(monitor_next(ring));
}
END_TEST

START_TEST(what_nobody_wants_takes_no_room)
{
	unsigned i;

	filter.has_type = true;
	filter.qtype = 1;
	ring->filters[0] = &filter;
	for (i = 0; i < 2 * MONITOR_RING; i++)
		monitor_put(ring, &event);
	ck_assert_ptr_null(monitor_next(ring));
	ck_assert_uint_eq(monitor_take_lost(ring), 0);
	ring->filters[1] = &everything;
	ring->n_filters = 2;
	monitor_put(ring, &event);
	ck_assert_ptr_nonnull(monitor_next(ring));
}
END_TEST

START_TEST(each_condition_of_a_filter_must_hold)
{
	ck_assert(monitor_wants(&everything, &event));
	ck_assert_ptr_null(prefix_parse("192.0.2.0/24", &filter.client));
	ck_assert(monitor_wants(&filter, &event));
	filter.has_name = true;
	memcpy(filter.name, "\7EXAMPLE", 9);
	ck_assert(monitor_wants(&filter, &event));
	filter.has_rcode = true;
	filter.rcode = 3;
	strcpy(filter.action, "synthesised");
	ck_assert(monitor_wants(&filter, &event));
	filter.rcode = 0;
	ck_assert(!monitor_wants(&filter, &event));
	filter.rcode = 3;
	strcpy(filter.action, "passed");
	ck_assert(!monitor_wants(&filter, &event));
	filter.action[0] = '\0';
	memcpy(filter.name, "\6xample", 8);
	ck_assert(!monitor_wants(&filter, &event));
	filter.has_name = false;
	ck_assert_ptr_null(prefix_parse("198.51.100.0/24", &filter.client));
	ck_assert(!monitor_wants(&filter, &event));
}
END_TEST

START_TEST(a_message_without_a_question_or_answer_has_no_name_and_rcode)
{
	event.question = event.answered = false;
	ck_assert(monitor_wants(&everything, &event));
	filter.has_name = true; /* the root */
	ck_assert(!monitor_wants(&filter, &event));
	filter.has_name = false;
	filter.has_type = true;
	filter.qtype = 28;
	ck_assert(!monitor_wants(&filter, &event));
	filter.has_type = false;
	filter.has_rcode = true;
	filter.rcode = 3;
	ck_assert(!monitor_wants(&filter, &event));
}
END_TEST

static Suite *
monitor_suite(void)
{
	Suite *s = suite_create("monitor");
	TCase *tc = tcase_create("monitor");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, events_come_out_as_they_went_in);
	tcase_add_test(tc, a_full_ring_loses_the_new_events_and_counts_them);
	tcase_add_test(tc, what_nobody_wants_takes_no_room);
	tcase_add_test(tc, each_condition_of_a_filter_must_hold);
	tcase_add_test(tc,
	    a_message_without_a_question_or_answer_has_no_name_and_rcode);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(monitor_suite()));
}
