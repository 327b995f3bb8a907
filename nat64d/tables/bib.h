/*
 * The binding information base of one protocol (RFC 6146, 3.1): which IPv6
 * transport address (X',x) is mapped to which IPv4 transport address (T,t).
 *
 * Every entry is in two arrays of red-black trees (tree_array.h), one by
 * (X',x) and one by (T,t).
 *
 * Invariant: a key occurs once. A (T,t) in the trees is taken in the pool;
 * any other taken port of this protocol is in quarantine. An entry without
 * sessions is static or held, except between bib_get6() and the first session.
 *
 * The BIB decides whether a binding may be created (pool, quotas). It knows
 * no packets, and of sessions only the tree in which a binding holds them.
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
#include "common/slab.h"

#include "nat64d/base/keyhash.h"
#include "nat64d/pool/pool4.h"
#include "nat64d/base/refusal.h"
#include "subscriber.h"
#include "nat64d/base/tree_array.h"
#include "nat64d/base/tuple.h"

struct session;
RB_HEAD(session_tree, session);

/* Most sessions of one binding: the range of n_sessions. */
#define BIB_MAX_SESSIONS ((1u << 23) - 1)

/*
 * Two cache lines, hence the bit fields: in the worst case there is an entry
 * for every session. A lookup by (X',x) reads the first line only.
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
	int16_t
	    prefix; /* index of the Pref64 that a session used last, or -1 */
	bool round : 1;	    /* static: bib.round when it was last configured */
	bool expects : 1;   /* made for core/nat64_expect.h */
	bool held : 1;	    /* an explicit mapping keeps it (RFC 6887) */
	bool open : 1;	    /* and any IPv4 host may use it */
	uint32_t n_inbound; /* those of n_sessions opened from IPv4 */
};

RB_HEAD(bib_tree6, bib_entry);
RB_HEAD(bib_tree4, bib_entry);
TREE_ARRAY_HEAD(bib_trees6, bib_tree6);
TREE_ARRAY_HEAD(bib_trees4, bib_tree4);

struct bib {
	enum l4proto proto;
	struct bib_trees6 trees6;
	struct bib_trees4 trees4;
	size_t n_entries;
	bool round; /* changes whenever all static bindings are configured */
	struct keyhash hash;
	/* Shared by the BIBs of one translator; borrowed. */
	struct pool4 *pool;
	struct subscribers *subs;
	struct slab *slab;	/* objects of sizeof(struct bib_entry) */
	struct siphash_key key; /* selects a new subscriber's pool address */
	bool soft_pooling;	/* use another address when the paired one
				   has no free port (RFC 7857, 4) */
};

/*
 * expected: about the largest number of bindings, which determines the
 * number of trees. Returns 0, or -1 with errno ENOMEM. bib_clear() may be
 * called in either case, and for a bib that is all zero.
 */
int bib_init(struct bib *b, enum l4proto proto, struct pool4 *pool,
    struct subscribers *subs, struct slab *slab, const struct siphash_key *key,
    bool soft_pooling, size_t expected);

/* Remove every entry, static ones too. No entry has sessions any more. */
void bib_clear(struct bib *b, struct monotime now);

/* The binding of an IPv6, or an IPv4, transport address, or NULL. */
struct bib_entry *bib_find6(const struct bib *b, const struct taddr6 *in6);
struct bib_entry *bib_find4(const struct bib *b, const struct taddr4 *out4);

/* Prefetch what a lookup of in6 reads first. */
void bib_prefetch6(const struct bib *b, const struct taddr6 *in6);

/*
 * Find the mapping of an IPv6 transport address, or create one
 * (RFC 6146, 3.5.1.1 and 3.5.2.3: endpoint-independent mapping, paired
 * address, port choice of pool4_alloc()).
 *
 * Returns the entry, owned by b. A new one (*created) has no session yet:
 * the caller adds one or calls bib_release(). NULL with *why: no address
 * or port in the pool, a table full, a limit of the subscriber reached, or
 * no memory; then nothing has changed.
 */
struct bib_entry *bib_get6(struct bib *b, const struct taddr6 *in6,
    const struct rng *rng, struct monotime now, bool *created,
    struct refusal *why);

