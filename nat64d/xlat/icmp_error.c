/*
 * ICMP errors and echo replies that the translator originates. The caller
 * decides whether one may be sent now.
 */
#include <netinet/in.h>

#include <stdint.h>
#include <string.h>

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/icmp.h"
#include "icmp_error.h"
#include "nat64d/wire/iphdr.h"
#include "xlat_int.h"

bool
icmp_error_allowed(const struct pkt *offender)
{
	uint8_t type;

	if (offender->frag_off != 0)
		return (false);
	if (!pkt_is_icmp(offender))
		return (true);
	/* Without a type byte it may be an error. */
	if (pkt_l4len(offender) == 0)
		return (false);
	type = pkt_l4(offender)[0];
	if (offender->family == PKT_V6 && type == ND_REDIRECT)
		return (false);
	return (!xlat_icmp_type_is_error(offender->family, type));
}

/*
 * Write the ICMP message at icmp, at most room bytes, with checksum 0.
 * Returns its length.
 */
static uint32_t
put_error(uint8_t *icmp, uint32_t room, struct pkt *offender,
    const struct icmp_error *e)
{
	uint32_t quoted = room - PKT_ICMP_HLEN;

	if (offender->ofl.seg == PKT_SEG_NONE)
		pkt_complete_cksum(offender);
	if (quoted > offender->len)
		quoted = offender->len;
	icmp[0] = e->type;
	icmp[1] = e->code;
	put16(icmp + PKT_ICMP_CKSUM, 0);
	put32(icmp + 4, e->param);
	memcpy(icmp + PKT_ICMP_HLEN, offender->data, quoted);
	return (PKT_ICMP_HLEN + quoted);
}

void
icmp_error_build6(struct pkt *out, struct pkt *offender,
    const struct in6_addr *self6, const struct icmp_error *e)
{
	struct iphdr6 h;
	uint8_t *icmp;
	uint64_t sum;

	pkt_init(out, out->buf, out->bufsize);
	icmp = out->data + PKT_IP6_HLEN;
	h = (struct iphdr6){
		.tclass = (uint8_t)(offender->tclass & ~ECN_MASK),
		.hlim = XLAT_OWN_TTL,
		.proto = IPPROTO_ICMPV6,
		.len = put_error(icmp, XLAT_ERROR6_MAX - PKT_IP6_HLEN,
		    offender, e),
		.src = *self6,
		.dst = offender->ip6.src,
	};
	iphdr_put6(out->data, &h);
	sum = cksum_pseudo6(&h.src, &h.dst, IPPROTO_ICMPV6, h.len);
	put16(icmp + PKT_ICMP_CKSUM,
	    cksum_finish(cksum_add(sum, icmp, h.len)));
	out->len = PKT_IP6_HLEN + h.len;
	(void)pkt_parse(out);
	(void)pkt_parse_l4(out);
}

void
icmp_error_build4(struct pkt *out, struct pkt *offender, struct in_addr self4,
    const struct icmp_error *e, bool inside, struct ipid *ids)
{
	struct iphdr4 h;
	uint8_t *icmp;
	uint32_t len;

	pkt_init(out, out->buf, out->bufsize);
	icmp = out->data + PKT_IP4_HLEN;
	len = put_error(icmp, xlat_error4_max(inside) - PKT_IP4_HLEN, offender,
	    e);
	put16(icmp + PKT_ICMP_CKSUM, cksum_finish(cksum_add(0, icmp, len)));
	h = (struct iphdr4){
		.tos = (uint8_t)(offender->tclass & ~ECN_MASK),
		.ttl = XLAT_OWN_TTL,
		.proto = IPPROTO_ICMP,
		.len = (uint16_t)(PKT_IP4_HLEN + len),
		.id =
		    ipid_take(ids, self4, offender->ip4.src, IPPROTO_ICMP, 1),
		.src = self4,
		.dst = offender->ip4.src,
	};
	iphdr_put4(out->data, &h);
	out->len = h.len;
	(void)pkt_parse(out);
	(void)pkt_parse_l4(out);
}

static void
put_reply6(struct pkt *p)
{
	struct iphdr6 h;

	h = (struct iphdr6){
		.tclass = p->tclass,
		.hlim = XLAT_OWN_TTL,
		.proto = IPPROTO_ICMPV6,
		.len = pkt_l4len(p),
		.src = p->ip6.dst,
		.dst = p->ip6.src,
	};
	p->data = pkt_l4(p) - PKT_IP6_HLEN;
	p->len = PKT_IP6_HLEN + h.len;
	iphdr_put6(p->data, &h);
}

static void
put_reply4(struct pkt *p, struct ipid *ids)
{
	struct iphdr4 h;

	h = (struct iphdr4){
		.tos = p->tclass,
		.ttl = XLAT_OWN_TTL,
		.proto = IPPROTO_ICMP,
		.len = (uint16_t)(PKT_IP4_HLEN + pkt_l4len(p)),
		.id = ipid_take(ids, p->ip4.dst, p->ip4.src, IPPROTO_ICMP, 1),
		.src = p->ip4.dst,
		.dst = p->ip4.src,
	};
	p->data = pkt_l4(p) - PKT_IP4_HLEN;
	p->len = h.len;
	iphdr_put4(p->data, &h);
}

void
icmp_echo_answer(struct pkt *p, struct ipid *ids)
{
	pkt_complete_cksum(p);
	memset(&p->ofl, 0, sizeof(p->ofl));
	/* Swapping the addresses does not change the checksum. */
	if (p->family == PKT_V6) {
		xlat_echo_update(pkt_l4(p), ICMP6_ECHO_REPLY, p->sport, 0, 0);
		put_reply6(p);
	} else {
		xlat_echo_update(pkt_l4(p), ICMP_ECHOREPLY, p->sport, 0, 0);
		put_reply4(p, ids);
	}
	(void)pkt_parse(p);
	(void)pkt_parse_l4(p);
}
