/*
 * The tables together - pool4.c, subscriber.c, bib.c, session.c - under a
 * random sequence of steps, against a model.
 *
 * The space of keys is so small that everything happens: pool exhausted,
 * every limit reached, ports at rest, keys taken. The model is an array for
 * each kind of thing, indexed by key, and shares no code with the tables.
 * After every step what it touched is compared, and the counts; after every
 * FULL_CHECK steps everything is.
 *
 * CHECK_TABLES_STEPS and CHECK_TABLES_SEED in the environment make another
 * run; a failure says which one it was.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/session.h"
#include "tables.h"

#define DEFAULT_STEPS 1000000
#define FULL_CHECK 16

/* (X',x): hosts, two to a prefix, times ports. Sources are numbered. */
#define NPREFIXES 4
#define NHOSTS (2 * NPREFIXES)
#define NX 4
#define NSOURCES (NHOSTS * NX)
static const uint16_t xs[NX] = { 1021, 1024, 5000, 5001 };

/* (T,t): addresses times slots: 8 ports of the range, one outside. */
#define NADDRS 2
#define FIRST_PORT 1020
#define NDYNAMIC 8
#define NSLOTS (NDYNAMIC + 1)
#define OUTSIDE_PORT 80

/* (Z,z): three addresses times two ports. */
#define NPEERS 6

/* Limits, low enough to be reached. */
#define MAX_BINDINGS 32
#define MAX_SESSIONS 70
#define MAX_PER_BINDING 4
#define MAX_SUBSCRIBERS 3
#define MAX_PORTS 6
#define MAX_OF_SUBSCRIBER 28
#define MAX_RESTING (NDYNAMIC / 2)

static const uint32_t rest_secs[L4_NPROTO] = { 0, 20, 10 };
static const uint32_t lifetimes[SESSION_NCLASSES] = { 30, 8, 60, 20, 24, 6 };

#define NONE (-1)

struct model_binding {
	struct bib_entry *e; /* NULL: unbound */
	bool is_static;
	unsigned index;
	unsigned slot;
	unsigned nsessions;
};

struct model_rest {
	int owner; /* NONE: not at rest */
	struct monotime until;
	unsigned long since; /* step, for the order of equals */
};

struct model_session {
	struct session *s; /* NULL: none */
	int source;	   /* NONE: stored SYN */
	unsigned cls;
	unsigned prefix;
	struct monotime stamp;
	unsigned long touched; /* step, for the order of equals */
};

static struct {
	struct model_binding bindings[L4_NPROTO][NSOURCES];
	int source_of[L4_NPROTO][NADDRS][NSLOTS]; /* or NONE */
	struct model_rest rests[L4_NPROTO][NADDRS][NSLOTS];
	struct model_session sessions[L4_NPROTO][NADDRS][NSLOTS][NPEERS];
	unsigned paired[NPREFIXES]; /* pool index, while bound */
	unsigned nbindings[NPREFIXES][L4_NPROTO];
	unsigned nsessions[NPREFIXES];
} model;

static struct pool4 *pool;
static struct subscribers subs;
static struct slab slab;
static struct bib bibs[L4_NPROTO];
static struct session_table table;

static struct seeded seeded;
static struct rng rng;
static struct monotime now;
static unsigned long seed, step;

/* What the run has seen; a run that never sees a thing tests nothing. */
enum sight { SAW_EXHAUSTED, SAW_TABLE_FULL, SAW_QUOTA, SAW_OWN_REST,
	SAW_REST_OVERFLOW, SAW_SYN_MET, SAW_EXISTS, SAW_STATIC_PROMOTED,
	NSIGHTS };
static unsigned long seen[NSIGHTS];

/* Everything below fails through this: it names the run. */
#define HOLD(cond)                                                     \
	do {                                                           \
		if (!(cond))                                           \
			ck_abort_msg("seed %lu, step %lu: %s", seed,   \
			    step, #cond);                              \
	} while (0)

/* --- keys --- */

static unsigned
prefix_of(int source)
{
	return ((unsigned)source / NX / 2);
}

static struct in6_addr
addr_of(int source)
{
	const unsigned host = (unsigned)source / NX;
	struct in6_addr addr = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8 } };

	addr.s6_addr[7] = (uint8_t)(host / 2);
	addr.s6_addr[15] = (uint8_t)(1 + host % 2);
	return (addr);
}

static struct taddr6
in6_of(int source)
{
	return ((struct taddr6){ .addr = addr_of(source),
	    .port = xs[source % NX] });
}

