/*
 * Sessions of a running translator for another node, one at a time: what
 * nat64_set_changes() tells is kept by tuple, and looked up when it is sent.
 *
 * A session is marked when it has been copied, so that its end need be told
 * only then, and that a new one is copied once.
 */
#ifndef NAT64D_CORE_NAT64_COPY_H
#define NAT64D_CORE_NAT64_COPY_H

#include <stdbool.h>

#include "nat64.h"
#include "nat64_restore.h"
#include "nat64_walk.h"

/* A session and what it needs; session.prefix and binding.prefix are 0. */
struct nat64_copy {
	struct pref64 prefix;
	struct nat64_saved_binding binding;
	struct nat64_saved_session session;
};

/*
 * Copy the session of (T,t) and peer, and mark it. at: any moment, but the same
 * for all. Returns false when there is none, or none that is kept
 * (nat64_save_session()).
 */
bool nat64_copy_session(struct nat64 *n, enum l4proto proto,
    const struct tuple4 *tuple, const struct nat64_clocks *at,
    struct nat64_copy *copy);

/*
 * At the node that gets the copy, restored sessions are marked (they are in the
 * store, as far as this node knows). To end those that a new copy does not
 * have: remove the marks, restore the copy, and sweep. Each looks at about max
 * entries, and returns true while there is more; w: all zero at first.
 */
bool nat64_copy_unmark(struct nat64 *n, struct nat64_walk *w, unsigned max);
bool nat64_copy_sweep(struct nat64 *n, struct nat64_walk *w,
    struct monotime now, unsigned max);

/* Is there one, and is it marked? */
bool nat64_is_copied(const struct nat64 *n, enum l4proto proto,
    const struct tuple4 *tuple);

#endif
