/*
 * The pool. Owns the state of each port; knows nothing of bindings and
 * subscribers. What it is made of is explained in pool4_struct.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "pool4_struct.h"

const unsigned pool4_class_parts[NCLASSES] = { PORTSET_SYSTEM, PORTSET_USER };

/* --- addresses --- */

size_t
pool4_n_addrs(const struct pool4 *pool)
{
	return (pool->addrs.n_addrs);
}

int32_t
pool4_index(const struct pool4 *pool, struct in_addr addr)
{
	return (pool4_addrs_index(&pool->addrs, addr));
}

struct in_addr
pool4_addr(const struct pool4 *pool, uint32_t index)
{
	const struct addr_range *r = pool4_addrs_range(&pool->addrs, index);

	return (
	    (struct in_addr){ .s_addr = htonl(r->first + (index - r->base)) });
}

bool
pool4_has_port(const struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out)
{
	const int32_t index = pool4_index(pool, out->addr);

	return (index >= 0 &&
	    pool4_addrs_has_port(pool4_addrs_range(&pool->addrs,
				     (uint32_t)index),
		proto, out->port));
}

uint64_t
pool4_capacity(const struct pool4 *pool, enum l4proto proto)
{
	return (pool->capacity[proto]);
}

uint64_t
pool4_capacity_all(const struct pool4 *pool, enum l4proto proto)
{
	return (pool->capacity_all[proto]);
}

/* --- creation and end --- */

/* Count the ports of a range, and enter its addresses as usable. */
static void
count_range(struct pool4 *pool, const struct addr_range *r, enum l4proto proto)
{
	struct addr_group *g = &pool->addrs.groups[r->group];
	const uint32_t n_addrs = r->last - r->first + 1;
	struct portset part;
	uint32_t i, n_ports;
	unsigned class;

	part_fill(&part, NULL, r, proto, pool->opts.node);
	pool->capacity_all[proto] +=
	    (uint64_t)n_addrs * pool4_addrs_n_ports(r, proto, 0, UINT16_MAX);
	for (class = 0; class < NCLASSES; class ++) {
		n_ports = portset_count(&part, pool4_class_parts[class]);
		if (n_ports == 0)
			continue;
		pool->capacity[proto] += (uint64_t)n_addrs * n_ports;
		g->has_class[proto][class] = true;
		/* Blocks that are computed are free for nobody. */
		if (r->plan.block_size != 0 &&
		    !part_has_blocks(&r->plan, pool->opts.node))
			continue;
		for (i = 0; i < n_addrs; i++)
			bitset_put(&g->usable[proto][class], r->base + i,
			    true);
	}
	pool->n_free[proto] = pool->capacity[proto];
}

static void
count_blocks(struct pool4 *pool)
{
	const struct pool4_addrs *a = &pool->addrs;
	const struct addr_range *r;

	for (r = a->ranges; r < a->ranges + a->n_ranges; r++)
		pool->n_blocks +=
		    (size_t)(r->last - r->first + 1) * r->plan.n_blocks;
}

size_t
pool4_max_quarantined(const struct pool4 *pool)
{
	uint64_t sum = 0;
	enum l4proto proto;

	for (proto = L4_TCP; proto < L4_NPROTO; proto++)
		if (pool->opts.node != 0)
			sum += pool->capacity_all[proto];
		else if (pool->opts.quarantine_secs[proto] > 0)
			sum += pool->capacity_all[proto] *
			    pool->opts.quarantine_max_percent / 100;
	return (
	    sum < POOL4_MAX_QUARANTINED ? (size_t)sum : POOL4_MAX_QUARANTINED);
}

int
pool4_init_addrs(struct pool4 *pool, const struct pool4_range *ranges,
    size_t n_ranges)
{
	enum l4proto proto;
	size_t i;

	if (pool4_addrs_init(&pool->addrs, ranges, n_ranges,
		pool->opts.subscriber_len) == -1)
		goto fail;
	for (proto = L4_TCP; proto < L4_NPROTO; proto++)
		for (i = 0; i < n_ranges; i++)
			count_range(pool, &pool->addrs.ranges[i], proto);
	count_blocks(pool);
	pool->block_spaces =
	    calloc(pool->addrs.n_addrs + 1, sizeof(struct block_space *));
	if (pool->block_spaces == NULL)
		goto fail;
	for (proto = L4_TCP; proto < L4_NPROTO; proto++) {
		pool->spaces[proto] =
		    calloc(pool->addrs.n_addrs + 1, sizeof(struct space *));
		if (pool->spaces[proto] == NULL)
			goto fail;
	}
	return (0);
fail:
	errno = ENOMEM;
	return (-1);
}

