/*
 * One packet on its way through the translator: a borrowed buffer, what
 * parsing found in it, and the offload metadata of the device.
 *
 * pkt.c is the only code that trusts nothing: it checks every length field
 * against the bytes received. Everything behind it relies on the offsets
 * found here and on nothing else. It decides nothing: whether a packet is
 * dropped or answered, and in which order of checks, is decided in
 * nat64d/core; so facts that lead to an ICMP error are recorded only.
 *
 * Invariant after pkt_parse(): data[0 .. len) is the packet, trailing bytes
 * beyond the IP length field cut off; l4off <= len.
 */
#ifndef NAT64D_WIRE_PKT_H
#define NAT64D_WIRE_PKT_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat64d/base/stats.h"
#include "nat64d/base/tuple.h"

/* Room before the packet that a buffer must offer: 4 to 6 grows by 28. */
#define PKT_HEADROOM 64
/* Largest packet: a super-packet with segmentation offload. */
#define PKT_MAXLEN 65535
/* A buffer that fits every packet, with some room behind for padding. */
#define PKT_BUFSIZE (PKT_HEADROOM + PKT_MAXLEN + 65)

#define PKT_IP4_HLEN 20
#define PKT_IP6_HLEN 40
#define PKT_FRAG_HLEN 8 /* IPv6 Fragment Header */
#define PKT_TCP_HLEN 20
#define PKT_UDP_HLEN 8
#define PKT_ICMP_HLEN 8

/* Offsets of fields that several files read or write. */
#define PKT_TCP_ACK 8
#define PKT_TCP_FLAGS 13
#define PKT_TCP_CKSUM 16
#define PKT_UDP_LEN 4
#define PKT_UDP_CKSUM 6
#define PKT_ICMP_CKSUM 2
#define PKT_ICMP_ID 4

#define PKT_TH_FIN 0x01
#define PKT_TH_SYN 0x02
#define PKT_TH_RST 0x04
#define PKT_TH_PSH 0x08
#define PKT_TH_ACK 0x10
#define PKT_TH_CWR 0x80

enum pkt_family { PKT_V4 = 4, PKT_V6 = 6 };

/* The device cut nothing yet: segments of seg_size bytes are to be made. */
enum pkt_seg { PKT_SEG_NONE, PKT_SEG_TCP, PKT_SEG_UDP };

/*
 * Offload metadata, free of any device's encoding (spec section 11). The
 * packet itself is complete but for what is said here.
 */
struct pkt_offload {
	enum pkt_seg seg;
	bool ecn;	     /* TCP segments: CWR on the first one only */
	bool accecn;	     /* TCP segments: accurate ECN */
	bool csum_partial;   /* L4 checksum field: pseudo header sum only */
	bool csum_valid;     /* the device has verified the L4 checksum */
	uint8_t seg_family;  /* TCP segments: 4 or 6 as the device says, 0
				when it does not; pkt_parse() checks and
				clears it */
	uint16_t seg_size;   /* payload bytes per segment; 0 without seg */
	uint16_t csum_start; /* with csum_partial: bytes from data; no longer
				looked at once pkt_parse() found it to be
				l4off */
	uint16_t csum_off;   /* with csum_partial: bytes from L4 header */
};

struct pkt {
	/* Storage: borrowed, [buf, buf + bufsize). */
	uint8_t *buf;
	size_t bufsize;

	uint8_t *data; /* first byte of the IP header */
	uint32_t len;  /* bytes from data on */
	struct pkt_offload ofl;

	/* Found by pkt_parse(). */
	enum pkt_family family;
	uint8_t proto;	   /* IPPROTO_ behind all headers we step over */
	uint8_t ttl;	   /* TTL or hop limit */
	uint8_t tclass;	   /* TOS or traffic class */
	bool has_fh;	   /* IPv6: a Fragment Header is present */
	bool is_frag;	   /* a true fragment: offset or more != 0 */
	bool more;	   /* more fragments follow */
	bool df;	   /* IPv4: DF set */
	bool truncated;	   /* IPv6: header chain beyond the end */
	bool fh_ext;	   /* IPv6: extension header behind Fragment Header */
	bool source_route; /* IPv4: source route not used up */
	uint32_t frag_id;  /* identification; IPv4: 16 bits */
	uint16_t frag_off; /* bytes */
	uint16_t l4off;	   /* L4 header, or fragment data, from data */
	uint16_t rh_off;   /* IPv6: first routing header with segments
			      left, from data; 0: none */
	union {
		struct {
			struct in6_addr src;
			struct in6_addr dst;
		} ip6;
		struct {
			struct in_addr src;
			struct in_addr dst;
		} ip4;
	};

