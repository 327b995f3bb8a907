/*
 * Translation of ICMP errors (RFC 7915, 4.2, 4.3, 5.2, 5.3; RFC 4884), from
 * one buffer into another, as sizes inside change. Owns the body and its
 * limits; the tables of types are in xlat_icmp_types.c, and xlat_icmp_parse()
 * has checked the quoted packet.
 */
#include <netinet/in.h>

#include <stdint.h>
#include <string.h>

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/icmp.h"
#include "nat64d/wire/iphdr.h"
#include "xlat_int.h"

/* Least length of the datagram field before an extension (RFC 4884, 4). */
#define FIELD_MIN 128

/* The body of an error. */
struct body {
	uint8_t *quote; /* the quoted IP header, to be written */
	uint32_t l4len; /* quoted bytes after it that are present */
	uint32_t len;	/* of the body, extension included */
	uint8_t attr;	/* RFC 4884 length attribute */
};

static uint32_t
min32(uint32_t a, uint32_t b)
{
	return (a < b ? a : b);
}

static uint32_t
max32(uint32_t a, uint32_t b)
{
	return (a > b ? a : b);
}

/* The extension structure that a translated error gets. */
struct extension {
	const uint8_t *old; /* what the error has, of old_len bytes */
	uint32_t old_len;
	const struct in6_addr *node; /* for an object behind it, or NULL */
	uint32_t len;		     /* of all; 0: none */
};

/*
 * What fits into a body of room bytes beside the least datagram field
 * (RFC 4884, 4)? What the error has is worth more than the node.
 */
static void
choose_extension(struct extension *x, uint32_t room, const struct pkt *p,
    const struct icmp_inner *in, const struct in6_addr *node)
{
	const uint32_t most = room - FIELD_MIN;

	x->old = p->data + in->ext_off;
	x->old_len = in->ext_off != 0 ? p->len - in->ext_off : 0;
	if (x->old_len > most)
		x->old_len = 0;
	x->len = x->old_len;
	x->node = NULL;
	if (node == NULL)
		return;
	if (x->len == 0)
		x->len = XLAT_EXT_HLEN;
	else if (!xlat_icmp_ext_is_valid(x->old, x->old_len) ||
	    x->len + XLAT_EXT_NODE_LEN > most)
		return;
	x->len += XLAT_EXT_NODE_LEN;
	x->node = node;
}

static void
put_extension(uint8_t *ext, const struct extension *x)
{
	if (x->old_len > 0)
		memcpy(ext, x->old, x->old_len);
	if (x->node == NULL)
		return;
	if (x->old_len > 0)
		xlat_icmp_ext_append(ext, x->old_len, x->node);
	else
		xlat_icmp_ext_begin(ext, x->node);
}

/*
 * Write a body at quote, at most room bytes: hlen bytes for the quoted IP
 * header, which the caller writes, the quoted bytes after it, and the
 * extension structure if the type can have one (RFC 4884, 4; RFC 7915, 4.2
 * and 5.2). Its contents are not translated. unit: that of the type's length
 * attribute; 0: it has none. node: see xlat_icmp_6to4().
 */
static void
put_body(struct body *b, uint8_t *quote, uint32_t hlen, uint32_t room,
    unsigned unit, const struct pkt *p, const struct icmp_inner *in,
    const struct in6_addr *node)
{
	struct extension x = { .len = 0 };
	uint32_t field, l4len = in->end - in->l4off;

	b->attr = 0;
	b->quote = quote;
	if (unit != 0)
		choose_extension(&x, room, p, in, node);
	field = hlen + l4len;
	if (x.len > 0) {
		field = max32(field, FIELD_MIN);
		field = (field + unit - 1) / unit * unit;
		field = min32(field, (room - x.len) / unit * unit);
		field = min32(field, UINT8_MAX * unit);
		b->attr = (uint8_t)(field / unit);
	} else
		field = min32(field, room);

	b->l4len = min32(l4len, field - hlen);
	b->len = field + x.len;
	memcpy(quote + hlen, p->data + in->l4off, b->l4len);
	memset(quote + hlen + b->l4len, 0, field - hlen - b->l4len);
	put_extension(quote + field, &x);
}

