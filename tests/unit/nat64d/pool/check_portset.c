/*
 * Unit tests of portset.c.
 */
#include <check.h>

#include "nat64d/pool/portset.h"
#include "tests/unit/suite.h"
#include "tests/unit/tables.h"

static struct portset set;
static struct seeded seeded;

/* The part that a port belongs to. */
static unsigned
part_of(uint32_t port)
{
	unsigned class =
	    port < PORTSET_FIRST_USER ? PORTSET_SYSTEM : PORTSET_USER;

	return (class & (port % 2 == 0 ? PORTSET_EVEN : PORTSET_ODD));
}

static const struct {
	uint32_t first;
	uint32_t last;
} ranges[] = {
	{ 0, 65535 },
	{ 1, 65535 },
	{ 1024, 65535 },
	{ 0, 0 },
	{ 65535, 65535 },
	{ 1023, 1024 },
	{ 127, 4098 },
	{ 5, 4 },
};

START_TEST(init_makes_just_the_range)
{
	uint32_t port, counts[PORTSET_ALL + 1] = { 0 };
	unsigned parts, part;
	bool inside;

	portset_init(&set, ranges[_i].first, ranges[_i].last);
	for (port = 0; port <= 65535; port++) {
		inside = port >= ranges[_i].first && port <= ranges[_i].last;
		if (portset_has(&set, (uint16_t)port) != inside)
			ck_abort_msg("port %u", port);
		if (inside)
			counts[part_of(port)]++;
	}
	for (parts = 0; parts <= PORTSET_ALL; parts++) {
		uint32_t sum = 0;

		for (part = 1; part <= PORTSET_ALL; part <<= 1)
			if (parts & part)
				sum += counts[part];
		ck_assert_uint_eq(portset_count(&set, parts), sum);
	}
}
END_TEST

START_TEST(pick_empties_every_choice_of_parts_exactly)
{
	const struct rng rng = seeded_rng(&seeded, 7);
	const unsigned parts = (unsigned)_i;
	uint32_t left, n;
	int32_t port;

	portset_init(&set, 0, 65535);
	left = portset_count(&set, PORTSET_ALL);
	for (n = portset_count(&set, parts); n > 0; n--) {
		port = portset_pick(&set, parts, &rng);
		if (port < 0 || !(part_of((uint32_t)port) & parts) ||
		    !portset_has(&set, (uint16_t)port))
			ck_abort_msg("picked %d with %u left", port, n);
		portset_remove(&set, (uint16_t)port);
		left--;
	}
	ck_assert_int_eq(portset_pick(&set, parts, &rng), -1);
	ck_assert_uint_eq(portset_count(&set, PORTSET_ALL), left);
}
END_TEST

/* Shows: ALC-06 ALC-13 */
START_TEST(pick_is_uniform_in_a_set_with_gaps)
{
	const struct rng rng = seeded_rng(&seeded, 8);
	static unsigned hits[65536], counts[1024];
	unsigned i, n = 0;
	int32_t port;

	/* Long gaps: taking the next free port would not be uniform. */
	portset_init(&set, 1, 0);
	for (i = 0; i < 1024; i++)
		portset_add(&set, (uint16_t)(i * (i + 1) / 17 + i));
	for (i = 0; i < 65536; i++)
		n += portset_has(&set, (uint16_t)i);
	ck_assert_uint_eq(n, portset_count(&set, PORTSET_ALL));
	for (i = 0; i < n * 100; i++) {
		port = portset_pick(&set, PORTSET_ALL, &rng);
		ck_assert_int_ge(port, 0);
		hits[port]++;
	}
	ck_assert_uint_eq(seeded.n_calls, n * 100);
	for (i = 0, n = 0; i < 65536; i++)
		if (portset_has(&set, (uint16_t)i))
			counts[n++] = hits[i];
		else
			ck_assert_uint_eq(hits[i], 0);
	/* Mean n, standard deviation sqrt(2 n): five of them do not occur. */
	ck_assert_double_lt(chi_square(counts, n), n + 5 * 45.3);
}
END_TEST

START_TEST(members_of_a_part_of_the_range_are_counted_and_found)
{
	const struct rng rng = seeded_rng(&seeded, 5);
	uint32_t first, last, port, n[2], i;
	unsigned parity;

	portset_init(&set, 0, 65535);
	for (i = 0; i < 40000; i++) {
		port = rng_below(&rng, 65536);
		if (portset_has(&set, (uint16_t)port))
			portset_remove(&set, (uint16_t)port);
	}
	for (i = 0; i < 30; i++) {
		first = i == 0 ? 0 : rng_below(&rng, 65536);
		last = i == 0 ? 65535 : first + rng_below(&rng, 65536 - first);
		n[0] = n[1] = 0;
		for (port = first; port <= last; port++)
			if (portset_has(&set, (uint16_t)port)) {
				ck_assert_uint_eq(portset_nth_within(&set,
						      port % 2,
						      (uint16_t)first,
						      (uint16_t)last,
						      n[port % 2]),
				    port);
				n[port % 2]++;
			}
		for (parity = 0; parity < 2; parity++)
			ck_assert_uint_eq(portset_count_within(&set, parity,
					      (uint16_t)first, (uint16_t)last),
			    n[parity]);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("portset");
	TCase *tc = tcase_create("portset");

	tcase_add_loop_test(tc, init_makes_just_the_range, 0, NITEMS(ranges));
	tcase_add_loop_test(tc, pick_empties_every_choice_of_parts_exactly, 1,
	    PORTSET_ALL + 1);
	tcase_add_test(tc, pick_is_uniform_in_a_set_with_gaps);
	tcase_add_test(tc,
	    members_of_a_part_of_the_range_are_counted_and_found);
	suite_add_tcase(suite, tc);
	return (suite_run(suite));
}
