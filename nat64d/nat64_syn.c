/*
 * IPv4 SYNs that are kept unanswered while the IPv6 host may be opening the
 * same connection (RFC 6146, 3.5.2.2; RFC 5382, REQ-4). Few are kept, for
 * anybody can send them (RFC 6146, 5.3).
 */
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <string.h>

#include "nat64_int.h"
#include "tcp_fsm.h"

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
	syn->session = s;
	TAILQ_INSERT_TAIL(&n->syns, syn, entry);
	n->nsyns++;
	s->tcp_state = TCP_STATE_V4_INIT_STORED;
	return (true);
}

/* The SYN of s, or NULL; few sessions have one, and few are kept. */
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

void
nat64_syn_discard(struct nat64 *n, const struct session *s)
{
	struct stored_syn *syn = find(n, s);

	if (syn == NULL)
		return;
	TAILQ_REMOVE(&n->syns, syn, entry);
	slab_put(&n->syn_slab, syn);
	n->nsyns--;
}

void
nat64_syn_answer(struct nat64 *n, const struct session *s)
{
	struct stored_syn *syn = find(n, s);
	const enum nat64_reason reason = n->reason;

	if (syn == NULL)
		return;
	n->reason = NAT64_SYN_STORED; /* why, for a trace */
	nat64_answer4(n, &syn->pkt, ICMP_UNREACH, ICMP_UNREACH_PORT, 0);
	n->reason = reason;
}
