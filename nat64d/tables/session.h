/*
 * Session tables (RFC 6146, 3.2): one entry (STE) per 5-tuple, with a
 * lifetime.
 *
 * The sessions of a binding form a red-black tree of their own, ordered by
 * the IPv4 peer. This one tree serves both families: (X',x) and (T,t) are
 * those of the binding, and Y' = P(Z), y = z follow from the peer and the
 * Pref64 that the session keeps. A tuple of either family is looked up in
 * the flow cache first, then by way of its binding.
 *
 * Every session is in a timing wheel (wheel.h), in the slot for the time at
 * which it has to be looked at next: expiry costs O(1) per session, the
 * table is never scanned, and a packet of a known session touches no other
 * session.
 *
 * Invariants: (X',x), peer and Pref64 are unique, and so are (T,t) and peer.
 * A session is in the tree of its binding or, without one, in the tree of
 * orphans (see struct session).
 *
 * Tuples are given in the outgoing direction throughout, as a session has
 * them: (X',x) -> (Y',y) and (T,t) -> (Z,z). The caller swaps source and
 * destination of incoming packets.
 *
 * A session counts against the limits of the side that opened it. Outbound
 * sessions, opened by an IPv6 host, count against its subscriber. Inbound
 * sessions, opened by an IPv4 host, have a budget of their own and are
 * evicted first when the table is full, so that no IPv4 host can keep the
 * IPv6 hosts from opening sessions.
 *
 * A flush makes all sessions stale that there are when it begins. From then on
 * the caller treats them as absent, and it removes them in slices. Sessions
 * that are added meanwhile are not stale, so the flush ends when as many have
 * been removed as there were. Stale sessions are those whose epoch is not that
 * of the table. They count against the limits until they are removed.
 *
 * The table only stores sessions. What a segment or an expiry means is
 * decided by the core (nat64d/core) and tcp_fsm.c. The time of one call is
 * never earlier than that of the call before.
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
#include "common/slab.h"

#include "bib.h"
#include "fastflow.h"
#include "flow.h"
#include "nat64d/base/keyhash.h"
#include "nat64d/base/refusal.h"
#include "nat64d/base/tuple.h"
#include "wheel.h"

/* Lifetime classes: one timeout each (RFC 6146, 4). */
enum session_class {
	SESSION_UDP,	   /* UDP_DEFAULT */
	SESSION_ICMP,	   /* ICMP_DEFAULT */
	SESSION_TCP_EST,   /* TCP_EST */
	SESSION_TCP_OPEN,  /* TCP_TRANS before the handshake */
	SESSION_TCP_CLOSE, /* TCP_TRANS after FIN, RST or probe */
	SESSION_TCP_SYN,   /* TCP_INCOMING_SYN */
	SESSION_NCLASSES   /* from here on: classes of struct session_port */
};

/*
 * Sessions of class cls whose peer has one of these ports live for secs
 * instead. Each such rule is a class of its own, which only the session
 * table knows: callers always name an enum session_class. There is room for
 * two lists of rules: when another one replaces the present one, sessions stay
 * in the classes of the old list until they are touched or refitted.
 */
#define SESSION_MAX_PORTS 16
#define SESSION_NRULES (2 * SESSION_MAX_PORTS)
struct session_port {
	enum session_class cls; /* SESSION_UDP, SESSION_TCP_EST */
	struct port_range ports;
	uint32_t secs;
};

