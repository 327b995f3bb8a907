/*
 * Port blocks of the pool: when a subscriber gets one, which port of it, and
 * when it is free again. At random: check_pool4_blocks_random.c.
 */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/pool4_util.h"
#include "tests/unit/suite.h"

#define NADDRS 3 /* 192.0.2.1 and the following */
#define FIRST POOL4_FIRST_BLOCK
#define REST_SECS 7

static struct pool4_range range;
static struct pool4_opts opts;
static unsigned n_allocated, n_released;

static unsigned
n_held(void)
{
	return (n_allocated - n_released);
}

static void
take_report(void *arg, const struct pool4_block *b, bool allocated)
{
	(void)arg;
	(void)b;
	if (allocated)
		n_allocated++;
	else
		n_released++;
}

/* A host of a subscriber, whose prefix has 56 bits. */
static struct taddr6
host(unsigned sub, uint16_t x)
{
	struct taddr6 h = { .addr = ip6("2001:db8::1"), .port = x };

	h.addr.s6_addr[6] = (uint8_t)sub;
	h.addr.s6_addr[7] = (uint8_t)x;
	return (h);
}

static void
set_up(void)
{
	setup();
	opts = (struct pool4_opts){
		.quarantine_secs = { [L4_UDP] = 5, [L4_ICMP] = 2 },
		.quarantine_max_percent = 100,
		.parity = true,
		.range_fallback = true,
		.block_rest_secs = REST_SECS,
		.subscriber_len = 56
	};
	n_allocated = n_released = 0;
}

/* One address with three blocks of 16 ports, and as many blocks as max. */
static void
three_blocks(uint16_t max)
{
	range = (struct pool4_range){ .first = first,
		.last = first,
		.ports = PORTS(FIRST, FIRST + 3 * 16 + 5),
		.block_size = 16,
		.max_blocks = max };
	new_pool(&range, &opts);
	pool4_set_block_fn(pool, take_report, NULL);
}

static int32_t
get(unsigned sub, enum l4proto proto, uint16_t x, int64_t now)
{
	const struct taddr6 owner = host(sub, x);
	const int32_t index = pool4_find_addr(pool, proto, 0, &owner, at(now));

	return (index < 0 ? -1 :
			    pool4_alloc(pool, proto, (uint32_t)index, &owner,
				&rng, at(now)));
}

