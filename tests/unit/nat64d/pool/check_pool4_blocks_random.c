/*
 * Port blocks of the pool, at random and against a model: every port that a
 * host gets is in a block of its subscriber; what is reported tells at any
 * time who has which block; and a block is free again when its ports and it
 * have rested.
 */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/pool4_util.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

#define NADDRS 3 /* 192.0.2.1 and the following */
#define FIRST POOL4_FIRST_BLOCK
#define NPORTS 100 /* from FIRST on */
#define NSUBS 8
#define NSTEPS 6000
#define REST_SECS 7
#define MAX_HELD (NADDRS * NPORTS)

static const uint32_t
    quarantine_secs[L4_NPROTO] = { [L4_TCP] = 0, [L4_UDP] = 5, [L4_ICMP] = 2 };

enum state { FREE, TAKEN, STATIC, RESTING };

struct port {
	enum state state;
	unsigned sub;
	bool counts; /* it is in a block of sub */
	int64_t since;
	struct taddr6 owner;
};

static struct port ports[L4_NPROTO][NADDRS][NPORTS];
static struct pool4_range ranges[2];
static size_t n_ranges;
static struct pool4_opts opts;
static uint32_t random_state;

/* What has been reported: the blocks that have a holder. */
static struct reported {
	struct pool4_block block;
	int64_t empty_since; /* -1: it has ports */
	bool old;	     /* of before the last change */
} reported[MAX_HELD];
static unsigned n_reported;
static unsigned n_allocated, n_released;
static bool settling; /* some free blocks may be set aside */

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

/* A host of a subscriber, whose prefix has 56 bits. */
static struct taddr6
host(unsigned sub, uint16_t x)
{
	struct taddr6 h = { .addr = ip6("2001:db8::1"), .port = x };

	h.addr.s6_addr[6] = (uint8_t)sub;
	h.addr.s6_addr[7] = (uint8_t)below(256);
	return (h);
}

static unsigned
sub_of(const struct in6_addr *addr)
{
	return (addr->s6_addr[6]);
}

static void
take_report(void *arg, const struct pool4_block *b, bool allocated)
{
	struct reported *r;

	(void)arg;
	ck_assert_int_eq(b->holder.s6_addr[7], 0);
	ck_assert_int_eq(b->holder.s6_addr[15], 0);
	if (allocated) {
		n_allocated++;
		/* Two may have a port only until the old blocks are gone. */
		for (r = reported; !settling && r < reported + n_reported; r++)
			ck_assert(r->block.addr.s_addr != b->addr.s_addr ||
			    r->block.ports.first > b->ports.last ||
			    r->block.ports.last < b->ports.first);
		ck_assert_uint_lt(n_reported, MAX_HELD);
		reported[n_reported++] =
		    (struct reported){ .block = *b, .empty_since = -1 };
		return;
	}
	n_released++;
	for (r = reported; r < reported + n_reported; r++)
		if (r->block.addr.s_addr == b->addr.s_addr &&
		    r->block.ports.first == b->ports.first &&
		    r->block.ports.last == b->ports.last &&
		    IN6_ARE_ADDR_EQUAL(&r->block.holder, &b->holder))
			break;
	ck_assert(r < reported + n_reported);
	*r = reported[--n_reported];
}

/* --- what the configuration says --- */

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

/* The number of blocks of an address of r. */
static unsigned
n_blocks(const struct pool4_range *r)
{
	return ((r->ports[L4_TCP].last - r->ports[L4_TCP].first + 1u) /
	    r->block_size);
}

/* Set the ports of block k; false when there are no more. */
static bool
block_ports(const struct pool4_range *r, unsigned k, struct port_range *range)
{
	if (r == NULL || r->block_size == 0 || k >= n_blocks(r))
		return (false);
	range->first = (uint16_t)(r->ports[L4_TCP].first + k * r->block_size);
	range->last = (uint16_t)(range->first + r->block_size - 1);
	return (true);
}

