/*
 * Parsing of an ICMP error (RFC 7915, 4.3 and 5.3): is it whole and valid,
 * where is the packet that it quotes, and which flow does that belong to?
 * Nothing of the quoted packet is used before it has been checked here.
 */
#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/icmp.h"
#include "nat64d/wire/iphdr.h"
#include "xlat_int.h"

/* L4 bytes that must be quoted: all that translation reads. */
#define NEED_L4_IN4 8
#define NEED_PORTS 4
#define NEED_ECHO 8

#define IP4_MAX_LEN 65535

/* Least length of the datagram field before an extension (RFC 4884, 4). */
#define ORIGINAL_MIN 128

bool
xlat_icmp_is_error(const struct pkt *p)
{
	return (p->l4 == L4_ICMP &&
	    xlat_icmp_type_is_error(p->family, p->icmp_type));
}

/* The pointer of a parameter problem is not checked yet. */
static bool
has_counterpart(const struct pkt *p)
{
	uint8_t type, code;

	if (p->family == PKT_V6)
		return (xlat_icmp_type_6to4(p->icmp_type, p->icmp_code, &type,
		    &code));
	return (xlat_icmp_type_4to6(p->icmp_type, p->icmp_code, &type, &code));
}

/* RFC 5508, REQ-3. A partial checksum was made on this host. */
static bool
cksum_is_good(const struct pkt *p)
{
	uint64_t sum = 0;

	if (p->ofl.csum_valid || p->ofl.csum_partial)
		return (true);
	if (p->family == PKT_V6)
		sum = cksum_pseudo6(&p->ip6.src, &p->ip6.dst, IPPROTO_ICMPV6,
		    pkt_l4len(p));
	return (cksum_finish(cksum_add(sum, pkt_l4(p), pkt_l4len(p))) == 0);
}

/*
 * RFC 4884 put the length attribute into a byte that was unused in RFC 792,
 * and some routers have other values there in "fragmentation needed".
 * A value is no attribute if the datagram field would be shorter than 128
 * bytes (RFC 4884, 4) or longer than the message. Such a message is used
 * without an extension, so that path MTU discovery works.
 */
static bool
is_no_attribute(const struct pkt *p, uint32_t field, uint32_t body)
{
	return (p->family == PKT_V4 && p->icmp_type == ICMP_UNREACH &&
	    p->icmp_code == ICMP_UNREACH_NEEDFRAG &&
	    (field < ORIGINAL_MIN || field > body));
}

/*
 * Split the body by the length attribute (RFC 4884, 4 and 5.4): 0 or the
 * length of the body means no extension; a larger one is invalid.
 */
static bool
find_extension(const struct pkt *p, struct icmp_inner *in)
{
	const uint8_t *icmp = pkt_l4(p);
	uint32_t body, field;

	in->off = p->l4off + PKT_ICMP_HLEN;
	in->end = p->len;
	in->ext_off = 0;
	body = in->end - in->off;
	field = xlat_icmp_attr_unit(p->family, p->icmp_type) *
	    icmp[xlat_icmp_attr_off(p->family)];
	if (field == 0 || field == body || is_no_attribute(p, field, body))
		return (true);
	if (field > body)
		return (false);
	in->end = in->off + field;
	in->ext_off = in->end;
	return (true);
}

/*
 * Ports or identifier of the quoted packet. Of ICMP only echo has a session;
 * an error about an error is not translated (RFC 7915, 4.3 and 5.3).
 */
static bool
parse_l4(const uint8_t *l4, enum pkt_family family, uint8_t proto,
    struct icmp_inner *in, uint16_t *sport, uint16_t *dport)
{
	bool v6 = family == PKT_V6;

