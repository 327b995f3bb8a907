/*
 * The pool. Owns ports free, taken and at rest; refuses to know what a
 * binding or a subscriber is.
 *
 * A port space (one address, one protocol) has the set of ports that may be
 * given out now. A port of the dynamic range that is not in it is taken, or
 * at rest when there is a struct rest for it. Ports outside the dynamic
 * range, which only static bindings have, are kept apart in a plain bitmap
 * that few spaces ever need.
 */
#include <sys/queue.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"

#include <sys/tree.h>

#include "common/ip4class.h"
#include "nat64d/addrset.h"
#include "nat64d/pool4.h"
#include "nat64d/portset.h"
#include "nat64d/slab.h"

/* A released port. */
struct rest {
	RB_ENTRY(rest) by_port;
	RB_ENTRY(rest) by_owner;
	TAILQ_ENTRY(rest) of_proto;
	TAILQ_ENTRY(rest) of_space;
	struct space *space;
	struct monotime until;
	struct taddr6 owner;
	uint16_t port;
};

RB_HEAD(rest_by_port, rest);
RB_HEAD(rest_by_owner, rest);
TAILQ_HEAD(rest_queue, rest);

struct space {
	uint32_t index; /* of the address */
	enum l4proto proto;
	struct port_range dynamic;
	struct portset free;
	uint64_t *outside; /* taken ones; NULL as long as there is none */
	struct rest_by_port by_port;
	struct rest_by_owner by_owner;
	struct rest_queue resting; /* oldest first */
	uint32_t nresting;
	uint32_t max_resting;
};

/* A pool4_range in host order; its first address has index base. */
struct range {
	uint32_t first;
	uint32_t last;
	uint32_t base;
	struct port_range ports[L4_NPROTO]; /* without port 0 of TCP, UDP */
};

/* System ports, and all others. */
enum { CLASS_SYSTEM, CLASS_USER, NCLASSES };

struct pool4 {
	struct pool4_opts opts;
	struct range *ranges; /* ascending */
	size_t nranges;
	size_t naddrs;
	uint64_t capacity[L4_NPROTO];
	struct space **spaces[L4_NPROTO]; /* by index; NULL: untouched */
	struct addrset usable[L4_NPROTO][NCLASSES]; /* has a free port */
	bool has_class[L4_NPROTO][NCLASSES];	    /* in any range */
	struct rest_queue resting[L4_NPROTO];	    /* oldest first */
	struct monotime closed_until[L4_NPROTO];
	struct slab rests;
};

static const unsigned class_parts[NCLASSES] = { PORTSET_SYSTEM,
	PORTSET_USER };

/* Order: port. */
static int
cmp_by_port(const struct rest *a, const struct rest *b)
{
	return ((int)a->port - (int)b->port);
}

/*
 * Order: owner's port, owner's address, port. An owner that had static
 * bindings may have several ports at rest.
 */
static int
cmp_by_owner(const struct rest *a, const struct rest *b)
{
	int d;

	if (a->owner.port != b->owner.port)
		return ((int)a->owner.port - (int)b->owner.port);
	d = memcmp(&a->owner.addr, &b->owner.addr, sizeof(a->owner.addr));
	return (d != 0 ? d : cmp_by_port(a, b));
}

RB_GENERATE_STATIC(rest_by_port, rest, by_port, cmp_by_port)
RB_GENERATE_STATIC(rest_by_owner, rest, by_owner, cmp_by_owner)

/* --- ranges --- */

static const char *
check_range(const struct pool4_range *r)
{
	const uint32_t first = ntohl(r->first.s_addr);
	const uint32_t last = ntohl(r->last.s_addr);
	unsigned proto;

	if (first > last)
		return ("first address above the last one");
	if (last - first >= POOL4_MAX_ADDRS)
		return ("more than 65536 addresses");
	/* No such block is smaller than the largest range: its ends tell. */
	if (ip4_is_never_unicast(r->first) || ip4_is_never_unicast(r->last))
		return ("not unicast addresses");
	for (proto = 0; proto < L4_NPROTO; proto++) {
		if (r->ports[proto].first > r->ports[proto].last)
			return ("first port above the last one");
		if (proto != L4_ICMP && r->ports[proto].last == 0)
			return ("port 0 cannot be used");
	}
	return (NULL);
}

static bool
overlap(const struct pool4_range *a, const struct pool4_range *b)
{
	return (ntohl(a->first.s_addr) <= ntohl(b->last.s_addr) &&
	    ntohl(b->first.s_addr) <= ntohl(a->last.s_addr));
}

