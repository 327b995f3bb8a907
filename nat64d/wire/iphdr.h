/*
 * Writing of IP headers; pkt.c reads them. The offsets of their fields are in
 * pkt.h.
 */
#ifndef NAT64D_WIRE_IPHDR_H
#define NAT64D_WIRE_IPHDR_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

/* Every IPv6 link has at least this MTU (RFC 8200, 5). */
#define IPV6_MIN_MTU 1280

/* The first byte of an IPv4 header without options (RFC 791, 3.1). */
#define IP4_VERSION_IHL 0x45U

/* The IPv4 word of flags and fragment offset (RFC 791, 3.1), host order. */
#define IP4_DF 0x4000
#define IP4_MF 0x2000
#define IP4_OFFSET 0x1fff /* in units of 8 bytes */

/* Offset and M of the Fragment Header (RFC 8200, 4.5). */
#define FH_OFFSET 0xfff8 /* in bytes, without a shift */
#define FH_MORE 0x0001

/*
 * The ECN field of a traffic class or TOS byte (RFC 3168, 5), and two of its
 * four code points.
 */
#define ECN_MASK 3
#define ECN_NOT_ECT 0
#define ECN_CE 3

/* An IPv4 header without options; numbers in host order. */
struct iphdr4 {
	uint8_t tos;
	uint8_t ttl;
	uint8_t proto;
	bool df;
	bool more;
	uint16_t len; /* total length, bytes */
	uint16_t id;
	uint16_t frag_off; /* bytes */
	struct in_addr src;
	struct in_addr dst;
};

/*
 * An IPv6 header with flow label 0 (RFC 7915, 4.1), and its Fragment Header
 * if any.
 */
struct iphdr6 {
	uint8_t tclass;
	uint8_t hlim;
	uint8_t proto;	   /* behind the Fragment Header, if there is one */
	bool frag;	   /* write a Fragment Header */
	bool more;	   /* this and the next two only with frag */
	uint16_t frag_off; /* bytes */
	uint32_t id;
	uint32_t len; /* payload length, Fragment Header included; bytes */
	struct in6_addr src;
	struct in6_addr dst;
};

/* Write PKT_IP4_HLEN bytes at p, the header checksum included. */
void iphdr_put4(uint8_t *p, const struct iphdr4 *h);

/*
 * Change the total length of the IPv4 header of hlen bytes at p, and compute
 * its checksum anew, also for other fields that were changed.
 */
void iphdr_set_len4(uint8_t *p, uint32_t hlen, uint32_t len);

/*
 * Write PKT_IP6_HLEN bytes at p, and PKT_FRAG_HLEN more with h->frag.
 * h->len <= 65535.
 */
void iphdr_put6(uint8_t *p, const struct iphdr6 *h);

#endif
