/*
 * Unit tests of session.c, with real bindings below it.
 */
#include <check.h>
#include <string.h>

#include "nat64d/tables/session.h"
#include "tests/unit/suite.h"
#include "tests/unit/tables.h"

/*
 * A session with a binding of its own may take 320 bytes, including its part
 * of the pool, the trees and the flow cache.
 */
_Static_assert(sizeof(struct session) + sizeof(struct bib_entry) <= 300,
    "a session with a binding of its own has grown");

static const uint32_t lifetimes[SESSION_NCLASSES] = { 300, 60, 7200, 240, 240,
	6 };

static struct pool4 *pool;
static struct subscribers subs;
static struct slab slab;
static struct bib bibs[L4_NPROTO];
static struct session_table table;
static struct refusal why;
static const struct in6_addr nobody;
static struct seeded seeded;
static struct rng rng;

static void
make(size_t max, uint32_t max_per_bib, uint32_t max_of_subscriber)
{
	const struct pool4_range r = { .first = ip4("192.0.2.1"),
		.last = ip4("192.0.2.1"),
		.ports = { { 1024, 65535 }, { 1024, 65535 }, { 0, 65535 } } };
	const struct subscriber_limits limits = { .sessions =
						      max_of_subscriber };
	const struct pool4_opts opts = { 0 };
	const struct siphash_key key = { "sixteen bytes ok" };
	unsigned i;

	pool = pool4_new(&r, 1, &opts);
	ck_assert_ptr_nonnull(pool);
	ck_assert_int_eq(subscribers_init(&subs, 64, &limits, 100, &key), 0);
	slab_init(&slab, sizeof(struct bib_entry), 100);
	for (i = 0; i < L4_NPROTO; i++)
		ck_assert_int_eq(bib_init(&bibs[i], (enum l4proto)i, pool,
				     &subs, &slab, &key, false, 2),
		    0);
	session_table_init(&table, lifetimes, max, max_per_bib, bibs, &subs,
	    &key);
	rng = seeded_rng(&seeded, 1);
}

static void
setup(void)
{
	make(1000, 0, 0);
}

static void
teardown(void)
{
	unsigned i;

	session_table_clear(&table);
	ck_assert_uint_eq(session_count(&table), 0);
	for (i = 0; i < L4_NPROTO; i++)
		bib_clear(&bibs[i], at(0));
	ck_assert_uint_eq(slab.used, 0);
	slab_clear(&slab);
	subscribers_clear(&subs);
	pool4_free(pool);
}

static void
remake(size_t max, uint32_t max_per_bib, uint32_t max_of_subscriber)
{
	teardown();
	make(max, max_per_bib, max_of_subscriber);
}

static struct bib_entry *
binding(uint16_t x)
{
	const struct taddr6 in6 = ta6("2001:db8::1", x);
	bool created;

	return (bib_get6(&bibs[L4_TCP], &in6, &rng, at(0), &created, &why));
}

static struct session *
find6(const struct bib_entry *e, const char *peer, uint16_t port,
    unsigned prefix)
{
	const struct taddr4 to = ta4(peer, port);

	return (session_find6(&table, L4_TCP, &e->in6, &to, prefix));
}

static struct session *
find4(const struct bib_entry *e, const char *peer, uint16_t port)
{
	const struct tuple4 t4 = { .src = e->out4, .dst = ta4(peer, port) };

	return (session_find4(&table, L4_TCP, &t4));
}

static struct session *
add(struct bib_entry *e, const char *peer, uint16_t port,
    enum session_class cls, int64_t secs)
{
	const struct taddr4 to = ta4(peer, port);

	why.by = REFUSED_NOT;
	return (session_add(&table, e, &to, 3, cls, at(secs), &why));
}

static struct session *
add_stored(uint16_t t, const char *peer, uint16_t port, int64_t secs)
{
	const struct tuple4 t4 = { .src = ta4("192.0.2.1", t),
		.dst = ta4(peer, port) };

	why.by = REFUSED_NOT;
	return (session_add_orphan(&table, L4_TCP, &t4, SESSION_TCP_SYN,
	    at(secs), &why));
}

/* The sessions that have expired, in order; note_expired() removes them. */
static struct session *expired[16];
static uint16_t expired_ports[16]; /* their peers' */
static unsigned n_expired;

