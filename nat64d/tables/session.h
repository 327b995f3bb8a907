/*
 * Session tables (RFC 6146, 3.2): one entry (STE) per 5-tuple, with a
 * lifetime.
 *
 * The sessions of a binding are a red-black tree of its own, by the IPv4
 * peer. That one tree serves both families: (X',x) and (T,t) are the
 * binding's, and Y' = P(Z), y = z follow from the peer and the Pref64 that
 * the session keeps. So a tuple of either family is found by way of its
 * binding, or by the flow cache without one.
 *
 * Every session is in the slot of a timing wheel (session_wheel.h) by the
 * time when it has to be looked at next: expiry costs O(1), nothing is ever
 * scanned, and a packet of a session that is known touches no other session.
 *
 * Invariants: (X',x), peer and Pref64 are unique, and so are (T,t) and peer;
 * a session is in the tree and the list of its binding, or, when it has no
 * IPv6 side (stored SYN, RFC 6146 3.5.2.2), in the tree of orphans.
 *
 * Tuples are given in the outgoing direction throughout, as a session has
 * them: (X',x) -> (Y',y) and (T,t) -> (Z,z). Those of incoming packets are
 * turned round by the caller.
 *
 * Who opens a session pays for it. Those of a host of ours are counted to its
 * subscriber. Those that IPv4 hosts open are inbound: they have a budget of
 * their own, and are what goes first when the table is full, so that nobody
 * outside can keep our hosts from opening theirs.
 *
 * The table moves sessions about. What an expiry or a segment means is
 * decided by nat64_state.c and tcp_fsm.c. Time never goes back from one call
 * to the next.
 */
#ifndef NAT64D_TABLES_SESSION_H
#define NAT64D_TABLES_SESSION_H

#include <sys/queue.h>

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"

#include <sys/tree.h>

#include "common/monotime.h"

#include "bib.h"
#include "flow.h"
#include "nat64d/base/keyhash.h"
#include "nat64d/base/refusal.h"
#include "session_wheel.h"
#include "nat64d/base/slab.h"
#include "nat64d/base/tuple.h"

/* Lifetime classes: one timeout each (RFC 6146, 4). */
enum session_class {
	SESSION_UDP,	   /* UDP_DEFAULT */
	SESSION_ICMP,	   /* ICMP_DEFAULT */
	SESSION_TCP_EST,   /* TCP_EST */
	SESSION_TCP_OPEN,  /* TCP_TRANS before the handshake */
	SESSION_TCP_CLOSE, /* TCP_TRANS after FIN, RST or probe */
	SESSION_TCP_SYN,   /* TCP_INCOMING_SYN */
	SESSION_NCLASSES   /* from here on: those of struct session_port */
};

/*
 * Sessions of class cls whose peer has one of these ports live for secs
 * instead: they are of a class of their own, which is found here alone.
 */
#define SESSION_MAX_PORTS 16
struct session_port {
	enum session_class cls; /* SESSION_UDP, SESSION_TCP_EST */
	struct port_range ports;
	uint32_t secs;
};

/*
 * Two cache lines. The first one has all that a packet needs.
 *
 * in6, prefix: as the binding has them; without one, prefix is none of the
 * configured and so no IPv6 tuple finds the session.
 * ack6, ack4: TCP, the newest acknowledgment number from either side: what
 * the IPv6 host has received, and what its peer has. They make a segment
 * that lies in the window of both (RFC 6146, 3.5.2.2, probe).
 */
struct session {
	alignas(CACHE_LINE) struct taddr6 in6; /* (X',x); unset without bib */
	struct taddr4 out4;		       /* (T,t) */
	struct taddr4 peer;		       /* (Z,z) */
	uint8_t proto;			       /* enum l4proto */
	uint8_t cls;	   /* enum session_class, or SESSION_NCLASSES
				   and the index of a session_port */
	uint8_t tcp_state; /* enum tcp_state */
	uint8_t prefix;	   /* index of the Pref64 of Y' */
	uint32_t ack6;
	uint32_t ack4;
	struct monotime stamp;	  /* its lifetime counts from here */
	int64_t tick;		  /* session_wheel.h's */
	LIST_ENTRY(session) slot; /* likewise */
	struct bib_entry *bib;	  /* NULL: no IPv6 side */
	RB_ENTRY(session) by_peer;
	bool inbound; /* opened from IPv4 */
};

