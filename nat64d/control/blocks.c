/*
 * GET /v1/blocks: who has which block of ports.
 */
#include <stdlib.h>

#include "nat64d/admin.h"
#include "nat64d/engine.h"

#include "list.h"
#include "query.h"
#include "routes.h"
#include "row.h"

struct block_listing {
	const struct nat64 *n;
	struct nat64_filter filter;
	struct pool4_block_walk walk;
};

static bool
matches(const struct block_listing *l, const struct pool4_block *b)
{
	const struct nat64_filter *f = &l->filter;
	const struct prefix own = { .family = AF_INET6,
		.len = (unsigned char)nat64_subscribers(l->n)->prefix_len,
		.v6 = b->holder };

	if (f->subscriber.family != 0 &&
	    !prefix_match6(&f->subscriber, &b->holder))
		return (false);
	if (f->any.has_port &&
	    (f->any.net.family != AF_INET || f->any.port < b->ports.first ||
		f->any.port > b->ports.last))
		return (false);
	if (f->any.net.family == AF_INET6)
		return (prefix_overlap(&f->any.net, &own));
	return (f->any.net.family == 0 || prefix_match4(&f->any.net, b->addr));
}

static bool
walk_blocks(void *arg, struct list *list, unsigned *steps)
{
	struct block_listing *l = arg;
	struct pool4_block block;

	while (
	    pool4_block_walk_next(nat64_pool(l->n), &l->walk, steps, &block))
		if (matches(l, &block) &&
		    !list_add(list, block.n_ports, &block))
			return (true);
	return (*steps == 0);
}

static json_t *
block_json(void *arg, const void *row)
{
	const struct block_listing *l = arg;

	return (row_block(l->n, row));
}

void
get_blocks(void *arg, struct httpd_request *rq)
{
	static const char *const params[] = { "addr", "subscriber", "sort",
		"top", NULL };
	static const char *const keys[] = { "ports", NULL };
	static const struct list_ops ops = { "blocks",
		sizeof(struct pool4_block), walk_blocks, block_json };
	const struct admin *a = arg;
	struct block_listing *l;
	size_t key, top;

	if (httpd_only_params(rq, params) == -1)
		return;
	l = calloc(1, sizeof(*l));
	if (l == NULL) {
		httpd_error(rq, 500, "out of memory");
		return;
	}
	l->n = engine_nat64(a->engine);
	if (query_filter(rq, l->n, &l->filter) == -1 ||
	    query_top(rq, keys, &key, &top) == -1)
		free(l);
	else
		list_answer(rq, &ops, l, top);
}
