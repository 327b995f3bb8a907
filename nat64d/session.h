/*
 * Session tables (RFC 6146, 3.2): one entry (STE) per 5-tuple, with a
 * lifetime.
 *
 * Two red-black trees per protocol over the same entries, by the IPv6 and by
 * the IPv4 tuple. Every session is in one queue, that of its lifetime
 * class; since all of a class live equally long after their last packet and
 * a refreshed one moves to the tail, a queue is in order of expiry: expiry
 * costs O(1) and nothing is ever scanned.
 *
 * Invariants: keys are unique in each tree; each session but those without
 * an IPv6 side (stored SYN, RFC 6146 3.5.2.2) is in both trees and in its
 * binding's list; queues are in order of their stamps, and so of expiry.
 *
 * Tuples are given in the outgoing direction throughout, as a session has
 * them: (X',x) -> (Y',y) and (T,t) -> (Z,z). Those of incoming packets are
 * turned round by the caller.
 *
 * The table moves sessions about. What an expiry or a segment means is
 * decided by nat64.c and tcp_fsm.c. Time never goes back from one call to
 * the next.
 */
#ifndef NAT64D_SESSION_H
#define NAT64D_SESSION_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"

#include <sys/tree.h>

#include "common/monotime.h"

#include "bib.h"
#include "flow.h"
#include "slab.h"
#include "tuple.h"

/* Lifetime classes: one timeout, one queue each (RFC 6146, 4). */
enum session_class {
	SESSION_UDP,	   /* UDP_DEFAULT */
	SESSION_ICMP,	   /* ICMP_DEFAULT */
	SESSION_TCP_EST,   /* TCP_EST */
	SESSION_TCP_OPEN,  /* TCP_TRANS before the handshake */
	SESSION_TCP_CLOSE, /* TCP_TRANS after FIN, RST or probe */
	SESSION_TCP_SYN,   /* TCP_INCOMING_SYN */
	SESSION_NCLASSES
};

struct stored_syn; /* nat64.c's */

/* What a packet of a session needs comes first, in two or three lines. */
struct session {
	struct tuple6 tuple6;	/* (X',x) -> (Y',y); unset without bib */
	struct tuple4 tuple4;	/* (T,t) -> (Z,z) */
	uint8_t proto;		/* enum l4proto */
	uint8_t cls;		/* enum session_class */
	uint8_t tcp_state;	/* enum tcp_state */
	uint8_t prefix;		/* index of the Pref64 of Y' */
	struct monotime stamp;	/* its lifetime counts from here */
	TAILQ_ENTRY(session) queue;
	struct bib_entry *bib;	/* NULL: no IPv6 side */
	struct stored_syn *syn; /* or NULL */
	RB_ENTRY(session) by6;
	RB_ENTRY(session) by4;
	LIST_ENTRY(session) of_bib;
};

RB_HEAD(session_tree6, session);
RB_HEAD(session_tree4, session);
TAILQ_HEAD(session_queue, session);

struct session_table {
	struct session_tree6 tree6[L4_NPROTO];
	struct session_tree4 tree4[L4_NPROTO];
	struct session_queue queues[SESSION_NCLASSES];
	uint32_t lifetime_secs[SESSION_NCLASSES];
	size_t nsessions[L4_NPROTO];
	uint32_t max_per_bib;
	struct slab slab;
	struct flow_cache flows;  /* in front of the trees */
	struct subscribers *subs; /* borrowed; counts sessions */
};

/*
 * max: most sessions of all protocols; max_per_bib: of one binding, 0: as
 * many as it can count.
 */
void session_table_init(struct session_table *t,
    const uint32_t lifetime_secs[SESSION_NCLASSES], size_t max,
    uint32_t max_per_bib, struct subscribers *subs,
    const struct siphash_key *secret);

/* Who is told of large blocks of memory; NULL, as at first: nobody. */
void session_table_set_hint(struct session_table *t, slab_hint_fn hint);

