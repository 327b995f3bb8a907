/*
 * Views: which clients get which policy (RFC 6147, 6.3), by the client's
 * address and by the listener that was asked. Filled once by the
 * configuration, then only read. Knows nothing of messages or sockets.
 *
 * The first view with a match holds, in the order of the file. Who matches
 * none has the default view, made of the statements outside of all views.
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

/* Both conditions hold; one with the family AF_UNSPEC always does. */
struct view_match {
	struct prefix from;
	struct scoped_addr on; /* a listener, as in the configuration */
};

struct view {
	char *name; /* NULL: the default view */
	struct view_match *matches;
	size_t n_matches;
	bool own_prefixes; /* has prefixes of its own, not the default's */
	struct dns64_policy policy;
	/* The same without DNS64; its arrays are those of policy. */
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

/* Harmless on one that is all zero. */
void views_clear(struct views *views);

/*
 * Add a view behind the others; name is copied. Its policy begins as a copy
 * of the default view's, which therefore must be complete by now.
 * Returns the view, which further adding may move; NULL with errno EEXIST
 * (the name is taken), ENOSPC (VIEWS_MAX) or ENOMEM.
 */
struct view *views_add(struct views *views, const char *name);

/*
 * Add a match, to be filled in, that matches every client until then.
 * Returns NULL with errno ENOSPC (VIEW_MATCHES_MAX) or ENOMEM.
 */
struct view_match *view_add_match(struct view *view);

/*
 * To be called when all is added: policy_finish for each view.
 * Returns 0, or -1 with errno as policy_finish.
 */
int views_finish(struct views *views);

/*
 * Who has the clients of the view with that index, when no client can ever
 * reach it: each of its matches is contained in a match of an earlier view.
 * (Several matches that contain one only together are not looked for.)
 * Returns the index of the view that has the first match; 0 when the view
 * can be reached.
 */
size_t views_hidden_by(const struct views *views, size_t i);

/* The view of a client who asked a listener; there is always one. */
const struct view *view_select(const struct views *views,
    const struct sockaddr_storage *client, const struct scoped_addr *listener);

/*
 * What the view says of a client: its policy, or the same without DNS64 when
 * the view has that for clients that ask over IPv6 only (RFC 6147, 6.3.2: a
 * host with IPv4 is better off with its own).
 */
const struct dns64_policy *view_policy(const struct view *view,
    const struct sockaddr_storage *client);

#endif