static bool
note_expired(void *arg, struct session *s)
{
	ck_assert_ptr_eq(arg, &table);
	ck_assert_uint_lt(n_expired, NITEMS(expired));
	expired_ports[n_expired] = s->peer.port;
	expired[n_expired++] = s;
	session_remove(&table, s);
	return (true);
}

static unsigned
expire(struct monotime now)
{
	n_expired = 0;
	ck_assert(!session_expire(&table, now, 1000, note_expired, &table));
	return (n_expired);
}

/* Shows: TBL-03 */
START_TEST(session_is_found_by_either_tuple)
{
	struct bib_entry *e = binding(5000);
	const struct taddr4 peer = ta4("198.51.100.1", 80);
	struct tuple4 t4 = { .src = e->out4, .dst = peer };
	struct taddr6 in6 = e->in6;
	struct session *s;
	unsigned i;

	s = add(e, "198.51.100.1", 80, SESSION_TCP_OPEN, 0);
	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_eq(s->bib, e);
	ck_assert_uint_eq(s->prefix, 3);
	ck_assert_uint_eq(s->tcp_state, 0);
	ck_assert_uint_eq(e->n_sessions, 1);
	ck_assert_ptr_eq(RB_ROOT(&e->peers), s);
	ck_assert_uint_eq(e->sub->n_sessions, 1);
	ck_assert_ptr_eq(session_find_peer(&table, e, &peer), s);
	/* By way of the binding, and then from the flow cache. */
	for (i = 0; i < 2; i++) {
		ck_assert_ptr_eq(session_find6(&table, L4_TCP, &in6, &peer, 3),
		    s);
		ck_assert_ptr_eq(session_find4(&table, L4_TCP, &t4), s);
	}
	ck_assert_ptr_null(session_find6(&table, L4_UDP, &in6, &peer, 3));
	ck_assert_ptr_null(session_find4(&table, L4_UDP, &t4));

	/* Every part of a key counts. */
	ck_assert_ptr_null(session_find6(&table, L4_TCP, &in6, &peer, 2));
	in6.port++;
	ck_assert_ptr_null(session_find6(&table, L4_TCP, &in6, &peer, 3));
	in6.port--;
	in6.addr.s6_addr[15]++;
	ck_assert_ptr_null(session_find6(&table, L4_TCP, &in6, &peer, 3));
	ck_assert_ptr_null(find6(e, "198.51.100.1", 81, 3));
	ck_assert_ptr_null(find6(e, "198.51.100.2", 80, 3));
	ck_assert_ptr_null(find4(e, "198.51.100.1", 81));
	ck_assert_ptr_null(find4(e, "198.51.100.2", 80));
	t4.src.port++;
	ck_assert_ptr_null(session_find4(&table, L4_TCP, &t4));
	t4.src.port--;
	t4.src.addr = ip4("192.0.2.2");
	ck_assert_ptr_null(session_find4(&table, L4_TCP, &t4));
}
END_TEST

/* Shows: TBL-03 */
START_TEST(peers_of_a_binding_are_unique)
{
	struct bib_entry *e = binding(5000);

	add(e, "198.51.100.1", 80, SESSION_TCP_OPEN, 0);
	ck_assert_ptr_null(add(e, "198.51.100.1", 80, SESSION_TCP_OPEN, 0));
	ck_assert_int_eq(why.by, REFUSED_EXISTS);
	ck_assert_uint_eq(session_count(&table), 1);
	ck_assert_uint_eq(e->n_sessions, 1);
	ck_assert_uint_eq(e->sub->n_sessions, 1);
	ck_assert_uint_eq(table.slab.used, 1);
	ck_assert_ptr_nonnull(add(e, "198.51.100.2", 80, SESSION_TCP_OPEN, 0));
	add_stored(7, "198.51.100.1", 80, 0);
	ck_assert_ptr_null(add_stored(7, "198.51.100.1", 80, 0));
	ck_assert_int_eq(why.by, REFUSED_EXISTS);
}
END_TEST