void
pool4_clear_addrs(struct pool4 *pool)
{
	unsigned proto;

	for (proto = 0; proto < L4_NPROTO; proto++)
		free(pool->spaces[proto]);
	free(pool->block_spaces);
	pool4_addrs_clear(&pool->addrs);
}

struct pool4 *
pool4_new(const struct pool4_range *ranges, size_t n_ranges,
    const struct pool4_opts *opts)
{
	struct pool4 *pool;

	pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		return (NULL);
	pool->opts = *opts;
	pool->closed_until.ns = INT64_MIN;
	TAILQ_INIT(&pool->left);
	if (pool4_init_addrs(pool, ranges, n_ranges) == -1 ||
	    blocks_init(&pool->blocks, pool->n_blocks, &opts->secret) == -1 ||
	    quarantine_init(&pool->quarantine, pool4_max_quarantined(pool),
		&opts->secret) == -1) {
		pool4_free(pool);
		errno = ENOMEM;
		return (NULL);
	}
	pool->blocks.rest_secs = opts->block_rest_secs;
	pool->blocks.holder_len = opts->subscriber_len;
	pool->blocks.node = opts->node;
	return (pool);
}

void
pool4_free_space(struct space *sp)
{
	if (sp != NULL) {
		free(sp->others);
		free(sp->outside);
	}
	free(sp);
}

void
pool4_free(struct pool4 *pool)
{
	struct space *sp;
	unsigned proto;
	size_t i;

	if (pool == NULL)
		return;
	for (proto = 0; proto < L4_NPROTO; proto++)
		for (i = 0;
		     pool->spaces[proto] != NULL && i < pool->addrs.n_addrs;
		     i++)
			pool4_free_space(pool->spaces[proto][i]);
	for (i = 0; pool->block_spaces != NULL && i < pool->addrs.n_addrs; i++)
		blocks_space_free(pool->block_spaces[i]);
	blocks_clear(&pool->blocks);
	while ((sp = TAILQ_FIRST(&pool->left)) != NULL) {
		TAILQ_REMOVE(&pool->left, sp, left);
		pool4_free_space(sp);
	}
	quarantine_clear(&pool->quarantine);
	pool4_clear_addrs(pool);
	free(pool);
}

void
pool4_limit_quarantine(const struct pool4 *pool, struct space *sp)
{
	const uint32_t n_ports = pool4_addrs_n_ports(sp->range,
	    sp->quarantine.proto, 0, UINT16_MAX);

	sp->max_quarantined = (uint32_t)((uint64_t)n_ports *
	    pool->opts.quarantine_max_percent / 100);
}

/* Find or make the space of an address; NULL with errno ENOMEM. */
static struct space *
get_space(struct pool4 *pool, enum l4proto proto, uint32_t index)
{
	struct space *sp = pool->spaces[proto][index];
	const struct addr_range *r;

	if (sp != NULL)
		return (sp);
	r = pool4_addrs_range(&pool->addrs, index);
	if (r->plan.block_size != 0 && pool4_get_blocks(pool, index) == NULL)
		return (NULL);
	sp = calloc(1, sizeof(*sp));
	if (sp == NULL)
		return (NULL);
	sp->index = index;
	sp->range = r;
	if (pool->opts.node != 0 &&
	    (sp->others = malloc(sizeof(*sp->others))) == NULL) {
		pool4_free_space(sp);
		return (NULL);
	}
	part_fill(&sp->free, sp->others, r, proto, pool->opts.node);
	quarantine_space_init(&sp->quarantine, proto,
	    ntohl(pool4_addr(pool, index).s_addr));
	pool4_limit_quarantine(pool, sp);
	pool->spaces[proto][index] = sp;
	return (sp);
}

/* --- free and taken --- */

static unsigned
class_of(uint16_t port)
{
	return (port < PORTSET_FIRST_USER ? CLASS_SYSTEM : CLASS_USER);
}

/*
 * A port has become free, or is not free any more: has the address got its
 * first free port or block, or lost its last one?
 */