static bool
is_dynamic(unsigned a, unsigned p)
{
	const struct pool4_range *r = range_of(a);
	const uint16_t port = (uint16_t)(FIRST + p);
	unsigned end;

	if (r == NULL)
		return (false);
	end = r->block_size == 0 ?
	    r->ports[L4_TCP].last + 1u :
	    r->ports[L4_TCP].first + n_blocks(r) * r->block_size;
	return (port >= r->ports[L4_TCP].first && port < end &&
	    !portlist_has(&r->holes[L4_UDP], port));
}

static void
random_range(struct pool4_range *r, uint32_t a, uint32_t n, uint16_t size)
{
	const uint16_t low = (uint16_t)(FIRST + below(4) * 8);
	unsigned proto;

	memset(r, 0, sizeof(*r));
	r->first.s_addr = htonl(ntohl(first.s_addr) + a);
	r->last.s_addr = htonl(ntohl(r->first.s_addr) + n - 1);
	for (proto = 0; proto < L4_NPROTO; proto++) {
		r->ports[proto] = (struct port_range){ low,
			(uint16_t)(FIRST + NPORTS - 1 - below(20)) };
		if (below(3) == 0)
			portlist_add(&r->holes[proto],
			    (struct port_range){ (uint16_t)(low + 20),
				(uint16_t)(low + 30) });
	}
	/* All protocols have the same ports, here also without blocks. */
	for (proto = 1; proto < L4_NPROTO; proto++) {
		r->ports[proto] = r->ports[0];
		r->holes[proto] = r->holes[0];
	}
	r->block_size = size;
	r->max_blocks = (uint16_t)(1 + below(4));
}

static void
random_ranges(void)
{
	const bool blocks = below(5) > 0;

	n_ranges = 1 + below(2);
	random_range(&ranges[0], 0, 1 + below(2),
	    blocks ? (uint16_t)(16 + below(3) * 8) : 0);
	if (n_ranges == 2)
		random_range(&ranges[1], 2, 1,
		    blocks ? (uint16_t)(16 + below(3) * 8) : 0);
	ck_assert_ptr_null(pool4_check(ranges, n_ranges));
}

/* --- the model --- */

static const struct reported *
reported_block(unsigned a, unsigned p)
{
	const struct taddr4 out = taddr(a, p);
	unsigned i;

	for (i = 0; i < n_reported; i++)
		if (!reported[i].old &&
		    reported[i].block.addr.s_addr == out.addr.s_addr &&
		    out.port >= reported[i].block.ports.first &&
		    out.port <= reported[i].block.ports.last)
			return (&reported[i]);
	return (NULL);
}

static unsigned
count_held(unsigned sub)
{
	unsigned i, n = 0;

	for (i = 0; i < n_reported; i++)
		n += !reported[i].old &&
		    sub_of(&reported[i].block.holder) == sub;
	return (n);
}

static uint32_t
count_ports(const struct pool4_block *b)
{
	const unsigned a = ntohl(b->addr.s_addr) - ntohl(first.s_addr);
	const struct port *e;
	unsigned proto, p;
	uint32_t n = 0;

	for (proto = 0; proto < L4_NPROTO; proto++)
		for (p = 0; p < NPORTS; p++) {
			e = &ports[proto][a][p];
			n += FIRST + p >= b->ports.first &&
			    FIRST + p <= b->ports.last && e->counts &&
			    (e->state == TAKEN || e->state == RESTING);
		}
	return (n);
}

/* Has a block without a holder a free port of every protocol? */
static bool
is_free_block(unsigned a, const struct port_range *range)
{
	unsigned proto, p, n;

	if (reported_block(a, range->first - FIRST) != NULL)
		return (false);
	for (proto = 0; proto < L4_NPROTO; proto++) {
		for (p = range->first - FIRST, n = 0;
		     p <= (unsigned)range->last - FIRST; p++)
			n += is_dynamic(a, p) &&
			    ports[proto][a][p].state == FREE;
		if (n == 0)
			return (false);
	}
	return (true);
}

