/*
 * Parsing of packets, whose bytes are not trusted here. Owns all length checks
 * and the walks over options and extension headers; knows nothing of addresses,
 * tables and configuration.
 */
#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cksum.h"
#include "icmp.h"
#include "iphdr.h"
#include "pkt.h"

/* Option types (RFC 791, 3.1). */
#define IP4_OPT_END 0
#define IP4_OPT_NOP 1
#define IP4_OPT_LSRR 131
#define IP4_OPT_SSRR 137

/* Hop-by-hop options (RFC 8200, 4.2; RFC 2675, 2). */
#define IP6_OPT_PAD1 0
#define IP6_OPT_JUMBO 0xc2

/* Extension headers that <netinet/in.h> lacks on some systems. */
#define NEXT_MOBILITY 135
#define NEXT_HIP 139
#define NEXT_SHIM6 140

void
pkt_init(struct pkt *p, uint8_t *buf, size_t bufsize)
{
	memset(p, 0, sizeof(*p));
	p->buf = buf;
	p->bufsize = bufsize;
	p->data = buf + PKT_HEADROOM;
}

/*
 * Walk over the IPv4 options. They are not translated, except that a source
 * route which is not used up forbids translation (RFC 7915, 4.1).
 */
static enum nat64_reason
walk_options(struct pkt *p, uint32_t hlen)
{
	const uint8_t *opt;
	uint32_t off, len;

	for (off = PKT_IP4_HLEN; off < hlen; off += len) {
		opt = p->data + off;
		if (opt[0] == IP4_OPT_END)
			break;
		if (opt[0] == IP4_OPT_NOP) {
			len = 1;
			continue;
		}
		if (hlen - off < 2 || opt[1] < 2 || opt[1] > hlen - off)
			return (NAT64_BAD_IP4_OPTIONS);
		len = opt[1];
		if (opt[0] != IP4_OPT_LSRR && opt[0] != IP4_OPT_SSRR)
			continue;
		if (len < 3) /* no room for the pointer */
			return (NAT64_BAD_IP4_OPTIONS);
		if (opt[2] <= len)
			p->source_route = true;
	}
	return (NAT64_NONE);
}

static enum nat64_reason
parse_ip4(struct pkt *p)
{
	const uint8_t *ip = p->data;
	uint32_t hlen, total;
	uint16_t frag;

	p->family = PKT_V4;
	if (p->len < PKT_IP4_HLEN)
		return (NAT64_BAD_LENGTH);
	hlen = (ip[0] & 15u) * 4;
	total = get16(ip + PKT_IP4_LEN);
	if (hlen < PKT_IP4_HLEN || total < hlen || total > p->len)
		return (NAT64_BAD_LENGTH);
	if (cksum_finish(cksum_add(0, ip, hlen)) != 0)
		return (NAT64_BAD_IP4_CKSUM);

	p->len = total;
	p->tclass = ip[PKT_IP4_TOS];
	p->frag_id = get16(ip + PKT_IP4_ID);
	frag = get16(ip + PKT_IP4_FRAG);
	p->df = (frag & IP4_DF) != 0;
	p->more = (frag & IP4_MF) != 0;
	p->frag_off = (uint16_t)((frag & IP4_OFFSET) * 8);
	p->is_frag = p->more || p->frag_off != 0;
	p->ttl = ip[PKT_IP4_TTL];
	p->proto = ip[PKT_IP4_PROTO];
	memcpy(&p->ip4.src, ip + PKT_IP4_SRC, sizeof(p->ip4.src));
	memcpy(&p->ip4.dst, ip + PKT_IP4_DST, sizeof(p->ip4.dst));
	p->l4off = (uint16_t)hlen;
	return (walk_options(p, hlen));
}

/*
 * Is there a jumbo payload option (RFC 2675, 2) in the hop-by-hop header at
 * off? The payload length of a jumbogram is 0, so all bytes received count.
 */
static bool
has_jumbo(const struct pkt *p, uint32_t off)
{
	const uint8_t *opt = p->data + off;
	uint32_t left, len;

	if (p->len - off < 8)
		return (false);
	left = (opt[1] + 1u) * 8;
	if (left > p->len - off)
		left = p->len - off;
	for (opt += 2, left -= 2; left > 0; opt += len, left -= len) {
		if (opt[0] == IP6_OPT_JUMBO)
			return (true);
		if (opt[0] == IP6_OPT_PAD1)
			len = 1;
		else if (left < 2 || opt[1] + 2u > left)
			return (false);
		else
			len = opt[1] + 2u;
	}
	return (false);
}

