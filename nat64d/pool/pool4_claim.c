/*
 * Blocks of ports that are given: those of bindings that were there before, and
 * what there is to know about all of them.
 */
#include <errno.h>

#include "part.h"
#include "pool4_struct.h"

static const struct addr_range *
range_of(const struct pool4 *pool, uint32_t index)
{
	return (pool4_addrs_range(&pool->addrs, index));
}

void
pool4_set_block_fn(struct pool4 *pool, pool4_block_fn fn, void *arg)
{
	pool->blocks.report = fn;
	pool->blocks.arg = arg;
}

/* --- given ports --- */

/* What pool4_claim() would have to do. */
enum claim { CLAIM_NOT, CLAIM_NOTHING, CLAIM_COUNT, CLAIM_HOLD };

static enum claim
look_at_claim(const struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, const struct in6_addr *holder)
{
	const int32_t index = pool4_index(pool, out->addr);
	const struct addr_range *r;
	const struct block_space *sp;
	struct in6_addr computed;
	const struct block *e;
	unsigned number;

	errno = EADDRNOTAVAIL;
	if (index < 0)
		return (CLAIM_NOT);
	r = range_of(pool, (uint32_t)index);
	if (r->plan.block_size == 0 || !pool4_has_port(pool, proto, out))
		return (CLAIM_NOTHING);
	sp = pool->block_spaces[index];
	number =
	    (unsigned)(out->port - r->plan.ports.first) / r->plan.block_size;
	e = sp == NULL ? NULL : sp->slots[number].held;
	if (e == NULL && number < r->plan.n_fixed) {
		errno = EADDRINUSE;
		return (portplan_holder(&r->plan, ntohl(out->addr.s_addr),
			    number, &computed) &&
			    IN6_ARE_ADDR_EQUAL(&computed, holder) ?
			CLAIM_HOLD :
			CLAIM_NOT);
	}
	if (e == NULL) {
		errno = EDQUOT;
		return (
		    blocks_count_held(&pool->blocks, holder) < r->max_blocks ?
			CLAIM_HOLD :
			CLAIM_NOT);
	}
	errno = EADDRINUSE;
	if (!IN6_ARE_ADDR_EQUAL(&e->holder, holder))
		return (CLAIM_NOT);
	return (blocks_is_counted(sp, proto, out->port) ? CLAIM_NOTHING :
							  CLAIM_COUNT);
}

bool
pool4_may_claim(const struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, const struct in6_addr *owner)
{
	const struct in6_addr holder = blocks_holder(&pool->blocks, owner);

	return (look_at_claim(pool, proto, out, &holder) != CLAIM_NOT);
}

bool
pool4_claim(struct pool4 *pool, enum l4proto proto, const struct taddr4 *out,
    const struct in6_addr *owner, struct monotime now)
{
	const struct in6_addr holder = blocks_holder(&pool->blocks, owner);
	const enum claim claim = look_at_claim(pool, proto, out, &holder);
	struct block_space *sp;

	if (claim == CLAIM_NOT || claim == CLAIM_NOTHING)
		return (claim == CLAIM_NOTHING);
	sp = pool4_get_blocks(pool, (uint32_t)pool4_index(pool, out->addr));
	if (sp == NULL ||
	    (claim == CLAIM_HOLD &&
		blocks_hold(&pool->blocks, sp,
		    (unsigned)blocks_number(sp, out->port), &holder, false,
		    now) == NULL))
		return (false);
	blocks_count(&pool->blocks, sp, proto, out->port);
	pool4_note_blocks(pool, sp);
	return (true);
}

void
pool4_disclaim(struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, struct monotime now)
{
	const int32_t index = pool4_index(pool, out->addr);

	if (index >= 0)
		pool4_uncount(pool, proto, (uint32_t)index, out->port, now);
}

int
pool4_retake(struct pool4 *pool, enum l4proto proto, const struct taddr4 *out,
    const struct taddr6 *owner, struct monotime now)
{
	int saved_errno;

	if (!pool4_may_claim(pool, proto, out, &owner->addr) ||
	    pool4_take(pool, proto, out) == -1)
		return (-1);
	if (pool4_claim(pool, proto, out, &owner->addr, now))
		return (0);
	saved_errno = errno;
	pool4_set_free(pool, pool->spaces[proto][pool4_index(pool, out->addr)],
	    out->port, true);
	errno = saved_errno;
	return (-1);
}

