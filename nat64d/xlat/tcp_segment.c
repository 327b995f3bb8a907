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
#define TCP_WINDOW 14

/* The timestamps option, aligned by two NOPs (RFC 7323, A). */
#define OPT_STAMPS 0x0101080a
#define OPT_STAMPS_LEN 12

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

/* The TCP header, without checksum. Returns its length. */
static uint16_t
put_header(uint8_t *tcp, uint16_t sport, uint16_t dport,
    const struct tcp_plain *s)
{
	const uint16_t hlen = PKT_TCP_HLEN + (s->stamped ? OPT_STAMPS_LEN : 0);

	memset(tcp, 0, hlen);
	put16(tcp, sport);
	put16(tcp + 2, dport);
	put32(tcp + TCP_SEQ, s->seq);
	put32(tcp + PKT_TCP_ACK, s->ack);
	tcp[TCP_HLEN] = (uint8_t)(hlen / 4 << 4);
	tcp[PKT_TCP_FLAGS] = s->flags;
	put16(tcp + TCP_WINDOW, s->window);
	if (s->stamped) {
		put32(tcp + PKT_TCP_HLEN, OPT_STAMPS);
		put32(tcp + PKT_TCP_HLEN + 4, s->tsval);
		put32(tcp + PKT_TCP_HLEN + 8, s->tsecr);
	}
	return (hlen);
}

/* Build the packet. Hop limit, protocol and length of h are set here. */
static void
build6(struct pkt *out, struct iphdr6 *h, uint16_t sport, uint16_t dport,
    const struct tcp_plain *s)
{
	uint16_t hlen;
	uint8_t *tcp;

	pkt_init(out, out->buf, out->bufsize);
	tcp = out->data + PKT_IP6_HLEN;
	hlen = put_header(tcp, sport, dport, s);
	h->hlim = XLAT_OWN_TTL;
	h->proto = IPPROTO_TCP;
	h->len = hlen;
	iphdr_put6(out->data, h);
	put16(tcp + PKT_TCP_CKSUM,
	    cksum_finish(
		cksum_add(cksum_pseudo6(&h->src, &h->dst, IPPROTO_TCP, hlen),
		    tcp, hlen)));
	out->len = PKT_IP6_HLEN + hlen;
	(void)pkt_parse(out);
	(void)pkt_parse_l4(out);
}

void
tcp_reset_build6(struct pkt *out, const struct pkt *p)
{
	const uint8_t *tcp = pkt_l4(p);
	struct tcp_plain s = { .seq = 0 };
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
	build6(out, &h, p->dport, p->sport, &s);
}

void
tcp_plain_build6(struct pkt *out, const struct tuple6 *t,
    const struct tcp_plain *plain)
{
	struct iphdr6 h = { .src = t->src.addr, .dst = t->dst.addr };

	build6(out, &h, t->src.port, t->dst.port, plain);
}

void
tcp_probe_build6(struct pkt *out, const struct tuple6 *t, uint32_t received,
    uint32_t acked)
{
	const struct tcp_plain s = { .seq = received - 1,
		.ack = acked,
		.flags = PKT_TH_ACK };

	tcp_plain_build6(out, t, &s);
}