/* Shows: LIM-01 SES-02 CGN-05 */
START_TEST(limits_hold_and_a_refusal_changes_nothing)
{
	struct bib_entry *a, *b;

	/* The table. */
	remake(1, 0, 0);
	a = binding(1);
	ck_assert_ptr_nonnull(add(a, "198.51.100.1", 1, SESSION_UDP, 0));
	ck_assert_ptr_null(add(a, "198.51.100.1", 2, SESSION_UDP, 0));
	ck_assert_int_eq(why.by, REFUSED_SESSIONS);
	ck_assert_uint_eq(why.limit, 1);
	ck_assert_uint_eq(a->n_sessions, 1);

	/* The binding. */
	remake(10, 2, 0);
	a = binding(1);
	b = binding(2);
	add(a, "198.51.100.1", 1, SESSION_UDP, 0);
	add(a, "198.51.100.1", 2, SESSION_UDP, 0);
	ck_assert_ptr_null(add(a, "198.51.100.1", 3, SESSION_UDP, 0));
	ck_assert_int_eq(why.by, REFUSED_BINDING_SESSIONS);
	ck_assert_uint_eq(why.limit, 2);
	ck_assert_uint_eq(a->sub->n_sessions, 2);
	ck_assert_ptr_nonnull(add(b, "198.51.100.1", 3, SESSION_UDP, 0));

	/* The subscriber. */
	remake(10, 0, 2);
	a = binding(1);
	b = binding(2);
	add(a, "198.51.100.1", 1, SESSION_UDP, 0);
	add(b, "198.51.100.1", 2, SESSION_UDP, 0);
	ck_assert_ptr_null(add(b, "198.51.100.1", 3, SESSION_UDP, 0));
	ck_assert_int_eq(why.by, REFUSED_SUBSCRIBER_SESSIONS);
	ck_assert_uint_eq(b->n_sessions, 1);
	ck_assert_uint_eq(session_count(&table), 2);
	ck_assert_uint_eq(table.slab.used, 2);
}
END_TEST

/* Shows: LIM-01 SES-02 */
START_TEST(check_room_tells_beforehand_what_add_would_refuse)
{
	struct bib_entry *e;

	remake(2, 0, 1);
	e = binding(1);
	ck_assert_int_eq(session_check_room(&table, NULL, &nobody, &why), 0);
	ck_assert_int_eq(session_check_room(&table, e->sub, &nobody, &why), 0);
	add(e, "198.51.100.1", 1, SESSION_UDP, 0);
	ck_assert_int_eq(session_check_room(&table, NULL, &nobody, &why), 0);
	ck_assert_int_eq(session_check_room(&table, e->sub, &nobody, &why),
	    -1);
	ck_assert_int_eq(why.by, REFUSED_SUBSCRIBER_SESSIONS);
	add_stored(4000, "198.51.100.1", 2, 0);
	ck_assert_int_eq(session_check_room(&table, NULL, &nobody, &why), -1);
	ck_assert_int_eq(why.by, REFUSED_SESSIONS);
}
END_TEST

START_TEST(removed_session_leaves_all_trees_and_lists)
{
	struct bib_entry *e = binding(5000);
	struct session *a, *b;

	a = add(e, "198.51.100.1", 80, SESSION_TCP_OPEN, 0);
	b = add(e, "198.51.100.1", 81, SESSION_TCP_OPEN, 0);
	ck_assert_ptr_eq(find4(e, "198.51.100.1", 80), a);
	session_remove(&table, a);
	ck_assert_ptr_null(find6(e, "198.51.100.1", 80, 3));
	ck_assert_ptr_null(find4(e, "198.51.100.1", 80));
	ck_assert_ptr_eq(RB_ROOT(&e->peers), b);
	ck_assert_uint_eq(e->n_sessions, 1);
	ck_assert_uint_eq(e->sub->n_sessions, 1);
	session_remove(&table, b);
	ck_assert_uint_eq(session_count(&table), 0);
	ck_assert_uint_eq(expire(at(1000000)), 0);
	/* The binding is the caller's to release. */
	ck_assert_ptr_eq(bib_find6(&bibs[L4_TCP], &e->in6), e);
	ck_assert(bib_release(&bibs[L4_TCP], e, at(0)));
}
END_TEST

/* --- time --- */

