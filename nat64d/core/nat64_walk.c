/*
 * Walks through bindings and sessions.
 */
#include <string.h>

#include "nat64_walk.h"

/* Is e the binding whose sessions are being met? */
static bool
is_entered(const struct nat64_walk *w, const struct bib_entry *e)
{
	return (w->entered && w->in6.port == e->in6.port &&
	    IN6_ARE_ADDR_EQUAL(&w->in6.addr, &e->in6.addr) &&
	    taddr4_compare(&w->out4, &e->out4) == 0);
}

static void
enter(struct nat64_walk *w, const struct bib_entry *e)
{
	w->entered = true;
	w->skip = false;
	w->peer_set = false;
	w->in6 = e->in6;
	w->out4 = e->out4;
}

/* The next session of e, or NULL: the walk has gone past e. */
static const struct session *
next_session(struct nat64_walk *w, const struct bib_entry *e)
{
	const struct session *s = NULL;

	if (!w->skip)
		s = session_next_of_bib(e, w->peer_set ? &w->peer : NULL);
	if (s == NULL) {
		bib_walk_past(&w->bib, e);
		return (NULL);
	}
	w->peer_set = true;
	w->peer = s->peer;
	return (s);
}

enum nat64_met
nat64_walk_next(const struct nat64 *n, struct nat64_walk *w, unsigned *steps,
    const struct bib_entry **e, const struct session **s)
{
	while (*steps > 0 && w->proto < L4_NPROTO) {
		*e = bib_walk_at(nat64_bib(n, (enum l4proto)w->proto), &w->bib,
		    steps);
		if (*e == NULL && *steps > 0) {
			memset(&w->bib, 0, sizeof(w->bib));
			w->entered = false;
			w->proto++;
		}
		if (*e == NULL)
			continue;
		*s = NULL;
		if (!is_entered(w, *e)) {
			enter(w, *e);
			(*steps)--;
			return (NAT64_MET_BINDING);
		}
		*s = next_session(w, *e);
		if (*s != NULL) {
			(*steps)--;
			return (NAT64_MET_SESSION);
		}
	}
	return (w->proto < L4_NPROTO ? NAT64_MET_PAUSE : NAT64_MET_END);
}

void
nat64_walk_skip(struct nat64_walk *w)
{
	w->skip = true;
}
