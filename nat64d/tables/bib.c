/*
 * The BIB of one protocol. Owns its entries, and keeps them consistent with
 * the ports taken in the pool and with the counts of the subscribers.
 */
#include <errno.h>
#include <string.h>

#include "bib.h"

_Static_assert(sizeof(struct bib_entry) == 2 * CACHE_LINE,
    "a binding is two cache lines");

/* Order: port, then address. */
static int
cmp_by6(const struct bib_entry *a, const struct bib_entry *b)
{
	if (a->in6.port != b->in6.port)
		return ((int)a->in6.port - (int)b->in6.port);
	return (addr6_compare(&a->in6.addr, &b->in6.addr));
}

static int
cmp_by4(const struct bib_entry *a, const struct bib_entry *b)
{
	return (taddr4_compare(&a->out4, &b->out4));
}

RB_GENERATE_STATIC(bib_tree6, bib_entry, by6, cmp_by6)
RB_GENERATE_STATIC(bib_tree4, bib_entry, by4, cmp_by4)

/* At most 2^22 trees of each kind. */
#define MAX_BITS 22

int
bib_init(struct bib *b, enum l4proto proto, struct pool4 *pool,
    struct subscribers *subs, struct slab *slab, const struct siphash_key *key,
    bool soft_pooling, size_t expected)
{
	memset(b, 0, sizeof(*b));
	b->proto = proto;
	b->pool = pool;
	b->subs = subs;
	b->slab = slab;
	b->key = *key;
	b->soft_pooling = soft_pooling;
	keyhash_init(&b->hash, key);
	if (TREE_ARRAY_INIT(&b->trees6, expected, MAX_BITS) == -1)
		return (-1);
	return (TREE_ARRAY_INIT(&b->trees4, expected, MAX_BITS));
}

static struct bib_tree6 *
tree6(const struct bib *b, const struct taddr6 *in6)
{
	return (TREE_ARRAY_AT(&b->trees6, keyhash_taddr6(&b->hash, in6, 0)));
}

static struct bib_tree4 *
tree4(const struct bib *b, const struct taddr4 *out4)
{
	return (TREE_ARRAY_AT(&b->trees4, keyhash_taddr4(&b->hash, out4, 0)));
}

struct bib_entry *
bib_find6(const struct bib *b, const struct taddr6 *in6)
{
	struct bib_entry key;

	key.in6 = *in6;
	return (RB_FIND(bib_tree6, tree6(b, in6), &key));
}

void
bib_prefetch6(const struct bib *b, const struct taddr6 *in6)
{
	__builtin_prefetch(tree6(b, in6), 1);
}

struct bib_entry *
bib_find4(const struct bib *b, const struct taddr4 *out4)
{
	struct bib_entry key;

	key.out4 = *out4;
	return (RB_FIND(bib_tree4, tree4(b, out4), &key));
}

/* Empty trees that bib_walk_at() passes for one step. */
#define TREES_A_STEP 1024

struct bib_entry *
bib_walk_at(const struct bib *b, struct bib_walk *w, unsigned *steps)
{
	const size_t n_trees = TREE_ARRAY_COUNT(&b->trees6);
	struct bib_entry key, *e = NULL;

	/* After nat64_set_pool() there may be fewer trees than before. */
	if (w->inside && w->tree < n_trees) {
		key.in6 = w->key;
		e = RB_NFIND(bib_tree6, &b->trees6.trees[w->tree], &key);
		if (e != NULL && w->past && cmp_by6(e, &key) == 0)
			e = RB_NEXT(bib_tree6, NULL, e);
		if (e == NULL)
			w->tree++;
	}
	for (; e == NULL && *steps > 0 && w->tree < n_trees; w->tree++) {
		e = RB_MIN(bib_tree6, &b->trees6.trees[w->tree]);
		if (e != NULL)
			break;
		if (w->tree % TREES_A_STEP == 0)
			(*steps)--;
	}
	w->inside = e != NULL;
	w->past = false;
	if (e != NULL)
		w->key = e->in6;
	return (e);
}

void
bib_walk_past(struct bib_walk *w, const struct bib_entry *e)
{
	w->key = e->in6;
	w->past = true;
}

/* An entry from the slab; NULL with *why. */
static struct bib_entry *
new_entry(struct bib *b, struct refusal *why)
{
	struct bib_entry *e;

	e = slab_get(b->slab);
	if (e == NULL)
		refuse(why,
		    errno == ENOMEM ? REFUSED_MEMORY : REFUSED_BINDINGS,
		    b->slab->max);
	return (e);
}

/*
 * Bindings of the subscriber use this pool address from now on, unless they
 * use another one that is in the pool.
 */
