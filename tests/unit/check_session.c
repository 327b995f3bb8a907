/*
 * Unit tests of session.c, with real bindings below it.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/session.h"
#include "tables.h"

/*
 * A session with a binding of its own may cost 320 bytes, with the pool and
 * whatever makes lookups faster.
 */
_Static_assert(sizeof(struct session) + sizeof(struct bib_entry) <= 300,
    "a session with a binding of its own has grown");

static const uint32_t lifetimes[SESSION_NCLASSES] = { 300, 60, 7200, 240,
	240, 6 };

static struct pool4 *pool;
static struct subscribers subs;
static struct slab slab;
static struct bib bib;
static struct session_table table;
static struct seeded seeded;
static struct rng rng;

static void
make(size_t max, uint32_t max_per_bib, uint32_t max_of_subscriber)
{
	const struct pool4_range r = { ip4("192.0.2.1"), ip4("192.0.2.1"),
		{ { 1024, 65535 }, { 1024, 65535 }, { 0, 65535 } } };
	const struct subscriber_limits limits = {
		.sessions = max_of_subscriber };
	const struct pool4_opts opts = { 0 };
	const struct siphash_key key = { "sixteen bytes ok" };

	pool = pool4_new(&r, 1, &opts);
	ck_assert_ptr_nonnull(pool);
	subscribers_init(&subs, 64, &limits, 100);
	slab_init(&slab, sizeof(struct bib_entry), 100);
	bib_init(&bib, L4_TCP, pool, &subs, &slab, &key, false);
	session_table_init(&table, lifetimes, max, max_per_bib, &subs,
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
	session_table_clear(&table);
	ck_assert_uint_eq(session_count(&table), 0);
	bib_clear(&bib, at(0));
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

	return (bib_get6(&bib, &in6, &rng, at(0), &created));
}

static struct tuple6
tuple6_of(const struct bib_entry *e, const char *peer, uint16_t port)
{
	struct tuple6 t = { .src = e->in6, .dst = ta6("64:ff9b::", port) };
	const struct in_addr z = ip4(peer);

	memcpy(&t.dst.addr.s6_addr[12], &z, 4);
	return (t);
}

static struct tuple4
tuple4_of(const struct bib_entry *e, const char *peer, uint16_t port)
{
	return ((struct tuple4){ .src = e->out4, .dst = ta4(peer, port) });
}

static struct session *
add(struct bib_entry *e, const char *peer, uint16_t port,
    enum session_class cls, int64_t secs)
{
	const struct tuple6 t6 = tuple6_of(e, peer, port);
	const struct tuple4 t4 = tuple4_of(e, peer, port);

	errno = 0;
	return (session_add(&table, L4_TCP, e, &t6, &t4, 3, cls, at(secs)));
}

static struct session *
add_stored(uint16_t t, const char *peer, uint16_t port, int64_t secs)
{
	const struct tuple4 t4 = { .src = ta4("192.0.2.1", t),
		.dst = ta4(peer, port) };

	errno = 0;
	return (session_add(&table, L4_TCP, NULL, NULL, &t4, 0,
	    SESSION_TCP_SYN, at(secs)));
}

/* Shows: TBL-03 */
START_TEST(session_is_found_by_either_tuple)
{
	struct bib_entry *e = binding(5000);
	struct session *s = add(e, "198.51.100.1", 80, SESSION_TCP_OPEN, 0);
	struct tuple6 t6 = tuple6_of(e, "198.51.100.1", 80);
	struct tuple4 t4 = tuple4_of(e, "198.51.100.1", 80);

	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_eq(s->bib, e);
	ck_assert_uint_eq(s->prefix, 3);
	ck_assert_uint_eq(s->tcp_state, 0);
	ck_assert_ptr_null(s->syn);
	ck_assert_uint_eq(e->nsessions, 1);
	ck_assert_ptr_eq(LIST_FIRST(&e->sessions), s);
	ck_assert_uint_eq(e->sub->nsessions, 1);
	ck_assert_ptr_eq(session_find6(&table, L4_TCP, &t6), s);
	ck_assert_ptr_eq(session_find4(&table, L4_TCP, &t4), s);
	ck_assert_ptr_null(session_find6(&table, L4_UDP, &t6));
	ck_assert_ptr_null(session_find4(&table, L4_UDP, &t4));

	/* Every part of a key counts. */
	t6.src.port++;
	ck_assert_ptr_null(session_find6(&table, L4_TCP, &t6));
	t6.src.port--;
	t6.dst.port++;
	ck_assert_ptr_null(session_find6(&table, L4_TCP, &t6));
	t6.dst.port--;
	t6.src.addr.s6_addr[15]++;
	ck_assert_ptr_null(session_find6(&table, L4_TCP, &t6));
	t6.src.addr.s6_addr[15]--;
	t6.dst.addr.s6_addr[0]++;
	ck_assert_ptr_null(session_find6(&table, L4_TCP, &t6));
	t4.src.port++;
	ck_assert_ptr_null(session_find4(&table, L4_TCP, &t4));
	t4.src.port--;
	t4.dst.port++;
	ck_assert_ptr_null(session_find4(&table, L4_TCP, &t4));
	t4.dst.port--;
	t4.src.addr = ip4("192.0.2.2");
	ck_assert_ptr_null(session_find4(&table, L4_TCP, &t4));
	t4.src = e->out4;
	t4.dst.addr = ip4("198.51.100.2");
	ck_assert_ptr_null(session_find4(&table, L4_TCP, &t4));
}
END_TEST

/* Shows: TBL-03 */
START_TEST(keys_are_unique_in_both_trees)
{
	struct bib_entry *e = binding(5000);
	struct tuple6 t6 = tuple6_of(e, "198.51.100.1", 80);
	struct tuple4 t4 = tuple4_of(e, "198.51.100.2", 80);

	add(e, "198.51.100.1", 80, SESSION_TCP_OPEN, 0);
	ck_assert_ptr_null(add(e, "198.51.100.1", 80, SESSION_TCP_OPEN, 0));
	ck_assert_int_eq(errno, EEXIST);
	/* The IPv6 tuple alone is taken. */
	ck_assert_ptr_null(session_add(&table, L4_TCP, e, &t6, &t4, 0,
	    SESSION_TCP_OPEN, at(0)));
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_ptr_null(session_find4(&table, L4_TCP, &t4));
	ck_assert_uint_eq(session_count(&table), 1);
	ck_assert_uint_eq(e->nsessions, 1);
	ck_assert_uint_eq(e->sub->nsessions, 1);
	ck_assert_uint_eq(table.slab.used, 1);
	ck_assert_ptr_nonnull(add(e, "198.51.100.2", 80, SESSION_TCP_OPEN,
	    0));
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
	ck_assert_int_eq(errno, ENOBUFS);
	ck_assert_uint_eq(a->nsessions, 1);

	/* The binding. */
	remake(10, 2, 0);
	a = binding(1);
	b = binding(2);
	add(a, "198.51.100.1", 1, SESSION_UDP, 0);
	add(a, "198.51.100.1", 2, SESSION_UDP, 0);
	ck_assert_ptr_null(add(a, "198.51.100.1", 3, SESSION_UDP, 0));
	ck_assert_int_eq(errno, ENOBUFS);
	ck_assert_uint_eq(a->sub->nsessions, 2);
	ck_assert_ptr_nonnull(add(b, "198.51.100.1", 3, SESSION_UDP, 0));

	/* The subscriber. */
	remake(10, 0, 2);
	a = binding(1);
	b = binding(2);
	add(a, "198.51.100.1", 1, SESSION_UDP, 0);
	add(b, "198.51.100.1", 2, SESSION_UDP, 0);
	ck_assert_ptr_null(add(b, "198.51.100.1", 3, SESSION_UDP, 0));
	ck_assert_int_eq(errno, EDQUOT);
	ck_assert_uint_eq(b->nsessions, 1);
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
	ck_assert_int_eq(session_check_room(&table, NULL), 0);
	ck_assert_int_eq(session_check_room(&table, e->sub), 0);
	add(e, "198.51.100.1", 1, SESSION_UDP, 0);
	ck_assert_int_eq(session_check_room(&table, NULL), 0);
	ck_assert_int_eq(session_check_room(&table, e->sub), -1);
	ck_assert_int_eq(errno, EDQUOT);
	add_stored(4000, "198.51.100.1", 2, 0);
	ck_assert_int_eq(session_check_room(&table, NULL), -1);
	ck_assert_int_eq(errno, ENOBUFS);
}
END_TEST

START_TEST(removed_session_leaves_all_trees_and_lists)
{
	struct bib_entry *e = binding(5000);
	struct session *a, *b;
	const struct tuple6 t6 = tuple6_of(e, "198.51.100.1", 80);
	const struct tuple4 t4 = tuple4_of(e, "198.51.100.1", 80);

	a = add(e, "198.51.100.1", 80, SESSION_TCP_OPEN, 0);
	b = add(e, "198.51.100.1", 81, SESSION_TCP_OPEN, 0);
	session_remove(&table, a);
	ck_assert_ptr_null(session_find6(&table, L4_TCP, &t6));
	ck_assert_ptr_null(session_find4(&table, L4_TCP, &t4));
	ck_assert_ptr_eq(LIST_FIRST(&e->sessions), b);
	ck_assert_ptr_null(LIST_NEXT(b, of_bib));
	ck_assert_uint_eq(e->nsessions, 1);
	ck_assert_uint_eq(e->sub->nsessions, 1);
	session_remove(&table, b);
	ck_assert_uint_eq(session_count(&table), 0);
	ck_assert_ptr_null(session_first_expired(&table, at(1000000)));
	/* The binding is the caller's to release. */
	ck_assert_ptr_eq(bib_find6(&bib, &t6.src), e);
	ck_assert(bib_release(&bib, e, at(0)));
}
END_TEST

/* --- time --- */

/* Shows: CFG-01 CFG-02 CFG-03 CFG-04 CFG-05 CFG-06 TBL-05 */
START_TEST(session_of_each_class_lives_for_its_time)
{
	const enum session_class cls = (enum session_class)_i;
	const struct monotime end = at(100 + lifetimes[cls]);
	struct session *s = add(binding(1), "198.51.100.1", 1, cls, 100);
	struct monotime when;

	ck_assert_int_eq(session_expires(&table, s).ns, end.ns);
	ck_assert(session_next_expiry(&table, &when));
	ck_assert_int_eq(when.ns, end.ns);
	ck_assert_ptr_null(session_first_expired(&table,
	    (struct monotime){ end.ns - 1 }));
	ck_assert_ptr_eq(session_first_expired(&table, end), s);
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
		ck_assert(session_next_expiry(&table, &when));
		ck_assert_int_eq(when.ns,
		    session_expires(&table, s[order[i]]).ns);
		ck_assert_ptr_eq(session_first_expired(&table, when),
		    s[order[i]]);
		session_remove(&table, s[order[i]]);
	}
	ck_assert(!session_next_expiry(&table, &when));
}
END_TEST

