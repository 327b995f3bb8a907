/*
 * Which bindings and sessions may stay when the configuration has changed, and
 * the end of a binding.
 */
#ifndef NAT64D_CORE_NAT64_BINDING_H
#define NAT64D_CORE_NAT64_BINDING_H

#include "nat64_struct.h"

/*
 * Would the configuration make this binding? An old static one is allowed, as
 * it may be configured again, unless its address has left the pool.
 */
bool nat64_binding_allowed(const struct nat64 *n, const struct bib_entry *e);

/* Does the configuration allow the session s, which has been there before? */
bool nat64_session_allowed(const struct nat64 *n, const struct session *s);

/*
 * Is s a session that nat64_settle() is going to end? Then nothing else may be
 * done with it.
 */
static inline bool
nat64_forbids(const struct nat64 *n, const struct session *s)
{
	return (n->settling.on && !nat64_session_allowed(n, s));
}

/*
 * e is not a static binding any more: it becomes dynamic, and is removed if it
 * has no sessions and no mapping holds it. Returns true when e has been
 * removed.
 */
bool nat64_static_end(struct nat64 *n, struct bib_entry *e,
    struct monotime now);

/*
 * Report that e has been made, and before it that its subscriber has an
 * address, if it is the first one.
 */
void nat64_binding_report(struct nat64 *n, const struct bib_entry *e);

/* Remove e if it has no sessions and is not static (RFC 6146, 3.1). */
void nat64_binding_release(struct nat64 *n, struct bib_entry *e,
    struct monotime now);

/*
 * Remove all static bindings, which are not reported one by one. There must be
 * no sessions.
 */
void nat64_statics_end(struct nat64 *n, struct monotime now);

#endif
