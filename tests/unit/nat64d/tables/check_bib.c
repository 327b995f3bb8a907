/*
 * Unit tests of bib.c, with the real pool and subscribers below it.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nat64d/tables/bib.h"
#include "tests/unit/suite.h"
#include "tests/unit/tables.h"

static struct pool4 *pool;
static struct subscribers subs;
static struct slab slab;
static struct bib bibs[L4_NPROTO];
static struct seeded seeded;
static struct rng rng;
static bool created;
static struct refusal why;

/* What a test may set differently. */
struct setting {
	const char *last; /* of the pool, from 192.0.2.1 on */
	uint16_t low;
	uint16_t high;
	struct pool4_opts pool;
	struct subscriber_limits limits;
	size_t max_subs;
	size_t max;
	size_t expected; /* entries, of each protocol */
	bool soft;
};

static const struct setting usual = { .last = "192.0.2.4",
	.low = 1024,
	.high = 65535,
	.max_subs = 1000,
	.max = 1000,
	.expected = 8 };

static void
teardown(void)
{
	unsigned proto;

	if (pool == NULL)
		return;
	for (proto = 0; proto < L4_NPROTO; proto++) {
		bib_clear(&bibs[proto], at(0));
		ck_assert_uint_eq(bibs[proto].n_entries, 0);
	}
	/* Nothing may be left in use. */
	ck_assert_uint_eq(slab.used, 0);
	slab_clear(&slab);
	subscribers_clear(&subs);
	pool4_free(pool);
	pool = NULL;
}

static void
make(struct setting s)
{
	struct pool4_range r = { .first = ip4("192.0.2.1"),
		.last = ip4(s.last) };
	const struct siphash_key key = { "sixteen bytes ok" };
	unsigned proto;

	teardown();
	for (proto = 0; proto < L4_NPROTO; proto++)
		r.ports[proto] = (struct port_range){ s.low, s.high };
	pool = pool4_new(&r, 1, &s.pool);
	ck_assert_ptr_nonnull(pool);
	ck_assert_int_eq(subscribers_init(&subs, 64, &s.limits, s.max_subs,
			     &key),
	    0);
	slab_init(&slab, sizeof(struct bib_entry), s.max);
	for (proto = 0; proto < L4_NPROTO; proto++)
		ck_assert_int_eq(bib_init(&bibs[proto], (enum l4proto)proto,
				     pool, &subs, &slab, &key, s.soft,
				     s.expected),
		    0);
	rng = seeded_rng(&seeded, 1);
}

static void
setup(void)
{
	make(usual);
}

static struct bib_entry *
get(enum l4proto proto, const char *addr, uint16_t port)
{
	const struct taddr6 in6 = ta6(addr, port);

	why.by = REFUSED_NOT;
	return (bib_get6(&bibs[proto], &in6, &rng, at(0), &created, &why));
}

static struct bib_entry *
add_static(enum l4proto proto, const char *addr6, uint16_t x,
    const char *addr4, uint16_t t)
{
	const struct taddr6 in6 = ta6(addr6, x);
	const struct taddr4 out4 = ta4(addr4, t);

	errno = 0;
	return (bib_add_static(&bibs[proto], &in6, &out4, at(0)));
}

static struct subscriber *
find_sub(const char *text)
{
	const struct in6_addr addr = ip6(text);

	return (subscriber_find(&subs, &addr));
}

/* Shows: TBL-06 TBL-02 */
START_TEST(bib_get6_same_source_gives_same_mapping)
{
	struct bib_entry *e = get(L4_UDP, "2001:db8::1", 5000);

	ck_assert_ptr_nonnull(e);
	ck_assert(created);
	ck_assert_uint_eq(e->in6.port, 5000);
	ck_assert_uint_eq(e->n_sessions, 0);
	ck_assert(!e->is_static);
	ck_assert(RB_EMPTY(&e->peers));
	ck_assert_ptr_eq(get(L4_UDP, "2001:db8::1", 5000), e);
	ck_assert(!created);
	ck_assert_ptr_eq(bib_find6(&bibs[L4_UDP], &e->in6), e);
	ck_assert_ptr_eq(bib_find4(&bibs[L4_UDP], &e->out4), e);
	ck_assert_uint_eq(bibs[L4_UDP].n_entries, 1);
	ck_assert_int_eq(pool4_port_state(pool, L4_UDP, &e->out4),
	    POOL4_TAKEN);
}
END_TEST

