/*
 * Port blocks. Owns the holders of blocks, the counts of free ports of each
 * block, and which ports count for their block.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"

#include "blocks.h"
#include "part.h"

static int
compare(uint32_t a, uint32_t b)
{
	return ((a > b) - (a < b));
}

/* Order: holder, space, number. */
static int
cmp_by_holder(const struct block *a, const struct block *b)
{
	int d;

	d = addr6_compare(&a->holder, &b->holder);
	if (d == 0)
		d = compare(a->space->addr, b->space->addr);
	if (d == 0)
		d = compare(a->space->generation, b->space->generation);
	return (d != 0 ? d : (int)a->number - (int)b->number);
}

RB_GENERATE_STATIC(block_tree, block, by_holder, cmp_by_holder)

/* At most 2^16 trees. */
#define MAX_BITS 16

int
blocks_init(struct blocks *b, size_t max, const struct siphash_key *secret)
{
	memset(b, 0, sizeof(*b));
	TAILQ_INIT(&b->resting);
	TAILQ_INIT(&b->fresh);
	TAILQ_INIT(&b->gone);
	slab_init(&b->slab, sizeof(struct block), max);
	keyhash_init(&b->hash, secret);
	b->memo = calloc(1, sizeof(*b->memo));
	if (b->memo == NULL)
		return (-1);
	return (TREE_ARRAY_INIT(&b->trees, max, MAX_BITS));
}

void
blocks_clear(struct blocks *b)
{
	struct block_space *sp;

	while ((sp = TAILQ_FIRST(&b->gone)) != NULL) {
		TAILQ_REMOVE(&b->gone, sp, entry);
		blocks_space_free(sp);
	}
	TREE_ARRAY_CLEAR(&b->trees);
	slab_clear(&b->slab);
	free(b->memo);
}

static struct block_tree *
tree_of(const struct blocks *b, const struct in6_addr *holder)
{
	return (TREE_ARRAY_AT(&b->trees, keyhash_addr6(&b->hash, holder)));
}

struct in6_addr
blocks_holder(const struct blocks *b, const struct in6_addr *addr)
{
	return (addr6_prefix(addr, b->holder_len));
}

struct port_range
blocks_ports(const struct block_space *sp, unsigned number)
{
	const unsigned first = sp->first + number * sp->size;

	return ((struct port_range){ (uint16_t)first,
	    (uint16_t)(first + sp->size - 1) });
}

/* --- the list of free blocks --- */

static unsigned
count_free(const struct block_slot *slot, enum l4proto proto)
{
	return ((unsigned)slot->n_free[proto][0] + slot->n_free[proto][1]);
}

/* Can the block be given to a holder, who may use it for any protocol? */
static bool
is_free(const struct block_space *sp, unsigned number)
{
	const struct block_slot *slot = &sp->slots[number];

	return (slot->held == NULL && !slot->aside && number >= sp->n_fixed &&
	    count_free(slot, L4_TCP) > 0 && count_free(slot, L4_UDP) > 0 &&
	    count_free(slot, L4_ICMP) > 0);
}

/* Enter a block into the list, or take it out, as its state demands. */
static void
update_list(struct block_space *sp, unsigned number)
{
	struct block_slot *slot = &sp->slots[number];
	const bool listed = slot->place != BLOCKS_NO_PLACE;
	uint16_t last;

	if (is_free(sp, number) == listed)
		return;
	if (!listed) {
		slot->place = (uint16_t)sp->n_list;
		sp->list[sp->n_list++] = (uint16_t)number;
		return;
	}
	last = sp->list[--sp->n_list];
	sp->list[slot->place] = last;
	sp->slots[last].place = slot->place;
	slot->place = BLOCKS_NO_PLACE;
}

int32_t
blocks_choose(const struct block_space *sp, const struct rng *rng)
{
	return (sp->n_list == 0 ? -1 : sp->list[rng_below(rng, sp->n_list)]);
}

void
blocks_set_free(struct block_space *sp, enum l4proto proto, uint16_t port,
    bool on)
{
	const int32_t number = blocks_number(sp, port);
	struct block_slot *slot;

	if (number < 0)
		return;
	slot = &sp->slots[number];
	if (on)
		slot->n_free[proto][port % NPARITIES]++;
	else
		slot->n_free[proto][port % NPARITIES]--;
	update_list(sp, (unsigned)number);
}

/* --- addresses --- */