/* Shows: CFG-01 CFG-02 CFG-03 CFG-04 CFG-05 CFG-06 TBL-05 */
START_TEST(session_of_each_class_lives_for_its_time)
{
	const enum session_class cls = (enum session_class)_i;
	const struct monotime end = at(100 + lifetimes[cls]);
	struct session *s = add(binding(1), "198.51.100.1", 1, cls, 100);

	ck_assert_int_eq(session_expires(&table, s).ns, end.ns);
	ck_assert_uint_eq(expire((struct monotime){ end.ns - 1 }), 0);
	ck_assert_uint_eq(expire(end), 1);
	ck_assert_ptr_eq(expired[0], s);
}
END_TEST

START_TEST(sessions_expire_in_the_order_of_their_last_touch)
{
	struct bib_entry *e = binding(1);
	struct session *s[4];
	struct monotime when;
	const unsigned order[] = { 1, 3, 0, 2 };
	unsigned i;

	ck_assert(!session_next_expiry(&table, &when));
	for (i = 0; i < 4; i++)
		s[i] = add(e, "198.51.100.1", (uint16_t)i, SESSION_UDP, i);
	session_touch(&table, s[0], SESSION_UDP, at(4));
	session_touch(&table, s[2], SESSION_UDP, at(5));
	for (i = 0; i < 4; i++) {
		ck_assert_uint_eq(expire(session_expires(&table, s[order[i]])),
		    1);
		ck_assert_ptr_eq(expired[0], s[order[i]]);
	}
	expire(at(310));
	ck_assert(!session_next_expiry(&table, &when));
}
END_TEST

/* Expire at the times of session_next_expiry(), as the engine does. */
START_TEST(whoever_comes_when_told_to_is_late_by_a_tick_at_most)
{
	struct bib_entry *e = binding(1);
	struct monotime when, end[NITEMS(expired)];
	struct session *s[NITEMS(expired)];
	unsigned i, n = 0, calls = 0;
	int64_t late;

	for (i = 0; i < NITEMS(expired); i++) {
		s[i] = add(e, "198.51.100.1", (uint16_t)i,
		    i % 2 ? SESSION_UDP : SESSION_TCP_EST, i);
		session_touch(&table, s[i], s[i]->cls, at(3 * i));
		end[i] = session_expires(&table, s[i]);
	}
	for (; session_next_expiry(&table, &when); calls++) {
		n += expire(when);
		for (i = 0; i < n_expired; i++) {
			late = when.ns - end[expired_ports[i]].ns;
			ck_assert_int_ge(late, 0);
			ck_assert_int_le(late, WHEEL_TICK_NS);
		}
	}
	ck_assert_uint_eq(n, NITEMS(expired));
	/* Once for its end, and seldom before. */
	ck_assert_uint_lt(calls, 20 * NITEMS(expired));
}
END_TEST

START_TEST(earlier_end_is_met_in_time)
{
	struct session *s =
	    add(binding(1), "198.51.100.1", 1, SESSION_TCP_EST, 0);

	session_touch(&table, s, SESSION_TCP_CLOSE, at(2));
	ck_assert_uint_eq(expire(at(241)), 0);
	ck_assert_uint_eq(expire(at(242)), 1);
}
END_TEST

START_TEST(touch_moves_a_session_to_another_class)
{
	struct session *s =
	    add(binding(1), "198.51.100.1", 1, SESSION_TCP_OPEN, 0);

	session_touch(&table, s, SESSION_TCP_EST, at(0));
	ck_assert_int_eq(session_expires(&table, s).ns, at(7200).ns);
	ck_assert_uint_eq(expire(at(7199)), 0);
	session_touch(&table, s, SESSION_TCP_CLOSE, at(7200));
	ck_assert_uint_eq(expire(at(7439)), 0);
	ck_assert_uint_eq(expire(at(7440)), 1);
}
END_TEST

static bool
touch_expired(void *arg, struct session *s)
{
	n_expired++;
	session_touch(arg, s, SESSION_TCP_CLOSE, at(7200));
	return (false);
}

START_TEST(session_that_gets_more_time_when_it_expires_uses_it)
{
	add(binding(1), "198.51.100.1", 1, SESSION_TCP_EST, 0);
	n_expired = 0;
	ck_assert(
	    !session_expire(&table, at(7200), 100, touch_expired, &table));
	ck_assert_uint_eq(n_expired, 1);
	ck_assert_uint_eq(expire(at(7439)), 0);
	ck_assert_uint_eq(expire(at(7440)), 1);
}
END_TEST