/*
 * Extension headers that may not follow a Fragment Header (RFC 7915, 5.1.1);
 * ESP may.
 */
static bool
is_ext_header(uint8_t next)
{
	switch (next) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_DSTOPTS:
	case IPPROTO_AH:
	case NEXT_MOBILITY:
	case NEXT_HIP:
	case NEXT_SHIM6:
		return (true);
	default:
		return (false);
	}
}

static void
parse_fragment_header(struct pkt *p, const uint8_t *fh)
{
	uint16_t frag = get16(fh + 2);

	p->has_fh = true;
	p->frag_off = frag & FH_OFFSET;
	p->more = (frag & FH_MORE) != 0;
	/* An atomic fragment is a whole packet (RFC 6946). */
	p->is_frag = p->more || p->frag_off != 0;
	p->frag_id = get32(fh + 4);
	p->proto = fh[0];
	p->fh_ext = is_ext_header(fh[0]);
}

/*
 * Skip the extension headers up to the protocol or a Fragment Header
 * (RFC 7915, 5.1). Each is at least 8 bytes long, so the walk ends.
 */
static enum nat64_reason
walk_headers(struct pkt *p, uint8_t next)
{
	const uint8_t *hdr;
	uint32_t off, left, len;

	for (off = PKT_IP6_HLEN;; off += len, next = hdr[0]) {
		if (off > UINT16_MAX) /* does not fit l4off */
			return (NAT64_EXT_HEADERS);
		hdr = p->data + off;
		left = p->len - off;
		p->l4off = (uint16_t)off;
		p->proto = next;
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING &&
		    next != IPPROTO_DSTOPTS && next != IPPROTO_FRAGMENT)
			return (NAT64_NONE);
		if (left < PKT_FRAG_HLEN)
			break;
		if (next == IPPROTO_FRAGMENT) {
			if (off > UINT16_MAX - PKT_FRAG_HLEN)
				return (NAT64_EXT_HEADERS);
			parse_fragment_header(p, hdr);
			p->l4off = (uint16_t)(off + PKT_FRAG_HLEN);
			return (NAT64_NONE);
		}
		len = (hdr[1] + 1u) * 8;
		if (left < len)
			break;
		if (next == IPPROTO_ROUTING && hdr[3] != 0 && p->rh_off == 0)
			p->rh_off = (uint16_t)off;
	}
	p->truncated = true;
	return (NAT64_NONE);
}

static enum nat64_reason
parse_ip6(struct pkt *p)
{
	const uint8_t *ip = p->data;
	uint32_t payload;

	p->family = PKT_V6;
	if (p->len < PKT_IP6_HLEN)
		return (NAT64_BAD_LENGTH);
	payload = get16(ip + PKT_IP6_LEN);
	if (payload + PKT_IP6_HLEN > p->len)
		return (NAT64_BAD_LENGTH);
	if (payload == 0 && ip[PKT_IP6_NEXT] == IPPROTO_HOPOPTS &&
	    has_jumbo(p, PKT_IP6_HLEN))
		return (NAT64_JUMBOGRAM);

	p->len = payload + PKT_IP6_HLEN;
	p->tclass = (uint8_t)((ip[0] & 15) << 4 | ip[1] >> 4);
	p->ttl = ip[PKT_IP6_HLIM];
	memcpy(&p->ip6.src, ip + PKT_IP6_SRC, sizeof(p->ip6.src));
	memcpy(&p->ip6.dst, ip + PKT_IP6_DST, sizeof(p->ip6.dst));
	return (walk_headers(p, ip[PKT_IP6_NEXT]));
}

/* Does the segment type of the device agree with the headers? */
static bool
segments_hold(const struct pkt *p)
{
	const struct pkt_offload *ofl = &p->ofl;

	switch (ofl->seg) {
	case PKT_SEG_NONE:
		return (true);
	case PKT_SEG_TCP:
		return (p->proto == IPPROTO_TCP && ofl->seg_size > 0 &&
		    (ofl->seg_family == 0 || ofl->seg_family == p->family));
	case PKT_SEG_UDP:
		/* The kernel refuses UDP ones with a complete checksum. */
		return (p->proto == IPPROTO_UDP && ofl->seg_size > 0 &&
		    ofl->csum_partial);
	}
	return (false);
}

