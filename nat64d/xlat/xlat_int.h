/*
 * What the files of the header translation have in common: the L4 part of a
 * packet (xlat_l4.c) and the meaning of ICMP types (xlat_icmp_types.c). No
 * other file includes this one.
 */
#ifndef NAT64D_XLAT_XLAT_INT_H
#define NAT64D_XLAT_XLAT_INT_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "nat64d/wire/pkt.h"
#include "xlat.h"

/* An IPv4 packet of more bytes gets DF = 1 (RFC 7915, 5.1). */
#define XLAT_DF_ABOVE 1260

/* Most bytes of an ICMP error (RFC 4443, 2.4; RFC 1812, 4.3.2.3). */
#define XLAT_ERROR4_MAX 576
#define XLAT_ERROR6_MAX 1280

/* Hop limit and TTL of packets that the translator originates. */
#define XLAT_OWN_TTL 64

/*
 * Most bytes of an ICMPv4 error. inside: it will be translated for an IPv6
 * host, so it may be as large as an ICMPv6 error.
 */
static inline uint32_t
xlat_error4_max(bool inside)
{
	return (inside ? XLAT_ERROR6_MAX : XLAT_ERROR4_MAX);
}

/*
 * Is it a protocol with ports, whose checksum covers the addresses? The packets
 * of others are passed on as they are (RFC 7915, 4.5 and 5.5).
 */
static inline bool
xlat_has_ports(uint8_t proto)
{
	return (proto == IPPROTO_TCP || proto == IPPROTO_UDP);
}

/*
 * Bytes from the L4 header to the end of p on the wire. For a super-packet:
 * those of its largest segment.
 */
static inline uint32_t
xlat_wire_l4len(const struct pkt *p)
{
	uint32_t payload;

	if (p->ofl.seg == PKT_SEG_NONE)
		return (pkt_l4len(p));
	payload = pkt_payload_len(p);
	if (payload > p->ofl.seg_size)
		payload = p->ofl.seg_size;
	return (p->l4hlen + payload);
}

/* The TOS byte for a packet that had this traffic class. */
static inline uint8_t
xlat_tos(const struct xlat_conf *c, uint8_t tclass)
{
	return (c->tos == XLAT_TOS_COPY ? tclass : (uint8_t)c->tos);
}

/*
 * Give a TCP or UDP packet with an L4 header its new ports and update its
 * checksum (RFC 1624, 3; RFC 8200, 8.1 for UDP), which may be partial
 * (virtio). old, new: sums of the addresses before and after. UDP has a
 * checksum.
 */
void xlat_l4_update(struct pkt *p, uint64_t old, uint64_t new, uint16_t sport,
    uint16_t dport);

/*
 * Give the echo message at l4 this type, code 0 and this identifier, and
 * update its checksum. old, new: sums of what else is covered before and
 * after, that is the pseudo headers.
 */
void xlat_echo_update(uint8_t *l4, uint8_t type, uint16_t id, uint64_t old,
    uint64_t new);

/*
 * Lower the MSS option of a TCP SYN to what fits both MTUs. It is never
 * raised, and none is added.
 */
void xlat_clamp_mss(struct pkt *p, const struct xlat_conf *c);

/*
 * The counterpart of an error's type and code in the other family (RFC 7915,
 * 4.2 and 5.2). False: there is none.
 */
bool xlat_icmp_type_6to4(uint8_t type, uint8_t code, uint8_t *type4,
    uint8_t *code4);
bool xlat_icmp_type_4to6(uint8_t type, uint8_t code, uint8_t *type6,
    uint8_t *code6);

/*
 * The pointer of a parameter problem, in bytes from the quoted IP header
 * (RFC 7915, figures 3 and 6). -1: the field has no counterpart.
 */
int xlat_icmp_pointer_6to4(uint32_t pointer);
int xlat_icmp_pointer_4to6(uint32_t pointer);

/*
 * The length attribute of an error (RFC 4884, 4): its unit in bytes, 0 if
 * the type has none; and its offset in the ICMP header.
 */
unsigned xlat_icmp_attr_unit(enum pkt_family family, uint8_t type);
unsigned xlat_icmp_attr_off(enum pkt_family family);

/* Bytes of an extension's header, and of a Node Identification object. */
#define XLAT_EXT_HLEN 4
#define XLAT_EXT_NODE_LEN 24

/*
 * Is it an extension structure of this version, whose objects end where it
 * ends, with a right checksum or none (RFC 4884, 7)? To another one nothing
 * can be appended that a receiver would find.
 */
bool xlat_icmp_ext_is_valid(const uint8_t *ext, uint32_t len);

/*
 * Write a structure with one Node Identification object, which has the address
 * of that node; or append the object to a valid structure of len bytes. Its
 * checksum is updated; where none was sent, none is added.
 */
void xlat_icmp_ext_begin(uint8_t *ext, const struct in6_addr *node);
void xlat_icmp_ext_append(uint8_t *ext, uint32_t len,
    const struct in6_addr *node);

#endif