/* Shows: TBL-05 */
START_TEST(expiry_in_slices_leaves_nothing_out)
{
	struct bib_entry *e = binding(1);
	unsigned i, slices = 0;

	for (i = 0; i < NITEMS(expired); i++)
		add(e, "198.51.100.1", (uint16_t)i, SESSION_UDP, 0);
	n_expired = 0;
	while (session_expire(&table, at(400), 3, note_expired, &table)) {
		slices++;
		ck_assert_uint_eq(n_expired, 3 * slices);
	}
	ck_assert_uint_eq(n_expired, NITEMS(expired));
}
END_TEST

/* A jump of time by a century does not sweep all ticks in between. */
START_TEST(jump_of_time_is_no_work)
{
	const struct monotime later = at(INT64_C(100) * 365 * 24 * 3600);
	struct monotime when;

	add(binding(1), "198.51.100.1", 1, SESSION_TCP_EST, 0);
	ck_assert_uint_eq(expire(later), 1);
	ck_assert(!session_next_expiry(&table, &when));
	add(binding(2), "198.51.100.1", 1, SESSION_UDP, later.ns / 1000000000);
	ck_assert(session_next_expiry(&table, &when));
	ck_assert_int_ge(when.ns, later.ns + INT64_C(300000000000));
}
END_TEST

START_TEST(drain_takes_every_session_in_slices)
{
	struct bib_entry *e = binding(1);
	unsigned i;

	for (i = 0; i < 4; i++)
		add(e, "198.51.100.1", (uint16_t)i, (enum session_class)i, i);
	add_stored(9, "198.51.100.1", 80, 0);
	n_expired = 0;
	ck_assert(session_drain(&table, 3, note_expired, &table));
	ck_assert_uint_eq(n_expired, 3);
	ck_assert(!session_drain(&table, 3, note_expired, &table));
	ck_assert_uint_eq(session_count(&table), 0);
}
END_TEST

/* --- flushing --- */

/* Remove the stale sessions; returns how many there were. */
static unsigned
remove_stale(void)
{
	struct session *s;

	n_expired = 0;
	while ((s = session_next_stale(&table)) != NULL) {
		ck_assert(session_is_stale(&table, s));
		note_expired(&table, s);
	}
	ck_assert_uint_eq(table.n_stale, 0);
	return (n_expired);
}

START_TEST(flush_takes_what_is_there_and_not_what_is_added)
{
	struct bib_entry *e = binding(1);
	struct session *old, *young;
	unsigned i;

	ck_assert_ptr_null(session_next_stale(&table));
	for (i = 0; i < 4; i++)
		add(e, "198.51.100.1", (uint16_t)i, (enum session_class)i, i);
	add_stored(9, "198.51.100.1", 80, 0);
	old = find4(e, "198.51.100.1", 0);
	ck_assert(!session_is_stale(&table, old));
	session_flush(&table);
	ck_assert_uint_eq(table.n_stale, 5);
	ck_assert(session_is_stale(&table, old));
	ck_assert(session_is_over(&table, old, at(3)));
	for (i = 10; i < 14; i++) {
		young = add(e, "198.51.100.1", (uint16_t)i,
		    (enum session_class)(i - 10), i - 10);
		ck_assert(!session_is_stale(&table, young));
	}
	session_touch(&table, young, SESSION_TCP_SYN, at(4));
	ck_assert_uint_eq(remove_stale(), 5);
	ck_assert_uint_eq(session_count(&table), 4);
	for (i = 10; i < 14; i++)
		ck_assert_ptr_nonnull(find4(e, "198.51.100.1", (uint16_t)i));
}
END_TEST

START_TEST(second_flush_takes_the_rest_of_the_first_too)
{
	struct bib_entry *e = binding(1);
	unsigned i;

	for (i = 0; i < 6; i++)
		add(e, "198.51.100.1", (uint16_t)i, SESSION_UDP, i);
	session_flush(&table);
	for (i = 0; i < 3; i++)
		session_remove(&table, session_next_stale(&table));
	for (i = 6; i < 10; i++)
		add(e, "198.51.100.1", (uint16_t)i, SESSION_UDP, i - 6);
	session_flush(&table);
	add(e, "198.51.100.1", 10, SESSION_UDP, 4);
	ck_assert_uint_eq(table.n_stale, 7);
	ck_assert_uint_eq(remove_stale(), 7);
	ck_assert_ptr_nonnull(find4(e, "198.51.100.1", 10));
}
END_TEST