/* Set the counts of free ports of a protocol. */
static void
count_ports(struct block_space *sp, enum l4proto proto,
    const struct portset *free_ports)
{
	struct port_range ports;
	unsigned i, parity;

	for (i = 0; i < sp->n_blocks; i++) {
		ports = blocks_ports(sp, i);
		for (parity = 0; parity < NPARITIES; parity++)
			sp->slots[i].n_free[proto][parity] =
			    (uint16_t)portset_count_within(free_ports, parity,
				ports.first, ports.last);
	}
}

struct block_space *
blocks_space_new(struct blocks *b, uint32_t addr, const struct portplan *plan,
    const struct portset *all)
{
	const unsigned n_blocks = plan->n_blocks;
	struct block_space *sp;
	struct block_slot *slot;
	enum l4proto proto;
	unsigned i;

	sp = calloc(1, sizeof(*sp));
	if (sp == NULL)
		return (NULL);
	sp->addr = addr;
	sp->generation = b->generation++;
	sp->first = plan->ports.first;
	sp->size = plan->block_size;
	sp->inverse = UINT32_MAX / sp->size + 1u;
	sp->n_blocks = n_blocks;
	sp->n_fixed = plan->n_fixed;
	sp->usable = true;
	sp->slots = calloc(n_blocks, sizeof(*sp->slots));
	sp->list = calloc(n_blocks, sizeof(*sp->list));
	sp->counted =
	    calloc(((size_t)n_blocks * sp->size * L4_NPROTO + 63) / 64,
		sizeof(uint64_t));
	if (sp->slots == NULL || sp->list == NULL || sp->counted == NULL) {
		blocks_space_free(sp);
		errno = ENOMEM;
		return (NULL);
	}
	count_ports(sp, L4_TCP, all);
	for (i = 0; i < n_blocks; i++) {
		slot = &sp->slots[i];
		for (proto = L4_TCP; proto < L4_NPROTO; proto++)
			memcpy(slot->n_free[proto], slot->n_free[L4_TCP],
			    sizeof(slot->n_free[proto]));
		slot->place = BLOCKS_NO_PLACE;
		update_list(sp, i);
	}
	return (sp);
}

void
blocks_space_free(struct block_space *sp)
{
	if (sp == NULL)
		return;
	free(sp->slots);
	free(sp->list);
	free(sp->counted);
	free(sp);
}

void
blocks_space_refill(struct block_space *sp, enum l4proto proto,
    const struct portset *all, const struct portset *free_ports)
{
	struct port_range ports;
	unsigned i;

	count_ports(sp, proto, free_ports);
	for (i = 0; i < sp->n_blocks; i++) {
		ports = blocks_ports(sp, i);
		if (count_free(&sp->slots[i], proto) <
		    portset_count_within(all, 0, ports.first, ports.last) +
			portset_count_within(all, 1, ports.first, ports.last))
			sp->slots[i].aside = true;
		update_list(sp, i);
	}
}

void
blocks_space_leave(struct blocks *b, struct block_space *sp)
{
	sp->gone = true;
	b->memo->known = false;
	TAILQ_INSERT_TAIL(&b->gone, sp, entry);
}

void
blocks_space_settle(struct blocks *b, struct block_space *sp)
{
	unsigned i;

	for (i = 0; i < sp->n_blocks; i++) {
		sp->slots[i].aside = false;
		update_list(sp, i);
	}
	TAILQ_REMOVE(&b->fresh, sp, entry);
	sp->fresh = false;
	sp->before = NULL;
}

bool
blocks_forget(struct blocks *b, unsigned max)
{
	struct block_space *sp;
	struct block_slot *slot;

	while ((sp = TAILQ_FIRST(&b->gone)) != NULL) {
		/* Those that have been released are cut off. */
		for (; sp->n_blocks > 0; sp->n_blocks--) {
			if (max == 0)
				return (true);
			max--;
			slot = &sp->slots[sp->n_blocks - 1];
			if (slot->held != NULL)
				blocks_release(b, slot->held);
		}
		TAILQ_REMOVE(&b->gone, sp, entry);
		blocks_space_free(sp);
	}
	return (false);
}

/* --- holders --- */

/* The first block of a holder from e on, in the order of the tree. */
static struct block *
skip_gone(struct block *e, const struct in6_addr *holder)
{
	for (; e != NULL && IN6_ARE_ADDR_EQUAL(&e->holder, holder);
	     e = RB_NEXT(block_tree, NULL, e))
		if (!e->space->gone)
			return (e);
	return (NULL);
}

static struct block *
find_first(const struct blocks *b, const struct in6_addr *holder)
{
	struct block_space space = { .addr = 0 };
	struct block key = { .holder = *holder, .space = &space };

	return (
	    skip_gone(RB_NFIND(block_tree, tree_of(b, holder), &key), holder));
}

