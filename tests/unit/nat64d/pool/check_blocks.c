/*
 * The blocks of one address: their numbers, and what is known of their holders.
 * When a subscriber gets one: check_pool4_blocks.c.
 */
#include <check.h>
#include <stdint.h>

#include "nat64d/pool/blocks.h"
#include "tests/unit/suite.h"

#define FIRST 1024
#define LAST UINT16_MAX

static const struct siphash_key secret;
static const struct in6_addr ours = { .s6_addr = { 0x20, 1 } };
static const struct in6_addr theirs = { .s6_addr = { 0x20, 2 } };
static const struct monotime now = { INT64_C(1000000000000) };

static struct blocks blocks;
static struct block_space *space;

static void
set_up(unsigned size)
{
	struct portplan plan = { .block_size = (uint16_t)size,
		.ports = { FIRST, LAST },
		.n_blocks = (LAST - FIRST + 1) / size };
	struct portset all;

	portset_init(&all, FIRST, LAST);
	ck_assert_int_eq(blocks_init(&blocks, 8, &secret), 0);
	space = blocks_space_new(&blocks, 0xc0000201, &plan, &all);
	ck_assert_ptr_nonnull(space);
}

static void
tear_down(void)
{
	blocks_space_free(space);
	blocks_clear(&blocks);
}

START_TEST(the_number_of_a_port_is_that_of_a_division)
{
	static const unsigned sizes[] = { 1, 2, 3, 5, 7, 16, 31, 32, 63, 64,
		100, 255, 256, 257, 1000, 1023, 1024, 4032, 6450, 21504, 32255,
		32256, 32257, 64511, 64512 };
	const unsigned size = sizes[_i];
	unsigned port;
	int32_t wanted;

	set_up(size);
	for (port = 0; port <= LAST; port++) {
		wanted = port < FIRST ? -1 : (int32_t)((port - FIRST) / size);
		if (wanted >= (int32_t)space->n_blocks)
			wanted = -1;
		ck_assert_int_eq(blocks_number(space, (uint16_t)port), wanted);
	}
	tear_down();
}
END_TEST

START_TEST(all_ports_are_free_for_every_protocol)
{
	enum l4proto proto;
	unsigned i;

	set_up(257);
	for (i = 0; i < space->n_blocks; i++)
		for (proto = L4_TCP; proto < L4_NPROTO; proto++)
			ck_assert_uint_eq(space->slots[i].n_free[proto][0] +
				space->slots[i].n_free[proto][1],
			    257);
	ck_assert_uint_eq(space->n_list, space->n_blocks);
	tear_down();
}
END_TEST

START_TEST(the_first_block_is_found_after_each_change)
{
	struct block *high, *low;

	set_up(256);
	ck_assert_ptr_null(blocks_first(&blocks, &ours));
	high = blocks_hold(&blocks, space, 7, &ours, true, now);
	ck_assert_ptr_eq(blocks_first(&blocks, &ours), high);
	ck_assert_ptr_null(blocks_first(&blocks, &theirs));
	ck_assert_ptr_eq(blocks_first(&blocks, &ours), high);
	low = blocks_hold(&blocks, space, 3, &ours, true, now);
	ck_assert_ptr_eq(blocks_first(&blocks, &ours), low);
	blocks_release(&blocks, low);
	ck_assert_ptr_eq(blocks_first(&blocks, &ours), high);
	blocks_release(&blocks, high);
	ck_assert_ptr_null(blocks_first(&blocks, &ours));
	tear_down();
}
END_TEST

START_TEST(blocks_that_are_gone_are_not_found)
{
	struct block *e;

	set_up(256);
	e = blocks_hold(&blocks, space, 7, &ours, true, now);
	ck_assert_ptr_eq(blocks_first(&blocks, &ours), e);
	blocks_space_leave(&blocks, space);
	ck_assert_ptr_null(blocks_first(&blocks, &ours));
	ck_assert(!blocks_forget(&blocks, UINT32_MAX));
	blocks_clear(&blocks);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("blocks");
	TCase *tc = tcase_create("blocks");

	tcase_add_loop_test(tc, the_number_of_a_port_is_that_of_a_division, 0,
	    25);
	tcase_add_test(tc, all_ports_are_free_for_every_protocol);
	tcase_add_test(tc, the_first_block_is_found_after_each_change);
	tcase_add_test(tc, blocks_that_are_gone_are_not_found);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
