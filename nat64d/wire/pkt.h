/*
 * A packet in the translator: a borrowed buffer, the values found by parsing,
 * and the offload metadata of the device.
 *
 * pkt.c checks every length field against the bytes received; all other code
 * relies on the offsets found here and reads no length field again. A packet
 * that cannot be parsed is to be dropped; whether any other packet is dropped
 * or answered is decided in nat64d/core, so what leads to an ICMP error is
 * only recorded here.
 *
 * States of a struct pkt:
 * raw      by pkt_init() and a device: buf, bufsize, data, len and ofl are
 *          valid, ofl is not checked. To parsed by pkt_parse().
 * parsed   the fields "Found by pkt_parse()" are valid, data[0 .. len) is the
 *          packet without bytes beyond its IP length field, l4off <= len.
 *          To complete by pkt_parse_l4().
 * complete all fields are valid, l4off + l4hlen <= len.
 */
#ifndef NAT64D_WIRE_PKT_H
#define NAT64D_WIRE_PKT_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/octets.h"

#include "nat64d/base/stats.h"
#include "nat64d/base/tuple.h"

/*
 * Bytes of a buffer before the packet: translation from IPv4 to IPv6 adds up
 * to 28.
 */
#define PKT_HEADROOM 64
/* Largest packet: a super-packet with segmentation offload. */
#define PKT_MAXLEN 65535
/* A buffer for the largest packet, with space behind it for padding. */
#define PKT_BUFSIZE (PKT_HEADROOM + PKT_MAXLEN + 65)

#define PKT_IP4_HLEN 20
#define PKT_IP6_HLEN 40
#define PKT_FRAG_HLEN 8 /* IPv6 Fragment Header */
#define PKT_TCP_HLEN 20
#define PKT_UDP_HLEN 8
#define PKT_ICMP_HLEN 8

/* Offsets of fields in their header. */
#define PKT_IP4_TOS 1
#define PKT_IP4_LEN 2
#define PKT_IP4_ID 4
#define PKT_IP4_FRAG 6
#define PKT_IP4_TTL 8
#define PKT_IP4_PROTO 9
#define PKT_IP4_CKSUM 10
#define PKT_IP4_SRC 12
#define PKT_IP4_DST 16
#define PKT_IP6_LEN 4
#define PKT_IP6_NEXT 6
#define PKT_IP6_HLIM 7
#define PKT_IP6_SRC 8
#define PKT_IP6_DST 24
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

/* Of a super-packet, which the device cuts into segments when it leaves. */
enum pkt_seg { PKT_SEG_NONE, PKT_SEG_TCP, PKT_SEG_UDP };

/*
 * Offload metadata, as the Linux tun has them (virtio 1.2, 5.1.6), but without
 * its encoding. Apart from these the packet is complete.
 */
struct pkt_offload {
	enum pkt_seg seg;
	bool ecn;	     /* TCP: CWR on the first segment only */
	bool accecn;	     /* TCP: accurate ECN */
	bool csum_partial;   /* the L4 checksum field has the sum of the
				pseudo header, not complemented */
	bool csum_valid;     /* the device has verified the L4 checksum */
	uint8_t seg_family;  /* TCP: 4 or 6 if the device says so, else 0;
				checked and cleared by pkt_parse() */
	uint16_t seg_size;   /* payload bytes per segment; 0 without seg */
	uint16_t csum_start; /* with csum_partial: bytes from data;
				pkt_parse() checks that it is l4off, then
				unused */
	uint16_t csum_off;   /* with csum_partial: bytes from l4off */
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
	uint8_t proto;	   /* IPPROTO_ behind the extension headers */
	uint8_t ttl;	   /* TTL or hop limit */
	uint8_t tclass;	   /* TOS or traffic class */
	bool has_fh;	   /* IPv6: a Fragment Header is present */
	bool is_frag;	   /* a fragment, but not an atomic one */
	bool more;	   /* more fragments follow */
	bool df;	   /* IPv4: DF set */
	bool truncated;	   /* IPv6: the packet ends in the headers */
	bool fh_ext;	   /* IPv6: extension header behind Fragment Header */
	bool source_route; /* IPv4: source route not used up */
	uint32_t frag_id;  /* identification; IPv4: 16 bits */
	uint16_t frag_off; /* bytes */
	uint16_t l4off;	   /* bytes from data to the L4 header, or to the
			      data of a fragment that is not the first */
	uint16_t rh_off;   /* IPv6: bytes from data to the first routing
			      header with segments left; 0: none */
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
	uint16_t l4hlen; /* bytes of the L4 header with options; of a first
			    fragment, as many of them as it has */
};

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

