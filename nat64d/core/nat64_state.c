/*
 * Finding and making the binding and session of a packet (RFC 6146, 3.5), and
 * their end. A session that has expired, that a flush has made stale, or that
 * another configuration forbids, may still be there; it is removed here when a
 * packet finds it, before it is used.
 */
#include <netinet/icmp6.h>

#include "nat64_alg_table.h"
#include "nat64_binding.h"
#include "nat64_error.h"
#include "nat64_event.h"
#include "nat64_expect.h"
#include "nat64_fast.h"
#include "nat64_mapping.h"
#include "nat64_out.h"
#include "nat64_policy.h"
#include "nat64_state.h"
#include "nat64_syn.h"
#include "nat64d/tables/tcp_fsm.h"
#include "nat64d/xlat/tcp_segment.h"

/* At most so many sessions are ended to make one binding. */
#define MAX_EVICTED 8

/* The tuple of a packet from IPv6: (X',x), (Z,z), and the Pref64 of Y'. */
struct flow6 {
	struct taddr6 in6;
	struct taddr4 peer;
	unsigned prefix;
};

void
nat64_session_end(struct nat64 *n, struct session *s, struct monotime now)
{
	struct bib_entry *e = s->bib;

	nat64_syn_discard(n, s);
	nat64_alg_close(n, s);
	/* A session without an IPv6 side was never reported. */
	if (e != NULL)
		nat64_report(n, NAT64_EV_SESSION_DELETE, NULL, s);
	session_remove(&n->sessions, s);
	if (e != NULL)
		nat64_binding_release(n, e, now);
}

bool
nat64_sessions_end(struct nat64 *n, struct bib_entry *e, struct monotime now,
    unsigned *max)
{
	uint32_t left;

	for (left = e->n_sessions; left > 0; left--) {
		if (*max == 0)
			return (false);
		(*max)--;
		nat64_session_end(n, RB_ROOT(&e->peers), now);
	}
	return (true);
}

static inline bool
is_over(const struct passage *w, const struct session *s)
{
	return (session_is_over(&w->n->sessions, s, w->now) ||
	    nat64_forbids(w->n, s));
}

/*
 * Returns s (may be NULL), or NULL if it was over and has been removed.
 */
static inline struct session *
live_session(struct passage *w, struct session *s)
{
	if (s != NULL && is_over(w, s) && nat64_session_timeout(w, s))
		return (NULL);
	return (s);
}

/*
 * Remove sessions of e (may be NULL) that are over until one is found that is
 * not. Returns e, or NULL if the last one was removed, and e with it
 * (RFC 6146, 3.1). So during a flush a binding that is not kept never has
 * both stale and new sessions.
 */
static struct bib_entry *
live_binding(struct passage *w, struct bib_entry *e)
{
	struct session *s;
	bool last;

	if (e == NULL || nat64_kept_is_gone(w->n, e, w->now))
		return (NULL);
	while ((s = RB_ROOT(&e->peers)) != NULL && is_over(w, s)) {
		last = e->n_sessions == 1 && !bib_is_kept(e);
		if (nat64_session_timeout(w, s) && last)
			return (NULL);
	}
	return (e);
}

/* End a session that an IPv4 host opened, to make room. */
static void
evict(struct passage *w, struct session *s)
{
	w->n->stats.counters[NAT64_SESSIONS_EVICTED]++;
	nat64_session_end(w->n, s, w->now);
}

/*
 * End a session to make room: a stale one, or the oldest one that an IPv4
 * host opened. False: there is none.
 */
static bool
end_one(struct passage *w)
{
	struct nat64 *n = w->n;
	struct session *s;
	bool sure;

	s = session_next_stale(&n->sessions);
	if (s != NULL) {
		nat64_session_end(n, s, w->now);
		return (true);
	}
	s = session_oldest_inbound(&n->sessions, &sure);
	if (s != NULL)
		evict(w, s);
	return (s != NULL);
}

