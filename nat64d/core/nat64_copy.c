#include "nat64_alg_table.h"
#include "nat64_copy.h"
#include "nat64_state.h"
#include "nat64_struct.h"

bool
nat64_copy_session(struct nat64 *n, enum l4proto proto,
    const struct tuple4 *tuple, const struct nat64_clocks *at,
    struct nat64_copy *copy)
{
	struct session *s = session_find4(&n->sessions, proto, tuple);

	if (s == NULL || !nat64_save_session(n, s, at, &copy->session) ||
	    copy->session.prefix == NAT64_NO_PREFIX)
		return (false);
	copy->prefix = nat64_save_prefix(n, copy->session.prefix);
	copy->session.prefix = 0;
	nat64_save_binding(n, s->bib, &copy->binding);
	copy->binding.prefix = 0;
	s->copied = true;
	if (s->gateway)
		nat64_alg_copied(n, s, &copy->session.alg);
	return (true);
}

bool
nat64_is_copied(const struct nat64 *n, enum l4proto proto,
    const struct tuple4 *tuple)
{
	const struct session *s = session_find4(&n->sessions, proto, tuple);

	return (s != NULL && s->copied);
}

/*
 * The next session that is met, which may be changed or removed. NULL: the walk
 * has come to its end, or *max is 0.
 */
static struct session *
next_session(struct nat64 *n, struct nat64_walk *w, unsigned *max,
    enum nat64_met *met)
{
	const struct bib_entry *e;
	const struct session *s;

	while (
	    (*met = nat64_walk_next(n, w, max, &e, &s)) == NAT64_MET_BINDING)
		;
	if (*met != NAT64_MET_SESSION)
		return (NULL);
	return (session_find_peer(&n->sessions, e, &s->peer));
}

bool
nat64_copy_unmark(struct nat64 *n, struct nat64_walk *w, unsigned max)
{
	enum nat64_met met;
	struct session *s;

	while ((s = next_session(n, w, &max, &met)) != NULL)
		s->copied = false;
	return (met == NAT64_MET_PAUSE);
}

bool
nat64_copy_sweep(struct nat64 *n, struct nat64_walk *w, struct monotime now,
    unsigned max)
{
	enum nat64_met met;
	struct session *s;

	while ((s = next_session(n, w, &max, &met)) != NULL)
		if (!s->copied)
			nat64_session_end(n, s, now);
	return (met == NAT64_MET_PAUSE);
}