/* Shows: TBL-02 ALC-08 */
START_TEST(bib_get6_other_source_gives_other_mapping)
{
	struct bib_entry *a, *b, *c;

	a = get(L4_TCP, "2001:db8::1", 5000);
	b = get(L4_TCP, "2001:db8::1", 5001);
	c = get(L4_TCP, "2001:db8::2", 5000);
	ck_assert_ptr_nonnull(c);
	ck_assert_uint_ne(a->out4.port, b->out4.port);
	ck_assert_uint_ne(a->out4.port, c->out4.port);
	ck_assert_uint_ne(b->out4.port, c->out4.port);
}
END_TEST

/* Shows: TBL-01 */
START_TEST(protocols_are_bound_independently)
{
	struct bib_entry *tcp, *udp;

	make((struct setting){ .last = "192.0.2.1",
	    .low = 2000,
	    .high = 2000,
	    .max_subs = 10,
	    .max = 10 });
	tcp = get(L4_TCP, "2001:db8::1", 5000);
	udp = get(L4_UDP, "2001:db8::2", 5000);
	ck_assert_ptr_nonnull(tcp);
	ck_assert_ptr_nonnull(udp);
	ck_assert_uint_eq(tcp->out4.port, udp->out4.port);
	ck_assert_ptr_null(get(L4_TCP, "2001:db8::2", 5000));
	ck_assert_int_eq(why.by, REFUSED_POOL);
	ck_assert(!created);
}
END_TEST

/* Shows: ALC-01 CGN-02 */
START_TEST(subscriber_has_one_pool_address_for_all_protocols)
{
	struct in_addr addr = get(L4_TCP, "2001:db8::1", 1)->out4.addr;
	unsigned i;

	for (i = 0; i < 100; i++)
		ck_assert_uint_eq(get((enum l4proto)(i % L4_NPROTO),
				      i % 2 ? "2001:db8::77" :
					      "2001:db8::ffff:1",
				      (uint16_t)(2000 + i))
				      ->out4.addr.s_addr,
		    addr.s_addr);
}
END_TEST

/* Shows: ALC-02 */
START_TEST(newcomers_are_spread_over_the_pool_by_a_keyed_hash)
{
	const struct siphash_key other = { "another key here" };
	unsigned counts[4] = { 0 }, i, moved = 0;
	uint32_t index[256];
	struct taddr6 in6 = ta6("2001:db8::1", 1);
	struct bib_entry *e;

	for (i = 0; i < 256; i++) {
		in6.addr.s6_addr[7] = (uint8_t)i;
		e = bib_get6(&bibs[L4_TCP], &in6, &rng, at(0), &created, &why);
		index[i] = (uint32_t)pool4_index(pool, e->out4.addr);
		counts[index[i]]++;
	}
	/* Three degrees of freedom: above 16 once in a thousand keys. */
	ck_assert_double_lt(chi_square(counts, 4), 16.3);

	make(usual);
	bibs[L4_TCP].key = other;
	for (i = 0; i < 256; i++) {
		in6.addr.s6_addr[7] = (uint8_t)i;
		e = bib_get6(&bibs[L4_TCP], &in6, &rng, at(0), &created, &why);
		moved += (uint32_t)pool4_index(pool, e->out4.addr) != index[i];
	}
	ck_assert_uint_gt(moved, 128);
}
END_TEST