static void
note_free(struct pool4 *pool, const struct space *sp, uint16_t port, bool on)
{
	struct addr_group *g = &pool->addrs.groups[sp->range->group];
	struct block_space *blocks = pool->block_spaces[sp->index];
	const unsigned class = class_of(port);
	uint32_t n;

	if (sp->range->plan.block_size != 0) {
		blocks_set_free(blocks, sp->quarantine.proto, port, on);
		pool4_note_blocks(pool, blocks);
		return;
	}
	n = portset_count(&sp->free, pool4_class_parts[class]);
	if (n <= 1)
		bitset_put(&g->usable[sp->quarantine.proto][class], sp->index,
		    n > 0);
}

void
pool4_set_free(struct pool4 *pool, struct space *sp, uint16_t port, bool on)
{
	if (!part_has(sp->range, pool->opts.node, port)) {
		if (on)
			portset_add(sp->others, port);
		else
			portset_remove(sp->others, port);
		return;
	}
	if (on) {
		portset_add(&sp->free, port);
		pool->n_free[sp->quarantine.proto]++;
	} else {
		portset_remove(&sp->free, port);
		pool->n_free[sp->quarantine.proto]--;
	}
	note_free(pool, sp, port, on);
}

static bool
is_free(const struct space *sp, uint16_t port)
{
	return (portset_has(&sp->free, port) ||
	    (sp->others != NULL && portset_has(sp->others, port)));
}

static bool
outside_has(const struct space *sp, uint16_t port)
{
	return (
	    sp->outside != NULL && (sp->outside[port / 64] >> port % 64 & 1));
}

int
pool4_make_outside(struct space *sp)
{
	if (sp->outside == NULL)
		sp->outside = calloc(SPACE_NWORDS, sizeof(*sp->outside));
	return (sp->outside != NULL ? 0 : -1);
}

static int
outside_take(struct space *sp, uint16_t port)
{
	if (outside_has(sp, port)) {
		errno = EADDRINUSE;
		return (-1);
	}
	if (pool4_make_outside(sp) == -1)
		return (-1);
	sp->outside[port / 64] |= UINT64_C(1) << port % 64;
	return (0);
}

/* --- quarantine (RFC 6888, REQ-8) --- */

/* The rest of a port that another node may have used until now. */
#define HOLD_SECS 120

static bool
is_closed(const struct pool4 *pool, struct monotime now)
{
	return (!monotime_reached(pool->closed_until, now));
}

static bool
is_held(const struct pool4 *pool, struct monotime now)
{
	return (!monotime_reached(pool->hold_until, now));
}

/* Make a port in quarantine free; that of an address that has left is gone. */
static void
end_quarantine(struct pool4 *pool, struct quarantined *e, struct monotime now)
{
	/* The quarantine_space is the first member of the space. */
	struct space *sp = (struct space *)e->space;
	const uint16_t port = e->port;

	quarantine_remove(&pool->quarantine, e);
	if (sp->range == NULL)
		return;
	pool4_set_free(pool, sp, port, true);
	pool4_uncount(pool, sp->quarantine.proto, sp->index, port, now);
}

/*
 * While ports are held, none leaves before its time. One that there is no
 * memory for stays taken until the next start: rather that than two hosts.
 */
static bool
hold_port(struct pool4 *pool, struct space *sp, uint16_t port,
    const struct taddr6 *owner, struct monotime now)
{
	(void)quarantine_add(&pool->quarantine, &sp->quarantine, port, owner,
	    monotime_add_secs(now, HOLD_SECS));
	return (true);
}

/*
 * Put a taken port in quarantine for secs; false when there is no quarantine,
 * or out of memory.
 */
static bool
begin_quarantine(struct pool4 *pool, struct space *sp, uint16_t port,
    const struct taddr6 *owner, uint32_t secs, struct monotime now)
{
	struct monotime until;
	struct quarantined *e;

	if (is_held(pool, now))
		return (hold_port(pool, sp, port, owner, now));
	if (secs == 0 || sp->max_quarantined == 0)
		return (false);
	if (sp->quarantine.n_ports >= sp->max_quarantined)
		end_quarantine(pool, TAILQ_FIRST(&sp->quarantine.queue), now);
	until = monotime_add_secs(now, secs);
	e = quarantine_add(&pool->quarantine, &sp->quarantine, port, owner,
	    until);
	if (e == NULL && sp->quarantine.n_ports > 0) {
		end_quarantine(pool, TAILQ_FIRST(&sp->quarantine.queue), now);
		e = quarantine_add(&pool->quarantine, &sp->quarantine, port,
		    owner, until);
	}
	return (e != NULL);
}

