/*
 * Checks of what must be true for every packet that a translator emits,
 * whatever its input was, with a text that says what is wrong. For unit tests
 * and fuzz targets.
 */
#ifndef TESTS_UNIT_SANE_H
#define TESTS_UNIT_SANE_H

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/net/ip4class.h"
#include "nat64d/core/nat64.h"
#include "nat64d/wire/vnet.h"
#include "tests/unit/wire.h"

static inline bool
sane_in_pool(const struct nat64_config *c, struct in_addr addr)
{
	const uint32_t a = ntohl(addr.s_addr);
	size_t i;

	for (i = 0; i < c->n_pool; i++)
		if (a >= ntohl(c->pool[i].first.s_addr) &&
		    a <= ntohl(c->pool[i].last.s_addr))
			return (true);
	return (false);
}

static inline bool
sane_in_pref64(const struct nat64_config *c, const struct in6_addr *addr)
{
	size_t i;

	for (i = 0; i < c->n_prefixes; i++)
		if (pref64_match(&c->prefixes[i], addr))
			return (true);
	return (false);
}

/* Bytes behind the IP headers of the longest packet on the wire. */
static inline uint32_t
sane_wire_len(const struct pkt *p)
{
	uint32_t payload;

	if (p->ofl.seg == PKT_SEG_NONE)
		return (p->len);
	payload = pkt_payload_len(p);
	if (payload > p->ofl.seg_size)
		payload = p->ofl.seg_size;
	return ((uint32_t)p->l4off + p->l4hlen + payload);
}

static inline bool
sane_is_error(const struct pkt *p)
{
	const uint8_t type = pkt_l4(p)[0];

	if (p->frag_off != 0)
		return (false);
	if (p->family == PKT_V6)
		return (p->proto == IPPROTO_ICMPV6 &&
		    (type & ICMP6_INFOMSG_MASK) == 0);
	return (p->proto == IPPROTO_ICMP && type != ICMP_ECHO &&
	    type != ICMP_ECHOREPLY);
}

/* The IPv4 side sees the pool and self4, and no packet for the pool. */
static inline const char *
sane_ip4(const struct pkt *p, const struct nat64_config *c)
{
	const uint8_t *ip = p->data;
	const uint16_t frag = wire_get16(ip + 6);

	if (ip[0] != 0x45)
		return ("IPv4 header with options");
	if (wire_get16(ip + 2) != p->len)
		return ("IPv4 total length is not the packet's");
	if (wire_sum(0, ip, 20) != 0xffff)
		return ("IPv4 header checksum wrong");
	if (ip[8] == 0)
		return ("TTL 0");
	if ((frag & 0x8000) != 0)
		return ("reserved flag set");
	if ((frag & 0x3fff) != 0 && (frag & 0x4000) != 0)
		return ("DF on a fragment");
	if (c->mode == NAT64_STATEFUL && !sane_in_pool(c, p->ip4.src) &&
	    p->ip4.src.s_addr != c->self4.s_addr)
		return ("IPv4 source is neither of the pool nor ours");
	/* An echo of our own goes to whoever claims to have asked. */
	if (sane_in_pool(c, p->ip4.dst) &&
	    (p->proto != IPPROTO_ICMP ||
		p->ip4.src.s_addr != c->self4.s_addr || sane_is_error(p)))
		return ("IPv4 destination in the pool: not hairpinned");
	if (ip4_is_never_unicast(p->ip4.dst))
		return ("IPv4 destination is no host");
	if (sane_wire_len(p) > c->xlat.mtu4)
		return ("larger than the IPv4 MTU");
	if (sane_is_error(p) && p->len > 576)
		return ("ICMPv4 error larger than 576 bytes");
	return (NULL);
}

/* The IPv6 side sees Pref64 and self6, and no extension header but one. */
static inline const char *
sane_ip6(const struct pkt *p, const struct nat64_config *c)
{
	const uint8_t *ip = p->data;
	bool own = memcmp(&p->ip6.src, &c->self6, 16) == 0;

	if (wire_get16(ip + 4) + 40u != p->len)
		return ("IPv6 payload length is not the packet's");
	if ((wire_get16(ip) & 0xf) != 0 || wire_get16(ip + 2) != 0)
		return ("flow label not 0");
	if (ip[7] == 0)
		return ("hop limit 0");
	if (p->l4off != (ip[6] == IPPROTO_FRAGMENT ? 48 : 40))
		return ("unexpected IPv6 extension header");
	if (p->has_fh && !p->is_frag)
		return ("atomic fragment");
	if (IN6_IS_ADDR_UNSPECIFIED(&p->ip6.src))
		return ("IPv6 source unspecified");
	if (c->mode != NAT64_STATEFUL)
		own = true;
	if (!own && !sane_in_pref64(c, &p->ip6.src))
		return ("IPv6 source is neither in a Pref64 nor ours");
	if (!own && sane_in_pref64(c, &p->ip6.dst))
		return ("IPv6 destination in a Pref64");
	if (sane_wire_len(p) > c->xlat.mtu6)
		return ("larger than the IPv6 MTU");
	if (sane_is_error(p) && p->len > 1280)
		return ("ICMPv6 error larger than 1280 bytes");
	return (NULL);
}

/* A protocol of which only the IP header is translated. */
static inline bool
sane_is_other(const struct pkt *p, const struct nat64_config *c)
{
	return (c->mode != NAT64_STATEFUL && p->proto != IPPROTO_TCP &&
	    p->proto != IPPROTO_UDP && p->proto != IPPROTO_ICMP &&
	    p->proto != IPPROTO_ICMPV6);
}

