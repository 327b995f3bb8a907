/*
 * Unit tests of pool4.c: ports excluded from a range.
 */
#include <check.h>

#include "tests/unit/pool4_util.h"
#include "tests/unit/suite.h"

/* One address with ports low .. high, TCP and UDP without those in hole. */
static void
make_pool_with_hole(uint16_t low, uint16_t high, struct port_range hole,
    struct pool4_opts opts)
{
	struct pool4_range r = { .first = first,
		.last = first,
		.ports = PORTS(low, high) };

	ck_assert(portlist_add(&r.holes[L4_TCP], hole));
	ck_assert(portlist_add(&r.holes[L4_UDP], hole));
	new_pool(&r, &opts);
}

START_TEST(alloc_gives_each_port_but_those_in_holes)
{
	const struct pool4_opts opts = { .range_fallback = true,
		.parity = true };
	const enum l4proto proto = (enum l4proto)_i;
	const unsigned want = proto == L4_ICMP ? 101 : 80;
	bool seen[2000] = { false };
	unsigned i;
	int32_t t;

	make_pool_with_hole(1000, 1100, (struct port_range){ 1020, 1040 },
	    opts);
	ck_assert_uint_eq(pool4_capacity(pool, proto), want);
	for (i = 0; i < want; i++) {
		ck_assert_uint_eq(pool4_n_free(pool, proto, 0), want - i);
		t = alloc(proto, 0, (uint16_t)(i * 977), 0);
		ck_assert(t >= 1000 && t <= 1100 && !seen[t]);
		ck_assert(proto == L4_ICMP || t < 1020 || t > 1040);
		seen[t] = true;
	}
	ck_assert_int_eq(alloc(proto, 0, 5000, 0), -1);
	ck_assert_uint_eq(pool4_n_free(pool, proto, 0), 0);
	ck_assert_int_eq(state(proto, 1030),
	    proto == L4_ICMP ? POOL4_TAKEN : POOL4_OUTSIDE);
}
END_TEST

START_TEST(port_in_a_hole_is_outside_even_when_taken)
{
	const struct pool4_opts opts = { .quarantine_secs = { 120, 120, 120 },
		.quarantine_max_percent = 100 };
	const struct taddr4 out = { .addr = first, .port = 1020 };

	make_pool_with_hole(1000, 1100, (struct port_range){ 1020, 1040 },
	    opts);
	ck_assert_int_eq(pool4_take(pool, L4_UDP, &out), 0);
	ck_assert_int_eq(state(L4_UDP, 1020), POOL4_TAKEN);
	ck_assert_uint_eq(pool4_n_free(pool, L4_UDP, 0), 80);
	release(L4_UDP, 1020, 5, 0);
	ck_assert_int_eq(state(L4_UDP, 1020), POOL4_OUTSIDE);
	ck_assert_uint_eq(pool4_n_free(pool, L4_UDP, 0), 80);
}
END_TEST

/* RFC 4787, REQ-3a, REQ-4, with the ports that are not excluded. */
START_TEST(hole_can_take_a_whole_range_class_away)
{
	const struct pool4_opts opts = { .range_fallback = false };
	const struct taddr6 owner = { .addr = client, .port = 22 };

	make_pool_with_hole(1, 1100, (struct port_range){ 1, 1023 }, opts);
	ck_assert_int_ge(alloc(L4_TCP, 0, 22, 0), 1024);
	make_pool_with_hole(1, 1100, (struct port_range){ 1, 1022 }, opts);
	ck_assert_int_eq(alloc(L4_TCP, 0, 22, 0), 1023);
	ck_assert_int_eq(alloc(L4_TCP, 0, 22, 0), -1);
	ck_assert_int_eq(pool4_find_addr(pool, L4_TCP, 0, &owner, at(0)), -1);
	ck_assert_int_ge(alloc(L4_TCP, 0, 2222, 0), 1024);
}
END_TEST

START_TEST(share_of_quarantined_ports_is_one_of_those_outside_holes)
{
	const struct pool4_opts opts = { .quarantine_secs = { 120, 120, 120 },
		.quarantine_max_percent = 10 };
	uint16_t i;
	int32_t t[100];

	make_pool_with_hole(2001, 2200, (struct port_range){ 2101, 2200 },
	    opts);
	for (i = 0; i < 100; i++) {
		t[i] = alloc(L4_UDP, 0, i, 0);
		ck_assert_int_ge(t[i], 2001);
	}
	for (i = 0; i < 100; i++)
		release(L4_UDP, (uint16_t)t[i], i, 0);
	ck_assert_uint_eq(pool4_n_free(pool, L4_UDP, 0), 90);
}
END_TEST

START_TEST(check_refuses_holes_that_leave_no_port)
{
	struct pool4_range r = { .first = first,
		.last = first,
		.ports = PORTS(1000, 1100) };

	ck_assert(
	    portlist_add(&r.holes[L4_UDP], (struct port_range){ 1000, 1099 }));
	ck_assert(
	    portlist_add(&r.holes[L4_UDP], (struct port_range){ 5060, 5060 }));
	ck_assert_ptr_null(pool4_check(&r, 1));
	ck_assert(
	    portlist_add(&r.holes[L4_UDP], (struct port_range){ 1100, 1100 }));
	ck_assert_pstr_eq(pool4_check(&r, 1), "no port left");
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("pool4_holes");
	Suite *s = suite_create("pool4_holes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, alloc_gives_each_port_but_those_in_holes, 0,
	    L4_NPROTO);
	tcase_add_test(tc, port_in_a_hole_is_outside_even_when_taken);
	tcase_add_test(tc, hole_can_take_a_whole_range_class_away);
	tcase_add_test(tc,
	    share_of_quarantined_ports_is_one_of_those_outside_holes);
	tcase_add_test(tc, check_refuses_holes_that_leave_no_port);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
