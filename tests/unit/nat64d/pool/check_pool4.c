/*
 * Unit tests of pool4.c.
 */
#include <sys/resource.h>

#include <check.h>
#include <errno.h>

#include "tests/unit/pool4_util.h"
#include "tests/unit/suite.h"

/* A pool of one range, the same ports for all protocols. */
static void
make_pool(const char *from, const char *to, uint16_t low, uint16_t high,
    struct pool4_opts opts)
{
	struct pool4_range r = { .first = ip4(from), .last = ip4(to) };
	unsigned proto;

	for (proto = 0; proto < L4_NPROTO; proto++)
		r.ports[proto] = (struct port_range){ low, high };
	new_pool(&r, &opts);
}

static int
take(enum l4proto proto, const char *addr, uint16_t t)
{
	const struct taddr4 out = ta4(addr, t);

	errno = 0;
	return (pool4_take(pool, proto, &out));
}

/* --- ranges --- */

static const struct {
	const char *name;
	const char *first;
	const char *last;
	struct port_range ports[L4_NPROTO];
	const char *error;
} checks[] = {
	{ "one address", "192.0.2.1", "192.0.2.1", PORTS(1024, 65535), NULL },
	{ "a /16", "10.1.0.0", "10.1.255.255", PORTS(1, 1), NULL },
	{ "more than a /16", "10.1.0.0", "10.2.0.0", PORTS(1, 65535),
	    "more than 65536 addresses" },
	{ "upside down", "192.0.2.2", "192.0.2.1", PORTS(1, 65535),
	    "first address above the last one" },
	{ "ports upside down", "192.0.2.1", "192.0.2.1", PORTS(2, 1),
	    "first port above the last one" },
	{ "port 0 of ICMP only", "192.0.2.1", "192.0.2.1",
	    { { 1, 1 }, { 0, 1 }, { 0, 0 } }, NULL },
	{ "port 0 of TCP only", "192.0.2.1", "192.0.2.1",
	    { { 0, 0 }, { 1, 1 }, { 0, 0 } }, "port 0 cannot be used" },
	{ "port 0 of UDP only", "192.0.2.1", "192.0.2.1",
	    { { 1, 1 }, { 0, 0 }, { 0, 0 } }, "port 0 cannot be used" },
	{ "loopback", "127.0.0.1", "127.0.0.2", PORTS(1, 65535),
	    "not unicast addresses" },
	{ "running into multicast", "223.255.255.1", "224.0.0.1",
	    PORTS(1, 65535), "not unicast addresses" },
	{ "overlap", "198.51.100.7", "198.51.100.20", PORTS(1, 65535),
	    "overlaps another range" },
};

/* Shows: ALC-09 CGN-03 */
START_TEST(check_names_what_is_wrong_with_ranges)
{
	struct pool4_range r[2] = {
		{ .first = ip4("198.51.100.0"),
		    .last = ip4("198.51.100.7"),
		    .ports = PORTS(1024, 65535) },
		{ .first = ip4(checks[_i].first),
		    .last = ip4(checks[_i].last),
		    .ports = PORTS(0, 0) },
	};
	const size_t n = checks[_i].error == NULL &&
		r[1].last.s_addr == ip4("10.1.255.255").s_addr ?
	    1 :
	    2;
	const char *error;
	unsigned proto;

	for (proto = 0; proto < L4_NPROTO; proto++)
		r[1].ports[proto] = checks[_i].ports[proto];
	error = n == 1 ? pool4_check(&r[1], 1) : pool4_check(r, 2);
	if (checks[_i].error == NULL)
		ck_assert_msg(error == NULL, "%s: %s", checks[_i].name, error);
	else
		ck_assert_pstr_eq(error, checks[_i].error);
}
END_TEST

START_TEST(check_wants_an_address_and_counts_them_all)
{
	const struct pool4_range r[2] = {
		{ .first = ip4("10.1.0.0"),
		    .last = ip4("10.1.255.255"),
		    .ports = PORTS(1, 1) },
		{ .first = ip4("10.3.0.0"),
		    .last = ip4("10.3.0.0"),
		    .ports = PORTS(1, 1) },
	};

	ck_assert_pstr_eq(pool4_check(NULL, 0), "no address");
	ck_assert_pstr_eq(pool4_check(r, 2), "more than 65536 addresses");
}
END_TEST

