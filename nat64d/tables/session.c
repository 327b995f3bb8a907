/*
 * Session tables. Owns the sessions and their places in the trees of
 * bindings, in the flow cache and in the timing wheels. Why a session is
 * opened, refreshed or ended is decided by the core.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "session.h"

/* The prefix of an orphan: no Pref64 has this index. */
#define NO_PREFIX UINT8_MAX

/* With so many free entries, fair shares are no limit. */
#define NO_SHARES (UINT64_MAX / 64)

_Static_assert(sizeof(struct session) == 2 * CACHE_LINE,
    "a session is two cache lines");
_Static_assert(offsetof(struct session, due) <= CACHE_LINE,
    "what a packet of a known session reads is in the first cache line");

/*
 * The sessions with one address follow each other; session_has_peer() relies
 * on it.
 */
static int
cmp_by_peer(const struct session *a, const struct session *b)
{
	return (taddr4_compare(&a->peer, &b->peer));
}

/* Order: protocol, (T,t), peer. */
static int
cmp_orphans(const struct session *a, const struct session *b)
{
	int d;

	if (a->proto != b->proto)
		return ((int)a->proto - (int)b->proto);
	d = taddr4_compare(&a->out4, &b->out4);
	return (d != 0 ? d : cmp_by_peer(a, b));
}

RB_GENERATE_STATIC(session_tree, session, by_peer, cmp_by_peer)
RB_GENERATE_STATIC(orphan_tree, session, by_peer, cmp_orphans)

void
session_table_init(struct session_table *t,
    const uint32_t lifetime_secs[SESSION_NCLASSES], size_t max,
    uint32_t max_per_bib, const struct bib *bibs, struct subscribers *subs,
    const struct siphash_key *secret)
{
	RB_INIT(&t->orphans);
	wheel_init(&t->wheel);
	wheel_init(&t->inbound.wheel);
	t->inbound.count = 0;
	memset(t->inbound.per_source, 0, sizeof(t->inbound.per_source));
	session_table_set_lifetimes(t, lifetime_secs);
	t->since.ns = INT64_MIN;
	t->epoch = 0;
	t->n_epochs = 0;
	t->flush_again = false;
	t->n_stale = 0;
	t->flush_slot = 0;
	t->first_rule = SESSION_MAX_PORTS;
	t->n_rules = 0;
	memset(t->n_sessions, 0, sizeof(t->n_sessions));
	slab_init(&t->slab, sizeof(struct session), max);
	session_table_set_max(t, max, max_per_bib);
	session_table_set_inbound(t, 0);
	session_table_set_fastpath(t, NULL, false);
	flow_cache_init(&t->flows, max);
	keyhash_init(&t->hash, secret);
	t->bibs = bibs;
	t->subs = subs;
}

void
session_table_set_max(struct session_table *t, size_t max,
    uint32_t max_per_bib)
{
	t->slab.max = max;
	t->max_per_bib = max_per_bib;
	if (max_per_bib == 0 || max_per_bib > BIB_MAX_SESSIONS)
		t->max_per_bib = BIB_MAX_SESSIONS;
}

void
session_table_set_lifetimes(struct session_table *t,
    const uint32_t lifetime_secs[SESSION_NCLASSES])
{
	memcpy(t->lifetime_secs, lifetime_secs,
	    SESSION_NCLASSES * sizeof(*lifetime_secs));
}

void
session_table_set_ports(struct session_table *t,
    const struct session_port *ports, unsigned n)
{
	unsigned i;

	t->first_rule = SESSION_MAX_PORTS - t->first_rule;
	t->n_rules = n;
	for (i = 0; i < n; i++) {
		t->rules[t->first_rule + i] = ports[i];
		t->lifetime_secs[SESSION_NCLASSES + t->first_rule + i] =
		    ports[i].secs;
	}
}

/* The class of a session: that of a rule for cls and the port, or cls. */
static uint8_t
class_of(const struct session_table *t, enum session_class cls, uint16_t port)
{
	const struct session_port *p;
	unsigned i;

	for (i = t->first_rule + t->n_rules; i > t->first_rule; i--) {
		p = &t->rules[i - 1];
		if (p->cls == cls && port >= p->ports.first &&
		    port <= p->ports.last)
			return ((uint8_t)(SESSION_NCLASSES + i - 1));
	}
	return ((uint8_t)cls);
}

enum session_class
session_class(const struct session_table *t, const struct session *s)
{
	if (s->cls < SESSION_NCLASSES)
		return ((enum session_class)s->cls);
	return (t->rules[s->cls - SESSION_NCLASSES].cls);
}