const char *
pool4_check(const struct pool4_range *ranges, size_t nranges)
{
	const struct pool4_range *a, *b;
	const char *error;
	uint64_t naddrs = 0;

	if (nranges == 0)
		return ("no address");
	for (a = ranges; a < ranges + nranges; a++) {
		if ((error = check_range(a)) != NULL)
			return (error);
		for (b = ranges; b < a; b++)
			if (overlap(a, b))
				return ("overlaps another range");
		naddrs += ntohl(a->last.s_addr) - ntohl(a->first.s_addr) + 1;
		if (naddrs > POOL4_MAX_ADDRS)
			return ("more than 65536 addresses");
	}
	return (NULL);
}

/* Copy and sort. Few ranges, once: the simplest sort. */
static void
copy_ranges(struct pool4 *pool, const struct pool4_range *ranges)
{
	struct range r;
	size_t i, j;

	for (i = 0; i < pool->nranges; i++) {
		r.first = ntohl(ranges[i].first.s_addr);
		r.last = ntohl(ranges[i].last.s_addr);
		memcpy(r.ports, ranges[i].ports, sizeof(r.ports));
		if (r.ports[L4_TCP].first == 0)
			r.ports[L4_TCP].first = 1;
		if (r.ports[L4_UDP].first == 0)
			r.ports[L4_UDP].first = 1;
		for (j = i; j > 0 && pool->ranges[j - 1].first > r.first; j--)
			pool->ranges[j] = pool->ranges[j - 1];
		pool->ranges[j] = r;
	}
	for (i = 0; i < pool->nranges; i++) {
		pool->ranges[i].base = (uint32_t)pool->naddrs;
		pool->naddrs += pool->ranges[i].last -
		    pool->ranges[i].first + 1;
	}
}

/* What a range adds to a protocol's books. */
static void
enter_range(struct pool4 *pool, const struct range *r, enum l4proto proto)
{
	const struct port_range *ports = &r->ports[proto];
	const uint32_t naddrs = r->last - r->first + 1;
	const bool has[NCLASSES] = { ports->first < PORTSET_FIRST_USER,
		ports->last >= PORTSET_FIRST_USER };
	uint32_t i;
	unsigned class;

	pool->capacity[proto] += (uint64_t)naddrs *
	    (ports->last - ports->first + 1u);
	for (class = 0; class < NCLASSES; class++) {
		if (!has[class])
			continue;
		pool->has_class[proto][class] = true;
		for (i = 0; i < naddrs; i++)
			addrset_put(&pool->usable[proto][class], r->base + i,
			    true);
	}
}

static const struct range *
range_of_index(const struct pool4 *pool, uint32_t index)
{
	size_t low = 0, high = pool->nranges, mid;

	while (high - low > 1) {
		mid = (low + high) / 2;
		if (pool->ranges[mid].base <= index)
			low = mid;
		else
			high = mid;
	}
	return (&pool->ranges[low]);
}

int32_t
pool4_index(const struct pool4 *pool, struct in_addr addr)
{
	const uint32_t host = ntohl(addr.s_addr);
	const struct range *r;
	size_t low = 0, high = pool->nranges, mid;

	while (low < high) {
		mid = (low + high) / 2;
		r = &pool->ranges[mid];
		if (host < r->first)
			high = mid;
		else if (host > r->last)
			low = mid + 1;
		else
			return ((int32_t)(r->base + (host - r->first)));
	}
	return (-1);
}

struct in_addr
pool4_addr(const struct pool4 *pool, uint32_t index)
{
	const struct range *r = range_of_index(pool, index);

	return ((struct in_addr){ .s_addr = htonl(
	    r->first + (index - r->base)) });
}

size_t
pool4_naddrs(const struct pool4 *pool)
{
	return (pool->naddrs);
}

uint64_t
pool4_capacity(const struct pool4 *pool, enum l4proto proto)
{
	return (pool->capacity[proto]);
}

/* --- life --- */