/* Shows: ALC-09 CGN-03 */
START_TEST(addresses_of_all_ranges_have_ascending_indices)
{
	const struct pool4_range r[] = {
		{ .first = ip4("203.0.113.9"),
		    .last = ip4("203.0.113.10"),
		    .ports = PORTS(1, 10) },
		{ .first = ip4("192.0.2.1"),
		    .last = ip4("192.0.2.3"),
		    .ports = PORTS(0, 1099) },
		{ .first = ip4("198.51.100.1"),
		    .last = ip4("198.51.100.1"),
		    .ports = PORTS(5, 5) },
	};
	const struct pool4_opts opts = { 0 };
	const char *addrs[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3",
		"198.51.100.1", "203.0.113.9", "203.0.113.10" };
	const char *foreign[] = { "192.0.2.0", "192.0.2.4", "198.51.100.0",
		"203.0.113.11", "0.0.0.0", "255.255.255.255" };
	unsigned i;

	pool = pool4_new(r, NITEMS(r), &opts);
	ck_assert_ptr_nonnull(pool);
	ck_assert_uint_eq(pool4_n_addrs(pool), NITEMS(addrs));
	for (i = 0; i < NITEMS(addrs); i++) {
		ck_assert_int_eq(pool4_index(pool, ip4(addrs[i])), i);
		ck_assert_uint_eq(pool4_addr(pool, i).s_addr,
		    ip4(addrs[i]).s_addr);
	}
	for (i = 0; i < NITEMS(foreign); i++)
		ck_assert_int_eq(pool4_index(pool, ip4(foreign[i])), -1);
	ck_assert_uint_eq(pool4_capacity(pool, L4_TCP), 3 * 1099 + 1 + 20);
	ck_assert_uint_eq(pool4_capacity(pool, L4_ICMP), 3 * 1100 + 1 + 20);
	ck_assert_uint_eq(pool4_n_free(pool, L4_UDP, 2), 1099);
	ck_assert_uint_eq(pool4_n_free(pool, L4_UDP, 3), 1);
	ck_assert_int_eq(pool4_alloc(pool, L4_UDP, 3,
			     &(struct taddr6){ .port = 77 }, &rng, at(0)),
	    5);
	ck_assert_uint_eq(pool4_n_free(pool, L4_UDP, 3), 0);
}
END_TEST

START_TEST(large_pool_costs_little_before_its_use)
{
	const struct pool4_opts opts = { .quarantine_max_percent = 25 };
	struct rusage before, after;
	uint32_t i;

	getrusage(RUSAGE_SELF, &before);
	make_pool("10.0.0.0", "10.0.255.255", 1, 65535, opts);
	for (i = 0; i < 65536; i += 1024)
		ck_assert_int_ge(alloc(L4_TCP, i, 80, 0), 0);
	getrusage(RUSAGE_SELF, &after);
	ck_assert_uint_eq(pool4_capacity(pool, L4_TCP), 65536u * 65535ull);
	/* In kilobytes, if the system reports it. */
	ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 16384);
}
END_TEST

/* --- random choice --- */

/* Shows: ALC-04 ALC-08 ALC-09 */
START_TEST(alloc_gives_each_port_of_the_range_once_and_never_port_0)
{
	const struct pool4_opts opts = { .range_fallback = true,
		.parity = true };
	const enum l4proto proto = (enum l4proto)_i;
	const unsigned want = proto == L4_ICMP ? 1101 : 1100;
	bool seen[1101] = { false };
	unsigned i;
	int32_t t;

	make_pool("192.0.2.1", "192.0.2.1", 0, 1100, opts);
	for (i = 0; i < want; i++) {
		ck_assert_uint_eq(pool4_n_free(pool, proto, 0), want - i);
		t = alloc(proto, 0, (uint16_t)(i * 977), 0);
		ck_assert_int_ge(t, proto == L4_ICMP ? 0 : 1);
		ck_assert_int_le(t, 1100);
		ck_assert(!seen[t]);
		ck_assert_int_eq(state(proto, (uint16_t)t), POOL4_TAKEN);
		seen[t] = true;
	}
	errno = 0;
	ck_assert_int_eq(alloc(proto, 0, 5000, 0), -1);
	ck_assert_int_eq(errno, ENOSPC);
	release(proto, 700, 1, 0);
	ck_assert_int_eq(alloc(proto, 0, 5000, 0), 700);
}
END_TEST

