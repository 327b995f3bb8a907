/*
 * Subscribers: IPv6 source prefixes of a configured length (RFC 6888,
 * REQ-4; RFC 7422, 2). A subscriber has one pool address for all its
 * bindings of every protocol (paired pooling, RFC 4787 REQ-2), and its
 * quotas are counted here. Beside these, which are fixed, there are fair
 * shares of what is short (fairshare.h), and those are no matter of prefix_len.
 *
 * As in bib.h there are many trees, and a keyed hash of the prefix tells
 * which one.
 *
 * An entry lives as long as it has a binding, and a little longer while its
 * bucket of new bindings is not full again, so that going away does not
 * refill it.
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

#include "nat64d/base/keyhash.h"
#include "nat64d/base/ratelimit.h"
#include "nat64d/base/refusal.h"
#include "fairshare.h"
#include "nat64d/base/slab.h"
#include "nat64d/base/tuple.h"

struct subscriber {
	RB_ENTRY(subscriber) entry;
	TAILQ_ENTRY(subscriber) idle; /* while it has no binding */
	struct in6_addr prefix;	      /* host bits zero */
	uint32_t pool_index;	      /* T; see pool4.h */
	uint32_t n_bindings[L4_NPROTO];
	uint32_t n_statics[L4_NPROTO]; /* of these; no quota counts them */
	uint32_t n_sessions;
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
TAILQ_HEAD(subscriber_idle, subscriber);

struct subscribers {
	struct subscriber_tree *trees;
	unsigned shift; /* 64 - log2(number of trees) */
	struct keyhash hash;
	struct subscriber_idle idle; /* oldest first */
	struct slab slab;
	unsigned prefix_len; /* bits, 1 .. 128 */
	struct subscriber_limits limits;
	struct fairshare fairshare;
};

/*
 * max: most subscribers at a time. Returns 0, or -1 with errno ENOMEM;
 * subscribers_clear() is good for either, and for what is all zero.
 */
int subscribers_init(struct subscribers *subs, unsigned prefix_len,
    const struct subscriber_limits *limits, size_t max,
    const struct siphash_key *secret);
void subscribers_clear(struct subscribers *subs);

/* The subscriber of an address, or NULL. */
struct subscriber *subscriber_find(const struct subscribers *subs,
    const struct in6_addr *addr);

/* Fetch where the lookup of addr begins, ahead of it. */
void subscriber_prefetch(const struct subscribers *subs,
    const struct in6_addr *addr);

/*
 * Find or create. A new one has the pool address pool_index. Idle ones are
 * reused, the oldest first, when the table is full. NULL with *why:
 * REFUSED_SUBSCRIBERS or REFUSED_MEMORY.
 */
struct subscriber *subscriber_get(struct subscribers *subs,
    const struct in6_addr *addr, uint32_t pool_index, struct monotime now,
    struct refusal *why);

/* Bindings of all protocols, static ones too. */
static inline uint64_t
subscriber_count_bindings(const struct subscriber *s)
{
	return ((uint64_t)s->n_bindings[L4_TCP] + s->n_bindings[L4_UDP] +
	    s->n_bindings[L4_ICMP]);
}

/* Has s no binding of any protocol? */
static inline bool
subscriber_is_idle(const struct subscriber *s)
{
	return (subscriber_count_bindings(s) == 0);
}

/*
 * Has s a dynamic binding? Then its pool address is that of all that follow
 * (paired pooling); until then it is where to look first. An administrator
 * may bind a host to any address, and nothing follows from it for others.
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
 * May addr, a host of s, have one more binding now, of which n_free are free?
 * Counts it when it may: 0. Else -1 with *why: REFUSED_SUBSCRIBER_PORTS,
 * REFUSED_NEW_BINDINGS or REFUSED_FAIR_SHARE.
 */
int subscriber_add_binding(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, enum l4proto proto, uint64_t n_free,
    struct monotime now, struct refusal *why);

/* Count a static binding: it asks no limits, and no share is taken. */
void subscriber_add_static(struct subscribers *subs, struct subscriber *s,
    enum l4proto proto);

/* A binding of addr that is counted becomes static, or dynamic again. */
void subscriber_set_static(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, enum l4proto proto, bool is_static);

/* A dynamic binding has gone; s becomes idle with its last one. */
void subscriber_remove_binding(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, enum l4proto proto);

/*
 * The same for a session: 0, or -1 with *why: REFUSED_SUBSCRIBER_SESSIONS or
 * REFUSED_FAIR_SHARE. s may be NULL to ask for one that is not known.
 */
int subscriber_check_session(const struct subscribers *subs,
    const struct subscriber *s, const struct in6_addr *addr, uint64_t n_free,
    struct refusal *why);
int subscriber_add_session(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr, uint64_t n_free, struct refusal *why);
void subscriber_remove_session(struct subscribers *subs, struct subscriber *s,
    const struct in6_addr *addr);

/* Forget at most max idle subscribers whose bucket is full again. */
void subscribers_expire(struct subscribers *subs, struct monotime now,
    unsigned max);

#endif