struct pool4 *
pool4_new(const struct pool4_range *ranges, size_t nranges,
    const struct pool4_opts *opts)
{
	struct pool4 *pool;
	enum l4proto proto;
	size_t i;

	pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		return (NULL);
	slab_init(&pool->rests, sizeof(struct rest), POOL4_MAX_REST);
	pool->opts = *opts;
	pool->nranges = nranges;
	pool->ranges = calloc(nranges, sizeof(*pool->ranges));
	if (pool->ranges == NULL)
		goto fail;
	copy_ranges(pool, ranges);
	for (proto = L4_TCP; proto < L4_NPROTO; proto++) {
		TAILQ_INIT(&pool->resting[proto]);
		pool->closed_until[proto].ns = INT64_MIN;
		for (i = 0; i < nranges; i++)
			enter_range(pool, &pool->ranges[i], proto);
		pool->spaces[proto] = calloc(pool->naddrs,
		    sizeof(struct space *));
		if (pool->spaces[proto] == NULL)
			goto fail;
	}
	return (pool);
fail:
	pool4_free(pool);
	errno = ENOMEM;
	return (NULL);
}

void
pool4_free(struct pool4 *pool)
{
	struct space *sp;
	unsigned proto;
	size_t i;

	if (pool == NULL)
		return;
	for (proto = 0; proto < L4_NPROTO; proto++) {
		if (pool->spaces[proto] == NULL)
			continue;
		for (i = 0; i < pool->naddrs; i++) {
			sp = pool->spaces[proto][i];
			if (sp != NULL)
				free(sp->outside);
			free(sp);
		}
		free(pool->spaces[proto]);
	}
	slab_clear(&pool->rests);
	free(pool->ranges);
	free(pool);
}

/* The space of an address; NULL with errno ENOMEM. */
static struct space *
get_space(struct pool4 *pool, enum l4proto proto, uint32_t index)
{
	struct space *sp = pool->spaces[proto][index];
	uint64_t nports;

	if (sp != NULL)
		return (sp);
	sp = calloc(1, sizeof(*sp));
	if (sp == NULL)
		return (NULL);
	sp->index = index;
	sp->proto = proto;
	sp->dynamic = range_of_index(pool, index)->ports[proto];
	portset_init(&sp->free, sp->dynamic.first, sp->dynamic.last);
	RB_INIT(&sp->by_port);
	RB_INIT(&sp->by_owner);
	TAILQ_INIT(&sp->resting);
	nports = sp->dynamic.last - sp->dynamic.first + 1u;
	sp->max_resting = (uint32_t)(nports * pool->opts.rest_max_percent /
	    100);
	pool->spaces[proto][index] = sp;
	return (sp);
}

/* --- free and taken --- */

static unsigned
class_of(uint16_t port)
{
	return (port < PORTSET_FIRST_USER ? CLASS_SYSTEM : CLASS_USER);
}

static bool
in_range(const struct port_range *r, uint16_t port)
{
	return (port >= r->first && port <= r->last);
}

/* Take a free port, or make a taken one free. */
static void
set_free(struct pool4 *pool, struct space *sp, uint16_t port, bool on)
{
	const unsigned class = class_of(port);
	uint32_t n;

	if (on)
		portset_add(&sp->free, port);
	else
		portset_remove(&sp->free, port);
	n = portset_count(&sp->free, class_parts[class]);
	/* Only the first and the last free port change what is usable. */
	if (n <= 1)
		addrset_put(&pool->usable[sp->proto][class], sp->index,
		    n > 0);
}

static bool
outside_has(const struct space *sp, uint16_t port)
{
	return (sp->outside != NULL &&
	    (sp->outside[port / 64] >> port % 64 & 1));
}

static int
outside_take(struct space *sp, uint16_t port)
{
	if (outside_has(sp, port)) {
		errno = EADDRINUSE;
		return (-1);
	}
	if (sp->outside == NULL) {
		sp->outside = calloc(65536 / 64, sizeof(*sp->outside));
		if (sp->outside == NULL)
			return (-1);
	}
	sp->outside[port / 64] |= UINT64_C(1) << port % 64;
	return (0);
}

/* --- rest (CGN-08) --- */

static struct rest *
rest_of_port(struct space *sp, uint16_t port)
{
	struct rest key;

	key.port = port;
	return (RB_FIND(rest_by_port, &sp->by_port, &key));
}

static struct rest *
rest_of_owner(struct space *sp, const struct taddr6 *owner)
{
	struct rest key, *r;

	key.owner = *owner;
	key.port = 0;
	r = RB_NFIND(rest_by_owner, &sp->by_owner, &key);
	if (r == NULL || r->owner.port != owner->port ||
	    memcmp(&r->owner.addr, &owner->addr, sizeof(owner->addr)) != 0)
		return (NULL);
	return (r);
}

