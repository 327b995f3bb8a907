/*
 * Header translation (RFC 7915): one packet, its new addresses and ports
 * given, to the other family. Stateless: the core (nat64d/core) decides what
 * the new addresses are, whether the packet may pass, and what happens to
 * one that does not fit.
 *
 * TCP, UDP and echo are translated in place: the new IP header is written in
 * front of the L4 header, and the payload is neither moved nor changed.
 * Checksums are updated incrementally (RFC 1624), except for UDP without
 * one. Offload metadata (vnet.h) are translated with the packet. Afterwards
 * the struct pkt describes the new packet as if pkt_parse() and
 * pkt_parse_l4() had parsed it.
 */
#ifndef NAT64D_XLAT_XLAT_H
#define NAT64D_XLAT_XLAT_H

#include <stdbool.h>
#include <stdint.h>

#include "nat64d/wire/ipid.h"
#include "nat64d/wire/pkt.h"
#include "nat64d/base/stats.h"
#include "nat64d/base/tuple.h"

#define XLAT_TOS_COPY (-1)
#define XLAT_MAX_PLATEAUS 16

struct xlat_conf {
	uint32_t mtu4;	      /* bytes, 68 .. 65535 */
	uint32_t mtu6;	      /* bytes, 1280 .. 65535 */
	uint32_t lowest_mtu6; /* bytes, 1280 .. mtu6; what DF = 0 packets
				 are cut to (RFC 7915, 4.1) */
	int tos;	      /* 6 to 4: XLAT_TOS_COPY or a fixed byte */
	bool tclass_zero;     /* 4 to 6: traffic class 0 instead of TOS */
	bool mss_clamp;	      /* lower the MSS option of SYNs */
	uint16_t plateaus[XLAT_MAX_PLATEAUS]; /* descending (RFC 1191, 7.1) */
	unsigned n_plateaus;
};

/* Set the defaults; both MTUs are 1500. */
void xlat_conf_init(struct xlat_conf *c);

enum xlat_fit {
	XLAT_FITS,
	XLAT_FRAGMENT, /* translate, then fragment (fragment.h); a super-
			  packet: segment it (gso.h) and check each segment */
	XLAT_TOO_BIG   /* answer with an ICMP error and *mtu, or drop */
};

/*
 * Will p, parsed and of the first named family, fit the MTU of the other
 * side? 6 to 4: RFC 7915, 1.4 and 5.1.1; RFC 8021, 4. 4 to 6: RFC 7915, 4
 * and 4.1. A super-packet is measured by its largest segment.
 *
 * mtu: set with XLAT_TOO_BIG to the value for the ICMP error, in bytes.
 */
enum xlat_fit xlat_fit_6to4(const struct pkt *p, const struct xlat_conf *c,
    uint32_t *mtu);
enum xlat_fit xlat_fit_4to6(const struct pkt *p, const struct xlat_conf *c,
    uint32_t *mtu);

/*
 * 6 to 4 (RFC 7915, 5.1). p: parsed; TCP or UDP, whole or a fragment, or a
 * whole ICMPv6 echo; pkt_parse_l4() done if frag_off is 0. Or another
 * protocol, of which only the IP header is translated. The caller drops
 * UDP without a checksum (invalid by RFC 8200, 8.1).
 * out: the outgoing tuple; its ports are used only if p has an L4 header.
 * For echo out->src.port is the identifier.
 * ids: gives the identification of packets without Fragment Header.
 * keep_ttl: do not decrement the hop limit. For the first translation of a
 * hairpinned packet: both translations are one hop, counted by the second one.
 */
void xlat_6to4(struct pkt *p, const struct tuple4 *out,
    const struct xlat_conf *c, struct ipid *ids, bool keep_ttl);

/*
 * 4 to 6 (RFC 7915, 4.1), likewise. For echo out->dst.port is the
 * identifier. A fragment gets a Fragment Header. UDP without a checksum gets
 * one if it is whole (RFC 6146, 3.4); the caller must reassemble such a
 * datagram first (frag.h), as a first fragment would leave with a wrong one.
 * A packet that gets no Fragment Header loses its IPv4 identification: a
 * caller that fragments it afterwards saves p->frag_id before.
 */
