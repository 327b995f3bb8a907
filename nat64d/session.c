/*
 * Session tables. Owns the sessions, their order in time, and their places
 * in the lists of bindings; refuses to know why a session lives or ends.
 */
#include <errno.h>
#include <string.h>

#include "session.h"

static uint32_t
ports_of6(const struct session *s)
{
	return ((uint32_t)s->tuple6.src.port << 16 | s->tuple6.dst.port);
}

/*
 * Order: both ports, source address, destination address as bytes. Nobody
 * walks this tree, and of all keys ports tell two sessions apart fastest.
 */
static int
cmp_by6(const struct session *a, const struct session *b)
{
	const uint32_t x = ports_of6(a), y = ports_of6(b);
	int d;

	if (x != y)
		return (x < y ? -1 : 1);
	d = memcmp(&a->tuple6.src.addr, &b->tuple6.src.addr,
	    sizeof(a->tuple6.src.addr));
	if (d != 0)
		return (d);
	return (memcmp(&a->tuple6.dst.addr, &b->tuple6.dst.addr,
	    sizeof(a->tuple6.dst.addr)));
}

static uint64_t
number_of4(const struct taddr4 *t)
{
	return ((uint64_t)ntohl(t->addr.s_addr) << 16 | t->port);
}

/*
 * Order: T, t, Z, z as numbers. The sessions of one (T,t) stand together,
 * and among them those with one peer: session_has_peer() and
 * session_next_of_bib() rely on it.
 */
static int
cmp_by4(const struct session *a, const struct session *b)
{
	uint64_t x, y;

	x = number_of4(&a->tuple4.src);
	y = number_of4(&b->tuple4.src);
	if (x == y) {
		x = number_of4(&a->tuple4.dst);
		y = number_of4(&b->tuple4.dst);
	}
	return ((x > y) - (x < y));
}

RB_GENERATE_STATIC(session_tree6, session, by6, cmp_by6)
RB_GENERATE_STATIC(session_tree4, session, by4, cmp_by4)

void
session_table_init(struct session_table *t,
    const uint32_t lifetime_secs[SESSION_NCLASSES], size_t max,
    uint32_t max_per_bib, struct subscribers *subs,
    const struct siphash_key *secret)
{
	unsigned i;

	for (i = 0; i < L4_NPROTO; i++) {
		RB_INIT(&t->tree6[i]);
		RB_INIT(&t->tree4[i]);
		t->nsessions[i] = 0;
	}
	for (i = 0; i < SESSION_NCLASSES; i++)
		TAILQ_INIT(&t->queues[i]);
	session_set_lifetimes(t, lifetime_secs);
	t->max_per_bib = max_per_bib;
	if (max_per_bib == 0 || max_per_bib > BIB_MAX_SESSIONS)
		t->max_per_bib = BIB_MAX_SESSIONS;
	slab_init(&t->slab, sizeof(struct session), max);
	flow_cache_init(&t->flows, max, secret);
	t->subs = subs;
}

void
session_table_set_hint(struct session_table *t, slab_hint_fn hint)
{
	t->slab.hint = hint;
}

void
session_table_clear(struct session_table *t)
{
	struct session *s, *next;
	unsigned i;

	for (i = 0; i < SESSION_NCLASSES; i++)
		TAILQ_FOREACH_SAFE(s, &t->queues[i], queue, next)
			session_remove(t, s);
	slab_clear(&t->slab);
	flow_cache_clear(&t->flows);
}

void
session_set_lifetimes(struct session_table *t,
    const uint32_t lifetime_secs[SESSION_NCLASSES])
{
	memcpy(t->lifetime_secs, lifetime_secs, sizeof(t->lifetime_secs));
}

static bool
same_tuple6(const struct tuple6 *a, const struct tuple6 *b)
{
	return (a->src.port == b->src.port && a->dst.port == b->dst.port &&
	    IN6_ARE_ADDR_EQUAL(&a->src.addr, &b->src.addr) &&
	    IN6_ARE_ADDR_EQUAL(&a->dst.addr, &b->dst.addr));
}

static bool
same_tuple4(const struct tuple4 *a, const struct tuple4 *b)
{
	return (a->src.port == b->src.port && a->dst.port == b->dst.port &&
	    a->src.addr.s_addr == b->src.addr.s_addr &&
	    a->dst.addr.s_addr == b->dst.addr.s_addr);
}

/* The heads are copied below: a copy will do to look things up. */

