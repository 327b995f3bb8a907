/*
 * What the files of the pipeline share: nat64.c (life, time), nat64_in6.c
 * and nat64_in4.c (the way of a packet), nat64_state.c (bindings and
 * sessions), nat64_syn.c (stored SYNs), nat64_icmp.c (errors), nat64_trace.c
 * (for who debugs). Nobody else includes this.
 */
#ifndef NAT64D_NAT64_INT_H
#define NAT64D_NAT64_INT_H

#include <sys/queue.h>

#include "icmp_error.h"
#include "nat64.h"

/* At most this much of a stored SYN is kept (TCP-08). */
#define SYN_BYTES 576

/*
 * An IPv4 SYN that is answered neither way for TCP_INCOMING_SYN
 * (RFC 6146, 3.5.2.2). Owned by nat64_syn.c; its session is in state
 * V4_INIT_STORED.
 */
struct stored_syn {
	TAILQ_ENTRY(stored_syn) entry;
	const struct session *session;
	struct pkt pkt; /* as parsed, but for what was cut off */
	uint8_t bytes[SYN_BYTES];
};

TAILQ_HEAD(syn_list, stored_syn);

/* Storage for one packet that we build ourselves. */
struct scratch {
	struct pkt pkt;
	uint8_t *buf;
};

enum {
	SCRATCH_ERROR,	 /* an error of our own */
	SCRATCH_ICMP,	 /* a translated ICMP error */
	SCRATCH_HAIRPIN, /* one translated a second time */
	SCRATCH_SEGMENT, /* a segment of a super-packet */
	SCRATCH_PIECE,	 /* a fragment that we cut */
	NSCRATCH
};

struct nat64 {
	struct nat64_config conf; /* its arrays are not kept */
	struct nat64_sink sink;
	struct rng rng;
	struct nat64_stats stats;

	struct pool4 *pool;
	struct subscribers subs;
	struct slab bib_slab;
	struct bib bibs[L4_NPROTO];
	struct session_table sessions;
	struct frag_table *frags;
	struct ipid ids;
	/*
	 * What is too big has a budget of its own: connections hang without
	 * these errors, and anybody can cause the others.
	 */
	struct ratelimit errors6;
	struct ratelimit errors4;
	struct ratelimit too_big6;
	struct ratelimit too_big4;
	struct nat64_exclude *excludes;
	struct permit *permit;
	struct slab syn_slab;
	struct syn_list syns;
	unsigned nsyns;

	struct scratch scratch[NSCRATCH];

	/* Of the call being served. */
	struct monotime now;
	enum nat64_reason reason;
	bool hairpin;	/* the packet is on its second pass (HPN-01) */
	bool collected; /* it was put together from fragments (FRG-16) */
};

/* An empty packet in the scratch buffer of that use. */
struct pkt *nat64_scratch(struct nat64 *n, unsigned use);

/* Count and hand to the sink. */
void nat64_emit(struct nat64 *n, struct pkt *p);

/* The same as a fragment_emit_fn; arg is the translator. */
void nat64_emit_piece(void *arg, struct pkt *piece);

/* Count a drop; always NAT64_DROPPED, so that it can end a function. */
enum nat64_verdict nat64_drop(struct nat64 *n, enum nat64_reason reason);

/*
 * Index of a Pref64 that may embed addr, for a session that a packet from
 * IPv4 opens (ADR-08): the one used last by bib (may be NULL), else the
 * first configured. -1 when ADR-21 forbids all of them.
 */
int nat64_prefix_for(const struct nat64 *n, const struct bib_entry *bib,
    struct in_addr addr);

/* ADR-21 and ADR-22: may this prefix carry this address? */
bool nat64_may_embed(const struct nat64 *n, unsigned prefix,
    struct in_addr addr);

/* Is the IPv4 side of this packet excluded (CGN-06)? */
bool nat64_excluded(const struct nat64 *n, enum l4proto proto,
    struct in_addr addr, uint16_t port);

/* --- nat64_in6.c, nat64_in4.c --- */

/* PIP-01 and PIP-02 for a packet that pkt_parse() has accepted. */
enum nat64_verdict nat64_in6(struct nat64 *n, struct pkt *p);
enum nat64_verdict nat64_in4(struct nat64 *n, struct pkt *p);

/*
 * PIP-02 from step 7 on: fragments, errors, sessions, translation. The
 * second pass of a hairpin starts here.
 */
enum nat64_verdict nat64_dispatch4(struct nat64 *n, struct pkt *p);

/* --- nat64_state.c --- */

/*
 * Find or make binding and session for a packet from IPv6 and give the
 * outgoing tuple. dst4: the address embedded in its destination, by the
 * Pref64 of that index. Returns NAT64_NONE, or why the packet ends here.
 */
enum nat64_reason nat64_state6(struct nat64 *n, const struct pkt *p,
    struct in_addr dst4, unsigned prefix, struct tuple4 *out);