	if (proto == IPPROTO_TCP || proto == IPPROTO_UDP) {
		in->l4 = proto == IPPROTO_TCP ? L4_TCP : L4_UDP;
		*sport = get16(l4);
		*dport = get16(l4 + 2);
		return (true);
	}
	if (proto != (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return (false);
	if (l4[0] != (v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO) &&
	    l4[0] != (v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY))
		return (false);
	in->l4 = L4_ICMP;
	*sport = *dport = get16(l4 + PKT_ICMP_ID);
	return (true);
}

static bool
parse_inner4(const struct pkt *p, bool check_inner_ip, struct icmp_inner *in)
{
	const uint8_t *ip = p->data + in->off;
	uint32_t hlen, total, present = in->end - in->off;
	uint16_t frag;

	if (present < PKT_IP4_HLEN || ip[0] >> 4 != PKT_V4)
		return (false);
	hlen = (ip[0] & 15u) * 4;
	total = get16(ip + PKT_IP4_LEN);
	if (hlen < PKT_IP4_HLEN || present < hlen + NEED_L4_IN4 ||
	    total < hlen + NEED_L4_IN4)
		return (false);
	if (check_inner_ip && cksum_finish(cksum_add(0, ip, hlen)) != 0)
		return (false);
	frag = get16(ip + PKT_IP4_FRAG);
	if ((frag & IP4_OFFSET) != 0)
		return (false);

	in->l4off = in->off + hlen;
	in->l4len = total - hlen;
	in->tclass = ip[PKT_IP4_TOS];
	in->ttl = ip[PKT_IP4_TTL];
	in->has_fh = false;
	in->df = (frag & IP4_DF) != 0;
	in->more = (frag & IP4_MF) != 0;
	in->frag_id = get16(ip + PKT_IP4_ID);
	memcpy(&in->t4.src.addr, ip + PKT_IP4_SRC, sizeof(in->t4.src.addr));
	memcpy(&in->t4.dst.addr, ip + PKT_IP4_DST, sizeof(in->t4.dst.addr));
	return (parse_l4(ip + hlen, PKT_V4, ip[PKT_IP4_PROTO], in,
	    &in->t4.src.port, &in->t4.dst.port));
}

/*
 * Skip the quoted extension headers. Sets *off to the L4 header's offset
 * from ip, and *proto. False if the chain exceeds the bytes present or a
 * fragment without L4 header is quoted.
 */
static bool
walk_inner6(const uint8_t *ip, uint32_t present, struct icmp_inner *in,
    uint32_t *off, uint8_t *proto)
{
	const uint8_t *hdr;
	uint16_t frag;

	*off = PKT_IP6_HLEN;
	*proto = ip[PKT_IP6_NEXT];
	while (*proto == IPPROTO_HOPOPTS || *proto == IPPROTO_ROUTING ||
	    *proto == IPPROTO_DSTOPTS) {
		if (present - *off < 8)
			return (false);
		hdr = ip + *off;
		if (present - *off < (hdr[1] + 1u) * 8)
			return (false);
		*proto = hdr[0];
		*off += (hdr[1] + 1u) * 8;
	}
	if (*proto != IPPROTO_FRAGMENT)
		return (true);
	if (present - *off < PKT_FRAG_HLEN)
		return (false);
	hdr = ip + *off;
	frag = get16(hdr + 2);
	in->has_fh = true;
	in->more = (frag & FH_MORE) != 0;
	in->frag_id = get32(hdr + 4);
	*proto = hdr[0];
	*off += PKT_FRAG_HLEN;
	return ((frag & FH_OFFSET) == 0);
}

static bool
parse_inner6(const struct pkt *p, struct icmp_inner *in)
{
	const uint8_t *ip = p->data + in->off;
	uint32_t off, total, need, present = in->end - in->off;
	uint8_t proto;

	if (present < PKT_IP6_HLEN || ip[0] >> 4 != PKT_V6)
		return (false);
	in->has_fh = in->more = in->df = false;
	in->frag_id = 0;
	if (!walk_inner6(ip, present, in, &off, &proto))
		return (false);
	total = PKT_IP6_HLEN + get16(ip + PKT_IP6_LEN);
	need = proto == IPPROTO_ICMPV6 ? NEED_ECHO : NEED_PORTS;
	if (present < off + need || total < off + need)
		return (false);
	/* Larger than any packet translated from IPv4. */
	if (total - off > IP4_MAX_LEN - PKT_IP4_HLEN)
		return (false);

	in->l4off = in->off + off;
	in->l4len = total - off;
	in->tclass = (uint8_t)((ip[0] & 15) << 4 | ip[1] >> 4);
	in->ttl = ip[PKT_IP6_HLIM];
	memcpy(&in->t6.src.addr, ip + PKT_IP6_SRC, sizeof(in->t6.src.addr));
	memcpy(&in->t6.dst.addr, ip + PKT_IP6_DST, sizeof(in->t6.dst.addr));
	return (parse_l4(ip + off, PKT_V6, proto, in, &in->t6.src.port,
	    &in->t6.dst.port));
}

enum nat64_reason
xlat_icmp_parse(const struct pkt *p, bool check_inner_ip,
    struct icmp_inner *in)
{
	if (!has_counterpart(p))
		return (NAT64_ICMP_TYPE);
	if (!cksum_is_good(p))
		return (NAT64_ICMP_CKSUM);
	if (!find_extension(p, in))
		return (NAT64_ICMP_INNER);
	/* The error must be addressed to the source of the quoted packet. */
	if (p->family == PKT_V6) {
		if (!parse_inner6(p, in) ||
		    !IN6_ARE_ADDR_EQUAL(&p->ip6.dst, &in->t6.src.addr))
			return (NAT64_ICMP_INNER);
	} else {
		if (!parse_inner4(p, check_inner_ip, in) ||
		    p->ip4.dst.s_addr != in->t4.src.addr.s_addr)
			return (NAT64_ICMP_INNER);
	}
	return (NAT64_NONE);
}
