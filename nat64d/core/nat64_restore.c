#include <string.h>

#include "nat64_alg_table.h"
#include "nat64_event.h"
#include "nat64_expect.h"
#include "nat64_policy.h"
#include "nat64_restore.h"
#include "nat64_state.h"
#include "nat64d/tables/tcp_fsm.h"

/*
 * A port that was bound and is not any more rests at least so long, for TCP
 * as well: its connections have not been closed (RFC 6888, REQ-8).
 */
#define REST_SECS 120

/* --- saving --- */

size_t
nat64_save_prefixes(const struct nat64 *n)
{
	return (n->conf.n_prefixes);
}

struct pref64
nat64_save_prefix(const struct nat64 *n, size_t i)
{
	return (n->conf.prefixes[i]);
}

/*
 * The number of the Pref64 that has this place (struct prefix_slot), or
 * NAT64_NO_PREFIX if it is not configured any more.
 */
static uint8_t
saved_prefix(const struct nat64 *n, uint8_t place)
{
	uint8_t i;

	for (i = 0; i < n->conf.n_prefixes; i++)
		if (n->prefix_of[i] == place)
			return (i);
	return (NAT64_NO_PREFIX);
}

void
nat64_save_binding(const struct nat64 *n, const struct bib_entry *e,
    struct nat64_saved_binding *b)
{
	*b = (struct nat64_saved_binding){
		.proto = (enum l4proto)e->proto,
		.in6 = e->in6,
		.out4 = e->out4,
		.paired = e->sub->pool_addr,
		.prefix = e->prefix < 0 ? NAT64_NO_PREFIX :
					  saved_prefix(n, (uint8_t)e->prefix),
		.is_static = e->is_static,
	};
}

void
nat64_save_block(const struct nat64 *n, const struct pool4_block *block,
    struct nat64_saved_block *saved)
{
	*saved = (struct nat64_saved_block){
		.subscriber = block->holder,
		.subscriber_len = (uint8_t)n->conf.subscriber_len,
		.addr = block->addr,
		.ports = block->ports,
	};
}

bool
nat64_save_session(const struct nat64 *n, const struct session *s,
    const struct nat64_clocks *at, struct nat64_saved_session *saved)
{
	struct session copy = *s;

	if (s->bib == NULL || nat64_is_expectation(s) ||
	    session_is_stale(&n->sessions, s) ||
	    (s->proto == L4_TCP &&
		(s->tcp_state == TCP_STATE_CLOSED ||
		    s->tcp_state == TCP_STATE_V4_INIT_STORED)))
		return (false);
	if (copy.fast != 0)
		session_read_notes(&n->sessions, &copy);
	*saved = (struct nat64_saved_session){
		.peer = copy.peer,
		.used_ms = at->wall_ms +
		    monotime_diff_ms(session_used(&n->sessions, s), at->mono),
		.prefix = saved_prefix(n, copy.prefix),
		.cls = (uint8_t)session_class(&n->sessions, &copy),
		.inbound = copy.inbound,
	};
	if (copy.proto == L4_TCP) {
		saved->state = copy.tcp_state;
		saved->ack6 = copy.ack6;
		saved->ack4 = copy.ack4;
	}
	if (s->gateway)
		nat64_alg_save(n, s, &saved->alg);
	return (true);
}

bool
nat64_save_mapping(const struct nat64 *n, struct nat64_mapping *last,
    bool first, const struct nat64_clocks *at,
    struct nat64_saved_mapping *saved)
{
	const struct nat64_mapping *m =
	    nat64_mapping_after(n, first ? NULL : last);

	if (m == NULL)
		return (false);
	*saved = (struct nat64_saved_mapping){ .peered = m->peered,
		.peer = m->peer,
		.end_ms = at->wall_ms + monotime_diff_ms(m->end, at->mono) };
	nat64_save_binding(n, m->bib, &saved->binding);
	memcpy(saved->nonce, m->nonce, sizeof(saved->nonce));
	*last = *m;
	return (true);
}

int64_t
nat64_save_epoch(const struct nat64 *n, const struct nat64_clocks *at)
{
	return (at->wall_ms - monotime_diff_ms(at->mono, n->mappings.epoch));
}

/* --- restoring --- */

void
nat64_restore_begin(struct nat64_restore *r, struct nat64 *n,
    const struct nat64_clocks *at, bool ports_only)
{
	memset(r, 0, sizeof(*r));
	r->n = n;
	r->at = *at;
	r->ports_only = ports_only;
	r->left = NAT64_LEFT_UNKNOWN;
	memset(r->prefixes, NAT64_NO_PREFIX, sizeof(r->prefixes));
}