/* May the subscriber get any port of a protocol? */
static bool
is_possible(unsigned sub, enum l4proto proto)
{
	const struct reported *r;
	struct port_range range;
	unsigned a, p, k;

	for (a = 0; a < NADDRS; a++)
		for (p = 0; p < NPORTS; p++) {
			r = reported_block(a, p);
			if (r != NULL && sub_of(&r->block.holder) == sub &&
			    is_dynamic(a, p) &&
			    ports[proto][a][p].state == FREE)
				return (true);
		}
	for (a = 0; a < NADDRS; a++)
		for (k = 0; block_ports(range_of(a), k, &range); k++)
			if (count_held(sub) < range_of(a)->max_blocks &&
			    is_free_block(a, &range))
				return (true);
	return (false);
}

/*
 * Which of the reported blocks are of before the change? One that its holder
 * has again is not reported.
 */
static void
find_old(void)
{
	struct pool4_block now;
	struct taddr4 out;
	unsigned i;

	for (i = 0; i < n_reported; i++) {
		out = (struct taddr4){ reported[i].block.addr,
			reported[i].block.ports.first };
		reported[i].old = !pool4_block_of(pool, &out, &now) ||
		    now.ports.first != out.port ||
		    now.ports.last != reported[i].block.ports.last ||
		    !IN6_ARE_ADDR_EQUAL(&now.holder,
			&reported[i].block.holder);
	}
}

/* --- steps --- */

static void
allocate(int64_t now)
{
	const unsigned sub = below(NSUBS);
	const enum l4proto proto = (enum l4proto)below(L4_NPROTO);
	const struct taddr6 owner = host(sub,
	    (uint16_t)(below(4) == 0 ? FIRST + below(NPORTS) : below(65536)));
	const bool blocks = ranges[0].block_size != 0;
	const unsigned n_before = n_allocated;
	struct pool4_block block;
	struct taddr4 out;
	int32_t from, index, port;
	unsigned n_held;
	struct port *e;
	bool possible;

	if (settling)
		find_old();
	n_held = count_held(sub);
	possible = blocks && is_possible(sub, proto);
	from = pool4_block_addr(pool, &owner.addr);
	ck_assert_int_eq(from >= 0, n_held > 0);
	if (from < 0)
		from = pool4_first_choice(pool, &owner.addr,
		    wire_random(&random_state));
	index = pool4_find_addr(pool, proto, (uint32_t)from, &owner, at(now));
	if (index < 0) {
		ck_assert(errno == EDQUOT || errno == ENOSPC);
		ck_assert(!possible || settling ||
		    pool4_max_blocks(pool, (uint32_t)from) <= n_held);
		return;
	}
	port =
	    pool4_alloc(pool, proto, (uint32_t)index, &owner, &rng, at(now));
	ck_assert_int_ge(port, 0);
	ck_assert(!blocks || possible);
	ck_assert_uint_le(n_allocated, n_before + 1);
	out = (struct taddr4){ pool4_addr(pool, (uint32_t)index),
		(uint16_t)port };
	e = &ports[proto][ntohl(out.addr.s_addr) - ntohl(first.s_addr)]
		  [port - FIRST];
	ck_assert(e->state == FREE || e->state == RESTING);
	if (e->state == RESTING)
		ck_assert_mem_eq(&e->owner, &owner, sizeof(owner));
	*e = (struct port){ TAKEN, sub, blocks, now, owner };
	ck_assert(pool4_block_of(pool, &out, &block) == blocks);
	if (blocks)
		ck_assert_uint_eq(sub_of(&block.holder), sub);
}