uint32_t
session_lifetime(const struct session_table *t, enum session_class cls,
    uint16_t port)
{
	return (t->lifetime_secs[class_of(t, cls, port)]);
}

void
session_table_set_inbound(struct session_table *t, size_t max)
{
	if (max == 0)
		max = t->slab.max / 4;
	t->inbound.max = max > 0 ? max : 1;
}

void
session_table_set_hint(struct session_table *t, slab_hint_fn hint)
{
	t->slab.hint = hint;
}

static bool
remove_session(void *arg, struct session *s)
{
	session_remove(arg, s);
	return (true);
}

void
session_table_clear(struct session_table *t)
{
	while (session_drain(t, UINT_MAX, remove_session, t))
		;
	slab_clear(&t->slab);
	flow_cache_clear(&t->flows);
}

/* --- finding --- */

/* The constants 6 and 4 keep the hashes of the two families apart. */
struct flow_place
session_place6(const struct session_table *t, enum l4proto proto,
    const struct taddr6 *in6, const struct taddr4 *peer, unsigned prefix)
{
	return (flow_place(&t->flows,
	    keyhash_flow6(&t->hash, in6, peer,
		6u << 16 | prefix << 8 | proto)));
}

struct flow_place
session_place4(const struct session_table *t, enum l4proto proto,
    const struct taddr4 *out4, const struct taddr4 *peer)
{
	return (flow_place(&t->flows,
	    keyhash_flow4(&t->hash, out4, peer, 4u << 16 | proto)));
}

static struct flow_place
place6_of(const struct session_table *t, const struct session *s)
{
	return (session_place6(t, (enum l4proto)s->proto, &s->in6, &s->peer,
	    s->prefix));
}

static struct flow_place
place4_of(const struct session_table *t, const struct session *s)
{
	return (session_place4(t, (enum l4proto)s->proto, &s->out4, &s->peer));
}

static bool
same4(const struct taddr4 *a, const struct taddr4 *b)
{
	return (a->addr.s_addr == b->addr.s_addr && a->port == b->port);
}

static bool
same6(const struct taddr6 *a, const struct taddr6 *b)
{
	return (a->port == b->port && IN6_ARE_ADDR_EQUAL(&a->addr, &b->addr));
}

static struct session *
find_of_bib(const struct bib_entry *e, const struct taddr4 *peer)
{
	struct session_tree tree = e->peers; /* RB_FIND() takes no const */
	struct session key;

	key.peer = *peer;
	return (RB_FIND(session_tree, &tree, &key));
}

static struct session *
find_orphan(const struct session_table *t, enum l4proto proto,
    const struct taddr4 *out4, const struct taddr4 *peer)
{
	struct orphan_tree tree = t->orphans; /* likewise */
	struct session key;

	if (RB_EMPTY(&tree))
		return (NULL);
	key.proto = (uint8_t)proto;
	key.out4 = *out4;
	key.peer = *peer;
	return (RB_FIND(orphan_tree, &tree, &key));
}

struct session *
session_find_peer(const struct session_table *t, const struct bib_entry *bib,
    const struct taddr4 *peer)
{
	struct session *s;

	s = find_of_bib(bib, peer);
	if (s == NULL)
		s = find_orphan(t, (enum l4proto)bib->proto, &bib->out4, peer);
	return (s);
}

struct session *
session_find6(const struct session_table *t, enum l4proto proto,
    const struct taddr6 *in6, const struct taddr4 *peer, unsigned prefix)
{
	const struct flow_place place =
	    session_place6(t, proto, in6, peer, prefix);
	const struct bib_entry *e;
	struct session *s;
	unsigned i;

	for (i = 0; (s = flow_candidate(&place, &i)) != NULL; i++)
		if (same6(&s->in6, in6) && same4(&s->peer, peer) &&
		    s->prefix == prefix && s->proto == proto)
			return (s);
	e = bib_find6(&t->bibs[proto], in6);
	s = e != NULL ? find_of_bib(e, peer) : NULL;
	if (s == NULL || s->prefix != prefix)
		return (NULL);
	flow_remember(&place, s);
	return (s);
}