static uint16_t
port_of(unsigned slot)
{
	return ((uint16_t)(slot < NDYNAMIC ? FIRST_PORT + slot :
	    OUTSIDE_PORT));
}

static unsigned
slot_of(uint16_t port)
{
	return (port == OUTSIDE_PORT ? NDYNAMIC :
	    (unsigned)(port - FIRST_PORT));
}

static struct taddr4
out4_of(unsigned index, unsigned slot)
{
	const struct in_addr addr = { htonl(0xc0000201 + index) };

	return ((struct taddr4){ .addr = addr, .port = port_of(slot) });
}

static struct taddr4
peer_of(unsigned peer)
{
	const struct in_addr addr = { htonl(0xc6336401 + peer / 2) };

	return ((struct taddr4){ .addr = addr,
	    .port = peer % 2 ? 443 : 80 });
}

static struct tuple4
tuple4_of(unsigned index, unsigned slot, unsigned peer)
{
	return ((struct tuple4){ .src = out4_of(index, slot),
	    .dst = peer_of(peer) });
}

static struct tuple6
tuple6_of(int source, unsigned peer, unsigned prefix)
{
	const struct taddr4 to = peer_of(peer);
	struct tuple6 t = { .src = in6_of(source) };

	t.dst.addr.s6_addr[1] = 0x64;
	t.dst.addr.s6_addr[5] = (uint8_t)prefix;
	memcpy(&t.dst.addr.s6_addr[12], &to.addr, 4);
	t.dst.port = to.port;
	return (t);
}

static unsigned
draw(unsigned bound)
{
	return (rng_below(&rng, bound));
}

/* --- the model --- */

static unsigned
count_bindings(void)
{
	unsigned prefix, proto, n = 0;

	for (prefix = 0; prefix < NPREFIXES; prefix++)
		for (proto = 0; proto < L4_NPROTO; proto++)
			n += model.nbindings[prefix][proto];
	return (n);
}

static bool
is_bound(unsigned prefix)
{
	return (model.nbindings[prefix][L4_TCP] +
	    model.nbindings[prefix][L4_UDP] +
	    model.nbindings[prefix][L4_ICMP] > 0);
}

/* May this prefix become a subscriber, idle ones making room? */
static bool
has_subscriber(unsigned prefix)
{
	unsigned i, n = 0;

	for (i = 0; i < NPREFIXES; i++)
		n += is_bound(i);
	return (is_bound(prefix) || n < MAX_SUBSCRIBERS);
}

static bool
is_free(unsigned proto, unsigned index, unsigned slot)
{
	return (slot < NDYNAMIC &&
	    model.source_of[proto][index][slot] == NONE &&
	    model.rests[proto][index][slot].owner == NONE);
}

static bool
has_free(unsigned proto, unsigned index)
{
	unsigned slot;

	for (slot = 0; slot < NDYNAMIC; slot++)
		if (is_free(proto, index, slot))
			return (true);
	return (false);
}

/* The lowest port at rest for a source on an address, or NONE. */
static int
rest_of(unsigned proto, unsigned index, int source)
{
	unsigned slot;

	for (slot = 0; slot < NDYNAMIC; slot++)
		if (model.rests[proto][index][slot].owner == source)
			return ((int)slot);
	return (NONE);
}

/* How little port t is what source port x would like; 0 is best. */
static unsigned
distaste(unsigned proto, uint16_t x, uint16_t t)
{
	unsigned n = 0;

	if (proto == L4_ICMP)
		return (t != x);
	if ((x < 1024) != (t < 1024))
		n += 2;
	if (proto == L4_UDP && x % 2 != t % 2)
		n += 1;
	return (n);
}

static bool
is_best_choice(unsigned proto, unsigned index, int source, unsigned slot)
{
	const uint16_t x = xs[source % NX];
	unsigned i;

	for (i = 0; i < NDYNAMIC; i++)
		if (is_free(proto, index, i) &&
		    distaste(proto, x, port_of(i)) <
		    distaste(proto, x, port_of(slot)))
			return (false);
	return (true);
}

/* The oldest rest of a protocol, of one address or (index NADDRS) of all. */
static struct model_rest *
oldest_rest(unsigned proto, unsigned index, unsigned *n)
{
	struct model_rest *r, *oldest = NULL;
	unsigned i, slot;

	*n = 0;
	for (i = 0; i < NADDRS; i++) {
		for (slot = 0; slot < NDYNAMIC; slot++) {
			r = &model.rests[proto][i][slot];
			if (r->owner == NONE || (index != NADDRS &&
			    index != i))
				continue;
			(*n)++;
			if (oldest == NULL || r->since < oldest->since)
				oldest = r;
		}
	}
	return (oldest);
}

