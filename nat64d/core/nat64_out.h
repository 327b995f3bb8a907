/*
 * The lowest files of the core: where packets leave, or end. And the
 * workspace in which packets are built that the translator makes itself.
 */
#ifndef NAT64D_CORE_NAT64_OUT_H
#define NAT64D_CORE_NAT64_OUT_H

#include "nat64_passage.h"

/* The buffers of a workspace, each for one maker of packets. */
enum nat64_buffer {
	BUFFER_ERROR,	/* nat64_error.c: an error of our own */
	BUFFER_ICMP4,	/* nat64_icmp.c: an error translated to IPv4 */
	BUFFER_ICMP6,	/* nat64_icmp.c: an error translated to IPv6 */
	BUFFER_SEGMENT, /* a segment of a super-packet, until the next one */
	BUFFER_PIECE,	/* a fragment that we cut, until the next one */
	NBUFFERS
};

/* An empty packet in that buffer. */
struct pkt *nat64_buffer(struct passage *w, enum nat64_buffer use);

/* Count and hand to the sink. */
void nat64_emit(struct nat64 *n, struct pkt *p);

/* The same as a fragment_emit_fn; arg is the translator. */
void nat64_emit_piece(void *arg, struct pkt *piece);

/* Emit a packet of ours, in pieces if the side it goes to wants that. */
void nat64_emit_fitting(struct passage *w, struct pkt *p);

/* Count a drop. Always PASS_DONE. */
enum pass nat64_drop(struct passage *w, enum nat64_reason reason);

/* The segments of p, on their way to r->out, are what is still to come. */
void nat64_begin_segments(struct passage *w, struct rest *r,
    const struct pkt *p);

/*
 * The next packet of w->rest: a segment in BUFFER_SEGMENT, or a fragment that
 * frag_next_held() gives. NULL: there is none, and this rest has ended.
 */
struct pkt *nat64_next_of_rest(struct passage *w);

#endif
