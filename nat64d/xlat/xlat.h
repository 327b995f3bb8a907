/*
 * Header translation (RFC 7915; spec sections 3, 4, 5): one packet, new
 * addresses and ports given, to the other family. Stateless: what the new
 * addresses are, whether the packet may pass and what becomes of one that
 * does not fit is decided by nat64_in6.c and nat64_in4.c.
 *
 * TCP, UDP and echo are translated in place: the new header is written in
 * front of the L4 header, the payload does not move and is not touched,
 * checksums are updated incrementally (CSM-01) but for UDP without one.
 * Offload metadata follow the packet (spec section 11). After success the
 * struct pkt describes the new packet as if pkt_parse() and pkt_parse_l4()
 * had seen it.
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
	uint32_t lowest_mtu6; /* bytes, 1280 .. mtu6 (CFG-08) */
	int tos;	      /* 6 to 4: XLAT_TOS_COPY or a fixed byte */
	bool tclass_zero;     /* 4 to 6: traffic class 0 instead of TOS */
	bool mss_clamp;	      /* lower the MSS option of SYNs (XLT-16) */
	uint16_t plateaus[XLAT_MAX_PLATEAUS]; /* descending (CFG-12) */
	unsigned n_plateaus;
};

/* The defaults of CFG-08 to CFG-12, both MTUs 1500. */
void xlat_conf_init(struct xlat_conf *c);

enum xlat_fit {
	XLAT_FITS,
	XLAT_FRAGMENT, /* translate, then cut (fragment.h); a super-packet:
			  cut into segments and ask again (gso.h) */
	XLAT_TOO_BIG   /* answer packet too big with *mtu, or drop */
};

/*
 * Will p, parsed and of the first named family, fit the other side? XLT-33,
 * XLT-34, XLT-36 and GSO-21; XLT-11 to XLT-14, GSO-22 and GSO-23. A super-
 * packet is measured by its largest segment.
 *
 * mtu: set with XLAT_TOO_BIG to the value for the ICMP error, in bytes.
 */
enum xlat_fit xlat_fit_6to4(const struct pkt *p, const struct xlat_conf *c,
    uint32_t *mtu);
enum xlat_fit xlat_fit_4to6(const struct pkt *p, const struct xlat_conf *c,
    uint32_t *mtu);

/*
 * 6 to 4 (RFC 7915, 5.1; XLT-20 to XLT-29, GSO-10 to GSO-20). p: parsed;
 * any fragment of TCP or UDP, or a whole packet, or an ICMPv6 echo, which is
 * whole; pkt_parse_l4() done wherever frag_off is 0. UDP without a checksum
 * must not come here (CSM-11).
 * out: the outgoing tuple; its ports matter only where p has an L4 header.
 * For echo out->src.port is the identifier.
 * ids: gives the identification of packets without Fragment Header.
 * keep_ttl: this is the first half of a hairpin, which counts as one hop
 * and is counted by the second (HPN-03).
 */
void xlat_6to4(struct pkt *p, const struct tuple4 *out,
    const struct xlat_conf *c, struct ipid *ids, bool keep_ttl);

/*
 * 4 to 6 (RFC 7915, 4.1; XLT-01 to XLT-10, GSO-10 to GSO-20), likewise. For
 * echo out->dst.port is the identifier. A fragment gets a Fragment Header
 * (XLT-10). UDP without a checksum gets one when it is whole (CSM-10); a
 * first fragment of such a datagram has no business here (FRG-15) and leaves
 * with a wrong one. The IPv4 identification of a packet that gets no
 * Fragment Header is lost: who cuts it afterwards keeps p->frag_id.
 */
void xlat_4to6(struct pkt *p, const struct tuple6 *out,
    const struct xlat_conf *c);

/* What is quoted in an ICMP error. All offsets count from p->data. */
struct icmp_inner {
	uint32_t off;	  /* quoted IP header */
	uint32_t end;	  /* first byte behind the quoted datagram */
	uint32_t ext_off; /* RFC 4884 extension structure, to the end of the
			     packet; 0: none */
	uint32_t l4off;	  /* quoted L4 header */
	uint32_t l4len;	  /* its L4 length by its IP length field, not by
			     the bytes present */
	enum l4proto l4;
	uint8_t tclass;
	uint8_t ttl;
	bool has_fh; /* IPv6: Fragment Header in the quoted chain */
	bool df;     /* IPv4 */
	uint32_t frag_id;
	bool more;
	union {
		struct tuple4 t4; /* as quoted, roles not swapped; for */
		struct tuple6 t6; /* echo both ports are the identifier */
	};
};

/*
 * Parse an ICMP error of either family, whole and with pkt_parse_l4() done:
 * type and code (sections 5.1 and 5.2: is it translated at all), checksum
 * (ICM-50), extension (ICM-40), quoted packet (ICM-37, ICM-51, ICM-53),
 * outer destination against inner source (ICM-54).
 *
 * check_inner_ip: verify the quoted IPv4 header's checksum.
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
 * Translate an ICMP error (section 5.3) into out, which is initialised
 * storage of PKT_BUFSIZE apart from p's and is parsed when this returns.
 *
 * p, in: as xlat_icmp_parse() accepted them.
 * src, dst: the new outer addresses.
 * inner: the tuple of the quoted packet after translation, in the order in
 * which it is quoted. The identifier of a quoted echo is the port of the
 * side that our host is on: dst in 6 to 4, src in 4 to 6.
 * inside: this is the first half of a hairpin. The hop is counted by the
 * second half (HPN-03), and of what is quoted as much is kept as the ICMPv6
 * error that becomes of it has room for.
 * ids: gives the outer identification.
 *
 * Returns NAT64_NONE; or NAT64_ICMP_TYPE, NAT64_ICMP_POINTER for a message
 * that has no counterpart.
 */
enum nat64_reason xlat_icmp_6to4(const struct pkt *p,
    const struct icmp_inner *in, struct in_addr src, struct in_addr dst,
    const struct tuple4 *inner, const struct xlat_conf *c, struct ipid *ids,
    bool inside, struct pkt *out);
enum nat64_reason xlat_icmp_4to6(const struct pkt *p,
    const struct icmp_inner *in, const struct in6_addr *src,
    const struct in6_addr *dst, const struct tuple6 *inner,
    const struct xlat_conf *c, struct pkt *out);

#endif