struct session *
session_find6(const struct session_table *t, enum l4proto proto,
    const struct tuple6 *tuple)
{
	const struct flow_place place = flow_place6(&t->flows, proto, tuple);
	struct session_tree6 tree;
	struct session key, *s;
	unsigned i;

	for (i = 0; (s = flow_candidate(&place, &i)) != NULL; i++) {
		__builtin_prefetch(&s->stamp);
		if (same_tuple6(&s->tuple6, tuple) && s->proto == proto &&
		    s->bib != NULL)
			return (s);
	}
	tree = t->tree6[proto];
	key.tuple6 = *tuple;
	s = RB_FIND(session_tree6, &tree, &key);
	if (s != NULL)
		flow_remember(&place, s);
	return (s);
}

struct session *
session_find4(const struct session_table *t, enum l4proto proto,
    const struct tuple4 *tuple)
{
	const struct flow_place place = flow_place4(&t->flows, proto, tuple);
	struct session_tree4 tree;
	struct session key, *s;
	unsigned i;

	for (i = 0; (s = flow_candidate(&place, &i)) != NULL; i++) {
		__builtin_prefetch(&s->stamp);
		if (s->proto == proto && same_tuple4(&s->tuple4, tuple))
			return (s);
	}
	tree = t->tree4[proto];
	key.tuple4 = *tuple;
	s = RB_FIND(session_tree4, &tree, &key);
	if (s != NULL)
		flow_remember(&place, s);
	return (s);
}

/* What points to s must not outlive it, nor one of its tuples. */
static void
forget_flow6(struct session_table *t, const struct session *s)
{
	const struct flow_place place =
	    flow_place6(&t->flows, (enum l4proto)s->proto, &s->tuple6);

	flow_forget(&place, s);
}

static void
forget_flow4(struct session_table *t, const struct session *s)
{
	const struct flow_place place =
	    flow_place4(&t->flows, (enum l4proto)s->proto, &s->tuple4);

	flow_forget(&place, s);
}

bool
session_has_peer(const struct session_table *t, enum l4proto proto,
    const struct taddr4 *out4, struct in_addr peer, struct monotime now)
{
	struct session_tree4 tree = t->tree4[proto];
	struct session key, *s;

	key.tuple4.src = *out4;
	key.tuple4.dst.addr = peer;
	key.tuple4.dst.port = 0;
	s = RB_NFIND(session_tree4, &tree, &key);
	for (; s != NULL; s = RB_NEXT(session_tree4, &tree, s)) {
		if (number_of4(&s->tuple4.src) != number_of4(out4) ||
		    s->tuple4.dst.addr.s_addr != peer.s_addr)
			break;
		if (s->cls != SESSION_TCP_SYN &&
		    !monotime_reached(session_expires(t, s), now))
			return (true);
	}
	return (false);
}

const struct session *
session_next_of_bib(const struct session_table *t,
    const struct bib_entry *bib, const struct taddr4 *peer)
{
	struct session_tree4 tree = t->tree4[bib->proto];
	struct session key, *s;

	key.tuple4.src = bib->out4;
	key.tuple4.dst = peer != NULL ? *peer : (struct taddr4){ .port = 0 };
	s = RB_NFIND(session_tree4, &tree, &key);
	if (s != NULL && peer != NULL && cmp_by4(s, &key) == 0)
		s = RB_NEXT(session_tree4, &tree, s);
	/* A SYN that is stored for (T,t) belongs to nobody. */
	while (s != NULL && s->bib == NULL &&
	    number_of4(&s->tuple4.src) == number_of4(&bib->out4))
		s = RB_NEXT(session_tree4, &tree, s);
	return (s != NULL && s->bib == bib ? s : NULL);
}

int
session_check_room(const struct session_table *t,
    const struct subscriber *sub)
{
	const uint32_t max = t->subs->limits.sessions;

	if (t->slab.used >= t->slab.max) {
		errno = ENOBUFS;
		return (-1);
	}
	if (sub != NULL && max != 0 && sub->nsessions >= max) {
		errno = EDQUOT;
		return (-1);
	}
	return (0);
}

/* Give s its IPv6 side, counted by its subscriber and its binding. */
static int
attach(struct session_table *t, struct session *s, struct bib_entry *bib,
    const struct tuple6 *tuple6, uint8_t prefix)
{
	if (bib->nsessions >= t->max_per_bib) {
		errno = ENOBUFS;
		return (-1);
	}
	if (subscriber_add_session(t->subs, bib->sub) == -1)
		return (-1);
	s->tuple6 = *tuple6;
	if (RB_INSERT(session_tree6, &t->tree6[s->proto], s) != NULL) {
		subscriber_remove_session(t->subs, bib->sub);
		errno = EEXIST;
		return (-1);
	}
	s->prefix = prefix;
	s->bib = bib;
	bib->nsessions++;
	LIST_INSERT_HEAD(&bib->sessions, s, of_bib);
	return (0);
}