static void
model_expire_rests(unsigned max)
{
	struct model_rest *r;
	unsigned proto, n;

	for (proto = 0; proto < L4_NPROTO; proto++) {
		while (max > 0 &&
		    (r = oldest_rest(proto, NADDRS, &n)) != NULL &&
		    r->until.ns <= now.ns) {
			r->owner = NONE;
			max--;
		}
	}
}

static void
model_bind(unsigned proto, int source, struct bib_entry *e, unsigned index,
    unsigned slot, bool is_static)
{
	const unsigned prefix = prefix_of(source);

	if (!is_bound(prefix))
		model.paired[prefix] = index;
	model.nbindings[prefix][proto]++;
	model.bindings[proto][source] = (struct model_binding){ .e = e,
		.is_static = is_static, .index = index, .slot = slot };
	model.source_of[proto][index][slot] = source;
	model.rests[proto][index][slot].owner = NONE;
}

/* The binding goes, if it may, and its port to rest. */
static void
release(unsigned proto, int source)
{
	static unsigned long nrests;
	struct model_binding *b = &model.bindings[proto][source];
	const bool gone = b->nsessions == 0 && !b->is_static;
	struct model_rest *oldest;
	unsigned n;

	HOLD(bib_release(&bibs[proto], b->e, now) == gone);
	if (!gone)
		return;
	model.nbindings[prefix_of(source)][proto]--;
	model.source_of[proto][b->index][b->slot] = NONE;
	b->e = NULL;
	if (b->slot >= NDYNAMIC || rest_secs[proto] == 0)
		return;
	oldest = oldest_rest(proto, b->index, &n);
	if (n == MAX_RESTING) {
		oldest->owner = NONE;
		seen[SAW_REST_OVERFLOW]++;
	}
	model.rests[proto][b->index][b->slot] = (struct model_rest){
		.owner = source,
		.until = monotime_add_secs(now, rest_secs[proto]),
		.since = nrests++ };
}

/* --- comparison --- */

static void
check_binding(unsigned proto, int source)
{
	const struct model_binding *b = &model.bindings[proto][source];
	const struct taddr6 in6 = in6_of(source);
	struct bib_entry *e = bib_find6(&bibs[proto], &in6);
	const struct session *s;
	unsigned n = 0;

	HOLD(e == b->e);
	if (e == NULL)
		return;
	HOLD(e->out4.addr.s_addr == out4_of(b->index, 0).addr.s_addr);
	HOLD(e->out4.port == port_of(b->slot));
	HOLD(bib_find4(&bibs[proto], &e->out4) == e);
	HOLD(e->is_static == b->is_static);
	HOLD(e->is_static || e->nsessions > 0);
	HOLD(e->proto == proto);
	LIST_FOREACH(s, &e->sessions, of_bib) {
		HOLD(s->bib == e);
		n++;
	}
	HOLD(n == b->nsessions && n == e->nsessions);
}

static void
check_slot(unsigned proto, unsigned index, unsigned slot)
{
	const struct taddr4 out4 = out4_of(index, slot);
	enum pool4_state want;

	HOLD((bib_find4(&bibs[proto], &out4) != NULL) ==
	    (model.source_of[proto][index][slot] != NONE));
	if (model.source_of[proto][index][slot] != NONE)
		want = POOL4_TAKEN;
	else if (slot >= NDYNAMIC)
		want = POOL4_OUTSIDE;
	else
		want = is_free(proto, index, slot) ? POOL4_FREE :
		    POOL4_RESTING;
	HOLD(pool4_port_state(pool, (enum l4proto)proto, &out4) == want);
}

static void
check_session(unsigned proto, unsigned index, unsigned slot, unsigned peer)
{
	const struct model_session *m =
	    &model.sessions[proto][index][slot][peer];
	const struct tuple4 t4 = tuple4_of(index, slot, peer);
	const struct session *s;
	struct tuple6 t6;

	s = session_find4(&table, (enum l4proto)proto, &t4);
	HOLD(s == m->s);
	if (s == NULL)
		return;
	HOLD(s->cls == m->cls && s->stamp.ns == m->stamp.ns);
	HOLD((s->bib == NULL) == (m->source == NONE));
	if (m->source == NONE)
		return;
	HOLD(s->bib == model.bindings[proto][m->source].e);
	HOLD(s->prefix == m->prefix);
	t6 = tuple6_of(m->source, peer, m->prefix);
	HOLD(session_find6(&table, (enum l4proto)proto, &t6) == s);
}