struct session *
session_find4(const struct session_table *t, enum l4proto proto,
    const struct tuple4 *tuple)
{
	const struct flow_place place =
	    session_place4(t, proto, &tuple->src, &tuple->dst);
	const struct bib_entry *e;
	struct session *s;
	unsigned i;

	for (i = 0; (s = flow_candidate(&place, &i)) != NULL; i++)
		if (same4(&s->out4, &tuple->src) &&
		    same4(&s->peer, &tuple->dst) && s->proto == proto)
			return (s);
	e = bib_find4(&t->bibs[proto], &tuple->src);
	s = e != NULL ? find_of_bib(e, &tuple->dst) : NULL;
	if (s == NULL)
		s = find_orphan(t, proto, &tuple->src, &tuple->dst);
	if (s != NULL)
		flow_remember(&place, s);
	return (s);
}

bool
session_has_peer(const struct session_table *t, enum l4proto proto,
    const struct taddr4 *out4, struct in_addr peer, struct monotime now)
{
	const struct bib_entry *e = bib_find4(&t->bibs[proto], out4);
	struct session_tree tree;
	struct session key, *s;

	if (e == NULL)
		return (false);
	tree = e->peers;
	key.peer.addr = peer;
	key.peer.port = 0;
	s = RB_NFIND(session_tree, &tree, &key);
	for (; s != NULL && s->peer.addr.s_addr == peer.s_addr;
	     s = RB_NEXT(session_tree, &tree, s))
		if (s->cls != SESSION_TCP_SYN && !session_is_over(t, s, now))
			return (true);
	return (false);
}

struct session *
session_next_of_bib(const struct bib_entry *bib, const struct taddr4 *peer)
{
	struct session_tree tree = bib->peers;
	struct session key, *s;

	if (peer == NULL)
		return (RB_MIN(session_tree, &tree));
	key.peer = *peer;
	s = RB_NFIND(session_tree, &tree, &key);
	if (s != NULL && cmp_by_peer(s, &key) == 0)
		s = RB_NEXT(session_tree, &tree, s);
	return (s);
}

/* --- adding and removing --- */

/* Sessions that IPv6 hosts can still open: inbound sessions make room. */
static uint64_t
count_free(const struct session_table *t)
{
	const uint64_t n = t->slab.max + t->inbound.count;

	return (t->slab.used < n ? n - t->slab.used : 0);
}

int
session_check_room(const struct session_table *t, const struct subscriber *sub,
    const struct in6_addr *addr, struct refusal *why)
{
	if (t->slab.used >= t->slab.max)
		return (refuse(why, REFUSED_SESSIONS, t->slab.max));
	return (
	    subscriber_check_session(t->subs, sub, addr, count_free(t), why));
}

/* The index of the counter for the inbound sessions of a peer. */
static size_t
source_of(const struct session_table *t, struct in_addr peer)
{
	const struct in_addr none = { .s_addr = INADDR_ANY };
	const uint64_t hash = keyhash_addrs4(&t->hash, peer, none, 4);

	return ((hash >> 32) % SESSION_NSOURCES);
}

int
session_check_inbound(const struct session_table *t, struct in_addr peer,
    struct refusal *why)
{
	const struct session_inbound *in = &t->inbound;

	if (peer.s_addr != INADDR_ANY && in->count >= in->max / 2 &&
	    in->per_source[source_of(t, peer)] > in->max / 16)
		return (refuse(why, REFUSED_INBOUND_PEER, in->max));
	if (in->count >= in->max || t->slab.used >= t->slab.max)
		return (refuse(why, REFUSED_INBOUND, in->max));
	return (0);
}

/* The wheel that s is in. */
static struct wheel *
wheel_of(struct session_table *t, const struct session *s)
{
	return (s->inbound ? &t->inbound.wheel : &t->wheel);
}

/* A new session in class cls, in no tree and no wheel yet. */
static struct session *
new_session(struct session_table *t, enum l4proto proto,
    const struct taddr4 *out4, const struct taddr4 *peer,
    enum session_class cls, struct monotime now, struct refusal *why)
{
	struct session *s;

	s = slab_get(&t->slab);
	if (s == NULL) {
		refuse(why,
		    errno == ENOMEM ? REFUSED_MEMORY : REFUSED_SESSIONS,
		    t->slab.max);
		return (NULL);
	}
	s->proto = (uint8_t)proto;
	s->cls = class_of(t, cls, peer->port);
	s->out4 = *out4;
	s->peer = *peer;
	s->prefix = NO_PREFIX;
	s->stamp = now;
	s->epoch = t->epoch;
	return (s);
}

