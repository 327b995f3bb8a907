/*
 * Unit tests of ratelimit.c, with simulated time.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/base/ratelimit.h"

#include "tests/unit/bucket_util.h"
#include "tests/unit/suite.h"

static const struct monotime start = { .ns = INT64_C(5000000000) };
static const struct siphash_key key = { { 9, 8, 7 } };

/* Shows: ERR-20 */
START_TEST(allow_limits_one_destination_without_starving_others)
{
	const struct bucket_rate all = { .per_sec = 100, .burst = 200 };
	const struct bucket_rate each = { .per_sec = 10, .burst = 10 };
	static struct ratelimit r;
	const uint8_t one[4] = { 192, 0, 2, 1 }, other[4] = { 192, 0, 2, 2 };
	int i, n = 0;

	ratelimit_init(&r, &key, all, each, start);
	for (i = 0; i < 1000; i++)
		n += ratelimit_allow(&r, one, sizeof(one), start);
	ck_assert_int_eq(n, 10);
	/* The 990 refusals took nothing from the bucket of all. */
	ck_assert_int_eq(drain(&r.all, all, start, 1000), 190);
	ck_assert(!ratelimit_allow(&r, other, sizeof(other), start));
}
END_TEST

/* Shows: ERR-20 */
START_TEST(allow_limits_all_destinations_together)
{
	const struct bucket_rate all = { .per_sec = 100, .burst = 200 };
	const struct bucket_rate each = { .per_sec = 10, .burst = 10 };
	static struct ratelimit r;
	uint8_t dest[16] = { 0x20, 0x01 };
	uint64_t levels = 0;
	int i, n = 0;

	ratelimit_init(&r, &key, all, each, start);
	for (i = 0; i < 10000; i++) {
		/* Four networks, each of which is allowed half of the rate. */
		dest[5] = (uint8_t)(i % 4);
		dest[14] = (uint8_t)(i >> 8);
		dest[15] = (uint8_t)i;
		n += ratelimit_allow(&r, dest, sizeof(dest), start);
	}
	ck_assert_int_eq(n, 200);
	for (i = 0; i < RATELIMIT_NDEST; i++)
		levels += r.dest[i].level / 1000000000;
	/* Refusals took nothing from the destinations, either. */
	ck_assert_uint_eq(levels, RATELIMIT_NDEST * 10 - 200);
}
END_TEST

START_TEST(allow_leaves_half_to_other_networks)
{
	const struct bucket_rate all = { .per_sec = 100, .burst = 200 };
	const struct bucket_rate each = { .per_sec = 10, .burst = 10 };
	static struct ratelimit r;
	uint8_t dest[16] = { 0x20, 0x01 }, other[16] = { 0x20, 0x02 };
	uint8_t dest4[4] = { 192, 0, 2, 0 }, other4[4] = { 192, 0, 3, 1 };
	int i, n = 0;

	ratelimit_init(&r, &key, all, each, start);
	for (i = 0; i < 10000; i++) {
		dest[7] = (uint8_t)(i >> 8); /* the subnets of a /56 */
		dest[15] = (uint8_t)i;
		n += ratelimit_allow(&r, dest, sizeof(dest), start);
	}
	ck_assert_int_eq(n, 100);
	ck_assert(ratelimit_allow(&r, other, sizeof(other), start));

	ratelimit_init(&r, &key, all, each, start);
	for (i = n = 0; i < 10000; i++) {
		dest4[3] = (uint8_t)i;
		n += ratelimit_allow(&r, dest4, sizeof(dest4), start);
	}
	ck_assert_int_eq(n, 100);
	ck_assert(ratelimit_allow(&r, other4, sizeof(other4), start));
}
END_TEST

static Suite *
ratelimit_suite(void)
{
	Suite *s = suite_create("ratelimit");
	TCase *tc = tcase_create("ratelimit");

	tcase_add_test(tc,
	    allow_limits_one_destination_without_starving_others);
	tcase_add_test(tc, allow_limits_all_destinations_together);
	tcase_add_test(tc, allow_leaves_half_to_other_networks);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(ratelimit_suite()));
}
