/*
 * The binding information base of one protocol (RFC 6146, 3.1): which IPv6
 * transport address (X',x) is known to the IPv4 Internet as which (T,t).
 *
 * Two red-black trees over the same entries. Invariant: in each tree a key
 * occurs once; a (T,t) in the trees is taken in the pool and no other one
 * of this protocol is, but for those at rest; an entry without sessions is
 * static.
 *
 * The bib decides that a binding may exist (pool, quotas). It knows no
 * packets, and of sessions only their list.
 */
#ifndef NAT64D_BIB_H
#define NAT64D_BIB_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"

#include <sys/tree.h>

#include "common/monotime.h"
#include "common/rng.h"
#include "common/siphash.h"

#include "pool4.h"
#include "slab.h"
#include "subscriber.h"
#include "tuple.h"

struct session;
LIST_HEAD(session_list, session);

/* Most sessions of one binding, whatever the configuration says. */
#define BIB_MAX_SESSIONS ((1u << 23) - 1)

/*
 * There is one of these for every session in the worst case, hence the
 * bit fields; each tree's key stands beside its links, for a lookup reads
 * both and nothing else.
 */
struct bib_entry {
	RB_ENTRY(bib_entry) by6;
	struct taddr6 in6;  /* (X',x) */
	struct taddr4 out4; /* (T,t) */
	uint32_t nsessions : 23;
	bool is_static : 1;
	uint8_t proto; /* enum l4proto */
	RB_ENTRY(bib_entry) by4;
	struct session_list sessions; /* newest first; kept by session.c */
	struct subscriber *sub;
};

RB_HEAD(bib_tree6, bib_entry);
RB_HEAD(bib_tree4, bib_entry);

struct bib {
	enum l4proto proto;
	struct bib_tree6 tree6;
	struct bib_tree4 tree4;
	size_t nentries;
	/* Shared by the BIBs of one translator; borrowed. */
	struct pool4 *pool;
	struct subscribers *subs;
	struct slab *slab; /* objects of sizeof(struct bib_entry) */
	struct siphash_key key; /* chooses the pool address of a newcomer */
	bool soft_pooling; /* leave the paired address when it is full */
};

void bib_init(struct bib *b, enum l4proto proto, struct pool4 *pool,
    struct subscribers *subs, struct slab *slab,
    const struct siphash_key *key, bool soft_pooling);

/* Remove every entry, static ones too; all sessions have gone before. */
void bib_clear(struct bib *b, struct monotime now);

/* The binding of an IPv6, or an IPv4, transport address, or NULL. */
struct bib_entry *bib_find6(const struct bib *b, const struct taddr6 *in6);
struct bib_entry *bib_find4(const struct bib *b, const struct taddr4 *out4);

/*
 * Find the mapping of an IPv6 transport address, or create one
 * (RFC 6146, 3.5.1.1 and 3.5.2.3: endpoint-independent mapping, paired
 * address, port choice of pool4_alloc()).
 *
 * Returns the entry, owned by b. A new one (*created) has no session yet:
 * the caller adds one or calls bib_release(). NULL with errno ENOSPC (pool
 * exhausted), ENOBUFS (table full), EDQUOT or EAGAIN (subscriber over its
 * quota or rate), ENOMEM; then nothing has changed.
 */
struct bib_entry *bib_get6(struct bib *b, const struct taddr6 *in6,
    const struct rng *rng, struct monotime now, bool *created);

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

/* Walk in the order of (X',x): first entry >= key (NULL: the very first). */
struct bib_entry *bib_first_from(const struct bib *b,
    const struct taddr6 *key);
struct bib_entry *bib_next(struct bib_entry *e);

#endif
