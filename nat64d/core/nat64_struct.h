/*
 * The translator: its tables and its configuration. What belongs to the
 * packet being handled is in struct passage (nat64_passage.h). Only files of
 * the core include this.
 */
#ifndef NAT64D_CORE_NAT64_STRUCT_H
#define NAT64D_CORE_NAT64_STRUCT_H

#include <sys/queue.h>

#include "nat64.h"
#include "nat64_mapping.h"
#include "nat64_role.h"
#include "nat64_walk.h"

/* At most this much of a stored SYN is kept (RFC 6146, 5.3). */
#define SYN_BYTES 576

/*
 * An IPv4 SYN that is kept without an answer for TCP_INCOMING_SYN
 * (RFC 6146, 3.5.2.2). Owned by nat64_syn.c as long as its session is in
 * state V4_INIT_STORED:
 *
 *	in	nat64_syn_store(), when no host may get the SYN yet
 *	out	nat64_syn_discard(): a SYN from IPv6 matches, or the session
 *		ends early
 *	out	nat64_syn_take(): the time is over; whoever takes it answers
 *		it with port unreachable and frees it
 */
struct stored_syn {
	TAILQ_ENTRY(stored_syn) entry;
	const struct session *session;
	struct pkt pkt; /* parsed when it arrived; data in bytes */
	uint8_t bytes[SYN_BYTES];
};

TAILQ_HEAD(syn_list, stored_syn);

/* Gateways are found in one of so many lists (nat64_alg_table.h). */
#define NAT64_ALG_LISTS 256
#define NAT64_MAX_GATEWAYS 1024
LIST_HEAD(nat64_alg_list, nat64_alg);

/*
 * A Pref64, by the index that sessions keep. One that is not configured any
 * more keeps its index until no session has it (nat64_settle()). So there may
 * be twice as many as can be configured.
 */
struct prefix_slot {
	struct pref64 prefix;
	bool used; /* it is configured */
};

#define NAT64_PREFIX_SLOTS (2 * NAT64_MAX_PREFIXES)

/*
 * How far nat64_settle() has got since nat64_reconfigure(). First the static
 * bindings are made, then all bindings and their sessions are looked at, then
 * the addresses that have left the pool are forgotten.
 */
struct settling {
	bool on;
	const struct nat64_static *statics; /* borrowed; those to be made */
	size_t n_statics;
	size_t n_refused; /* of them, which could not be made */
	struct nat64_walk walk;
};

/* How many packets of a pair of addresses were seen (nat64_pair.h). */
struct nat64_pair {
	struct in_addr src, dst; /* as they are in IPv4 */
	uint8_t proto;		 /* enum l4proto */
	bool from6;
	int16_t n;
};

#define NAT64_PAIR_CELLS 512

struct nat64 {
	struct nat64_config conf; /* its arrays are not kept */
	struct prefix_slot prefixes[NAT64_PREFIX_SLOTS];
	uint8_t prefix_of[NAT64_MAX_PREFIXES]; /* index in prefixes of each of
						  conf.prefixes */
	struct settling settling;
	struct nat64_sink sink;
	nat64_change_fn *changed; /* NULL: nobody wants to know */
	void *changed_arg;
	bool trace_off;	      /* do not call sink.trace */
	enum nat64_role role; /* nat64_role.h */
	bool draining;
	bool copied;		   /* nat64_set_copied() */
	bool ports_held;	   /* nat64_hold_ports() */
	bool awaiting;		   /* nat64_await_copy() */
	bool quiet;		   /* what ends has been reported before */
	bool start_rest;	   /* nat64_ports_rested() */
	bool pool_high[L4_NPROTO]; /* thresholds (nat64_threshold.h) */
	size_t n_subs_high;
	struct rng rng;
	struct nat64_stats stats;

	struct pool4 *pool;
	struct subscribers subs;
	struct slab bib_slab;
	struct bib bibs[L4_NPROTO];
	struct session_table sessions;
	const struct fastpath_ops *fastpath; /* borrowed; NULL: none */
	struct nat64_mappings mappings;
	struct ratelimit pcp_answers;
	struct frag_table *frags;
	struct ipid ids;
	/*
	 * "Packet too big" and "fragmentation needed" have limits of their
	 * own, because connections hang without them, and anybody can cause
	 * the other errors until their limit is reached.
	 */
	struct ratelimit errors6;
	struct ratelimit errors4;
	struct ratelimit too_big6;
	struct ratelimit too_big4;
	struct nat64_exclude *excludes;
	struct eamt *eamt; /* NULL: the translator is stateful */
	struct nat64_pair pairs[NAT64_PAIR_CELLS];
	struct permit *permit;
	struct slab syn_slab;
	struct syn_list syns;
	unsigned n_syns;
	struct slab alg_slab;
	struct nat64_alg_list algs[NAT64_ALG_LISTS];
	bool algs_rest; /* see nat64_rest_gateways() */
};

/* Index in n->prefixes of the Pref64 that addr lies in, or -1. */
static inline int
nat64_find_prefix(const struct nat64 *n, const struct in6_addr *addr)
{
	const int i = pref64_find(n->conf.prefixes, n->conf.n_prefixes, addr);

	return (i == -1 ? -1 : n->prefix_of[i]);
}

/* Tell whoever copies sessions what happens to s. */
static inline void
nat64_note_change(const struct nat64 *n, const struct session *s,
    enum nat64_change what)
{
	if (n->changed != NULL)
		n->changed(n->changed_arg, s, what);
}

/* --- nat64.c --- */

/* Most bindings of that configuration with that pool. */
size_t nat64_max_bindings(const struct nat64_config *c,
    const struct pool4 *pool);

/* The options of its pool, without the secret. */
struct pool4_opts nat64_pool_opts(const struct nat64_config *c);

/* Set n->conf. */
void nat64_copy_conf(struct nat64 *n, const struct nat64_config *c);

#endif
