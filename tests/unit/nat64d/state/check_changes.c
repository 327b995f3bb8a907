/*
 * The queues of changes: what is told, when, and in which order.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/state/changes.h"
#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/suite.h"

#define AFTER 3000
#define MAX 8

static struct changes *c;
static struct change got;

static void
setup(void)
{
	c = changes_new(MAX, AFTER);
	ck_assert_ptr_nonnull(c);
}

static void
teardown(void)
{
	changes_free(c);
}

static void
note(uint16_t port, enum nat64_change what, bool copied, int64_t now_ms)
{
	const struct session s = { .proto = L4_UDP,
		.copied = copied,
		.out4 = { .port = port } };

	changes_note(c, &s, what, now_ms);
}

static void
expect_next(int64_t now_ms, uint16_t port, bool ended)
{
	ck_assert(changes_next(c, now_ms, false, &got));
	ck_assert_uint_eq(got.place.tuple.src.port, port);
	ck_assert_int_eq(got.ended, ended);
}

START_TEST(a_new_session_waits_until_it_is_old_enough)
{
	int64_t due;

	note(1, NAT64_CHANGE_NEW, false, 100);
	note(2, NAT64_CHANGE_NEW, false, 200);
	ck_assert(changes_due(c, &due));
	ck_assert_int_eq(due, 100 + AFTER);
	ck_assert(!changes_next(c, 99 + AFTER, false, &got));
	expect_next(100 + AFTER, 1, false);
	ck_assert(got.is_new);
	ck_assert(!changes_next(c, 100 + AFTER, false, &got));
	expect_next(200 + AFTER, 2, false);
	ck_assert(!changes_due(c, &due));
}
END_TEST

START_TEST(none_waits_in_a_hurry)
{
	note(1, NAT64_CHANGE_NEW, false, 100);
	ck_assert(changes_next(c, 100, true, &got));
	ck_assert_uint_eq(got.place.tuple.src.port, 1);
}
END_TEST

START_TEST(an_end_is_told_at_once_if_the_session_was)
{
	note(1, NAT64_CHANGE_NEW, false, 100);
	note(2, NAT64_CHANGE_END, false, 101);
	note(3, NAT64_CHANGE_END, true, 102);
	expect_next(102, 3, true);
	ck_assert(!changes_next(c, 102, false, &got));
}
END_TEST

START_TEST(a_tcp_state_is_told_at_once_when_established_or_told_before)
{
	struct session s = { .proto = L4_TCP, .tcp_state = TCP_STATE_V6_INIT };

	changes_note(c, &s, NAT64_CHANGE_STATE, 0);
	ck_assert_uint_eq(changes_count(c), 0);
	s.tcp_state = TCP_STATE_ESTABLISHED;
	changes_note(c, &s, NAT64_CHANGE_STATE, 0);
	ck_assert_uint_eq(changes_count(c), 1);
	ck_assert(changes_next(c, 0, false, &got));
	ck_assert(!got.is_new);
	s.tcp_state = TCP_STATE_TRANS;
	s.copied = true;
	changes_note(c, &s, NAT64_CHANGE_STATE, 0);
	ck_assert(changes_next(c, 0, false, &got));
}
END_TEST

/* And it may be told in a hurry. */
START_TEST(numbers_wait_if_the_session_was_told)
{
	int64_t due;

	note(1, NAT64_CHANGE_NUMBERS, false, 100);
	ck_assert_uint_eq(changes_count(c), 0);
	note(2, NAT64_CHANGE_NUMBERS, true, 100);
	note(3, NAT64_CHANGE_NUMBERS, true, 150);
	ck_assert(changes_due(c, &due));
	ck_assert_int_eq(due, 100 + CHANGES_NUMBERS_MS);
	ck_assert(!changes_next(c, 99 + CHANGES_NUMBERS_MS, false, &got));
	expect_next(100 + CHANGES_NUMBERS_MS, 2, false);
	ck_assert(!got.is_new);
	ck_assert(!changes_next(c, 100 + CHANGES_NUMBERS_MS, false, &got));
	ck_assert(changes_next(c, 151, true, &got));
	ck_assert_uint_eq(got.place.tuple.src.port, 3);
}
END_TEST

/* Whatever is due first, is told first. */
START_TEST(queues_are_told_by_their_time)
{
	note(1, NAT64_CHANGE_NEW, false, 0);
	note(2, NAT64_CHANGE_NUMBERS, true, AFTER - 1);
	note(3, NAT64_CHANGE_END, true, AFTER);
	expect_next(AFTER, 3, true);
	expect_next(AFTER, 1, false);
	ck_assert(!changes_next(c, AFTER, false, &got));
	expect_next(AFTER - 1 + CHANGES_NUMBERS_MS, 2, false);
	note(4, NAT64_CHANGE_NUMBERS, true, 0);
	changes_clear(c);
	ck_assert_uint_eq(changes_count(c), 0);
}
END_TEST

START_TEST(a_full_queue_is_emptied_and_that_is_told_once)
{
	uint16_t i;

	for (i = 0; i < MAX; i++)
		note(i, NAT64_CHANGE_NEW, false, i);
	ck_assert(!changes_lost(c));
	note(i, NAT64_CHANGE_NEW, false, i);
	ck_assert_uint_eq(changes_count(c), 0);
	ck_assert(changes_lost(c));
	ck_assert(!changes_lost(c));
}
END_TEST

START_TEST(queues_go_round_in_order)
{
	uint16_t i;

	for (i = 0; i < 5 * MAX; i++) {
		note(i, NAT64_CHANGE_END, true, i);
		note((uint16_t)(i + 1), NAT64_CHANGE_END, true, i);
		expect_next(i, i, true);
		expect_next(i, (uint16_t)(i + 1), true);
	}
	ck_assert_uint_eq(changes_count(c), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("changes");
	TCase *tc = tcase_create("changes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_new_session_waits_until_it_is_old_enough);
	tcase_add_test(tc, none_waits_in_a_hurry);
	tcase_add_test(tc, an_end_is_told_at_once_if_the_session_was);
	tcase_add_test(tc,
	    a_tcp_state_is_told_at_once_when_established_or_told_before);
	tcase_add_test(tc, numbers_wait_if_the_session_was_told);
	tcase_add_test(tc, queues_are_told_by_their_time);
	tcase_add_test(tc, a_full_queue_is_emptied_and_that_is_told_once);
	tcase_add_test(tc, queues_go_round_in_order);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