static void
check_subscriber(unsigned prefix)
{
	const struct in6_addr addr = addr_of((int)prefix * 2 * NX);
	const struct subscriber *s = subscriber_find(&subs, &addr);
	unsigned proto;

	HOLD(s != NULL || !is_bound(prefix));
	if (s == NULL)
		return;
	HOLD(subscriber_is_idle(s) == !is_bound(prefix));
	for (proto = 0; proto < L4_NPROTO; proto++)
		HOLD(s->nbindings[proto] == model.nbindings[prefix][proto]);
	HOLD(s->nsessions == model.nsessions[prefix]);
	if (is_bound(prefix))
		HOLD(s->pool_index == model.paired[prefix]);
}

/* FIFO order is the order of expiry; the queues hold every session once. */
static size_t
check_queues(void)
{
	const struct session *s;
	struct monotime last;
	unsigned cls;
	size_t n = 0;

	for (cls = 0; cls < SESSION_NCLASSES; cls++) {
		last.ns = INT64_MIN;
		TAILQ_FOREACH(s, &table.queues[cls], queue) {
			HOLD(s->cls == cls);
			HOLD(session_expires(&table, s).ns >= last.ns);
			last = session_expires(&table, s);
			n++;
		}
	}
	return (n);
}

/* The walk visits each entry once, in ascending order. */
static unsigned
check_walk(unsigned proto)
{
	const struct bib_entry *last = NULL;
	struct bib_entry *e;
	unsigned n = 0;
	int d;

	for (e = bib_first_from(&bibs[proto], NULL); e != NULL;
	    e = bib_next(e)) {
		if (last != NULL) {
			d = memcmp(&last->in6.addr, &e->in6.addr, 16);
			HOLD(d < 0 || (d == 0 &&
			    last->in6.port < e->in6.port));
		}
		last = e;
		n++;
	}
	HOLD(n == bibs[proto].nentries);
	return (n);
}

/* Each slot of the pool and each session of it; returns the sessions. */
static unsigned
check_address(unsigned proto, unsigned index)
{
	unsigned slot, peer, nfree = 0, n = 0;

	for (slot = 0; slot < NSLOTS; slot++) {
		check_slot(proto, index, slot);
		nfree += is_free(proto, index, slot);
		for (peer = 0; peer < NPEERS; peer++) {
			check_session(proto, index, slot, peer);
			n += model.sessions[proto][index][slot][peer].s !=
			    NULL;
		}
	}
	HOLD(pool4_nfree(pool, (enum l4proto)proto, index) == nfree);
	return (n);
}

static void
check_everything(void)
{
	unsigned proto, index, prefix, nbindings = 0, nsessions = 0, n;
	int source;

	for (proto = 0; proto < L4_NPROTO; proto++) {
		for (source = 0; source < NSOURCES; source++)
			check_binding(proto, source);
		n = 0;
		for (index = 0; index < NADDRS; index++)
			n += check_address(proto, index);
		HOLD(table.nsessions[proto] == n);
		nsessions += n;
		nbindings += check_walk(proto);
	}
	for (prefix = 0; prefix < NPREFIXES; prefix++)
		check_subscriber(prefix);
	HOLD(nbindings == count_bindings() && slab.used == nbindings);
	HOLD(nsessions == session_count(&table));
	HOLD(nsessions == check_queues() && nsessions == table.slab.used);
}

/* --- sessions --- */

/* Enter or refresh a session in the model. */
static void
model_touch(struct model_session *m, unsigned cls)
{
	m->cls = cls;
	m->stamp = now;
	m->touched = step;
}

static void
model_attach(unsigned proto, struct model_session *m, int source,
    unsigned prefix)
{
	m->source = source;
	m->prefix = prefix;
	model.bindings[proto][source].nsessions++;
	model.nsessions[prefix_of(source)]++;
}

/* Why a binding would take no further session, or 0. */
static int
refusal(unsigned proto, int source)
{
	if (model.bindings[proto][source].nsessions == MAX_PER_BINDING)
		return (ENOBUFS);
	if (model.nsessions[prefix_of(source)] == MAX_OF_SUBSCRIBER)
		return (EDQUOT);
	return (0);
}

static void
compare_errno(int want)
{
	HOLD(errno == want);
	if (want == ENOBUFS)
		seen[SAW_TABLE_FULL]++;
	else if (want == EDQUOT)
		seen[SAW_QUOTA]++;
	else if (want == EEXIST)
		seen[SAW_EXISTS]++;
}

