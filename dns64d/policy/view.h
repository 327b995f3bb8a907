/*
 * Views: which client gets which policy (RFC 6147, 6.3), by its address and by
 * the listener that it sent to. Filled by the configuration, then only read.
 * Knows nothing of messages or sockets.
 *
 * The first view with a match is used, in the order of the file. Clients that
 * match none have the default view, of the statements outside of all views.
 */
#ifndef DNS64D_POLICY_VIEW_H
#define DNS64D_POLICY_VIEW_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>

#include "common/net/scoped_addr.h"

#include "policy.h"

#define VIEWS_MAX 64
#define VIEW_MATCHES_MAX 1024

/* Both conditions must hold; one with the family AF_UNSPEC always does. */
struct view_match {
	struct prefix from;
	struct scoped_addr on; /* a listener */
};

struct view {
	char *name; /* NULL: the default view */
	struct view_match *matches;
	size_t n_matches;
	bool own_prefixes; /* those of the default view were removed */
	struct dns64_policy policy;
	/* The same without DNS64; shares the arrays of policy. */
	struct dns64_policy plain;
};

/* The default view is v[0]. */
struct views {
	struct view *v;
	size_t n;
};

/*
 * Make the default view, with the defaults of policy_init.
 * Returns 0, or -1 with errno ENOMEM; then there is nothing to clear.
 */
int views_init(struct views *views);

/* Also of one that is all zero. */
void views_clear(struct views *views);

/*
 * Add a view behind the others; name is copied. Its policy begins as a copy of
 * the default view's, which must be complete.
 * Returns the view, until the next one is added; NULL with errno EEXIST (the
 * name is in use), ENOSPC (VIEWS_MAX) or ENOMEM.
 */
struct view *views_add(struct views *views, const char *name);

/*
 * Add a match, which matches every client until it is filled in.
 * Returns NULL with errno ENOSPC (VIEW_MATCHES_MAX) or ENOMEM.
 */
struct view_match *view_add_match(struct view *view);

/*
 * To be called after all statements: policy_finish for each view.
 * Returns 0, or -1 with errno as policy_finish.
 */
int views_finish(struct views *views);

/*
 * Whether no client can ever get the view with this index, because each of its
 * matches is contained in a match of an earlier view. (It is not found out
 * whether several matches together contain one.)
 * Returns the index of the view that takes its first match; 0 if some client
 * can get it.
 */
size_t views_hidden_by(const struct views *views, size_t i);

/* The view for a client and the listener that it sent to; never NULL. */
const struct view *view_select(const struct views *views,
    const struct sockaddr_storage *client, const struct scoped_addr *listener);

/* The match for which view_select chooses a view; NULL: the default view. */
const struct view_match *view_find_match(const struct view *view,
    const struct sockaddr_storage *client, const struct scoped_addr *listener);

/*
 * The policy of the view for a client. In a view with "dns64 ipv6-clients",
 * clients that ask over IPv4 have the one without DNS64, because a host with
 * IPv4 should use it (RFC 6147, 6.3.2).
 */
const struct dns64_policy *view_policy(const struct view *view,
    const struct sockaddr_storage *client);

#endif