/*
 * Make room for one more session if the table is full. Call this before
 * bindings and sessions are looked up, as it may remove any of them.
 */
static void
make_room6(struct passage *w)
{
	const struct slab *slab = &w->n->sessions.slab;

	if (slab->used >= slab->max)
		end_one(w);
}

/*
 * The same for a session that peer may be about to open: only a session that
 * has not been used lately is ended for it.
 */
static void
make_room4(struct passage *w, struct in_addr peer)
{
	struct nat64 *n = w->n;
	struct refusal why;
	struct session *s;
	bool sure;

	if (session_check_inbound(&n->sessions, peer, &why) == 0 ||
	    why.by != REFUSED_INBOUND)
		return;
	s = session_oldest_inbound(&n->sessions, &sure);
	if (s != NULL && sure)
		evict(w, s);
}

/*
 * A new binding of an IPv6 host. If the pool has no free port, end_one() ends
 * up to MAX_EVICTED sessions until a binding without sessions frees its port.
 */
static struct bib_entry *
new_binding(struct passage *w, enum l4proto proto, const struct taddr6 *in6,
    bool *created, struct refusal *why)
{
	struct nat64 *n = w->n;
	struct bib_entry *e;
	unsigned i;

	e = bib_get6(&n->bibs[proto], in6, &n->rng, w->now, created, why);
	for (i = 0; e == NULL && why->by == REFUSED_POOL && i < MAX_EVICTED;
	     i++) {
		if (!end_one(w))
			break;
		e = bib_get6(&n->bibs[proto], in6, &n->rng, w->now, created,
		    why);
	}
	return (e);
}

/* A new session of a binding; NULL with *reason. */
static struct session *
new_session(struct passage *w, struct bib_entry *e, const struct taddr4 *peer,
    unsigned prefix, enum session_class cls, enum nat64_reason *reason)
{
	struct nat64 *n = w->n;
	struct refusal why;
	struct session *s;

	s = session_add(&n->sessions, e, peer, prefix, cls, w->now, &why);
	if (s == NULL)
		*reason = nat64_report_refused(n, (enum l4proto)e->proto,
		    &e->in6, &why);
	else
		nat64_report(n, NAT64_EV_SESSION_CREATE, NULL, s);
	return (s);
}

/*
 * Use the session s that the binding has with the peer already: the host uses
 * another Pref64 than before, or a SYN from the peer is stored
 * (RFC 6146, 3.5.2.2: simultaneous open).
 */
static struct session *
join_session(struct nat64 *n, struct session *s, struct bib_entry *e,
    unsigned prefix, enum nat64_reason *reason)
{
	struct refusal why;

	if (s->bib != NULL) {
		session_set_prefix(&n->sessions, s, prefix);
		nat64_note_change(n, s, NAT64_CHANGE_STATE);
		return (s);
	}
	if (session_adopt(&n->sessions, s, e, prefix, &why) == -1) {
		*reason = nat64_report_refused(n, (enum l4proto)e->proto,
		    &e->in6, &why);
		return (NULL);
	}
	nat64_report(n, NAT64_EV_SESSION_CREATE, NULL, s);
	return (s);
}

/*
 * The binding of a packet from IPv6, or a new one. It is made only if there is
 * room for a session: otherwise its port would go to quarantine unused. NULL
 * with *reason.
 */
static struct bib_entry *
get_binding6(struct passage *w, enum l4proto proto, const struct taddr6 *in6,
    enum nat64_reason *reason)
{
	struct nat64 *n = w->n;
	struct refusal why;
	struct bib_entry *e;
	bool created = false;

	e = live_binding(w, bib_find6(&n->bibs[proto], in6));
	if (e != NULL)
		return (e);
	if (session_check_room(&n->sessions,
		subscriber_find(&n->subs, &in6->addr), &in6->addr, &why) == 0)
		e = new_binding(w, proto, in6, &created, &why);
	if (e == NULL)
		*reason = nat64_report_refused(n, proto, in6, &why);
	if (created)
		nat64_binding_report(n, e);
	return (e);
}

