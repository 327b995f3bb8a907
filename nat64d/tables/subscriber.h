/*
 * Subscribers: IPv6 source prefixes of a configured length (RFC 6888,
 * REQ-4; RFC 7422, 2). A subscriber has one pool address for all its
 * bindings of every protocol (paired pooling, RFC 4787 REQ-2), and its
 * fixed limits are counted here. The fair shares of ports and sessions
 * (fairshare.h) are counted here too; they do not depend on prefix_len.
 *
 * Subscribers are in an array of trees (tree_array.h) by prefix.
 *
 * A subscriber is active or idle:
 *
 *	active	has bindings, static ones included. Not in the idle queue.
 *		In:	subscriber_add_binding(), subscriber_add_static().
 *		Out:	subscriber_remove_binding() of its last one.
 *	idle	has none, and no sessions. In the idle queue.
 *		In:	subscriber_get() creates it idle; the last binding is
 *			removed.
 *		Out:	the first binding; subscribers_expire() frees it once
 *			its bucket is full again, so that a subscriber does not
 *			refill the bucket by going away; subscriber_get() frees
 *			the oldest one when the table is full.
 *
 * pool_addr may be set by the BIB while there is no dynamic binding
 * (subscriber_is_paired()); afterwards it is fixed as long as it is in the
 * pool.
 */
#ifndef NAT64D_TABLES_SUBSCRIBER_H
#define NAT64D_TABLES_SUBSCRIBER_H

#include <sys/queue.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"

#include <sys/tree.h>

#include "common/monotime.h"
#include "common/siphash.h"
#include "common/slab.h"

#include "nat64d/base/keyhash.h"
#include "nat64d/base/ratelimit.h"
#include "nat64d/base/refusal.h"
#include "fairshare.h"
#include "nat64d/base/tree_array.h"
#include "nat64d/base/tuple.h"

struct subscriber {
	RB_ENTRY(subscriber) entry;
	TAILQ_ENTRY(subscriber) idle; /* while idle */
	struct in6_addr prefix;	      /* host bits zero */
	struct in_addr pool_addr;     /* T */
	uint32_t n_bindings[L4_NPROTO];
	uint32_t n_statics[L4_NPROTO]; /* of these; they count to no limit */
	uint32_t n_sessions;
	uint32_t n_mappings; /* explicit ones; kept by the core */
	uint8_t high; /* protocols whose threshold is reached, 1 << proto;
			 kept by the core */
	struct bucket new_bindings;
};

/* 0: no limit. */
struct subscriber_limits {
	uint32_t ports;			 /* dynamic bindings per protocol */
	uint32_t sessions;		 /* sessions of all protocols */
	struct bucket_rate new_bindings; /* per_sec 0: no limit */
	bool fair_share;
};

RB_HEAD(subscriber_tree, subscriber);
TREE_ARRAY_HEAD(subscriber_trees, subscriber_tree);
TAILQ_HEAD(subscriber_idle, subscriber);

struct subscribers {
	struct subscriber_trees trees;
	struct keyhash hash;
	struct subscriber_idle idle; /* oldest first */
	struct slab slab;
	unsigned prefix_len; /* bits, 1 .. 128 */
	struct subscriber_limits limits;
	struct fairshare fairshare;
};

/*
 * max: most subscribers at a time. Returns 0, or -1 with errno ENOMEM.
 * subscribers_clear() may be called in either case, and for a struct that is
 * all zero.
 */
int subscribers_init(struct subscribers *subs, unsigned prefix_len,
    const struct subscriber_limits *limits, size_t max,
    const struct siphash_key *secret);
void subscribers_clear(struct subscribers *subs);

/* The subscriber of an address, or NULL. */
struct subscriber *subscriber_find(const struct subscribers *subs,
    const struct in6_addr *addr);

/* Prefetch what a lookup of addr reads first. */
void subscriber_prefetch(const struct subscribers *subs,
    const struct in6_addr *addr);

/*
 * Find or create. A new one has the pool address pool_addr. When the table
 * is full, the oldest idle one is freed for it. NULL with *why:
 * REFUSED_SUBSCRIBERS or REFUSED_MEMORY.
 */