/* Forget r; its port is taken then. */
static void
rest_remove(struct pool4 *pool, struct rest *r)
{
	struct space *sp = r->space;

	RB_REMOVE(rest_by_port, &sp->by_port, r);
	RB_REMOVE(rest_by_owner, &sp->by_owner, r);
	TAILQ_REMOVE(&sp->resting, r, of_space);
	TAILQ_REMOVE(&pool->resting[sp->proto], r, of_proto);
	sp->nresting--;
	slab_put(&pool->rests, r);
}

static void
rest_end(struct pool4 *pool, struct rest *r)
{
	struct space *sp = r->space;
	const uint16_t port = r->port;

	rest_remove(pool, r);
	set_free(pool, sp, port, true);
}

/* Let a taken port rest; false when it may not, or there is no room. */
static bool
rest_begin(struct pool4 *pool, struct space *sp, uint16_t port,
    const struct taddr6 *owner, struct monotime now)
{
	const uint32_t secs = pool->opts.rest_secs[sp->proto];
	struct rest *r;

	if (secs == 0 || sp->max_resting == 0)
		return (false);
	if (sp->nresting == sp->max_resting)
		rest_end(pool, TAILQ_FIRST(&sp->resting));
	r = slab_get(&pool->rests);
	if (r == NULL && !TAILQ_EMPTY(&sp->resting)) {
		rest_end(pool, TAILQ_FIRST(&sp->resting));
		r = slab_get(&pool->rests);
	}
	if (r == NULL)
		return (false);
	r->space = sp;
	r->until = monotime_add_secs(now, secs);
	r->owner = *owner;
	r->port = port;
	RB_INSERT(rest_by_port, &sp->by_port, r);
	RB_INSERT(rest_by_owner, &sp->by_owner, r);
	TAILQ_INSERT_TAIL(&sp->resting, r, of_space);
	TAILQ_INSERT_TAIL(&pool->resting[sp->proto], r, of_proto);
	sp->nresting++;
	return (true);
}

void
pool4_expire(struct pool4 *pool, struct monotime now, unsigned max)
{
	struct rest *r;
	unsigned proto;

	for (proto = 0; proto < L4_NPROTO; proto++) {
		while (max > 0 &&
		    (r = TAILQ_FIRST(&pool->resting[proto])) != NULL &&
		    monotime_reached(r->until, now)) {
			rest_end(pool, r);
			max--;
		}
	}
}

void
pool4_rest_all(struct pool4 *pool, struct monotime now)
{
	unsigned proto;

	for (proto = 0; proto < L4_NPROTO; proto++)
		pool->closed_until[proto] = monotime_add_secs(now,
		    pool->opts.rest_secs[proto]);
}

/* --- allocation --- */

/* The class of x's own (ALC-04); identifiers have none (ALC-07). */
static unsigned
own_parts(enum l4proto proto, uint16_t x)
{
	return (proto == L4_ICMP ? PORTSET_ALL : class_parts[class_of(x)]);
}

/* What else may be given to x. */
static unsigned
other_parts(const struct pool4 *pool, enum l4proto proto, uint16_t x)
{
	if (!pool->opts.range_fallback && pool->has_class[proto][class_of(x)])
		return (0);
	return (PORTSET_ALL & ~own_parts(proto, x));
}

/* What x would like best (ALC-05). */
static unsigned
parity_parts(const struct pool4 *pool, enum l4proto proto, uint16_t x)
{
	if (proto != L4_UDP || !pool->opts.parity)
		return (PORTSET_ALL);
	return (x % 2 == 0 ? PORTSET_EVEN : PORTSET_ODD);
}

/* A free port for x in the order of ALC-04 to ALC-07, or -1. */
static int32_t
choose(const struct pool4 *pool, const struct space *sp, uint16_t x,
    const struct rng *rng)
{
	const unsigned own = own_parts(sp->proto, x);
	const unsigned other = other_parts(pool, sp->proto, x);
	const unsigned parity = parity_parts(pool, sp->proto, x);
	const unsigned order[] = { own & parity, own, other & parity, other };
	int32_t port = -1;
	unsigned i;

	if ((sp->proto == L4_ICMP || pool->opts.select == POOL4_PRESERVE) &&
	    portset_has(&sp->free, x))
		return (x);
	for (i = 0; i < sizeof(order) / sizeof(order[0]) && port < 0; i++)
		port = portset_pick(&sp->free, order[i], rng);
	return (port);
}

