/*
 * Other addresses and ports for a pool in use. The spaces of addresses that
 * stay are moved from the old array to the new one; those of the others wait
 * in pool->left until their quarantine has been forgotten.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pool4_struct.h"

static bool
same_ports(const struct addr_range *a, const struct addr_range *b,
    enum l4proto proto)
{
	const struct portlist *la = &a->holes[proto], *lb = &b->holes[proto];

	return (a->ports[proto].first == b->ports[proto].first &&
	    a->ports[proto].last == b->ports[proto].last && la->n == lb->n &&
	    memcmp(la->ranges, lb->ranges, la->n * sizeof(la->ranges[0])) ==
		0);
}

/* Do addresses of a and b have the same blocks? */
static bool
same_blocks(const struct addr_range *a, const struct addr_range *b)
{
	return (portplan_same(&a->plan, &b->plan));
}

/* The range in new of an address of old, or NULL; *index: that in new. */
static const struct addr_range *
range_in(const struct pool4 *new, const struct pool4 *old, uint32_t old_index,
    uint32_t *index)
{
	const int32_t i = pool4_index(new, pool4_addr(old, old_index));

	if (i < 0)
		return (NULL);
	*index = (uint32_t)i;
	return (pool4_addrs_range(&new->addrs, *index));
}

/* Has a port of the address ever been used? */
static bool
is_used(const struct pool4 *pool, uint32_t index)
{
	return (pool->spaces[L4_TCP][index] != NULL ||
	    pool->spaces[L4_UDP][index] != NULL ||
	    pool->spaces[L4_ICMP][index] != NULL);
}

/* Make the blocks of addresses in use that have others than before. */
static int
make_blocks(struct pool4 *pool, struct pool4 *new)
{
	const struct addr_range *r;
	struct block_space *sp;
	uint32_t i, index;

	for (i = 0; i < pool->addrs.n_addrs; i++) {
		if (!is_used(pool, i) && pool->block_spaces[i] == NULL)
			continue;
		r = range_in(new, pool, i, &index);
		if (r == NULL || r->plan.block_size == 0 ||
		    (pool->block_spaces[i] != NULL &&
			same_blocks(pool4_addrs_range(&pool->addrs, i), r)))
			continue;
		sp = pool4_new_blocks(&pool->blocks, r,
		    r->first + (index - r->base));
		if (sp == NULL)
			return (-1);
		sp->fresh = true;
		sp->before = pool->block_spaces[i];
		new->block_spaces[index] = sp;
	}
	return (0);
}

/*
 * Taken ports of the dynamic range may be outside of it afterwards: make room
 * for all of them, so that nothing can fail later.
 */
static int
make_room(struct pool4 *pool, const struct pool4 *new)
{
	const struct addr_range *r;
	enum l4proto proto;
	struct space *sp;
	uint32_t i, index;

	for (proto = L4_TCP; proto < L4_NPROTO; proto++)
		for (i = 0; i < pool->addrs.n_addrs; i++) {
			sp = pool->spaces[proto][i];
			if (sp == NULL)
				continue;
			r = range_in(new, pool, i, &index);
			if (r != NULL && !same_ports(sp->range, r, proto) &&
			    pool4_make_outside(sp) == -1)
				return (-1);
		}
	return (0);
}

/* A port of the old dynamic range that is not free is not in the new one. */
static void
leave_range(struct pool4 *pool, struct space *sp, uint16_t port)
{
	struct quarantined *e;

	e = quarantine_find_port(&pool->quarantine, &sp->quarantine, port);
	if (e != NULL)
		quarantine_remove(&pool->quarantine, e);
	else
		sp->outside[port / 64] |= UINT64_C(1) << port % 64;
}

/* Taken ports that were outside of the dynamic range may be in it now. */
static void
keep_outside(struct space *sp, struct portset *free_ports)
{
	uint64_t left;
	uint16_t port;
	unsigned i;

	for (i = 0; i < SPACE_NWORDS; i++)
		for (left = sp->outside[i]; left != 0; left &= left - 1) {
			port = (uint16_t)(i * 64 +
			    (unsigned)__builtin_ctzll(left));
			if (!portset_has(free_ports, port))
				continue;
			portset_remove(free_ports, port);
			sp->outside[i] &= ~(UINT64_C(1) << port % 64);
		}
}

/* sp->range gets the ports of r. make_room() has been called. */
static void
change_ports(struct pool4 *pool, struct space *sp, const struct addr_range *r)
{
	const enum l4proto proto = sp->quarantine.proto;
	struct portset used, free_ports;
	unsigned place = 0;
	int32_t port;

	pool4_addrs_fill(&used, sp->range, proto);
	portset_subtract(&used, &sp->free);
	if (sp->others != NULL)
		portset_subtract(&used, sp->others);
	pool4_addrs_fill(&free_ports, r, proto);
	while ((port = portset_next_missing(&used, &free_ports, &place)) != -1)
		leave_range(pool, sp, (uint16_t)port);
	portset_subtract(&free_ports, &used);
	keep_outside(sp, &free_ports);
	part_divide(&free_ports, sp->others, r, proto, pool->opts.node);
	sp->free = free_ports;
}