struct subscriber *subscriber_get(struct subscribers *subs,
    const struct in6_addr *addr, struct in_addr pool_addr, struct monotime now,
    struct refusal *why);

/* Bindings of all protocols, static ones too. */
static inline uint64_t
subscriber_count_bindings(const struct subscriber *s)
{
	return ((uint64_t)s->n_bindings[L4_TCP] + s->n_bindings[L4_UDP] +
	    s->n_bindings[L4_ICMP]);
}

/* Does s have no binding of any protocol? */
static inline bool
subscriber_is_idle(const struct subscriber *s)
{
	return (subscriber_count_bindings(s) == 0);
}

/*
 * Does s have a dynamic binding? Then all further ones use its pool address
 * (paired pooling); until then that is only the address to try first. Static
 * bindings may use any address and have no influence on this.
 */
static inline bool
subscriber_is_paired(const struct subscriber *s)
{
	return (s->n_bindings[L4_TCP] > s->n_statics[L4_TCP] ||
	    s->n_bindings[L4_UDP] > s->n_statics[L4_UDP] ||
	    s->n_bindings[L4_ICMP] > s->n_statics[L4_ICMP]);
}

/* The prefix of an address, host bits zero. */
struct in6_addr subscriber_prefix(const struct subscribers *subs,
    const struct in6_addr *addr);

/*
 * Count one more binding of addr, a host of s. n_free: how many bindings of
 * the protocol can still be created in all. Returns 0, or -1 with *why:
 * REFUSED_SUBSCRIBER_PORTS, REFUSED_NEW_BINDINGS or REFUSED_FAIR_SHARE; then
 * nothing has been counted.
 */
int subscriber_add_binding(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, enum l4proto proto, uint64_t n_free,
    struct monotime now, struct refusal *why);

/*
 * The same for a binding that existed before a restart: neither a rate nor a
 * fair share applies.
 */
int subscriber_restore_binding(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, enum l4proto proto, struct refusal *why);

/* Count a static binding. No limit and no fair share applies to it. */
void subscriber_add_static(struct subscribers *subs, struct subscriber *s,
    enum l4proto proto);

/* A counted binding of addr becomes static, or dynamic again. */
void subscriber_set_static(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, enum l4proto proto, bool is_static);

/* A dynamic binding has been removed. */
void subscriber_remove_binding(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, enum l4proto proto);

/*
 * The same for a session: returns 0, or -1 with *why:
 * REFUSED_SUBSCRIBER_SESSIONS or REFUSED_FAIR_SHARE.
 * subscriber_check_session() counts nothing; its s may be NULL for a
 * subscriber that is not known yet.
 */
int subscriber_check_session(const struct subscribers *subs,
    const struct subscriber *s, const struct in6_addr *addr, uint64_t n_free,
    struct refusal *why);
int subscriber_add_session(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, uint64_t n_free, struct refusal *why);
void subscriber_remove_session(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr);

/* A place in a walk. All zero: before the first subscriber. */
struct subscriber_walk {
	size_t tree;
	bool inside; /* prefix is set: in this tree, behind prefix */
	struct in6_addr prefix;
};

/*
 * Walk through all subscribers, idle ones too, in no particular order: returns
 * the next one. Between two calls subscribers may come and go; one that exists
 * during the whole walk is returned exactly once.
 *
 * steps: counted down by one for every subscriber, and for every 1024 empty
 * trees passed. NULL: there is no further one, or *steps is 0.
 */
const struct subscriber *subscriber_walk_next(const struct subscribers *subs,
    struct subscriber_walk *w, unsigned *steps);

/*
 * Use other limits from now on. Returns 0, or -1 for fair shares that were not
 * counted from the beginning, and nothing has changed.
 */
int subscribers_set_limits(struct subscribers *subs,
    const struct subscriber_limits *limits, size_t max);

/* Free at most max idle subscribers whose bucket is full again. */
void subscribers_expire(struct subscribers *subs, struct monotime now,
    unsigned max);

#endif