/* The same for a packet from IPv4. */
enum nat64_reason nat64_state4(struct nat64 *n, struct pkt *p,
    struct tuple6 *out);

/*
 * Has e (may be NULL) a session that lives or that a probe will prolong, or
 * is it static? Otherwise it is as good as gone (TBL-04, TBL-05). For those
 * who must not end anything: that may take a scratch buffer they use.
 */
bool nat64_binding_lives(const struct nat64 *n, const struct bib_entry *e);

/*
 * The time of s has come: delete it, or send the TCP probe (RFC 6146,
 * 3.5.2.2), or answer the SYN that it stores. Returns true when s has gone,
 * and with it a binding whose last session it was.
 */
bool nat64_session_timeout(struct nat64 *n, struct session *s);

/* Remove all static bindings, there being no session. */
void nat64_statics_end(struct nat64 *n);

/* Remove a session, its stored SYN, and its binding if it was the last. */
void nat64_session_end(struct nat64 *n, struct session *s);

/* --- nat64_event.c --- */

/* A binding or a session comes or goes; e or s is NULL, not both. */
void nat64_tell(struct nat64 *n, enum nat64_event_type type,
    const struct bib_entry *e, const struct session *s);

/* A subscriber and its pool address. */
void nat64_tell_address(struct nat64 *n, enum nat64_event_type type,
    const struct subscriber *sub);

/*
 * A table has refused a binding or session to a host of ours, in6: returns
 * the reason for the drop, and tells of an exhausted pool or quota.
 */
enum nat64_reason nat64_tell_refused(struct nat64 *n, enum l4proto proto,
    const struct taddr6 *in6, const struct refusal *why);

/* The same where an IPv4 host, peer, may open no more. */
enum nat64_reason nat64_tell_refused4(struct nat64 *n, enum l4proto proto,
    struct in_addr peer, const struct refusal *why);

/* p was dropped for n->reason: tell when an RFC wants a log (LOG-30). */
void nat64_tell_dropped(struct nat64 *n, const struct pkt *p);

/* Drop a fragment as frag_input() decided, and tell of a limit (FRG-41). */
enum nat64_verdict nat64_drop_fragment(struct nat64 *n, const struct pkt *p,
    const struct frag_result *r);

/* --- nat64_trace.c: call them only where sink.trace is set --- */

/* p goes no further, for n->reason. */
void nat64_trace_drop(struct nat64 *n, const struct pkt *p);

/*
 * Because of p and n->reason its sender gets an ICMP error, gets none since
 * there were too many, or gets an RST.
 */
void nat64_trace_error(struct nat64 *n, const struct pkt *p,
    const struct icmp_error *e);
void nat64_trace_limited(struct nat64 *n, const struct pkt *p);
void nat64_trace_reset(struct nat64 *n, const struct pkt *p);

/* --- nat64_syn.c --- */

/* May one more SYN from that peer be kept (TCP-08)? */
bool nat64_syn_room(const struct nat64 *n, struct in_addr peer);

/*
 * Keep the SYN p for s (TCP-03, TCP-05), there being room: s is in state
 * V4_INIT_STORED then. False: no memory, and s is as before.
 */
bool nat64_syn_store(struct nat64 *n, struct session *s, struct pkt *p);

/* Forget the SYN of s, if it has one. */
void nat64_syn_discard(struct nat64 *n, const struct session *s);

/* Answer the SYN of s with port unreachable (ERR-09). */
void nat64_syn_answer(struct nat64 *n, const struct session *s);

/* --- nat64_icmp.c --- */

/* Translate an ICMP error; p is whole, its L4 header parsed. */
enum nat64_verdict nat64_error6(struct nat64 *n, struct pkt *p);
enum nat64_verdict nat64_error4(struct nat64 *n, struct pkt *p);

/*
 * Drop p for a reason and tell its sender with an ICMP error, if ERR-14 and
 * the rate allow. On the second pass of a hairpin the sender is an IPv6
 * host, and the error is translated for it (HPN-06).
 */
enum nat64_verdict nat64_refuse6(struct nat64 *n, struct pkt *p,
    enum nat64_reason reason, uint8_t type, uint8_t code, uint32_t param);
enum nat64_verdict nat64_refuse4(struct nat64 *n, struct pkt *p,
    enum nat64_reason reason, uint8_t type, uint8_t code, uint32_t param);

/*
 * The same for a packet that was counted before, whatever packet is being
 * served now: n->reason stays.
 */
enum nat64_verdict nat64_answer4(struct nat64 *n, struct pkt *p,
    uint8_t type, uint8_t code, uint32_t param);

/*
 * Drop a TCP segment of no session and answer it with an RST, when one is
 * allowed (tcp_reset.h) and the rate of the ICMPv6 errors leaves room.
 */
enum nat64_verdict nat64_reset6(struct nat64 *n, const struct pkt *p);

/* A packet to one of our own addresses (LOC-01, LOC-02). */
enum nat64_verdict nat64_local(struct nat64 *n, struct pkt *p);

#endif