/* Shows: TBL-01 */
START_TEST(protocols_have_port_spaces_of_their_own)
{
	make_pool("192.0.2.1", "192.0.2.2", 2000, 2000,
	    (struct pool4_opts){ 0 });
	ck_assert_int_eq(alloc(L4_TCP, 0, 1, 0), 2000);
	ck_assert_int_eq(alloc(L4_UDP, 0, 1, 0), 2000);
	ck_assert_int_eq(alloc(L4_ICMP, 0, 1, 0), 2000);
	ck_assert_int_eq(alloc(L4_TCP, 1, 1, 0), 2000);
	ck_assert_int_eq(alloc(L4_TCP, 0, 1, 0), -1);
}
END_TEST

/* The first n ports allocated for x with opts, in a pool of 1000-1047. */
static const struct {
	const char *name;
	enum l4proto proto;
	uint16_t x;
	struct pool4_opts opts;
	struct {
		unsigned n;
		uint16_t low;
		uint16_t high;
		int parity; /* -1: any */
	} steps[5];
} orders[] = {
	{ "UDP: range and parity, range, other range", L4_UDP, 53,
	    { .parity = true, .range_fallback = true },
	    { { 12, 1000, 1023, 1 }, { 12, 1000, 1023, 0 },
		{ 12, 1024, 1047, 1 }, { 12, 1024, 1047, 0 } } },
	{ "UDP: the same from above", L4_UDP, 40000,
	    { .parity = true, .range_fallback = true },
	    { { 12, 1024, 1047, 0 }, { 12, 1024, 1047, 1 },
		{ 12, 1000, 1023, 0 }, { 12, 1000, 1023, 1 } } },
	{ "UDP: no parity", L4_UDP, 40000, { .range_fallback = true },
	    { { 24, 1024, 1047, -1 }, { 24, 1000, 1023, -1 } } },
	{ "TCP has no parity", L4_TCP, 1023,
	    { .parity = true, .range_fallback = true },
	    { { 24, 1000, 1023, -1 }, { 24, 1024, 1047, -1 } } },
	{ "no fallback upwards", L4_TCP, 1023, { .parity = true },
	    { { 24, 1000, 1023, -1 } } },
	{ "no fallback downwards", L4_UDP, 1025, { .parity = true },
	    { { 12, 1024, 1047, 1 }, { 12, 1024, 1047, 0 } } },
	{ "ICMP: itself, then any", L4_ICMP, 1030, { .parity = true },
	    { { 1, 1030, 1030, -1 }, { 47, 1000, 1047, -1 } } },
	{ "preserved, then by the rules", L4_UDP, 1030,
	    { .select = POOL4_PRESERVE, .parity = true },
	    { { 1, 1030, 1030, -1 }, { 11, 1024, 1047, 0 },
		{ 12, 1024, 1047, 1 } } },
};

/* Shows: ALC-04 ALC-05 ALC-06 ALC-07 */
START_TEST(alloc_keeps_range_class_and_parity_while_it_can)
{
	unsigned i, k;
	int32_t t;

	make_pool("192.0.2.1", "192.0.2.1", 1000, 1047, orders[_i].opts);
	for (i = 0; orders[_i].steps[i].n != 0; i++) {
		for (k = 0; k < orders[_i].steps[i].n; k++) {
			t = alloc(orders[_i].proto, 0, orders[_i].x, 0);
			ck_assert_msg(t >= orders[_i].steps[i].low &&
				t <= orders[_i].steps[i].high,
			    "%s: step %u: %d", orders[_i].name, i, t);
			if (orders[_i].steps[i].parity >= 0)
				ck_assert_int_eq(t % 2,
				    orders[_i].steps[i].parity);
		}
	}
	ck_assert_int_eq(alloc(orders[_i].proto, 0, orders[_i].x, 0), -1);
}
END_TEST

/* Shows: ALC-04 */
START_TEST(class_that_the_pool_lacks_is_no_class_to_keep)
{
	const struct pool4_opts opts = { .range_fallback = false };

	make_pool("192.0.2.1", "192.0.2.1", 1024, 65535, opts);
	ck_assert_int_ge(alloc(L4_TCP, 0, 22, 0), 1024);
	make_pool("192.0.2.1", "192.0.2.1", 1, 1023, opts);
	ck_assert_int_le(alloc(L4_TCP, 0, 50000, 0), 1023);
}
END_TEST