/* Did owner have the port last, which is in quarantine? */
static bool
was_of(const struct pool4 *pool, enum l4proto proto, const struct taddr4 *out,
    const struct taddr6 *owner)
{
	const struct space *sp =
	    pool->spaces[proto][pool4_index(pool, out->addr)];
	const struct quarantined *e = quarantine_find_port(&pool->quarantine,
	    &sp->quarantine, out->port);

	return (e->owner.port == owner->port &&
	    IN6_ARE_ADDR_EQUAL(&e->owner.addr, &owner->addr));
}

bool
pool4_may_give(const struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, const struct taddr6 *owner, struct monotime now)
{
	const struct in6_addr holder =
	    blocks_holder(&pool->blocks, &owner->addr);
	const enum pool4_state state = pool4_port_state(pool, proto, out);
	const struct addr_range *r;
	struct pool4_block block;

	if (state == POOL4_OUTSIDE || state == POOL4_TAKEN)
		return (false);
	r = range_of(pool, (uint32_t)pool4_index(pool, out->addr));
	if (r->plan.block_size != 0 &&
	    (!pool4_block_of(pool, out, &block) ||
		!IN6_ARE_ADDR_EQUAL(&block.holder, &holder)))
		return (false);
	if (!part_has(r, pool->opts.node, out->port))
		return (false);
	return (state == POOL4_FREE ?
		monotime_reached(pool->closed_until, now) :
		was_of(pool, proto, out, owner));
}

int
pool4_restore_block(struct pool4 *pool, const struct pool4_block *block,
    struct monotime now)
{
	const int32_t index = pool4_index(pool, block->addr);
	const struct in6_addr holder =
	    blocks_holder(&pool->blocks, &block->holder);
	struct block_space *sp;
	struct port_range ports;
	int32_t number;

	if (index < 0 ||
	    range_of(pool, (uint32_t)index)->plan.block_size == 0 ||
	    !pool4_serves(pool, (uint32_t)index, &holder) ||
	    (sp = pool4_get_blocks(pool, (uint32_t)index)) == NULL)
		return (-1);
	number = blocks_number(sp, block->ports.first);
	if (number < (int32_t)sp->n_fixed || sp->slots[number].held != NULL)
		return (-1);
	ports = blocks_ports(sp, (unsigned)number);
	if (ports.first != block->ports.first ||
	    ports.last != block->ports.last ||
	    blocks_hold(&pool->blocks, sp, (unsigned)number, &holder, true,
		now) == NULL)
		return (-1);
	pool4_note_blocks(pool, sp);
	return (0);
}

/* --- inspection --- */

bool
pool4_has_blocks(const struct pool4 *pool, const struct in6_addr *client)
{
	const int32_t group = pool4_addrs_find_group(&pool->addrs, client);

	return (group >= 0 && pool->addrs.groups[group].has_blocks);
}

unsigned
pool4_max_blocks(const struct pool4 *pool, uint32_t index)
{
	return (range_of(pool, index)->max_blocks);
}

uint32_t
pool4_block_ports(const struct pool4 *pool, struct in_addr addr)
{
	const int32_t index = pool4_index(pool, addr);
	const struct addr_range *r;

	if (index < 0)
		return (0);
	r = range_of(pool, (uint32_t)index);
	return (r->plan.block_size *
	    (r->max_blocks + (r->plan.n_fixed > 0 ? 1u : 0u)));
}

int32_t
pool4_block_addr(const struct pool4 *pool, const struct in6_addr *client)
{
	const int32_t group = pool4_addrs_find_group(&pool->addrs, client);
	struct in6_addr holder;
	unsigned number;
	struct block *e;
	int32_t index;

	if (pool->n_blocks == 0 || group < 0)
		return (-1);
	index = pool4_computed(pool, (uint32_t)group, client, &number);
	if (index >= 0)
		return (index);
	holder = blocks_holder(&pool->blocks, client);
	for (e = blocks_first(&pool->blocks, &holder); e != NULL;
	     e = blocks_next(&pool->blocks, e))
		if (pool4_serves(pool, e->space->index, client))
			return ((int32_t)e->space->index);
	return (-1);
}

static struct pool4_block
describe(const struct block *e)
{
	return ((struct pool4_block){
	    .addr = { htonl(e->space->addr) },
	    .ports = blocks_ports(e->space, e->number),
	    .holder = e->holder,
	    .n_ports = e->n_counted,
	    .fixed = e->fixed,
	});
}

struct pool4_block_count
pool4_count_blocks(const struct pool4 *pool)
{
	return ((struct pool4_block_count){ .total = pool->n_blocks,
	    .held = pool->blocks.slab.used,
	    .resting = pool->blocks.n_resting });
}

