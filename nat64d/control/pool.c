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
	struct prefix only; /* family 0: all addresses */
	enum l4proto key;
	uint32_t next;
};

static bool
walk_pool(void *arg, struct list *list, unsigned *steps)
{
	struct pool_walk *w = arg;
	const struct pool4 *pool = nat64_pool(w->n);
	uint32_t index;

	for (; *steps > 0; (*steps)--) {
		if (w->next >= pool4_n_addrs(pool))
			return (false);
		index = w->next++;
		if (w->only.family != 0 &&
		    !prefix_match4(&w->only, pool4_addr(pool, index)))
			continue;
		/* The fewest free ports first. */
		if (!list_add(list,
			UINT32_MAX - pool4_n_free(pool, w->key, index),
			&index)) {
			(*steps)--;
			break;
		}
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
	const struct pool4_block_count blocks =
	    pool4_count_blocks_of(pool, *index);
	char text[INET_ADDRSTRLEN];
	json_t *o;

	o = json_pack("{s:s, s:I, s:I, s:I}", "external-src-address",
	    inet_ntop(AF_INET, &addr, text, sizeof(text)), "tcp-ports-free",
	    (json_int_t)pool4_n_free(pool, L4_TCP, *index), "udp-ports-free",
	    (json_int_t)pool4_n_free(pool, L4_UDP, *index),
	    "icmp-identifiers-free",
	    (json_int_t)pool4_n_free(pool, L4_ICMP, *index));
	if (blocks.total == 0)
		return (o);
	json_object_set_new(o, "blocks",
	    json_integer((json_int_t)blocks.total));
	json_object_set_new(o, "blocks-free",
	    json_integer((json_int_t)(blocks.total - blocks.held)));
	json_object_set_new(o, "blocks-idle",
	    json_integer((json_int_t)blocks.resting));
	return (o);
}

/* Which addresses. Returns 0, or -1 when the request has been answered. */
static int
read_only(struct httpd_request *rq, const struct nat64 *n, struct prefix *only)
{
	struct nat64_filter f;

	if (query_filter(rq, n, &f) == -1)
		return (-1);
	if (f.any.net.family == AF_INET6 || f.any.has_port) {
		httpd_error(rq, 400,
		    "addr: an IPv4 address or prefix is needed, as 192.0.2.1 "
		    "or 192.0.2.0/24");
		return (-1);
	}
	*only = f.any.net;
	return (0);
}

void
get_pool(void *arg, struct httpd_request *rq)
{
	static const char *const params[] = { "addr", "sort", "top", NULL };
	static const char *const keys[L4_NPROTO + 1] = { "tcp", "udp", "icmp",
		NULL };
	static const enum l4proto protos[] = { L4_TCP, L4_UDP, L4_ICMP };
	static const struct list_ops ops = { "pool", sizeof(uint32_t),
		walk_pool, pool_json };
	const struct admin *a = arg;
	const struct nat64 *n = engine_nat64(a->engine);
	struct pool_walk *w;
	struct prefix only;
	size_t key, top;

	if (httpd_only_params(rq, params) == -1 ||
	    read_only(rq, n, &only) == -1 ||
	    query_top(rq, keys, &key, &top) == -1)
		return;
	w = calloc(1, sizeof(*w));
	if (w == NULL) {
		httpd_error(rq, 500, "out of memory");
		return;
	}
	w->n = n;
	w->only = only;
	w->key = protos[key];
	list_answer(rq, &ops, w, top);
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
