/*
 * Who gets which block of ports, and a port of it (RFC 6888, REQ-14). The
 * blocks themselves are kept by blocks.c.
 */
#include <errno.h>

#include "pool4_struct.h"

static const struct addr_range *
range_of(const struct pool4 *pool, uint32_t index)
{
	return (pool4_addrs_range(&pool->addrs, index));
}

struct block_space *
pool4_new_blocks(struct blocks *b, const struct addr_range *r, uint32_t addr)
{
	struct block_space *sp;
	struct portset all;

	part_fill(&all, NULL, r, L4_TCP, b->node);
	sp = blocks_space_new(b, addr, &r->plan, &all);
	if (sp != NULL)
		sp->index = r->base + (addr - r->first);
	return (sp);
}

struct block_space *
pool4_get_blocks(struct pool4 *pool, uint32_t index)
{
	const struct addr_range *r = range_of(pool, index);
	struct block_space *sp = pool->block_spaces[index];

	if (sp != NULL)
		return (sp);
	sp = pool4_new_blocks(&pool->blocks, r, r->first + (index - r->base));
	pool->block_spaces[index] = sp;
	if (sp != NULL)
		pool4_note_blocks(pool, sp);
	return (sp);
}

void
pool4_note_blocks(struct pool4 *pool, struct block_space *sp)
{
	const bool usable = sp->n_list > 0;
	struct addr_group *g;
	unsigned proto;

	if (sp->gone || usable == sp->usable)
		return;
	sp->usable = usable;
	g = &pool->addrs.groups[range_of(pool, sp->index)->group];
	for (proto = 0; proto < L4_NPROTO; proto++)
		bitset_put(&g->usable[proto][CLASS_USER], sp->index, usable);
}

void
pool4_uncount(struct pool4 *pool, enum l4proto proto, uint32_t index,
    uint16_t port, struct monotime now)
{
	struct block_space *sp = pool->block_spaces[index];

	if (sp == NULL)
		return;
	blocks_uncount(&pool->blocks, sp, proto, port, now);
	pool4_note_blocks(pool, sp);
}

/* --- the choice of a block --- */

/* Has the address a free block? One that was never used has. */
static bool
has_free_block(const struct pool4 *pool, uint32_t index)
{
	const struct block_space *sp = pool->block_spaces[index];
	const struct portplan *plan = &range_of(pool, index)->plan;

	return (sp == NULL ? part_has_blocks(plan, pool->opts.node) :
			     sp->n_list > 0);
}

/* Is there a free port in a block, whether it has a holder or not? */
static bool
has_free_port(const struct block_space *sp, unsigned number,
    enum l4proto proto)
{
	const uint16_t *n;

	if (sp == NULL)
		return (true);
	n = sp->slots[number].n_free[proto];
	return (n[0] + n[1] > 0);
}

/*
 * The address, at best that of index, where a block of owner's subscriber has a
 * free port; or -1.
 */
static int32_t
find_held(const struct pool4 *pool, enum l4proto proto, uint32_t index,
    uint32_t group, const struct in6_addr *owner, unsigned *n_held)
{
	const struct in6_addr holder = blocks_holder(&pool->blocks, owner);
	int32_t found = -1;
	struct block *e;

	*n_held = 0;
	for (e = blocks_first(&pool->blocks, &holder); e != NULL;
	     e = blocks_next(&pool->blocks, e)) {
		*n_held +=
		    !e->fixed && part_has_block(pool->opts.node, e->number);
		if (found == (int32_t)index || !blocks_has_free(e, proto))
			continue;
		if (range_of(pool, e->space->index)->group == group)
			found = (int32_t)e->space->index;
	}
	return (found);
}

int32_t
pool4_computed(const struct pool4 *pool, uint32_t group,
    const struct in6_addr *client, unsigned *number)
{
	const struct addr_range *r = pool->addrs.groups[group].computed;
	uint32_t addr;

	if (r == NULL || !portplan_find(&r->plan, client, &addr, number))
		return (-1);
	return ((int32_t)(r->base + (addr - r->first)));
}