void
nat64_restore_late(struct nat64_restore *r)
{
	r->late = true;
}

/* Has s been used since n is active? */
static bool
is_newer(const struct nat64 *n, const struct session *s)
{
	const struct monotime used =
	    s->fast == 0 ? s->stamp : session_last_use(&n->sessions, s);

	return (monotime_reached(n->sessions.since, used));
}

void
nat64_restore_role(struct nat64_restore *r,
    const struct nat64_saved_role *saved)
{
	nat64_set_role(r->n, saved->role, r->at.mono);
	nat64_set_draining(r->n, saved->draining);
}

void
nat64_restore_prefix(struct nat64_restore *r, size_t i, const struct pref64 *p)
{
	const struct nat64_config *c = &r->n->conf;
	uint8_t k;

	if (i >= NAT64_MAX_PREFIXES)
		return;
	r->prefixes[i] = NAT64_NO_PREFIX;
	for (k = 0; k < c->n_prefixes; k++)
		if (pref64_equal(&c->prefixes[k], p))
			r->prefixes[i] = r->n->prefix_of[k];
}

/* Our index of a saved one, or NAT64_NO_PREFIX. */
static uint8_t
prefix_of(const struct nat64_restore *r, uint8_t saved)
{
	return (
	    saved < NAT64_MAX_PREFIXES ? r->prefixes[saved] : NAT64_NO_PREFIX);
}

/* Put the port of a binding into quarantine, if it is one of the pool. */
static void
rest(const struct nat64_restore *r, const struct nat64_saved_binding *b)
{
	const struct nat64 *n = r->n;
	uint32_t secs = n->conf.pool_opts.quarantine_secs[b->proto];

	if (n->conf.adf[b->proto]) /* RFC 6888, REQ-8c */
		return;
	if (secs < REST_SECS)
		secs = REST_SECS;
	pool4_rest(n->pool, b->proto, &b->out4, &b->in6, secs, r->at.mono);
}

static void
report_deleted(const struct nat64_restore *r,
    const struct nat64_saved_binding *b)
{
	struct bib_entry e = { .in6 = b->in6,
		.out4 = b->out4,
		.proto = (uint8_t)b->proto };

	/* The log names no static bindings. */
	if (!b->is_static)
		nat64_report(r->n, NAT64_EV_BIB_DELETE, &e, NULL);
}

/*
 * All that belongs to the last binding has been restored. If nothing was, it
 * has ended.
 */
static void
finish_binding(struct nat64_restore *r)
{
	struct bib_entry *e = r->e;

	r->e = NULL;
	if (e == NULL || e->n_sessions > 0 || bib_is_kept(e))
		return;
	nat64_report(r->n, NAT64_EV_BIB_DELETE, e, NULL);
	bib_release(&r->n->bibs[e->proto], e, r->at.mono);
	rest(r, &r->binding);
	r->counts.bindings--;
	r->counts.left_bindings[NAT64_LEFT_ENDED]++;
}

static void
leave_binding(struct nat64_restore *r, const struct nat64_saved_binding *b,
    enum nat64_left why)
{
	r->left = why;
	r->counts.left_bindings[why]++;
	rest(r, b);
	report_deleted(r, b);
}

/* End what was restored of a binding that was removed while it was saved. */
static void
end_binding(struct nat64_restore *r, struct bib_entry *e)
{
	unsigned n_sessions = e->n_sessions;

	r->counts.bindings--;
	r->counts.left_bindings[NAT64_LEFT_BOUND]++;
	r->counts.sessions -= n_sessions;
	r->counts.left_sessions[NAT64_LEFT_BOUND] += n_sessions;
	r->lost = r->lost || e->held;
	if (!nat64_mappings_lose(r->n, e, r->at.mono))
		(void)nat64_sessions_end(r->n, e, r->at.mono, &n_sessions);
}

static enum nat64_left
left_by(const struct refusal *why)
{
	switch (why->by) {
	case REFUSED_NO_POOL:
		return (NAT64_LEFT_POOL);
	case REFUSED_EXISTS:
		return (NAT64_LEFT_BOUND);
	default:
		return (NAT64_LEFT_LIMIT);
	}
}

/* Find or make the entry of b; NULL with *left. */
static struct bib_entry *
get_binding(struct nat64_restore *r, const struct nat64_saved_binding *b,
    enum nat64_left *left)
{
	struct bib *bib = &r->n->bibs[b->proto];
	struct bib_entry *e6, *e4;
	struct refusal why;