/* More flushes than there are epochs, and none has removed anything yet. */
START_TEST(old_session_is_stale_however_many_flushes_begin)
{
	struct bib_entry *e = binding(1);
	unsigned i;

	for (i = 0; i < 600; i++) {
		if (i < 5 || i % 100 == 0)
			add(e, "198.51.100.1", (uint16_t)i, SESSION_UDP, 0);
		session_flush(&table);
		ck_assert(
		    session_is_stale(&table, find4(e, "198.51.100.1", 0)));
	}
	ck_assert_uint_eq(remove_stale(), 10);
	ck_assert_uint_eq(session_count(&table), 0);
	add(e, "198.51.100.1", 1, SESSION_UDP, 0);
	ck_assert_uint_eq(remove_stale(), 0);
}
END_TEST

/* One that was refreshed is not moved to a later slot when it is stale. */
START_TEST(stale_sessions_are_swept_before_their_time)
{
	struct bib_entry *e = binding(1);
	struct session *s[2];
	unsigned i;

	for (i = 0; i < 2; i++) {
		s[i] = add(e, "198.51.100.1", (uint16_t)i, SESSION_UDP, 0);
		session_touch(&table, s[i], SESSION_UDP, at(200));
	}
	session_flush(&table);
	ck_assert_uint_eq(expire(at(301)), 2);
	ck_assert_uint_eq(table.n_stale, 0);
	ck_assert_ptr_null(session_next_stale(&table));
}
END_TEST

START_TEST(stale_inbound_sessions_make_room_first)
{
	struct session *s;
	bool sure;

	s = add_stored(9, "198.51.100.1", 80, 0);
	session_touch(&table, s, SESSION_TCP_EST, at(1));
	session_flush(&table);
	add_stored(9, "198.51.100.1", 81, 2);
	ck_assert_ptr_eq(session_oldest_inbound(&table, &sure), s);
	ck_assert(sure);
	ck_assert_uint_eq(remove_stale(), 1);
	ck_assert_uint_eq(session_count(&table), 1);
}
END_TEST

/* --- filtering --- */

/* Shows: SES-11 SES-62 TCP-04 TBL-05 */
START_TEST(has_peer_knows_addresses_not_ports_and_only_the_living)
{
	struct bib_entry *a = binding(1), *b = binding(2);
	struct taddr4 out4 = a->out4;
	const struct in_addr peer = ip4("198.51.100.7");

	ck_assert(!session_has_peer(&table, L4_TCP, &out4, peer, at(0)));
	add(a, "198.51.100.6", 65535, SESSION_UDP, 0);
	add(a, "198.51.100.8", 0, SESSION_UDP, 0);
	add(b, "198.51.100.7", 80, SESSION_UDP, 0);
	ck_assert(!session_has_peer(&table, L4_TCP, &out4, peer, at(0)));
	add(a, "198.51.100.7", 80, SESSION_UDP, 0);
	add(a, "198.51.100.7", 65535, SESSION_UDP, 10);
	ck_assert(session_has_peer(&table, L4_TCP, &out4, peer, at(10)));
	ck_assert(!session_has_peer(&table, L4_UDP, &out4, peer, at(10)));
	/* One is past its time, the other not; then both are. */
	ck_assert(session_has_peer(&table, L4_TCP, &out4, peer, at(309)));
	ck_assert(!session_has_peer(&table, L4_TCP, &out4, peer, at(310)));
	out4.port ^= 1;
	ck_assert(!session_has_peer(&table, L4_TCP, &out4, peer, at(10)));
}
END_TEST

/* The ports of the sessions of e after peer, in the order of the walk. */
static unsigned
walk(const struct bib_entry *e, const struct taddr4 *peer, uint16_t *ports)
{
	const struct session *s;
	unsigned n = 0;

	while ((s = session_next_of_bib(e, peer)) != NULL) {
		ports[n++] = s->peer.port;
		peer = &s->peer;
	}
	return (n);
}

