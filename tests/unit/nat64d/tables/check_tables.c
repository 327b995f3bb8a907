/*
 * pool4.c, subscriber.c, bib.c and session.c together, under a random sequence
 * of steps, compared with a model (tables_model.h).
 *
 * There are so few keys that all cases occur: pool exhausted, every limit
 * reached, ports in quarantine, keys taken. After every step the counts and the
 * entries concerned are compared with the model, and after every FULL_CHECK
 * steps all entries.
 *
 * CHECK_TABLES_STEPS and CHECK_TABLES_SEED in the environment set the length
 * and the seed; a failure prints the seed.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tests/unit/tables_model.h"

#define DEFAULT_STEPS 1000000
#define FULL_CHECK 16

/* What has occurred in the run, to check that it covers everything. */
enum sight {
	SAW_EXHAUSTED,
	SAW_TABLE_FULL,
	SAW_QUOTA,
	SAW_OWN_REST,
	SAW_SYN_MET,
	SAW_EXISTS,
	SAW_STATIC_PROMOTED,
	SAW_NEW_AND_STALE,
	SAW_FLUSH_END,
	NSIGHTS
};
static unsigned long seen[NSIGHTS];

static struct seeded seeded;
static struct rng rng;

static unsigned
draw(unsigned bound)
{
	return (rng_below(&rng, bound));
}

static void
release(unsigned proto, int source)
{
	const struct model_binding *b = &model.bindings[proto][source];
	const bool gone = b->n_sessions == 0 && !b->is_static;

	HOLD(bib_release(&tables.bibs[proto], b->e, run.now) == gone);
	if (gone)
		model_unbind(proto, source);
}

/* --- sessions --- */

static void
compare_refusal(enum refused got, enum refused want)
{
	static const enum sight sights[REFUSED_NREASONS] = {
		[REFUSED_POOL] = SAW_EXHAUSTED,
		[REFUSED_BINDINGS] = SAW_TABLE_FULL,
		[REFUSED_SUBSCRIBERS] = SAW_TABLE_FULL,
		[REFUSED_SESSIONS] = SAW_TABLE_FULL,
		[REFUSED_BINDING_SESSIONS] = SAW_TABLE_FULL,
		[REFUSED_SUBSCRIBER_PORTS] = SAW_QUOTA,
		[REFUSED_SUBSCRIBER_SESSIONS] = SAW_QUOTA,
		[REFUSED_EXISTS] = SAW_EXISTS,
	};

	HOLD(got == want);
	seen[sights[want]]++;
}

/* Add a session of source (NONE: stored SYN), unless the model refuses. */
static void
add_session(unsigned proto, unsigned index, unsigned slot, unsigned peer,
    int source, unsigned prefix, unsigned cls)
{
	struct model_session *m = &model.sessions[proto][index][slot][peer];
	const struct tuple4 t4 = key_tuple4(index, slot, peer);
	struct refusal why = { .by = REFUSED_NOT };
	struct session *s;
	enum refused want = REFUSED_NOT;

	if (tables.sessions.slab.used == MAX_SESSIONS)
		want = REFUSED_SESSIONS;
	else if (m->s != NULL)
		want = REFUSED_EXISTS;
	else if (source != NONE)
		want = model_refuse_session(proto, source);
	if (source == NONE)
		s = session_add_orphan(&tables.sessions, (enum l4proto)proto,
		    &t4, (enum session_class)cls, run.now, &why);
	else
		s = session_add(&tables.sessions,
		    model.bindings[proto][source].e, &t4.dst, prefix,
		    (enum session_class)cls, run.now, &why);
	HOLD((s == NULL) == (want != REFUSED_NOT));
	if (s == NULL) {
		compare_refusal(why.by, want);
		return;
	}
	m->s = s;
	m->source = NONE;
	if (source != NONE)
		model_attach(proto, m, source, prefix);
	model_touch(m, cls);
	compare_session(proto, index, slot, peer);
}