START_TEST(next_expiry_is_the_earliest_of_all_classes)
{
	struct bib_entry *e = binding(1);
	struct session *est, *syn;
	struct monotime when;

	est = add(e, "198.51.100.1", 1, SESSION_TCP_EST, 0);
	syn = add_stored(4000, "198.51.100.1", 2, 1);
	ck_assert(session_next_expiry(&table, &when));
	ck_assert_int_eq(when.ns, at(7).ns);
	ck_assert_ptr_eq(session_first_expired(&table, at(7)), syn);
	session_touch(&table, est, SESSION_TCP_CLOSE, at(2));
	session_remove(&table, syn);
	ck_assert(session_next_expiry(&table, &when));
	ck_assert_int_eq(when.ns, at(242).ns);
}
END_TEST

START_TEST(touch_moves_a_session_to_another_class)
{
	struct session *s = add(binding(1), "198.51.100.1", 1,
	    SESSION_TCP_OPEN, 0);

	session_touch(&table, s, SESSION_TCP_EST, at(0));
	ck_assert_int_eq(session_expires(&table, s).ns, at(7200).ns);
	ck_assert_ptr_null(session_first_expired(&table, at(7199)));
	session_touch(&table, s, SESSION_TCP_EST, at(0));
	session_touch(&table, s, SESSION_TCP_CLOSE, at(7200));
	ck_assert_ptr_eq(session_first_expired(&table, at(7440)), s);
}
END_TEST

