/*
 * GET /v1/sessions, /v1/bindings, /v1/subscribers.
 */
#include <stdlib.h>

#include "nat64d/admin.h"
#include "nat64d/core/nat64_walk.h"
#include "nat64d/engine.h"

#include "list.h"
#include "query.h"
#include "routes.h"
#include "row.h"

struct listing {
	const struct nat64 *n;
	struct nat64_filter filter;
	size_t key; /* what it is sorted by */
	struct nat64_walk walk;
	struct subscriber_walk subs;
};

/* keys: what it can be sorted by, as for query_top(). */
static void
answer(const struct admin *a, struct httpd_request *rq,
    const char *const params[], const char *const keys[],
    const struct list_ops *ops)
{
	struct listing *l;
	size_t top;

	if (httpd_only_params(rq, params) == -1)
		return;
	l = calloc(1, sizeof(*l));
	if (l == NULL) {
		httpd_error(rq, 500, "out of memory");
		return;
	}
	l->n = engine_nat64(a->engine);
	if (query_filter(rq, l->n, &l->filter) == -1 ||
	    query_top(rq, keys, &l->key, &top) == -1)
		free(l);
	else
		list_answer(rq, ops, l, top);
}

/* --- sessions --- */

static bool
walk_sessions(void *arg, struct list *list, unsigned *steps)
{
	const struct monotime now = monotime_now();
	struct listing *l = arg;
	const struct bib_entry *e;
	const struct session *s;
	enum nat64_met met;
	struct row row;

	while ((met = nat64_walk_next(l->n, &l->walk, steps, &e, &s)) <=
	    NAT64_MET_SESSION) {
		if (met == NAT64_MET_BINDING) {
			if (!nat64_filter_enters(&l->filter, e))
				nat64_walk_skip(&l->walk);
			continue;
		}
		if (session_is_stale(nat64_sessions(l->n), s) ||
		    !nat64_filter_session(&l->filter, l->n, s))
			continue;
		row_of_session(&row, l->n, e, s, now);
		if (!list_add(list, (uint64_t)row.left_secs, &row))
			return (true);
	}
	return (met == NAT64_MET_PAUSE);
}

static json_t *
session_json(void *arg, const void *row)
{
	(void)arg;
	return (row_session(row));
}

void
get_sessions(void *arg, struct httpd_request *rq)
{
	static const char *const params[] = { QUERY_FILTER, "sort", "top",
		NULL };
	static const char *const keys[] = { "lifetime", NULL };
	static const struct list_ops ops = { "sessions", sizeof(struct row),
		walk_sessions, session_json };

	answer(arg, rq, params, keys, &ops);
}

/* --- bindings --- */

static bool
walk_bindings(void *arg, struct list *list, unsigned *steps)
{
	const struct monotime now = monotime_now();
	struct listing *l = arg;
	const struct bib_entry *e;
	const struct session *s;
	enum nat64_met met;
	struct row row;

	while ((met = nat64_walk_next(l->n, &l->walk, steps, &e, &s)) ==
	    NAT64_MET_BINDING) {
		nat64_walk_skip(&l->walk);
		if (!nat64_filter_binding(&l->filter, e))
			continue;
		row_of_binding(&row, l->n, e, now);
		if (!list_add(list, row.n_sessions, &row))
			return (true);
	}
	return (met == NAT64_MET_PAUSE);
}

static json_t *
binding_json(void *arg, const void *row)
{
	(void)arg;
	return (row_binding(row));
}

void
get_bindings(void *arg, struct httpd_request *rq)
{
	static const char *const params[] = { "addr", "host", "port", "proto",
		"subscriber", "sort", "top", NULL };
	static const char *const keys[] = { "sessions", NULL };
	static const struct list_ops ops = { "bindings", sizeof(struct row),
		walk_bindings, binding_json };

	answer(arg, rq, params, keys, &ops);
}

/* --- subscribers --- */

static const char *const subscriber_keys[] = { "sessions", "bindings", "tcp",
	"udp", "icmp", NULL };

static uint64_t
subscriber_key(const struct subscriber *s, size_t key)
{
	switch (key) {
	case 0:
		return (s->n_sessions);
	case 1:
		return (subscriber_count_bindings(s));
	default:
		return (s->n_bindings[L4_TCP + key - 2]);
	}
}

/* IPv4: who has this address of the pool. */
static bool
subscriber_matches(const struct listing *l, const struct row_subscriber *r)
{
	const struct subscriber *s = &r->sub;
	const struct nat64_filter *f = &l->filter;
	const unsigned len = nat64_subscribers(l->n)->prefix_len;
	const struct prefix own = { .family = AF_INET6,
		.len = (unsigned char)len,
		.v6 = s->prefix };

	if (f->subscriber.family != 0 &&
	    !prefix_match6(&f->subscriber, &s->prefix))
		return (false);
	if (f->any.net.family == AF_INET6)
		return (prefix_overlap(&f->any.net, &own));
	return (f->any.net.family == 0 || prefix_match4(&f->any.net, r->addr));
}

static bool
walk_subscribers(void *arg, struct list *list, unsigned *steps)
{
	struct listing *l = arg;
	const struct subscriber *s;
	struct row_subscriber row;

	while ((s = subscriber_walk_next(nat64_subscribers(l->n), &l->subs,
		    steps)) != NULL) {
		if (subscriber_is_idle(s))
			continue;
		row.sub = *s;
		row.addr = s->pool_addr;
		if (subscriber_matches(l, &row) &&
		    !list_add(list, subscriber_key(s, l->key), &row))
			return (true);
	}
	return (*steps == 0);
}

static json_t *
subscriber_json(void *arg, const void *row)
{
	const struct listing *l = arg;

	return (row_subscriber(l->n, row));
}

void
get_subscribers(void *arg, struct httpd_request *rq)
{
	static const char *const params[] = { "addr", "subscriber", "sort",
		"top", NULL };
	static const struct list_ops ops = { "subscribers",
		sizeof(struct row_subscriber), walk_subscribers,
		subscriber_json };

	answer(arg, rq, params, subscriber_keys, &ops);
}