/* Shows: ALC-02 ALC-12 CGN-12 */
START_TEST(newcomer_moves_on_until_the_pool_is_exhausted)
{
	char addr[40];
	unsigned i;

	make((struct setting){ .last = "192.0.2.4",
	    .low = 2000,
	    .high = 2001,
	    .max_subs = 100,
	    .max = 100 });
	for (i = 0; i < 8; i++) {
		snprintf(addr, sizeof(addr), "2001:db8:0:%x::1", i);
		ck_assert_ptr_nonnull(get(L4_TCP, addr, 1));
	}
	ck_assert_ptr_null(get(L4_TCP, "2001:db8:0:100::1", 1));
	ck_assert_int_eq(why.by, REFUSED_POOL);
	ck_assert_uint_eq(bibs[L4_TCP].n_entries, 8);
	ck_assert_uint_eq(slab.used, 8);
	/* Nobody was evicted. */
	ck_assert_ptr_nonnull(get(L4_TCP, "2001:db8:0:0::1", 1));
	ck_assert(!created);
}
END_TEST

/* Shows: ALC-03 */
START_TEST(paired_address_without_ports_fails_unless_pooling_is_soft)
{
	struct setting s = { .last = "192.0.2.2",
		.low = 2000,
		.high = 2001,
		.max_subs = 10,
		.max = 10 };
	struct bib_entry *a, *b;

	make(s);
	get(L4_TCP, "2001:db8::1", 1);
	get(L4_TCP, "2001:db8::1", 2);
	ck_assert_ptr_null(get(L4_TCP, "2001:db8::1", 3));
	ck_assert_int_eq(why.by, REFUSED_POOL);
	ck_assert_ptr_nonnull(get(L4_UDP, "2001:db8::1", 3));

	s.soft = true;
	make(s);
	a = get(L4_TCP, "2001:db8::1", 1);
	get(L4_TCP, "2001:db8::1", 2);
	b = get(L4_TCP, "2001:db8::1", 3);
	ck_assert_ptr_nonnull(b);
	ck_assert_uint_ne(a->out4.addr.s_addr, b->out4.addr.s_addr);
	/* The pair stays what it was. */
	ck_assert_uint_eq(get(L4_UDP, "2001:db8::1", 4)->out4.addr.s_addr,
	    a->out4.addr.s_addr);
}
END_TEST

/* Shows: ALC-01 ALC-02 */
START_TEST(subscriber_without_bindings_may_be_paired_anew)
{
	struct bib_entry *e;
	struct in_addr was;
	char addr[40];
	unsigned i;

	make((struct setting){ .last = "192.0.2.2",
	    .low = 2000,
	    .high = 2001,
	    .max_subs = 100,
	    .max = 100 });
	e = get(L4_TCP, "2001:db8::1", 1);
	was = e->out4.addr;
	ck_assert(bib_release(&bibs[L4_TCP], e, at(0)));
	for (i = 0;
	     pool4_n_free(pool, L4_TCP, (uint32_t)pool4_index(pool, was)) > 0;
	     i++) {
		snprintf(addr, sizeof(addr), "2001:db8:0:%x::1", 1 + i);
		ck_assert_ptr_nonnull(get(L4_TCP, addr, 1));
	}
	e = get(L4_TCP, "2001:db8::1", 1);
	ck_assert_ptr_nonnull(e);
	ck_assert_uint_ne(e->out4.addr.s_addr, was.s_addr);
	ck_assert_uint_eq(e->sub->pool_addr.s_addr, e->out4.addr.s_addr);
}
END_TEST