/*
 * One session. Two cache lines; a packet of a known session that does not
 * change its class reads the first one only.
 *
 * A session is bound or an orphan:
 *
 *	bound	bib is set. In the tree bib->peers. in6 is the binding's.
 *		In:	session_add(), session_add_inbound(), or
 *			session_adopt() of an orphan.
 *		Out:	session_remove().
 *		session_set_prefix() may change prefix, session_claim() may
 *		clear inbound.
 *	orphan	bib is NULL: a stored SYN to a (T,t) that had no binding
 *		(RFC 6146, 3.5.2.2), so tcp_state is V4_INIT_STORED. In the
 *		tree of orphans. in6 is unset, and prefix has a value that no
 *		Pref64 has, so that no IPv6 tuple finds the session. Inbound.
 *		In:	session_add_orphan().
 *		Out:	session_adopt(), session_remove().
 *
 * Set once, by the function that adds the session: out4, peer, proto. They
 * are the key of its tree and of the flow cache. in6 and bib are set once
 * more by session_adopt().
 *
 * Afterwards cls is set by session_touch() alone, due by the wheel alone.
 * stamp is set by session_touch(), and from the notes of the fast path. stamp
 * and the lifetime of cls give session_expires(). A session past that time
 * stays in the table until the core has handled its end. epoch is set once.
 * When session_flush() changes that of the table, the session is stale, and
 * all that the core may do is to remove it.
 *
 * fast is set and cleared by session_fast.c alone. While it is not 0, packets
 * that the translator does not see may use the session, and the notes of the
 * fast path say when they did. Only a TCP session that is ESTABLISHED or a
 * UDP session is there, with both sides known. Whatever changes more of it
 * than stamp, ack6 and ack4 takes it back first (session_leave_fast());
 * session_remove() and session_set_prefix() do so themselves. sides and data
 * belong to the core (nat64_fast.h); leaving the fast path clears them.
 *
 * copied belongs to the core (nat64_copy.h). gateway does as well: the session
 * has a gateway, and must not use the fast path.
 *
 * tcp_state, ack6 and ack4 belong to the core, which sets them for TCP only;
 * tcp_fsm.h lists the states and what leads in and out. ack6 and ack4 are the
 * newest acknowledgment numbers from either side, that is what the IPv6 host
 * has received and what its peer has received. The probe is made of them
 * (RFC 6146, 3.5.2.2).
 */
struct session {
	alignas(CACHE_LINE) struct taddr6 in6; /* (X',x); unset in an orphan */
	struct taddr4 out4;		       /* (T,t) */
	struct taddr4 peer;		       /* (Z,z) */
	uint8_t proto;			       /* enum l4proto */
	uint8_t cls;	   /* enum session_class, or SESSION_NCLASSES
				   and the index of a rule */
	uint8_t tcp_state; /* enum tcp_state */
	uint8_t prefix;	   /* index of the Pref64 of Y' */
	uint32_t ack6;
	uint32_t ack4;
	struct monotime stamp; /* its lifetime counts from here */
	uint32_t fast;	       /* handle of the fast path, 0: not there */
	uint8_t sides;	       /* which sides have sent a packet */
	int8_t data;	       /* packets until the fast path is tried */
	bool inbound : 1;      /* opened from IPv4 */
	bool gateway : 1;      /* core/nat64_alg_table.h */
	bool copied : 1;       /* another node has been told of it */
	uint8_t epoch;	       /* of the table when it was added */

	struct wheel_entry due; /* when it is looked at next */
	struct bib_entry *bib;	/* NULL: an orphan */
	RB_ENTRY(session) by_peer;
};

RB_HEAD(orphan_tree, session);

/*
 * Counters of inbound sessions per IPv4 peer. A keyed hash of the address
 * selects one, so some peers share a counter.
 */
#define SESSION_NSOURCES 1024

/* Inbound sessions. */
struct session_inbound {
	struct wheel wheel;
	size_t count;
	size_t max;
	uint32_t per_source[SESSION_NSOURCES];
};

struct session_table {
	struct orphan_tree orphans;
	struct wheel wheel; /* of outbound sessions */
	struct session_inbound inbound;
	size_t n_stale;	       /* sessions with another epoch than this */
	uint8_t epoch;	       /* flushes begun, modulo 256 */
	uint8_t n_epochs;      /* flushes begun since n_stale was 0 */
	bool flush_again;      /* when n_stale is 0, begin another */
	unsigned flush_slot;   /* where session_next_stale() looks next */
	struct monotime since; /* no lifetime counts from before this */
	uint32_t lifetime_secs[SESSION_NCLASSES + SESSION_NRULES];
	struct session_port rules[SESSION_NRULES];
	unsigned first_rule; /* of the present list */
	unsigned n_rules;    /* in it */
	size_t n_sessions[L4_NPROTO];
	uint32_t max_per_bib;
	struct slab slab;
	struct flow_cache flows;
	const struct fastpath_ops
	    *fastpath;		  /* borrowed; NULL: there is none */
	bool note4_refreshes;	  /* UDP, see session_fast.c */
	size_t n_fast;		  /* sessions that are there */
	struct keyhash hash;	  /* for the flow cache and the sources */
	const struct bib *bibs;	  /* borrowed: L4_NPROTO of them */
	struct subscribers *subs; /* borrowed; counts sessions */
};