static void
detach(struct session_table *t, struct session *s)
{
	forget_flow6(t, s);
	RB_REMOVE(session_tree6, &t->tree6[s->proto], s);
	LIST_REMOVE(s, of_bib);
	s->bib->nsessions--;
	subscriber_remove_session(t->subs, s->bib->sub);
}

struct session *
session_add(struct session_table *t, enum l4proto proto,
    struct bib_entry *bib, const struct tuple6 *tuple6,
    const struct tuple4 *tuple4, uint8_t prefix, enum session_class cls,
    struct monotime now)
{
	struct session *s;

	s = slab_get(&t->slab);
	if (s == NULL) {
		if (errno == ENOSPC)
			errno = ENOBUFS;
		return (NULL);
	}
	s->proto = (uint8_t)proto;
	s->tuple4 = *tuple4;
	if (RB_INSERT(session_tree4, &t->tree4[proto], s) != NULL) {
		errno = EEXIST;
		goto fail;
	}
	if (bib != NULL && attach(t, s, bib, tuple6, prefix) == -1)
		goto fail_tree4;
	s->cls = (uint8_t)cls;
	s->stamp = now;
	TAILQ_INSERT_TAIL(&t->queues[cls], s, queue);
	t->nsessions[proto]++;
	return (s);
fail_tree4:
	RB_REMOVE(session_tree4, &t->tree4[proto], s);
fail:
	slab_put(&t->slab, s);
	return (NULL);
}

int
session_set_ipv6(struct session_table *t, struct session *s,
    struct bib_entry *bib, const struct tuple6 *tuple6, uint8_t prefix)
{
	return (attach(t, s, bib, tuple6, prefix));
}

int
session_set_prefix(struct session_table *t, struct session *s,
    const struct in6_addr *dst6, uint8_t prefix)
{
	struct session_tree6 *tree = &t->tree6[s->proto];
	const struct in6_addr old = s->tuple6.dst.addr;

	forget_flow6(t, s);
	RB_REMOVE(session_tree6, tree, s);
	s->tuple6.dst.addr = *dst6;
	if (RB_INSERT(session_tree6, tree, s) != NULL) {
		s->tuple6.dst.addr = old;
		RB_INSERT(session_tree6, tree, s);
		errno = EEXIST;
		return (-1);
	}
	s->prefix = prefix;
	return (0);
}

void
session_touch(struct session_table *t, struct session *s,
    enum session_class cls, struct monotime now)
{
	/* The packets of one batch have one time: nothing would move. */
	if (s->cls == cls && s->stamp.ns == now.ns)
		return;
	TAILQ_REMOVE(&t->queues[s->cls], s, queue);
	s->cls = (uint8_t)cls;
	s->stamp = now;
	TAILQ_INSERT_TAIL(&t->queues[cls], s, queue);
}

void
session_remove(struct session_table *t, struct session *s)
{
	if (s->bib != NULL)
		detach(t, s);
	forget_flow4(t, s);
	RB_REMOVE(session_tree4, &t->tree4[s->proto], s);
	TAILQ_REMOVE(&t->queues[s->cls], s, queue);
	t->nsessions[s->proto]--;
	slab_put(&t->slab, s);
}

struct monotime
session_expires(const struct session_table *t, const struct session *s)
{
	return (monotime_add_secs(s->stamp, t->lifetime_secs[s->cls]));
}

struct session *
session_first_expired(const struct session_table *t, struct monotime now)
{
	struct session *s;
	unsigned cls;

	for (cls = 0; cls < SESSION_NCLASSES; cls++) {
		s = TAILQ_FIRST(&t->queues[cls]);
		if (s != NULL && monotime_reached(session_expires(t, s), now))
			return (s);
	}
	return (NULL);
}

bool
session_next_expiry(const struct session_table *t, struct monotime *when)
{
	struct monotime end;
	struct session *s;
	unsigned cls;
	bool any = false;

	for (cls = 0; cls < SESSION_NCLASSES; cls++) {
		s = TAILQ_FIRST(&t->queues[cls]);
		if (s == NULL)
			continue;
		end = session_expires(t, s);
		if (!any || end.ns < when->ns)
			*when = end;
		any = true;
	}
	return (any);
}

size_t
session_count(const struct session_table *t)
{
	return (t->nsessions[L4_TCP] + t->nsessions[L4_UDP] +
	    t->nsessions[L4_ICMP]);
}