/* Shows: LIM-01 LIM-02 CGN-04 CGN-05 CGN-12 */
START_TEST(refused_binding_changes_nothing)
{
	struct setting s = usual;
	unsigned i;

	/* Ports of a subscriber. */
	s.limits.ports = 1;
	make(s);
	ck_assert_ptr_nonnull(get(L4_TCP, "2001:db8::1", 1));
	ck_assert_ptr_null(get(L4_TCP, "2001:db8::2", 1));
	ck_assert_int_eq(why.by, REFUSED_SUBSCRIBER_PORTS);
	ck_assert_uint_eq(why.prefix_len, 64);
	ck_assert_uint_eq(why.limit, 1);
	ck_assert_uint_eq(slab.used, 1);
	ck_assert_uint_eq(find_sub("2001:db8::")->n_bindings[L4_TCP], 1);

	/* Their rate. */
	s = usual;
	s.limits.new_bindings = (struct bucket_rate){ 1, 1 };
	make(s);
	ck_assert_ptr_nonnull(get(L4_TCP, "2001:db8::1", 1));
	ck_assert_ptr_null(get(L4_UDP, "2001:db8::1", 1));
	ck_assert_int_eq(why.by, REFUSED_NEW_BINDINGS);
	ck_assert_uint_eq(slab.used, 1);

	/* The table. */
	s = usual;
	s.max = 1;
	make(s);
	ck_assert_ptr_nonnull(get(L4_TCP, "2001:db8::1", 1));
	ck_assert_ptr_null(get(L4_TCP, "2001:db8::1", 2));
	ck_assert_int_eq(why.by, REFUSED_BINDINGS);
	ck_assert_uint_eq(why.limit, 1);
	for (i = 0; i < 4; i++)
		ck_assert_uint_ge(pool4_n_free(pool, L4_TCP, i), 64511);

	/* The subscribers. */
	s = usual;
	s.max_subs = 1;
	make(s);
	ck_assert_ptr_nonnull(get(L4_TCP, "2001:db8::1", 1));
	ck_assert_ptr_null(get(L4_TCP, "2001:db8:1::1", 1));
	ck_assert_int_eq(why.by, REFUSED_SUBSCRIBERS);
	ck_assert_uint_eq(why.limit, 1);
	ck_assert_uint_eq(slab.used, 1);
}
END_TEST

/* Shows: LIM-02 */
START_TEST(exhausted_pool_takes_no_token)
{
	struct setting s = { .last = "192.0.2.1",
		.low = 2000,
		.high = 2000,
		.limits.new_bindings = { 1, 2 },
		.max_subs = 10,
		.max = 10 };
	struct bib_entry *e;
	unsigned i;

	make(s);
	e = get(L4_TCP, "2001:db8::1", 1);
	for (i = 0; i < 10; i++) {
		ck_assert_ptr_null(get(L4_TCP, "2001:db8::1", 2));
		ck_assert_int_eq(why.by, REFUSED_POOL);
	}
	ck_assert(bib_release(&bibs[L4_TCP], e, at(0)));
	ck_assert_ptr_nonnull(get(L4_TCP, "2001:db8::1", 2));
}
END_TEST

/* Shows: TBL-04 CGN-08 */
START_TEST(released_entry_is_gone_and_its_port_rests)
{
	struct setting s = usual;
	struct bib_entry *e;
	struct taddr6 in6;
	struct taddr4 out4;

	s.pool.quarantine_secs[L4_UDP] = 120;
	s.pool.quarantine_max_percent = 25;
	make(s);
	e = get(L4_UDP, "2001:db8::1", 5000);
	in6 = e->in6;
	out4 = e->out4;
	e->n_sessions = 1;
	ck_assert(!bib_release(&bibs[L4_UDP], e, at(0)));
	e->n_sessions = 0;
	ck_assert(bib_release(&bibs[L4_UDP], e, at(0)));
	ck_assert_ptr_null(bib_find6(&bibs[L4_UDP], &in6));
	ck_assert_ptr_null(bib_find4(&bibs[L4_UDP], &out4));
	ck_assert_uint_eq(bibs[L4_UDP].n_entries, 0);
	ck_assert(subscriber_is_idle(find_sub("2001:db8::1")));
	ck_assert_int_eq(pool4_port_state(pool, L4_UDP, &out4),
	    POOL4_QUARANTINED);
	/* Its owner gets the same (T,t) again. */
	e = get(L4_UDP, "2001:db8::1", 5000);
	ck_assert_uint_eq(e->out4.addr.s_addr, out4.addr.s_addr);
	ck_assert_uint_eq(e->out4.port, out4.port);
}
END_TEST