struct block *
blocks_first(const struct blocks *b, const struct in6_addr *holder)
{
	struct block_memo *memo = b->memo;

	if (!memo->known || !IN6_ARE_ADDR_EQUAL(&memo->holder, holder)) {
		memo->holder = *holder;
		memo->first = find_first(b, holder);
		memo->known = true;
	}
	return (memo->first);
}

struct block *
blocks_next(const struct blocks *b, struct block *e)
{
	(void)b;
	return (skip_gone(RB_NEXT(block_tree, NULL, e), &e->holder));
}

unsigned
blocks_count_held(const struct blocks *b, const struct in6_addr *holder)
{
	struct block *e;
	unsigned n = 0;

	for (e = blocks_first(b, holder); e != NULL; e = blocks_next(b, e))
		n += !e->fixed && part_has_block(b->node, e->number);
	return (n);
}

static void
report(const struct blocks *b, const struct block *e, bool allocated)
{
	const struct pool4_block block = {
		.addr = { htonl(e->space->addr) },
		.ports = blocks_ports(e->space, e->number),
		.holder = e->holder,
		.n_ports = e->n_counted,
		.fixed = e->fixed,
	};

	if (b->report != NULL)
		b->report(b->arg, &block, allocated);
}

/* A block without ports that count waits for its end. */
static void
rest(struct blocks *b, struct block *e, struct monotime now)
{
	e->until = monotime_add_secs(now, b->rest_secs);
	TAILQ_INSERT_TAIL(&b->resting, e, resting);
	b->n_resting++;
}

static void
end_rest(struct blocks *b, struct block *e)
{
	TAILQ_REMOVE(&b->resting, e, resting);
	b->n_resting--;
}

/*
 * The old blocks with ports of the new block e. If its holder has just these
 * ports already, there is nothing to report: returns true. What rests is not
 * needed any more, so that nobody else has the ports in the reports.
 */
static bool
succeed(struct blocks *b, const struct block *e)
{
	const struct port_range ports = blocks_ports(e->space, e->number);
	struct block_space *before = e->space->before;
	struct port_range old_ports;
	struct block *old;
	bool same = false;
	unsigned i;

	if (before == NULL)
		return (false);
	i = ports.first < before->first ?
	    0 :
	    (unsigned)(ports.first - before->first) / before->size;
	for (; i < before->n_blocks; i++) {
		old_ports = blocks_ports(before, i);
		if (old_ports.first > ports.last)
			break;
		old = before->slots[i].held;
		if (old == NULL)
			continue;
		if (!e->fixed && !old->fixed &&
		    old_ports.first == ports.first &&
		    old_ports.last == ports.last &&
		    IN6_ARE_ADDR_EQUAL(&old->holder, &e->holder))
			same = old->silent = true;
		else if (old->n_counted == 0)
			blocks_release(b, old);
	}
	return (same);
}

struct block *
blocks_hold(struct blocks *b, struct block_space *sp, unsigned number,
    const struct in6_addr *holder, bool silent, struct monotime now)
{
	struct block *e;

	e = slab_get(&b->slab);
	if (e == NULL) {
		errno = ENOMEM;
		return (NULL);
	}
	e->holder = *holder;
	e->space = sp;
	e->number = (uint16_t)number;
	e->fixed = e->silent = number < sp->n_fixed;
	sp->slots[number].held = e;
	update_list(sp, number);
	RB_INSERT(block_tree, tree_of(b, holder), e);
	b->memo->known = false;
	rest(b, e, now);
	if (!succeed(b, e) && !silent && !e->fixed)
		report(b, e, true);
	return (e);
}

void
blocks_release(struct blocks *b, struct block *e)
{
	struct block_space *sp = e->space;

	if (!e->silent)
		report(b, e, false);
	if (e->n_counted == 0)
		end_rest(b, e);
	RB_REMOVE(block_tree, tree_of(b, &e->holder), e);
	b->memo->known = false;
	sp->slots[e->number].held = NULL;
	update_list(sp, e->number);
	slab_put(&b->slab, e);
}

struct block *
blocks_first_rested(const struct blocks *b, struct monotime now)
{
	struct block *e = TAILQ_FIRST(&b->resting);

	return (e != NULL && monotime_reached(e->until, now) ? e : NULL);
}

/* --- ports that count --- */

static size_t
bit_of(const struct block_space *sp, enum l4proto proto, uint16_t port)
{
	return ((size_t)(port - sp->first) * L4_NPROTO + proto);
}