static void
set_static(int64_t now)
{
	const enum l4proto proto = (enum l4proto)below(L4_NPROTO);
	const unsigned a = below(NADDRS), p = below(NPORTS);
	struct port *e = &ports[proto][a][p];
	const struct taddr4 out = taddr(a, p);

	if (range_of(a) == NULL)
		return;
	switch (e->state) {
	case FREE:
	case RESTING:
		ck_assert_int_eq(pool4_take(pool, proto, &out), 0);
		e->owner = host(below(NSUBS), 4000);
		e->sub = sub_of(&e->owner.addr);
		break;
	case TAKEN:
		pool4_disclaim(pool, proto, &out, at(now));
		break;
	case STATIC:
		return;
	}
	e->state = STATIC;
	e->counts = false;
}

static void
end(enum l4proto proto, unsigned a, unsigned p, int64_t now)
{
	struct port *e = &ports[proto][a][p];
	const struct taddr4 out = taddr(a, p);

	if (e->state != TAKEN && e->state != STATIC)
		return;
	/* A static binding becomes dynamic before it ends. */
	if (e->state == STATIC && range_of(a) != NULL)
		e->counts =
		    pool4_claim(pool, proto, &out, &e->owner.addr, at(now)) &&
		    range_of(a)->block_size != 0 && is_dynamic(a, p);
	pool4_release(pool, proto, &out, &e->owner, at(now));
	e->state =
	    quarantine_secs[proto] > 0 && is_dynamic(a, p) ? RESTING : FREE;
	e->since = now;
	e->counts &= e->state == RESTING;
}

static void
end_some(int64_t now)
{
	end((enum l4proto)below(L4_NPROTO), below(NADDRS), below(NPORTS), now);
}

static void
expire(int64_t now)
{
	unsigned proto, a, p, i;
	struct port *e;

	for (proto = 0; proto < L4_NPROTO; proto++)
		for (a = 0; a < NADDRS; a++)
			for (p = 0; p < NPORTS; p++) {
				e = &ports[proto][a][p];
				if (e->state == RESTING &&
				    e->since + quarantine_secs[proto] <= now)
					e->state = FREE;
			}
	pool4_expire(pool, at(now), UINT32_MAX);
	for (i = 0; i < n_reported; i++)
		ck_assert(reported[i].old || reported[i].empty_since < 0 ||
		    reported[i].empty_since + REST_SECS > now);
}

/* Those that the new blocks do not allow end. */
static void
settle(int64_t now)
{
	const unsigned n = L4_NPROTO * NADDRS * NPORTS;
	unsigned i, k = below(n), proto, a, p;
	struct taddr4 out;
	struct port *e;
	bool may;

	for (i = 0; i < n; i++) {
		k = (k + 7) % n; /* n has no factor 7 */
		proto = k / (NADDRS * NPORTS);
		a = k / NPORTS % NADDRS;
		p = k % NPORTS;
		e = &ports[proto][a][p];
		out = taddr(a, p);
		if (e->state != TAKEN)
			continue;
		may = pool4_may_claim(pool, (enum l4proto)proto, &out,
		    &e->owner.addr);
		ck_assert(pool4_claim(pool, (enum l4proto)proto, &out,
			      &e->owner.addr, at(now)) == may);
		if (may && is_dynamic(a, p))
			e->counts = range_of(a)->block_size != 0;
		else
			end((enum l4proto)proto, a, p, now);
		if (below(20) == 0)
			allocate(now);
	}
}

static void
change(int64_t now)
{
	unsigned proto, a, p, i;
	struct port *e;

	random_ranges();
	ck_assert_int_eq(pool4_change(pool, ranges, n_ranges, &opts), 0);
	find_old();
	for (proto = 0; proto < L4_NPROTO; proto++)
		for (a = 0; a < NADDRS; a++)
			for (p = 0; p < NPORTS; p++) {
				e = &ports[proto][a][p];
				if (range_of(a) == NULL ||
				    (e->state == RESTING && !is_dynamic(a, p)))
					e->state = FREE;
				if (reported_block(a, p) == NULL)
					e->counts = false;
			}
	settling = true;
	settle(now);
	settling = false;
	while (pool4_forget(pool, 1 + below(5)))
		continue;
	find_old();
	for (i = 0; i < n_reported; i++)
		ck_assert(!reported[i].old);
}

