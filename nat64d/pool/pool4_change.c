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

	pool4_fill_free(&used, sp->range, proto);
	portset_subtract(&used, &sp->free);
	pool4_fill_free(&free_ports, r, proto);
	while ((port = portset_next_missing(&used, &free_ports, &place)) != -1)
		leave_range(pool, sp, (uint16_t)port);
	portset_subtract(&free_ports, &used);
	keep_outside(sp, &free_ports);
	sp->free = free_ports;
}

/* Enter a space into the array and the counts of new. */
static void
enter(struct pool4 *new, struct space *sp)
{
	const enum l4proto proto = sp->quarantine.proto;
	struct addr_group *g = &new->addrs.groups[sp->range->group];
	unsigned class;

	new->spaces[proto][sp->index] = sp;
	new->n_free[proto] -=
	    pool4_addrs_n_ports(sp->range, proto, 0, UINT16_MAX) -
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

int
pool4_change(struct pool4 *pool, const struct pool4_range *ranges,
    size_t n_ranges, const struct pool4_opts *opts)
{
	struct pool4 new = { .opts = *opts };
	enum l4proto proto;
	uint32_t i;

	if (pool4_init_addrs(&new, ranges, n_ranges) == -1 ||
	    make_room(pool, &new) == -1) {
		pool4_clear_addrs(&new);
		errno = ENOMEM;
		return (-1);
	}
	for (proto = L4_TCP; proto < L4_NPROTO; proto++)
		for (i = 0; i < pool->addrs.n_addrs; i++)
			if (pool->spaces[proto][i] != NULL)
				move_space(pool, &new, pool->spaces[proto][i]);
	pool4_clear_addrs(pool);
	pool->opts = new.opts;
	pool->addrs = new.addrs;
	memcpy(pool->capacity, new.capacity, sizeof(pool->capacity));
	memcpy(pool->n_free, new.n_free, sizeof(pool->n_free));
	memcpy(pool->spaces, new.spaces, sizeof(pool->spaces));
	pool->quarantine.slab.max = pool4_max_quarantined(pool);
	return (0);
}

bool
pool4_forget(struct pool4 *pool, unsigned max)
{
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
	return (false);
}