static void
pair(const struct bib *b, struct subscriber *sub, struct in_addr pool_addr)
{
	if (!subscriber_is_paired(sub) ||
	    pool4_index(b->pool, sub->pool_addr) < 0)
		sub->pool_addr = pool_addr;
}

static struct subscriber *
get_subscriber(struct bib *b, const struct in6_addr *addr,
    struct in_addr pool_addr, struct monotime now, struct refusal *why)
{
	struct subscriber *sub;

	sub = subscriber_get(b->subs, addr, pool_addr, now, why);
	if (sub != NULL)
		pair(b, sub, pool_addr);
	return (sub);
}

/* Insert an entry whose port is taken and whose binding is counted. */
static void
insert(struct bib *b, struct bib_entry *e, const struct taddr6 *in6,
    const struct taddr4 *out4, struct subscriber *sub)
{
	e->in6 = *in6;
	e->out4 = *out4;
	e->proto = (uint8_t)b->proto;
	e->sub = sub;
	e->prefix = -1;
	RB_INSERT(bib_tree6, tree6(b, in6), e);
	RB_INSERT(bib_tree4, tree4(b, out4), e);
	b->n_entries++;
}

static void
remove_entry(struct bib *b, struct bib_entry *e, struct monotime now)
{
	RB_REMOVE(bib_tree6, tree6(b, &e->in6), e);
	RB_REMOVE(bib_tree4, tree4(b, &e->out4), e);
	b->n_entries--;
	pool4_release(b->pool, b->proto, &e->out4, &e->in6, now);
	subscriber_remove_binding(b->subs, e->sub, &e->in6.addr, b->proto);
	slab_put(b->slab, e);
}

void
bib_clear(struct bib *b, struct monotime now)
{
	struct bib_entry *e;
	size_t i;

	for (i = 0; b->n_entries > 0 && i < TREE_ARRAY_COUNT(&b->trees6); i++)
		while ((e = RB_ROOT(&b->trees6.trees[i])) != NULL) {
			bib_make_dynamic(b, e, now);
			remove_entry(b, e, now);
		}
	TREE_ARRAY_CLEAR(&b->trees6);
	TREE_ARRAY_CLEAR(&b->trees4);
}

/*
 * The pool address to try first for a new subscriber. A keyed hash selects
 * it, so that nobody outside can tell which subscribers share an address.
 */
static int32_t
first_choice(const struct bib *b, const struct in6_addr *addr)
{
	const struct in6_addr prefix = subscriber_prefix(b->subs, addr);
	uint64_t hash;

	hash = siphash24(&b->key, &prefix, sizeof(prefix)) >> 32;
	return (pool4_first_choice(b->pool, addr, (uint32_t)hash));
}

/* No address has a port for in6, for the reason in errno; from: the first. */
static void
refuse_port(const struct bib *b, const struct taddr6 *in6, int32_t from,
    struct refusal *why)
{
	if (errno == ENOMEM)
		refuse(why, REFUSED_MEMORY, 0);
	else if (errno == EDQUOT && from >= 0) {
		refuse(why, REFUSED_SUBSCRIBER_BLOCKS,
		    pool4_max_blocks(b->pool, (uint32_t)from));
		why->prefix_len = b->subs->prefix_len;
	} else
		refuse(why,
		    pool4_has_blocks(b->pool, &in6->addr) ? REFUSED_BLOCKS :
							    REFUSED_POOL,
		    0);
}

/*
 * The pool address of a new binding, with a free port for it, or -1 with *why:
 * the subscriber's paired address (RFC 6888, REQ-2), or another one if it has
 * none yet or with soft pooling (RFC 7857, 4).
 */
static int32_t
choose_addr(const struct bib *b, const struct taddr6 *in6, struct monotime now,
    struct refusal *why)
{
	const struct subscriber *sub;
	bool paired = false;
	int32_t index, from;

	sub = subscriber_find(b->subs, &in6->addr);
	from = sub != NULL ? pool4_index(b->pool, sub->pool_addr) : -1;
	/* The address of a static binding may be for other clients. */
	if (from >= 0 && pool4_serves(b->pool, (uint32_t)from, &in6->addr)) {
		paired = subscriber_is_paired(sub) && !b->soft_pooling;
	} else {
		/* A subscriber that is new may have blocks of before. */
		from = pool4_block_addr(b->pool, &in6->addr);
		if (from < 0)
			from = first_choice(b, &in6->addr);
	}
	errno = ENOSPC;
	index = from < 0 ?
	    -1 :
	    pool4_find_addr(b->pool, b->proto, (uint32_t)from, in6, now);
	if (paired && index >= 0 && index != from) {
		errno = ENOSPC;
		index = -1;
	}
	if (index < 0)
		refuse_port(b, in6, from, why);
	return (index);
}