/* Binding and session for an IPv6 tuple that has no session yet. */
static struct session *
open_session6(struct passage *w, enum l4proto proto, const struct flow6 *f,
    enum session_class cls, enum nat64_reason *reason)
{
	struct nat64 *n = w->n;
	struct bib_entry *e;
	struct session *s;

	make_room6(w);
	e = get_binding6(w, proto, &f->in6, reason);
	if (e == NULL)
		return (NULL);
	s = live_session(w, session_find_peer(&n->sessions, e, &f->peer));
	if (s != NULL)
		s = join_session(n, s, e, f->prefix, reason);
	else
		s = new_session(w, e, &f->peer, f->prefix, cls, reason);
	if (s == NULL)
		nat64_binding_release(n, e, w->now);
	return (s);
}

/* Apply a step of the state machine: the new state and lifetime. */
static inline void
apply_step(struct passage *w, struct session *s, const struct tcp_step *step)
{
	static const enum session_class classes[] = {
		[TCP_TIMER_EST] = SESSION_TCP_EST,
		[TCP_TIMER_OPEN] = SESSION_TCP_OPEN,
		[TCP_TIMER_CLOSE] = SESSION_TCP_CLOSE,
		[TCP_TIMER_CLOSE_MIN] = SESSION_TCP_CLOSE,
	};
	struct nat64 *n = w->n;
	struct monotime close;

	if (s->tcp_state != (uint8_t)step->next) {
		s->tcp_state = (uint8_t)step->next;
		nat64_note_change(n, s, NAT64_CHANGE_STATE);
	}
	if (step->timer == TCP_TIMER_KEEP)
		return;
	if (step->timer == TCP_TIMER_CLOSE_MIN) {
		close = monotime_add_secs(w->now,
		    n->conf.lifetime_secs[SESSION_TCP_CLOSE]);
		if (session_expires(&n->sessions, s).ns <= close.ns)
			return;
	}
	session_touch(&n->sessions, s, classes[step->timer], w->now);
}

/*
 * The step for a segment of s. An RST after a FIN shortens the lifetime by
 * RFC 7857, 2.2, and refreshes the session by RFC 6146, 3.5.2.2.
 */
static struct tcp_step
step_session(const struct nat64 *n, const struct session *s,
    const struct pkt *p, bool from6)
{
	bool may_open4 = (s->bib != NULL && s->bib->open) ||
	    (!n->conf.refuse_inbound_tcp && !n->conf.adf[L4_TCP]);
	struct tcp_step step;

	step = tcp_fsm_step((enum tcp_state)s->tcp_state,
	    tcp_event_of(p->tcp_flags, from6),
	    (p->tcp_flags & PKT_TH_ACK) != 0, may_open4);
	if (step.timer == TCP_TIMER_CLOSE_MIN && n->conf.rst_refreshes)
		step.timer = TCP_TIMER_EST;
	return (step);
}

/*
 * Keep the acknowledgment number of a segment for the probe; that of an RST
 * may be anything. Segments out of order do no harm: an older number is
 * below the window as well.
 */
static void
remember_ack(uint32_t *ack, const struct pkt *p)
{
	if ((p->tcp_flags & (PKT_TH_ACK | PKT_TH_RST)) == PKT_TH_ACK)
		*ack = get32(pkt_l4(p) + PKT_TCP_ACK);
}

/*
 * Handle a segment of s, whose step in the state machine is known. Data leaves
 * a session on the fast path (it is a fragment, say), any other segment takes
 * it back.
 */
