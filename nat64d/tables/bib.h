/*
 * The binding information base of one protocol (RFC 6146, 3.1): which IPv6
 * transport address (X',x) is known to the IPv4 Internet as which (T,t).
 *
 * Every entry is in two red-black trees, by (X',x) and by (T,t). There are
 * as many trees of each kind as there may be sessions, about, and a keyed
 * hash tells which one a key belongs to: with a million bindings one tree of
 * each kind would be twenty cache misses deep, these are one or two. Whoever
 * finds keys that meet finds them in a tree, and not in a list.
 *
 * Invariant: a key occurs once; a (T,t) in the trees is taken in the pool
 * and no other one of this protocol is, but for those at rest; an entry
 * without sessions is static.
 *
 * The bib decides that a binding may exist (pool, quotas). It knows no
 * packets, and of sessions only where a binding has them.
 */
#ifndef NAT64D_TABLES_BIB_H
#define NAT64D_TABLES_BIB_H

#include <sys/queue.h>

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"

#include <sys/tree.h>

#include "common/monotime.h"
#include "common/rng.h"
#include "common/siphash.h"

#include "nat64d/base/keyhash.h"
#include "nat64d/pool/pool4.h"
#include "nat64d/base/refusal.h"
#include "nat64d/base/slab.h"
#include "subscriber.h"
#include "nat64d/base/tuple.h"

struct session;
RB_HEAD(session_tree, session);

/* Most sessions of one binding, whatever the configuration says. */
#define BIB_MAX_SESSIONS ((1u << 23) - 1)

/*
 * Two cache lines, for there is one of these for every session in the worst
 * case, hence the bit fields. The first one has all that a lookup by (X',x)
 * reads.
 */
struct bib_entry {
	alignas(CACHE_LINE) RB_ENTRY(bib_entry) by6;
	struct taddr6 in6;  /* (X',x) */
	struct taddr4 out4; /* (T,t) */
	uint32_t n_sessions : 23;
	bool is_static : 1;
	uint8_t proto; /* enum l4proto */
	RB_ENTRY(bib_entry) by4;
	struct session_tree peers; /* the sessions, kept by session.c */
	struct subscriber *sub;
	int prefix; /* Pref64 that a session took last; an index, or -1 */
	uint32_t n_inbound; /* of n_sessions: opened from IPv4 */
};

RB_HEAD(bib_tree6, bib_entry);
RB_HEAD(bib_tree4, bib_entry);

struct bib {
	enum l4proto proto;
	unsigned shift; /* 64 - log2(number of trees of a kind) */
	struct bib_tree6 *trees6;
	struct bib_tree4 *trees4;
	size_t n_entries;
	struct keyhash hash;
	/* Shared by the BIBs of one translator; borrowed. */
	struct pool4 *pool;
	struct subscribers *subs;
	struct slab *slab;	/* objects of sizeof(struct bib_entry) */
	struct siphash_key key; /* chooses the pool address of a newcomer */
	bool soft_pooling;	/* leave the paired address when it is full */
};

/*
 * expected: about so many bindings at most, which decides how many trees
 * there are. Returns 0, or -1 with errno ENOMEM; bib_clear() is good for
 * either, and for a bib that is all zero.
 */
int bib_init(struct bib *b, enum l4proto proto, struct pool4 *pool,
    struct subscribers *subs, struct slab *slab, const struct siphash_key *key,
    bool soft_pooling, size_t expected);

/* Remove every entry, static ones too; all sessions have gone before. */
void bib_clear(struct bib *b, struct monotime now);

/* The binding of an IPv6, or an IPv4, transport address, or NULL. */
struct bib_entry *bib_find6(const struct bib *b, const struct taddr6 *in6);
struct bib_entry *bib_find4(const struct bib *b, const struct taddr4 *out4);

/* Fetch where the lookup of in6 begins, ahead of it. */
void bib_prefetch6(const struct bib *b, const struct taddr6 *in6);

/*
 * Find the mapping of an IPv6 transport address, or create one
 * (RFC 6146, 3.5.1.1 and 3.5.2.3: endpoint-independent mapping, paired
 * address, port choice of pool4_alloc()).
 *
 * Returns the entry, owned by b. A new one (*created) has no session yet:
 * the caller adds one or calls bib_release(). NULL with *why: no address
 * or port in the pool, a table full, the subscriber over its quota or rate,
 * or no memory; then nothing has changed.
 */
struct bib_entry *bib_get6(struct bib *b, const struct taddr6 *in6,
    const struct rng *rng, struct monotime now, bool *created,
    struct refusal *why);

/*
 * Add a static binding (RFC 6146, 3.1). A dynamic one between just these
 * two becomes static. NULL with errno EEXIST (in6 or out4 is bound
 * otherwise), EADDRNOTAVAIL (out4 not in the pool), ENOBUFS or ENOMEM; then
 * nothing has changed.
 */
struct bib_entry *bib_add_static(struct bib *b, const struct taddr6 *in6,
    const struct taddr4 *out4, struct monotime now);

/*
 * Remove an entry that has no sessions, unless it is static (TBL-04). Its
 * port goes to rest. Returns true when e has gone.
 */
bool bib_release(struct bib *b, struct bib_entry *e, struct monotime now);

/*
 * Take away what makes e static (the administrator removed it); without
 * sessions e goes at once. Returns true when e has gone.
 */
bool bib_remove_static(struct bib *b, struct bib_entry *e,
    struct monotime now);

/* A place in a walk. All zero: before the first entry. */
struct bib_walk {
	size_t tree;
	bool inside; /* of the tree: at key, or behind it */
	bool past;   /* behind it */
	struct taddr6 key;
};

/*
 * Walk through all entries, in an order that means nothing: the entry at
 * the walk's place, or the next one when it has gone. What is there all the
 * time is met exactly once, whatever comes and goes between two calls.
 *
 * steps: how much work may be done; is counted down by one for many empty
 * trees. NULL: this was the last entry, or no step was left.
 */
struct bib_entry *bib_walk_at(const struct bib *b, struct bib_walk *w,
    unsigned *steps);

/* Go on from e, which bib_walk_at() has returned, to what follows it. */
void bib_walk_past(struct bib_walk *w, const struct bib_entry *e);

#endif
