/*
 * The model of the tables, and its comparison with them.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/tables_model.h"

struct model model;
struct tables tables;
struct run run;

const uint16_t model_xs[NX] = { 1021, 1024, 5000, 5001 };
const uint32_t model_quarantine_secs[L4_NPROTO] = { 0, 20, 10 };
const uint32_t model_lifetimes[SESSION_NCLASSES] = { 30, 8, 60, 20, 24, 6 };

/* --- keys --- */

unsigned
key_prefix(int source)
{
	return ((unsigned)source / NX / 2);
}

struct in6_addr
key_addr(int source)
{
	const unsigned host = (unsigned)source / NX;
	struct in6_addr addr = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8 } };

	addr.s6_addr[7] = (uint8_t)(host / 2);
	addr.s6_addr[15] = (uint8_t)(1 + host % 2);
	return (addr);
}

struct taddr6
key_in6(int source)
{
	return ((struct taddr6){ .addr = key_addr(source),
	    .port = model_xs[source % NX] });
}

static uint16_t
port_of(unsigned slot)
{
	return (
	    (uint16_t)(slot < NDYNAMIC ? FIRST_PORT + slot : OUTSIDE_PORT));
}

unsigned
key_slot(uint16_t port)
{
	return (
	    port == OUTSIDE_PORT ? NDYNAMIC : (unsigned)(port - FIRST_PORT));
}

struct taddr4
key_out4(unsigned index, unsigned slot)
{
	const struct in_addr addr = { htonl(0xc0000201 + index) };

	return ((struct taddr4){ .addr = addr, .port = port_of(slot) });
}

struct taddr4
key_peer(unsigned peer)
{
	const struct in_addr addr = { htonl(0xc6336401 + peer / 2) };

	return ((struct taddr4){ .addr = addr, .port = peer % 2 ? 443 : 80 });
}

struct tuple4
key_tuple4(unsigned index, unsigned slot, unsigned peer)
{
	return ((struct tuple4){ .src = key_out4(index, slot),
	    .dst = key_peer(peer) });
}

/* --- the model --- */

unsigned
model_nbindings(void)
{
	unsigned prefix, proto, n = 0;

	for (prefix = 0; prefix < NPREFIXES; prefix++)
		for (proto = 0; proto < L4_NPROTO; proto++)
			n += model.n_bindings[prefix][proto];
	return (n);
}

bool
model_is_bound(unsigned prefix)
{
	return (model.n_bindings[prefix][L4_TCP] +
		model.n_bindings[prefix][L4_UDP] +
		model.n_bindings[prefix][L4_ICMP] >
	    0);
}

/* A dynamic binding has settled its pool address. */
bool
model_is_paired(unsigned prefix)
{
	unsigned proto;

	for (proto = 0; proto < L4_NPROTO; proto++)
		if (model.n_bindings[prefix][proto] >
		    model.n_statics[prefix][proto])
			return (true);
	return (false);
}

/* May this prefix become a subscriber, idle ones making room? */
static bool
has_subscriber(unsigned prefix)
{
	unsigned i, n = 0;

	for (i = 0; i < NPREFIXES; i++)
		n += model_is_bound(i);
	return (model_is_bound(prefix) || n < MAX_SUBSCRIBERS);
}

bool
model_is_free(unsigned proto, unsigned index, unsigned slot)
{
	return (slot < NDYNAMIC &&
	    model.source_of[proto][index][slot] == NONE &&
	    model.quarantined[proto][index][slot].owner == NONE);
}

static bool
has_free(unsigned proto, unsigned index)
{
	unsigned slot;

	for (slot = 0; slot < NDYNAMIC; slot++)
		if (model_is_free(proto, index, slot))
			return (true);
	return (false);
}

