/*
 * Ending the sessions that a filter matches.
 */
#include "nat64_kill.h"
#include "nat64_state.h"
#include "nat64_struct.h"

/* To end a session takes about as long as to look at so many entries. */
#define STEPS_OF_AN_END 8

/* End s, which the walk has met in e. Stale ones are the flush's. */
static bool
end(struct nat64 *n, const struct bib_entry *e, const struct session *met,
    struct monotime now)
{
	struct session *s = session_find_peer(&n->sessions, e, &met->peer);

	if (s == NULL || session_is_stale(&n->sessions, s))
		return (false);
	nat64_session_end(n, s, now);
	return (true);
}

bool
nat64_kill(struct nat64 *n, struct nat64_kill *k, struct monotime now,
    unsigned max)
{
	const struct bib_entry *e;
	const struct session *s;
	enum nat64_met met;

	while ((met = nat64_walk_next(n, &k->walk, &max, &e, &s)) <=
	    NAT64_MET_SESSION) {
		if (met == NAT64_MET_BINDING) {
			if (!nat64_filter_enters(&k->filter, e))
				nat64_walk_skip(&k->walk);
			continue;
		}
		if (!nat64_filter_session(&k->filter, n, s) ||
		    !end(n, e, s, now))
			continue;
		k->n_ended++;
		max -= max < STEPS_OF_AN_END ? max : STEPS_OF_AN_END;
	}
	return (met == NAT64_MET_PAUSE);
}
