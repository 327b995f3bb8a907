/*
 * The parts of two nodes: together they are all ports, nothing is in both, and
 * each has what a pool needs.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "nat64d/pool/pool4.h"
#include "tests/unit/suite.h"

static const struct monotime now = { INT64_C(1000000000000) };
static struct pool4_range range;
static struct pool4 *pools[3]; /* by node; 0: alone */

/* splitmix64, the same in every run. */
static uint32_t
next_random(void *arg)
{
	static uint64_t state;
	uint64_t z;

	(void)arg;
	z = state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return ((uint32_t)(z >> 32));
}

static void
make_pools(void)
{
	struct pool4_opts opts = { .parity = true,
		.range_fallback = true,
		.quarantine_secs = { 120, 120, 120 },
		.quarantine_max_percent = 25,
		.block_rest_secs = 300,
		.subscriber_len = 64 };

	for (opts.node = 0; opts.node < 3; opts.node++) {
		pools[opts.node] = pool4_new(&range, 1, &opts);
		ck_assert_ptr_nonnull(pools[opts.node]);
	}
}

static void
setup(void)
{
	memset(&range, 0, sizeof(range));
	range.first.s_addr = range.last.s_addr = htonl(0xc6336401);
	range.ports[L4_TCP] = range.ports[L4_UDP] =
	    (struct port_range){ 1024, 65535 };
	range.ports[L4_ICMP] = (struct port_range){ 0, 65535 };
}

static void
teardown(void)
{
	unsigned i;

	for (i = 0; i < 3; i++)
		pool4_free(pools[i]);
}

static struct taddr6
owner(unsigned i)
{
	struct taddr6 o = { .port = (uint16_t)(1024 + i) };

	o.addr.s6_addr[0] = 0x20;
	o.addr.s6_addr[14] = (uint8_t)(i >> 8);
	o.addr.s6_addr[15] = (uint8_t)i;
	return (o);
}

/* Take ports until there are none; enter them in taken. */
static unsigned
take_all(struct pool4 *pool, enum l4proto proto, uint8_t taken[65536])
{
	const struct rng rng = { .next = next_random };
	struct taddr6 o;
	unsigned i;
	int32_t port;

	for (i = 0;; i++) {
		o = owner(i);
		if (pool4_find_addr(pool, proto, 0, &o, now) == -1)
			break;
		port = pool4_alloc(pool, proto, 0, &o, &rng, now);
		ck_assert_int_ge(port, 0);
		taken[port]++;
	}
	return (i);
}

/* Both together take each port once. */
static void
expect_disjoint(void)
{
	static uint8_t taken[L4_NPROTO][65536];
	enum l4proto proto;
	unsigned n, port;

	memset(taken, 0, sizeof(taken));
	make_pools();
	for (proto = L4_TCP; proto < L4_NPROTO; proto++) {
		ck_assert_uint_eq(pool4_capacity(pools[1], proto) +
			pool4_capacity(pools[2], proto),
		    pool4_capacity(pools[0], proto));
		ck_assert_uint_eq(pool4_capacity_all(pools[1], proto),
		    pool4_capacity(pools[0], proto));
		for (n = 1; n <= 2; n++) {
			ck_assert_uint_eq(take_all(pools[n], proto,
					      taken[proto]),
			    pool4_capacity(pools[n], proto));
			ck_assert_uint_eq(pool4_n_free_all(pools[n], proto),
			    0);
		}
		for (port = 0; port < 65536; port++)
			ck_assert_uint_le(taken[proto][port], 1);
	}
}

START_TEST(no_port_is_of_both_parts)
{
	expect_disjoint();
}
END_TEST

START_TEST(ranges_with_holes_are_divided_too)
{
	range.ports[L4_TCP] = range.ports[L4_UDP] =
	    (struct port_range){ 80, 1999 };
	range.holes[L4_TCP] = range.holes[L4_UDP] = (struct portlist){
		.n = 2,
		.ranges = { { 443, 443 }, { 1021, 1030 } },
	};
	expect_disjoint();
}
END_TEST

START_TEST(a_pool_of_four_ports_has_two_for_each_node)
{
	range.ports[L4_TCP] = range.ports[L4_UDP] =
	    (struct port_range){ 40001, 40004 };
	expect_disjoint();
	ck_assert_uint_eq(pool4_capacity(pools[1], L4_UDP), 2);
	ck_assert_uint_eq(pool4_capacity(pools[2], L4_UDP), 2);
}
END_TEST

/* Each part has ports of both (RFC 4787, REQ-4). */
START_TEST(parity_is_kept)
{
	const struct rng rng = { .next = next_random };
	struct taddr6 o;
	unsigned i, n;

	make_pools();
	for (n = 1; n <= 2; n++)
		for (i = 0; i < 1000; i++) {
			o = owner(i);
			ck_assert_int_eq(pool4_alloc(pools[n], L4_UDP, 0, &o,
					     &rng, now) %
				2,
			    o.port % 2);
		}
}
END_TEST

START_TEST(blocks_are_divided_by_their_numbers)
{
	range.block_size = 1000;
	range.max_blocks = 64;
	expect_disjoint();
}
END_TEST