	/* Found by pkt_parse_l4(). */
	enum l4proto l4;
	uint16_t sport;	   /* host order; ICMP query: identifier */
	uint16_t dport;	   /* host order; ICMP query: identifier */
	uint8_t tcp_flags; /* PKT_TH_ */
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint16_t l4hlen; /* bytes of the L4 header, options included; of
			       a first fragment, as many as it has */
};

/* Byte order and alignment live here and nowhere else. */
static inline uint16_t
get16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static inline uint32_t
get32(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3]);
}

static inline void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static inline uint8_t *
pkt_l4(const struct pkt *p)
{
	return (p->data + p->l4off);
}

/* Bytes from the L4 header (or the fragment data) to the end. */
static inline uint32_t
pkt_l4len(const struct pkt *p)
{
	return (p->len - p->l4off);
}

/* Payload bytes behind the L4 header; after pkt_parse_l4(). */
static inline uint32_t
pkt_payload_len(const struct pkt *p)
{
	return (p->len - p->l4off - p->l4hlen);
}

/*
 * Make p an empty packet at PKT_HEADROOM of buf, no offloads.
 * bufsize >= PKT_HEADROOM.
 */
void pkt_init(struct pkt *p, uint8_t *buf, size_t bufsize);

/*
 * Parse the IP header of p->data, p->len: FLT-08 to FLT-11, XLT-09's option
 * walk, XLT-30's header walk. Cuts off bytes beyond the IP length field.
 * The walk ends at a Fragment Header; a non-first fragment has its data at
 * l4off. A header chain beyond the end (truncated) leaves l4off at the first
 * incomplete header. Checks the offload metadata (GSO-04, GSO-06) as far as
 * the headers found tell: segments and partial checksums are of unfragmented
 * packets only, and the checksum field lies inside the packet.
 *
 * Returns NAT64_NONE, or the reason why the packet must be dropped in
 * silence.
 */
enum nat64_reason pkt_parse(struct pkt *p);

/*
 * Parse the L4 header of an unfragmented packet or a first fragment, proto
 * being TCP, UDP, ICMP (IPv4) or ICMPv6 (IPv6): FLT-12, FLT-13, FRG-11,
 * and the rest of GSO-04; segments are forgotten where there is only one
 * (GSO-26). sport and dport of ICMP are set for echo request
 * and reply only (0 otherwise): the identifier, both alike.
 *
 * Returns NAT64_NONE, or the reason for a silent drop: NAT64_BAD_L4,
 * NAT64_FRAG_TINY (first fragment), NAT64_BAD_OFFLOAD; any other protocol
 * is NAT64_UNKNOWN_PROTO.
 */
enum nat64_reason pkt_parse_l4(struct pkt *p);

/*
 * Replace a partial L4 checksum by the full one (GSO-19), whatever the
 * protocol, as the device would have done; nothing happens without
 * csum_partial. The packet is parsed by pkt_parse(). A UDP result of 0 is
 * sent as 0xffff (CSM-09).
 */
void pkt_complete_cksum(struct pkt *p);

/* The sum of the pseudo header of a parsed packet; see cksum.h. */
uint64_t pkt_pseudo_sum(const struct pkt *p);

/*
 * Leave the L4 checksum of a parsed TCP or UDP packet to the device: the
 * field gets the sum of the pseudo header, and the metadata say where it is.
 * What they said before does not matter: they may be of a packet that came
 * with its checksum finished, as from any wire.
 */
void pkt_leave_cksum(struct pkt *p);

/*
 * Do the offload metadata agree with the headers (GSO-04, GSO-06)? Those of
 * the device are a claim, which pkt_parse() checks; ours have to, or the
 * device refuses the packet.
 */
bool pkt_offload_holds(const struct pkt *p);

#endif