	e6 = bib_find6(bib, &b->in6);
	e4 = bib_find4(bib, &b->out4);
	if (e6 != NULL && e6 == e4)
		return (e6);
	*left = NAT64_LEFT_NEWER;
	if (r->late && (e6 != NULL || e4 != NULL))
		return (NULL);
	*left = NAT64_LEFT_BOUND;
	if (b->is_static || (e6 != NULL && e6->is_static) ||
	    (e4 != NULL && e4->is_static))
		return (NULL);
	if (e6 != NULL)
		end_binding(r, e6);
	if (e4 != NULL)
		end_binding(r, e4);
	e6 = bib_restore(bib, &b->in6, &b->out4, b->paired, r->at.mono, &why);
	if (e6 == NULL)
		*left = left_by(&why);
	else
		r->counts.bindings++;
	return (e6);
}

static bool
is_valid_binding(const struct nat64_saved_binding *b)
{
	return (b->proto < L4_NPROTO &&
	    (b->proto == L4_ICMP || (b->in6.port != 0 && b->out4.port != 0)));
}

/* The entry of b, which is valid, or NULL with *left. */
static struct bib_entry *
bring_back(struct nat64_restore *r, const struct nat64_saved_binding *b,
    enum nat64_left *left)
{
	const struct nat64 *n = r->n;

	*left = NAT64_LEFT_REFUSED;
	if (r->ports_only)
		return (NULL);
	*left = NAT64_LEFT_DENIED;
	if (nat64_find_prefix(n, &b->in6.addr) != -1 ||
	    !permit_allows(n->permit, &b->in6.addr))
		return (NULL);
	return (get_binding(r, b, left));
}

void
nat64_restore_binding(struct nat64_restore *r,
    const struct nat64_saved_binding *b)
{
	enum nat64_left left;

	finish_binding(r);
	if (!is_valid_binding(b)) {
		nat64_restore_unknown(r, false);
		return;
	}
	r->binding = *b;
	r->e = bring_back(r, b, &left);
	if (r->e == NULL)
		leave_binding(r, b, left);
}

/* A mapping whose time is not over; false: it could not be made. */
static bool
add_mapping(struct nat64_restore *r, const struct nat64_saved_mapping *m)
{
	const struct monotime end =
	    monotime_add_ms(r->at.mono, m->end_ms - r->at.wall_ms);
	struct nat64 *n = r->n;
	enum nat64_left left;

	if (!n->conf.pcp.on || n->role == NAT64_ROLE_STANDBY)
		return (false);
	r->binding = m->binding;
	r->e = bring_back(r, &m->binding, &left);
	if (r->e == NULL ||
	    nat64_mapping_find(n, r->e, m->peered ? &m->peer : NULL) != NULL)
		return (false);
	return (nat64_mapping_add(n, r->e, m->peered ? &m->peer : NULL,
		    m->nonce, end) != NULL);
}

/*
 * A lifetime is a day at most by default; one that cannot be is not believed,
 * nor is a binding that no mapping can have.
 */
static bool
is_valid_mapping(const struct nat64_restore *r,
    const struct nat64_saved_mapping *m)
{
	return (is_valid_binding(&m->binding) && m->binding.proto != L4_ICMP &&
	    m->peered == (m->peer.port != 0) &&
	    m->end_ms - r->at.wall_ms <= (int64_t)UINT32_MAX * 1000);
}

void
nat64_restore_mapping(struct nat64_restore *r,
    const struct nat64_saved_mapping *m)
{
	finish_binding(r);
	r->left = NAT64_LEFT_UNKNOWN; /* sessions come after a binding */
	if (m->end_ms <= r->at.wall_ms)
		return;
	if (!is_valid_mapping(r, m) || !add_mapping(r, m))
		r->lost = true;
}

void
nat64_restore_epoch(struct nat64_restore *r, int64_t epoch_ms)
{
	r->has_epoch = true;
	r->epoch_ms = epoch_ms;
}

void
nat64_restore_block(struct nat64_restore *r,
    const struct nat64_saved_block *saved)
{
	const struct pool4_block block = { .addr = saved->addr,
		.ports = saved->ports,
		.holder = saved->subscriber };
	struct nat64 *n = r->n;

	if (r->ports_only || saved->subscriber_len != n->conf.subscriber_len ||
	    pool4_restore_block(n->pool, &block, r->at.mono) == -1)
		nat64_report_block(n, &block, saved->subscriber_len, false);
}