START_TEST(a_block_is_used_up_before_another_one_is_allocated)
{
	unsigned i;

	three_blocks(2);
	for (i = 0; i < 16; i++)
		ck_assert_int_ge(get(1, L4_TCP, (uint16_t)(3000 + i), 0), 0);
	/* The ports are those of all protocols. */
	for (i = 0; i < 16; i++)
		ck_assert_int_ge(get(1, L4_UDP, (uint16_t)(3000 + i), 0), 0);
	ck_assert_uint_eq(n_held(), 1);
	for (i = 0; i < 16; i++)
		ck_assert_int_ge(get(1, L4_TCP, (uint16_t)(3100 + i), 0), 0);
	ck_assert_uint_eq(n_held(), 2);
	ck_assert_int_eq(get(1, L4_TCP, 3200, 0), -1);
	ck_assert_int_eq(errno, EDQUOT);
	ck_assert_int_ge(get(2, L4_TCP, 3000, 0), 0);
	ck_assert_int_eq(get(3, L4_TCP, 3000, 0), -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

START_TEST(parity_and_identifier_are_kept_within_a_block)
{
	int32_t port;
	unsigned i;

	three_blocks(1);
	for (i = 0; i < 8; i++) {
		port = get(1, L4_UDP, (uint16_t)(4001 + 2 * i), 0);
		ck_assert_int_eq(port % 2, 1);
	}
	/* No odd port is left. */
	ck_assert_int_eq(get(1, L4_UDP, 4101, 0) % 2, 0);
	ck_assert_int_eq(get(1, L4_ICMP, (uint16_t)port, 0), port);
	/* A system port has none of its class. */
	ck_assert_int_ge(get(1, L4_TCP, 80, 0), FIRST);
}
END_TEST

START_TEST(a_block_rests_and_is_used_again_by_its_holder)
{
	const struct taddr6 owner = host(1, 3000);
	struct taddr4 out = { .addr = first };
	int32_t port;

	three_blocks(1);
	port = pool4_alloc(pool, L4_UDP, 0, &owner, &rng, at(0));
	out.port = (uint16_t)port;
	pool4_release(pool, L4_UDP, &out, &owner, at(10));
	pool4_expire(pool, at(14), 100);
	ck_assert_uint_eq(pool4_count_blocks(pool).resting, 0);
	pool4_expire(pool, at(15), 100); /* the port has rested */
	ck_assert_uint_eq(pool4_count_blocks(pool).resting, 1);
	ck_assert_uint_eq(n_held(), 1);
	pool4_expire(pool, at(15 + REST_SECS - 1), 100);
	ck_assert_int_ge(get(1, L4_TCP, 3001, 15 + REST_SECS - 1), 0);
	ck_assert_uint_eq(n_allocated, 1);
	ck_assert_uint_eq(pool4_count_blocks(pool).resting, 0);
	pool4_expire(pool, at(1000), 100);
	ck_assert_uint_eq(n_held(), 1);
}
END_TEST

START_TEST(an_idle_block_is_left_out_while_another_has_ports)
{
	const struct taddr6 owner = host(1, 3000);
	struct pool4_block block;
	struct taddr4 out = { .addr = first };
	uint16_t taken[16];
	unsigned i;

	three_blocks(2);
	for (i = 0; i < 16; i++)
		taken[i] = (uint16_t)get(1, L4_TCP, (uint16_t)(3000 + i), 0);
	out.port = (uint16_t)get(1, L4_TCP, 3100, 0);
	pool4_release(pool, L4_TCP, &out, &owner, at(0));
	ck_assert_uint_eq(pool4_count_blocks(pool).resting, 1);
	out.port = taken[3];
	pool4_release(pool, L4_TCP, &out, &owner, at(0));
	ck_assert_int_eq(get(1, L4_TCP, 3200, 0), taken[3]);
	pool4_expire(pool, at(REST_SECS), 100);
	ck_assert_uint_eq(n_held(), 1);
	ck_assert(pool4_block_of(pool, &out, &block));
	ck_assert_uint_eq(block.n_ports, 16);
}
END_TEST

START_TEST(a_block_without_a_rest_is_released_with_its_last_port)
{
	const struct taddr6 owner = host(1, 3000);
	struct taddr4 out = { .addr = first };

	opts.block_rest_secs = 0;
	three_blocks(1);
	out.port = (uint16_t)get(1, L4_TCP, 3000, 0);
	ck_assert_uint_eq(n_held(), 1);
	pool4_release(pool, L4_TCP, &out, &owner, at(0));
	ck_assert_uint_eq(n_held(), 0);
}
END_TEST

START_TEST(a_restored_port_claims_its_block)
{
	const struct taddr6 one = host(1, 3000), two = host(2, 3000);
	struct taddr4 out = { .addr = first, .port = FIRST + 17 };
	struct pool4_block block = { .addr = first,
		.ports = { FIRST + 32, FIRST + 47 } };

	three_blocks(1);
	ck_assert_int_eq(pool4_retake(pool, L4_TCP, &out, &one, at(0)), 0);
	ck_assert_uint_eq(n_held(), 1);
	out.port++;
	ck_assert_int_eq(pool4_retake(pool, L4_TCP, &out, &two, at(0)), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	out.port = FIRST;
	ck_assert_int_eq(pool4_retake(pool, L4_TCP, &out, &one, at(0)), -1);
	ck_assert_int_eq(errno, EDQUOT);
	ck_assert_int_eq(state(L4_TCP, FIRST), POOL4_FREE);
	/* One that is restored was reported before. */
	block.holder = two.addr;
	ck_assert_int_eq(pool4_restore_block(pool, &block, at(0)), 0);
	ck_assert_uint_eq(n_held(), 1);
	ck_assert_uint_eq(pool4_count_blocks(pool).held, 2);
	ck_assert_int_eq(pool4_restore_block(pool, &block, at(0)), -1);
	block.ports.first = FIRST + 33;
	ck_assert_int_eq(pool4_restore_block(pool, &block, at(0)), -1);
	pool4_expire(pool, at(REST_SECS), 100);
	ck_assert_uint_eq(n_released, 1);
	ck_assert_uint_eq(pool4_count_blocks(pool).held, 1);
}
END_TEST

/*
 * With all blocks but one in use, that one is found, and no more random numbers
 * are taken than in an empty pool.
 */
START_TEST(the_last_free_block_is_found_at_once)
{
	const unsigned n = (65536 - FIRST) / 16;
	unsigned i, k;

	range = (struct pool4_range){ .first = first,
		.last = { htonl(ntohl(first.s_addr) + NADDRS - 1) },
		.ports = PORTS(FIRST, 65535),
		.block_size = 16,
		.max_blocks = 1 };
	new_pool(&range, &opts);
	ck_assert_uint_eq(pool4_count_blocks(pool).total, NADDRS * n);
	for (i = 0; i < NADDRS * n; i++) {
		struct taddr6 owner = host(0, 3000);
		int32_t index;

		for (k = 0; k < 4; k++)
			owner.addr.s6_addr[k] = (uint8_t)(i >> 8 * k);
		seeded.n_calls = 0;
		index = pool4_find_addr(pool, L4_TCP, 0, &owner, at(0));
		ck_assert_int_ge(index, 0);
		ck_assert_int_ge(pool4_alloc(pool, L4_TCP, (uint32_t)index,
				     &owner, &rng, at(0)),
		    0);
		ck_assert_uint_le(seeded.n_calls, 8);
	}
	ck_assert_int_eq(get(9, L4_TCP, 3000, 0), -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

START_TEST(blocks_need_ports_of_all_protocols)
{
	struct pool4_range two[2] = { { .first = first,
	    .last = first,
	    .ports = PORTS(1, 1100),
	    .block_size = 64,
	    .max_blocks = 1 } };

	ck_assert_ptr_null(pool4_check(two, 1));
	new_pool(two, &opts);
	ck_assert_uint_eq(pool4_capacity(pool, L4_TCP), 64);
	ck_assert_int_eq(state(L4_TCP, 1087), POOL4_FREE);
	ck_assert_int_eq(state(L4_TCP, 1088), POOL4_OUTSIDE);
	two[0].ports[L4_ICMP].last = 1086;
	ck_assert_ptr_nonnull(strstr(pool4_check(two, 1), "fewer ports"));
	two[0].ports[L4_ICMP].last = 1087;
	portlist_add(&two[0].holes[L4_TCP], (struct port_range){ 1024, 1050 });
	ck_assert_ptr_null(pool4_check(two, 1));
	portlist_add(&two[0].holes[L4_UDP], (struct port_range){ 1051, 1090 });
	ck_assert_ptr_nonnull(strstr(pool4_check(two, 1), "no port left"));
	memset(two[0].holes, 0, sizeof(two[0].holes));
	two[1] = two[0];
	two[1].first.s_addr = two[1].last.s_addr =
	    htonl(ntohl(first.s_addr) + 1);
	ck_assert_ptr_null(pool4_check(two, 2));
	two[1].block_size = 0;
	ck_assert_ptr_nonnull(strstr(pool4_check(two, 2), "blocks are for"));
	ck_assert_ptr_null(prefix_parse("2001:db8:1::/48", &two[1].clients));
	ck_assert_ptr_null(pool4_check(two, 2));
}
END_TEST

/* --- deterministic ports --- */

/* Two addresses, four subscribers, and one block of each address is left. */
static void
computed_blocks(uint16_t max)
{
	range = (struct pool4_range){ .first = first,
		.last = { htonl(ntohl(first.s_addr) + 1) },
		.ports = PORTS(FIRST, FIRST + 3 * 16 - 1),
		.clients = { .family = AF_INET6,
		    .len = 54,
		    .v6 = ip6("2001:db8::") },
		.block_size = 16,
		.max_blocks = max,
		.deterministic = true };
	ck_assert_ptr_null(pool4_check_plans(&range, 1, 56));
	new_pool(&range, &opts);
	pool4_set_block_fn(pool, take_report, NULL);
}

/* The port that a subscriber gets, with its address, from 0 on. */
static int32_t
computed(unsigned sub, uint16_t x, int32_t *index)
{
	const struct taddr6 owner = host(sub, x);

	*index = pool4_block_addr(pool, &owner.addr);
	*index =
	    pool4_find_addr(pool, L4_TCP, (uint32_t)*index, &owner, at(0));
	return (*index < 0 ? -1 :
			     pool4_alloc(pool, L4_TCP, (uint32_t)*index,
				 &owner, &rng, at(0)));
}

/* Shows: CGN-14 */
START_TEST(each_subscriber_has_its_computed_block)
{
	struct pool4_block block, blocks[2];
	struct taddr4 out;
	struct taddr6 owner;
	int32_t port, index;
	unsigned sub, i;

	computed_blocks(0);
	for (sub = 0; sub < 4; sub++) {
		owner = host(sub, 0);
		ck_assert_uint_eq(pool4_blocks_of(pool, &owner.addr, blocks,
				      2),
		    1);
		for (i = 0; i < 16; i++) {
			port = computed(sub, (uint16_t)(3000 + i), &index);
			ck_assert_int_eq(index, (int32_t)sub / 2);
			ck_assert_int_eq((port - FIRST) / 16,
			    (int32_t)sub % 2);
			out =
			    (struct taddr4){ pool4_addr(pool, (uint32_t)index),
				    (uint16_t)port };
			ck_assert(pool4_block_of(pool, &out, &block));
			ck_assert_mem_eq(&block.holder, &blocks[0].holder, 16);
			ck_assert_uint_eq(block.n_ports, i + 1);
			ck_assert(block.fixed);
		}
		ck_assert_int_eq(computed(sub, 4000, &index), -1);
		ck_assert_int_eq(errno, EDQUOT);
	}
	ck_assert_uint_eq(n_allocated, 0);
	ck_assert_int_eq(computed(9, 3000, &index), -1); /* no client */
}
END_TEST

START_TEST(what_is_left_is_for_those_whose_block_is_full)
{
	struct taddr4 out = { .addr = first };
	struct taddr6 owner = host(1, 3000);
	int32_t port = 0, index;
	unsigned i;

	computed_blocks(1);
	for (i = 0; i < 17; i++)
		port = computed(1, (uint16_t)(3000 + i), &index);
	ck_assert_int_eq(index, 0);
	ck_assert_int_eq((port - FIRST) / 16, 2);
	ck_assert_uint_eq(n_held(), 1);
	/* The next subscriber of the address gets one of the other address. */
	for (i = 0; i < 17; i++)
		port = computed(0, (uint16_t)(3000 + i), &index);
	ck_assert_int_eq(index, 1);
	ck_assert_int_eq((port - FIRST) / 16, 2);
	ck_assert_uint_eq(n_held(), 2);
	for (i = 0; i < 16; i++)
		ck_assert_int_ge(computed(2, (uint16_t)(3000 + i), &index), 0);
	ck_assert_int_eq(computed(2, 4000, &index), -1);
	ck_assert_int_eq(errno, ENOSPC);
	/* A port of the own block is preferred to the other one's. */
	out.port = FIRST + 16 + 3;
	pool4_release(pool, L4_TCP, &out, &owner, at(0));
	ck_assert_int_eq(computed(1, 5000, &index), out.port);
}
END_TEST

START_TEST(a_computed_block_is_nobody_elses)
{
	struct taddr4 out = { .addr = first, .port = FIRST + 16 };
	const struct taddr6 own = host(1, 3000), other = host(2, 3000);
	struct pool4_block block;

	computed_blocks(1);
	ck_assert(!pool4_may_claim(pool, L4_TCP, &out, &other.addr));
	ck_assert_int_eq(pool4_retake(pool, L4_TCP, &out, &other, at(0)), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_int_eq(pool4_retake(pool, L4_TCP, &out, &own, at(0)), 0);
	ck_assert(pool4_block_of(pool, &out, &block));
	ck_assert_uint_eq(block.n_ports, 1);
	ck_assert_uint_eq(n_allocated, 0);
	pool4_release(pool, L4_TCP, &out, &own, at(0));
	ck_assert_uint_eq(n_released, 0);
	ck_assert_uint_eq(pool4_count_blocks(pool).held, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pool4_blocks");
	TCase *tc = tcase_create("pool4_blocks");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, set_up, teardown);
	tcase_add_test(tc, a_block_is_used_up_before_another_one_is_allocated);
	tcase_add_test(tc, parity_and_identifier_are_kept_within_a_block);
	tcase_add_test(tc, a_block_rests_and_is_used_again_by_its_holder);
	tcase_add_test(tc, an_idle_block_is_left_out_while_another_has_ports);
	tcase_add_test(tc,
	    a_block_without_a_rest_is_released_with_its_last_port);
	tcase_add_test(tc, a_restored_port_claims_its_block);
	tcase_add_test(tc, the_last_free_block_is_found_at_once);
	tcase_add_test(tc, blocks_need_ports_of_all_protocols);
	tcase_add_test(tc, each_subscriber_has_its_computed_block);
	tcase_add_test(tc, what_is_left_is_for_those_whose_block_is_full);
	tcase_add_test(tc, a_computed_block_is_nobody_elses);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