/* Shows: ALC-06 CGN-22 */
START_TEST(random_choice_is_uniform_in_a_half_full_space)
{
	enum { NBINS = 63, DRAWS = 100000 };
	static unsigned counts[NBINS];
	int32_t t;
	unsigned i;

	make_pool("192.0.2.1", "192.0.2.1", 1024, 65535,
	    (struct pool4_opts){ 0 });
	/* The lower half of each 1024 ports is taken. */
	for (i = 1024; i < 65536; i++)
		if (i % 1024 < 512)
			ck_assert_int_eq(take(L4_TCP, "192.0.2.1",
					     (uint16_t)i),
			    0);
	seeded.n_calls = 0;
	for (i = 0; i < DRAWS; i++) {
		t = alloc(L4_TCP, 0, 40000, 0);
		ck_assert_int_ge(t % 1024, 512);
		counts[t / 1024 - 1]++;
		release(L4_TCP, (uint16_t)t, 40000, 0);
	}
	ck_assert_uint_eq(seeded.n_calls, DRAWS);
	/* 62 degrees of freedom: above 103 with probability 0.001. */
	ck_assert_double_lt(chi_square(counts, NBINS), 103.4);
}
END_TEST

/* Shows: ALC-06 ALC-13 */
START_TEST(random_choice_is_uniform_and_bounded_when_nearly_full)
{
	enum { NFREE = 64, DRAWS = 50000 };
	static uint16_t slot[65536];
	static unsigned counts[NFREE];
	unsigned i;
	int32_t t;

	make_pool("192.0.2.1", "192.0.2.1", 1024, 65535,
	    (struct pool4_opts){ 0 });
	for (i = 0; i < 64512; i++)
		alloc(L4_UDP, 0, 2000, 0);
	ck_assert_uint_eq(pool4_n_free(pool, L4_UDP, 0), 0);
	/* 99.9 % taken, the free ports far apart except two adjacent ones. */
	for (i = 0; i < NFREE; i++) {
		t = i == 0 ? 2991 : 1990 + (int)(i * 1000);
		slot[t] = (uint16_t)i;
		release(L4_UDP, (uint16_t)t, 2000, 0);
	}
	seeded.n_calls = 0;
	for (i = 0; i < DRAWS; i++) {
		t = alloc(L4_UDP, 0, 2000, 0);
		ck_assert_int_ge(t, 1024);
		counts[slot[t]]++;
		release(L4_UDP, (uint16_t)t, 2000, 0);
	}
	/* One random number for each port, however few are free. */
	ck_assert_uint_eq(seeded.n_calls, DRAWS);
	ck_assert_double_lt(chi_square(counts, NFREE), 104.6);
}
END_TEST

/* --- addresses --- */

static int32_t
find_addr(enum l4proto proto, uint32_t index, uint16_t x, int64_t secs)
{
	const struct taddr6 owner = { .addr = client, .port = x };

	return (pool4_find_addr(pool, proto, index, &owner, at(secs)));
}

/* Shows: ALC-02 ALC-13 */
START_TEST(find_addr_moves_on_to_the_next_address_with_a_port)
{
	make_pool("192.0.2.1", "192.0.2.4", 2000, 2001,
	    (struct pool4_opts){ 0 });
	ck_assert_int_eq(find_addr(L4_TCP, 2, 5000, 0), 2);
	alloc(L4_TCP, 2, 5000, 0);
	ck_assert_int_eq(find_addr(L4_TCP, 2, 5000, 0), 2);
	alloc(L4_TCP, 2, 5000, 0);
	ck_assert_int_eq(find_addr(L4_TCP, 2, 5000, 0), 3);
	alloc(L4_TCP, 3, 5000, 0);
	alloc(L4_TCP, 3, 5000, 0);
	ck_assert_int_eq(find_addr(L4_TCP, 2, 5000, 0), 0);
	ck_assert_int_eq(find_addr(L4_UDP, 2, 5000, 0), 2);
	alloc(L4_TCP, 0, 5000, 0);
	alloc(L4_TCP, 0, 5000, 0);
	alloc(L4_TCP, 1, 5000, 0);
	alloc(L4_TCP, 1, 5000, 0);
	ck_assert_int_eq(find_addr(L4_TCP, 2, 5000, 0), -1);
	release(L4_TCP, 2001, 5000, 0);
	ck_assert_int_eq(find_addr(L4_TCP, 2, 5000, 0), 0);
}
END_TEST