/* Is proto the ICMP of the packet's family? After pkt_parse(). */
static inline bool
pkt_is_icmp(const struct pkt *p)
{
	return (
	    p->proto == (p->family == PKT_V6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP));
}

/*
 * Make p an empty packet without offloads. buf: storage of bufsize bytes, at
 * least PKT_HEADROOM, borrowed as long as p is used; data is put at
 * buf + PKT_HEADROOM.
 */
void pkt_init(struct pkt *p, uint8_t *buf, size_t bufsize);

/*
 * Parse the IP header of p->data, p->len: length fields, header checksum,
 * IPv4 options (RFC 7915, 4.1) and IPv6 extension headers (RFC 7915, 5.1).
 * Bytes beyond the IP length field are removed. The walk over the extension
 * headers ends at a Fragment Header. If the packet ends within the headers,
 * truncated is set and l4off is the offset of the first incomplete one.
 *
 * The offload metadata are checked as far as the IP headers allow:
 * segmentation and partial checksums need a packet that is not a fragment,
 * and the checksum field has to be inside the packet. A partial checksum behind
 * the UDP header, of a packet in a tunnel, is completed.
 *
 * Returns NAT64_NONE, or the reason why the packet must be dropped silently.
 */
enum nat64_reason pkt_parse(struct pkt *p);

/*
 * Parse the L4 header of a packet or first fragment with proto TCP, UDP, ICMP
 * (IPv4) or ICMPv6 (IPv6). Header lengths have to fit the packet; the header
 * without options has to be in the first fragment (RFC 6146, 3.4); TCP port 0
 * is refused, UDP port 0 is not. Completes the check of the offload metadata;
 * seg is cleared if there is only one segment. sport and dport of ICMP echo
 * requests and replies are both the identifier, those of other ICMP messages
 * are 0.
 *
 * Returns NAT64_NONE, or the reason for a silent drop: NAT64_BAD_L4,
 * NAT64_FRAG_TINY (first fragment), NAT64_BAD_OFFLOAD; for any other protocol
 * NAT64_UNKNOWN_PROTO.
 */
enum nat64_reason pkt_parse_l4(struct pkt *p);

/*
 * Complete a partial L4 checksum of any protocol, as the device would have
 * done, for a packet parsed by pkt_parse(); does nothing without
 * csum_partial. A UDP checksum of 0 becomes 0xffff (RFC 768).
 */
void pkt_complete_cksum(struct pkt *p);

/* The sum of the pseudo header of a parsed packet; see cksum.h. */
uint64_t pkt_pseudo_sum(const struct pkt *p);

/*
 * Leave the L4 checksum of a parsed TCP or UDP packet to the device: write
 * the sum of the pseudo header to the field and set csum_partial,
 * csum_start and csum_off, whatever the metadata were.
 */
void pkt_leave_cksum(struct pkt *p);

/*
 * Do the offload metadata agree with the headers, so that the device can
 * segment the packet and complete its checksum? pkt_parse() checks those of
 * the device; a packet that we write with wrong ones is refused or lost.
 */
bool pkt_offload_holds(const struct pkt *p);

#endif
