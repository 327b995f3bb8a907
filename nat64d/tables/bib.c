/*
 * The BIB of one protocol. Owns its entries, and sees to it that they, the
 * ports of the pool and the quotas of the subscribers stay in step.
 */
#include <errno.h>
#include <stdlib.h>
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

/* Order: address in host order, then port. */
static int
cmp_by4(const struct bib_entry *a, const struct bib_entry *b)
{
	const uint32_t x = ntohl(a->out4.addr.s_addr);
	const uint32_t y = ntohl(b->out4.addr.s_addr);

	if (x != y)
		return (x < y ? -1 : 1);
	return ((int)a->out4.port - (int)b->out4.port);
}

RB_GENERATE_STATIC(bib_tree6, bib_entry, by6, cmp_by6)
RB_GENERATE_STATIC(bib_tree4, bib_entry, by4, cmp_by4)

/* Trees there may be: enough for a million bindings, and for any number. */
#define MAX_BITS 22

static size_t
n_trees(const struct bib *b)
{
	return (keyhash_nplaces(b->shift));
}

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
	b->shift = keyhash_shift(expected, MAX_BITS);
	/* All zero is an empty tree, and memory is touched as they fill. */
	b->trees6 = calloc(n_trees(b), sizeof(*b->trees6));
	b->trees4 = calloc(n_trees(b), sizeof(*b->trees4));
	return (b->trees6 != NULL && b->trees4 != NULL ? 0 : -1);
}

static struct bib_tree6 *
tree6(const struct bib *b, const struct taddr6 *in6)
{
	return (&b->trees6[keyhash_taddr6(&b->hash, in6, 0) >> b->shift]);
}