struct pool4_block_count
pool4_count_blocks_of(const struct pool4 *pool, uint32_t index)
{
	const struct block_space *sp = pool->block_spaces[index];
	struct pool4_block_count n = {
		.total = range_of(pool, index)->plan.n_blocks,
	};
	unsigned i;

	for (i = 0; sp != NULL && i < sp->n_blocks; i++) {
		if (sp->slots[i].held == NULL)
			continue;
		n.held++;
		n.resting += sp->slots[i].held->n_counted == 0;
	}
	return (n);
}

/* A computed block that is not in use. */
static struct pool4_block
describe_computed(const struct addr_range *r, uint32_t addr, unsigned number)
{
	struct pool4_block block = { .addr = { htonl(addr) },
		.ports = portplan_ports(&r->plan, number),
		.fixed = true };

	(void)portplan_holder(&r->plan, addr, number, &block.holder);
	return (block);
}

bool
pool4_block_of(const struct pool4 *pool, const struct taddr4 *out,
    struct pool4_block *block)
{
	const int32_t index = pool4_index(pool, out->addr);
	const struct block_space *sp;
	const struct addr_range *r;
	struct in6_addr holder;
	unsigned number;

	if (index < 0)
		return (false);
	r = range_of(pool, (uint32_t)index);
	if (r->plan.n_blocks == 0 || out->port < r->plan.ports.first ||
	    out->port > r->plan.ports.last)
		return (false);
	number =
	    (unsigned)(out->port - r->plan.ports.first) / r->plan.block_size;
	sp = pool->block_spaces[index];
	if (sp != NULL && sp->slots[number].held != NULL)
		*block = describe(sp->slots[number].held);
	else if (portplan_holder(&r->plan, ntohl(out->addr.s_addr), number,
		     &holder))
		*block = describe_computed(r, ntohl(out->addr.s_addr), number);
	else
		return (false);
	return (true);
}

/* The next block with a holder of an address from *number on, or NULL. */
static const struct block *
next_held(const struct block_space *sp, uint32_t *number, unsigned *steps)
{
	const struct block *e = NULL;

	for (; sp != NULL && e == NULL && *number<sp->n_blocks && * steps> 0;
	     (*number)++, (*steps)--)
		e = sp->slots[*number].held;
	return (e);
}

bool
pool4_block_walk_next(const struct pool4 *pool, struct pool4_block_walk *w,
    unsigned *steps, struct pool4_block *block)
{
	const struct block *e;

	while (*steps > 0 && w->index < pool->addrs.n_addrs) {
		e = next_held(pool->block_spaces[w->index], &w->number, steps);
		if (e != NULL) {
			*block = describe(e);
			return (true);
		}
		if (*steps == 0)
			break;
		(*steps)--;
		w->number = 0;
		w->index++;
	}
	return (false);
}

unsigned
pool4_blocks_of(const struct pool4 *pool, const struct in6_addr *client,
    struct pool4_block *blocks, unsigned max)
{
	const struct in6_addr holder = blocks_holder(&pool->blocks, client);
	const int32_t group = pool4_addrs_find_group(&pool->addrs, client);
	unsigned n = 0, number;
	struct taddr4 out;
	struct block *e;
	int32_t index;

	index = group < 0 ?
	    -1 :
	    pool4_computed(pool, (uint32_t)group, client, &number);
	if (index >= 0 && n++ < max) {
		out.addr = pool4_addr(pool, (uint32_t)index);
		out.port =
		    portplan_ports(&range_of(pool, (uint32_t)index)->plan,
			number)
			.first;
		(void)pool4_block_of(pool, &out, &blocks[0]);
	}
	for (e = blocks_first(&pool->blocks, &holder); e != NULL;
	     e = blocks_next(&pool->blocks, e))
		if (!e->fixed && n++ < max)
			blocks[n - 1] = describe(e);
	return (n);
}

void
pool4_release_blocks(struct pool4 *pool)
{
	struct block_space *sp;
	uint32_t i;
	unsigned k;

	for (i = 0; i < pool->addrs.n_addrs; i++) {
		sp = pool->block_spaces[i];
		for (k = 0; sp != NULL && k < sp->n_blocks; k++)
			if (sp->slots[k].held != NULL)
				blocks_release(&pool->blocks,
				    sp->slots[k].held);
	}
	(void)blocks_forget(&pool->blocks, UINT32_MAX);
}