static inline void
apply_segment(struct passage *w, struct session *s,
    const struct tcp_step *step, const struct pkt *p, bool from6)
{
	struct nat64 *n = w->n;
	const bool data =
	    (p->tcp_flags & (PKT_TH_SYN | PKT_TH_FIN | PKT_TH_RST)) == 0;

	if (!data)
		nat64_fast_leave(n, s);
	else if (s->fast != 0)
		session_read_notes(&n->sessions, s);
	apply_step(w, s, step);
	remember_ack(from6 ? &s->ack6 : &s->ack4, p);
	if (data && s->tcp_state == TCP_STATE_ESTABLISHED)
		nat64_fast_count(n, s, from6 ? FAST_SIDE6 : FAST_SIDE4);
}

/* (T,t) -> (Z,z) */
static void
set_out4(struct tuple4 *out, const struct taddr4 *out4,
    const struct taddr4 *peer)
{
	out->src = *out4;
	out->dst = *peer;
}

/* (Y',y) -> (X',x) */
static void
set_out6(const struct nat64 *n, struct tuple6 *out, const struct session *s)
{
	out->src.addr = nat64_peer6(n, s);
	out->src.port = s->peer.port;
	out->dst = s->in6;
}

/* A segment from IPv6 outside any session (state CLOSED). */
static enum nat64_reason
closed6(struct passage *w, const struct pkt *p, const struct flow6 *f,
    struct tuple4 *out)
{
	struct nat64 *n = w->n;
	struct bib_entry *e;
	struct session *s;
	struct tcp_step step;
	enum nat64_reason reason = NAT64_NONE;

	if (tcp_event_of(p->tcp_flags, true) != TCP_V6_SYN) {
		e = live_binding(w, bib_find6(&n->bibs[L4_TCP], &f->in6));
		if (e == NULL)
			return (NAT64_NO_SESSION);
		set_out4(out, &e->out4, &f->peer);
		return (NAT64_NONE);
	}
	s = open_session6(w, L4_TCP, f, SESSION_TCP_OPEN, &reason);
	if (s == NULL)
		return (reason);
	if (s->tcp_state == TCP_STATE_V4_INIT_STORED) {
		/* Simultaneous open (RFC 6146, 3.5.2.2). */
		nat64_syn_discard(n, s);
		s->tcp_state = TCP_STATE_ESTABLISHED;
		session_touch(&n->sessions, s, SESSION_TCP_EST, w->now);
	} else if (s->tcp_state == TCP_STATE_CLOSED) {
		s->tcp_state = TCP_STATE_V6_INIT;
	} else { /* a session that used another Pref64 */
		step = step_session(n, s, p, true);
		apply_step(w, s, &step);
	}
	nat64_alg_open(n, s);
	w->session = s;
	set_out4(out, &s->out4, &s->peer);
	return (NAT64_NONE);
}

static enum nat64_reason
tcp_state6(struct passage *w, const struct pkt *p, const struct flow6 *f,
    struct tuple4 *out)
{
	struct nat64 *n = w->n;
	struct session *s;
	struct tcp_step step;

	s = live_session(w,
	    session_find6(&n->sessions, L4_TCP, &f->in6, &f->peer, f->prefix));
	if (s == NULL)
		return (closed6(w, p, f, out));
	step = step_session(n, s, p, true);
	if (step.action == TCP_AS_CLOSED)
		return (closed6(w, p, f, out));
	if (step.action == TCP_MEET_SYN) {
		nat64_syn_discard(n, s);
		session_claim(&n->sessions, s);
	}
	if (tcp_event_of(p->tcp_flags, true) == TCP_V6_SYN)
		nat64_alg_open(n, s);
	apply_segment(w, s, &step, p, true);
	w->session = s;
	set_out4(out, &s->out4, &s->peer);
	return (NAT64_NONE);
}

