/*
 * Bindings and sessions outside of a translator: what has to be kept of them
 * so that another translator, after a restart or in a new process, continues
 * where this one ends. How they are written down is not known here
 * (nat64d/state/record.h).
 *
 * Restoring gives back (X',x) <-> (T,t), the sessions with their states,
 * acknowledgment numbers and lifetimes, which were counted on meanwhile, the
 * address with which a subscriber is paired (RFC 6888, REQ-2), and its blocks
 * of ports. What the
 * configuration does not allow any more is left out. A port of the pool that
 * was bound and is not any more goes to quarantine, so that no packet meant
 * for its last owner reaches another host (RFC 6888, REQ-8).
 *
 * Rates and fair shares are for new bindings and sessions, and do not apply;
 * the other limits do. Stored SYNs, fragments and tokens of buckets are not
 * kept: the SYN is sent again.
 */
#ifndef NAT64D_CORE_NAT64_RESTORE_H
#define NAT64D_CORE_NAT64_RESTORE_H

#include "nat64.h"
#include "nat64_mapping.h"
#include "nat64_role.h"

#define NAT64_NO_PREFIX UINT8_MAX

/* A binding. prefix: index of the Pref64 used last, or NAT64_NO_PREFIX. */
struct nat64_saved_binding {
	enum l4proto proto;
	struct taddr6 in6;
	struct taddr4 out4;
	struct in_addr paired; /* of its subscriber */
	uint8_t prefix;
	bool is_static;
};

/*
 * The gateway of a session (nat64_alg_table.h). Numbers from the IPv6 host and
 * from the IPv4 host: the bytes before old have been sent as those before new.
 */
enum nat64_alg_mode {
	NAT64_ALG_NONE,	    /* there is none */
	NAT64_ALG_FREE,	    /* it has let go: they differ by that for good */
	NAT64_ALG_IDLE,	    /* nothing was being said: it can go on */
	NAT64_ALG_FOLLOWED, /* it cannot: only numbers are adjusted */
	NAT64_ALG_LOST,	    /* bytes were on their way: to be ended */
	NAT64_ALG_NMODES
};

struct nat64_saved_alg {
	uint8_t mode; /* enum nat64_alg_mode */
	uint32_t old[2];
	uint32_t new[2];
};

/*
 * A session of the binding that came before. used_ms: when its lifetime began
 * to count, in milliseconds since the beginning of 1970, UTC. state, ack6 and
 * ack4 are 0 unless it is of TCP. prefix: index of the Pref64 of Y'.
 */
struct nat64_saved_session {
	struct taddr4 peer;
	int64_t used_ms;
	uint32_t ack6;
	uint32_t ack4;
	uint8_t prefix;
	uint8_t cls;   /* enum session_class */
	uint8_t state; /* enum tcp_state */
	bool inbound;
	struct nat64_saved_alg alg;
};

/*
 * An explicit mapping of a binding (nat64_mapping.h), which does not have to
 * come before. end_ms: when it ends, in milliseconds since 1970, UTC.
 */
struct nat64_saved_mapping {
	struct nat64_saved_binding binding;
	bool peered; /* of PEER, with this peer: */
	struct taddr4 peer;
	uint8_t nonce[PCP_NONCE_LEN];
	int64_t end_ms;
};

/* What the translator did (nat64_role.h). */
struct nat64_saved_role {
	enum nat64_role role;
	bool draining;
};

/* A block of ports that a subscriber has. */
struct nat64_saved_block {
	struct in6_addr subscriber; /* prefix of subscriber_len bits */
	uint8_t subscriber_len;
	struct in_addr addr;
	struct port_range ports; /* of each protocol */
};

/* The two clocks at one moment, by which times are converted. */
struct nat64_clocks {
	struct monotime mono;
	int64_t wall_ms; /* since the beginning of 1970, UTC */
};

/* --- saving --- */

struct pref64 nat64_save_prefix(const struct nat64 *n, size_t i);
size_t nat64_save_prefixes(const struct nat64 *n);
void nat64_save_binding(const struct nat64 *n, const struct bib_entry *e,
    struct nat64_saved_binding *b);

void nat64_save_block(const struct nat64 *n, const struct pool4_block *block,
    struct nat64_saved_block *saved);

/*
 * Returns false for a session that is not kept: one of a stored SYN, or a stale
 * one. at: any moment, but the same for all sessions.
 */
bool nat64_save_session(const struct nat64 *n, const struct session *s,
    const struct nat64_clocks *at, struct nat64_saved_session *saved);

/*
 * The mapping after the place of last (NULL: the first one), which may be gone.
 * Sets *last, which the caller keeps. False: there is none.
 */
bool nat64_save_mapping(const struct nat64 *n, struct nat64_mapping *last,
    bool first, const struct nat64_clocks *at,
    struct nat64_saved_mapping *saved);

