/*
 * Stored SYNs and their limits. nat64_error.c answers them.
 */
#include <netinet/in.h>

#include <string.h>

#include "nat64_syn.h"
#include "nat64d/tables/tcp_fsm.h"

bool
nat64_syn_room(const struct nat64 *n, struct in_addr peer)
{
	const struct stored_syn *syn;
	unsigned same_peer = 0;

	if (n->n_syns >= n->conf.max_stored_syns)
		return (false);
	TAILQ_FOREACH(syn, &n->syns, entry)
		if (syn->pkt.ip4.src.s_addr == peer.s_addr)
			same_peer++;
	return (same_peer < n->conf.max_stored_syns_per_peer);
}

bool
nat64_syn_store(struct nat64 *n, struct session *s, struct pkt *p)
{
	struct stored_syn *syn;

	syn = slab_get(&n->syn_slab);
	if (syn == NULL)
		return (false);
	pkt_complete_cksum(p);
	syn->pkt = *p;
	syn->pkt.buf = syn->pkt.data = syn->bytes;
	syn->pkt.bufsize = SYN_BYTES;
	if (syn->pkt.len > SYN_BYTES)
		syn->pkt.len = SYN_BYTES;
	memcpy(syn->bytes, p->data, syn->pkt.len);
	syn->session = s;
	TAILQ_INSERT_TAIL(&n->syns, syn, entry);
	n->n_syns++;
	s->tcp_state = TCP_STATE_V4_INIT_STORED;
	return (true);
}

/* The SYN of s, or NULL. A list is searched: few SYNs are kept. */
static struct stored_syn *
find(const struct nat64 *n, const struct session *s)
{
	struct stored_syn *syn;

	if (s->tcp_state != TCP_STATE_V4_INIT_STORED)
		return (NULL);
	TAILQ_FOREACH(syn, &n->syns, entry)
		if (syn->session == s)
			break;
	return (syn);
}

struct stored_syn *
nat64_syn_take(struct nat64 *n, const struct session *s)
{
	struct stored_syn *syn = find(n, s);

	if (syn != NULL) {
		TAILQ_REMOVE(&n->syns, syn, entry);
		n->n_syns--;
	}
	return (syn);
}

void
nat64_syn_discard(struct nat64 *n, const struct session *s)
{
	struct stored_syn *syn = nat64_syn_take(n, s);

	if (syn != NULL)
		nat64_syn_free(n, syn);
}

void
nat64_syn_free(struct nat64 *n, struct stored_syn *syn)
{
	slab_put(&n->syn_slab, syn);
}
