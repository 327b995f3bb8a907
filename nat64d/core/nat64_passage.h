/*
 * One packet on its way through the translator. struct passage is on the
 * stack of nat64_input.c, which hands it down; nothing of it is kept when the
 * packet is done.
 *
 * A packet makes one passage, or two. The second one follows when its
 * destination is an IPv6 host of this translator as well (hairpinning,
 * RFC 6146, 3.8): the IPv4 packet that the passage from IPv6 made enters the
 * passage from IPv4. And an ICMPv4 error of ours about such a packet is
 * translated for the IPv6 host that sent it. Neither passage calls the other
 * one: it returns what comes next to nat64_input.c.
 */
#ifndef NAT64D_CORE_NAT64_PASSAGE_H
#define NAT64D_CORE_NAT64_PASSAGE_H

#include "nat64d/tables/frag.h"
#include "nat64_struct.h"

/* What comes next; returned by the functions that handle a packet. */
enum pass {
	PASS_DONE,    /* w->pending, or nothing */
	PASS_HAIRPIN, /* w->next enters the passage from IPv4 */
	PASS_ERROR4   /* w->next, an error of ours, is translated to IPv6 */
};

/*
 * Packets that are still to be handled: the segments of a super-packet, or
 * the fragments that waited for the first one. They are handled one at a
 * time, because each may have a second passage.
 */
struct pending {
	enum { PENDING_SEGMENTS, PENDING_FRAGMENTS } kind;
	struct pending *outer;	 /* is continued when this one is done */
	const struct pkt *whole; /* PENDING_SEGMENTS: the super-packet */
	unsigned segment, n_segments;
	struct frag_datagram *held; /* PENDING_FRAGMENTS */
	union frag_target out;	    /* destination of all of them */
};

struct passage {
	struct nat64 *n;
	struct nat64_workspace *ws;
	struct monotime now;
	enum nat64_verdict verdict; /* set by passage_end() */
	enum nat64_reason reason;   /* likewise */
	bool settled;		    /* verdict and reason are final */
	bool hairpin;		    /* this is the second passage */
	bool turns; /* stateless: the first one is followed by a second */
	bool reassembled; /* the packet was put together from fragments */
	struct session *session; /* of a whole TCP segment that was admitted,
				    or NULL */
	struct pkt *next;	 /* see enum pass; else unset */
	struct pending *pending; /* to be continued next, or NULL */
	struct pending pending6, pending4; /* one for each passage */
	struct syn_list due; /* stored SYNs that hairpinned and timed out
				meanwhile: to be answered afterwards */
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
	w->turns = false;
	w->reassembled = false;
	w->session = NULL;
	w->pending = NULL;
	TAILQ_INIT(&w->due);
}

/* For the next packet, when all of one has been handled. */
static inline void
passage_restart(struct passage *w)
{
	w->settled = false;
	w->hairpin = false;
	w->turns = false;
	w->reassembled = false;
	w->session = NULL;
}

static inline void
passage_push(struct passage *w, struct pending *r)
{
	r->outer = w->pending;
	w->pending = r;
}

static inline void
passage_pop(struct passage *w)
{
	w->pending = w->pending->outer;
}

/* Set what became of the packet. Always PASS_DONE. */
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

/* The packet was translated and emitted. */
static inline enum pass
passage_sent(struct passage *w)
{
	return (passage_end(w, NAT64_SENT, NAT64_NONE));
}

#endif