/* Shows: ALC-02 ALC-04 */
START_TEST(find_addr_minds_the_range_class)
{
	const struct pool4_range r[] = {
		{ .first = ip4("192.0.2.1"),
		    .last = ip4("192.0.2.1"),
		    .ports = PORTS(1024, 65535) },
		{ .first = ip4("192.0.2.2"),
		    .last = ip4("192.0.2.2"),
		    .ports = PORTS(1, 1023) },
	};
	struct pool4_opts opts = { .range_fallback = false };

	pool = pool4_new(r, 2, &opts);
	ck_assert_int_eq(find_addr(L4_TCP, 0, 22, 0), 1);
	ck_assert_int_eq(find_addr(L4_TCP, 0, 2222, 0), 0);
	ck_assert_int_eq(find_addr(L4_TCP, 1, 2222, 0), 0);
	ck_assert_int_eq(find_addr(L4_ICMP, 0, 22, 0), 0);
	pool4_free(pool);
	opts.range_fallback = true;
	pool = pool4_new(r, 2, &opts);
	ck_assert_int_eq(find_addr(L4_TCP, 0, 22, 0), 0);
}
END_TEST

/* --- static bindings --- */

static const struct {
	const char *name;
	enum l4proto proto;
	const char *addr;
	uint16_t port;
	int error;
} takes[] = {
	{ "dynamic port", L4_TCP, "192.0.2.1", 2000, 0 },
	{ "below the range", L4_TCP, "192.0.2.1", 80, 0 },
	{ "above the range", L4_UDP, "192.0.2.1", 65535, 0 },
	{ "identifier 0", L4_ICMP, "192.0.2.1", 0, 0 },
	{ "TCP port 0", L4_TCP, "192.0.2.1", 0, EADDRNOTAVAIL },
	{ "UDP port 0", L4_UDP, "192.0.2.1", 0, EADDRNOTAVAIL },
	{ "foreign address", L4_TCP, "192.0.2.2", 2000, EADDRNOTAVAIL },
};