START_TEST(walk_meets_each_session_of_a_binding_once)
{
	struct bib_entry *e = binding(5000), *other = binding(5001);
	uint16_t ports[16];

	ck_assert_uint_eq(walk(e, NULL, ports), 0);
	add(e, "198.51.100.2", 81, SESSION_TCP_OPEN, 0);
	add(e, "198.51.100.1", 83, SESSION_TCP_OPEN, 0);
	add(e, "198.51.100.2", 80, SESSION_TCP_OPEN, 0);
	add(other, "198.51.100.1", 84, SESSION_TCP_OPEN, 0);
	add_stored(e->out4.port, "198.51.100.1", 82, 0);
	add_stored(e->out4.port, "198.51.100.3", 85, 0);
	ck_assert_uint_eq(walk(e, NULL, ports), 3);
	ck_assert_uint_eq(ports[0], 83);
	ck_assert_uint_eq(ports[1], 80);
	ck_assert_uint_eq(ports[2], 81);
	ck_assert_uint_eq(walk(other, NULL, ports), 1);
	ck_assert_uint_eq(ports[0], 84);
}
END_TEST

START_TEST(walk_goes_on_where_a_session_has_gone)
{
	struct bib_entry *e = binding(5000);
	struct session *second;
	struct taddr4 peer;
	uint16_t ports[16];

	add(e, "198.51.100.1", 80, SESSION_TCP_OPEN, 0);
	second = add(e, "198.51.100.1", 82, SESSION_TCP_OPEN, 0);
	add(e, "198.51.100.1", 84, SESSION_TCP_OPEN, 0);
	peer = second->peer;
	session_remove(&table, second);
	add(e, "198.51.100.1", 81, SESSION_TCP_OPEN, 0);
	add(e, "198.51.100.1", 83, SESSION_TCP_OPEN, 0);
	ck_assert_uint_eq(walk(e, &peer, ports), 2);
	ck_assert_uint_eq(ports[0], 83);
	ck_assert_uint_eq(ports[1], 84);
}
END_TEST

/* Shows: TCP-07 TCP-05 */
START_TEST(has_peer_is_not_satisfied_by_a_stored_syn)
{
	struct bib_entry *e = binding(1);
	const struct in_addr peer = ip4("198.51.100.7");

	add_stored(e->out4.port, "198.51.100.7", 1000, 0);
	ck_assert(!session_has_peer(&table, L4_TCP, &e->out4, peer, at(0)));
	add(e, "198.51.100.7", 1001, SESSION_TCP_SYN, 0);
	ck_assert(!session_has_peer(&table, L4_TCP, &e->out4, peer, at(0)));
	add(e, "198.51.100.7", 1002, SESSION_TCP_OPEN, 0);
	ck_assert(session_has_peer(&table, L4_TCP, &e->out4, peer, at(0)));
}
END_TEST

/* --- stored SYNs, prefixes --- */

/* Shows: TCP-03 TCP-06 */
START_TEST(stored_syn_gets_its_ipv6_side_later)
{
	struct bib_entry *e = binding(1);
	const struct taddr4 peer = ta4("198.51.100.7", 1000);
	struct session *s;

	s = add_stored(e->out4.port, "198.51.100.7", 1000, 0);
	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_null(s->bib);
	ck_assert_uint_eq(e->n_sessions, 0);
	ck_assert_ptr_null(find6(e, "198.51.100.7", 1000, 0));
	ck_assert_ptr_eq(find4(e, "198.51.100.7", 1000), s);
	ck_assert_ptr_eq(session_find_peer(&table, e, &peer), s);
	/* Its IPv4 tuple is taken. */
	ck_assert_ptr_null(add(e, "198.51.100.7", 1000, SESSION_TCP_OPEN, 0));
	ck_assert_int_eq(why.by, REFUSED_EXISTS);
	ck_assert_int_eq(session_adopt(&table, s, e, 5, &why), 0);
	ck_assert_ptr_eq(find6(e, "198.51.100.7", 1000, 5), s);
	ck_assert_ptr_eq(find4(e, "198.51.100.7", 1000), s);
	ck_assert_ptr_eq(s->bib, e);
	ck_assert_uint_eq(s->prefix, 5);
	ck_assert_uint_eq(e->n_sessions, 1);
	ck_assert_uint_eq(e->sub->n_sessions, 1);
	session_remove(&table, s);
	ck_assert_uint_eq(e->n_sessions, 0);
}
END_TEST

