#include <string.h>

#include "nat64_pair.h"

static bool
is_same(const struct nat64_pair *a, const struct nat64_pair *b)
{
	return (a->src.s_addr == b->src.s_addr &&
	    a->dst.s_addr == b->dst.s_addr && a->proto == b->proto &&
	    a->from6 == b->from6);
}

static bool
has_pairs(const struct nat64 *n)
{
	return (n->eamt != NULL && n->fastpath != NULL &&
	    n->fastpath->add_pair != NULL);
}

/* A packet of a pair has been translated; f->id_counter is not set yet. */
static void
seen(struct nat64 *n, struct fastpair *f)
{
	const struct nat64_pair pair = { .src = f->src4,
		.dst = f->dst4,
		.proto = f->proto,
		.from6 = f->from6 };
	struct nat64_pair *cell;

	f->id_counter = ipid_index(&n->ids, pair.src, pair.dst,
	    l4proto_number(pair.proto));
	cell = &n->pairs[f->id_counter % NAT64_PAIR_CELLS];
	if (!is_same(cell, &pair))
		*cell = pair;
	if (++cell->n < PAIR_AFTER)
		return;
	cell->n = PAIR_AFTER - PAIR_RETRY;
	n->stats.counters[NAT64_FAST_OFFERED]++;
	n->fastpath->add_pair(n->fastpath->arg, f);
}

void
nat64_pair_seen6(struct nat64 *n, const struct pkt *p,
    const struct tuple4 *out)
{
	struct fastpair f;

	if (!has_pairs(n))
		return;
	f = (struct fastpair){ .src6 = p->ip6.src,
		.dst6 = p->ip6.dst,
		.src4 = out->src.addr,
		.dst4 = out->dst.addr,
		.proto = (uint8_t)p->l4,
		.from6 = true };
	seen(n, &f);
}

void
nat64_pair_seen4(struct nat64 *n, const struct pkt *p,
    const struct tuple6 *out)
{
	struct fastpair f;

	if (!has_pairs(n))
		return;
	f = (struct fastpair){ .src6 = out->src.addr,
		.dst6 = out->dst.addr,
		.src4 = p->ip4.src,
		.dst4 = p->ip4.dst,
		.proto = (uint8_t)p->l4,
		.from6 = false };
	seen(n, &f);
}

void
nat64_pairs_forget(struct nat64 *n)
{
	if (!has_pairs(n))
		return;
	memset(n->pairs, 0, sizeof(n->pairs));
	n->fastpath->forget_pairs(n->fastpath->arg);
}