RB_HEAD(orphan_tree, session);

/* IPv4 peers are counted by a keyed hash: some share a number. */
#define SESSION_NSOURCES 1024

/* Inbound sessions. */
struct session_inbound {
	struct session_wheel wheel;
	size_t count;
	size_t max;
	uint32_t per_source[SESSION_NSOURCES];
};

struct session_table {
	struct orphan_tree orphans;
	struct session_wheel wheel; /* of those that are not inbound */
	struct session_inbound inbound;
	uint32_t lifetime_secs[SESSION_NCLASSES + SESSION_MAX_PORTS];
	struct session_port ports[SESSION_MAX_PORTS];
	unsigned n_ports;
	size_t n_sessions[L4_NPROTO];
	uint32_t max_per_bib;
	struct slab slab;
	struct flow_cache flows;  /* in front of bindings and trees */
	struct keyhash hash;	  /* of the flows */
	const struct bib *bibs;	  /* borrowed: L4_NPROTO of them */
	struct subscribers *subs; /* borrowed; counts sessions */
};

/*
 * max: most sessions of all protocols; max_per_bib: of one binding, 0: as
 * many as it can count.
 */
void session_table_init(struct session_table *t,
    const uint32_t lifetime_secs[SESSION_NCLASSES], size_t max,
    uint32_t max_per_bib, const struct bib *bibs, struct subscribers *subs,
    const struct siphash_key *secret);

/*
 * Lifetimes of sessions with some ports, at most SESSION_MAX_PORTS; where two
 * hold a port, the later one counts. Before the first session.
 */
void session_table_set_ports(struct session_table *t,
    const struct session_port *ports, unsigned n);

/* Most inbound sessions; 0, as at first: a quarter of all. */
void session_table_set_inbound(struct session_table *t, size_t max);

/* Who is told of large blocks of memory; NULL, as at first: nobody. */
void session_table_set_hint(struct session_table *t, slab_hint_fn hint);

/* Remove all sessions, from their bindings too. */
void session_table_clear(struct session_table *t);

/*
 * Find by tuple, or NULL: by (X',x), peer and Pref64, or by (T,t) and peer.
 * A session past its time is found as well: its end may have consequences
 * that the caller must draw first (TBL-05).
 */
struct session *session_find6(const struct session_table *t,
    enum l4proto proto, const struct taddr6 *in6, const struct taddr4 *peer,
    unsigned prefix);
struct session *session_find4(const struct session_table *t,
    enum l4proto proto, const struct tuple4 *tuple);

/* Where a lookup by tuple begins, for who wants to fetch it ahead. */
struct flow_place session_place6(const struct session_table *t,
    enum l4proto proto, const struct taddr6 *in6, const struct taddr4 *peer,
    unsigned prefix);
struct flow_place session_place4(const struct session_table *t,
    enum l4proto proto, const struct taddr4 *out4, const struct taddr4 *peer);

/*
 * The session of a binding with a peer, by whichever Pref64, or the orphan
 * that waits at its (T,t) for one with that peer; or NULL.
 */
struct session *session_find_peer(const struct session_table *t,
    const struct bib_entry *bib, const struct taddr4 *peer);

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
const struct session *session_next_of_bib(const struct bib_entry *bib,
    const struct taddr4 *peer);

/*
 * Is there room for one more session of addr, a host of sub (NULL: that is a
 * newcomer)? To be asked before a binding is made for it. 0, or -1 with *why:
 * REFUSED_SESSIONS, or what the subscriber has reached.
 */
int session_check_room(const struct session_table *t,
    const struct subscriber *sub, const struct in6_addr *addr,
    struct refusal *why);

/*
 * May an IPv4 host open one more session? A peer may have a sixteenth of the
 * budget when half of it is used; INADDR_ANY: whoever it is. 0, or -1 with
 * *why: REFUSED_INBOUND (session_oldest_inbound() may be asked for one to end)
 * or REFUSED_INBOUND_PEER.
 */