/* Add a session of source (NONE: stored SYN); or it is refused rightly. */
static void
add_session(unsigned proto, unsigned index, unsigned slot, unsigned peer,
    int source, unsigned prefix, unsigned cls)
{
	struct model_session *m = &model.sessions[proto][index][slot][peer];
	const struct tuple4 t4 = tuple4_of(index, slot, peer);
	const struct tuple6 t6 = tuple6_of(source == NONE ? 0 : source, peer,
	    prefix);
	struct session *s;
	int want = 0;

	if (table.slab.used == MAX_SESSIONS)
		want = ENOBUFS;
	else if (m->s != NULL)
		want = EEXIST;
	else if (source != NONE)
		want = refusal(proto, source);
	errno = 0;
	s = session_add(&table, (enum l4proto)proto, source == NONE ? NULL :
	    model.bindings[proto][source].e, source == NONE ? NULL : &t6,
	    &t4, (uint8_t)prefix, (enum session_class)cls, now);
	HOLD((s == NULL) == (want != 0));
	if (s == NULL) {
		compare_errno(want);
		return;
	}
	m->s = s;
	m->source = NONE;
	if (source != NONE)
		model_attach(proto, m, source, prefix);
	model_touch(m, cls);
	check_session(proto, index, slot, peer);
}

static void
remove_session(unsigned proto, struct model_session *m)
{
	const int source = m->source;

	session_remove(&table, m->s);
	m->s = NULL;
	if (source == NONE)
		return;
	model.bindings[proto][source].nsessions--;
	model.nsessions[prefix_of(source)]--;
	release(proto, source);
	check_binding(proto, source);
}

/* Some session that satisfies nothing but chance, or NULL. */
static struct model_session *
draw_session(unsigned *proto, unsigned *index, unsigned *slot,
    unsigned *peer)
{
	struct model_session *m;
	unsigned i;

	for (i = 0; i < 8; i++) {
		*proto = draw(L4_NPROTO);
		*index = draw(NADDRS);
		*slot = draw(NSLOTS);
		*peer = draw(NPEERS);
		m = &model.sessions[*proto][*index][*slot][*peer];
		if (m->s != NULL)
			return (m);
	}
	return (NULL);
}

/* A class that a session of this protocol may have. */
static unsigned
draw_class(unsigned proto)
{
	if (proto == L4_UDP)
		return (SESSION_UDP);
	if (proto == L4_ICMP)
		return (SESSION_ICMP);
	return (SESSION_TCP_EST + draw(3));
}

/* --- steps --- */

/* Why bib_get6() must refuse an unbound source, or 0. */
static int
refusal_to_bind(unsigned proto, int source)
{
	const unsigned prefix = prefix_of(source);
	const unsigned pair = model.paired[prefix];
	bool usable;

	if (count_bindings() == MAX_BINDINGS)
		return (ENOBUFS);
	if (is_bound(prefix))
		usable = has_free(proto, pair) ||
		    rest_of(proto, pair, source) != NONE;
	else
		usable = has_free(proto, 0) || has_free(proto, 1);
	if (!usable)
		return (ENOSPC);
	if (!has_subscriber(prefix))
		return (ENOBUFS);
	if (model.nbindings[prefix][proto] >= MAX_PORTS)
		return (EDQUOT);
	return (0);
}

/* A new binding: on the right address, the right port of it. */
static void
check_choice(unsigned proto, int source, const struct bib_entry *e)
{
	const int32_t index = pool4_index(pool, e->out4.addr);
	unsigned slot;
	int rest;

	HOLD(index >= 0 && index < NADDRS);
	if (is_bound(prefix_of(source)))
		HOLD((unsigned)index == model.paired[prefix_of(source)]);
	slot = slot_of(e->out4.port);
	HOLD(slot < NDYNAMIC);
	rest = rest_of(proto, (unsigned)index, source);
	if (rest != NONE) {
		HOLD(slot == (unsigned)rest);
		seen[SAW_OWN_REST]++;
	} else {
		HOLD(is_free(proto, (unsigned)index, slot));
		HOLD(is_best_choice(proto, (unsigned)index, source, slot));
	}
	model_bind(proto, source, bib_find6(&bibs[proto], &e->in6),
	    (unsigned)index, slot, false);
}

