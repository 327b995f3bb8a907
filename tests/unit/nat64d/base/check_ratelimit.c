/*
 * Unit tests of ratelimit.c, with simulated time.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/base/ratelimit.h"

#include "tests/unit/suite.h"

static const struct monotime start = { .ns = INT64_C(5000000000) };
static const struct siphash_key key = { { 9, 8, 7 } };

/* Take until refused, at most limit times. */
static int
drain(struct bucket *b, struct bucket_rate rate, struct monotime now,
    int limit)
{
	int n;

	for (n = 0; n < limit && bucket_take(b, rate, now); n++)
		;
	return (n);
}

/* Shows: ERR-20 */
START_TEST(bucket_gives_its_burst_and_then_its_rate)
{
	static const struct {
		const char *name;
		int64_t after_ms;
		int tokens;
	} rows[] = {
		{ "at once", 0, 200 },
		{ "a moment later", 0, 0 },
		{ "half a token later", 5, 0 },
		{ "one token later", 10, 1 },
		{ "a second later", 1010, 100 },
		{ "an hour later no more than the burst", 3600000, 200 },
	};
	const struct bucket_rate rate = { .per_sec = 100, .burst = 200 };
	struct bucket b;
	size_t i;
	int n;

	bucket_init(&b, rate, start);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = drain(&b, rate, monotime_add_ms(start, rows[i].after_ms),
		    1000);
		ck_assert_msg(n == rows[i].tokens, "%s: %d", rows[i].name, n);
	}
}
END_TEST

/* Shows: ERR-20 */
START_TEST(bucket_loses_nothing_to_frequent_looks)
{
	const struct bucket_rate rate = { .per_sec = 3, .burst = 2 };
	struct bucket b;
	int64_t ms;
	int n = 0;

	bucket_init(&b, rate, start);
	ck_assert_int_eq(drain(&b, rate, start, 10), 2);
	for (ms = 1; ms <= 1000; ms++)
		n += bucket_take(&b, rate, monotime_add_ms(start, ms));
	ck_assert_int_eq(n, 3);
}
END_TEST

/* Shows: ERR-20 CFG-14 */
START_TEST(bucket_of_rate_zero_refuses)
{
	const struct bucket_rate rate = { .per_sec = 0, .burst = 10 };
	struct bucket b;

	bucket_init(&b, rate, start);
	ck_assert(!bucket_take(&b, rate, start));
	ck_assert(!bucket_take(&b, rate, monotime_add_secs(start, 60)));
}
END_TEST

/* Shows: ERR-20 */
START_TEST(bucket_survives_extreme_rates_and_times)
{
	const struct bucket_rate most = { .per_sec = UINT32_MAX,
		.burst = UINT32_MAX };
	const struct monotime never = { .ns = INT64_MAX };
	const struct monotime before = { .ns = 0 };
	struct bucket b;

	bucket_init(&b, most, start);
	ck_assert(bucket_take(&b, most, before));
	ck_assert(bucket_take(&b, most, never));
	ck_assert_uint_eq(b.level, (UINT32_MAX - UINT64_C(1)) * 1000000000);
}
END_TEST

/* Shows: ERR-20 */
START_TEST(bucket_obeys_a_burst_that_was_lowered)
{
	const struct bucket_rate high = { .per_sec = 100, .burst = 200 };
	const struct bucket_rate low = { .per_sec = 100, .burst = 2 };
	struct bucket b;

	bucket_init(&b, high, start);
	ck_assert_int_eq(drain(&b, low, monotime_add_ms(start, 1), 1000), 2);
}
END_TEST

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

	tcase_add_test(tc, bucket_gives_its_burst_and_then_its_rate);
	tcase_add_test(tc, bucket_loses_nothing_to_frequent_looks);
	tcase_add_test(tc, bucket_of_rate_zero_refuses);
	tcase_add_test(tc, bucket_survives_extreme_rates_and_times);
	tcase_add_test(tc, bucket_obeys_a_burst_that_was_lowered);
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