/* Do csum_start and csum_off lead to the checksum of the protocol? */
static bool
csum_holds(const struct pkt *p)
{
	const struct pkt_offload *ofl = &p->ofl;

	if (ofl->csum_start != p->l4off || ofl->csum_off + 2u > pkt_l4len(p))
		return (false);
	switch (p->proto) {
	case IPPROTO_TCP:
		return (ofl->csum_off == PKT_TCP_CKSUM);
	case IPPROTO_UDP:
		return (ofl->csum_off == PKT_UDP_CKSUM);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return (ofl->csum_off == PKT_ICMP_CKSUM);
	default:
		return (true);
	}
}

/*
 * Of a packet in a tunnel over UDP the checksum may be left to the device,
 * while that of the tunnel is complete and allows for it (Linux calls it local
 * checksum offload). Complete it as the device would.
 */
static void
complete_inner_cksum(struct pkt *p)
{
	const uint32_t start = p->ofl.csum_start;
	uint16_t cksum;

	if (!p->ofl.csum_partial || p->ofl.seg != PKT_SEG_NONE || p->is_frag ||
	    p->truncated || p->proto != IPPROTO_UDP ||
	    start < p->l4off + (uint32_t)PKT_UDP_HLEN ||
	    start + p->ofl.csum_off + 2u > p->len)
		return;
	cksum = cksum_finish(cksum_add(0, p->data + start, p->len - start));
	put16(p->data + start + p->ofl.csum_off, cksum == 0 ? 0xffff : cksum);
	p->ofl.csum_partial = false;
}

/*
 * A fragment cannot be segmented, and the device cannot complete its checksum
 * because it does not have the whole datagram.
 */
bool
pkt_offload_holds(const struct pkt *p)
{
	if (p->ofl.seg == PKT_SEG_NONE && !p->ofl.csum_partial)
		return (true);
	if (p->is_frag || p->truncated)
		return (false);
	return (segments_hold(p) && (!p->ofl.csum_partial || csum_holds(p)));
}

enum nat64_reason
pkt_parse(struct pkt *p)
{
	const size_t found = offsetof(struct pkt, family);
	enum nat64_reason reason;

	memset((uint8_t *)p + found, 0, sizeof(*p) - found);
	if (p->len == 0)
		return (NAT64_BAD_LENGTH);
	switch (p->data[0] >> 4) {
	case PKT_V4:
		reason = parse_ip4(p);
		break;
	case PKT_V6:
		reason = parse_ip6(p);
		break;
	default:
		return (NAT64_BAD_VERSION);
	}
	if (reason == NAT64_NONE) {
		complete_inner_cksum(p);
		if (!pkt_offload_holds(p))
			reason = NAT64_BAD_OFFLOAD;
	}
	/* This was the family of the packet received; it may be translated. */
	p->ofl.seg_family = 0;
	return (reason);
}

/*
 * The packet ends within the L4 header, which has to be in the first fragment
 * (RFC 6146, 3.4 allows to require that).
 */
static enum nat64_reason
too_short(const struct pkt *p)
{
	return (p->is_frag ? NAT64_FRAG_TINY : NAT64_BAD_L4);
}

static enum nat64_reason
parse_tcp(struct pkt *p)
{
	const uint8_t *tcp = pkt_l4(p);
	uint32_t hlen, l4len = pkt_l4len(p);

	if (l4len < PKT_TCP_HLEN)
		return (too_short(p));
	hlen = (tcp[12] >> 4) * 4u;
	if (hlen < PKT_TCP_HLEN || (hlen > l4len && !p->is_frag))
		return (NAT64_BAD_L4);
	p->l4 = L4_TCP;
	p->sport = get16(tcp);
	p->dport = get16(tcp + 2);
	p->tcp_flags = tcp[PKT_TCP_FLAGS];
	/* Only the first 20 bytes have to be in the first fragment. */
	p->l4hlen = (uint16_t)(hlen < l4len ? hlen : l4len);
	if (p->sport == 0 || p->dport == 0)
		return (NAT64_BAD_L4);
	return (NAT64_NONE);
}