/*
 * Write the ports of quoted TCP or UDP, and update its checksum if that is
 * quoted (RFC 7915, 4.3 and 5.3). It is not verified (RFC 5508, REQ-3c), and
 * UDP without a checksum stays without.
 */
static void
put_ports(uint8_t *l4, const struct body *b, const struct icmp_inner *in,
    uint64_t old, uint64_t new, uint16_t sport, uint16_t dport)
{
	bool udp = in->l4 == L4_UDP;
	uint32_t off = udp ? PKT_UDP_CKSUM : PKT_TCP_CKSUM;
	uint16_t cksum;

	old += get16(l4);
	old += get16(l4 + 2);
	put16(l4, sport);
	put16(l4 + 2, dport);
	new += sport;
	new += dport;
	/* Beyond the end of the packet there is padding. */
	if (off + 2 > b->l4len || off + 2 > in->l4len)
		return;
	cksum = get16(l4 + off);
	if (udp && cksum == 0)
		return;
	cksum = cksum_update(cksum, old, new);
	if (udp && cksum == 0)
		cksum = 0xffff;
	put16(l4 + off, cksum);
}

static uint8_t
inner_proto(const struct icmp_inner *in, uint8_t icmp)
{
	switch (in->l4) {
	case L4_TCP:
		return (IPPROTO_TCP);
	case L4_UDP:
		return (IPPROTO_UDP);
	case L4_ICMP:
		break;
	}
	return (icmp);
}

/* Write the quoted IPv6 packet as the IPv4 packet that it was. */
static void
requote_6to4(const struct body *b, const struct icmp_inner *in,
    const struct tuple4 *t, const struct xlat_conf *c)
{
	struct iphdr4 h;
	uint32_t total = PKT_IP4_HLEN + in->l4len;
	uint8_t *l4 = b->quote + PKT_IP4_HLEN;
	uint64_t old, new;

	h = (struct iphdr4){
		.tos = xlat_tos(c, in->tclass),
		.ttl = in->ttl,
		.proto = inner_proto(in, IPPROTO_ICMP),
		.df = !in->has_fh && total > XLAT_DF_ABOVE,
		.more = in->more,
		.len = (uint16_t)total,
		.id = (uint16_t)in->frag_id,
		.src = t->src.addr,
		.dst = t->dst.addr,
	};
	iphdr_put4(b->quote, &h);

	if (in->l4 == L4_ICMP) {
		old = cksum_pseudo6(&in->t6.src.addr, &in->t6.dst.addr,
		    IPPROTO_ICMPV6, in->l4len);
		xlat_echo_update(l4,
		    l4[0] == ICMP6_ECHO_REQUEST ? ICMP_ECHO : ICMP_ECHOREPLY,
		    t->dst.port, old, 0);
		return;
	}
	old = cksum_add6(cksum_add6(0, &in->t6.src.addr), &in->t6.dst.addr);
	new = cksum_add4(cksum_add4(0, t->src.addr), t->dst.addr);
	put_ports(l4, b, in, old, new, t->src.port, t->dst.port);
}

/* Write the quoted IPv4 packet as the IPv6 packet that it was. */
static void
requote_4to6(const struct body *b, const struct icmp_inner *in,
    const struct tuple6 *t, const struct xlat_conf *c)
{
	struct iphdr6 h;
	uint32_t hlen = PKT_IP6_HLEN + (in->more ? PKT_FRAG_HLEN : 0);
	uint8_t *l4 = b->quote + hlen;
	uint64_t old, new;

	h = (struct iphdr6){
		.tclass = c->tclass_zero ? 0 : in->tclass,
		.hlim = in->ttl,
		.proto = inner_proto(in, IPPROTO_ICMPV6),
		.frag = in->more,
		.more = in->more,
		.id = in->frag_id,
		.len = hlen - PKT_IP6_HLEN + in->l4len,
		.src = t->src.addr,
		.dst = t->dst.addr,
	};
	iphdr_put6(b->quote, &h);

	if (in->l4 == L4_ICMP) {
		new = cksum_pseudo6(&t->src.addr, &t->dst.addr, IPPROTO_ICMPV6,
		    in->l4len);
		xlat_echo_update(l4,
		    l4[0] == ICMP_ECHO ? ICMP6_ECHO_REQUEST : ICMP6_ECHO_REPLY,
		    t->src.port, 0, new);
		return;
	}
	old = cksum_add4(cksum_add4(0, in->t4.src.addr), in->t4.dst.addr);
	new = cksum_add6(cksum_add6(0, &t->src.addr), &t->dst.addr);
	put_ports(l4, b, in, old, new, t->src.port, t->dst.port);
}

