/*
 * Unit tests of bucket.c, with a clock of our own.
 */
#include <check.h>
#include <stdint.h>

#include "common/bucket.h"

#include "tests/unit/bucket_util.h"
#include "tests/unit/suite.h"

static const struct monotime start = { .ns = INT64_C(5000000000) };

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

START_TEST(bucket_of_an_unknown_rate_is_full)
{
	const struct bucket_rate rate = { .per_sec = 100, .burst = 200 };
	struct bucket b;

	bucket_init_full(&b);
	ck_assert(bucket_is_full(&b, rate, start));
	ck_assert_int_eq(drain(&b, rate, start, 1000), 200);
	ck_assert(!bucket_is_full(&b, rate, monotime_add_ms(start, 1999)));
	ck_assert(bucket_is_full(&b, rate, monotime_add_ms(start, 2001)));
}
END_TEST

static Suite *
bucket_suite(void)
{
	Suite *s = suite_create("bucket");
	TCase *tc = tcase_create("bucket");

	tcase_add_test(tc, bucket_gives_its_burst_and_then_its_rate);
	tcase_add_test(tc, bucket_loses_nothing_to_frequent_looks);
	tcase_add_test(tc, bucket_of_rate_zero_refuses);
	tcase_add_test(tc, bucket_survives_extreme_rates_and_times);
	tcase_add_test(tc, bucket_obeys_a_burst_that_was_lowered);
	tcase_add_test(tc, bucket_of_an_unknown_rate_is_full);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(bucket_suite()));
}