static bool
is_valid_session(enum l4proto proto, const struct nat64_saved_session *s)
{
	if (proto == L4_ICMP)
		return (s->cls == SESSION_ICMP && s->peer.port == 0);
	if (s->peer.port == 0)
		return (false);
	if (proto == L4_UDP)
		return (
		    s->cls == SESSION_UDP && s->alg.mode == NAT64_ALG_NONE);
	if (s->state == TCP_STATE_CLOSED ||
	    s->state == TCP_STATE_V4_INIT_STORED || s->state >= TCP_NSTATES)
		return (false);
	if (s->alg.mode >= NAT64_ALG_NMODES)
		return (false);
	return (s->cls == SESSION_TCP_EST || s->cls == SESSION_TCP_OPEN ||
	    s->cls == SESSION_TCP_CLOSE);
}

/*
 * The time from which the lifetime counts, by our own clock. Returns false
 * when the lifetime is over. An established TCP connection is kept for one
 * more timeout, in which it is probed (RFC 6146, 3.5.2.2). At standby none is
 * over, because the packets that have refreshed it since it was copied are
 * known to the other node only; nor is one that comes late, which would be here
 * since then. A late one has not been used here, whatever the clocks say.
 */
static bool
stamp_of(const struct nat64_restore *r, const struct nat64_saved_session *s,
    struct monotime *stamp)
{
	const struct session_table *t = &r->n->sessions;
	const uint32_t life =
	    session_lifetime(t, (enum session_class)s->cls, s->peer.port);
	uint64_t age, max = (uint64_t)life * 1000;

	/* Of any 64 bits; the difference may not fit into an int64_t. */
	age = s->used_ms < r->at.wall_ms ?
	    (uint64_t)r->at.wall_ms - (uint64_t)s->used_ms :
	    0;
	*stamp = r->at.mono;
	if (age >= max && (r->late || r->n->role == NAT64_ROLE_STANDBY))
		age = max;
	else if (age >= max && s->cls == SESSION_TCP_EST &&
	    age - max < (uint64_t)t->lifetime_secs[SESSION_TCP_CLOSE] * 1000)
		age = max;
	else if (age >= max)
		return (false);
	*stamp = monotime_add_ms(r->at.mono, -(int64_t)age);
	if (r->late && monotime_reached(t->since, *stamp))
		stamp->ns = t->since.ns - 1;
	return (true);
}

/* May b have the session s by the configuration? */
static enum nat64_left
check_session(const struct nat64_restore *r,
    const struct nat64_saved_session *s, uint8_t prefix)
{
	const struct nat64 *n = r->n;
	const enum l4proto proto = (enum l4proto)r->e->proto;
	struct refusal why;

	if (prefix == NAT64_NO_PREFIX)
		return (NAT64_LEFT_PREFIX);
	if (!nat64_may_embed(n, prefix, s->peer.addr))
		return (NAT64_LEFT_DENIED);
	if (nat64_excluded(n, proto, s->peer.addr, s->peer.port))
		return (NAT64_LEFT_EXCLUDED);
	if (s->inbound &&
	    session_check_inbound(&n->sessions, (struct in_addr){ INADDR_ANY },
		&why) == -1)
		return (NAT64_LEFT_LIMIT);
	return (NAT64_LEFT_NOT);
}

/* s is there already: it is as past says from now on. */
static void
update_session(struct nat64 *n, struct session *s,
    const struct session_past *past)
{
	session_leave_fast(&n->sessions, s);
	if (s->prefix != past->prefix)
		session_set_prefix(&n->sessions, s, past->prefix);
	s->tcp_state = past->tcp_state;
	s->ack6 = past->ack6;
	s->ack4 = past->ack4;
	s->copied = true;
	session_touch(&n->sessions, s, past->cls, past->stamp);
}

/* The gateway that s has had, in place of the one that it has. */
static enum nat64_left
restore_gateway(struct nat64 *n, struct session *s,
    const struct nat64_saved_session *saved)
{
	nat64_alg_close(n, s);
	if (saved->alg.mode == NAT64_ALG_NONE)
		return (NAT64_LEFT_NOT);
	return (nat64_alg_restore(n, s, &saved->alg) ? NAT64_LEFT_NOT :
						       NAT64_LEFT_LIMIT);
}

/* The store of an active node does not have what has come late. */
static void
tell_late(const struct nat64_restore *r, const struct session *s)
{
	if (r->late)
		nat64_note_change(r->n, s, NAT64_CHANGE_STATE);
}