/* RFC 7915, 5.2. An MTU below 1280 counts as 1280 (RFC 8021, 4). */
static uint32_t
mtu_6to4(uint32_t mtu, const struct icmp_inner *in, const struct xlat_conf *c)
{
	uint32_t less = PKT_IP6_HLEN - PKT_IP4_HLEN;

	if (in->has_fh)
		mtu = max32(mtu, IPV6_MIN_MTU) - less - PKT_FRAG_HLEN;
	else
		mtu = max32(mtu, IPV6_MIN_MTU) - less;
	return (min32(mtu, min32(c->mtu4, c->mtu6 - less)));
}

/*
 * RFC 7915, 4.2. A router older than RFC 1191 gives no MTU: take the next
 * plateau below the size of the quoted packet.
 */
static uint32_t
mtu_4to6(uint32_t mtu, const struct icmp_inner *in, const struct xlat_conf *c)
{
	uint32_t more = PKT_IP6_HLEN - PKT_IP4_HLEN;
	uint32_t total = in->l4off - in->off + in->l4len;
	unsigned i;

	for (i = 0; mtu == 0 && i < c->n_plateaus; i++)
		if (c->plateaus[i] < total)
			mtu = c->plateaus[i];
	mtu = min32(mtu + more, min32(c->mtu6, c->mtu4 + more));
	return (max32(mtu, IPV6_MIN_MTU));
}

/* Bytes 4-7 of the translated header. */
static enum nat64_reason
param_6to4(const struct pkt *p, const struct icmp_inner *in,
    const struct xlat_conf *c, uint32_t *param)
{
	uint32_t old = get32(pkt_l4(p) + 4);
	int pointer;

	*param = 0;
	if (p->icmp_type == ICMP6_PACKET_TOO_BIG) {
		*param = mtu_6to4(old, in, c);
	} else if (p->icmp_type == ICMP6_PARAM_PROB &&
	    p->icmp_code == ICMP6_PARAMPROB_HEADER) {
		pointer = xlat_icmp_pointer_6to4(old);
		if (pointer == -1)
			return (NAT64_ICMP_POINTER);
		*param = (uint32_t)pointer << 24;
	}
	return (NAT64_NONE);
}

static enum nat64_reason
param_4to6(const struct pkt *p, const struct icmp_inner *in,
    const struct xlat_conf *c, uint32_t *param)
{
	uint32_t old = get32(pkt_l4(p) + 4);
	int pointer;

	*param = 0;
	if (p->icmp_type == ICMP_UNREACH) {
		if (p->icmp_code == ICMP_UNREACH_NEEDFRAG)
			*param = mtu_4to6(old & 0xffff, in, c);
		else if (p->icmp_code == ICMP_UNREACH_PROTOCOL)
			*param = 6; /* the Next Header field */
	} else if (p->icmp_type == ICMP_PARAMPROB) {
		pointer = xlat_icmp_pointer_4to6(old >> 24);
		if (pointer == -1)
			return (NAT64_ICMP_POINTER);
		*param = (uint32_t)pointer;
	}
	return (NAT64_NONE);
}

/* Write the ICMP header. sum: that of the pseudo header. */
static void
put_icmp(uint8_t *icmp, uint8_t type, uint8_t code, uint32_t param,
    uint32_t len, uint64_t sum)
{
	icmp[0] = type;
	icmp[1] = code;
	put16(icmp + PKT_ICMP_CKSUM, 0);
	put32(icmp + 4, param);
	put16(icmp + PKT_ICMP_CKSUM, cksum_finish(cksum_add(sum, icmp, len)));
}

