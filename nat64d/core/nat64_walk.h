/*
 * A walk through all bindings and their sessions that can pause anywhere, as
 * packets cannot wait for a million sessions. The tables change while it
 * pauses: an entry that exists from the beginning of the walk to its end is
 * met exactly once. Each binding is met before its sessions. Sessions without
 * a binding, which are stored SYNs, are not met.
 *
 * A walk has no pointers into the tables, so it may be forgotten at any time.
 */
#ifndef NAT64D_CORE_NAT64_WALK_H
#define NAT64D_CORE_NAT64_WALK_H

#include <stdbool.h>

#include "nat64.h"

/*
 * The place: in the BIB of proto at bib. If entered, the binding in6, out4 has
 * been met, and its sessions up to that with peer. All zero: the beginning.
 */
struct nat64_walk {
	int proto;
	struct bib_walk bib;
	bool entered;
	bool skip; /* the rest of this binding */
	bool peer_set;
	struct taddr6 in6;
	struct taddr4 out4;
	struct taddr4 peer;
};

enum nat64_met {
	NAT64_MET_BINDING,
	NAT64_MET_SESSION,
	NAT64_MET_PAUSE, /* no steps are left */
	NAT64_MET_END
};

/*
 * Go on to the next entry. steps: counted down by one for every entry, and for
 * every 1024 empty trees passed; must not be 0. e is the binding that is met,
 * or that of the session; s is NULL for a binding. Both are valid until the
 * next packet. They may be removed.
 */
enum nat64_met nat64_walk_next(const struct nat64 *n, struct nat64_walk *w,
    unsigned *steps, const struct bib_entry **e, const struct session **s);

/* Do not meet the sessions of the binding that was met last. */
void nat64_walk_skip(struct nat64_walk *w);

#endif
