#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

#include "view.h"

int
views_init(struct views *views)
{
	views->n = 0;
	if ((views->v = calloc(1, sizeof(*views->v))) == NULL)
		return (-1);
	if (policy_init(&views->v[0].policy) == -1) {
		free(views->v);
		views->v = NULL;
		return (-1);
	}
	views->n = 1;
	return (0);
}

void
views_clear(struct views *views)
{
	struct view *view;
	size_t i;

	for (i = 0; i < views->n; i++) {
		view = &views->v[i];
		free(view->name);
		free(view->matches);
		policy_clear(&view->policy);
	}
	free(views->v);
	views->v = NULL;
	views->n = 0;
}

static bool
has_name(const struct views *views, const char *name)
{
	size_t i;

	for (i = 1; i < views->n; i++) {
		if (strcmp(views->v[i].name, name) == 0)
			return (true);
	}
	return (false);
}

struct view *
views_add(struct views *views, const char *name)
{
	struct view *bigger, *view;

	if (has_name(views, name)) {
		errno = EEXIST;
		return (NULL);
	}
	if (views->n == VIEWS_MAX) {
		errno = ENOSPC;
		return (NULL);
	}
	bigger = array_grow(views->v, views->n, sizeof(*bigger));
	if (bigger == NULL)
		return (NULL);
	views->v = bigger;
	view = &bigger[views->n];
	memset(view, 0, sizeof(*view));
	if ((view->name = strdup(name)) == NULL)
		return (NULL);
	if (policy_copy(&view->policy, &bigger[0].policy) == -1) {
		free(view->name);
		return (NULL);
	}
	views->n++;
	return (view);
}

struct view_match *
view_add_match(struct view *view)
{
	struct view_match *bigger;

	if (view->n_matches == VIEW_MATCHES_MAX) {
		errno = ENOSPC;
		return (NULL);
	}
	bigger = array_grow(view->matches, view->n_matches, sizeof(*bigger));
	if (bigger == NULL)
		return (NULL);
	view->matches = bigger;
	memset(&bigger[view->n_matches], 0, sizeof(*bigger));
	return (&bigger[view->n_matches++]);
}

int
views_finish(struct views *views)
{
	struct view *view;
	size_t i;

	for (i = 0; i < views->n; i++) {
		view = &views->v[i];
		if (policy_finish(&view->policy) == -1)
			return (-1);
		view->plain = view->policy;
		view->plain.dns64 = POLICY_DNS64_NO;
	}
	return (0);
}

static bool
holds(const struct view_match *m, const struct sockaddr_storage *client,
    const struct scoped_addr *listener)
{
	return (
	    (m->from.family == AF_UNSPEC || prefix_match(&m->from, client)) &&
	    (m->on.ss.ss_family == AF_UNSPEC ||
		scoped_addr_equal(&m->on, listener)));
}

/* Which clients can match; without "from", those of the listener's family. */
static struct prefix
clients_of(const struct view_match *m)
{
	if (m->from.family != AF_UNSPEC || m->on.ss.ss_family == AF_UNSPEC)
		return (m->from);
	return ((struct prefix){ .family = m->on.ss.ss_family });
}

/* True if every client that matches b matches a. */
static bool
contains(const struct view_match *a, const struct view_match *b)
{
	struct prefix all = clients_of(a), some = clients_of(b);

	if (a->on.ss.ss_family != AF_UNSPEC &&
	    !scoped_addr_equal(&a->on, &b->on))
		return (false);
	return (a->from.family == AF_UNSPEC ||
	    (all.len <= some.len && prefix_overlap(&all, &some)));
}

/* The first view before i with a match that contains m, or 0. */
static size_t
taken_by(const struct views *views, size_t i, const struct view_match *m)
{
	const struct view *view;
	size_t j, k;

	for (j = 1; j < i; j++) {
		view = &views->v[j];
		for (k = 0; k < view->n_matches; k++) {
			if (contains(&view->matches[k], m))
				return (j);
		}
	}
	return (0);
}

size_t
views_hidden_by(const struct views *views, size_t i)
{
	const struct view *view = &views->v[i];
	size_t k;

	for (k = 0; k < view->n_matches; k++) {
		if (taken_by(views, i, &view->matches[k]) == 0)
			return (0);
	}
	return (
	    view->n_matches == 0 ? 0 : taken_by(views, i, &view->matches[0]));
}

const struct view_match *
view_find_match(const struct view *view, const struct sockaddr_storage *client,
    const struct scoped_addr *listener)
{
	size_t k;

	for (k = 0; k < view->n_matches; k++) {
		if (holds(&view->matches[k], client, listener))
			return (&view->matches[k]);
	}
	return (NULL);
}

const struct view *
view_select(const struct views *views, const struct sockaddr_storage *client,
    const struct scoped_addr *listener)
{
	const struct view *view;
	size_t i;

	for (i = 1; i < views->n; i++) {
		view = &views->v[i];
		if (view_find_match(view, client, listener) != NULL)
			return (view);
	}
	return (&views->v[0]);
}

const struct dns64_policy *
view_policy(const struct view *view, const struct sockaddr_storage *client)
{
	if (view->policy.dns64 == POLICY_DNS64_IPV6_CLIENTS &&
	    client->ss_family != AF_INET6)
		return (&view->plain);
	return (&view->policy);
}