/*
 * max: most sessions of all protocols; max_per_bib: most outbound sessions
 * of one binding, 0: BIB_MAX_SESSIONS.
 */
void session_table_init(struct session_table *t,
    const uint32_t lifetime_secs[SESSION_NCLASSES], size_t max,
    uint32_t max_per_bib, const struct bib *bibs, struct subscribers *subs,
    const struct siphash_key *secret);

/*
 * Set lifetimes for ports of the peer: n rules, at most SESSION_MAX_PORTS.
 * Where two rules hold a port, the later one applies. All sessions must have
 * been refitted since the call before.
 */
void session_table_set_ports(struct session_table *t,
    const struct session_port *ports, unsigned n);

/*
 * Set the lifetimes of the classes. Sessions count them from their last packet
 * from now on; those that end earlier are looked at in time when they have
 * been refitted.
 */
void session_table_set_lifetimes(struct session_table *t,
    const uint32_t lifetime_secs[SESSION_NCLASSES]);

/*
 * The rules or the lifetimes have changed: put s, which is not stale, into the
 * class that it has now, and the wheel.
 */
void session_refit(struct session_table *t, struct session *s);

/*
 * Set the most sessions of all and of one binding, as session_table_init()
 * does. There may be more already.
 */
void session_table_set_max(struct session_table *t, size_t max,
    uint32_t max_per_bib);

/* Set the most inbound sessions; 0 (default): a quarter of all sessions. */
void session_table_set_inbound(struct session_table *t, size_t max);

/*
 * Set the function that is called for each large block of memory (slab.h);
 * NULL (default): none.
 */
void session_table_set_hint(struct session_table *t, slab_hint_fn hint);

/* Remove all sessions, from their bindings too. */
void session_table_clear(struct session_table *t);

/*
 * Find by tuple, or NULL: by (X',x), peer and Pref64, or by (T,t) and peer.
 * A session that is over is found as well: the caller must first do what its
 * end requires, such as sending the probe (RFC 6146, 3.5.2.2).
 */
struct session *session_find6(const struct session_table *t,
    enum l4proto proto, const struct taddr6 *in6, const struct taddr4 *peer,
    unsigned prefix);
struct session *session_find4(const struct session_table *t,
    enum l4proto proto, const struct tuple4 *tuple);

/* The place in the flow cache of a tuple, to be prefetched. */
struct flow_place session_place6(const struct session_table *t,
    enum l4proto proto, const struct taddr6 *in6, const struct taddr4 *peer,
    unsigned prefix);
struct flow_place session_place4(const struct session_table *t,
    enum l4proto proto, const struct taddr4 *out4, const struct taddr4 *peer);

/*
 * The session of a binding with a peer, whatever its Pref64, or the orphan
 * of the same (T,t) and peer; or NULL.
 */
struct session *session_find_peer(const struct session_table *t,
    const struct bib_entry *bib, const struct taddr4 *peer);

/*
 * Is there a session of (T,t) with the peer's address, any port, that is not
 * over at now? Address-dependent filtering (RFC 6146, 3.5.1, 3.5.2.2, 3.5.3).
 * Sessions of class SESSION_TCP_SYN do not count: a stored SYN must not let
 * its own retransmission pass the filter (RFC 5382, REQ-4).
 */
bool session_has_peer(const struct session_table *t, enum l4proto proto,
    const struct taddr4 *out4, struct in_addr peer, struct monotime now);

/*
 * Walk the sessions of a binding in the order of their IPv4 peers: the first
 * session after peer (NULL: the very first), or NULL at the end. The session
 * of peer may have been removed meanwhile. A session that exists during the
 * whole walk is returned exactly once.
 */
struct session *session_next_of_bib(const struct bib_entry *bib,
    const struct taddr4 *peer);

/*
 * Is there room for one more session of addr, a host of sub (NULL: not known
 * yet)? To be called before a binding is created for it. Returns 0, or -1
 * with *why: REFUSED_SESSIONS, or the limit of the subscriber.
 */
int session_check_room(const struct session_table *t,
    const struct subscriber *sub, const struct in6_addr *addr,
    struct refusal *why);