/*
 * Create the mapping of in6, which has none, with the port of wish, not 0, and
 * its address, INADDR_ANY for any. A paired address comes first (RFC 6888,
 * REQ-2). As bib_get6(), and NULL with REFUSED_EXISTS if in6 cannot have that.
 */
struct bib_entry *bib_create6(struct bib *b, const struct taddr6 *in6,
    const struct taddr4 *wish, const struct rng *rng, struct monotime now,
    struct refusal *why);

/*
 * Add a static binding (RFC 6146, 3.1). A dynamic one of the same in6 and
 * out4 becomes static. NULL with errno EEXIST (in6 or out4 is bound to
 * another address), EADDRNOTAVAIL (out4 not in the pool), ENOBUFS or ENOMEM;
 * then nothing has changed.
 */
struct bib_entry *bib_add_static(struct bib *b, const struct taddr6 *in6,
    const struct taddr4 *out4, struct monotime now);

/*
 * Make the binding of in6 and out4 that existed before a restart, not a static
 * one. paired: the pool address of its subscriber, which becomes paired with
 * it again if it has no binding yet. No rate and no fair share applies.
 *
 * Returns the entry as bib_get6() does; NULL with *why: REFUSED_NO_POOL (out4
 * is not for in6 in this pool), REFUSED_EXISTS (in6 or out4 is bound, or out4
 * is in another subscriber's block), or a limit; then nothing has changed.
 */
struct bib_entry *bib_restore(struct bib *b, const struct taddr6 *in6,
    const struct taddr4 *out4, struct in_addr paired, struct monotime now,
    struct refusal *why);

/* Does e stay when it has no session? */
static inline bool
bib_is_kept(const struct bib_entry *e)
{
	return (e->is_static || e->held);
}

/*
 * Remove e if it has no sessions and is not kept (RFC 6146, 3.1). Its port
 * goes into quarantine. Returns true when e has been removed.
 */
bool bib_release(struct bib *b, struct bib_entry *e, struct monotime now);

/*
 * Another list of static bindings replaces the present one: those of the
 * present one are old from now on, until they are confirmed. e, which is
 * static, is in both lists. There must be no old ones of an earlier list.
 */
static inline void
bib_begin_statics(struct bib *b)
{
	b->round = !b->round;
}

static inline void
bib_confirm_static(const struct bib *b, struct bib_entry *e)
{
	e->round = b->round;
}

/* Is e a static binding that has not been confirmed or added since then? */
static inline bool
bib_is_old_static(const struct bib *b, const struct bib_entry *e)
{
	return (e->is_static && e->round != b->round);
}

/*
 * e, which may be static, is dynamic from now on. If it is the subscriber's
 * only dynamic binding, its address becomes the paired one. If it has sessions
 * or is held, the subscriber gets the block of its port; where
 * pool4_may_claim() says that this is not possible, the caller ends the
 * sessions.
 */
void bib_make_dynamic(struct bib *b, struct bib_entry *e, struct monotime now);

/*
 * The administrator has removed the static binding e: it becomes dynamic,
 * and bib_release() is called for it. Returns true when e has been removed.
 */
bool bib_remove_static(struct bib *b, struct bib_entry *e,
    struct monotime now);

/* A place in a walk. All zero: before the first entry. */
struct bib_walk {
	size_t tree;
	bool inside; /* key is set: in this tree, at key or after it */
	bool past;   /* after it */
	struct taddr6 key;
};

/*
 * Walk through all entries in no particular order: returns the entry at the
 * walk's place, or the next one when that has been removed. Entries may be
 * added and removed between two calls; one that exists during the whole walk
 * is returned exactly once.
 *
 * steps: counted down by one for every 1024 empty trees passed. NULL: there
 * is no further entry, or *steps is 0.
 */
struct bib_entry *bib_walk_at(const struct bib *b, struct bib_walk *w,
    unsigned *steps);

/* Move the walk past e, which bib_walk_at() has returned. */
void bib_walk_past(struct bib_walk *w, const struct bib_entry *e);

#endif