/* Shows: CGN-08 */
START_TEST(new_bindings_end_rests_that_are_due)
{
	struct bib_entry *e;
	struct taddr4 out4;
	struct taddr6 other = ta6("2001:db8::2", 1);

	make((struct setting){ .last = "192.0.2.1",
	    .low = 2000,
	    .high = 2000,
	    .pool = { .quarantine_secs = { 9, 9, 9 },
		.quarantine_max_percent = 100 },
	    .max_subs = 10,
	    .max = 10 });
	e = get(L4_UDP, "2001:db8::1", 5000);
	out4 = e->out4;
	bib_release(&bibs[L4_UDP], e, at(0));
	ck_assert_ptr_null(
	    bib_get6(&bibs[L4_UDP], &other, &rng, at(8), &created, &why));
	e = bib_get6(&bibs[L4_UDP], &other, &rng, at(9), &created, &why);
	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->out4.port, out4.port);
}
END_TEST

/* Shows: TBL-04 */
START_TEST(static_binding_stays_until_it_is_removed)
{
	struct bib_entry *e;

	e = add_static(L4_TCP, "2001:db8::80", 8080, "192.0.2.1", 80);
	ck_assert_ptr_nonnull(e);
	ck_assert(e->is_static);
	ck_assert_ptr_eq(get(L4_TCP, "2001:db8::80", 8080), e);
	ck_assert(!created);
	ck_assert(!bib_release(&bibs[L4_TCP], e, at(0)));
	ck_assert_uint_eq(bibs[L4_TCP].n_entries, 1);

	/* With sessions it becomes a dynamic one. */
	e->n_sessions = 1;
	ck_assert(!bib_remove_static(&bibs[L4_TCP], e, at(0)));
	ck_assert(!e->is_static);
	e->n_sessions = 0;
	ck_assert(bib_release(&bibs[L4_TCP], e, at(0)));
	ck_assert_ptr_nonnull(
	    add_static(L4_TCP, "2001:db8::80", 8080, "192.0.2.1", 80));
	e = add_static(L4_TCP, "2001:db8::80", 8081, "192.0.2.1", 81);
	ck_assert(bib_remove_static(&bibs[L4_TCP], e, at(0)));
	ck_assert_uint_eq(bibs[L4_TCP].n_entries, 1);
}
END_TEST

/* Shows: ALC-01 TBL-04 */
START_TEST(static_binding_tells_its_subscriber_where_to_look_first)
{
	const char *addr[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3",
		"192.0.2.4" };

	ck_assert_ptr_nonnull(
	    add_static(L4_ICMP, "2001:db8::80", 7, addr[_i], 0));
	ck_assert_uint_eq(get(L4_TCP, "2001:db8::1", 1)->out4.addr.s_addr,
	    ip4(addr[_i]).s_addr);
}
END_TEST

/* Shows: ALC-01 TBL-04 LIM-01 */
START_TEST(static_bindings_take_nothing_from_others_of_the_subscriber)
{
	struct setting s = usual;

	/* All ports of the address are the administrator's. */
	s.last = "192.0.2.2";
	s.low = s.high = 5000;
	s.limits.ports = 1;
	make(s);
	ck_assert_ptr_nonnull(
	    add_static(L4_TCP, "2001:db8::80", 80, "192.0.2.1", 5000));
	ck_assert_uint_eq(get(L4_TCP, "2001:db8::1", 1)->out4.addr.s_addr,
	    ip4("192.0.2.2").s_addr);
	/* But the dynamic one does count, and pairs. */
	ck_assert_ptr_null(get(L4_TCP, "2001:db8::2", 1));
	ck_assert_uint_eq(get(L4_UDP, "2001:db8::2", 1)->out4.addr.s_addr,
	    ip4("192.0.2.2").s_addr);
}
END_TEST