bool
blocks_is_counted(const struct block_space *sp, enum l4proto proto,
    uint16_t port)
{
	const size_t bit = bit_of(sp, proto, port);

	return (blocks_number(sp, port) >= 0 &&
	    (sp->counted[bit / 64] >> bit % 64 & 1));
}

void
blocks_count(struct blocks *b, struct block_space *sp, enum l4proto proto,
    uint16_t port)
{
	const size_t bit = bit_of(sp, proto, port);
	struct block *e = sp->slots[blocks_number(sp, port)].held;

	sp->counted[bit / 64] |= UINT64_C(1) << bit % 64;
	if (e->n_counted++ == 0)
		end_rest(b, e);
}

void
blocks_uncount(struct blocks *b, struct block_space *sp, enum l4proto proto,
    uint16_t port, struct monotime now)
{
	const size_t bit = bit_of(sp, proto, port);
	struct block *e;

	if (!blocks_is_counted(sp, proto, port))
		return;
	e = sp->slots[blocks_number(sp, port)].held;
	sp->counted[bit / 64] &= ~(UINT64_C(1) << bit % 64);
	if (--e->n_counted > 0)
		return;
	rest(b, e, now);
	if (b->rest_secs == 0 || e->fixed)
		blocks_release(b, e);
}

/* --- the choice of a port --- */

/* Free ports of these parities in a block. */
static uint32_t
count_parities(const struct block *e, enum l4proto proto, unsigned parities)
{
	const uint16_t *n = e->space->slots[e->number].n_free[proto];

	return ((parities & 1 ? n[0] : 0u) + (parities & 2 ? n[1] : 0u));
}

/* The free port of rank r of a block, r < count_parities(). */
static uint16_t
nth_port(const struct block *e, enum l4proto proto, unsigned parities,
    uint32_t r, const struct portset *free_ports)
{
	const uint16_t *n = e->space->slots[e->number].n_free[proto];
	const struct port_range ports = blocks_ports(e->space, e->number);
	unsigned parity = 0;

	if (!(parities & 1))
		parity = 1;
	else if (r >= n[0]) {
		r -= n[0];
		parity = 1;
	}
	return (portset_nth_within(free_ports, parity, ports.first, ports.last,
	    r));
}

/* Blocks of one holder and one address, active or resting. */
struct selection {
	const struct blocks *b;
	const struct block_space *sp;
	struct block *first; /* of the holder */
	bool active;
	bool fixed; /* only one that is computed */
};

static bool
is_selected(const struct selection *s, const struct block *e)
{
	if (e->space != s->sp)
		return (false);
	return (s->fixed ? e->fixed : (e->n_counted > 0) == s->active);
}

static int32_t
pick_selected(const struct selection *s, enum l4proto proto, unsigned parities,
    const struct portset *free_ports, const struct rng *rng)
{
	struct block *e, *found = NULL;
	uint32_t n = 0, r, here;

	for (e = s->first; e != NULL; e = blocks_next(s->b, e)) {
		here =
		    is_selected(s, e) ? count_parities(e, proto, parities) : 0;
		n += here;
		if (here > 0)
			found = e;
	}
	if (n == 0)
		return (-1);
	r = rng_below(rng, n);
	/* Mostly there is one block, and there is no need to look again. */
	if (count_parities(found, proto, parities) == n)
		return (nth_port(found, proto, parities, r, free_ports));
	for (e = s->first; e != NULL; e = blocks_next(s->b, e)) {
		if (!is_selected(s, e))
			continue;
		here = count_parities(e, proto, parities);
		if (r < here)
			break;
		r -= here;
	}
	return (nth_port(e, proto, parities, r, free_ports));
}

int32_t
blocks_pick(const struct blocks *b, const struct block_space *sp,
    const struct in6_addr *holder, enum l4proto proto, unsigned parities,
    const struct portset *free_ports, const struct rng *rng)
{
	struct selection s = { .b = b, .sp = sp };
	const unsigned order[] = { parities, PARITY_ANY };
	int32_t port = -1;
	unsigned i;

	s.first = blocks_first(b, holder);
	if (s.first == NULL)
		return (-1);
	s.fixed = true;
	for (i = 0; sp->n_fixed > 0 && i < 2 && port < 0; i++)
		port = pick_selected(&s, proto, order[i], free_ports, rng);
	s.fixed = false;
	for (i = 0; i < 4 && port < 0; i++) {
		s.active = i % 2 == 0;
		port = pick_selected(&s, proto, order[i / 2], free_ports, rng);
	}
	return (port);
}
