/*
 * Packets for the tests of the header translation, built byte by byte and
 * apart from the code under test. One flow everywhere:
 *
 *	IPv6 host CLIENT6  <->  SERVER6 = 2001:db8:64::/96 + SERVER4
 *	pool addr POOL4    <->  SERVER4
 */
#ifndef TESTS_UNIT_XLAT_UTIL_H
#define TESTS_UNIT_XLAT_UTIL_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "nat64d/wire/pkt.h"
#include "nat64d/xlat/xlat.h"
#include "tests/unit/wire.h"

#define CLIENT6 "2001:db8:1::10"
#define SERVER6 "2001:db8:64::198.51.100.20"
#define POOL4 "203.0.113.5"
#define SERVER4 "198.51.100.20"
#define ROUTER6 "2001:db8:99::1"
#define ROUTER4 "192.0.2.77"

#define PORT6 49152	/* of the IPv6 host */
#define PORT4 50000	/* what the pool gives it */
#define PORT_SERVER 443 /* of the server, the same on both sides */

/* ck_assert() tells the parent of every pass, which is slow in loops. */
#define REQUIRE(cond)                                        \
	do {                                                 \
		if (!(cond))                                 \
			ck_abort_msg("not true: %s", #cond); \
	} while (0)

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static inline struct in_addr
addr4(const char *text)
{
	struct in_addr a;

	REQUIRE(inet_pton(AF_INET, text, &a) == 1);
	return (a);
}

static inline struct in6_addr
addr6(const char *text)
{
	struct in6_addr a;

	REQUIRE(inet_pton(AF_INET6, text, &a) == 1);
	return (a);
}

/* The outgoing tuples of the flow. */
static inline struct tuple4
tuple_out4(void)
{
	struct tuple4 t = { .src = { addr4(POOL4), PORT4 },
		.dst = { addr4(SERVER4), PORT_SERVER } };

	return (t);
}

static inline struct tuple6
tuple_out6(void)
{
	struct tuple6 t = { .src = { addr6(SERVER6), PORT_SERVER },
		.dst = { addr6(CLIENT6), PORT6 } };

	return (t);
}

/* An empty packet with storage of its own. */
static inline void
pkt_alloc(struct pkt *p)
{
	uint8_t *buf = malloc(PKT_BUFSIZE);

	REQUIRE(buf != NULL);
	memset(buf, 0xee, PKT_BUFSIZE);
	pkt_init(p, buf, PKT_BUFSIZE);
}

/* What is not said is 0. */
struct spec {
	enum pkt_family family;
	bool back;     /* IPv6: from the server; IPv4: from the pool address */
	uint8_t proto; /* of L4 */
	uint8_t tos;   /* or traffic class */
	uint8_t ttl;   /* or hop limit; 0 means 64 */
	uint8_t next;  /* IPv6 with ext: first next header */
	const uint8_t *ext; /* IPv6 extension headers, IPv4 options */
	size_t extlen;
	uint16_t id;   /* IPv4 */
	uint16_t frag; /* IPv4: flags and offset, as on the wire */
	uint8_t echo_type;
	uint16_t echo_id;
	uint8_t tcp_flags;
	const uint8_t *opts; /* TCP */
	size_t optlen;
	size_t payload;
};

static inline bool
is_icmp(uint8_t proto)
{
	return (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6);
}

/* Where the checksum of an L4 header is. */
static inline size_t
cksum_off(uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return (16);
	return (proto == IPPROTO_UDP ? 6 : 2);
}

/* Write L4 header and payload, checksum 0; returns the length. */
static inline size_t
build_l4(uint8_t *l4, const struct spec *s)
{
	bool from_client = s->family == PKT_V6 ? !s->back : s->back;
	uint16_t port = s->family == PKT_V6 ? PORT6 : PORT4;
	size_t i, hlen = 8;

	memset(l4, 0, 20);
	if (s->proto == IPPROTO_TCP) {
		hlen = 20 + s->optlen;
		memcpy(l4 + 4, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
		l4[12] = (uint8_t)(hlen / 4 << 4);
		l4[13] = s->tcp_flags;
		wire_put16(l4 + 14, 64240);
		memcpy(l4 + 20, s->opts == NULL ? l4 : s->opts, s->optlen);
	} else if (s->proto == IPPROTO_UDP) {
		wire_put16(l4 + 4, (uint16_t)(8 + s->payload));
	} else {
		l4[0] = s->echo_type;
		wire_put16(l4 + 4, s->echo_id);
		wire_put16(l4 + 6, 3);
	}
	if (!is_icmp(s->proto)) {
		wire_put16(l4, from_client ? port : PORT_SERVER);
		wire_put16(l4 + 2, from_client ? PORT_SERVER : port);
	}
	for (i = 0; i < s->payload; i++)
		l4[hlen + i] = (uint8_t)(7 * i + 3);
	return (hlen + s->payload);
}

static inline void
build_ip4(struct pkt *p, const struct spec *s, size_t l4len)
{
	uint8_t *ip = p->data;
	struct in_addr src = addr4(s->back ? POOL4 : SERVER4);
	struct in_addr dst = addr4(s->back ? SERVER4 : POOL4);

	memset(ip, 0, 20);
	ip[0] = (uint8_t)(0x40 | (20 + s->extlen) / 4);
	ip[1] = s->tos;
	wire_put16(ip + 2, (uint16_t)(20 + s->extlen + l4len));
	wire_put16(ip + 4, s->id);
	wire_put16(ip + 6, s->frag);
	ip[8] = s->ttl == 0 ? 64 : s->ttl;
	ip[9] = s->proto;
	memcpy(ip + 12, &src, 4);
	memcpy(ip + 16, &dst, 4);
	if (s->extlen > 0)
		memcpy(ip + 20, s->ext, s->extlen);
	wire_fix_ip4(ip);
}

static inline void
build_ip6(struct pkt *p, const struct spec *s, size_t l4len)
{
	uint8_t *ip = p->data;
	struct in6_addr src = addr6(s->back ? SERVER6 : CLIENT6);
	struct in6_addr dst = addr6(s->back ? CLIENT6 : SERVER6);

	ip[0] = (uint8_t)(0x60 | s->tos >> 4);
	ip[1] = (uint8_t)(s->tos << 4 | 0xb); /* some flow label */
	wire_put16(ip + 2, 0x9123);
	wire_put16(ip + 4, (uint16_t)(s->extlen + l4len));
	ip[6] = s->extlen > 0 ? s->next : s->proto;
	ip[7] = s->ttl == 0 ? 64 : s->ttl;
	memcpy(ip + 8, &src, 16);
	memcpy(ip + 24, &dst, 16);
	if (s->extlen > 0)
		memcpy(ip + 40, s->ext, s->extlen);
}

/* The pseudo header's sum; ICMPv4 has none. */
static inline uint16_t
pseudo_sum(const uint8_t *ip, uint8_t proto, size_t l4len)
{
	if (proto == IPPROTO_ICMP)
		return (0);
	return (wire_pseudo(ip, proto, l4len));
}

/* Build a packet with all checksums; not parsed. */
static inline void
build(struct pkt *p, const struct spec *s)
{
	size_t hlen = (s->family == PKT_V6 ? 40 : 20) + s->extlen, l4len;
	uint8_t *l4;
	uint16_t sum;

	p->data = p->buf + PKT_HEADROOM;
	l4 = p->data + hlen;
	l4len = build_l4(l4, s);
	if (s->family == PKT_V6)
		build_ip6(p, s, l4len);
	else
		build_ip4(p, s, l4len);
	sum = (uint16_t)~wire_sum(pseudo_sum(p->data, s->proto, l4len), l4,
	    l4len);
	if (s->proto == IPPROTO_UDP && sum == 0)
		sum = 0xffff;
	wire_put16(l4 + cksum_off(s->proto), sum);
	p->len = (uint32_t)(hlen + l4len);
	memset(&p->ofl, 0, sizeof(p->ofl));
}

static inline void
parse(struct pkt *p)
{
	REQUIRE(pkt_parse(p) == NAT64_NONE);
	if (p->frag_off == 0)
		REQUIRE(pkt_parse_l4(p) == NAT64_NONE);
}

/* Make the L4 checksum of a parsed TCP or UDP packet a partial one. */
static inline void
make_partial(struct pkt *p, enum pkt_seg seg, uint16_t seg_size)
{
	size_t off = cksum_off(p->proto);

	wire_put16(pkt_l4(p) + off,
	    pseudo_sum(p->data, p->proto, pkt_l4len(p)));
	p->ofl.csum_partial = true;
	p->ofl.csum_start = p->l4off;
	p->ofl.csum_off = (uint16_t)off;
	p->ofl.seg = seg;
	p->ofl.seg_size = seg_size;
}

/* The whole packet's L4 checksum, computed from scratch, is right. */
static inline bool
cksum_right(const struct pkt *p)
{
	size_t len = pkt_l4len(p);

	if (p->proto == IPPROTO_UDP)
		len = wire_get16(pkt_l4(p) + 4);
	return (wire_sum(pseudo_sum(p->data, p->proto, len), pkt_l4(p), len) ==
	    0xffff);
}

/* The IPv4 header checksum is right. */
static inline bool
ip4_right(const uint8_t *ip)
{
	return (wire_sum(0, ip, (size_t)(ip[0] & 15) * 4) == 0xffff);
}

#define ASSERT_SAME(a, b, field) REQUIRE((a)->field == (b)->field)

/* All that parsing finds is in p already (the promise of xlat.h). */
static inline void
assert_as_parsed(const struct pkt *p)
{
	struct pkt again = *p;

	parse(&again);
	ASSERT_SAME(p, &again, len);
	ASSERT_SAME(p, &again, family);
	ASSERT_SAME(p, &again, proto);
	ASSERT_SAME(p, &again, ttl);
	ASSERT_SAME(p, &again, tclass);
	ASSERT_SAME(p, &again, has_fh);
	ASSERT_SAME(p, &again, is_frag);
	ASSERT_SAME(p, &again, more);
	ASSERT_SAME(p, &again, df);
	ASSERT_SAME(p, &again, truncated);
	ASSERT_SAME(p, &again, fh_ext);
	ASSERT_SAME(p, &again, source_route);
	ASSERT_SAME(p, &again, frag_id);
	ASSERT_SAME(p, &again, frag_off);
	ASSERT_SAME(p, &again, l4off);
	ASSERT_SAME(p, &again, rh_off);
	if (p->family == PKT_V6)
		REQUIRE(memcmp(&p->ip6, &again.ip6, sizeof(p->ip6)) == 0);
	else
		REQUIRE(memcmp(&p->ip4, &again.ip4, sizeof(p->ip4)) == 0);
	if (p->frag_off != 0)
		return;
	ASSERT_SAME(p, &again, l4);
	ASSERT_SAME(p, &again, sport);
	ASSERT_SAME(p, &again, dport);
	ASSERT_SAME(p, &again, tcp_flags);
	ASSERT_SAME(p, &again, icmp_type);
	ASSERT_SAME(p, &again, icmp_code);
	ASSERT_SAME(p, &again, l4hlen);
}

/* A Fragment Header in front of proto, for struct spec. */
static inline void
put_fh(uint8_t fh[8], uint8_t proto, uint16_t off_more, uint32_t id)
{
	fh[0] = proto;
	fh[1] = 0;
	wire_put16(fh + 2, off_more);
	wire_put16(fh + 4, (uint16_t)(id >> 16));
	wire_put16(fh + 6, (uint16_t)id);
}

#endif