/* Remove all sessions, from their bindings too; what syn points to stays. */
void session_table_clear(struct session_table *t);

/*
 * Find by tuple, or NULL. A session past its time is found as well: its
 * end may have consequences that the caller must draw first (TBL-05).
 */
struct session *session_find6(const struct session_table *t,
    enum l4proto proto, const struct tuple6 *tuple);
struct session *session_find4(const struct session_table *t,
    enum l4proto proto, const struct tuple4 *tuple);

/*
 * Is there a session of (T,t) with the peer's address, any port, alive at
 * now? Address-dependent filtering (RFC 6146, 3.5.1, 3.5.2.2, 3.5.3).
 * Those of class SESSION_TCP_SYN do not count: a stored SYN must not open
 * the way for the next one (TCP-07).
 */
bool session_has_peer(const struct session_table *t, enum l4proto proto,
    const struct taddr4 *out4, struct in_addr peer, struct monotime now);

/*
 * Walk the sessions of a binding in the order of their IPv4 peers: the first
 * one behind peer, which may have gone meanwhile (NULL: the very first), or
 * NULL at the end. What is there all the time is met exactly once.
 */
const struct session *session_next_of_bib(const struct session_table *t,
    const struct bib_entry *bib, const struct taddr4 *peer);

/*
 * Is there room for one more session of sub (NULL: a newcomer)? To be asked
 * before a binding is made for it. 0, or -1 with errno ENOBUFS (table) or
 * EDQUOT (subscriber).
 */
int session_check_room(const struct session_table *t,
    const struct subscriber *sub);

/*
 * Add a session of bib (NULL: stored SYN; then tuple6 is NULL as well) in
 * class cls, living from now. prefix: index of the Pref64 of tuple6->dst.
 *
 * Returns the session, owned by t, its tcp_state 0 and syn NULL. NULL with
 * errno EEXIST (either tuple is taken), ENOBUFS (table or binding full),
 * EDQUOT (subscriber) or ENOMEM; then nothing has changed.
 */
struct session *session_add(struct session_table *t, enum l4proto proto,
    struct bib_entry *bib, const struct tuple6 *tuple6,
    const struct tuple4 *tuple4, uint8_t prefix, enum session_class cls,
    struct monotime now);

/*
 * Give a session without one its IPv6 side (TCP-06). Returns 0, or -1 with
 * errno EEXIST (tuple6 is taken), ENOBUFS (binding full) or EDQUOT.
 */
int session_set_ipv6(struct session_table *t, struct session *s,
    struct bib_entry *bib, const struct tuple6 *tuple6, uint8_t prefix);

/*
 * Let s's IPv6 peer be another form of the same IPv4 address: the host now
 * uses another Pref64 (ADR-08). Returns 0, or -1 with errno EEXIST.
 */
int session_set_prefix(struct session_table *t, struct session *s,
    const struct in6_addr *dst6, uint8_t prefix);

/* s lives for its class's time from now on, in class cls. */
void session_touch(struct session_table *t, struct session *s,
    enum session_class cls, struct monotime now);

/*
 * Remove s from all trees and lists and free it. Its binding stays, also
 * without sessions: the caller calls bib_release(). s->syn is the caller's.
 */
void session_remove(struct session_table *t, struct session *s);

/* A session whose time has come at now, the oldest of its class; or NULL. */
struct session *session_first_expired(const struct session_table *t,
    struct monotime now);

/* When the next session ends; false when there is none. */
bool session_next_expiry(const struct session_table *t,
    struct monotime *when);

/* All sessions of all protocols. */
size_t session_count(const struct session_table *t);

/* When s ends if nothing refreshes it. */
struct monotime session_expires(const struct session_table *t,
    const struct session *s);

/* New lifetimes (reload); they hold for the sessions there are as well. */
void session_set_lifetimes(struct session_table *t,
    const uint32_t lifetime_secs[SESSION_NCLASSES]);

#endif
