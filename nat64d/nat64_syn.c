/*
 * IPv4 SYNs that are kept unanswered while the IPv6 host may be opening the
 * same connection (RFC 6146, 3.5.2.2; RFC 5382, REQ-4). Few are kept, for
 * anybody can send them (RFC 6146, 5.3).
 */
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <string.h>

#include "nat64_int.h"

bool
nat64_syn_room(const struct nat64 *n, struct in_addr peer)
{
	const struct stored_syn *syn;
	unsigned same_peer = 0;

	if (n->nsyns >= n->conf.max_stored_syns)
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
	TAILQ_INSERT_TAIL(&n->syns, syn, entry);
	n->nsyns++;
	s->syn = syn;
	return (true);
}

void
nat64_syn_discard(struct nat64 *n, struct session *s)
{
	if (s->syn == NULL)
		return;
	TAILQ_REMOVE(&n->syns, s->syn, entry);
	slab_put(&n->syn_slab, s->syn);
	n->nsyns--;
	s->syn = NULL;
}

void
nat64_syn_answer(struct nat64 *n, struct session *s)
{
	nat64_answer4(n, &s->syn->pkt, ICMP_UNREACH, ICMP_UNREACH_PORT, 0);
}
