/*
 * Unit tests of bitset.c.
 */
#include <check.h>
#include <string.h>

#include "nat64d/pool/bitset.h"
#include "tests/unit/suite.h"
#include "tests/unit/tables.h"

static struct bitset set;

/* Shows: ALC-02 ALC-13 */
START_TEST(next_finds_the_same_member_as_a_plain_search)
{
	static bool member[BITSET_NBITS];
	struct seeded s;
	const struct rng rng = seeded_rng(&s, _i + 1);
	/* From a single member to half of all numbers. */
	const uint32_t n_members[] = { 1, 3, 40, 2000, 32768 };
	uint32_t from, n, i, steps;

	memset(&set, 0, sizeof(set));
	memset(member, 0, sizeof(member));
	for (i = 0; i < n_members[_i]; i++) {
		n = rng_below(&rng, BITSET_NBITS);
		member[n] = true;
		bitset_put(&set, n, true);
		if (i % 3 == 2) {
			member[n] = false;
			bitset_put(&set, n, false);
		}
	}
	for (i = 0; i < 200; i++) {
		from = rng_below(&rng, BITSET_NBITS);
		n = from;
		for (steps = 0; !member[n] && steps < BITSET_NBITS; steps++)
			n = (n + 1) % BITSET_NBITS;
		ck_assert_int_eq(bitset_next(&set, from), (int32_t)n);
	}
}
END_TEST

START_TEST(next_of_an_empty_set_is_none)
{
	memset(&set, 0, sizeof(set));
	ck_assert_int_eq(bitset_next(&set, 0), -1);
	ck_assert_int_eq(bitset_next(&set, 65535), -1);
	bitset_put(&set, 65535, true);
	ck_assert_int_eq(bitset_next(&set, 0), 65535);
	ck_assert_int_eq(bitset_next(&set, 65535), 65535);
	bitset_put(&set, 65535, false);
	ck_assert_int_eq(bitset_next(&set, 0), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bitset");
	TCase *tc = tcase_create("bitset");

	tcase_add_loop_test(tc, next_finds_the_same_member_as_a_plain_search,
	    0, 5);
	tcase_add_test(tc, next_of_an_empty_set_is_none);
	suite_add_tcase(suite, tc);
	return (suite_run(suite));
}