START_TEST(adoption_obeys_the_limits)
{
	struct bib_entry *e;
	struct session *s;

	remake(10, 1, 0);
	e = binding(1);
	add(e, "198.51.100.7", 1, SESSION_TCP_EST, 0);
	s = add_stored(e->out4.port, "198.51.100.7", 2, 0);
	ck_assert_int_eq(session_adopt(&table, s, e, 0, &why), -1);
	ck_assert_int_eq(why.by, REFUSED_BINDING_SESSIONS);
	ck_assert_ptr_null(s->bib);

	remake(10, 0, 1);
	e = binding(1);
	add(e, "198.51.100.7", 1, SESSION_TCP_EST, 0);
	s = add_stored(e->out4.port, "198.51.100.7", 2, 0);
	ck_assert_int_eq(session_adopt(&table, s, e, 0, &why), -1);
	ck_assert_int_eq(why.by, REFUSED_SUBSCRIBER_SESSIONS);
	ck_assert_ptr_null(s->bib);
	ck_assert_uint_eq(e->n_sessions, 1);
}
END_TEST

/* Shows: ADR-08 */
START_TEST(session_may_change_to_another_pref64)
{
	struct bib_entry *e = binding(1);
	struct session *s, *other;

	s = add(e, "198.51.100.1", 80, SESSION_UDP, 0);
	other = add(e, "198.51.100.2", 80, SESSION_UDP, 0);
	ck_assert_ptr_eq(find6(e, "198.51.100.1", 80, 3), s);
	session_set_prefix(&table, s, 1);
	ck_assert_ptr_eq(find6(e, "198.51.100.1", 80, 1), s);
	ck_assert_ptr_null(find6(e, "198.51.100.1", 80, 3));
	ck_assert_uint_eq(s->prefix, 1);
	ck_assert_ptr_eq(find6(e, "198.51.100.2", 80, 3), other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("session");
	TCase *tc = tcase_create("session");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, session_is_found_by_either_tuple);
	tcase_add_test(tc, peers_of_a_binding_are_unique);
	tcase_add_test(tc, limits_hold_and_a_refusal_changes_nothing);
	tcase_add_test(tc, check_room_tells_beforehand_what_add_would_refuse);
	tcase_add_test(tc, removed_session_leaves_all_trees_and_lists);
	tcase_add_loop_test(tc, session_of_each_class_lives_for_its_time, 0,
	    SESSION_NCLASSES);
	tcase_add_test(tc, sessions_expire_in_the_order_of_their_last_touch);
	tcase_add_test(tc,
	    whoever_comes_when_told_to_is_late_by_a_tick_at_most);
	tcase_add_test(tc, earlier_end_is_met_in_time);
	tcase_add_test(tc, touch_moves_a_session_to_another_class);
	tcase_add_test(tc,
	    session_that_gets_more_time_when_it_expires_uses_it);
	tcase_add_test(tc, expiry_in_slices_leaves_nothing_out);
	tcase_add_test(tc, jump_of_time_is_no_work);
	tcase_add_test(tc, drain_takes_every_session_in_slices);
	tcase_add_test(tc, flush_takes_what_is_there_and_not_what_is_added);
	tcase_add_test(tc, second_flush_takes_the_rest_of_the_first_too);
	tcase_add_test(tc, old_session_is_stale_however_many_flushes_begin);
	tcase_add_test(tc, stale_sessions_are_swept_before_their_time);
	tcase_add_test(tc, stale_inbound_sessions_make_room_first);
	tcase_add_test(tc,
	    has_peer_knows_addresses_not_ports_and_only_the_living);
	tcase_add_test(tc, walk_meets_each_session_of_a_binding_once);
	tcase_add_test(tc, walk_goes_on_where_a_session_has_gone);
	tcase_add_test(tc, has_peer_is_not_satisfied_by_a_stored_syn);
	tcase_add_test(tc, stored_syn_gets_its_ipv6_side_later);
	tcase_add_test(tc, adoption_obeys_the_limits);
	tcase_add_test(tc, session_may_change_to_another_pref64);
	suite_add_tcase(suite, tc);
	return (suite_run(suite));
}