/* How many more bindings can be created. */
static uint64_t
count_free(const struct bib *b)
{
	const uint64_t ports = pool4_n_free_all(b->pool, b->proto);
	const uint64_t entries =
	    b->slab->used < b->slab->max ? b->slab->max - b->slab->used : 0;

	return (ports < entries ? ports : entries);
}

/*
 * The pool address of a new binding that is to have a certain port, which it
 * can have there, or -1 with *why.
 */
static int32_t
wished_addr(const struct bib *b, const struct taddr6 *in6,
    const struct taddr4 *wish, struct monotime now, struct refusal *why)
{
	const struct subscriber *sub = subscriber_find(b->subs, &in6->addr);
	const bool paired =
	    sub != NULL && subscriber_is_paired(sub) && !b->soft_pooling;
	struct taddr4 out4 = *wish;
	int32_t index;

	if (wish->addr.s_addr == INADDR_ANY) {
		index = choose_addr(b, in6, now, why);
		if (index < 0)
			return (-1);
		out4.addr = pool4_addr(b->pool, (uint32_t)index);
	}
	index = pool4_index(b->pool, out4.addr);
	if (index < 0 || !pool4_serves(b->pool, (uint32_t)index, &in6->addr) ||
	    (paired && out4.addr.s_addr != sub->pool_addr.s_addr) ||
	    !pool4_may_give(b->pool, b->proto, &out4, in6, now))
		return (refuse(why, REFUSED_EXISTS, 0));
	return (index);
}

/* Take the port that is wished, or any. The port, or -1 with errno. */
static int32_t
take_port(const struct bib *b, uint32_t index, const struct taddr6 *in6,
    const struct taddr4 *wish, const struct rng *rng, struct monotime now)
{
	struct taddr4 out4;

	if (wish == NULL)
		return (pool4_alloc(b->pool, b->proto, index, in6, rng, now));
	out4 = (struct taddr4){ pool4_addr(b->pool, index), wish->port };
	return (pool4_retake(b->pool, b->proto, &out4, in6, now) == -1 ?
		-1 :
		wish->port);
}

/* wish: as for bib_create6(), or NULL. */
static struct bib_entry *
create(struct bib *b, const struct taddr6 *in6, const struct taddr4 *wish,
    const struct rng *rng, struct monotime now, struct refusal *why)
{
	struct bib_entry *e;
	struct subscriber *sub;
	struct taddr4 out4;
	int32_t index, port;

	if (pool4_n_addrs(b->pool) == 0) {
		refuse(why, REFUSED_NO_POOL, 0);
		return (NULL);
	}
	e = new_entry(b, why);
	if (e == NULL)
		return (NULL);
	/* The port last: releasing it would put it into quarantine. */
	index = wish == NULL ? choose_addr(b, in6, now, why) :
			       wished_addr(b, in6, wish, now, why);
	if (index < 0)
		goto fail;
	out4.addr = pool4_addr(b->pool, (uint32_t)index);
	sub = get_subscriber(b, &in6->addr, out4.addr, now, why);
	if (sub == NULL ||
	    subscriber_add_binding(b->subs, sub, &in6->addr, b->proto,
		count_free(b), now, why) == -1)
		goto fail;
	port = take_port(b, (uint32_t)index, in6, wish, rng, now);
	if (port < 0) {
		refuse_port(b, in6, index, why);
		subscriber_remove_binding(b->subs, sub, &in6->addr, b->proto);
		goto fail;
	}
	out4.port = (uint16_t)port;
	insert(b, e, in6, &out4, sub);
	return (e);
fail:
	slab_put(b->slab, e);
	return (NULL);
}

struct bib_entry *
bib_get6(struct bib *b, const struct taddr6 *in6, const struct rng *rng,
    struct monotime now, bool *created, struct refusal *why)
{
	struct bib_entry *e;

	*created = false;
	e = bib_find6(b, in6);
	if (e != NULL)
		return (e);
	/*
	 * Two for each new binding, so that the quarantine shrinks even when
	 * bindings are made faster than the timer frees ports.
	 */
	pool4_expire(b->pool, now, 2);
	e = create(b, in6, NULL, rng, now, why);
	*created = e != NULL;
	return (e);
}

struct bib_entry *
bib_create6(struct bib *b, const struct taddr6 *in6, const struct taddr4 *wish,
    const struct rng *rng, struct monotime now, struct refusal *why)
{
	return (create(b, in6, wish, rng, now, why));
}

/*
 * May in6 and out4 be bound statically? Returns 0 when neither is bound (*same
 * is NULL), or when *same binds them to each other dynamically.
 */