/* The checksum of an unfragmented packet, full or partial. */
static inline const char *
sane_cksum(const struct pkt *p)
{
	const uint8_t *l4 = pkt_l4(p);
	size_t len = pkt_l4len(p);
	uint16_t pseudo, field;

	if (p->ofl.csum_partial) {
		if (p->ofl.csum_off + 2u > len)
			return ("partial checksum beyond the packet");
		pseudo = wire_pseudo(p->data, p->proto, len);
		field = wire_get16(l4 + p->ofl.csum_off);
		return (field % 0xffff == pseudo % 0xffff ?
			NULL :
			"partial checksum wrong");
	}
	if (p->proto == IPPROTO_UDP && wire_get16(l4 + 6) == 0)
		return ("UDP without checksum");
	if (p->proto == IPPROTO_UDP)
		len = wire_get16(l4 + 4);
	pseudo =
	    p->proto == IPPROTO_ICMP ? 0 : wire_pseudo(p->data, p->proto, len);
	return (
	    wire_sum(pseudo, l4, len) == 0xffff ? NULL : "L4 checksum wrong");
}

/* struct pkt says what parsing would find. */
static inline const char *
sane_struct(const struct pkt *p, bool other)
{
	struct pkt again = *p;

	if (p->data < p->buf || p->data + p->len > p->buf + p->bufsize)
		return ("outside its buffer");
	if (pkt_parse(&again) != NAT64_NONE)
		return ("does not parse");
	if (!other && p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP &&
	    p->proto != (p->family == PKT_V6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return ("protocol of no side");
	if (!other && p->frag_off == 0 && pkt_parse_l4(&again) != NAT64_NONE)
		return ("L4 header does not parse");
	if (p->family != again.family || p->len != again.len ||
	    p->l4off != again.l4off || p->proto != again.proto ||
	    p->ttl != again.ttl || p->tclass != again.tclass ||
	    p->is_frag != again.is_frag || p->has_fh != again.has_fh ||
	    p->frag_off != again.frag_off || p->more != again.more ||
	    p->frag_id != again.frag_id || p->df != again.df ||
	    again.truncated)
		return ("struct pkt does not describe the packet");
	if (memcmp(&p->ip6, &again.ip6,
		p->family == PKT_V6 ? sizeof(p->ip6) : sizeof(p->ip4)) != 0)
		return ("struct pkt has other addresses");
	return (NULL);
}

/* Is it an extension structure (RFC 4884, 7)? *last: its last object. */
static inline bool
sane_extension(const uint8_t *ext, size_t len, const uint8_t **last)
{
	size_t off, object;

	if (len < 4 || ext[0] >> 4 != 2 ||
	    (wire_get16(ext + 2) != 0 && wire_sum(0, ext, len) != 0xffff))
		return (false);
	*last = NULL;
	for (off = 4; off + 4 <= len; off += object) {
		*last = ext + off;
		object = wire_get16(ext + off);
		if (object < 4 || object % 4 != 0 || object > len - off)
			return (false);
	}
	return (off == len);
}

/*
 * An error from an address that stands for an IPv6 node: it tells the node's
 * own, unless there is an extension that is not valid, or has no room for it.
 */
static inline const char *
sane_node_id(const struct pkt *p, const struct nat64_config *c)
{
	const uint8_t *icmp = pkt_l4(p), *last = NULL;
	const size_t body = pkt_l4len(p) - 8, field = icmp[5] * (size_t)4;

	if (c->mode == NAT64_STATEFUL || !c->node_id || p->family != PKT_V4 ||
	    p->ip4.src.s_addr != c->router4.s_addr)
		return (NULL);
	/* A node that has this address in IPv4 has a counterpart. */
	if (field == 0 && !ip4_is_never_unicast(c->router4))
		return (NULL);
	if (!sane_is_error(p))
		return ("not an error, but from a node without IPv4");
	if (field < 128 || field >= body)
		return ("length attribute wrong");
	if (!sane_extension(icmp + 8 + field, body - field, &last) ||
	    (last != NULL && last[2] == 5 && last[3] == 4 &&
		wire_get16(last) == 24))
		return (NULL);
	return (body - field > 576 - 28 - 128 - 24 ?
		NULL :
		"no Node Identification object");
}

/* What the device is told of it. */
static inline const char *
sane_offload(const struct pkt *p)
{
	uint8_t hdr[VNET_HDRLEN];

	if (!pkt_offload_holds(p))
		return ("offload metadata contradict the headers");
	vnet_encode(p, hdr);
	return (vnet_fault(hdr, p->data, p->len, true));
}

/*
 * NULL, or what is wrong with p, which a translator of that configuration
 * emitted. cksum: what it was made of had a right L4 checksum, and so must
 * p; one of our own always has.
 */
static inline const char *
sane(const struct pkt *p, const struct nat64_config *c, bool cksum)
{
	const bool other = sane_is_other(p, c);
	const char *why;

	why = sane_struct(p, other);
	if (why == NULL)
		why = sane_offload(p);
	if (why == NULL)
		why = p->family == PKT_V6 ? sane_ip6(p, c) : sane_ip4(p, c);
	if (why == NULL && !other && !p->is_frag)
		why = sane_node_id(p, c);
	if (why == NULL && !other && !p->is_frag &&
	    (cksum || sane_is_error(p)))
		why = sane_cksum(p);
	return (why);
}

#endif