/* The last port of a block may have left before, so it comes second. */
static void
expire_blocks(struct pool4 *pool, struct monotime now, unsigned max)
{
	struct block_space *sp;
	struct block *e;

	for (; max > 0; max--) {
		e = blocks_first_rested(&pool->blocks, now);
		if (e == NULL)
			return;
		sp = e->space;
		blocks_release(&pool->blocks, e);
		pool4_note_blocks(pool, sp);
	}
}

void
pool4_expire(struct pool4 *pool, struct monotime now, unsigned max)
{
	const unsigned max_blocks = max;
	enum l4proto proto;
	struct quarantined *e;

	pool->now = now;
	if (is_held(pool, now))
		return;
	for (proto = L4_TCP; proto < L4_NPROTO; proto++) {
		while (max > 0 &&
		    (e = quarantine_first_expired(&pool->quarantine, proto,
			 now)) != NULL) {
			end_quarantine(pool, e, now);
			max--;
		}
	}
	expire_blocks(pool, now, max_blocks);
}

bool
pool4_next_expiry(const struct pool4 *pool, struct monotime *when)
{
	const struct block *b = TAILQ_FIRST(&pool->blocks.resting);
	const struct quarantined *e;
	unsigned proto;

	if (pool->blocks.slab.used == 0)
		return (false);
	when->ns = b != NULL ? b->until.ns : INT64_MAX;
	for (proto = 0; proto < L4_NPROTO; proto++) {
		e = TAILQ_FIRST(&pool->quarantine.queues[proto]);
		if (e != NULL && e->until.ns < when->ns)
			*when = e->until;
	}
	if (when->ns < pool->hold_until.ns)
		*when = pool->hold_until;
	return (when->ns != INT64_MAX);
}

void
pool4_quarantine_all(struct pool4 *pool, uint32_t secs, struct monotime now)
{
	pool->closed_until = monotime_add_secs(now, secs);
}

void
pool4_hold(struct pool4 *pool, bool on, struct monotime now)
{
	const struct monotime never = { INT64_MAX };
	const struct monotime rested = monotime_add_secs(now, HOLD_SECS);

	if (on) {
		pool->hold_until = never;
		if (is_closed(pool, now))
			pool->closed_until = never;
		return;
	}
	if (pool->hold_until.ns == never.ns)
		pool->hold_until = rested;
	if (pool->closed_until.ns == never.ns)
		pool->closed_until = rested;
}

/* --- allocation --- */

/*
 * The ports of the class of x (RFC 4787, REQ-3a). An ICMP identifier has no
 * class (RFC 6146, 3.5.3).
 */
static unsigned
own_parts(enum l4proto proto, uint16_t x)
{
	return (
	    proto == L4_ICMP ? PORTSET_ALL : pool4_class_parts[class_of(x)]);
}

/* The ports of the other class, if x may get one. */
static unsigned
other_parts(const struct pool4 *pool, const struct addr_group *g,
    enum l4proto proto, uint16_t x)
{
	if (!pool->opts.range_fallback && g->has_class[proto][class_of(x)])
		return (0);
	return (PORTSET_ALL & ~own_parts(proto, x));
}

/* The ports of the parity of x, if it is to be kept (RFC 4787, REQ-4). */
static unsigned
parity_parts(const struct pool4 *pool, enum l4proto proto, uint16_t x)
{
	if (proto != L4_UDP || !pool->opts.parity)
		return (PORTSET_ALL);
	return (x % 2 == 0 ? PORTSET_EVEN : PORTSET_ODD);
}