static enum nat64_reason
parse_udp(struct pkt *p)
{
	const uint8_t *udp = pkt_l4(p);
	uint32_t ulen, l4len = pkt_l4len(p);

	if (l4len < PKT_UDP_HLEN)
		return (too_short(p));
	ulen = get16(udp + PKT_UDP_LEN);
	if (ulen < PKT_UDP_HLEN || (ulen > l4len && !p->is_frag))
		return (NAT64_BAD_L4);
	/*
	 * The device segments and sums all bytes, including those beyond the
	 * UDP length.
	 */
	if (p->ofl.csum_partial && ulen != l4len)
		return (NAT64_BAD_OFFLOAD);
	p->l4 = L4_UDP;
	p->sport = get16(udp);
	p->dport = get16(udp + 2);
	p->l4hlen = PKT_UDP_HLEN;
	return (NAT64_NONE);
}

static enum nat64_reason
parse_icmp(struct pkt *p, uint8_t echo_request, uint8_t echo_reply)
{
	const uint8_t *icmp = pkt_l4(p);

	if (pkt_l4len(p) < PKT_ICMP_HLEN)
		return (too_short(p));
	p->l4 = L4_ICMP;
	p->icmp_type = icmp[0];
	p->icmp_code = icmp[1];
	p->l4hlen = PKT_ICMP_HLEN;
	if (p->icmp_type == echo_request || p->icmp_type == echo_reply) {
		p->sport = get16(icmp + PKT_ICMP_ID);
		p->dport = p->sport;
	}
	return (NAT64_NONE);
}

/*
 * A super-packet of one segment is legal and is handled as a packet without
 * segments. Its checksum stays as it is, partial or complete.
 */
static void
drop_lone_segment(struct pkt *p)
{
	if (p->ofl.seg == PKT_SEG_NONE || pkt_payload_len(p) > p->ofl.seg_size)
		return;
	p->ofl.seg = PKT_SEG_NONE;
	p->ofl.seg_size = 0;
	p->ofl.ecn = p->ofl.accecn = false;
}

enum nat64_reason
pkt_parse_l4(struct pkt *p)
{
	enum nat64_reason reason;

	if (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP) {
		reason = p->proto == IPPROTO_TCP ? parse_tcp(p) : parse_udp(p);
		if (reason == NAT64_NONE)
			drop_lone_segment(p);
		return (reason);
	}
	if (p->proto == IPPROTO_ICMP && p->family == PKT_V4)
		return (parse_icmp(p, ICMP_ECHO, ICMP_ECHOREPLY));
	if (p->proto == IPPROTO_ICMPV6 && p->family == PKT_V6)
		return (parse_icmp(p, ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY));
	return (NAT64_UNKNOWN_PROTO);
}

uint64_t
pkt_pseudo_sum(const struct pkt *p)
{
	if (p->family == PKT_V4)
		return (cksum_pseudo4(p->ip4.src, p->ip4.dst, p->proto,
		    pkt_l4len(p)));
	return (
	    cksum_pseudo6(&p->ip6.src, &p->ip6.dst, p->proto, pkt_l4len(p)));
}

void
pkt_leave_cksum(struct pkt *p)
{
	p->ofl.csum_partial = true;
	p->ofl.csum_valid = false;
	p->ofl.csum_start = p->l4off;
	p->ofl.csum_off =
	    p->proto == IPPROTO_UDP ? PKT_UDP_CKSUM : PKT_TCP_CKSUM;
	put16(pkt_l4(p) + p->ofl.csum_off, cksum_fold(pkt_pseudo_sum(p)));
}

void
pkt_complete_cksum(struct pkt *p)
{
	uint8_t *l4 = pkt_l4(p);
	uint16_t cksum;

	if (!p->ofl.csum_partial)
		return;
	/* The sum of the pseudo header is in the field already. */
	cksum = cksum_finish(cksum_add(0, l4, pkt_l4len(p)));
	if (cksum == 0 && p->proto == IPPROTO_UDP)
		cksum = 0xffff;
	put16(l4 + p->ofl.csum_off, cksum);
	p->ofl.csum_partial = false;
}
