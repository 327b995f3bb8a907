/*
 * GET /v1/pool, /v1/fragments, /v1/prefixes.
 */
#include <arpa/inet.h>

#include <stdlib.h>

#include "nat64d/admin.h"
#include "nat64d/engine.h"

#include "list.h"
#include "numbers.h"
#include "query.h"
#include "routes.h"

static const char *const none[] = { NULL };

/* --- pool --- */

/* A row is an index. */
struct pool_walk {
	const struct nat64 *n;
	uint32_t next;
};

static bool
walk_pool(void *arg, struct list *list, unsigned *steps)
{
	struct pool_walk *w = arg;
	uint32_t index;

	for (; *steps > 0; (*steps)--) {
		if (w->next >= pool4_n_addrs(nat64_pool(w->n)))
			return (false);
		index = w->next++;
		if (!list_add(list, 0, &index))
			break;
	}
	return (true);
}

static json_t *
pool_json(void *arg, const void *row)
{
	const struct pool_walk *w = arg;
	const struct pool4 *pool = nat64_pool(w->n);
	const uint32_t *index = row;
	const struct in_addr addr = pool4_addr(pool, *index);
	char text[INET_ADDRSTRLEN];

	return (json_pack("{s:s, s:I, s:I, s:I}", "external-src-address",
	    inet_ntop(AF_INET, &addr, text, sizeof(text)), "tcp-ports-free",
	    (json_int_t)pool4_n_free(pool, L4_TCP, *index), "udp-ports-free",
	    (json_int_t)pool4_n_free(pool, L4_UDP, *index),
	    "icmp-identifiers-free",
	    (json_int_t)pool4_n_free(pool, L4_ICMP, *index)));
}

void
get_pool(void *arg, struct httpd_request *rq)
{
	static const struct list_ops ops = { "pool", sizeof(uint32_t),
		walk_pool, pool_json };
	const struct admin *a = arg;
	struct pool_walk *w;

	if (httpd_only_params(rq, none) == -1)
		return;
	w = calloc(1, sizeof(*w));
	if (w == NULL) {
		httpd_error(rq, 500, "out of memory");
		return;
	}
	w->n = engine_nat64(a->engine);
	list_answer(rq, &ops, w, 0);
}

/* --- fragments --- */

void
get_fragments(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	const struct nat64 *n = engine_nat64(a->engine);
	const struct frag_limits *l = &nat64_config(n)->frag;

	if (httpd_only_params(rq, none) == -1)
		return;
	httpd_json(rq, 200,
	    json_pack("{s:I, s:I, s:I, s:I}", "datagrams",
		(json_int_t)frag_datagrams(nat64_frags(n)), "datagrams-max",
		(json_int_t)l->max_datagrams, "bytes",
		(json_int_t)frag_bytes(nat64_frags(n)), "bytes-max",
		(json_int_t)l->max_bytes));
}

/* --- prefixes --- */

void
get_prefixes(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	const struct nat64_config *c = nat64_config(engine_nat64(a->engine));
	json_t *list;
	char text[PREF64_STRLEN];
	size_t i;

	if (httpd_only_params(rq, none) == -1)
		return;
	list = json_array();
	for (i = 0; i < c->n_prefixes; i++)
		json_array_append_new(list,
		    json_pack("{s:s}", "nat64-prefix",
			pref64_print(&c->prefixes[i], text, sizeof(text))));
	httpd_json(rq, 200, json_pack("{s:o}", "nat64-prefixes", list));
}
