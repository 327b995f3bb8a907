/*
 * TCP segments that the translator makes itself: RSTs and probes.
 */
#include <netinet/in.h>

#include <string.h>

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/iphdr.h"
#include "tcp_segment.h"
#include "xlat_int.h"

/* Offsets in the TCP header. */
#define TCP_SEQ 4
#define TCP_HLEN 12

/* A segment without options and data; numbers in host order. */
struct segment {
	uint16_t sport;
	uint16_t dport;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
};

bool
tcp_reset_allowed(const struct pkt *p)
{
	if (p->is_frag || (p->tcp_flags & PKT_TH_RST) != 0)
		return (false);
	if (p->ofl.csum_partial || p->ofl.csum_valid)
		return (true);
	return (cksum_finish(cksum_add(pkt_pseudo_sum(p), pkt_l4(p),
		    pkt_l4len(p))) == 0);
}

/* SEG.LEN: SYN and FIN take one number each (RFC 9293, 3.4). */
static uint32_t
seg_len(const struct pkt *p)
{
	return (pkt_payload_len(p) + ((p->tcp_flags & PKT_TH_SYN) != 0) +
	    ((p->tcp_flags & PKT_TH_FIN) != 0));
}

/* Build the packet. Hop limit, protocol and length of h are set here. */
static void
build6(struct pkt *out, struct iphdr6 *h, const struct segment *s)
{
	uint8_t *tcp;

	h->hlim = XLAT_OWN_TTL;
	h->proto = IPPROTO_TCP;
	h->len = PKT_TCP_HLEN;
	pkt_init(out, out->buf, out->bufsize);
	iphdr_put6(out->data, h);
	tcp = out->data + PKT_IP6_HLEN;
	memset(tcp, 0, PKT_TCP_HLEN);
	put16(tcp, s->sport);
	put16(tcp + 2, s->dport);
	put32(tcp + TCP_SEQ, s->seq);
	put32(tcp + PKT_TCP_ACK, s->ack);
	tcp[TCP_HLEN] = (PKT_TCP_HLEN / 4) << 4;
	tcp[PKT_TCP_FLAGS] = s->flags;
	put16(tcp + PKT_TCP_CKSUM,
	    cksum_finish(cksum_add(cksum_pseudo6(&h->src, &h->dst, IPPROTO_TCP,
				       PKT_TCP_HLEN),
		tcp, PKT_TCP_HLEN)));
	out->len = PKT_IP6_HLEN + PKT_TCP_HLEN;
	(void)pkt_parse(out);
	(void)pkt_parse_l4(out);
}

void
tcp_reset_build6(struct pkt *out, const struct pkt *p)
{
	const uint8_t *tcp = pkt_l4(p);
	struct segment s = { .sport = p->dport, .dport = p->sport };
	struct iphdr6 h = {
		.tclass = (uint8_t)(p->tclass & ~ECN_MASK),
		.src = p->ip6.dst,
		.dst = p->ip6.src,
	};

	/* Sequence numbers that the sender of p accepts. */
	if ((p->tcp_flags & PKT_TH_ACK) != 0) {
		s.seq = get32(tcp + PKT_TCP_ACK);
		s.flags = PKT_TH_RST;
	} else {
		s.ack = get32(tcp + TCP_SEQ) + seg_len(p);
		s.flags = PKT_TH_RST | PKT_TH_ACK;
	}
	build6(out, &h, &s);
}

void
tcp_probe_build6(struct pkt *out, const struct tuple6 *t, uint32_t received,
    uint32_t acked)
{
	const struct segment s = { t->src.port, t->dst.port, received - 1,
		acked, PKT_TH_ACK };
	struct iphdr6 h = { .src = t->src.addr, .dst = t->dst.addr };

	build6(out, &h, &s);
}