int32_t
pool4_find_blocks(const struct pool4 *pool, enum l4proto proto, uint32_t index,
    const struct taddr6 *owner)
{
	const int32_t group =
	    pool4_addrs_find_group(&pool->addrs, &owner->addr);
	const struct addr_group *g = &pool->addrs.groups[group];
	bool serves;
	unsigned n_held, number;
	int32_t held, next;

	next = pool4_computed(pool, (uint32_t)group, &owner->addr, &number);
	if (next >= 0) {
		if (has_free_port(pool->block_spaces[next], number, proto))
			return (next);
		index = (uint32_t)next;
	}
	serves = range_of(pool, index)->group == (uint32_t)group;
	held = find_held(pool, proto, index, (uint32_t)group, &owner->addr,
	    &n_held);
	if (held == (int32_t)index)
		return (held);
	if (serves && n_held < range_of(pool, index)->max_blocks &&
	    has_free_block(pool, index))
		return ((int32_t)index);
	if (held >= 0)
		return (held);
	errno = EDQUOT;
	if (serves && n_held >= range_of(pool, index)->max_blocks)
		return (-1);
	next = bitset_next(&g->usable[proto][CLASS_USER], index);
	if (next < 0)
		errno = ENOSPC;
	else if (n_held >= range_of(pool, (uint32_t)next)->max_blocks)
		next = -1;
	return (next);
}

/* One more block for a holder; false with errno. */
static bool
hold_another(struct pool4 *pool, struct block_space *sp,
    const struct in6_addr *holder, const struct rng *rng, struct monotime now)
{
	const unsigned max = range_of(pool, sp->index)->max_blocks;
	int32_t number;

	if (blocks_count_held(&pool->blocks, holder) >= max) {
		errno = EDQUOT;
		return (false);
	}
	number = blocks_choose(sp, rng);
	if (number < 0) {
		errno = ENOSPC;
		return (false);
	}
	if (blocks_hold(&pool->blocks, sp, (unsigned)number, holder, false,
		now) == NULL)
		return (false);
	pool4_note_blocks(pool, sp);
	return (true);
}

/*
 * The computed block of a subscriber gets its holder, if it is on this
 * address, none of its ports is in use and it is of use. -1: errno ENOMEM.
 */
static int
hold_computed(struct pool4 *pool, struct block_space *sp,
    const struct in6_addr *holder, enum l4proto proto, struct monotime now)
{
	const struct addr_range *r = range_of(pool, sp->index);
	unsigned number;
	uint32_t addr;

	if (sp->n_fixed == 0 ||
	    !portplan_find(&r->plan, holder, &addr, &number) ||
	    addr != sp->addr || sp->slots[number].held != NULL ||
	    !has_free_port(sp, number, proto))
		return (0);
	return (
	    blocks_hold(&pool->blocks, sp, number, holder, true, now) != NULL ?
		0 :
		-1);
}

/* Is the owner's own port preferred, in one of its blocks, and free? */
static bool
may_preserve(const struct pool4 *pool, const struct block_space *sp,
    const struct in6_addr *holder, const struct space *ports, uint16_t x)
{
	const struct block *e;
	int32_t number;

	if (ports->quarantine.proto != L4_ICMP &&
	    pool->opts.select != POOL4_PRESERVE)
		return (false);
	number = blocks_number(sp, x);
	e = number < 0 ? NULL : sp->slots[number].held;
	return (e != NULL && IN6_ARE_ADDR_EQUAL(&e->holder, holder) &&
	    portset_has(&ports->free, x));
}

/* The parity to keep (RFC 4787, REQ-4). */
static unsigned
parities_for(const struct pool4 *pool, enum l4proto proto, uint16_t x)
{
	return (proto == L4_UDP && pool->opts.parity ? 1u << x % NPARITIES :
						       PARITY_ANY);
}

int32_t
pool4_alloc_blocks(struct pool4 *pool, struct space *ports,
    const struct taddr6 *owner, const struct rng *rng, struct monotime now)
{
	const enum l4proto proto = ports->quarantine.proto;
	const struct in6_addr holder =
	    blocks_holder(&pool->blocks, &owner->addr);
	const unsigned parities = parities_for(pool, proto, owner->port);
	struct block_space *sp = pool->block_spaces[ports->index];
	int32_t port;

	if (hold_computed(pool, sp, &holder, proto, now) == -1)
		return (-1);
	if (may_preserve(pool, sp, &holder, ports, owner->port))
		port = owner->port;
	else
		port = blocks_pick(&pool->blocks, sp, &holder, proto, parities,
		    &ports->free, rng);
	if (port < 0) {
		if (!hold_another(pool, sp, &holder, rng, now))
			return (-1);
		/* A free block has a free port of every protocol. */
		port = blocks_pick(&pool->blocks, sp, &holder, proto, parities,
		    &ports->free, rng);
	}
	blocks_count(&pool->blocks, sp, proto, (uint16_t)port);
	return (port);
}
