/*
 * IPv4 to IPv6 (RFC 7915, 4.1): TCP, UDP and echo, in place. Owns the
 * values of the IPv6 header; ICMP errors are in xlat_icmp.c.
 */
#include <netinet/in.h>

#include <stdint.h>
#include <string.h>

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/icmp.h"
#include "nat64d/wire/iphdr.h"
#include "xlat_int.h"

/* ICMPv6 has a pseudo header: add it (RFC 7915, 4.2). */
static void
echo_4to6(struct pkt *p, const struct tuple6 *out)
{
	uint8_t *l4 = pkt_l4(p);

	pkt_complete_cksum(p);
	memset(&p->ofl, 0, sizeof(p->ofl));
	p->icmp_type =
	    l4[0] == ICMP_ECHO ? ICMP6_ECHO_REQUEST : ICMP6_ECHO_REPLY;
	p->icmp_code = 0;
	p->sport = p->dport = out->dst.port;
	xlat_echo_update(l4, p->icmp_type, out->dst.port, 0,
	    cksum_pseudo6(&out->src.addr, &out->dst.addr, IPPROTO_ICMPV6,
		pkt_l4len(p)));
	p->proto = IPPROTO_ICMPV6;
}

/*
 * Compute the checksum of UDP that had none (RFC 6146, 3.4). Bytes beyond
 * the UDP length are not covered.
 */
static void
sum_udp(struct pkt *p, const struct tuple6 *out)
{
	uint8_t *l4 = pkt_l4(p);
	uint16_t udplen = get16(l4 + PKT_UDP_LEN);
	uint16_t cksum;
	uint64_t sum;

	put16(l4, out->src.port);
	put16(l4 + 2, out->dst.port);
	sum =
	    cksum_pseudo6(&out->src.addr, &out->dst.addr, IPPROTO_UDP, udplen);
	cksum = cksum_finish(cksum_add(sum, l4, udplen));
	put16(l4 + PKT_UDP_CKSUM, cksum == 0 ? 0xffff : cksum);
	p->sport = out->src.port;
	p->dport = out->dst.port;
	memset(&p->ofl, 0, sizeof(p->ofl));
}

static void
l4_4to6(struct pkt *p, const struct tuple6 *out, const struct xlat_conf *c)
{
	uint64_t old, new;

	if (p->proto == IPPROTO_ICMP) {
		echo_4to6(p, out);
		return;
	}
	if (!xlat_has_ports(p->proto))
		return;
	/* Only a whole packet has all bytes that the checksum covers. */
	if (p->proto == IPPROTO_UDP && !p->is_frag && !p->ofl.csum_partial &&
	    get16(pkt_l4(p) + PKT_UDP_CKSUM) == 0) {
		sum_udp(p, out);
		return;
	}
	old = cksum_add4(cksum_add4(0, p->ip4.src), p->ip4.dst);
	new = cksum_add6(cksum_add6(0, &out->src.addr), &out->dst.addr);
	xlat_l4_update(p, old, new, out->src.port, out->dst.port);
	if (c->mss_clamp && p->proto == IPPROTO_TCP &&
	    (p->tcp_flags & PKT_TH_SYN) != 0)
		xlat_clamp_mss(p, c);
}

void
xlat_4to6(struct pkt *p, const struct tuple6 *out, const struct xlat_conf *c)
{
	struct iphdr6 h;
	uint16_t hlen;

	if (p->frag_off == 0)
		l4_4to6(p, out, c);

	hlen = PKT_IP6_HLEN + (p->is_frag ? PKT_FRAG_HLEN : 0);
	h.tclass = c->tclass_zero ? 0 : p->tclass;
	h.hlim = (uint8_t)(p->ttl - 1);
	h.proto = p->proto;
	h.frag = p->is_frag;
	h.more = p->more;
	h.frag_off = p->frag_off;
	h.id = p->frag_id;
	h.len = hlen - PKT_IP6_HLEN + pkt_l4len(p);
	h.src = out->src.addr;
	h.dst = out->dst.addr;

	p->data = pkt_l4(p) - hlen;
	p->len = PKT_IP6_HLEN + h.len;
	p->l4off = hlen;
	iphdr_put6(p->data, &h);
	p->ofl.csum_start = hlen;

	p->family = PKT_V6;
	p->ttl = h.hlim;
	p->tclass = h.tclass;
	p->has_fh = h.frag;
	p->df = false;
	if (!h.frag)
		p->frag_id = 0;
	p->ip6.src = h.src;
	p->ip6.dst = h.dst;
}