void xlat_4to6(struct pkt *p, const struct tuple6 *out,
    const struct xlat_conf *c);

/* The packet quoted in an ICMP error. All offsets count from p->data. */
struct icmp_inner {
	uint32_t off;	  /* quoted IP header */
	uint32_t end;	  /* first byte after the quoted packet */
	uint32_t ext_off; /* RFC 4884 extension structure, which extends to
			     the end of p; 0: none */
	uint32_t l4off;	  /* quoted L4 header */
	uint32_t l4len;	  /* L4 length by the quoted IP length field; fewer
			     bytes may be present */
	enum l4proto l4;
	uint8_t tclass;
	uint8_t ttl;
	bool has_fh; /* IPv6: Fragment Header in the quoted chain */
	bool df;     /* IPv4 */
	uint32_t frag_id;
	bool more;
	union {
		struct tuple4 t4; /* source and destination as quoted; for */
		struct tuple6 t6; /* echo both ports are the identifier */
	};
};

/*
 * Parse an ICMP error of either family, whole and with pkt_parse_l4() done:
 * check that its type and code have a counterpart (RFC 7915, 4.2 and 5.2) and
 * that its checksum is right (RFC 5508, REQ-3); find the extension (RFC 4884)
 * and the quoted packet (RFC 7915, 4.3 and 5.3). The outer destination must
 * be the quoted source: otherwise that packet did not cause the error.
 *
 * check_inner_ip: verify the quoted IPv4 header's checksum (RFC 5508,
 * REQ-3a).
 * Returns NAT64_NONE or the reason for a silent drop: NAT64_ICMP_TYPE,
 * NAT64_ICMP_CKSUM, NAT64_ICMP_INNER.
 */
enum nat64_reason xlat_icmp_parse(const struct pkt *p, bool check_inner_ip,
    struct icmp_inner *in);

/*
 * Is this ICMP type an error message, translated or not? The second one is
 * for a packet of which pkt_parse_l4() has been called.
 */
bool xlat_icmp_type_is_error(enum pkt_family family, uint8_t type);
bool xlat_icmp_is_error(const struct pkt *p);

/*
 * Translate an ICMP error (RFC 7915, 4.2, 4.3, 5.2, 5.3) into out, which is
 * initialised storage of PKT_BUFSIZE that does not overlap p's. out is
 * parsed when this returns.
 *
 * p, in: as xlat_icmp_parse() accepted them.
 * src, dst: the new outer addresses.
 * node: the address of the node that sent the error, for a Node Identification
 * object (draft-ietf-intarea-extended-icmp-nodeid, 3), or NULL. It is left out
 * where an extension that cannot be extended, or leaves no room, is there
 * already.
 * inner: the tuple of the quoted packet after translation, source and
 * destination as quoted. The identifier of a quoted echo is the port of the
 * side of the IPv6 host: dst in 6 to 4, src in 4 to 6.
 * inside: the first translation of a hairpinned error. The hop limit is not
 * decremented (see xlat_6to4()), and as much is quoted as an ICMPv6 error may
 * quote.
 * ids: gives the outer identification.
 *
 * Returns NAT64_NONE, or NAT64_ICMP_TYPE or NAT64_ICMP_POINTER for a message
 * without a counterpart.
 */
enum nat64_reason xlat_icmp_6to4(const struct pkt *p,
    const struct icmp_inner *in, struct in_addr src, struct in_addr dst,
    const struct in6_addr *node, const struct tuple4 *inner,
    const struct xlat_conf *c, struct ipid *ids, bool inside, struct pkt *out);
enum nat64_reason xlat_icmp_4to6(const struct pkt *p,
    const struct icmp_inner *in, const struct in6_addr *src,
    const struct in6_addr *dst, const struct tuple6 *inner,
    const struct xlat_conf *c, struct pkt *out);

#endif
