/*
 * Other addresses and ports for a pool in use, at random and against a model:
 * a port that is taken stays taken, and what is free, in quarantine or outside
 * follows from the new ranges.
 */
#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/pool4_util.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

#define NADDRS 4 /* 192.0.2.1 and the following */
#define FIRST 1000
#define NPORTS 64 /* from FIRST on */
#define NSTEPS 40000
#define SECS 5

enum state { FREE, TAKEN, RESTING }; /* if it is in the range */

static struct pool4_opts opts = { .quarantine_secs = { SECS, SECS, SECS },
	.quarantine_max_percent = 100 };
static enum state states[NADDRS][NPORTS]; /* of UDP */
static int64_t since[NADDRS][NPORTS];
static struct pool4_range ranges[2];
static size_t n_ranges;
static uint32_t random_state;

static uint32_t
below(uint32_t n)
{
	return (wire_random(&random_state) % n);
}

static struct taddr4
taddr(unsigned a, unsigned p)
{
	return ((struct taddr4){ .addr.s_addr = htonl(ntohl(first.s_addr) + a),
	    .port = (uint16_t)(FIRST + p) });
}

/* The range that the address is in, or NULL. */
static const struct pool4_range *
range_of(unsigned a)
{
	const uint32_t addr = ntohl(first.s_addr) + a;
	size_t i;

	for (i = 0; i < n_ranges; i++)
		if (addr >= ntohl(ranges[i].first.s_addr) &&
		    addr <= ntohl(ranges[i].last.s_addr))
			return (&ranges[i]);
	return (NULL);
}

static bool
is_dynamic(unsigned a, unsigned p)
{
	const struct pool4_range *r = range_of(a);
	const uint16_t port = (uint16_t)(FIRST + p);

	return (r != NULL && port >= r->ports[L4_UDP].first &&
	    port <= r->ports[L4_UDP].last &&
	    !portlist_has(&r->holes[L4_UDP], port));
}

static void
random_range(struct pool4_range *r, uint32_t a, uint32_t n)
{
	const uint16_t low = (uint16_t)(FIRST + below(NPORTS / 2));
	unsigned proto;

	memset(r, 0, sizeof(*r));
	r->first.s_addr = htonl(ntohl(first.s_addr) + a);
	r->last.s_addr = htonl(ntohl(r->first.s_addr) + n - 1);
	for (proto = 0; proto < L4_NPROTO; proto++)
		r->ports[proto] = (struct port_range){ low,
			(uint16_t)(low + 8 + below(NPORTS / 2 - 8)) };
	if (below(2) == 0)
		portlist_add(&r->holes[L4_UDP],
		    (struct port_range){ (uint16_t)(low + 2),
			(uint16_t)(low + 2 + below(4)) });
}

static void
random_ranges(void)
{
	n_ranges = 1 + below(2);
	random_range(&ranges[0], below(2), 1 + below(2));
	if (n_ranges == 2)
		random_range(&ranges[1], 3, 1);
}

static void
change(void)
{
	unsigned a, p;

	random_ranges();
	ck_assert_int_eq(pool4_change(pool, ranges, n_ranges, &opts), 0);
	while (pool4_forget(pool, 1 + below(3)))
		continue;
	for (a = 0; a < NADDRS; a++)
		for (p = 0; p < NPORTS; p++)
			if (range_of(a) == NULL ||
			    (states[a][p] == RESTING && !is_dynamic(a, p)))
				states[a][p] = FREE;
}

static void
take_or_release(int64_t now)
{
	const unsigned a = below(NADDRS), p = below(NPORTS);
	const struct taddr6 owner = { client, 7 };
	const struct taddr4 out = taddr(a, p);

	if (states[a][p] == TAKEN) {
		pool4_release(pool, L4_UDP, &out, &owner, at(now));
		states[a][p] = is_dynamic(a, p) ? RESTING : FREE;
		since[a][p] = now;
	} else if (range_of(a) != NULL) {
		ck_assert_int_eq(pool4_take(pool, L4_UDP, &out), 0);
		states[a][p] = TAKEN;
	}
}