static void
remove_session(unsigned proto, struct model_session *m)
{
	const int source = m->source;

	session_remove(&tables.sessions, m->s);
	model_forget(m);
	if (source == NONE)
		return;
	model.bindings[proto][source].n_sessions--;
	model.n_sessions[key_prefix(source)]--;
	release(proto, source);
	compare_binding(proto, source);
}

/* As the core does when a packet finds a session that a flush made stale. */
static void
remove_if_stale(unsigned proto, struct model_session *m)
{
	if (m->s != NULL && m->stale)
		remove_session(proto, m);
}

static void
touch_session(struct model_session *m, unsigned cls)
{
	session_touch(&tables.sessions, m->s, (enum session_class)cls,
	    run.now);
	model_touch(m, cls);
}

/* A random session that is not stale, or NULL. */
static struct model_session *
draw_session(unsigned *proto, unsigned *index, unsigned *slot, unsigned *peer)
{
	struct model_session *m;
	unsigned i;

	for (i = 0; i < 8; i++) {
		*proto = draw(L4_NPROTO);
		*index = draw(NADDRS);
		*slot = draw(NSLOTS);
		*peer = draw(NPEERS);
		m = &model.sessions[*proto][*index][*slot][*peer];
		if (m->s != NULL && !m->stale)
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

/* A new binding: check its address and port. */
static void
check_choice(unsigned proto, int source, const struct bib_entry *e)
{
	const int32_t index = pool4_index(tables.pool, e->out4.addr);
	unsigned slot;
	int quarantined;

	HOLD(index >= 0 && index < NADDRS);
	if (model_is_paired(key_prefix(source)))
		HOLD((unsigned)index == model.paired[key_prefix(source)]);
	slot = key_slot(e->out4.port);
	HOLD(slot < NDYNAMIC);
	quarantined = model_quarantined_of(proto, (unsigned)index, source);
	if (quarantined != NONE) {
		HOLD(slot == (unsigned)quarantined);
		seen[SAW_OWN_REST]++;
	} else {
		HOLD(model_is_free(proto, (unsigned)index, slot));
		HOLD(model_is_best(proto, (unsigned)index, source, slot));
	}
	model_bind(proto, source, bib_find6(&tables.bibs[proto], &e->in6),
	    (unsigned)index, slot, false);
}

/*
 * Without a free port anywhere an unbound subscriber may still come upon
 * its own in quarantine, if that is where it begins to look: the model cannot
 * tell, for it knows no hash.
 */
static bool
may_find_quarantined(unsigned proto, int source)
{
	return (!model_is_paired(key_prefix(source)) &&
	    (model_quarantined_of(proto, 0, source) != NONE ||
		model_quarantined_of(proto, 1, source) != NONE));
}

/* Find or make a binding; false when there is none. */
static bool
get_binding(unsigned proto, int source)
{
	const struct model_binding *b = &model.bindings[proto][source];
	const struct taddr6 in6 = key_in6(source);
	struct refusal why = { .by = REFUSED_NOT };
	struct bib_entry *e;
	bool created;
	enum refused want = REFUSED_NOT;

	if (b->e == NULL) {
		model_expire_rests(2);
		want = model_refuse_binding(proto, source);
	}
	e = bib_get6(&tables.bibs[proto], &in6, &rng, run.now, &created, &why);
	HOLD(created == (e != NULL && b->e == NULL));
	if (want == REFUSED_POOL && may_find_quarantined(proto, source) &&
	    (e != NULL || why.by == REFUSED_SUBSCRIBERS))
		want = e != NULL ? REFUSED_NOT : why.by;
	HOLD((e == NULL) == (want != REFUSED_NOT));
	if (e == NULL) {
		compare_refusal(why.by, want);
		return (false);
	}
	if (created)
		check_choice(proto, source, e);
	HOLD(b->e == e);
	return (true);
}

/* There was a stored SYN of the same tuple: simultaneous open. */
static void
meet_stored_syn(unsigned proto, unsigned peer, int source, unsigned prefix)
{
	const struct model_binding *b = &model.bindings[proto][source];
	const enum refused want = model_refuse_session(proto, source);
	struct refusal why = { .by = REFUSED_NOT };
	struct model_session *m =
	    &model.sessions[proto][b->index][b->slot][peer];

	HOLD((session_adopt(&tables.sessions, m->s, b->e, prefix, &why) ==
		 0) == (want == REFUSED_NOT));
	HOLD(why.by == want);
	if (want != REFUSED_NOT)
		return;
	model_attach(proto, m, source, prefix);
	seen[SAW_SYN_MET]++;
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

	if (b->e != NULL)
		remove_if_stale(proto,
		    &model.sessions[proto][b->index][b->slot][peer]);
	if (!get_binding(proto, source))
		return;
	m = &model.sessions[proto][b->index][b->slot][peer];
	remove_if_stale(proto, m); /* a stored SYN */
	if (m->s == NULL)
		add_session(proto, b->index, b->slot, peer, source, prefix,
		    cls);
	else if (m->source == NONE)
		meet_stored_syn(proto, peer, source, prefix);
	else
		touch_session(m, cls);
	compare_session(proto, b->index, b->slot, peer);
	release(proto, source);
	compare_binding(proto, source);
}

/* A packet from IPv4. */
static void
step_inbound(void)
{
	const unsigned proto = draw(L4_NPROTO), index = draw(NADDRS);
	const unsigned slot = draw(NSLOTS), peer = draw(NPEERS);
	const struct taddr4 out4 = key_out4(index, slot);
	struct model_session *m = &model.sessions[proto][index][slot][peer];
	int source;

	HOLD(session_has_peer(&tables.sessions, (enum l4proto)proto, &out4,
		 key_peer(peer).addr,
		 run.now) == model_has_peer(proto, index, slot, peer));
	compare_slot(proto, index, slot);
	remove_if_stale(proto, m);
	source = model.source_of[proto][index][slot];
	if (m->s != NULL && m->cls != SESSION_TCP_SYN) {
		touch_session(m, m->cls);
	} else if (source != NONE)
		add_session(proto, index, slot, peer, source, draw(2),
		    draw_class(proto));
	else if (proto == L4_TCP)
		add_session(proto, index, slot, peer, NONE, 0,
		    SESSION_TCP_SYN);
	compare_session(proto, index, slot, peer);
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
	touch_session(m, cls);
	compare_session(proto, index, slot, peer);
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
	compare_session(proto, index, slot, peer);
	compare_slot(proto, index, slot);
}

static void
step_change_prefix(void)
{
	unsigned proto, index, slot, peer;
	struct model_session *m;

	m = draw_session(&proto, &index, &slot, &peer);
	if (m == NULL || m->source == NONE)
		return;
	m->prefix ^= 1;
	session_set_prefix(&tables.sessions, m->s, m->prefix);
	compare_session(proto, index, slot, peer);
}

static void
step_add_static(void)
{
	const unsigned proto = draw(L4_NPROTO);
	const int source = (int)draw(NSOURCES);
	const struct taddr6 in6 = key_in6(source);
	struct model_binding *b = &model.bindings[proto][source];
	unsigned index = draw(NADDRS), slot = draw(NSLOTS);
	struct taddr4 out4;
	struct bib_entry *e;
	int want;

	if (b->e != NULL && draw(4) == 0) {
		index = b->index;
		slot = b->slot;
	}
	out4 = key_out4(index, slot);
	want = model_refuse_static(proto, source, index, slot);
	errno = 0;
	e = bib_add_static(&tables.bibs[proto], &in6, &out4, run.now);
	HOLD((e == NULL) == (want != 0));
	if (e == NULL) {
		HOLD(errno == want);
		seen[want == EEXIST ? SAW_EXISTS : SAW_TABLE_FULL]++;
	} else if (b->e != NULL) {
		model_set_static(proto, source, true);
		seen[SAW_STATIC_PROMOTED]++;
	} else
		model_bind(proto, source, e, index, slot, true);
	compare_binding(proto, source);
	compare_slot(proto, index, slot);
}

static void
step_remove_static(void)
{
	const unsigned proto = draw(L4_NPROTO);
	const int source = (int)draw(NSOURCES);
	struct model_binding *b = &model.bindings[proto][source];

	if (b->e == NULL || !b->is_static)
		return;
	HOLD(bib_remove_static(&tables.bibs[proto], b->e, run.now) ==
	    (b->n_sessions == 0));
	model_set_static(proto, source, false);
	if (b->n_sessions == 0)
		model_unbind(proto, source);
	compare_binding(proto, source);
}

/* The model's session that is s. */
static struct model_session *
find_model(const struct session *s)
{
	const unsigned index =
	    (unsigned)pool4_index(tables.pool, s->out4.addr);
	struct model_session *m, *found = NULL;
	unsigned i;

	for (i = 0; i < NPEERS; i++) {
		m = &model
			 .sessions[s->proto][index][key_slot(s->out4.port)][i];
		if (m->s == s)
			found = m;
	}
	HOLD(found != NULL);
	return (found);
}

static bool
remove_expired(void *arg, struct session *s)
{
	struct model_session *m = find_model(s);

	(void)arg;
	HOLD(
	    session_expires(&tables.sessions, s).ns <= run.now.ns || m->stale);
	remove_session(s->proto, m);
	return (true);
}

/* Check that no session of the model is past its time. */
static void
check_none_expired(void)
{
	const struct model_session *m = &model.sessions[0][0][0][0];
	const struct model_session *end =
	    m + sizeof(model.sessions) / sizeof(*m);
	struct monotime next, earliest = { INT64_MAX };
	int64_t expires;

	for (; m < end; m++) {
		if (m->s == NULL)
			continue;
		expires = m->stamp.ns +
		    model_lifetimes[m->cls] * INT64_C(1000000000);
		if (expires < earliest.ns)
			earliest.ns = expires;
	}
	HOLD(earliest.ns > run.now.ns);
	HOLD(session_next_expiry(&tables.sessions, &next) ==
	    (earliest.ns != INT64_MAX));
	if (earliest.ns != INT64_MAX)
		HOLD(next.ns <= earliest.ns + WHEEL_TICK_NS);
}

static void
step_time(void)
{
	const unsigned max = draw(4);

	run.now.ns += draw(1500) * INT64_C(1000000);
	/* Full tables empty themselves now and then. */
	if (draw(40) == 0)
		run.now.ns += draw(90) * INT64_C(1000000000);
	/* Sometimes nobody sweeps for a while. */
	if (draw(3) == 0)
		return;
	while (session_expire(&tables.sessions, run.now, 1 + draw(20),
	    remove_expired, NULL))
		;
	/* What may be left is of the last tick. */
	session_expire(&tables.sessions, run.now, MAX_SESSIONS, remove_expired,
	    NULL);
	check_none_expired();
	pool4_expire(tables.pool, run.now, max);
	model_expire_rests(max);
	subscribers_expire(&tables.subs, run.now, draw(2));
}

/* SIGHUP. A flush that is going on need not have ended. */
static void
step_flush(void)
{
	session_flush(&tables.sessions);
	model_flush();
}

/* A slice of the flush. */
static void
step_remove_stale(void)
{
	struct model_session *m;
	struct session *s;
	unsigned i;

	if (model.n_stale > 0 &&
	    model.n_stale < session_count(&tables.sessions))
		seen[SAW_NEW_AND_STALE]++;
	for (i = draw(12); i > 0; i--) {
		s = session_next_stale(&tables.sessions);
		HOLD((s != NULL) == (model.n_stale > 0));
		if (s == NULL)
			break;
		m = find_model(s);
		HOLD(m->stale);
		if (model.n_stale == 1)
			seen[SAW_FLUSH_END]++;
		remove_session(s->proto, m);
	}
}

static const struct {
	unsigned weight;
	void (*run)(void);
} steps[] = {
	{ 37, step_outbound },
	{ 25, step_inbound },
	{ 10, step_touch },
	{ 10, step_remove },
	{ 3, step_change_prefix },
	{ 2, step_add_static },
	{ 3, step_remove_static },
	{ 7, step_time },
	{ 1, step_flush },
	{ 2, step_remove_stale },
};

static void
run_step(void)
{
	unsigned i, n = draw(100);

	for (i = 0; n >= steps[i].weight; i++)
		n -= steps[i].weight;
	steps[i].run();
	HOLD(tables.slab.used == model_nbindings());
	HOLD(session_count(&tables.sessions) == tables.sessions.slab.used);
}

/* --- start and end --- */

static void
init_tables(void)
{
	const struct pool4_range r = { .first = { htonl(0xc0000201) },
		.last = { htonl(0xc0000201 + NADDRS - 1) },
		.ports = { { FIRST_PORT, FIRST_PORT + NDYNAMIC - 1 },
		    { FIRST_PORT, FIRST_PORT + NDYNAMIC - 1 },
		    { FIRST_PORT, FIRST_PORT + NDYNAMIC - 1 } } };
	struct pool4_opts opts = { .parity = true,
		.range_fallback = true,
		.quarantine_max_percent = 100 * MAX_QUARANTINED / NDYNAMIC };
	const struct subscriber_limits limits = { .ports = MAX_PORTS,
		.sessions = MAX_OF_SUBSCRIBER };
	const struct siphash_key key = { "sixteen bytes ok" };
	unsigned proto;

	memcpy(opts.quarantine_secs, model_quarantine_secs,
	    sizeof(opts.quarantine_secs));
	tables.pool = pool4_new(&r, 1, &opts);
	HOLD(tables.pool != NULL);
	HOLD(subscribers_init(&tables.subs, 64, &limits, MAX_SUBSCRIBERS,
		 &key) == 0);
	slab_init(&tables.slab, sizeof(struct bib_entry), MAX_BINDINGS);
	for (proto = 0; proto < L4_NPROTO; proto++)
		HOLD(bib_init(&tables.bibs[proto], (enum l4proto)proto,
			 tables.pool, &tables.subs, &tables.slab, &key, false,
			 MAX_BINDINGS / 4) == 0);
	session_table_init(&tables.sessions, model_lifetimes, MAX_SESSIONS,
	    MAX_PER_BINDING, tables.bibs, &tables.subs, &key);
}

static void
clear_tables(void)
{
	const struct subscriber *s;
	struct in6_addr addr;
	unsigned proto, prefix;

	session_table_clear(&tables.sessions);
	for (proto = 0; proto < L4_NPROTO; proto++) {
		bib_clear(&tables.bibs[proto], run.now);
		HOLD(tables.bibs[proto].n_entries == 0);
	}
	HOLD(tables.slab.used == 0);
	for (prefix = 0; prefix < NPREFIXES; prefix++) {
		addr = key_addr((int)prefix * 2 * NX);
		s = subscriber_find(&tables.subs, &addr);
		HOLD(s == NULL ||
		    (subscriber_is_idle(s) && s->n_sessions == 0));
	}
	slab_clear(&tables.slab);
	subscribers_clear(&tables.subs);
	pool4_free(tables.pool);
}

static unsigned long
from_env(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return (value != NULL ? strtoul(value, NULL, 10) : otherwise);
}

/* Shows: TBL-01 TBL-02 TBL-03 TBL-04 TBL-06 ALC-01 ALC-08 LIM-01 CGN-08 */
START_TEST(tables_agree_with_a_model_after_every_step)
{
	const unsigned long n_steps =
	    from_env("CHECK_TABLES_STEPS", DEFAULT_STEPS);
	unsigned i;

	run.seed = from_env("CHECK_TABLES_SEED", 20261123);
	rng = seeded_rng(&seeded, run.seed);
	run.now = at(1000);
	init_tables();
	model_init();
	for (run.step = 1; run.step <= n_steps; run.step++) {
		run_step();
		if (run.step % FULL_CHECK == 0)
			compare_all();
	}
	compare_all();
	for (i = 0; i < NSIGHTS && n_steps >= 100000; i++)
		ck_assert_msg(seen[i] > 0, "sight %u never seen", i);
	clear_tables();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tables");
	TCase *tc = tcase_create("tables");

	/* The long variant takes as long as it takes. */
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, tables_agree_with_a_model_after_every_step);
	suite_add_tcase(suite, tc);
	return (suite_run(suite));
}