static struct bib_tree4 *
tree4(const struct bib *b, const struct taddr4 *out4)
{
	return (&b->trees4[keyhash_taddr4(&b->hash, out4, 0) >> b->shift]);
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

/* So many empty trees are passed by in one step. */
#define TREES_A_STEP 1024

struct bib_entry *
bib_walk_at(const struct bib *b, struct bib_walk *w, unsigned *steps)
{
	struct bib_entry key, *e = NULL;

	/* There may be fewer trees now (nat64_set_pool()). */
	if (w->inside && w->tree < n_trees(b)) {
		key.in6 = w->key;
		e = RB_NFIND(bib_tree6, &b->trees6[w->tree], &key);
		if (e != NULL && w->past && cmp_by6(e, &key) == 0)
			e = RB_NEXT(bib_tree6, NULL, e);
		if (e == NULL)
			w->tree++;
	}
	for (; e == NULL && w->tree < n_trees(b) && *steps > 0; w->tree++) {
		e = RB_MIN(bib_tree6, &b->trees6[w->tree]);
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

/* An entry from the slab; a full slab is a full table. */
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

static struct subscriber *
get_subscriber(struct bib *b, const struct in6_addr *addr, uint32_t index,
    struct monotime now, struct refusal *why)
{
	struct subscriber *sub;

	sub = subscriber_get(b->subs, addr, index, now, why);
	if (sub != NULL && !subscriber_is_paired(sub))
		sub->pool_index = index;
	return (sub);
}

/* Enter what is decided: port taken, binding counted. */
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

/* e is counted as dynamic from now on, and pairs if it is the only one. */
static void
make_dynamic(struct bib *b, struct bib_entry *e)
{
	if (!e->is_static)
		return;
	e->is_static = false;
	if (!subscriber_is_paired(e->sub))
		e->sub->pool_index =
		    (uint32_t)pool4_index(b->pool, e->out4.addr);
	subscriber_set_static(b->subs, e->sub, &e->in6.addr, b->proto, false);
}

void
bib_clear(struct bib *b, struct monotime now)
{
	struct bib_entry *e;
	size_t i;

	for (i = 0; b->n_entries > 0 && i < n_trees(b); i++)
		while ((e = RB_ROOT(&b->trees6[i])) != NULL) {
			make_dynamic(b, e);
			remove_entry(b, e, now);
		}
	free(b->trees6);
	free(b->trees4);
	b->trees6 = NULL;
	b->trees4 = NULL;
}

/*
 * Where a newcomer begins to look for a pool address: nobody outside can
 * tell who shares one with whom (ALC-02).
 */
static int32_t
first_choice(const struct bib *b, const struct in6_addr *addr)
{
	const struct in6_addr prefix = subscriber_prefix(b->subs, addr);
	uint64_t hash;

	hash = siphash24(&b->key, &prefix, sizeof(prefix)) >> 32;
	return (pool4_first_choice(b->pool, addr, (uint32_t)hash));
}

/*
 * The pool address of a new binding (ALC-01 to ALC-03), on which a port is
 * free for it, or -1.
 */
static int32_t
choose_addr(const struct bib *b, const struct taddr6 *in6, struct monotime now)
{
	const struct subscriber *sub;
	bool paired = false;
	int32_t index, from;

	sub = subscriber_find(b->subs, &in6->addr);
	/* A static binding may have given it an address of others. */
	if (sub != NULL &&
	    pool4_serves(b->pool, sub->pool_index, &in6->addr)) {
		from = (int32_t)sub->pool_index;
		paired = subscriber_is_paired(sub) && !b->soft_pooling;
	} else
		from = first_choice(b, &in6->addr);
	index = from < 0 ?
	    -1 :
	    pool4_find_addr(b->pool, b->proto, (uint32_t)from, in6, now);
	if (paired && index != from)
		index = -1;
	return (index);
}

/* How many bindings more there can be. */
static uint64_t
count_free(const struct bib *b)
{
	const uint64_t ports = pool4_n_free_all(b->pool, b->proto);
	const uint64_t entries = b->slab->max - b->slab->used;

	return (ports < entries ? ports : entries);
}

static struct bib_entry *
create(struct bib *b, const struct taddr6 *in6, const struct rng *rng,
    struct monotime now, struct refusal *why)
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
	/* The port comes last: one taken in vain would go to rest. */
	index = choose_addr(b, in6, now);
	if (index < 0) {
		refuse(why, REFUSED_POOL, 0);
		goto fail;
	}
	sub = get_subscriber(b, &in6->addr, (uint32_t)index, now, why);
	if (sub == NULL ||
	    subscriber_add_binding(b->subs, sub, &in6->addr, b->proto,
		count_free(b), now, why) == -1)
		goto fail;
	port = pool4_alloc(b->pool, b->proto, (uint32_t)index, in6, rng, now);
	if (port < 0) {
		refuse(why, errno == ENOMEM ? REFUSED_MEMORY : REFUSED_POOL,
		    0);
		subscriber_remove_binding(b->subs, sub, &in6->addr, b->proto);
		goto fail;
	}
	out4.addr = pool4_addr(b->pool, (uint32_t)index);
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
	/* Two for one: ports at rest cannot pile up behind new bindings. */
	pool4_expire(b->pool, now, 2);
	e = create(b, in6, rng, now, why);
	*created = e != NULL;
	return (e);
}

/* Is there a dynamic binding of just these two, or none at all? */
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
	int32_t index;

	if (check_static(b, in6, out4, &e) == -1)
		return (NULL);
	if (e != NULL) {
		e->is_static = true;
		subscriber_set_static(b->subs, e->sub, &in6->addr, b->proto,
		    true);
		return (e);
	}
	index = pool4_index(b->pool, out4->addr);
	if (index < 0) {
		errno = EADDRNOTAVAIL;
		return (NULL);
	}
	e = new_entry(b, &why);
	if (e == NULL)
		goto refused;
	/* Here as well the port comes last. */
	sub = get_subscriber(b, &in6->addr, (uint32_t)index, now, &why);
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
	return (e);
refused:
	errno = why.by == REFUSED_MEMORY ? ENOMEM : ENOBUFS;
	return (NULL);
}

bool
bib_release(struct bib *b, struct bib_entry *e, struct monotime now)
{
	if (e->n_sessions > 0 || e->is_static)
		return (false);
	remove_entry(b, e, now);
	return (true);
}

bool
bib_remove_static(struct bib *b, struct bib_entry *e, struct monotime now)
{
	make_dynamic(b, e);
	return (bib_release(b, e, now));
}
