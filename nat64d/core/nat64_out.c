/*
 * Emitting and dropping, with their counters; the workspace; what is pending.
 */
#include <errno.h>
#include <stdlib.h>

#include "nat64d/xlat/fragment.h"
#include "nat64d/wire/gso.h"
#include "nat64_out.h"

struct nat64_workspace {
	struct {
		struct pkt pkt;
		uint8_t *bytes;
	} buffers[NBUFFERS];
};

struct nat64_workspace *
nat64_workspace_new(void)
{
	struct nat64_workspace *ws;
	unsigned i;

	ws = calloc(1, sizeof(*ws));
	if (ws == NULL)
		return (NULL);
	for (i = 0; i < NBUFFERS; i++) {
		ws->buffers[i].bytes = malloc(PKT_BUFSIZE);
		if (ws->buffers[i].bytes == NULL) {
			nat64_workspace_free(ws);
			errno = ENOMEM;
			return (NULL);
		}
	}
	return (ws);
}

void
nat64_workspace_free(struct nat64_workspace *ws)
{
	unsigned i;

	if (ws == NULL)
		return;
	for (i = 0; i < NBUFFERS; i++)
		free(ws->buffers[i].bytes);
	free(ws);
}

struct pkt *
nat64_buffer(struct passage *w, enum nat64_buffer use)
{
	struct pkt *p = &w->ws->buffers[use].pkt;

	pkt_init(p, w->ws->buffers[use].bytes, PKT_BUFSIZE);
	return (p);
}

void
nat64_emit(struct nat64 *n, struct pkt *p)
{
	if (p->family == PKT_V6) {
		n->stats.counters[NAT64_OUT6]++;
		n->stats.counters[NAT64_OUT6_BYTES] += p->len;
	} else {
		n->stats.counters[NAT64_OUT4]++;
		n->stats.counters[NAT64_OUT4_BYTES] += p->len;
	}
	n->sink.emit(n->sink.arg, p);
}

void
nat64_emit_piece(void *arg, struct pkt *piece)
{
	nat64_emit(arg, piece);
}

void
nat64_emit_fitting(struct passage *w, struct pkt *p)
{
	struct nat64 *n = w->n;
	const struct xlat_conf *c = &n->conf.xlat;

	if (p->family == PKT_V4 && p->len > c->mtu4)
		fragment_ipv4(p, c->mtu4, nat64_buffer(w, BUFFER_PIECE),
		    nat64_emit_piece, n);
	else if (p->family == PKT_V6 && p->len > c->mtu6)
		fragment_ipv6(p, c->mtu6, rng_next(&n->rng),
		    nat64_buffer(w, BUFFER_PIECE), nat64_emit_piece, n);
	else
		nat64_emit(n, p);
}

enum pass
nat64_drop(struct passage *w, enum nat64_reason reason)
{
	w->n->stats.drops[reason]++;
	return (passage_end(w, NAT64_DROPPED, reason));
}

void
nat64_push_segments(struct passage *w, struct pending *r, const struct pkt *p)
{
	r->kind = PENDING_SEGMENTS;
	r->whole = p;
	r->segment = 0;
	r->n_segments = gso_count(p);
	passage_push(w, r);
}

struct pkt *
nat64_next_pending(struct passage *w)
{
	struct pending *r = w->pending;
	struct pkt *p = NULL;

	if (r->kind == PENDING_FRAGMENTS) {
		/* The verdict is that of the first fragment. */
		w->settled = true;
		p = frag_next_held(w->n->frags, r->held);
	} else if (r->segment < r->n_segments) {
		p = nat64_buffer(w, BUFFER_SEGMENT);
		gso_build(r->whole, p, r->segment++);
	}
	if (p == NULL)
		passage_pop(w);
	return (p);
}