/* --- invariants --- */

static void
compare_port(enum l4proto proto, unsigned a, unsigned p)
{
	static const enum pool4_state want[] = { POOL4_FREE, POOL4_TAKEN,
		POOL4_TAKEN, POOL4_QUARANTINED };
	const struct port *e = &ports[proto][a][p];
	const struct reported *r = reported_block(a, p);
	const struct taddr4 out = taddr(a, p);

	ck_assert(pool4_has_port(pool, proto, &out) == is_dynamic(a, p));
	if (is_dynamic(a, p))
		ck_assert(
		    pool4_port_state(pool, proto, &out) == want[e->state]);
	if (e->state == TAKEN && range_of(a)->block_size != 0) {
		ck_assert_ptr_nonnull(r);
		ck_assert_uint_eq(sub_of(&r->block.holder), e->sub);
	}
}

static void
compare(int64_t now)
{
	const struct pool4_block_count n = pool4_count_blocks(pool);
	struct pool4_block_walk w = { 0, 0 };
	struct pool4_block block;
	unsigned steps = UINT32_MAX, n_walked = 0, n_resting = 0, i, a, p;
	enum l4proto proto;

	for (proto = L4_TCP; proto < L4_NPROTO; proto++)
		for (a = 0; a < NADDRS; a++)
			for (p = 0; p < NPORTS; p++)
				compare_port(proto, a, p);
	while (pool4_block_walk_next(pool, &w, &steps, &block)) {
		n_walked++;
		ck_assert_uint_eq(block.n_ports, count_ports(&block));
		n_resting += block.n_ports == 0;
	}
	ck_assert_uint_eq(n_walked, n_reported);
	ck_assert_uint_eq(n.held, n_reported);
	ck_assert_uint_eq(n.resting, n_resting);
	for (i = 0; i < n_reported; i++) {
		if (count_ports(&reported[i].block) > 0)
			reported[i].empty_since = -1;
		else if (reported[i].empty_since < 0)
			reported[i].empty_since = now;
	}
}

static void
set_up(void)
{
	setup();
	opts = (struct pool4_opts){ .quarantine_max_percent = 100,
		.parity = true,
		.range_fallback = true,
		.block_rest_secs = REST_SECS,
		.subscriber_len = 56 };
	memcpy(opts.quarantine_secs, quarantine_secs,
	    sizeof(opts.quarantine_secs));
	memset(ports, 0, sizeof(ports));
	n_reported = n_allocated = n_released = 0;
}

static void
make_pool(void)
{
	ck_assert_ptr_null(pool4_check(ranges, n_ranges));
	pool = pool4_new(ranges, n_ranges, &opts);
	ck_assert_ptr_nonnull(pool);
	pool4_set_block_fn(pool, take_report, NULL);
}

START_TEST(ports_are_in_blocks_of_their_subscriber)
{
	int64_t now;
	unsigned i;

	random_state = (uint32_t)_i + 1;
	random_ranges();
	make_pool();
	for (i = 0; i < NSTEPS; i++) {
		now = i / 20;
		switch (below(8)) {
		case 0:
		case 1:
		case 2:
			allocate(now);
			break;
		case 3:
			if (below(10) == 0)
				set_static(now);
			break;
		default:
			end_some(now);
			break;
		}
		compare(now);
		if (i % 20 == 0)
			expire(now);
		if (below(300) == 0)
			change(now);
	}
	ck_assert_uint_gt(n_released, 20);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pool4_blocks_random");
	TCase *tc = tcase_create("pool4_blocks_random");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, set_up, teardown);
	tcase_add_loop_test(tc, ports_are_in_blocks_of_their_subscriber, 0, 6);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