static bool
is_closed(const struct pool4 *pool, enum l4proto proto, struct monotime now)
{
	return (!monotime_reached(pool->closed_until[proto], now));
}

int32_t
pool4_find_addr(const struct pool4 *pool, enum l4proto proto, uint32_t index,
    const struct taddr6 *owner, struct monotime now)
{
	const unsigned parts = own_parts(proto, owner->port) |
	    other_parts(pool, proto, owner->port);
	const uint32_t naddrs = (uint32_t)pool->naddrs;
	struct space *sp = pool->spaces[proto][index];
	uint32_t way, best_way = UINT32_MAX;
	int32_t next, best = -1;
	unsigned class;

	if (sp != NULL && rest_of_owner(sp, owner) != NULL)
		return ((int32_t)index);
	if (is_closed(pool, proto, now))
		return (-1);
	for (class = 0; class < NCLASSES; class++) {
		if (!(class_parts[class] & parts))
			continue;
		next = addrset_next(&pool->usable[proto][class], index);
		if (next < 0)
			continue;
		way = ((uint32_t)next + naddrs - index) % naddrs;
		if (way < best_way) {
			best_way = way;
			best = next;
		}
	}
	return (best);
}

int32_t
pool4_alloc(struct pool4 *pool, enum l4proto proto, uint32_t index,
    const struct taddr6 *owner, const struct rng *rng, struct monotime now)
{
	struct space *sp;
	struct rest *r;
	int32_t port;

	sp = get_space(pool, proto, index);
	if (sp == NULL)
		return (-1);
	r = rest_of_owner(sp, owner);
	if (r != NULL) {
		port = r->port;
		rest_remove(pool, r);
		return (port);
	}
	port = is_closed(pool, proto, now) ? -1 :
	    choose(pool, sp, owner->port, rng);
	if (port < 0) {
		errno = ENOSPC;
		return (-1);
	}
	set_free(pool, sp, (uint16_t)port, false);
	return (port);
}

int
pool4_take(struct pool4 *pool, enum l4proto proto, const struct taddr4 *out)
{
	const int32_t index = pool4_index(pool, out->addr);
	struct space *sp;
	struct rest *r;

	if (index < 0 || (proto != L4_ICMP && out->port == 0)) {
		errno = EADDRNOTAVAIL;
		return (-1);
	}
	sp = get_space(pool, proto, (uint32_t)index);
	if (sp == NULL)
		return (-1);
	if (!in_range(&sp->dynamic, out->port))
		return (outside_take(sp, out->port));
	if (portset_has(&sp->free, out->port)) {
		set_free(pool, sp, out->port, false);
		return (0);
	}
	r = rest_of_port(sp, out->port);
	if (r == NULL) {
		errno = EADDRINUSE;
		return (-1);
	}
	rest_remove(pool, r);
	return (0);
}

void
pool4_release(struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, const struct taddr6 *owner,
    struct monotime now)
{
	const int32_t index = pool4_index(pool, out->addr);
	struct space *sp;

	if (index < 0 || (sp = pool->spaces[proto][index]) == NULL)
		return;
	if (!in_range(&sp->dynamic, out->port)) {
		if (outside_has(sp, out->port))
			sp->outside[out->port / 64] &=
			    ~(UINT64_C(1) << out->port % 64);
	} else if (!rest_begin(pool, sp, out->port, owner, now))
		set_free(pool, sp, out->port, true);
}

/* --- inspection --- */

uint32_t
pool4_nfree(const struct pool4 *pool, enum l4proto proto, uint32_t index)
{
	const struct space *sp = pool->spaces[proto][index];
	const struct port_range *ports;

	if (sp != NULL)
		return (portset_count(&sp->free, PORTSET_ALL));
	ports = &range_of_index(pool, index)->ports[proto];
	return (ports->last - ports->first + 1u);
}

enum pool4_state
pool4_port_state(const struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out)
{
	const int32_t index = pool4_index(pool, out->addr);
	struct space *sp;

	if (index < 0)
		return (POOL4_OUTSIDE);
	sp = pool->spaces[proto][index];
	if (!in_range(&range_of_index(pool, (uint32_t)index)->ports[proto],
	    out->port))
		return (sp != NULL && outside_has(sp, out->port) ?
		    POOL4_TAKEN : POOL4_OUTSIDE);
	if (sp == NULL || portset_has(&sp->free, out->port))
		return (POOL4_FREE);
	return (rest_of_port(sp, out->port) != NULL ? POOL4_RESTING :
	    POOL4_TAKEN);
}