/* When the epoch of explicit mappings began; as end_ms. */
int64_t nat64_save_epoch(const struct nat64 *n, const struct nat64_clocks *at);

/* --- restoring --- */

/* Why a binding or session has been left out. */
enum nat64_left {
	NAT64_LEFT_NOT,
	NAT64_LEFT_POOL,     /* its address or port is not in the pool */
	NAT64_LEFT_PREFIX,   /* its Pref64 is not configured */
	NAT64_LEFT_DENIED,   /* the IPv6 host may not use the translator */
	NAT64_LEFT_EXCLUDED, /* its destination is excluded */
	NAT64_LEFT_LIMIT,    /* a limit, or memory */
	NAT64_LEFT_BOUND,    /* bound otherwise, or not static any more */
	NAT64_LEFT_ENDED,    /* its lifetime was over before */
	NAT64_LEFT_UNKNOWN,  /* of a kind that we do not know */
	NAT64_LEFT_REFUSED,  /* only ports for quarantine are wanted */
	NAT64_LEFT_NEWER,    /* what is here has been used since */
	NAT64_NLEFTS
};

/* How many have been restored, and left out by reason. */
struct nat64_restored {
	uint64_t bindings;
	uint64_t sessions;
	uint64_t left_bindings[NAT64_NLEFTS];
	uint64_t left_sessions[NAT64_NLEFTS];
};

/* In use from nat64_restore_begin() to nat64_restore_end(). */
struct nat64_restore {
	struct nat64 *n;
	struct nat64_clocks at;
	bool ports_only;
	bool late;
	uint8_t prefixes[NAT64_MAX_PREFIXES]; /* index in n, by saved index */
	struct bib_entry *e; /* of the sessions that come; NULL: none */
	struct nat64_saved_binding binding; /* the last one */
	enum nat64_left left;		    /* why e is NULL */
	struct nat64_restored counts;
	bool has_epoch; /* nat64_restore_epoch() has been called */
	bool lost;	/* an explicit mapping has been left out */
	int64_t epoch_ms;
};

/*
 * Restore into n, which has not translated a packet yet. at: now; on a wall
 * clock that was set back meanwhile lifetimes begin anew. ports_only: what is
 * saved cannot be trusted; only put its ports into quarantine.
 */
void nat64_restore_begin(struct nat64_restore *r, struct nat64 *n,
    const struct nat64_clocks *at, bool ports_only);

/*
 * n became active before all that the other node had was here, and what comes
 * is the rest of it. Only what conflicts with nothing that has happened here
 * since then is restored or ended: a session that has been used is left as it
 * is, and so is a binding that excludes one of them. What is restored is told
 * to whoever copies sessions (nat64_set_changes()).
 */
void nat64_restore_late(struct nat64_restore *r);

/* Before anything else: go on with the role of the other translator. */
void nat64_restore_role(struct nat64_restore *r,
    const struct nat64_saved_role *saved);

/* The Pref64 that what comes from here on gives the index i. */
void nat64_restore_prefix(struct nat64_restore *r, size_t i,
    const struct pref64 *p);

/*
 * A block, before the bindings with its ports. It rests until one of these
 * comes. If the configuration has no such block any more, or has another one
 * for subscribers, it is reported as released.
 */
void nat64_restore_block(struct nat64_restore *r,
    const struct nat64_saved_block *saved);

/*
 * A binding, then its sessions. A session that is there already is brought up
 * to date. Of two bindings that exclude each other the
 * later one is right: the earlier one was removed while they were saved. A
 * static binding is only restored if the configuration has it. Left out
 * bindings are reported as deleted.
 */
void nat64_restore_binding(struct nat64_restore *r,
    const struct nat64_saved_binding *b);
void nat64_restore_session(struct nat64_restore *r,
    const struct nat64_saved_session *s);

/*
 * The session of (T,t) with a peer has ended elsewhere: end it here too, and
 * its binding with it if it was the last. If there is none, do nothing.
 */
void nat64_restore_ended(struct nat64_restore *r, enum l4proto proto,
    const struct tuple4 *tuple);

/*
 * An explicit mapping, before all bindings; with its binding, if that is not
 * there. The epoch goes on if the clock was not set back, and all mappings that
 * had not ended meanwhile have been restored; otherwise another one has begun.
 */
void nat64_restore_mapping(struct nat64_restore *r,
    const struct nat64_saved_mapping *m);
void nat64_restore_epoch(struct nat64_restore *r, int64_t epoch_ms);

/* A binding, or a session, of a kind that the caller cannot describe. */
void nat64_restore_unknown(struct nat64_restore *r, bool session);

void nat64_restore_end(struct nat64_restore *r);

/* "pool" and so on, for messages; static. */
const char *nat64_left_name(enum nat64_left left);

#endif