START_TEST(new_lifetimes_hold_for_old_sessions)
{
	uint32_t longer[SESSION_NCLASSES];
	struct session *s = add(binding(1), "198.51.100.1", 1, SESSION_UDP, 0);

	memcpy(longer, lifetimes, sizeof(longer));
	longer[SESSION_UDP] = 600;
	session_set_lifetimes(&table, longer);
	ck_assert_ptr_null(session_first_expired(&table, at(300)));
	ck_assert_ptr_eq(session_first_expired(&table, at(600)), s);
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

/* The sessions of e as the walk meets them, from peer on: their ports. */
static unsigned
walk(const struct bib_entry *e, const struct taddr4 *peer, uint16_t *ports)
{
	const struct session *s;
	unsigned n = 0;

	while ((s = session_next_of_bib(&table, e, peer)) != NULL) {
		ports[n++] = s->tuple4.dst.port;
		peer = &s->tuple4.dst;
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
	peer = second->tuple4.dst;
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
	struct session *s;
	const struct tuple6 t6 = tuple6_of(e, "198.51.100.7", 1000);

	s = add_stored(e->out4.port, "198.51.100.7", 1000, 0);
	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_null(s->bib);
	ck_assert_uint_eq(e->nsessions, 0);
	ck_assert_ptr_null(session_find6(&table, L4_TCP, &t6));
	/* Its IPv4 tuple is taken. */
	ck_assert_ptr_null(add(e, "198.51.100.7", 1000, SESSION_TCP_OPEN,
	    0));
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(session_set_ipv6(&table, s, e, &t6, 5), 0);
	ck_assert_ptr_eq(session_find6(&table, L4_TCP, &t6), s);
	ck_assert_ptr_eq(s->bib, e);
	ck_assert_uint_eq(s->prefix, 5);
	ck_assert_uint_eq(e->nsessions, 1);
	ck_assert_uint_eq(e->sub->nsessions, 1);
	session_remove(&table, s);
	ck_assert_uint_eq(e->nsessions, 0);
}
END_TEST

START_TEST(set_ipv6_obeys_the_limits)
{
	struct bib_entry *e;
	struct session *s;
	struct tuple6 t6;

	remake(10, 1, 0);
	e = binding(1);
	add(e, "198.51.100.7", 1, SESSION_TCP_EST, 0);
	s = add_stored(e->out4.port, "198.51.100.7", 2, 0);
	t6 = tuple6_of(e, "198.51.100.7", 2);
	ck_assert_int_eq(session_set_ipv6(&table, s, e, &t6, 0), -1);
	ck_assert_int_eq(errno, ENOBUFS);
	ck_assert_ptr_null(s->bib);

	remake(10, 0, 1);
	e = binding(1);
	add(e, "198.51.100.7", 1, SESSION_TCP_EST, 0);
	s = add_stored(e->out4.port, "198.51.100.7", 2, 0);
	ck_assert_int_eq(session_set_ipv6(&table, s, e, &t6, 0), -1);
	ck_assert_int_eq(errno, EDQUOT);
	ck_assert_ptr_null(s->bib);
	ck_assert_uint_eq(e->nsessions, 1);
}
END_TEST

/* Shows: ADR-08 */
START_TEST(session_may_change_to_another_pref64)
{
	struct bib_entry *e = binding(1);
	struct session *s, *other;
	struct tuple6 t6 = tuple6_of(e, "198.51.100.1", 80);
	const struct tuple6 old = t6;

	s = add(e, "198.51.100.1", 80, SESSION_UDP, 0);
	other = add(e, "198.51.100.2", 80, SESSION_UDP, 0);
	t6.dst.addr = ip6("2001:db8:64::198.51.100.1");
	ck_assert_int_eq(session_set_prefix(&table, s, &t6.dst.addr, 1), 0);
	ck_assert_ptr_eq(session_find6(&table, L4_TCP, &t6), s);
	ck_assert_ptr_null(session_find6(&table, L4_TCP, &old));
	ck_assert_uint_eq(s->prefix, 1);
	ck_assert_int_eq(session_set_prefix(&table, other, &t6.dst.addr, 1),
	    -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_uint_eq(other->prefix, 3);
	t6 = tuple6_of(e, "198.51.100.2", 80);
	ck_assert_ptr_eq(session_find6(&table, L4_TCP, &t6), other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("session");
	TCase *tc = tcase_create("session");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, session_is_found_by_either_tuple);
	tcase_add_test(tc, keys_are_unique_in_both_trees);
	tcase_add_test(tc, limits_hold_and_a_refusal_changes_nothing);
	tcase_add_test(tc,
	    check_room_tells_beforehand_what_add_would_refuse);
	tcase_add_test(tc, removed_session_leaves_all_trees_and_lists);
	tcase_add_loop_test(tc, session_of_each_class_lives_for_its_time, 0,
	    SESSION_NCLASSES);
	tcase_add_test(tc, sessions_expire_in_the_order_of_their_last_touch);
	tcase_add_test(tc, next_expiry_is_the_earliest_of_all_classes);
	tcase_add_test(tc, touch_moves_a_session_to_another_class);
	tcase_add_test(tc, new_lifetimes_hold_for_old_sessions);
	tcase_add_test(tc,
	    has_peer_knows_addresses_not_ports_and_only_the_living);
	tcase_add_test(tc, walk_meets_each_session_of_a_binding_once);
	tcase_add_test(tc, walk_goes_on_where_a_session_has_gone);
	tcase_add_test(tc, has_peer_is_not_satisfied_by_a_stored_syn);
	tcase_add_test(tc, stored_syn_gets_its_ipv6_side_later);
	tcase_add_test(tc, set_ipv6_obeys_the_limits);
	tcase_add_test(tc, session_may_change_to_another_pref64);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