enum nat64_reason
xlat_icmp_6to4(const struct pkt *p, const struct icmp_inner *in,
    struct in_addr src, struct in_addr dst, const struct in6_addr *node,
    const struct tuple4 *inner, const struct xlat_conf *c, struct ipid *ids,
    bool inside, struct pkt *out)
{
	struct iphdr4 h;
	struct body b;
	uint8_t *icmp, type, code;
	uint32_t param;
	enum nat64_reason reason;

	if (!xlat_icmp_type_6to4(p->icmp_type, p->icmp_code, &type, &code))
		return (NAT64_ICMP_TYPE);
	reason = param_6to4(p, in, c, &param);
	if (reason != NAT64_NONE)
		return (reason);

	pkt_init(out, out->buf, out->bufsize);
	icmp = out->data + PKT_IP4_HLEN;
	put_body(&b, icmp + PKT_ICMP_HLEN, PKT_IP4_HLEN,
	    xlat_error4_max(inside) - PKT_IP4_HLEN - PKT_ICMP_HLEN,
	    xlat_icmp_attr_unit(PKT_V4, type), p, in, node);
	requote_6to4(&b, in, inner, c);
	put_icmp(icmp, type, code, param | (uint32_t)b.attr << 16,
	    PKT_ICMP_HLEN + b.len, 0);

	out->len = PKT_IP4_HLEN + PKT_ICMP_HLEN + b.len;
	h = (struct iphdr4){
		.tos = xlat_tos(c, p->tclass),
		.ttl = (uint8_t)(p->ttl - !inside),
		.proto = IPPROTO_ICMP,
		.len = (uint16_t)out->len,
		.id = ipid_take(ids, src, dst, IPPROTO_ICMP, 1),
		.src = src,
		.dst = dst,
	};
	iphdr_put4(out->data, &h);
	(void)pkt_parse(out);
	(void)pkt_parse_l4(out);
	return (NAT64_NONE);
}

enum nat64_reason
xlat_icmp_4to6(const struct pkt *p, const struct icmp_inner *in,
    const struct in6_addr *src, const struct in6_addr *dst,
    const struct tuple6 *inner, const struct xlat_conf *c, struct pkt *out)
{
	struct iphdr6 h;
	struct body b;
	uint8_t *icmp, type, code;
	uint32_t hlen, param;
	enum nat64_reason reason;

	if (!xlat_icmp_type_4to6(p->icmp_type, p->icmp_code, &type, &code))
		return (NAT64_ICMP_TYPE);
	reason = param_4to6(p, in, c, &param);
	if (reason != NAT64_NONE)
		return (reason);

	pkt_init(out, out->buf, out->bufsize);
	icmp = out->data + PKT_IP6_HLEN;
	hlen = PKT_IP6_HLEN + (in->more ? PKT_FRAG_HLEN : 0);
	put_body(&b, icmp + PKT_ICMP_HLEN, hlen,
	    XLAT_ERROR6_MAX - PKT_IP6_HLEN - PKT_ICMP_HLEN,
	    xlat_icmp_attr_unit(PKT_V6, type), p, in, NULL);
	requote_4to6(&b, in, inner, c);

	h = (struct iphdr6){
		.tclass = c->tclass_zero ? 0 : p->tclass,
		.hlim = (uint8_t)(p->ttl - 1),
		.proto = IPPROTO_ICMPV6,
		.len = PKT_ICMP_HLEN + b.len,
		.src = *src,
		.dst = *dst,
	};
	put_icmp(icmp, type, code, param | (uint32_t)b.attr << 24, h.len,
	    cksum_pseudo6(src, dst, IPPROTO_ICMPV6, h.len));
	out->len = PKT_IP6_HLEN + h.len;
	iphdr_put6(out->data, &h);
	(void)pkt_parse(out);
	(void)pkt_parse_l4(out);
	return (NAT64_NONE);
}