/* Choose a free port for x, in the order given at pool4_alloc(); or -1. */
static int32_t
choose(const struct pool4 *pool, const struct space *sp, uint16_t x,
    const struct rng *rng)
{
	const unsigned own = own_parts(sp->quarantine.proto, x);
	const unsigned other = other_parts(pool,
	    &pool->addrs.groups[sp->range->group], sp->quarantine.proto, x);
	const unsigned parity = parity_parts(pool, sp->quarantine.proto, x);
	const unsigned order[] = { own & parity, own, other & parity, other };
	int32_t port = -1;
	unsigned i;

	if ((sp->quarantine.proto == L4_ICMP ||
		pool->opts.select == POOL4_PRESERVE) &&
	    portset_has(&sp->free, x))
		return (x);
	for (i = 0; i < sizeof(order) / sizeof(order[0]) && port < 0; i++)
		port = portset_pick(&sp->free, order[i], rng);
	return (port);
}

int32_t
pool4_first_choice(const struct pool4 *pool, const struct in6_addr *client,
    uint32_t random)
{
	const int32_t group = pool4_addrs_find_group(&pool->addrs, client);
	uint64_t n;

	if (group < 0)
		return (-1);
	n = (uint64_t)random * pool->addrs.groups[group].n_addrs >> 32;
	return ((int32_t)pool4_addrs_of_group(&pool->addrs, (uint32_t)group,
	    (uint32_t)n));
}

bool
pool4_serves(const struct pool4 *pool, uint32_t index,
    const struct in6_addr *client)
{
	const int32_t group = pool4_addrs_find_group(&pool->addrs, client);

	return (group >= 0 && index < pool->addrs.n_addrs &&
	    pool4_addrs_range(&pool->addrs, index)->group == (uint32_t)group);
}

/*
 * The port in quarantine that owner had last; in a block it must be one of
 * owner's.
 */
static struct quarantined *
last_port(const struct pool4 *pool, const struct space *sp,
    const struct taddr6 *owner)
{
	struct quarantined *e;

	e = quarantine_find_owner(&pool->quarantine, &sp->quarantine, owner);
	if (e != NULL && !part_has(sp->range, pool->opts.node, e->port))
		return (NULL);
	if (e != NULL && sp->range->plan.block_size != 0 &&
	    !blocks_is_counted(pool->block_spaces[sp->index],
		sp->quarantine.proto, e->port))
		return (NULL);
	return (e);
}

/* The next address from index on that has a free port for owner, or -1. */
static int32_t
next_usable(const struct pool4 *pool, const struct addr_group *g,
    enum l4proto proto, uint32_t index, const struct taddr6 *owner)
{
	const uint32_t n_addrs = (uint32_t)pool->addrs.n_addrs;
	const unsigned parts = own_parts(proto, owner->port) |
	    other_parts(pool, g, proto, owner->port);
	uint32_t distance, best_distance = UINT32_MAX;
	int32_t next, best = -1;
	unsigned class;

	for (class = 0; class < NCLASSES; class ++) {
		if (!(pool4_class_parts[class] & parts))
			continue;
		next = bitset_next(&g->usable[proto][class], index);
		if (next < 0)
			continue;
		distance = ((uint32_t)next + n_addrs - index) % n_addrs;
		if (distance < best_distance) {
			best_distance = distance;
			best = next;
		}
	}
	return (best);
}

int32_t
pool4_find_addr(const struct pool4 *pool, enum l4proto proto, uint32_t index,
    const struct taddr6 *owner, struct monotime now)
{
	const int32_t group =
	    pool4_addrs_find_group(&pool->addrs, &owner->addr);
	const struct addr_group *g;
	const struct space *sp;

	errno = ENOSPC;
	if (group < 0)
		return (-1);
	g = &pool->addrs.groups[group];
	sp = pool->spaces[proto][index];
	if (sp != NULL && sp->range->group == (uint32_t)group &&
	    last_port(pool, sp, owner) != NULL)
		return ((int32_t)index);
	if (is_closed(pool, now))
		return (-1);
	if (g->has_blocks)
		return (pool4_find_blocks(pool, proto, index, owner));
	return (next_usable(pool, g, proto, index, owner));
}

int32_t
pool4_alloc(struct pool4 *pool, enum l4proto proto, uint32_t index,
    const struct taddr6 *owner, const struct rng *rng, struct monotime now)
{
	struct space *sp;
	struct quarantined *e;
	int32_t port;

	pool->now = now;
	sp = get_space(pool, proto, index);
	if (sp == NULL)
		return (-1);
	e = last_port(pool, sp, owner);
	if (e != NULL) {
		port = e->port;
		quarantine_remove(&pool->quarantine, e);
		return (port);
	}
	errno = ENOSPC;
	if (is_closed(pool, now))
		return (-1);
	port = sp->range->plan.block_size != 0 ?
	    pool4_alloc_blocks(pool, sp, owner, rng, now) :
	    choose(pool, sp, owner->port, rng);
	if (port < 0)
		return (-1);
	pool4_set_free(pool, sp, (uint16_t)port, false);
	return (port);
}