static const struct {
	const char *name;
	const char *in6;
	uint16_t x;
	const char *out4;
	uint16_t t;
	int error;
} refusals[] = {
	{ "both free", "2001:db8::3", 1, "192.0.2.3", 7, 0 },
	{ "the same again", "2001:db8::80", 80, "192.0.2.1", 80, EEXIST },
	{ "(X',x) bound", "2001:db8::80", 80, "192.0.2.1", 81, EEXIST },
	{ "(T,t) bound", "2001:db8::81", 80, "192.0.2.1", 80, EEXIST },
	{ "foreign address", "2001:db8::81", 80, "192.0.2.9", 80,
	    EADDRNOTAVAIL },
	{ "port 0", "2001:db8::81", 80, "192.0.2.1", 0, EADDRNOTAVAIL },
};

/* Shows: TBL-02 TBL-04 */
START_TEST(static_binding_is_refused_where_it_cannot_be)
{
	const struct subscriber *sub;
	struct bib_entry *e;

	add_static(L4_TCP, "2001:db8::80", 80, "192.0.2.1", 80);
	e = add_static(L4_TCP, refusals[_i].in6, refusals[_i].x,
	    refusals[_i].out4, refusals[_i].t);
	ck_assert_msg((e == NULL) == (refusals[_i].error != 0), "%s",
	    refusals[_i].name);
	ck_assert_int_eq(errno, refusals[_i].error);
	if (e != NULL)
		return;
	sub = find_sub("2001:db8::80");
	ck_assert_uint_eq(slab.used, 1);
	ck_assert_uint_eq(bibs[L4_TCP].n_entries, 1);
	ck_assert_uint_eq(sub->n_bindings[L4_TCP], 1);
}
END_TEST

/* Shows: TBL-04 */
START_TEST(dynamic_binding_becomes_static_when_it_is_the_same)
{
	struct bib_entry *e = get(L4_UDP, "2001:db8::1", 5000);
	const struct taddr6 in6 = e->in6;
	struct taddr4 out4 = e->out4;

	ck_assert_ptr_eq(bib_add_static(&bibs[L4_UDP], &in6, &out4, at(0)), e);
	ck_assert(e->is_static);
	out4.port ^= 1;
	ck_assert_ptr_null(bib_add_static(&bibs[L4_UDP], &in6, &out4, at(0)));
	ck_assert_int_eq(errno, EEXIST);
}
END_TEST

START_TEST(static_binding_without_a_subscriber_takes_no_port)
{
	struct setting s = usual;
	const struct taddr4 out4 = ta4("192.0.2.1", 2000);

	s.max_subs = 1;
	s.pool.quarantine_secs[L4_UDP] = 120;
	s.pool.quarantine_max_percent = 25;
	make(s);
	get(L4_TCP, "2001:db8:1::1", 1);
	ck_assert_ptr_null(
	    add_static(L4_UDP, "2001:db8::1", 1, "192.0.2.1", 2000));
	ck_assert_int_eq(errno, ENOBUFS);
	ck_assert_int_eq(pool4_port_state(pool, L4_UDP, &out4), POOL4_FREE);
}
END_TEST

/* Continue the walk; 0 at the end. */
static uint16_t
walk(struct bib_walk *w, unsigned *steps)
{
	const struct bib_entry *e = bib_walk_at(&bibs[L4_TCP], w, steps);

	if (e == NULL)
		return (0);
	bib_walk_past(w, e);
	return (e->in6.port);
}

START_TEST(walk_meets_each_entry_once_whatever_comes_and_goes)
{
	unsigned seen[100] = { 0 }, steps = 1000, port;
	struct bib_walk w = { .tree = 0 };
	struct bib_entry *e;

	ck_assert_uint_eq(walk(&w, &steps), 0);
	memset(&w, 0, sizeof(w));
	for (port = 1; port < 50; port++)
		get(L4_TCP, "2001:db8::2", (uint16_t)port);
	for (; (port = walk(&w, &steps)) != 0; seen[port]++) {
		/* The one that it stands on goes, and another comes. */
		if (port % 3 != 0)
			continue;
		e = get(L4_TCP, "2001:db8::2", (uint16_t)port);
		ck_assert(bib_release(&bibs[L4_TCP], e, at(0)));
		get(L4_TCP, "2001:db8::2", (uint16_t)(50 + port));
	}
	for (port = 1; port < 50; port++)
		ck_assert_uint_eq(seen[port], 1);
}
END_TEST

