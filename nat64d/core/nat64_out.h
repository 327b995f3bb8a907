/*
 * The lowest file of the core: emitting and dropping, and the workspace in
 * which packets are built that the translator makes itself.
 */
#ifndef NAT64D_CORE_NAT64_OUT_H
#define NAT64D_CORE_NAT64_OUT_H

#include "nat64_passage.h"

/* The buffers of a workspace, each for one use. */
enum nat64_buffer {
	BUFFER_ERROR,	/* nat64_error.c: an error of our own */
	BUFFER_ICMP4,	/* nat64_icmp.c: an error translated to IPv4 */
	BUFFER_ICMP6,	/* nat64_icmp.c: an error translated to IPv6 */
	BUFFER_SEGMENT, /* a segment of a super-packet, until the next one */
	BUFFER_PIECE,	/* a fragment that we cut, until the next one */
	BUFFER_STREAM,	/* nat64_alg.c: data of a gateway's segment */
	BUFFER_GATEWAY, /* nat64_alg.c: a segment, until the next one */
	NBUFFERS
};

/* An empty packet in that buffer, valid until the next one there. */
struct pkt *nat64_buffer(struct passage *w, enum nat64_buffer use);

/* Count and hand to the sink. */
void nat64_emit(struct nat64 *n, struct pkt *p);

/* The same as a fragment_emit_fn; arg is the translator. */
void nat64_emit_piece(void *arg, struct pkt *piece);

/* Emit a packet of ours, fragmented to the MTU of its side. */
void nat64_emit_fitting(struct passage *w, struct pkt *p);

/* Count a drop. Always PASS_DONE. */
enum pass nat64_drop(struct passage *w, enum nat64_reason reason);

/* Make the segments of p, which go to r->out, pending. */
void nat64_push_segments(struct passage *w, struct pending *r,
    const struct pkt *p);

/*
 * The next packet of w->pending: a segment in BUFFER_SEGMENT, or a fragment
 * from frag_next_held(). NULL: there was none left, and w->pending is the
 * outer one now.
 */
struct pkt *nat64_next_pending(struct passage *w);

#endif