/*
 * May an IPv4 host open one more session? Once half of the budget is used, a
 * peer may have a sixteenth of it; INADDR_ANY: do not check the peer.
 * Returns 0, or -1 with *why: REFUSED_INBOUND (the caller may end
 * session_oldest_inbound() to make room) or REFUSED_INBOUND_PEER.
 */
int session_check_inbound(const struct session_table *t, struct in_addr peer,
    struct refusal *why);

/*
 * The inbound session that ends first if nothing refreshes it, or a stale one,
 * or NULL. Only a limited number are looked at: *sure is false when all of
 * these have been refreshed, so that another session may end earlier.
 */
struct session *session_oldest_inbound(struct session_table *t, bool *sure);

/*
 * Add an outbound session of bib with a peer, in class cls, its lifetime
 * counted from now. prefix: index of the Pref64 of Y'.
 *
 * Returns the session, owned by t, its tcp_state 0. NULL with *why:
 * REFUSED_EXISTS (session_find_peer() finds it), REFUSED_SESSIONS,
 * REFUSED_BINDING_SESSIONS, REFUSED_MEMORY, or the limit of the subscriber;
 * then nothing has changed.
 */
struct session *session_add(struct session_table *t, struct bib_entry *bib,
    const struct taddr4 *peer, unsigned prefix, enum session_class cls,
    struct monotime now, struct refusal *why);

/*
 * The same for an inbound session, which session_check_inbound() has
 * allowed: the limits of the binding and the subscriber do not apply.
 */
struct session *session_add_inbound(struct session_table *t,
    struct bib_entry *bib, const struct taddr4 *peer, unsigned prefix,
    enum session_class cls, struct monotime now, struct refusal *why);

/*
 * The same for a stored SYN from the peer to (T,t): an orphan. A binding of
 * (T,t), if there is one, has no session with that peer.
 */
struct session *session_add_orphan(struct session_table *t, enum l4proto proto,
    const struct tuple4 *tuple, enum session_class cls, struct monotime now,
    struct refusal *why);

/* A session that existed before a restart. */
struct session_past {
	struct taddr4 peer;
	unsigned prefix;
	enum session_class cls;
	bool inbound;
	uint8_t tcp_state;
	uint32_t ack6;
	uint32_t ack4;
	struct monotime stamp; /* its lifetime counts from here */
};

/*
 * Add it to its binding again. Neither a fair share nor the limit of inbound
 * sessions applies; otherwise as session_add().
 */
struct session *session_restore(struct session_table *t, struct bib_entry *bib,
    const struct session_past *past, struct monotime now, struct refusal *why);

/*
 * Bind an orphan: the IPv6 host of bib, the binding of its (T,t), has sent
 * its SYN as well (simultaneous open, RFC 6146, 3.5.2.2). The session becomes
 * outbound. Returns 0, or -1 with *why: REFUSED_BINDING_SESSIONS, or the
 * limit of the subscriber; then nothing has changed.
 */
int session_adopt(struct session_table *t, struct session *s,
    struct bib_entry *bib, unsigned prefix, struct refusal *why);

/*
 * The IPv6 host of an inbound session opens it as well: make the session
 * outbound, unless a limit of the host forbids it.
 */
void session_claim(struct session_table *t, struct session *s);

/*
 * The IPv6 host now uses another Pref64 for the same peer: 4 to 6 packets of
 * s use it from now on (with several prefixes, RFC 6146, 1.2.1 leaves the
 * choice open).
 */
void session_set_prefix(struct session_table *t, struct session *s,
    unsigned prefix);

/*
 * Put s into class cls, or into that of the rule for its peer's port, and
 * start its lifetime anew.
 */
void session_touch(struct session_table *t, struct session *s,
    enum session_class cls, struct monotime now);

/*
 * Remove s from all trees and lists and free it. Its binding stays even
 * without sessions: the caller calls bib_release().
 */
void session_remove(struct session_table *t, struct session *s);

/* The class that s was put into, whatever rule for a port it has. */
enum session_class session_class(const struct session_table *t,
    const struct session *s);

/* How long sessions of class cls live whose peer has that port, in seconds. */
uint32_t session_lifetime(const struct session_table *t,
    enum session_class cls, uint16_t port);