/* The number of trees changes speed only. */
START_TEST(fewest_trees_hold_whatever_comes)
{
	static const uint16_t last = 600;
	struct setting s = usual;
	struct bib_walk w = { .tree = 0 };
	struct bib_entry *e;
	struct taddr6 in6;
	unsigned steps = 1000, seen = 0;
	uint16_t port;

	s.expected = (size_t)_i;
	make(s);
	for (port = 1; port <= last; port++)
		ck_assert_ptr_nonnull(get(L4_TCP, "2001:db8::2", port));
	while (walk(&w, &steps) != 0)
		seen++;
	ck_assert_uint_eq(seen, last);
	for (port = 2; port <= last; port += 2)
		bib_release(&bibs[L4_TCP], get(L4_TCP, "2001:db8::2", port),
		    at(0));
	for (port = 1; port <= last; port++) {
		in6 = ta6("2001:db8::2", port);
		e = bib_find6(&bibs[L4_TCP], &in6);
		ck_assert((e != NULL) == (port % 2 == 1));
		if (e != NULL)
			ck_assert_ptr_eq(bib_find4(&bibs[L4_TCP], &e->out4),
			    e);
	}
	ck_assert_uint_eq(bibs[L4_TCP].n_entries, last / 2);
}
END_TEST

START_TEST(walk_goes_as_far_as_its_steps)
{
	struct bib_walk w = { .tree = 0 };
	unsigned steps = 0;
	struct bib_entry *e;

	e = get(L4_TCP, "2001:db8::2", 1);
	ck_assert_ptr_null(bib_walk_at(&bibs[L4_TCP], &w, &steps));
	steps = 1000;
	ck_assert_ptr_eq(bib_walk_at(&bibs[L4_TCP], &w, &steps), e);
	/* It stays there as long as nobody says otherwise. */
	ck_assert_ptr_eq(bib_walk_at(&bibs[L4_TCP], &w, &steps), e);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bib");
	TCase *tc = tcase_create("bib");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, bib_get6_same_source_gives_same_mapping);
	tcase_add_test(tc, bib_get6_other_source_gives_other_mapping);
	tcase_add_test(tc, protocols_are_bound_independently);
	tcase_add_test(tc, subscriber_has_one_pool_address_for_all_protocols);
	tcase_add_test(tc, newcomers_are_spread_over_the_pool_by_a_keyed_hash);
	tcase_add_test(tc, newcomer_moves_on_until_the_pool_is_exhausted);
	tcase_add_test(tc,
	    paired_address_without_ports_fails_unless_pooling_is_soft);
	tcase_add_test(tc, subscriber_without_bindings_may_be_paired_anew);
	tcase_add_test(tc, refused_binding_changes_nothing);
	tcase_add_test(tc, exhausted_pool_takes_no_token);
	tcase_add_test(tc, released_entry_is_gone_and_its_port_rests);
	tcase_add_test(tc, new_bindings_end_rests_that_are_due);
	tcase_add_test(tc, static_binding_stays_until_it_is_removed);
	tcase_add_loop_test(tc,
	    static_binding_tells_its_subscriber_where_to_look_first, 0, 4);
	tcase_add_test(tc,
	    static_bindings_take_nothing_from_others_of_the_subscriber);
	tcase_add_loop_test(tc, static_binding_is_refused_where_it_cannot_be,
	    0, NITEMS(refusals));
	tcase_add_test(tc, dynamic_binding_becomes_static_when_it_is_the_same);
	tcase_add_test(tc, static_binding_without_a_subscriber_takes_no_port);
	tcase_add_test(tc, walk_meets_each_entry_once_whatever_comes_and_goes);
	tcase_add_loop_test(tc, fewest_trees_hold_whatever_comes, 0, 3);
	tcase_add_test(tc, walk_goes_as_far_as_its_steps);
	suite_add_tcase(suite, tc);
	return (suite_run(suite));
}