/* s has been put into its tree: put it into its wheel and count it. */
static void
start(struct session_table *t, struct session *s, struct monotime now)
{
	struct wheel *w = wheel_of(t, s);

	wheel_wind(w, now);
	wheel_add(w, &s->due, session_expires(t, s));
	if (s->inbound) {
		t->inbound.count++;
		t->inbound.per_source[source_of(t, s->peer.addr)]++;
	}
	t->n_sessions[s->proto]++;
}

/*
 * Count one more outbound session of bib, if the limits allow it. n_free: what
 * fair shares are parts of.
 */
static int
take_room(struct session_table *t, struct bib_entry *bib, uint64_t n_free,
    struct refusal *why)
{
	if (bib->n_sessions - bib->n_inbound >= t->max_per_bib ||
	    bib->n_sessions >= BIB_MAX_SESSIONS)
		return (refuse(why, REFUSED_BINDING_SESSIONS, t->max_per_bib));
	if (subscriber_add_session(t->subs, bib->sub, &bib->in6.addr, n_free,
		why) == -1)
		return (-1);
	bib->n_sessions++;
	return (0);
}

static int
take_room_inbound(struct bib_entry *bib, struct refusal *why)
{
	if (bib->n_sessions >= BIB_MAX_SESSIONS)
		return (
		    refuse(why, REFUSED_BINDING_SESSIONS, BIB_MAX_SESSIONS));
	bib->n_sessions++;
	bib->n_inbound++;
	return (0);
}

/* Give s its IPv6 side. More packets of the IPv6 host will follow. */
static void
attach(struct session_table *t, struct session *s, struct bib_entry *bib,
    unsigned prefix)
{
	struct flow_place place;

	s->bib = bib;
	s->in6 = bib->in6;
	s->prefix = (uint8_t)prefix;
	bib->prefix = (int16_t)prefix;
	place = place6_of(t, s);
	flow_remember(&place, s);
}

/* shares: fair shares apply. */
static struct session *
add(struct session_table *t, struct bib_entry *bib,
    const struct session_past *p, bool shares, struct monotime now,
    struct refusal *why)
{
	const struct taddr4 *peer = &p->peer;
	struct session *s;
	int room;

	s = new_session(t, (enum l4proto)bib->proto, &bib->out4, peer, p->cls,
	    p->stamp, why);
	if (s == NULL)
		return (NULL);
	if (find_orphan(t, (enum l4proto)bib->proto, &bib->out4, peer) !=
		NULL ||
	    RB_INSERT(session_tree, &bib->peers, s) != NULL) {
		refuse(why, REFUSED_EXISTS, 0);
		goto fail;
	}
	room = p->inbound ?
	    take_room_inbound(bib, why) :
	    take_room(t, bib, shares ? count_free(t) : NO_SHARES, why);
	if (room == -1) {
		RB_REMOVE(session_tree, &bib->peers, s);
		goto fail;
	}
	s->inbound = p->inbound;
	s->tcp_state = p->tcp_state;
	s->ack6 = p->ack6;
	s->ack4 = p->ack4;
	attach(t, s, bib, p->prefix);
	start(t, s, now);
	return (s);
fail:
	slab_put(&t->slab, s);
	return (NULL);
}

struct session *
session_add(struct session_table *t, struct bib_entry *bib,
    const struct taddr4 *peer, unsigned prefix, enum session_class cls,
    struct monotime now, struct refusal *why)
{
	const struct session_past p = { .peer = *peer,
		.prefix = prefix,
		.cls = cls,
		.stamp = now };

	return (add(t, bib, &p, true, now, why));
}

struct session *
session_add_inbound(struct session_table *t, struct bib_entry *bib,
    const struct taddr4 *peer, unsigned prefix, enum session_class cls,
    struct monotime now, struct refusal *why)
{
	const struct session_past p = { .peer = *peer,
		.prefix = prefix,
		.cls = cls,
		.inbound = true,
		.stamp = now };

	return (add(t, bib, &p, true, now, why));
}

struct session *
session_restore(struct session_table *t, struct bib_entry *bib,
    const struct session_past *past, struct monotime now, struct refusal *why)
{
	return (add(t, bib, past, false, now, why));
}

struct session *
session_add_orphan(struct session_table *t, enum l4proto proto,
    const struct tuple4 *tuple, enum session_class cls, struct monotime now,
    struct refusal *why)
{
	struct session *s;

	s = new_session(t, proto, &tuple->src, &tuple->dst, cls, now, why);
	if (s == NULL)
		return (NULL);
	if (RB_INSERT(orphan_tree, &t->orphans, s) != NULL) {
		slab_put(&t->slab, s);
		refuse(why, REFUSED_EXISTS, 0);
		return (NULL);
	}
	s->inbound = true;
	start(t, s, now);
	return (s);
}