enum nat64_reason
nat64_state6(struct passage *w, const struct pkt *p, struct in_addr dst4,
    unsigned prefix, struct tuple4 *out)
{
	struct nat64 *n = w->n;
	const enum session_class cls =
	    p->l4 == L4_UDP ? SESSION_UDP : SESSION_ICMP;
	struct flow6 f;
	struct session *s;
	enum nat64_reason reason = NAT64_NONE;

	/* dst4, as the suffix of the address is ignored (RFC 6052, 2.2). */
	f.in6.addr = p->ip6.src;
	f.in6.port = p->sport;
	f.peer.addr = dst4;
	f.peer.port = p->l4 == L4_ICMP ? 0 : p->dport;
	f.prefix = prefix;
	if (p->l4 == L4_TCP)
		return (tcp_state6(w, p, &f, out));

	s = live_session(w,
	    session_find6(&n->sessions, p->l4, &f.in6, &f.peer, prefix));
	if (s == NULL) {
		if (p->l4 == L4_ICMP && p->icmp_type == ICMP6_ECHO_REPLY &&
		    live_binding(w, bib_find6(&n->bibs[L4_ICMP], &f.in6)) ==
			NULL)
			return (NAT64_NO_BINDING); /* makes no binding */
		s = open_session6(w, p->l4, &f, cls, &reason);
		if (s == NULL)
			return (reason);
	}
	session_touch(&n->sessions, s, cls, w->now);
	nat64_fast_count(n, s, FAST_SIDE6);
	set_out4(out, &s->out4, &s->peer);
	return (NAT64_NONE);
}

/*
 * May peer have one more session (session_check_inbound())? The limit per peer
 * does not apply to a hairpin, whose source is a pool address that many hosts
 * share; the limits of the sending subscriber apply to it.
 */
static bool
check_inbound(const struct passage *w, struct in_addr peer,
    struct refusal *why)
{
	if (w->hairpin)
		peer.s_addr = INADDR_ANY;
	return (session_check_inbound(&w->n->sessions, peer, why) == 0);
}

/*
 * A session that a packet from IPv4 opens on binding e; the filter has been
 * applied. NULL with *reason.
 */
static struct session *
open_session4(struct passage *w, struct bib_entry *e,
    const struct taddr4 *peer, enum session_class cls,
    enum nat64_reason *reason)
{
	struct nat64 *n = w->n;
	const int prefix = nat64_prefix_for(n, e, peer->addr);
	struct refusal why;
	struct session *s = NULL;

	if (prefix == -1) {
		*reason = NAT64_WKP_NONGLOBAL;
		return (NULL);
	}
	if (check_inbound(w, peer->addr, &why))
		s = session_add_inbound(&n->sessions, e, peer,
		    (unsigned)prefix, cls, w->now, &why);
	if (s == NULL)
		*reason = nat64_report_refused4(n, (enum l4proto)e->proto,
		    peer->addr, &why);
	else
		nat64_report(n, NAT64_EV_SESSION_CREATE, NULL, s);
	return (s);
}

/* Does the filter allow a packet from t4->dst to open a session of e? */
static bool
filter_passes(const struct passage *w, const struct bib_entry *e,
    const struct tuple4 *t4)
{
	const enum l4proto proto = (enum l4proto)e->proto;

	return (!w->n->conf.adf[proto] ||
	    nat64_mapping_opens(w->n, e, t4->dst.addr) ||
	    session_has_peer(&w->n->sessions, proto, &t4->src, t4->dst.addr,
		w->now));
}

/*
 * Keep a SYN that has no binding, or that the filter refuses, unanswered
 * (RFC 6146, 3.5.2.2).
 */
static enum nat64_reason
store_syn(struct passage *w, struct pkt *p, struct bib_entry *e,
    const struct tuple4 *t4)
{
	struct nat64 *n = w->n;
	struct refusal why;
	struct session *s;
	enum nat64_reason reason = NAT64_NONE;

	if (!nat64_syn_room(n, p->ip4.src))
		return (NAT64_SYN_LIMIT);
	if (e != NULL) {
		s = open_session4(w, e, &t4->dst, SESSION_TCP_SYN, &reason);
	} else {
		s = check_inbound(w, t4->dst.addr, &why) ?
		    session_add_orphan(&n->sessions, L4_TCP, t4,
			SESSION_TCP_SYN, w->now, &why) :
		    NULL;
		if (s == NULL)
			reason = nat64_report_refused4(n, L4_TCP, t4->dst.addr,
			    &why);
	}
	if (s == NULL)
		return (reason);
	if (!nat64_syn_store(n, s, p)) {
		nat64_session_end(n, s, w->now);
		return (NAT64_NO_MEMORY);
	}
	return (NAT64_SYN_STORED);
}

