/*
 * The hash of the tables: distribution, secret keys, separate uses.
 */
#include <check.h>
#include <string.h>

#include "nat64d/base/keyhash.h"
#include "tests/unit/suite.h"
#include "tests/unit/tables.h"

#define NKEYS 4096
#define BITS 10
#define NSLOTS (1u << BITS)

static const struct siphash_key secret_a = { "sixteen bytes a" };
static const struct siphash_key secret_b = { "sixteen bytes b" };

static struct keyhash a, b;

static void
setup(void)
{
	keyhash_init(&a, &secret_a);
	keyhash_init(&b, &secret_b);
}

/* Common patterns: many hosts of a /64 with few ports, one with many. */
static struct taddr6
host6(unsigned i)
{
	struct taddr6 t = ta6("2001:db8:1::", (uint16_t)(1024 + i % 7));

	t.addr.s6_addr[14] = (uint8_t)(i >> 8);
	t.addr.s6_addr[15] = (uint8_t)i;
	return (t);
}

static struct taddr6
port6(unsigned i)
{
	return (ta6("2001:db8:1::1", (uint16_t)(1024 + i)));
}

static uint64_t
of_host(const struct keyhash *h, unsigned i)
{
	const struct taddr6 t = host6(i);

	return (keyhash_taddr6(h, &t, 1));
}

static uint64_t
of_port(const struct keyhash *h, unsigned i)
{
	const struct taddr6 t = port6(i);

	return (keyhash_taddr6(h, &t, 1));
}

static uint64_t
of_port4(const struct keyhash *h, unsigned i)
{
	const struct taddr4 t = ta4("203.0.113.5", (uint16_t)(1024 + i));

	return (keyhash_taddr4(h, &t, 1));
}

static uint64_t
of_flow6(const struct keyhash *h, unsigned i)
{
	const struct taddr6 t = host6(i % 64);
	const struct taddr4 peer =
	    ta4("198.51.100.20", (uint16_t)(443 + i / 64));

	return (keyhash_flow6(h, &t, &peer, 1));
}

static uint64_t
of_flow4(const struct keyhash *h, unsigned i)
{
	const struct taddr4 t = ta4("203.0.113.5", (uint16_t)(1024 + i % 64));
	const struct taddr4 peer =
	    ta4("198.51.100.20", (uint16_t)(443 + i / 64));

	return (keyhash_flow4(h, &t, &peer, 1));
}

static uint64_t
of_addrs4(const struct keyhash *h, unsigned i)
{
	const struct in_addr dst = { htonl(0xc6336400 + i) };

	return (keyhash_addrs4(h, ip4("203.0.113.5"), dst, 1));
}

static uint64_t (*const kinds[])(const struct keyhash *, unsigned) = { of_host,
	of_port, of_port4, of_flow6, of_flow4, of_addrs4 };

/* Shows: LIM-05 */
START_TEST(regular_keys_are_spread_by_the_upper_bits)
{
	static unsigned counts[NSLOTS];
	unsigned i;

	memset(counts, 0, sizeof(counts));
	for (i = 0; i < NKEYS; i++)
		counts[kinds[_i](&a, i) >> (64 - BITS)]++;
	/* As good as a random distribution, with a wide margin. */
	ck_assert_double_lt(chi_square(counts, NSLOTS), 2 * NSLOTS);
	for (i = 0; i < NSLOTS; i++)
		ck_assert_uint_lt(counts[i], 24);
}
END_TEST

/* Shows: LIM-05 */
START_TEST(slots_depend_on_the_secret)
{
	unsigned i, same = 0;

	for (i = 0; i < NKEYS; i++)
		same += kinds[_i](&a, i) >> (64 - BITS) ==
		    kinds[_i](&b, i) >> (64 - BITS);
	ck_assert_uint_lt(same, 32);
}
END_TEST

START_TEST(uses_are_kept_apart)
{
	const struct taddr6 t = host6(1);
	unsigned i, same = 0;

	for (i = 0; i < NKEYS; i++)
		same += keyhash_taddr6(&a, &t, i) >> (64 - BITS) ==
		    keyhash_taddr6(&a, &t, i + 1) >> (64 - BITS);
	ck_assert_uint_lt(same, 64);
}
END_TEST

START_TEST(places_are_as_many_as_things_within_limits)
{
	static const struct {
		size_t things;
		size_t places;
	} rows[] = { { 0, 2 }, { 1, 2 }, { 2, 2 }, { 3, 4 }, { 1024, 1024 },
		{ 1025, 2048 }, { 1u << 20, 1u << 20 },
		{ (1u << 20) + 1, 1u << 20 }, { SIZE_MAX, 1u << 20 } };
	unsigned i, shift;

	for (i = 0; i < NITEMS(rows); i++) {
		shift = keyhash_shift(rows[i].things, 20);
		ck_assert_uint_eq(keyhash_n_buckets(shift), rows[i].places);
		ck_assert_uint_eq(UINT64_MAX >> shift, rows[i].places - 1);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("keyhash");
	Suite *s = suite_create("keyhash");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, regular_keys_are_spread_by_the_upper_bits, 0,
	    NITEMS(kinds));
	tcase_add_loop_test(tc, slots_depend_on_the_secret, 0, NITEMS(kinds));
	tcase_add_test(tc, uses_are_kept_apart);
	tcase_add_test(tc, places_are_as_many_as_things_within_limits);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
