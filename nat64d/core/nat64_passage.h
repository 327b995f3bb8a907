/*
 * What belongs to one packet on its way through the translator: it is on the
 * stack of nat64_input.c, which hands it down. Nothing of it is kept when the
 * packet has been served.
 *
 * A packet passes once, or twice. The second time comes when its destination
 * is a host behind us as well (hairpinning, RFC 6146, 3.8): what the passage
 * from IPv6 made of it goes through the passage from IPv4. And an ICMPv4
 * error of ours about such a packet is translated for the IPv6 host that sent
 * it. Neither passage calls the other one: it returns what comes next to
 * nat64_input.c, and there is no third time.
 */
#ifndef NAT64D_CORE_NAT64_PASSAGE_H
#define NAT64D_CORE_NAT64_PASSAGE_H

#include "nat64d/tables/frag.h"
#include "nat64_struct.h"

/* What comes next. */
enum pass {
	PASS_DONE,   /* nothing, but for what struct rest says */
	PASS_AGAIN4, /* w->next, a hairpin, takes the passage from IPv4 */
	PASS_TURN4   /* w->next, an error of ours, is translated to IPv6 */
};

/*
 * What is still to come of a datagram that goes one packet at a time, for
 * each of them may have a second passage: the segments of a super-packet,
 * or the fragments that waited for the first one.
 */
struct rest {
	enum { REST_SEGMENTS, REST_HELD } kind;
	struct rest *outer;	 /* goes on when this one has ended */
	const struct pkt *whole; /* REST_SEGMENTS: the super-packet */
	unsigned segment, n_segments;
	struct frag_datagram *held; /* REST_HELD */
	union frag_target out;	    /* where all of them go */
};

struct passage {
	struct nat64 *n;
	struct nat64_workspace *ws;
	struct monotime now;
	enum nat64_verdict verdict; /* set by the end of a passage */
	enum nat64_reason reason;   /* likewise */
	bool settled;	   /* these two stand, whatever becomes of the rest */
	bool hairpin;	   /* the packet passes a second time */
	bool collected;	   /* it was put together from fragments */
	struct pkt *next;  /* see enum pass; else unset */
	struct rest *rest; /* what goes on first, or NULL */
	struct rest rest6, rest4; /* of the passages from IPv6, from IPv4 */
	struct syn_list due; /* stored SYNs whose time came on the way, from
				hosts behind us: to be answered */
};

static inline void
passage_init(struct passage *w, struct nat64 *n, struct nat64_workspace *ws,
    struct monotime now)
{
	w->n = n;
	w->ws = ws;
	w->now = now;
	w->settled = false;
	w->hairpin = false;
	w->collected = false;
	w->rest = NULL;
	TAILQ_INIT(&w->due);
}

/* For the next packet, after one that has been served to its end. */
static inline void
passage_restart(struct passage *w)
{
	w->settled = false;
	w->hairpin = false;
	w->collected = false;
}

static inline void
passage_begin_rest(struct passage *w, struct rest *r)
{
	r->outer = w->rest;
	w->rest = r;
}

static inline void
passage_end_rest(struct passage *w)
{
	w->rest = w->rest->outer;
}

/* What has become of the packet; always PASS_DONE, to end a function. */
static inline enum pass
passage_end(struct passage *w, enum nat64_verdict verdict,
    enum nat64_reason reason)
{
	if (!w->settled) {
		w->verdict = verdict;
		w->reason = reason;
	}
	return (PASS_DONE);
}

/* It was translated and emitted. */
static inline enum pass
passage_sent(struct passage *w)
{
	return (passage_end(w, NAT64_SENT, NAT64_NONE));
}

#endif