/* All sessions of all protocols. */
size_t session_count(const struct session_table *t);

/*
 * Begin a flush: every session becomes stale. If another flush is going on,
 * both end together. The epochs of 255 flushes can be told apart: the next one
 * begins when these have ended, in session_remove() of their last session.
 */
void session_flush(struct session_table *t);

/* --- session_expire.c --- */

/*
 * Hand each session whose time has come at now to fn. fn removes or touches
 * that session, no other one, and returns true when it has removed it. A stale
 * session may be handed to fn earlier, which removes it. At most max sessions
 * are looked at. Returns true when more are due, except perhaps for those of
 * the last tick: session_next_expiry() gives their time.
 */
typedef bool session_fn(void *arg, struct session *s);
bool session_expire(struct session_table *t, struct monotime now, unsigned max,
    session_fn *fn, void *arg);

/*
 * When session_expire() is to be called again: at most WHEEL_TICK_NS after
 * the first session ends. It may be earlier, because of sessions that were
 * refreshed or removed or that live longer than a round of the wheel. Returns
 * false when there is no session; after the last one has gone it returns true
 * once more.
 */
bool session_next_expiry(const struct session_table *t, struct monotime *when);

/* Hand at most max sessions to fn, which removes them; true: more are left. */
bool session_drain(struct session_table *t, unsigned max, session_fn *fn,
    void *arg);

/*
 * A stale session, which the caller removes, or NULL when none is left: the
 * flush has ended. A call looks at each slot of the wheels at most once.
 */
struct session *session_next_stale(struct session_table *t);

/*
 * Is s stale? It may be removed then, and must not be touched, claimed or
 * adopted.
 */
static inline bool
session_is_stale(const struct session_table *t, const struct session *s)
{
	return (t->n_stale > 0 && s->epoch != t->epoch);
}

/* --- session_fast.c --- */

/*
 * Use this fast path from now on, NULL (default): none. No session is on one
 * (session_leave_fast_all()). inbound_refresh: UDP packets from IPv4 refresh
 * a session (RFC 4787, REQ-6). ops is borrowed.
 */
void session_table_set_fastpath(struct session_table *t,
    const struct fastpath_ops *ops, bool inbound_refresh);

/* Do UDP packets from IPv4 refresh a session from now on? */
void session_table_set_refresh(struct session_table *t, bool inbound_refresh);

/*
 * Hand s, which is f, over to the fast path. Returns false when it has no
 * room; then nothing has changed.
 */
bool session_enter_fast(struct session_table *t, struct session *s,
    const struct fastflow *f);

/*
 * s is on the fast path: take over what its notes say, that is when it was
 * used last, and the acknowledgment numbers. To be called before a packet of
 * s changes one of these.
 */
void session_read_notes(const struct session_table *t, struct session *s);

/* s is on the fast path: take it back, with what its notes say. */
void session_take_back(struct session_table *t, struct session *s);

/* Take back all sessions. */
void session_leave_fast_all(struct session_table *t);

/* When s, which is on the fast path, was used last: what refreshes it. */
struct monotime session_last_use(const struct session_table *t,
    const struct session *s);

/* Take s back if it is on the fast path. */
static inline void
session_leave_fast(struct session_table *t, struct session *s)
{
	if (s->fast != 0)
		session_take_back(t, s);
}

/* From when the lifetime of s counts. */
static inline struct monotime
session_used(const struct session_table *t, const struct session *s)
{
	const struct monotime last =
	    s->fast == 0 ? s->stamp : session_last_use(t, s);

	return (last.ns < t->since.ns ? t->since : last);
}

/* When s ends if nothing refreshes it. */
static inline struct monotime
session_expires(const struct session_table *t, const struct session *s)
{
	return (
	    monotime_add_secs(session_used(t, s), t->lifetime_secs[s->cls]));
}

/* Is s past its time, or stale? */
static inline bool
session_is_over(const struct session_table *t, const struct session *s,
    struct monotime now)
{
	return (monotime_reached(session_expires(t, s), now) ||
	    session_is_stale(t, s));
}

/* The session of an entry of the wheel. */
static inline struct session *
session_of(struct wheel_entry *e)
{
	return ((struct session *)(void *)((char *)e -
	    offsetof(struct session, due)));
}

#endif