/* Find or make a binding; false when there is none. */
static bool
get_binding(unsigned proto, int source)
{
	const struct model_binding *b = &model.bindings[proto][source];
	const struct taddr6 in6 = in6_of(source);
	struct bib_entry *e;
	bool created;
	int want;

	if (b->e == NULL)
		model_expire_rests(2);
	want = b->e == NULL ? refusal_to_bind(proto, source) : 0;
	errno = 0;
	e = bib_get6(&bibs[proto], &in6, &rng, now, &created);
	HOLD(created == (e != NULL && b->e == NULL));
	if (e == NULL) {
		compare_errno(want);
		seen[SAW_EXHAUSTED] += want == ENOSPC;
		return (false);
	}
	/*
	 * Without a free port anywhere an unbound subscriber may still find
	 * its own at rest, if it begins to look there.
	 */
	HOLD(want == 0 || (want == ENOSPC && !is_bound(prefix_of(source)) &&
	    rest_of(proto, (unsigned)pool4_index(pool, e->out4.addr),
	    source) != NONE));
	if (created)
		check_choice(proto, source, e);
	HOLD(b->e == e);
	return (true);
}

/* A packet from IPv6. */
static void
step_outbound(void)
{
	const unsigned proto = draw(L4_NPROTO), peer = draw(NPEERS);
	const int source = (int)draw(NSOURCES);
	const unsigned prefix = draw(2), cls = draw_class(proto);
	const struct model_binding *b = &model.bindings[proto][source];
	struct model_session *m;
	struct tuple6 t6;

	if (!get_binding(proto, source))
		return;
	m = &model.sessions[proto][b->index][b->slot][peer];
	if (m->s == NULL) {
		add_session(proto, b->index, b->slot, peer, source, prefix,
		    cls);
	} else if (m->source == NONE) {
		/* A stored SYN has been waiting for it. */
		const int want = refusal(proto, source);
		int rc;

		t6 = tuple6_of(source, peer, prefix);
		errno = 0;
		rc = session_set_ipv6(&table, m->s, b->e, &t6,
		    (uint8_t)prefix);
		HOLD((rc == 0) == (want == 0));
		HOLD(errno == want);
		if (rc == 0) {
			model_attach(proto, m, source, prefix);
			seen[SAW_SYN_MET]++;
		}
	} else {
		session_touch(&table, m->s, (enum session_class)cls, now);
		model_touch(m, cls);
	}
	check_session(proto, b->index, b->slot, peer);
	release(proto, source);
	check_binding(proto, source);
}

/* Is the peer's address known to (T,t)? By looking at all there is. */
static bool
model_has_peer(unsigned proto, unsigned index, unsigned slot, unsigned peer)
{
	const struct model_session *m;
	unsigned port;

	for (port = 0; port < 2; port++) {
		m = &model.sessions[proto][index][slot][peer / 2 * 2 + port];
		if (m->s != NULL && m->cls != SESSION_TCP_SYN &&
		    m->stamp.ns + table.lifetime_secs[m->cls] *
		    INT64_C(1000000000) > now.ns)
			return (true);
	}
	return (false);
}

/* A packet from IPv4. */
static void
step_inbound(void)
{
	const unsigned proto = draw(L4_NPROTO), index = draw(NADDRS);
	const unsigned slot = draw(NSLOTS), peer = draw(NPEERS);
	const struct taddr4 out4 = out4_of(index, slot);
	const int source = model.source_of[proto][index][slot];
	struct model_session *m = &model.sessions[proto][index][slot][peer];

	HOLD(session_has_peer(&table, (enum l4proto)proto, &out4,
	    peer_of(peer).addr, now) ==
	    model_has_peer(proto, index, slot, peer));
	check_slot(proto, index, slot);
	if (m->s != NULL && m->cls != SESSION_TCP_SYN) {
		session_touch(&table, m->s, (enum session_class)m->cls, now);
		model_touch(m, m->cls);
	} else if (source != NONE)
		add_session(proto, index, slot, peer, source, draw(2),
		    draw_class(proto));
	else if (proto == L4_TCP)
		add_session(proto, index, slot, peer, NONE, 0,
		    SESSION_TCP_SYN);
	check_session(proto, index, slot, peer);
}

static void
step_touch(void)
{
	unsigned proto, index, slot, peer, cls;
	struct model_session *m;

	m = draw_session(&proto, &index, &slot, &peer);
	if (m == NULL)
		return;
	cls = draw_class(proto);
	session_touch(&table, m->s, (enum session_class)cls, now);
	model_touch(m, cls);
	check_session(proto, index, slot, peer);
}

static void
step_remove(void)
{
	unsigned proto, index, slot, peer;
	struct model_session *m;

	m = draw_session(&proto, &index, &slot, &peer);
	if (m == NULL)
		return;
	remove_session(proto, m);
	check_session(proto, index, slot, peer);
	check_slot(proto, index, slot);
}