static void
expire(int64_t now)
{
	unsigned a, p;

	pool4_expire(pool, at(now), UINT32_MAX);
	for (a = 0; a < NADDRS; a++)
		for (p = 0; p < NPORTS; p++)
			if (states[a][p] == RESTING &&
			    since[a][p] + SECS <= now)
				states[a][p] = FREE;
}

static void
compare(void)
{
	const enum pool4_state want[] = { POOL4_FREE, POOL4_TAKEN,
		POOL4_QUARANTINED };
	uint64_t n_free = 0, capacity = 0;
	struct taddr4 out;
	unsigned a, p;

	for (a = 0; a < NADDRS; a++)
		for (p = 0; p < NPORTS; p++) {
			out = taddr(a, p);
			if (is_dynamic(a, p) || states[a][p] == TAKEN)
				ck_assert(pool4_port_state(pool, L4_UDP,
					      &out) == want[states[a][p]]);
			else
				ck_assert(pool4_port_state(pool, L4_UDP,
					      &out) == POOL4_OUTSIDE);
			ck_assert(pool4_has_port(pool, L4_UDP, &out) ==
			    is_dynamic(a, p));
			capacity += is_dynamic(a, p);
			n_free += is_dynamic(a, p) && states[a][p] == FREE;
		}
	ck_assert_uint_eq(pool4_capacity(pool, L4_UDP), capacity);
	ck_assert_uint_eq(pool4_n_free_all(pool, L4_UDP), n_free);
}

START_TEST(ports_keep_their_state_where_they_are_still_in_the_pool)
{
	unsigned i;

	random_state = (uint32_t)_i + 1;
	memset(states, 0, sizeof(states));
	random_ranges();
	pool = pool4_new(ranges, n_ranges, &opts);
	for (i = 0; i < NSTEPS; i++) {
		take_or_release(i / 20);
		if (i % 20 == 0)
			expire(i / 20);
		if (below(100) == 0)
			change();
		if (i % 10 == 0)
			compare();
	}
}
END_TEST

/* With every port taken there is no address to choose, and again with one. */
START_TEST(an_address_is_chosen_while_it_has_free_ports)
{
	const struct taddr6 owner = { client, 2000 };
	struct pool4_range one = { .first = first,
		.last = first,
		.ports = PORTS(2000, 2001) };

	pool = pool4_new(&one, 1, &opts);
	ck_assert_int_ge(alloc(L4_UDP, 0, 2000, 0), 0);
	ck_assert_int_ge(alloc(L4_UDP, 0, 2001, 0), 0);
	ck_assert_int_eq(pool4_find_addr(pool, L4_UDP, 0, &owner, at(0)), -1);
	one.first.s_addr = htonl(ntohl(first.s_addr) - 1);
	ck_assert_int_eq(pool4_change(pool, &one, 1, &opts), 0);
	ck_assert_int_eq(pool4_index(pool, first), 1);
	ck_assert_int_eq(pool4_find_addr(pool, L4_UDP, 1, &owner, at(0)), 0);
	one.first = first;
	one.ports[L4_UDP].last = 2002;
	ck_assert_int_eq(pool4_change(pool, &one, 1, &opts), 0);
	ck_assert(!pool4_forget(pool, 10));
	ck_assert_int_eq(pool4_find_addr(pool, L4_UDP, 0, &owner, at(0)), 0);
	ck_assert_int_eq(alloc(L4_UDP, 0, 2000, 0), 2002);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pool4_change");
	TCase *tc = tcase_create("pool4_change");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    ports_keep_their_state_where_they_are_still_in_the_pool, 0, 4);
	tcase_add_test(tc, an_address_is_chosen_while_it_has_free_ports);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
