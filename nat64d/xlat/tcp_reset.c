/*
 * RSTs of our own. Owns their bytes.
 */
#include <netinet/in.h>

#include <string.h>

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/iphdr.h"
#include "tcp_reset.h"

#define OWN_TTL 64
#define ECN_MASK 0x03

/* Offsets in the TCP header. */
#define TCP_SEQ 4
#define TCP_ACK 8
#define TCP_HLEN 12

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

/* SEG.LEN: SYN and FIN take a number each (RFC 9293, 3.4). */
static uint32_t
seg_len(const struct pkt *p)
{
	return (pkt_payload_len(p) + ((p->tcp_flags & PKT_TH_SYN) != 0) +
	    ((p->tcp_flags & PKT_TH_FIN) != 0));
}

/* Sequence numbers that the sender of p accepts. */
static void
put_reset(uint8_t *tcp, const struct pkt *p)
{
	const uint8_t *from = pkt_l4(p);

	memset(tcp, 0, PKT_TCP_HLEN);
	put16(tcp, p->dport);
	put16(tcp + 2, p->sport);
	tcp[TCP_HLEN] = (PKT_TCP_HLEN / 4) << 4;
	if ((p->tcp_flags & PKT_TH_ACK) != 0) {
		put32(tcp + TCP_SEQ, get32(from + TCP_ACK));
		tcp[PKT_TCP_FLAGS] = PKT_TH_RST;
	} else {
		put32(tcp + TCP_ACK, get32(from + TCP_SEQ) + seg_len(p));
		tcp[PKT_TCP_FLAGS] = PKT_TH_RST | PKT_TH_ACK;
	}
}

void
tcp_reset_build6(struct pkt *out, const struct pkt *p)
{
	const struct iphdr6 h = {
		.tclass = (uint8_t)(p->tclass & ~ECN_MASK),
		.hlim = OWN_TTL,
		.proto = IPPROTO_TCP,
		.len = PKT_TCP_HLEN,
		.src = p->ip6.dst,
		.dst = p->ip6.src,
	};
	uint8_t *tcp;

	pkt_init(out, out->buf, out->bufsize);
	tcp = out->data + PKT_IP6_HLEN;
	iphdr_put6(out->data, &h);
	put_reset(tcp, p);
	put16(tcp + PKT_TCP_CKSUM,
	    cksum_finish(cksum_add(cksum_pseudo6(&h.src, &h.dst, IPPROTO_TCP,
				       PKT_TCP_HLEN),
		tcp, PKT_TCP_HLEN)));
	out->len = PKT_IP6_HLEN + PKT_TCP_HLEN;
	(void)pkt_parse(out);
	(void)pkt_parse_l4(out);
}
