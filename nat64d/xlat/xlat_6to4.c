/*
 * IPv6 to IPv4 (RFC 7915, 5.1): TCP, UDP and echo, in place. Owns the
 * values of the IPv4 header; ICMP errors are in xlat_icmp.c.
 */
#include <netinet/in.h>

#include <stdint.h>
#include <string.h>

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/icmp.h"
#include "nat64d/wire/gso.h"
#include "nat64d/wire/iphdr.h"
#include "xlat_int.h"

/* ICMPv4 has no pseudo header: subtract it (RFC 7915, 5.2). */
static void
echo_6to4(struct pkt *p, const struct tuple4 *out)
{
	uint8_t *l4 = pkt_l4(p);

	pkt_complete_cksum(p);
	memset(&p->ofl, 0, sizeof(p->ofl));
	p->icmp_type =
	    l4[0] == ICMP6_ECHO_REQUEST ? ICMP_ECHO : ICMP_ECHOREPLY;
	p->icmp_code = 0;
	p->sport = p->dport = out->src.port;
	xlat_echo_update(l4, p->icmp_type, out->src.port,
	    cksum_pseudo6(&p->ip6.src, &p->ip6.dst, IPPROTO_ICMPV6,
		pkt_l4len(p)),
	    0);
	p->proto = IPPROTO_ICMP;
}

static void
l4_6to4(struct pkt *p, const struct tuple4 *out, const struct xlat_conf *c)
{
	uint64_t old, new;

	if (p->proto == IPPROTO_ICMPV6) {
		echo_6to4(p, out);
		return;
	}
	if (!xlat_has_ports(p->proto))
		return;
	old = cksum_add6(cksum_add6(0, &p->ip6.src), &p->ip6.dst);
	new = cksum_add4(cksum_add4(0, out->src.addr), out->dst.addr);
	xlat_l4_update(p, old, new, out->src.port, out->dst.port);
	if (c->mss_clamp && p->proto == IPPROTO_TCP &&
	    (p->tcp_flags & PKT_TH_SYN) != 0)
		xlat_clamp_mss(p, c);
}

void
xlat_6to4(struct pkt *p, const struct tuple4 *out, const struct xlat_conf *c,
    struct ipid *ids, bool keep_ttl)
{
	struct iphdr4 h;
	unsigned n_ids;

	if (p->frag_off == 0)
		l4_6to4(p, out, c);

	if (p->has_fh) {
		h.id = (uint16_t)p->frag_id;
		h.df = false;
	} else {
		n_ids = p->ofl.seg == PKT_SEG_NONE ? 1 : gso_count(p);
		h.id = ipid_take(ids, out->src.addr, out->dst.addr, p->proto,
		    n_ids);
		h.df = PKT_IP4_HLEN + xlat_wire_l4len(p) > XLAT_DF_ABOVE;
	}
	h.tos = xlat_tos(c, p->tclass);
	h.ttl = (uint8_t)(p->ttl - !keep_ttl);
	h.proto = p->proto;
	h.more = p->more;
	h.frag_off = p->frag_off;
	h.len = (uint16_t)(PKT_IP4_HLEN + pkt_l4len(p));
	h.src = out->src.addr;
	h.dst = out->dst.addr;

	p->data = pkt_l4(p) - PKT_IP4_HLEN;
	p->len = h.len;
	p->l4off = PKT_IP4_HLEN;
	iphdr_put4(p->data, &h);
	p->ofl.csum_start = PKT_IP4_HLEN;

	p->family = PKT_V4;
	p->ttl = h.ttl;
	p->tclass = h.tos;
	p->df = h.df;
	p->frag_id = h.id;
	p->has_fh = false;
	p->rh_off = 0;
	p->ip4.src = h.src;
	p->ip4.dst = h.dst;
}