/*
 * A segment from IPv4 without a session that is no SYN is translated for the
 * host of binding e, without making a session (RFC 6146, 3.5.2.2, CLOSED).
 */
static enum nat64_reason
stray4(const struct nat64 *n, const struct bib_entry *e,
    const struct taddr4 *peer, struct tuple6 *out)
{
	int prefix;

	if (e == NULL)
		return (NAT64_NO_SESSION);
	prefix = nat64_prefix_for(n, e, peer->addr);
	if (prefix == -1)
		return (NAT64_WKP_NONGLOBAL);
	pref64_embed(&n->prefixes[prefix].prefix, peer->addr, &out->src.addr);
	out->src.port = peer->port;
	out->dst = e->in6;
	return (NAT64_NONE);
}

/* A segment from IPv4 outside any session (state CLOSED). */
static enum nat64_reason
closed4(struct passage *w, struct pkt *p, const struct tuple4 *t4,
    struct tuple6 *out)
{
	struct nat64 *n = w->n;
	struct session *expected = NULL, *s;
	struct bib_entry *e;
	enum nat64_reason reason = NAT64_NONE;

	make_room4(w, t4->dst.addr);
	e = live_binding(w, bib_find4(&n->bibs[L4_TCP], &t4->src));
	if (tcp_event_of(p->tcp_flags, false) != TCP_V4_SYN ||
	    (p->tcp_flags & PKT_TH_ACK) != 0)
		return (stray4(n, e, &t4->dst, out));
	if (e != NULL)
		expected = nat64_expected(w, e, t4->dst.addr);
	if (n->conf.refuse_inbound_tcp && expected == NULL &&
	    (e == NULL || !e->open))
		return (NAT64_INBOUND_TCP);
	if (e == NULL || (e->expects && expected == NULL && !e->open) ||
	    !filter_passes(w, e, t4))
		return (store_syn(w, p, e, t4));
	s = open_session4(w, e, &t4->dst, SESSION_TCP_OPEN, &reason);
	if (s == NULL)
		return (reason);
	s->tcp_state = TCP_STATE_V4_INIT;
	if (expected != NULL)
		nat64_session_end(n, expected, w->now);
	set_out6(n, out, s);
	return (NAT64_NONE);
}

static enum nat64_reason
tcp_state4(struct passage *w, struct pkt *p, const struct tuple4 *t4,
    struct tuple6 *out)
{
	struct nat64 *n = w->n;
	struct session *s;
	struct tcp_step step;

	s = live_session(w, session_find4(&n->sessions, L4_TCP, t4));
	if (s == NULL)
		return (closed4(w, p, t4, out));
	step = step_session(n, s, p, false);
	if (step.action == TCP_DROP)
		return (NAT64_SYN_REPEATED);
	apply_segment(w, s, &step, p, false);
	w->session = s;
	set_out6(n, out, s);
	return (NAT64_NONE);
}