/* Shows: TBL-04 ALC-08 */
START_TEST(take_takes_any_port_of_the_pool_once)
{
	const enum l4proto proto = takes[_i].proto;
	const uint16_t port = takes[_i].port;
	const uint32_t n_free = 3;
	enum pool4_state before;

	make_pool("192.0.2.1", "192.0.2.1", 2000, 2002,
	    (struct pool4_opts){ .quarantine_secs = { 9, 9, 9 } });
	before = state(proto, port);
	if (takes[_i].error != 0) {
		ck_assert_int_eq(take(proto, takes[_i].addr, port), -1);
		ck_assert_int_eq(errno, takes[_i].error);
		ck_assert_uint_eq(pool4_n_free(pool, proto, 0), n_free);
		return;
	}
	ck_assert_int_eq(before, port == 2000 ? POOL4_FREE : POOL4_OUTSIDE);
	ck_assert_int_eq(take(proto, takes[_i].addr, port), 0);
	ck_assert_int_eq(state(proto, port), POOL4_TAKEN);
	ck_assert_int_eq(take(proto, takes[_i].addr, port), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_uint_eq(pool4_n_free(pool, proto, 0),
	    port == 2000 ? n_free - 1 : n_free);
	release(proto, port, 1, 0);
	ck_assert_int_eq(state(proto, port), before);
	ck_assert_int_eq(take(proto, takes[_i].addr, port), 0);
}
END_TEST

/* --- quarantine --- */

static const struct pool4_opts quarantining = { .quarantine_secs = { 0, 120,
						    60 },
	.quarantine_max_percent = 50 };

/* Shows: CGN-08 ALC-08 */
START_TEST(released_port_rests_before_another_owner_gets_it)
{
	int32_t t;

	make_pool("192.0.2.1", "192.0.2.1", 2000, 2001, quarantining);
	ck_assert_int_ge(alloc(L4_UDP, 0, 1, 0), 2000);
	ck_assert_int_ge(t = alloc(L4_UDP, 0, 2, 0), 2000);
	release(L4_UDP, (uint16_t)t, 2, 100);
	ck_assert_int_eq(state(L4_UDP, (uint16_t)t), POOL4_QUARANTINED);
	pool4_expire(pool, (struct monotime){ at(220).ns - 1 }, 100);
	ck_assert_int_eq(alloc(L4_UDP, 0, 3, 219), -1);
	ck_assert_int_eq(find_addr(L4_UDP, 0, 3, 219), -1);
	pool4_expire(pool, at(220), 100);
	ck_assert_int_eq(state(L4_UDP, (uint16_t)t), POOL4_FREE);
	ck_assert_int_eq(find_addr(L4_UDP, 0, 3, 220), 0);
	ck_assert_int_eq(alloc(L4_UDP, 0, 3, 220), t);
}
END_TEST

/* Shows: CGN-08 */
START_TEST(quarantined_port_goes_back_to_its_owner_at_once)
{
	int32_t t, u;

	make_pool("192.0.2.1", "192.0.2.2", 2000, 2009, quarantining);
	t = alloc(L4_UDP, 0, 4000, 0);
	release(L4_UDP, (uint16_t)t, 4000, 0);
	u = alloc(L4_UDP, 0, 4001, 1);
	ck_assert_int_ne(t, u);
	ck_assert_int_eq(find_addr(L4_UDP, 0, 4000, 1), 0);
	ck_assert_int_eq(alloc(L4_UDP, 0, 4000, 1), t);
	ck_assert_int_eq(state(L4_UDP, (uint16_t)t), POOL4_TAKEN);
	/* It does not become free at the end of its former quarantine. */
	pool4_expire(pool, at(1000), 100);
	ck_assert_int_eq(state(L4_UDP, (uint16_t)t), POOL4_TAKEN);
}
END_TEST

/* Shows: CGN-08 */
START_TEST(time_in_quarantine_is_set_per_protocol)
{
	int32_t t;

	make_pool("192.0.2.1", "192.0.2.1", 2000, 2009, quarantining);
	t = alloc(L4_TCP, 0, 1, 0);
	release(L4_TCP, (uint16_t)t, 1, 0);
	ck_assert_int_eq(state(L4_TCP, (uint16_t)t), POOL4_FREE);
	t = alloc(L4_ICMP, 0, 2005, 0);
	ck_assert_int_eq(t, 2005);
	release(L4_ICMP, 2005, 2005, 0);
	pool4_expire(pool, at(59), 100);
	ck_assert_int_eq(state(L4_ICMP, 2005), POOL4_QUARANTINED);
	pool4_expire(pool, at(60), 100);
	ck_assert_int_eq(state(L4_ICMP, 2005), POOL4_FREE);
}
END_TEST

/* Shows: CGN-08 */
START_TEST(oldest_port_leaves_when_the_quarantine_is_full)
{
	int32_t t[10];
	unsigned i;

	make_pool("192.0.2.1", "192.0.2.1", 2000, 2009, quarantining);
	for (i = 0; i < 10; i++)
		t[i] = alloc(L4_UDP, 0, (uint16_t)(100 + i), 0);
	for (i = 0; i < 7; i++)
		release(L4_UDP, (uint16_t)t[i], (uint16_t)(100 + i), i);
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(state(L4_UDP, (uint16_t)t[i]),
		    i < 2 ? POOL4_FREE :
			    (i < 7 ? POOL4_QUARANTINED : POOL4_TAKEN));
	/* A port that left early does not leave again. */
	pool4_expire(pool, at(121), 100);
	ck_assert_int_eq(state(L4_UDP, (uint16_t)t[2]), POOL4_QUARANTINED);
	pool4_expire(pool, at(1000), 100);
	ck_assert_uint_eq(pool4_n_free(pool, L4_UDP, 0), 7);
}
END_TEST

/* Shows: ALC-13 */
START_TEST(expire_ends_at_most_max_rests_oldest_first)
{
	int32_t t[5];
	unsigned i;

	make_pool("192.0.2.1", "192.0.2.1", 2000, 2009, quarantining);
	for (i = 0; i < 5; i++)
		t[i] = alloc(L4_UDP, 0, (uint16_t)(100 + i), 0);
	for (i = 0; i < 5; i++)
		release(L4_UDP, (uint16_t)t[i], (uint16_t)(100 + i), i);
	pool4_expire(pool, at(1000), 2);
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(state(L4_UDP, (uint16_t)t[i]),
		    i < 2 ? POOL4_FREE : POOL4_QUARANTINED);
	pool4_expire(pool, at(121), 0);
	ck_assert_uint_eq(pool4_n_free(pool, L4_UDP, 0), 7);
}
END_TEST

/* Shows: ALC-08 CGN-08 */
START_TEST(static_binding_takes_a_port_out_of_quarantine)
{
	int32_t t;

	make_pool("192.0.2.1", "192.0.2.1", 2000, 2009, quarantining);
	t = alloc(L4_UDP, 0, 7, 0);
	release(L4_UDP, (uint16_t)t, 7, 0);
	ck_assert_int_eq(take(L4_UDP, "192.0.2.1", (uint16_t)t), 0);
	pool4_expire(pool, at(1000), 100);
	ck_assert_int_eq(state(L4_UDP, (uint16_t)t), POOL4_TAKEN);
	ck_assert_int_eq(take(L4_UDP, "192.0.2.1", (uint16_t)t), -1);
	ck_assert_int_ne(alloc(L4_UDP, 0, 7, 1), t);
}
END_TEST

START_TEST(owner_of_several_quarantined_ports_gets_them_one_by_one)
{
	make_pool("192.0.2.1", "192.0.2.1", 2000, 2009, quarantining);
	ck_assert_int_eq(take(L4_UDP, "192.0.2.1", 2003), 0);
	ck_assert_int_eq(take(L4_UDP, "192.0.2.1", 2006), 0);
	release(L4_UDP, 2006, 7, 0);
	release(L4_UDP, 2003, 7, 0);
	ck_assert_int_eq(alloc(L4_UDP, 0, 7, 1), 2003);
	ck_assert_int_eq(alloc(L4_UDP, 0, 7, 1), 2006);
	ck_assert_uint_eq(pool4_n_free(pool, L4_UDP, 0), 8);
}
END_TEST

/* Shows: CGN-09 */
START_TEST(quarantine_all_holds_new_ports_back_for_so_long)
{
	make_pool("192.0.2.1", "192.0.2.1", 2000, 2009, quarantining);
	pool4_quarantine_all(pool, 120, at(1000));
	ck_assert_int_eq(alloc(L4_UDP, 0, 7, 1119), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(find_addr(L4_UDP, 0, 7, 1119), -1);
	ck_assert_int_eq(alloc(L4_TCP, 0, 7, 1119), -1);
	ck_assert_int_eq(take(L4_UDP, "192.0.2.1", 2001), 0);
	ck_assert_int_eq(find_addr(L4_UDP, 0, 7, 1120), 0);
	ck_assert_int_ge(alloc(L4_UDP, 0, 7, 1120), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pool4");
	TCase *tc = tcase_create("pool4");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, check_names_what_is_wrong_with_ranges, 0,
	    NITEMS(checks));
	tcase_add_test(tc, check_wants_an_address_and_counts_them_all);
	tcase_add_test(tc, addresses_of_all_ranges_have_ascending_indices);
	tcase_add_test(tc, large_pool_costs_little_before_its_use);
	tcase_add_loop_test(tc,
	    alloc_gives_each_port_of_the_range_once_and_never_port_0, 0,
	    L4_NPROTO);
	tcase_add_test(tc, protocols_have_port_spaces_of_their_own);
	tcase_add_loop_test(tc,
	    alloc_keeps_range_class_and_parity_while_it_can, 0,
	    NITEMS(orders));
	tcase_add_test(tc, class_that_the_pool_lacks_is_no_class_to_keep);
	tcase_add_test(tc, random_choice_is_uniform_in_a_half_full_space);
	tcase_add_test(tc,
	    random_choice_is_uniform_and_bounded_when_nearly_full);
	tcase_add_test(tc, find_addr_moves_on_to_the_next_address_with_a_port);
	tcase_add_test(tc, find_addr_minds_the_range_class);
	tcase_add_loop_test(tc, take_takes_any_port_of_the_pool_once, 0,
	    NITEMS(takes));
	tcase_add_test(tc, released_port_rests_before_another_owner_gets_it);
	tcase_add_test(tc, quarantined_port_goes_back_to_its_owner_at_once);
	tcase_add_test(tc, time_in_quarantine_is_set_per_protocol);
	tcase_add_test(tc, oldest_port_leaves_when_the_quarantine_is_full);
	tcase_add_test(tc, expire_ends_at_most_max_rests_oldest_first);
	tcase_add_test(tc, static_binding_takes_a_port_out_of_quarantine);
	tcase_add_test(tc,
	    owner_of_several_quarantined_ports_gets_them_one_by_one);
	tcase_add_test(tc, quarantine_all_holds_new_ports_back_for_so_long);
	suite_add_tcase(suite, tc);
	return (suite_run(suite));
}
