/*
 * What follows from another configuration for the bindings and sessions that
 * there are, in slices. All that is decided here is which of them stay.
 */
#include <string.h>

#include "nat64_binding.h"
#include "nat64_event.h"
#include "nat64_fast.h"
#include "nat64_mapping.h"
#include "nat64_settle.h"
#include "nat64_state.h"
#include "nat64_walk.h"

void
nat64_settle_begin(struct nat64 *n, const struct nat64_static *statics,
    size_t n_statics)
{
	unsigned i;

	memset(&n->settling, 0, sizeof(n->settling));
	n->settling.on = true;
	n->settling.statics = statics;
	n->settling.n_statics = n_statics;
	for (i = 0; i < L4_NPROTO; i++)
		bib_begin_statics(&n->bibs[i]);
}

/* --- static bindings --- */

/*
 * The limit of bindings is not below the number of static ones, which take the
 * place of dynamic ones when these end.
 */
static void
add_static(struct nat64 *n, const struct nat64_static *st, struct monotime now)
{
	const size_t max = n->bib_slab.max, max_subs = n->subs.slab.max;
	const struct bib_entry *e;

	n->bib_slab.max = n->subs.slab.max = SLAB_NO_MAX;
	e = bib_add_static(&n->bibs[st->proto], &st->in6, &st->out4, now);
	n->bib_slab.max = max;
	n->subs.slab.max = max_subs;
	if (e == NULL) {
		n->settling.n_refused++;
		return;
	}
	nat64_binding_report(n, e);
}

/* End e with its sessions. Returns false when max was too low. */
static bool
end_binding(struct nat64 *n, struct bib_entry *e, struct monotime now,
    unsigned *max)
{
	return ((e->is_static && nat64_static_end(n, e, now)) ||
	    nat64_mappings_lose(n, e, now) ||
	    nat64_sessions_end(n, e, now, max));
}

/*
 * Make st, if it is not there. What binds one of its sides to another address
 * is dynamic or an old static binding, and ends. Returns false when max was too
 * low.
 */
static bool
settle_static(struct nat64 *n, const struct nat64_static *st,
    struct monotime now, unsigned *max)
{
	struct bib *b = &n->bibs[st->proto];
	struct bib_entry *e6 = bib_find6(b, &st->in6);
	struct bib_entry *e4 = bib_find4(b, &st->out4);

	if (e6 != NULL && e6 == e4) {
		if (e6->is_static)
			bib_confirm_static(b, e6);
		else
			bib_add_static(b, &st->in6, &st->out4, now);
		return (true);
	}
	if ((e6 != NULL && !end_binding(n, e6, now, max)) ||
	    (e4 != NULL && !end_binding(n, e4, now, max)))
		return (false);
	add_static(n, st, now);
	return (true);
}

static bool
settle_statics(struct nat64 *n, struct monotime now, unsigned *max)
{
	struct settling *st = &n->settling;

	for (; st->n_statics > 0; st->statics++, st->n_statics--) {
		if (*max == 0)
			return (false);
		(*max)--;
		if (!settle_static(n, st->statics, now, max))
			return (false);
	}
	return (true);
}

/* --- all bindings and their sessions --- */

/*
 * The walk has met the binding e. If it may stay, its port claims its block:
 * the blocks may be other ones now. Else its sessions will end.
 */
static void
settle_binding(struct nat64 *n, const struct bib_entry *e, struct monotime now)
{
	struct bib *b = &n->bibs[e->proto];

	if ((bib_is_old_static(b, e) &&
		nat64_static_end(n, bib_find6(b, &e->in6), now)) ||
	    (e->held && !nat64_mappings_allowed(n, e) &&
		nat64_mappings_lose(n, bib_find6(b, &e->in6), now)))
		return;
	if (!e->is_static && nat64_binding_allowed(n, e))
		(void)pool4_claim(n->pool, b->proto, &e->out4, &e->in6.addr,
		    now);
}

/* The walk has met the session "met" of e. */
static void
settle_session(struct nat64 *n, const struct bib_entry *e,
    const struct session *met, struct monotime now)
{
	struct session *s = session_find_peer(&n->sessions, e, &met->peer);

	if (session_is_stale(&n->sessions, s) ||
	    !nat64_session_allowed(n, s)) {
		nat64_session_end(n, s, now);
		return;
	}
	nat64_fast_recheck(n, s);
	session_refit(&n->sessions, s);
}

static bool
settle_bindings(struct nat64 *n, struct monotime now, unsigned *max)
{
	const struct bib_entry *e;
	const struct session *s;
	enum nat64_met met;

	while ((met = nat64_walk_next(n, &n->settling.walk, max, &e, &s)) <=
	    NAT64_MET_SESSION) {
		if (met == NAT64_MET_BINDING)
			settle_binding(n, e, now);
		else
			settle_session(n, e, s, now);
	}
	return (met == NAT64_MET_END);
}

bool
nat64_settle(struct nat64 *n, struct monotime now, unsigned max)
{
	if (n->settling.on && settle_statics(n, now, &max) &&
	    settle_bindings(n, now, &max))
		n->settling.on = pool4_forget(n->pool, max);
	return (n->settling.on);
}

size_t
nat64_statics_refused(const struct nat64 *n)
{
	return (n->settling.n_refused);
}