int session_check_inbound(const struct session_table *t, struct in_addr peer,
    struct refusal *why);

/*
 * The inbound session that ends first if nothing refreshes it, or NULL. Few
 * are looked at: *sure is false when all of these were refreshed lately.
 */
struct session *session_oldest_inbound(struct session_table *t, bool *sure);

/*
 * Add a session of bib with a peer in class cls, living from now. prefix:
 * index of the Pref64 of Y'.
 *
 * Returns the session, owned by t, its tcp_state 0. NULL with *why:
 * REFUSED_EXISTS (session_find_peer() knows it), REFUSED_SESSIONS,
 * REFUSED_BINDING_SESSIONS, REFUSED_MEMORY, or what the subscriber has reached;
 * then nothing has changed.
 */
struct session *session_add(struct session_table *t, struct bib_entry *bib,
    const struct taddr4 *peer, unsigned prefix, enum session_class cls,
    struct monotime now, struct refusal *why);

/*
 * The same for one that the peer opens, which session_check_inbound() has
 * allowed: no limit of the binding or the subscriber holds.
 */
struct session *session_add_inbound(struct session_table *t,
    struct bib_entry *bib, const struct taddr4 *peer, unsigned prefix,
    enum session_class cls, struct monotime now, struct refusal *why);

/*
 * The same for a stored SYN from the peer to (T,t), which has no IPv6 side.
 * A binding of (T,t), if there is one, has no session with that peer.
 */
struct session *session_add_orphan(struct session_table *t, enum l4proto proto,
    const struct tuple4 *tuple, enum session_class cls, struct monotime now,
    struct refusal *why);

/*
 * Give an orphan its IPv6 side (TCP-06). bib is that of its (T,t), whose host
 * opens the session: it is not inbound any more. Returns 0, or -1 with *why:
 * REFUSED_BINDING_SESSIONS, or what the subscriber has reached.
 */
int session_adopt(struct session_table *t, struct session *s,
    struct bib_entry *bib, unsigned prefix, struct refusal *why);

/*
 * The host of an inbound session opens it as well: it is that host's from
 * now on, unless the host has no room for it.
 */
void session_claim(struct session_table *t, struct session *s);

/*
 * Let s's IPv6 peer be another form of the same IPv4 address: the host now
 * uses another Pref64 (ADR-08).
 */
void session_set_prefix(struct session_table *t, struct session *s,
    unsigned prefix);

/*
 * s lives for its class's time from now on, in class cls, or in that of its
 * peer's port.
 */
void session_touch(struct session_table *t, struct session *s,
    enum session_class cls, struct monotime now);

/*
 * Remove s from all trees and lists and free it. Its binding stays, also
 * without sessions: the caller calls bib_release().
 */
void session_remove(struct session_table *t, struct session *s);

/*
 * Hand each session whose time has come at now to fn, which removes it or
 * touches it, but no other, and returns true when it has gone. At most max
 * sessions are looked at. Returns true when more is due; what has ended
 * during the last tick may be left out, for which see below.
 */
typedef bool session_fn(void *arg, struct session *s);
bool session_expire(struct session_table *t, struct monotime now, unsigned max,
    session_fn *fn, void *arg);

/*
 * When session_expire() is to be called again: SESSION_TICK_NS after the
 * first session ends at the latest; earlier, but seldom, for those that were
 * refreshed or removed or that live longer than the wheel goes round. False
 * when there is no session; when there is none any more, true once.
 */
bool session_next_expiry(const struct session_table *t, struct monotime *when);

/* Hand at most max sessions to fn, which removes them; true: more are left. */
bool session_drain(struct session_table *t, unsigned max, session_fn *fn,
    void *arg);

/* All sessions of all protocols. */
size_t session_count(const struct session_table *t);

/* When s ends if nothing refreshes it. */
static inline struct monotime
session_expires(const struct session_table *t, const struct session *s)
{
	return (monotime_add_secs(s->stamp, t->lifetime_secs[s->cls]));
}

#endif