int
pool4_take(struct pool4 *pool, enum l4proto proto, const struct taddr4 *out)
{
	const int32_t index = pool4_index(pool, out->addr);
	struct space *sp;
	struct quarantined *e;

	if (index < 0 || (proto != L4_ICMP && out->port == 0)) {
		errno = EADDRNOTAVAIL;
		return (-1);
	}
	sp = get_space(pool, proto, (uint32_t)index);
	if (sp == NULL)
		return (-1);
	if (!pool4_addrs_has_port(sp->range, proto, out->port))
		return (outside_take(sp, out->port));
	if (is_free(sp, out->port)) {
		pool4_set_free(pool, sp, out->port, false);
		return (0);
	}
	e = quarantine_find_port(&pool->quarantine, &sp->quarantine,
	    out->port);
	if (e == NULL) {
		errno = EADDRINUSE;
		return (-1);
	}
	quarantine_remove(&pool->quarantine, e);
	pool4_uncount(pool, proto, (uint32_t)index, out->port, pool->now);
	return (0);
}

void
pool4_release(struct pool4 *pool, enum l4proto proto, const struct taddr4 *out,
    const struct taddr6 *owner, struct monotime now)
{
	const int32_t index = pool4_index(pool, out->addr);
	struct space *sp;

	pool->now = now;
	if (index < 0 || (sp = pool->spaces[proto][index]) == NULL)
		return;
	if (!pool4_addrs_has_port(sp->range, proto, out->port)) {
		if (outside_has(sp, out->port))
			sp->outside[out->port / 64] &=
			    ~(UINT64_C(1) << out->port % 64);
	} else if (!begin_quarantine(pool, sp, out->port, owner,
		       pool->opts.quarantine_secs[proto], now)) {
		pool4_set_free(pool, sp, out->port, true);
		pool4_uncount(pool, proto, (uint32_t)index, out->port, now);
	}
}

void
pool4_rest(struct pool4 *pool, enum l4proto proto, const struct taddr4 *out,
    const struct taddr6 *owner, uint32_t secs, struct monotime now)
{
	struct space *sp;

	if (pool4_port_state(pool, proto, out) != POOL4_FREE)
		return;
	sp = get_space(pool, proto, (uint32_t)pool4_index(pool, out->addr));
	if (sp == NULL)
		return;
	pool4_set_free(pool, sp, out->port, false);
	if (!begin_quarantine(pool, sp, out->port, owner, secs, now))
		pool4_set_free(pool, sp, out->port, true);
}

/* --- inspection --- */

uint64_t
pool4_n_free_all(const struct pool4 *pool, enum l4proto proto)
{
	return (pool->n_free[proto]);
}

uint32_t
pool4_n_free(const struct pool4 *pool, enum l4proto proto, uint32_t index)
{
	const struct space *sp = pool->spaces[proto][index];

	struct portset part;

	if (sp != NULL)
		return (portset_count(&sp->free, PORTSET_ALL));
	part_fill(&part, NULL, pool4_addrs_range(&pool->addrs, index), proto,
	    pool->opts.node);
	return (portset_count(&part, PORTSET_ALL));
}

enum pool4_state
pool4_port_state(const struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out)
{
	const int32_t index = pool4_index(pool, out->addr);
	const struct addr_range *r;
	const struct space *sp;

	if (index < 0)
		return (POOL4_OUTSIDE);
	r = pool4_addrs_range(&pool->addrs, (uint32_t)index);
	sp = pool->spaces[proto][index];
	if (!pool4_addrs_has_port(r, proto, out->port))
		return (sp != NULL && outside_has(sp, out->port) ?
			POOL4_TAKEN :
			POOL4_OUTSIDE);
	if (sp == NULL || is_free(sp, out->port))
		return (POOL4_FREE);
	return (quarantine_find_port(&pool->quarantine, &sp->quarantine,
		    out->port) != NULL ?
		POOL4_QUARANTINED :
		POOL4_TAKEN);
}
