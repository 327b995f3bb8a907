/*
 * Subscribers. Owns the entries and their counts; knows no bindings,
 * sessions or pool.
 *
 * Invariant: the idle queue holds exactly the subscribers without a binding,
 * in the order in which they became idle.
 */
#include <errno.h>
#include <string.h>

#include "common/net/addr.h"

#include "subscriber.h"

/* Order: prefix. */
static int
cmp_prefix(const struct subscriber *a, const struct subscriber *b)
{
	return (addr6_compare(&a->prefix, &b->prefix));
}

RB_GENERATE_STATIC(subscriber_tree, subscriber, entry, cmp_prefix)

/* At most 2^20 trees: a subscriber may have a single binding. */
#define MAX_BITS 20

int
subscribers_init(struct subscribers *subs, unsigned prefix_len,
    const struct subscriber_limits *limits, size_t max,
    const struct siphash_key *secret)
{
	keyhash_init(&subs->hash, secret);
	TAILQ_INIT(&subs->idle);
	slab_init(&subs->slab, sizeof(struct subscriber), max);
	subs->prefix_len = prefix_len;
	subs->limits = *limits;
	if (TREE_ARRAY_INIT(&subs->trees, max, MAX_BITS) == -1)
		return (-1);
	subs->fairshare.cells = NULL;
	return (
	    limits->fair_share ? fairshare_init(&subs->fairshare, secret) : 0);
}

int
subscribers_set_limits(struct subscribers *subs,
    const struct subscriber_limits *limits, size_t max)
{
	if (limits->fair_share && subs->fairshare.cells == NULL)
		return (-1);
	subs->limits = *limits;
	subs->slab.max = max;
	return (0);
}

void
subscribers_clear(struct subscribers *subs)
{
	fairshare_clear(&subs->fairshare);
	TREE_ARRAY_CLEAR(&subs->trees);
	TAILQ_INIT(&subs->idle);
	slab_clear(&subs->slab);
}

static struct subscriber_tree *
tree_of(const struct subscribers *subs, const struct in6_addr *prefix)
{
	return (
	    TREE_ARRAY_AT(&subs->trees, keyhash_addr6(&subs->hash, prefix)));
}

struct in6_addr
subscriber_prefix(const struct subscribers *subs, const struct in6_addr *addr)
{
	return (addr6_prefix(addr, subs->prefix_len));
}

struct subscriber *
subscriber_find(const struct subscribers *subs, const struct in6_addr *addr)
{
	struct subscriber key;

	key.prefix = subscriber_prefix(subs, addr);
	return (RB_FIND(subscriber_tree, tree_of(subs, &key.prefix), &key));
}

void
subscriber_prefetch(const struct subscribers *subs,
    const struct in6_addr *addr)
{
	const struct in6_addr prefix = subscriber_prefix(subs, addr);

	__builtin_prefetch(tree_of(subs, &prefix));
}

static void
free_idle(struct subscribers *subs, struct subscriber *s)
{
	RB_REMOVE(subscriber_tree, tree_of(subs, &s->prefix), s);
	TAILQ_REMOVE(&subs->idle, s, idle);
	slab_put(&subs->slab, s);
}

struct subscriber *
subscriber_get(struct subscribers *subs, const struct in6_addr *addr,
    struct in_addr pool_addr, struct monotime now, struct refusal *why)
{
	struct subscriber *s;

	s = subscriber_find(subs, addr);
	if (s != NULL)
		return (s);
	s = slab_get(&subs->slab);
	if (s == NULL && errno == ENOSPC && !TAILQ_EMPTY(&subs->idle)) {
		free_idle(subs, TAILQ_FIRST(&subs->idle));
		s = slab_get(&subs->slab);
	}
	if (s == NULL) {
		refuse(why,
		    errno == ENOMEM ? REFUSED_MEMORY : REFUSED_SUBSCRIBERS,
		    subs->slab.max);
		return (NULL);
	}
	s->prefix = subscriber_prefix(subs, addr);
	s->pool_addr = pool_addr;
	bucket_init(&s->new_bindings, subs->limits.new_bindings, now);
	RB_INSERT(subscriber_tree, tree_of(subs, &s->prefix), s);
	TAILQ_INSERT_TAIL(&subs->idle, s, idle);
	return (s);
}

/* Refuse; len: bits of the prefix that has reached the limit. */
static int
refuse_prefix(struct refusal *why, enum refused by, unsigned len,
    uint64_t limit)
{
	refuse(why, by, limit);
	why->prefix_len = len;
	return (-1);
}

/* Has addr, or a prefix that contains it, reached its fair share? */
static int
check_share(const struct subscribers *subs, const struct in6_addr *addr,
    unsigned kind, uint64_t n_free, struct refusal *why)
{
	const unsigned len = subs->limits.fair_share ?
	    fairshare_check(&subs->fairshare, addr, kind, n_free) :
	    0;

	if (len == 0)
		return (0);
	return (refuse_prefix(why, REFUSED_FAIR_SHARE, len, n_free));
}