static int
check_static(const struct bib *b, const struct taddr6 *in6,
    const struct taddr4 *out4, struct bib_entry **same)
{
	struct bib_entry *e6, *e4;

	e6 = bib_find6(b, in6);
	e4 = bib_find4(b, out4);
	*same = e6;
	if (e6 == e4 && (e6 == NULL || !e6->is_static))
		return (0);
	errno = EEXIST;
	return (-1);
}

struct bib_entry *
bib_add_static(struct bib *b, const struct taddr6 *in6,
    const struct taddr4 *out4, struct monotime now)
{
	struct bib_entry *e;
	struct subscriber *sub;
	struct refusal why;

	if (check_static(b, in6, out4, &e) == -1)
		return (NULL);
	if (e != NULL) {
		e->is_static = true;
		e->round = b->round;
		subscriber_set_static(b->subs, e->sub, &in6->addr, b->proto,
		    true);
		pool4_disclaim(b->pool, b->proto, out4, now);
		return (e);
	}
	if (pool4_index(b->pool, out4->addr) < 0) {
		errno = EADDRNOTAVAIL;
		return (NULL);
	}
	e = new_entry(b, &why);
	if (e == NULL)
		goto refused;
	/* The port comes last, as in create(). */
	sub = get_subscriber(b, &in6->addr, out4->addr, now, &why);
	if (sub == NULL) {
		slab_put(b->slab, e);
		goto refused;
	}
	if (pool4_take(b->pool, b->proto, out4) == -1) {
		slab_put(b->slab, e);
		return (NULL);
	}
	subscriber_add_static(b->subs, sub, b->proto);
	insert(b, e, in6, out4, sub);
	e->is_static = true;
	e->round = b->round;
	return (e);
refused:
	errno = why.by == REFUSED_MEMORY ? ENOMEM : ENOBUFS;
	return (NULL);
}

/* Could in6 have been given out4 by this pool, and is it free? */
static int
check_restore(const struct bib *b, const struct taddr6 *in6,
    const struct taddr4 *out4, struct refusal *why)
{
	const int32_t index = pool4_index(b->pool, out4->addr);

	if (index < 0 || !pool4_serves(b->pool, (uint32_t)index, &in6->addr) ||
	    pool4_port_state(b->pool, b->proto, out4) == POOL4_OUTSIDE)
		return (refuse(why, REFUSED_NO_POOL, 0));
	if (bib_find6(b, in6) != NULL || bib_find4(b, out4) != NULL)
		return (refuse(why, REFUSED_EXISTS, 0));
	return (0);
}

struct bib_entry *
bib_restore(struct bib *b, const struct taddr6 *in6, const struct taddr4 *out4,
    struct in_addr paired, struct monotime now, struct refusal *why)
{
	struct bib_entry *e;
	struct subscriber *sub;

	if (check_restore(b, in6, out4, why) == -1)
		return (NULL);
	if (pool4_index(b->pool, paired) < 0)
		paired = out4->addr;
	e = new_entry(b, why);
	if (e == NULL)
		return (NULL);
	/* The port comes last, as in create(). */
	sub = get_subscriber(b, &in6->addr, paired, now, why);
	if (sub == NULL ||
	    subscriber_restore_binding(b->subs, sub, &in6->addr, b->proto,
		why) == -1)
		goto fail;
	if (pool4_retake(b->pool, b->proto, out4, in6, now) == -1) {
		if (errno == EADDRINUSE)
			refuse(why, REFUSED_EXISTS, 0);
		else
			refuse_port(b, in6, pool4_index(b->pool, out4->addr),
			    why);
		subscriber_remove_binding(b->subs, sub, &in6->addr, b->proto);
		goto fail;
	}
	insert(b, e, in6, out4, sub);
	return (e);
fail:
	slab_put(b->slab, e);
	return (NULL);
}

bool
bib_release(struct bib *b, struct bib_entry *e, struct monotime now)
{
	if (e->n_sessions > 0 || bib_is_kept(e))
		return (false);
	remove_entry(b, e, now);
	return (true);
}

void
bib_make_dynamic(struct bib *b, struct bib_entry *e, struct monotime now)
{
	if (!e->is_static)
		return;
	e->is_static = false;
	pair(b, e->sub, e->out4.addr);
	subscriber_set_static(b->subs, e->sub, &e->in6.addr, b->proto, false);
	if (e->n_sessions > 0 || e->held)
		(void)pool4_claim(b->pool, b->proto, &e->out4, &e->in6.addr,
		    now);
}

bool
bib_remove_static(struct bib *b, struct bib_entry *e, struct monotime now)
{
	bib_make_dynamic(b, e, now);
	return (bib_release(b, e, now));
}