/* Enter a space into the array and the counts of new. */
static void
enter(struct pool4 *new, struct space *sp)
{
	const enum l4proto proto = sp->quarantine.proto;
	struct addr_group *g = &new->addrs.groups[sp->range->group];
	struct portset part;
	unsigned class;

	new->spaces[proto][sp->index] = sp;
	part_fill(&part, NULL, sp->range, proto, new->opts.node);
	new->n_free[proto] -= portset_count(&part, PORTSET_ALL) -
	    portset_count(&sp->free, PORTSET_ALL);
	for (class = 0; class < NCLASSES; class ++)
		if (portset_count(&sp->free, pool4_class_parts[class]) == 0)
			bitset_put(&g->usable[proto][class], sp->index, false);
	pool4_limit_quarantine(new, sp);
}

static void
move_space(struct pool4 *pool, struct pool4 *new, struct space *sp)
{
	const struct addr_range *r;

	r = range_in(new, pool, sp->index, &sp->index);
	if (r == NULL) {
		sp->range = NULL;
		TAILQ_INSERT_TAIL(&pool->left, sp, left);
		return;
	}
	if (!same_ports(sp->range, r, sp->quarantine.proto))
		change_ports(pool, sp, r);
	sp->range = r;
	enter(new, sp);
}

/* Blocks that stay go to new; the others leave. */
static void
move_blocks(struct pool4 *pool, struct pool4 *new)
{
	const struct addr_range *r;
	struct block_space *sp;
	uint32_t i, index;

	for (i = 0; i < pool->addrs.n_addrs; i++) {
		sp = pool->block_spaces[i];
		if (sp == NULL)
			continue;
		r = range_in(new, pool, i, &index);
		if (r != NULL && r->plan.block_size != 0 &&
		    same_blocks(pool4_addrs_range(&pool->addrs, i), r)) {
			sp->index = index;
			new->block_spaces[index] = sp;
		} else
			blocks_space_leave(&pool->blocks, sp);
		pool->block_spaces[i] = NULL;
	}
}

/* Count the ports of blocks that are new, and enter all blocks in the groups
 * of new. */
static void
enter_blocks(struct pool4 *pool, struct pool4 *new)
{
	struct block_space *sp;
	struct portset all;
	enum l4proto proto;
	uint32_t i;

	for (i = 0; i < new->addrs.n_addrs; i++) {
		sp = new->block_spaces[i];
		if (sp == NULL)
			continue;
		part_fill(&all, NULL, pool4_addrs_range(&new->addrs, i),
		    L4_TCP, new->opts.node);
		for (proto = L4_TCP; proto < L4_NPROTO; proto++)
			if (sp->fresh && new->spaces[proto][i] != NULL)
				blocks_space_refill(sp, proto, &all,
				    &new->spaces[proto][i]->free);
		if (sp->fresh)
			TAILQ_INSERT_TAIL(&pool->blocks.fresh, sp, entry);
		sp->usable = true;
		pool4_note_blocks(new, sp);
	}
}

int
pool4_change(struct pool4 *pool, const struct pool4_range *ranges,
    size_t n_ranges, const struct pool4_opts *opts)
{
	struct pool4 new = { .opts = *opts };
	enum l4proto proto;
	uint32_t i;

	new.opts.node = pool->opts.node;
	if (pool4_init_addrs(&new, ranges, n_ranges) == -1 ||
	    make_room(pool, &new) == -1 || make_blocks(pool, &new) == -1) {
		for (i = 0; new.block_spaces != NULL &&i < new.addrs.n_addrs;
		     i++)
			blocks_space_free(new.block_spaces[i]);
		pool4_clear_addrs(&new);
		errno = ENOMEM;
		return (-1);
	}
	for (proto = L4_TCP; proto < L4_NPROTO; proto++)
		for (i = 0; i < pool->addrs.n_addrs; i++)
			if (pool->spaces[proto][i] != NULL)
				move_space(pool, &new, pool->spaces[proto][i]);
	move_blocks(pool, &new);
	enter_blocks(pool, &new);
	pool4_clear_addrs(pool);
	pool->opts = new.opts;
	pool->addrs = new.addrs;
	memcpy(pool->capacity, new.capacity, sizeof(pool->capacity));
	memcpy(pool->capacity_all, new.capacity_all,
	    sizeof(pool->capacity_all));
	memcpy(pool->n_free, new.n_free, sizeof(pool->n_free));
	memcpy(pool->spaces, new.spaces, sizeof(pool->spaces));
	pool->block_spaces = new.block_spaces;
	pool->n_blocks = new.n_blocks;
	pool->blocks.rest_secs = pool->opts.block_rest_secs;
	/* The old blocks are still there until pool4_forget(). */
	pool->blocks.slab.max = pool->n_blocks + pool->blocks.slab.used;
	pool->quarantine.slab.max = pool4_max_quarantined(pool);
	return (0);
}

bool
pool4_forget(struct pool4 *pool, unsigned max)
{
	struct block_space *blocks;
	struct quarantined *e;
	struct space *sp;

	while ((sp = TAILQ_FIRST(&pool->left)) != NULL) {
		while ((e = TAILQ_FIRST(&sp->quarantine.queue)) != NULL) {
			if (max == 0)
				return (true);
			max--;
			quarantine_remove(&pool->quarantine, e);
		}
		TAILQ_REMOVE(&pool->left, sp, left);
		pool4_free_space(sp);
	}
	while ((blocks = TAILQ_FIRST(&pool->blocks.fresh)) != NULL) {
		if (max < blocks->n_blocks)
			max = max > 0 ? blocks->n_blocks : 0;
		if (max == 0)
			return (true);
		max -= blocks->n_blocks;
		blocks_space_settle(&pool->blocks, blocks);
		pool4_note_blocks(pool, blocks);
	}
	return (blocks_forget(&pool->blocks, max));
}