static void
add(struct subscribers *subs, struct subscriber *s, enum l4proto proto)
{
	if (subscriber_is_idle(s))
		TAILQ_REMOVE(&subs->idle, s, idle);
	s->n_bindings[proto]++;
}

static int
check_ports(const struct subscribers *subs, const struct subscriber *s,
    enum l4proto proto, struct refusal *why)
{
	const uint32_t max = subs->limits.ports;

	if (max != 0 && s->n_bindings[proto] - s->n_statics[proto] >= max)
		return (refuse_prefix(why, REFUSED_SUBSCRIBER_PORTS,
		    subs->prefix_len, max));
	return (0);
}

int
subscriber_add_binding(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, enum l4proto proto, uint64_t n_free,
    struct monotime now, struct refusal *why)
{
	const struct subscriber_limits *l = &subs->limits;

	if (check_ports(subs, s, proto, why) == -1)
		return (-1);
	if (check_share(subs, addr, proto, n_free, why) == -1)
		return (-1);
	if (l->new_bindings.per_sec != 0 &&
	    !bucket_take(&s->new_bindings, l->new_bindings, now))
		return (refuse_prefix(why, REFUSED_NEW_BINDINGS,
		    subs->prefix_len, l->new_bindings.per_sec));
	add(subs, s, proto);
	fairshare_add(&subs->fairshare, addr, proto);
	return (0);
}

int
subscriber_restore_binding(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, enum l4proto proto, struct refusal *why)
{
	if (check_ports(subs, s, proto, why) == -1)
		return (-1);
	add(subs, s, proto);
	fairshare_add(&subs->fairshare, addr, proto);
	return (0);
}

void
subscriber_add_static(struct subscribers *subs, struct subscriber *s,
    enum l4proto proto)
{
	add(subs, s, proto);
	s->n_statics[proto]++;
}

void
subscriber_set_static(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, enum l4proto proto, bool is_static)
{
	if (is_static) {
		s->n_statics[proto]++;
		fairshare_remove(&subs->fairshare, addr, proto);
	} else {
		s->n_statics[proto]--;
		fairshare_add(&subs->fairshare, addr, proto);
	}
}

void
subscriber_remove_binding(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, enum l4proto proto)
{
	fairshare_remove(&subs->fairshare, addr, proto);
	s->n_bindings[proto]--;
	if (subscriber_is_idle(s))
		TAILQ_INSERT_TAIL(&subs->idle, s, idle);
}

int
subscriber_check_session(const struct subscribers *subs,
    const struct subscriber *s, const struct in6_addr *addr, uint64_t n_free,
    struct refusal *why)
{
	const uint32_t max = subs->limits.sessions;

	if (s != NULL && max != 0 && s->n_sessions >= max)
		return (refuse_prefix(why, REFUSED_SUBSCRIBER_SESSIONS,
		    subs->prefix_len, max));
	return (check_share(subs, addr, FAIRSHARE_SESSIONS, n_free, why));
}

int
subscriber_add_session(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, uint64_t n_free, struct refusal *why)
{
	if (subscriber_check_session(subs, s, addr, n_free, why) == -1)
		return (-1);
	s->n_sessions++;
	fairshare_add(&subs->fairshare, addr, FAIRSHARE_SESSIONS);
	return (0);
}

void
subscriber_remove_session(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr)
{
	s->n_sessions--;
	fairshare_remove(&subs->fairshare, addr, FAIRSHARE_SESSIONS);
}

/* Empty trees that subscriber_walk_next() passes for one step. */
#define TREES_A_STEP 1024

/* The next subscriber in the tree where the walk is, or NULL. */
static struct subscriber *
next_in_tree(struct subscriber_tree *tree, const struct subscriber_walk *w)
{
	struct subscriber key, *s;

	if (!w->inside)
		return (RB_MIN(subscriber_tree, tree));
	key.prefix = w->prefix;
	s = RB_NFIND(subscriber_tree, tree, &key);
	if (s != NULL && cmp_prefix(s, &key) == 0)
		s = RB_NEXT(subscriber_tree, tree, s);
	return (s);
}

const struct subscriber *
subscriber_walk_next(const struct subscribers *subs, struct subscriber_walk *w,
    unsigned *steps)
{
	const size_t n_trees = TREE_ARRAY_COUNT(&subs->trees);
	struct subscriber *s;

	for (; *steps > 0 && w->tree < n_trees; w->tree++) {
		s = next_in_tree(&subs->trees.trees[w->tree], w);
		w->inside = s != NULL;
		if (s != NULL) {
			w->prefix = s->prefix;
			(*steps)--;
			return (s);
		}
		if (w->tree % TREES_A_STEP == 0)
			(*steps)--;
	}
	return (NULL);
}

void
subscribers_expire(struct subscribers *subs, struct monotime now, unsigned max)
{
	struct subscriber *s;

	for (; max > 0; max--) {
		s = TAILQ_FIRST(&subs->idle);
		/* A new entry would begin with a full bucket. */
		if (s == NULL ||
		    !bucket_is_full(&s->new_bindings,
			subs->limits.new_bindings, now))
			break;
		free_idle(subs, s);
	}
}