/* The lowest quarantined port of a source on an address, or NONE. */
int
model_quarantined_of(unsigned proto, unsigned index, int source)
{
	unsigned slot;

	for (slot = 0; slot < NDYNAMIC; slot++)
		if (model.quarantined[proto][index][slot].owner == source)
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

bool
model_is_best(unsigned proto, unsigned index, int source, unsigned slot)
{
	const uint16_t x = model_xs[source % NX];
	unsigned i;

	for (i = 0; i < NDYNAMIC; i++)
		if (model_is_free(proto, index, i) &&
		    distaste(proto, x, port_of(i)) <
			distaste(proto, x, port_of(slot)))
			return (false);
	return (true);
}

/*
 * The oldest quarantined port of a protocol, of one address or (index NADDRS)
 * of all.
 */
static struct model_quarantined *
oldest_quarantined(unsigned proto, unsigned index, unsigned *n)
{
	struct model_quarantined *r, *oldest = NULL;
	unsigned i, slot;

	*n = 0;
	for (i = 0; i < NADDRS; i++) {
		for (slot = 0; slot < NDYNAMIC; slot++) {
			r = &model.quarantined[proto][i][slot];
			if (r->owner == NONE ||
			    (index != NADDRS && index != i))
				continue;
			(*n)++;
			if (oldest == NULL || r->since < oldest->since)
				oldest = r;
		}
	}
	return (oldest);
}

void
model_expire_rests(unsigned max)
{
	struct model_quarantined *r;
	unsigned proto, n;

	for (proto = 0; proto < L4_NPROTO; proto++) {
		while (max > 0 &&
		    (r = oldest_quarantined(proto, NADDRS, &n)) != NULL &&
		    r->until.ns <= run.now.ns) {
			r->owner = NONE;
			max--;
		}
	}
}

void
model_bind(unsigned proto, int source, struct bib_entry *e, unsigned index,
    unsigned slot, bool is_static)
{
	const unsigned prefix = key_prefix(source);

	if (!model_is_paired(prefix))
		model.paired[prefix] = index;
	model.n_bindings[prefix][proto]++;
	model.n_statics[prefix][proto] += is_static;
	model.bindings[proto][source] = (struct model_binding){ .e = e,
		.is_static = is_static,
		.index = index,
		.slot = slot };
	model.source_of[proto][index][slot] = source;
	model.quarantined[proto][index][slot].owner = NONE;
}

void
model_set_static(unsigned proto, int source, bool is_static)
{
	struct model_binding *b = &model.bindings[proto][source];
	const unsigned prefix = key_prefix(source);

	if (!is_static && !model_is_paired(prefix))
		model.paired[prefix] = b->index;
	b->is_static = is_static;
	if (is_static)
		model.n_statics[prefix][proto]++;
	else
		model.n_statics[prefix][proto]--;
}

/* The binding goes, and its port goes into quarantine. */
void
model_unbind(unsigned proto, int source)
{
	static unsigned long n_rests;
	struct model_binding *b = &model.bindings[proto][source];
	struct model_quarantined *oldest;
	unsigned n;

	model.n_bindings[key_prefix(source)][proto]--;
	model.source_of[proto][b->index][b->slot] = NONE;
	b->e = NULL;
	if (b->slot >= NDYNAMIC || model_quarantine_secs[proto] == 0)
		return;
	oldest = oldest_quarantined(proto, b->index, &n);
	if (n == MAX_QUARANTINED)
		oldest->owner = NONE;
	model.quarantined[proto][b->index][b->slot] =
	    (struct model_quarantined){ .owner = source,
		    .until = monotime_add_secs(run.now,
			model_quarantine_secs[proto]),
		    .since = n_rests++ };
}

void
model_touch(struct model_session *m, unsigned cls)
{
	m->cls = cls;
	m->stamp = run.now;
}

void
model_attach(unsigned proto, struct model_session *m, int source,
    unsigned prefix)
{
	m->source = source;
	m->prefix = prefix;
	model.bindings[proto][source].n_sessions++;
	model.n_sessions[key_prefix(source)]++;
}

void
model_flush(void)
{
	struct model_session *m = &model.sessions[0][0][0][0];
	const struct model_session *end =
	    m + sizeof(model.sessions) / sizeof(*m);

	if (model.n_stale == 0)
		model.n_flushes = 0;
	model.flush_again = model.n_flushes == UINT8_MAX;
	if (model.flush_again)
		return;
	model.n_flushes++;
	for (; m < end; m++) {
		if (m->s != NULL && !m->stale)
			model.n_stale++;
		m->stale = m->s != NULL;
	}
}

void
model_forget(struct model_session *m)
{
	m->s = NULL;
	if (!m->stale)
		return;
	m->stale = false;
	model.n_stale--;
	if (model.n_stale == 0 && model.flush_again)
		model_flush();
}

enum refused
model_refuse_session(unsigned proto, int source)
{
	if (model.bindings[proto][source].n_sessions == MAX_PER_BINDING)
		return (REFUSED_BINDING_SESSIONS);
	if (model.n_sessions[key_prefix(source)] == MAX_OF_SUBSCRIBER)
		return (REFUSED_SUBSCRIBER_SESSIONS);
	return (REFUSED_NOT);
}

bool
model_has_peer(unsigned proto, unsigned index, unsigned slot, unsigned peer)
{
	const struct model_session *m;
	unsigned port;

	for (port = 0; port < 2; port++) {
		m = &model.sessions[proto][index][slot][peer / 2 * 2 + port];
		if (m->s != NULL && !m->stale && m->source != NONE &&
		    m->cls != SESSION_TCP_SYN &&
		    m->stamp.ns +
			    tables.sessions.lifetime_secs[m->cls] *
				INT64_C(1000000000) >
			run.now.ns)
			return (true);
	}
	return (false);
}

enum refused
model_refuse_binding(unsigned proto, int source)
{
	const unsigned prefix = key_prefix(source);
	const unsigned pair = model.paired[prefix];
	bool usable;

	if (model_nbindings() == MAX_BINDINGS)
		return (REFUSED_BINDINGS);
	if (model_is_paired(prefix))
		usable = has_free(proto, pair) ||
		    model_quarantined_of(proto, pair, source) != NONE;
	else
		usable = has_free(proto, 0) || has_free(proto, 1);
	if (!usable)
		return (REFUSED_POOL);
	if (!has_subscriber(prefix))
		return (REFUSED_SUBSCRIBERS);
	if (model.n_bindings[prefix][proto] - model.n_statics[prefix][proto] >=
	    MAX_PORTS)
		return (REFUSED_SUBSCRIBER_PORTS);
	return (REFUSED_NOT);
}

int
model_refuse_static(unsigned proto, int source, unsigned index, unsigned slot)
{
	const struct model_binding *b = &model.bindings[proto][source];
	const int other = model.source_of[proto][index][slot];

	if (b->e != NULL && other == source && !b->is_static)
		return (0);
	if (b->e != NULL || other != NONE)
		return (EEXIST);
	if (model_nbindings() == MAX_BINDINGS ||
	    !has_subscriber(key_prefix(source)))
		return (ENOBUFS);
	return (0);
}

void
model_init(void)
{
	unsigned proto, index, slot;

	for (proto = 0; proto < L4_NPROTO; proto++)
		for (index = 0; index < NADDRS; index++)
			for (slot = 0; slot < NSLOTS; slot++) {
				model.source_of[proto][index][slot] = NONE;
				model.quarantined[proto][index][slot].owner =
				    NONE;
			}
}

/* --- comparison --- */

void
compare_binding(unsigned proto, int source)
{
	const struct model_binding *b = &model.bindings[proto][source];
	const struct taddr6 in6 = key_in6(source);
	struct bib_entry *e = bib_find6(&tables.bibs[proto], &in6);
	const struct session *s;
	unsigned n = 0;

	HOLD(e == b->e);
	if (e == NULL)
		return;
	HOLD(e->out4.addr.s_addr == key_out4(b->index, 0).addr.s_addr);
	HOLD(e->out4.port == port_of(b->slot));
	HOLD(bib_find4(&tables.bibs[proto], &e->out4) == e);
	HOLD(e->is_static == b->is_static);
	HOLD(e->is_static || e->n_sessions > 0);
	HOLD(e->proto == proto);
	for (s = session_next_of_bib(e, NULL); s != NULL;
	     s = session_next_of_bib(e, &s->peer)) {
		HOLD(s->bib == e);
		n++;
	}
	HOLD(n == b->n_sessions && n == e->n_sessions);
}

void
compare_slot(unsigned proto, unsigned index, unsigned slot)
{
	const struct taddr4 out4 = key_out4(index, slot);
	enum pool4_state want;

	HOLD((bib_find4(&tables.bibs[proto], &out4) != NULL) ==
	    (model.source_of[proto][index][slot] != NONE));
	if (model.source_of[proto][index][slot] != NONE)
		want = POOL4_TAKEN;
	else if (slot >= NDYNAMIC)
		want = POOL4_OUTSIDE;
	else
		want = model_is_free(proto, index, slot) ? POOL4_FREE :
							   POOL4_QUARANTINED;
	HOLD(
	    pool4_port_state(tables.pool, (enum l4proto)proto, &out4) == want);
}

void
compare_session(unsigned proto, unsigned index, unsigned slot, unsigned peer)
{
	const struct model_session *m =
	    &model.sessions[proto][index][slot][peer];
	const struct tuple4 t4 = key_tuple4(index, slot, peer);
	const struct session *s;
	struct taddr6 in6;

	s = session_find4(&tables.sessions, (enum l4proto)proto, &t4);
	HOLD(s == m->s);
	if (s == NULL)
		return;
	HOLD(s->cls == m->cls && s->stamp.ns == m->stamp.ns);
	HOLD(session_is_stale(&tables.sessions, s) == m->stale);
	HOLD((s->bib == NULL) == (m->source == NONE));
	if (m->source == NONE)
		return;
	HOLD(s->bib == model.bindings[proto][m->source].e);
	HOLD(s->prefix == m->prefix);
	HOLD(session_find_peer(&tables.sessions, s->bib, &t4.dst) == s);
	in6 = key_in6(m->source);
	HOLD(session_find6(&tables.sessions, (enum l4proto)proto, &in6,
		 &t4.dst, m->prefix) == s);
	HOLD(session_find6(&tables.sessions, (enum l4proto)proto, &in6,
		 &t4.dst, m->prefix ^ 1) == NULL);
}

static void
compare_subscriber(unsigned prefix)
{
	const struct in6_addr addr = key_addr((int)prefix * 2 * NX);
	const struct subscriber *s = subscriber_find(&tables.subs, &addr);
	unsigned proto;

	HOLD(s != NULL || !model_is_bound(prefix));
	if (s == NULL)
		return;
	HOLD(subscriber_is_idle(s) == !model_is_bound(prefix));
	for (proto = 0; proto < L4_NPROTO; proto++) {
		HOLD(s->n_bindings[proto] == model.n_bindings[prefix][proto]);
		HOLD(s->n_statics[proto] == model.n_statics[prefix][proto]);
	}
	HOLD(s->n_sessions == model.n_sessions[prefix]);
	if (model_is_bound(prefix))
		HOLD(pool4_index(tables.pool, s->pool_addr) ==
		    (int32_t)model.paired[prefix]);
}

/* A wheel holds its sessions once each, and none where it would be late. */
static size_t
compare_wheel(struct wheel *w, bool inbound)
{
	const struct session *s;
	struct wheel_entry *e;
	int64_t tick;
	size_t n = 0;

	for (tick = w->tick; tick < w->tick + WHEEL_NSLOTS; tick++)
		TAILQ_FOREACH(e, wheel_slot(w, tick), link) {
			s = session_of(e);
			HOLD(e->tick == tick && tick >= w->first);
			HOLD(s->inbound == inbound);
			HOLD(tick <=
				wheel_tick(
				    session_expires(&tables.sessions, s)) ||
			    tick == w->tick);
			n++;
		}
	return (n);
}

/* The walk visits each entry once. */
static unsigned
compare_walk(unsigned proto)
{
	const struct bib *b = &tables.bibs[proto];
	struct bib_walk w = { .tree = 0 };
	unsigned steps = 1000, n = 0;
	struct bib_entry *e;

	for (; (e = bib_walk_at(b, &w, &steps)) != NULL; n++) {
		HOLD(bib_find6(b, &e->in6) == e);
		bib_walk_past(&w, e);
	}
	HOLD(steps > 0 && n == b->n_entries);
	return (n);
}

/* Each slot of the pool and each session of it; returns the sessions. */
static unsigned
compare_address(unsigned proto, unsigned index)
{
	unsigned slot, peer, n_free = 0, n = 0;

	for (slot = 0; slot < NSLOTS; slot++) {
		compare_slot(proto, index, slot);
		n_free += model_is_free(proto, index, slot);
		for (peer = 0; peer < NPEERS; peer++) {
			compare_session(proto, index, slot, peer);
			n +=
			    model.sessions[proto][index][slot][peer].s != NULL;
		}
	}
	HOLD(pool4_n_free(tables.pool, (enum l4proto)proto, index) == n_free);
	return (n);
}

void
compare_all(void)
{
	unsigned proto, index, prefix, n_bindings = 0, n_sessions = 0, n;
	int source;

	for (proto = 0; proto < L4_NPROTO; proto++) {
		for (source = 0; source < NSOURCES; source++)
			compare_binding(proto, source);
		n = 0;
		for (index = 0; index < NADDRS; index++)
			n += compare_address(proto, index);
		HOLD(tables.sessions.n_sessions[proto] == n);
		n_sessions += n;
		n_bindings += compare_walk(proto);
	}
	for (prefix = 0; prefix < NPREFIXES; prefix++)
		compare_subscriber(prefix);
	HOLD(
	    n_bindings == model_nbindings() && tables.slab.used == n_bindings);
	HOLD(n_sessions == session_count(&tables.sessions));
	HOLD(compare_wheel(&tables.sessions.inbound.wheel, true) ==
	    tables.sessions.inbound.count);
	HOLD(n_sessions ==
	    compare_wheel(&tables.sessions.wheel, false) +
		tables.sessions.inbound.count);
	HOLD(n_sessions == tables.sessions.slab.used);
	HOLD(model.n_stale == tables.sessions.n_stale);
}