/* What a subscriber has from the other node does not count. */
START_TEST(a_subscriber_gets_blocks_of_our_part)
{
	const struct rng rng = { .next = next_random };
	const struct taddr6 o = owner(1);
	struct pool4_block block = { .addr = range.first,
		.ports = { 1124, 1223 },
		.holder = o.addr };
	int32_t port;

	range.block_size = 100;
	range.max_blocks = 1;
	make_pools();
	ck_assert_int_eq(pool4_restore_block(pools[1], &block, now), 0);
	port = pool4_alloc(pools[1], L4_UDP, 0, &o, &rng, now);
	ck_assert_int_ge(port, 0);
	ck_assert_int_eq((port - 1024) / 100 % 2, 0);
	ck_assert_uint_eq(pool4_blocks_of(pools[1], &o.addr, &block, 1), 2);
}
END_TEST

/* A binding of the other node goes on, and its port does not become ours. */
START_TEST(a_port_of_the_other_part_can_be_taken_and_released)
{
	const struct taddr4 out = { range.first, 2002 }; /* of node 2 */
	const struct taddr6 o = owner(1);
	uint64_t n_free;

	make_pools();
	n_free = pool4_n_free_all(pools[1], L4_UDP);
	ck_assert_int_eq(pool4_port_state(pools[1], L4_UDP, &out), POOL4_FREE);
	ck_assert_int_eq(pool4_take(pools[1], L4_UDP, &out), 0);
	ck_assert_int_eq(pool4_take(pools[1], L4_UDP, &out), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	pool4_release(pools[1], L4_UDP, &out, &o, now);
	ck_assert_int_eq(pool4_port_state(pools[1], L4_UDP, &out),
	    POOL4_QUARANTINED);
	pool4_expire(pools[1], monotime_add_secs(now, 121), 10);
	ck_assert_int_eq(pool4_port_state(pools[1], L4_UDP, &out), POOL4_FREE);
	ck_assert_uint_eq(pool4_n_free_all(pools[1], L4_UDP), n_free);
}
END_TEST

START_TEST(another_pool_is_divided_as_well)
{
	static uint8_t taken[65536];
	struct pool4_opts opts = { .node = 0, .quarantine_max_percent = 25 };
	const struct taddr4 out = { range.first, 2002 };

	make_pools();
	ck_assert_int_eq(pool4_take(pools[1], L4_UDP, &out), 0);
	range.ports[L4_UDP].last = 3000;
	ck_assert_int_eq(pool4_change(pools[1], &range, 1, &opts), 0);
	ck_assert_uint_eq(take_all(pools[1], L4_UDP, taken),
	    pool4_capacity(pools[1], L4_UDP));
	ck_assert_uint_eq(taken[2002] + taken[2003] + taken[3002], 0);
	ck_assert_uint_eq(taken[2000], 1);
}
END_TEST

/* --- rest --- */

START_TEST(held_ports_stay_in_quarantine)
{
	const struct taddr4 out = { range.first, 2000 };
	const struct taddr6 o = owner(1);
	struct monotime later = monotime_add_secs(now, 3600);

	make_pools();
	pool4_hold(pools[1], true, now);
	ck_assert_int_eq(pool4_take(pools[1], L4_TCP, &out), 0);
	pool4_release(pools[1], L4_TCP, &out, &o, now);
	pool4_expire(pools[1], later, 10);
	ck_assert_int_eq(pool4_port_state(pools[1], L4_TCP, &out),
	    POOL4_QUARANTINED);
	pool4_hold(pools[1], false, later);
	pool4_expire(pools[1], monotime_add_secs(later, 119), 10);
	ck_assert_int_eq(pool4_port_state(pools[1], L4_TCP, &out),
	    POOL4_QUARANTINED);
	pool4_expire(pools[1], monotime_add_secs(later, 120), 10);
	ck_assert_int_eq(pool4_port_state(pools[1], L4_TCP, &out), POOL4_FREE);
}
END_TEST

/* The rest of a start does not end while both are active. */
START_TEST(a_part_that_rests_does_so_while_ports_are_held)
{
	const struct taddr6 o = owner(1);
	struct monotime later = monotime_add_secs(now, 3600);

	make_pools();
	pool4_quarantine_all(pools[1], 120, now);
	pool4_hold(pools[1], true, now);
	ck_assert_int_eq(pool4_find_addr(pools[1], L4_UDP, 0, &o, later), -1);
	pool4_hold(pools[1], false, later);
	later = monotime_add_secs(later, 119);
	ck_assert_int_eq(pool4_find_addr(pools[1], L4_UDP, 0, &o, later), -1);
	later = monotime_add_secs(later, 1);
	ck_assert_int_eq(pool4_find_addr(pools[1], L4_UDP, 0, &o, later), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("part");
	TCase *tc = tcase_create("part");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, no_port_is_of_both_parts);
	tcase_add_test(tc, ranges_with_holes_are_divided_too);
	tcase_add_test(tc, a_pool_of_four_ports_has_two_for_each_node);
	tcase_add_test(tc, parity_is_kept);
	tcase_add_test(tc, blocks_are_divided_by_their_numbers);
	tcase_add_test(tc, a_subscriber_gets_blocks_of_our_part);
	tcase_add_test(tc, a_port_of_the_other_part_can_be_taken_and_released);
	tcase_add_test(tc, another_pool_is_divided_as_well);
	tcase_add_test(tc, held_ports_stay_in_quarantine);
	tcase_add_test(tc, a_part_that_rests_does_so_while_ports_are_held);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