static void
step_change_prefix(void)
{
	unsigned proto, index, slot, peer;
	struct model_session *m;
	struct tuple6 t6;

	m = draw_session(&proto, &index, &slot, &peer);
	if (m == NULL || m->source == NONE)
		return;
	m->prefix ^= 1;
	t6 = tuple6_of(m->source, peer, m->prefix);
	HOLD(session_set_prefix(&table, m->s, &t6.dst.addr,
	    (uint8_t)m->prefix) == 0);
	check_session(proto, index, slot, peer);
}

/* Why bib_add_static() must refuse, or 0. */
static int
refusal_of_static(unsigned proto, int source, unsigned index, unsigned slot)
{
	const struct model_binding *b = &model.bindings[proto][source];
	const int other = model.source_of[proto][index][slot];

	if (b->e != NULL && other == source && !b->is_static)
		return (0);
	if (b->e != NULL || other != NONE)
		return (EEXIST);
	if (count_bindings() == MAX_BINDINGS ||
	    !has_subscriber(prefix_of(source)))
		return (ENOBUFS);
	return (0);
}

static void
step_add_static(void)
{
	const unsigned proto = draw(L4_NPROTO);
	const int source = (int)draw(NSOURCES);
	const struct taddr6 in6 = in6_of(source);
	struct model_binding *b = &model.bindings[proto][source];
	unsigned index = draw(NADDRS), slot = draw(NSLOTS);
	struct taddr4 out4;
	struct bib_entry *e;
	int want;

	if (b->e != NULL && draw(4) == 0) {
		index = b->index;
		slot = b->slot;
	}
	out4 = out4_of(index, slot);
	want = refusal_of_static(proto, source, index, slot);
	/* A port in vain would go to rest: the order matters. */
	if (want == ENOBUFS && count_bindings() < MAX_BINDINGS)
		return;
	errno = 0;
	e = bib_add_static(&bibs[proto], &in6, &out4, now);
	HOLD((e == NULL) == (want != 0));
	if (e == NULL) {
		compare_errno(want);
	} else if (b->e != NULL) {
		b->is_static = true;
		seen[SAW_STATIC_PROMOTED]++;
	} else
		model_bind(proto, source, e, index, slot, true);
	check_binding(proto, source);
	check_slot(proto, index, slot);
}

static void
step_remove_static(void)
{
	const unsigned proto = draw(L4_NPROTO);
	const int source = (int)draw(NSOURCES);
	struct model_binding *b = &model.bindings[proto][source];

	if (b->e == NULL || !b->is_static)
		return;
	if (b->nsessions > 0) {
		HOLD(!bib_remove_static(&bibs[proto], b->e, now));
		b->is_static = false;
	} else {
		/* The model's release() does what the other one does. */
		b->is_static = false;
		b->e->is_static = false;
		release(proto, source);
	}
	check_binding(proto, source);
}

/* The session of the model that is due first in its class's queue. */
static struct model_session *
first_expired(unsigned *proto)
{
	struct model_session *m, *first = NULL;
	struct session *s;
	unsigned i, index;

	s = session_first_expired(&table, now);
	if (s == NULL)
		return (NULL);
	*proto = s->proto;
	index = (unsigned)pool4_index(pool, s->tuple4.src.addr);
	for (i = 0; i < NPEERS; i++) {
		m = &model.sessions[s->proto][index]
		    [slot_of(s->tuple4.src.port)][i];
		if (m->s == s)
			first = m;
	}
	HOLD(first != NULL);
	HOLD(session_expires(&table, s).ns <= now.ns);
	return (first);
}

/* No session of the model is past its time. */
static void
check_none_expired(void)
{
	const struct model_session *m = &model.sessions[0][0][0][0];
	const struct model_session *end = m +
	    sizeof(model.sessions) / sizeof(*m);
	struct monotime next, earliest = { INT64_MAX };
	int64_t expires;

	for (; m < end; m++) {
		if (m->s == NULL)
			continue;
		expires = m->stamp.ns +
		    lifetimes[m->cls] * INT64_C(1000000000);
		if (expires < earliest.ns)
			earliest.ns = expires;
	}
	HOLD(earliest.ns > now.ns);
	HOLD(session_next_expiry(&table, &next) ==
	    (earliest.ns != INT64_MAX));
	if (earliest.ns != INT64_MAX)
		HOLD(next.ns == earliest.ns);
}

static void
step_time(void)
{
	const unsigned max = draw(4);
	struct model_session *m;
	unsigned proto = 0;

	now.ns += draw(1500) * INT64_C(1000000);
	/* Sometimes nobody sweeps for a while. */
	if (draw(3) == 0)
		return;
	while ((m = first_expired(&proto)) != NULL)
		remove_session(proto, m);
	check_none_expired();
	pool4_expire(pool, now, max);
	model_expire_rests(max);
	subscribers_expire(&subs, now, draw(2));
}