static void
uncount_inbound(struct session_table *t, struct session *s)
{
	t->inbound.count--;
	t->inbound.per_source[source_of(t, s->peer.addr)]--;
}

static void
make_outbound(struct session_table *t, struct session *s)
{
	uncount_inbound(t, s);
	wheel_remove(&t->inbound.wheel, &s->due);
	s->inbound = false;
	wheel_add(&t->wheel, &s->due, session_expires(t, s));
}

int
session_adopt(struct session_table *t, struct session *s,
    struct bib_entry *bib, unsigned prefix, struct refusal *why)
{
	if (take_room(t, bib, count_free(t), why) == -1)
		return (-1);
	RB_REMOVE(orphan_tree, &t->orphans, s);
	RB_INSERT(session_tree, &bib->peers, s);
	attach(t, s, bib, prefix);
	make_outbound(t, s);
	return (0);
}

void
session_claim(struct session_table *t, struct session *s)
{
	struct refusal why;

	if (!s->inbound || take_room(t, s->bib, count_free(t), &why) == -1)
		return;
	s->bib->n_sessions--; /* take_room() has counted s a second time */
	s->bib->n_inbound--;
	make_outbound(t, s);
}

/* The flow cache must not keep s after its removal or under an old key. */
static void
forget_flow6(struct session_table *t, const struct session *s)
{
	const struct flow_place place = place6_of(t, s);

	flow_forget(&place, s);
}

static void
forget_flow4(struct session_table *t, const struct session *s)
{
	const struct flow_place place = place4_of(t, s);

	flow_forget(&place, s);
}

void
session_set_prefix(struct session_table *t, struct session *s, unsigned prefix)
{
	session_leave_fast(t, s);
	forget_flow6(t, s);
	s->prefix = (uint8_t)prefix;
	s->bib->prefix = (int16_t)prefix;
}

/* s gets another lifetime, which may end earlier. */
static void
set_class(struct session_table *t, struct session *s, uint8_t cls)
{
	struct monotime end;

	s->cls = cls;
	end = session_expires(t, s);
	/* A later end needs no move (wheel.h). */
	if (wheel_tick(end) < s->due.tick)
		wheel_move(wheel_of(t, s), &s->due, end);
}

void
session_touch(struct session_table *t, struct session *s,
    enum session_class cls, struct monotime now)
{
	const uint8_t next = class_of(t, cls, s->peer.port);

	/* A note of the fast path may be newer than the time of a batch. */
	if (s->stamp.ns < now.ns)
		s->stamp = now;
	/*
	 * In the same class the end never comes nearer. So the second cache
	 * line of s is seldom read.
	 */
	if (s->cls != next)
		set_class(t, s, next);
}

void
session_refit(struct session_table *t, struct session *s)
{
	set_class(t, s, class_of(t, session_class(t, s), s->peer.port));
}

static void
uncount_stale(struct session_table *t, const struct session *s)
{
	if (!session_is_stale(t, s))
		return;
	t->n_stale--;
	if (t->n_stale == 0 && t->flush_again) {
		t->flush_again = false;
		session_flush(t);
	}
}

void
session_remove(struct session_table *t, struct session *s)
{
	session_leave_fast(t, s);
	if (s->bib != NULL) {
		forget_flow6(t, s);
		RB_REMOVE(session_tree, &s->bib->peers, s);
		s->bib->n_sessions--;
		if (s->inbound)
			s->bib->n_inbound--;
		else
			subscriber_remove_session(t->subs, s->bib->sub,
			    &s->in6.addr);
	} else
		RB_REMOVE(orphan_tree, &t->orphans, s);
	if (s->inbound)
		uncount_inbound(t, s);
	forget_flow4(t, s);
	wheel_remove(wheel_of(t, s), &s->due);
	t->n_sessions[s->proto]--;
	uncount_stale(t, s);
	slab_put(&t->slab, s);
}

size_t
session_count(const struct session_table *t)
{
	return (t->n_sessions[L4_TCP] + t->n_sessions[L4_UDP] +
	    t->n_sessions[L4_ICMP]);
}

void
session_flush(struct session_table *t)
{
	if (t->n_stale == 0)
		t->n_epochs = 0;
	if (t->n_epochs == UINT8_MAX) {
		t->flush_again = true;
		return;
	}
	t->epoch++;
	t->n_epochs++;
	t->n_stale = session_count(t);
}