static enum nat64_left
add_session(struct nat64_restore *r, const struct nat64_saved_session *s)
{
	const uint8_t prefix = prefix_of(r, s->prefix);
	struct session_past past = {
		.peer = s->peer,
		.prefix = prefix,
		.cls = (enum session_class)s->cls,
		.inbound = s->inbound,
		.tcp_state = s->state,
		.ack6 = s->ack6,
		.ack4 = s->ack4,
	};
	struct session *known, *added;
	struct refusal why;
	enum nat64_left left;

	left = check_session(r, s, prefix);
	if (left != NAT64_LEFT_NOT)
		return (left);
	if (!stamp_of(r, s, &past.stamp))
		return (NAT64_LEFT_ENDED);
	known = session_find_peer(&r->n->sessions, r->e, &s->peer);
	if (known != NULL && known->bib == r->e &&
	    !session_is_stale(&r->n->sessions, known)) {
		if (r->late && is_newer(r->n, known))
			return (NAT64_LEFT_NEWER);
		update_session(r->n, known, &past);
		tell_late(r, known);
		return (restore_gateway(r->n, known, s));
	}
	added =
	    session_restore(&r->n->sessions, r->e, &past, r->at.mono, &why);
	if (added == NULL)
		return (left_by(&why));
	added->copied = true;
	if (restore_gateway(r->n, added, s) == NAT64_LEFT_NOT) {
		tell_late(r, added);
		return (NAT64_LEFT_NOT);
	}
	session_remove(&r->n->sessions, added);
	return (NAT64_LEFT_LIMIT);
}

void
nat64_restore_session(struct nat64_restore *r,
    const struct nat64_saved_session *s)
{
	enum nat64_left left = r->left;
	uint8_t prefix;

	if (r->e != NULL && !is_valid_session((enum l4proto)r->e->proto, s))
		left = NAT64_LEFT_UNKNOWN;
	else if (r->e != NULL)
		left = add_session(r, s);
	if (left != NAT64_LEFT_NOT) {
		r->counts.left_sessions[left]++;
		return;
	}
	r->counts.sessions++;
	prefix = prefix_of(r, r->binding.prefix);
	if (prefix != NAT64_NO_PREFIX)
		r->e->prefix = prefix;
}

void
nat64_restore_ended(struct nat64_restore *r, enum l4proto proto,
    const struct tuple4 *tuple)
{
	struct session *s;

	finish_binding(r);
	r->left = NAT64_LEFT_UNKNOWN; /* a session that comes has no binding */
	s = session_find4(&r->n->sessions, proto, tuple);
	if (s == NULL || s->bib == NULL || (r->late && is_newer(r->n, s)))
		return;
	/* The other node has reported it. */
	r->n->quiet = r->late;
	nat64_session_end(r->n, s, r->at.mono);
	r->n->quiet = false;
}

void
nat64_restore_unknown(struct nat64_restore *r, bool session)
{
	if (session) {
		r->counts.left_sessions[NAT64_LEFT_UNKNOWN]++;
		return;
	}
	finish_binding(r);
	r->left = NAT64_LEFT_UNKNOWN;
	r->counts.left_bindings[NAT64_LEFT_UNKNOWN]++;
}

void
nat64_restore_end(struct nat64_restore *r)
{
	struct nat64 *n = r->n;

	finish_binding(r);
	if (r->has_epoch && !r->lost && !r->ports_only &&
	    n->role != NAT64_ROLE_STANDBY && r->epoch_ms <= r->at.wall_ms &&
	    r->epoch_ms >= 0)
		n->mappings.epoch =
		    monotime_add_ms(r->at.mono, r->epoch_ms - r->at.wall_ms);
}

const char *
nat64_left_name(enum nat64_left left)
{
	static const char *const names[NAT64_NLEFTS] = {
		[NAT64_LEFT_NOT] = "none",
		[NAT64_LEFT_POOL] = "not in the pool",
		[NAT64_LEFT_PREFIX] = "prefix not configured",
		[NAT64_LEFT_DENIED] = "denied",
		[NAT64_LEFT_EXCLUDED] = "excluded",
		[NAT64_LEFT_LIMIT] = "limit reached",
		[NAT64_LEFT_BOUND] = "bound otherwise",
		[NAT64_LEFT_ENDED] = "ended meanwhile",
		[NAT64_LEFT_UNKNOWN] = "of an unknown kind",
		[NAT64_LEFT_REFUSED] = "refused",
		[NAT64_LEFT_NEWER] = "newer here",
	};

	return (names[left]);
}