enum nat64_reason
nat64_state4(struct passage *w, struct pkt *p, struct tuple6 *out)
{
	struct nat64 *n = w->n;
	const enum session_class cls =
	    p->l4 == L4_UDP ? SESSION_UDP : SESSION_ICMP;
	struct tuple4 t4; /* outbound: (T,t) -> (Z,z) */
	struct bib_entry *e;
	struct session *s;
	enum nat64_reason reason = NAT64_NONE;

	t4.src.addr = p->ip4.dst;
	t4.src.port = p->dport;
	t4.dst.addr = p->ip4.src;
	t4.dst.port = p->l4 == L4_ICMP ? 0 : p->sport;
	if (p->l4 == L4_TCP)
		return (tcp_state4(w, p, &t4, out));

	s = live_session(w, session_find4(&n->sessions, p->l4, &t4));
	if (s != NULL) {
		if (n->conf.inbound_refresh)
			session_touch(&n->sessions, s, cls, w->now);
	} else {
		make_room4(w, t4.dst.addr);
		e = live_binding(w, bib_find4(&n->bibs[p->l4], &t4.src));
		if (e == NULL)
			return (NAT64_NO_BINDING);
		if (!filter_passes(w, e, &t4))
			return (NAT64_FILTERED);
		s = open_session4(w, e, &t4.dst, cls, &reason);
		if (s == NULL)
			return (reason);
	}
	nat64_fast_count(n, s, FAST_SIDE4);
	set_out6(n, out, s);
	return (NAT64_NONE);
}

/* Ask the IPv6 host whether the connection still exists. */
static void
send_probe(struct nat64 *n, const struct session *s)
{
	uint8_t buf[PKT_HEADROOM + PKT_IP6_HLEN + PKT_TCP_HLEN];
	struct pkt probe;
	struct tuple6 t;

	pkt_init(&probe, buf, sizeof(buf));
	set_out6(n, &t, s);
	tcp_probe_build6(&probe, &t, s->ack6, s->ack4);
	n->stats.counters[NAT64_PROBES]++;
	nat64_emit(n, &probe);
}

/* What to do when the lifetime of s is over. */
static struct tcp_step
step_timeout(const struct session *s)
{
	if (s->proto != L4_TCP)
		return ((struct tcp_step){ .action = TCP_DELETE });
	return (tcp_fsm_step((enum tcp_state)s->tcp_state, TCP_TIMEOUT, false,
	    false));
}

/* Is s over, and will no probe prolong it? */
static bool
is_lost(const struct passage *w, const struct session *s)
{
	if (session_is_stale(&w->n->sessions, s) || nat64_forbids(w->n, s))
		return (true);
	return (is_over(w, s) && step_timeout(s).action != TCP_PROBE);
}

bool
nat64_binding_lives(const struct passage *w, const struct bib_entry *e)
{
	const struct session *s;

	if (e == NULL)
		return (false);
	if (bib_is_kept(e))
		return (!w->n->settling.on || nat64_binding_allowed(w->n, e));
	for (s = session_next_of_bib(e, NULL); s != NULL;
	     s = session_next_of_bib(e, &s->peer))
		if (!is_lost(w, s))
			return (true);
	return (false);
}

/*
 * The lifetime of s, which has a stored SYN, is over. If the SYN came from
 * IPv4, answer it now. The answer to a hairpinned SYN has to be translated,
 * and so waits until the packet being handled is done.
 */
static void
answer_syn(struct passage *w, const struct session *s)
{
	struct stored_syn *syn = nat64_syn_take(w->n, s);

	if (syn == NULL)
		return;
	if (pool4_index(w->n->pool, syn->pkt.ip4.src) != -1) {
		TAILQ_INSERT_TAIL(&w->due, syn, entry);
		return;
	}
	nat64_answer_syn(w, syn);
	nat64_syn_free(w->n, syn);
}

bool
nat64_session_timeout(struct passage *w, struct session *s)
{
	struct nat64 *n = w->n;
	const struct tcp_step step = step_timeout(s);

	if (session_is_stale(&n->sessions, s) || nat64_forbids(n, s)) {
		nat64_session_end(n, s, w->now);
		return (true);
	}
	if (s->fast != 0) {
		session_take_back(&n->sessions, s);
		if (!is_over(w, s))
			return (false); /* it was used just before */
	}
	if (step.action == TCP_PROBE) {
		send_probe(n, s);
		apply_step(w, s, &step);
		return (false);
	}
	if (step.action == TCP_DELETE_ERROR)
		answer_syn(w, s);
	n->stats.counters[NAT64_SESSIONS_EXPIRED]++;
	nat64_session_end(n, s, w->now);
	return (true);
}