static const struct {
	unsigned weight;
	void (*run)(void);
} steps[] = {
	{ 40, step_outbound },
	{ 25, step_inbound },
	{ 10, step_touch },
	{ 10, step_remove },
	{ 3, step_change_prefix },
	{ 2, step_add_static },
	{ 3, step_remove_static },
	{ 7, step_time },
};

static void
run_step(void)
{
	unsigned i, n = draw(100);

	for (i = 0; n >= steps[i].weight; i++)
		n -= steps[i].weight;
	steps[i].run();
	HOLD(slab.used == count_bindings());
	HOLD(session_count(&table) == table.slab.used);
}

/* --- life --- */

static void
init_tables(void)
{
	const struct pool4_range r = { { htonl(0xc0000201) },
		{ htonl(0xc0000201 + NADDRS - 1) },
		{ { FIRST_PORT, FIRST_PORT + NDYNAMIC - 1 },
		    { FIRST_PORT, FIRST_PORT + NDYNAMIC - 1 },
		    { FIRST_PORT, FIRST_PORT + NDYNAMIC - 1 } } };
	const struct pool4_opts opts = { .parity = true,
		.range_fallback = true,
		.rest_secs = { rest_secs[0], rest_secs[1], rest_secs[2] },
		.rest_max_percent = 100 * MAX_RESTING / NDYNAMIC };
	const struct subscriber_limits limits = { .ports = MAX_PORTS,
		.sessions = MAX_OF_SUBSCRIBER };
	const struct siphash_key key = { "sixteen bytes ok" };
	unsigned proto;

	pool = pool4_new(&r, 1, &opts);
	HOLD(pool != NULL);
	subscribers_init(&subs, 64, &limits, MAX_SUBSCRIBERS);
	slab_init(&slab, sizeof(struct bib_entry), MAX_BINDINGS);
	for (proto = 0; proto < L4_NPROTO; proto++)
		bib_init(&bibs[proto], (enum l4proto)proto, pool, &subs,
		    &slab, &key, false);
	session_table_init(&table, lifetimes, MAX_SESSIONS, MAX_PER_BINDING,
	    &subs);
}

static void
init_model(void)
{
	unsigned proto, index, slot;

	for (proto = 0; proto < L4_NPROTO; proto++)
		for (index = 0; index < NADDRS; index++)
			for (slot = 0; slot < NSLOTS; slot++) {
				model.source_of[proto][index][slot] = NONE;
				model.rests[proto][index][slot].owner = NONE;
			}
}

static void
clear_tables(void)
{
	unsigned proto, prefix;

	session_table_clear(&table);
	for (proto = 0; proto < L4_NPROTO; proto++) {
		bib_clear(&bibs[proto], now);
		HOLD(bibs[proto].nentries == 0);
	}
	HOLD(slab.used == 0);
	for (prefix = 0; prefix < NPREFIXES; prefix++) {
		const struct in6_addr addr = addr_of((int)prefix * 2 * NX);
		const struct subscriber *s = subscriber_find(&subs, &addr);

		HOLD(s == NULL || (subscriber_is_idle(s) &&
		    s->nsessions == 0));
	}
	slab_clear(&slab);
	subscribers_clear(&subs);
	pool4_free(pool);
}

static unsigned long
from_env(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return (value != NULL ? strtoul(value, NULL, 10) : otherwise);
}

/* Shows: TBL-01 TBL-02 TBL-03 TBL-04 TBL-05 TBL-06 ALC-01 ALC-04 ALC-05 */
/* Shows: ALC-07 ALC-08 LIM-01 CGN-02 CGN-04 CGN-08 SES-02 SES-11 */
START_TEST(tables_agree_with_a_model_after_every_step)
{
	const unsigned long nsteps = from_env("CHECK_TABLES_STEPS",
	    DEFAULT_STEPS);
	unsigned i;

	seed = from_env("CHECK_TABLES_SEED", 20261123);
	rng = seeded_rng(&seeded, seed);
	now = at(1000);
	init_tables();
	init_model();
	for (step = 1; step <= nsteps; step++) {
		run_step();
		if (step % FULL_CHECK == 0)
			check_everything();
	}
	check_everything();
	for (i = 0; i < NSIGHTS && nsteps >= 100000; i++)
		ck_assert_msg(seen[i] > 0, "sight %u never seen", i);
	clear_tables();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tables");
	TCase *tc = tcase_create("tables");
	SRunner *runner;
	int failed;

	/* The long variant takes as long as it takes. */
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, tables_agree_with_a_model_after_every_step);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
