/*
 * ICMP errors for the tests of their translation: built from the packet that
 * they quote, translated, and checked for what must be true of every result. A
 * header, because each test is a program of its own.
 */
#ifndef TESTS_UNIT_XLAT_ICMP_UTIL_H
#define TESTS_UNIT_XLAT_ICMP_UTIL_H

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/wire/ipid.h"
#include "nat64d/xlat/xlat.h"
#include "tests/unit/ipid_util.h"
#include "tests/unit/xlat_util.h"

#define FIRST_ID 0x1001

/* An error; what is not said is 0. */
struct error_spec {
	enum pkt_family family;
	uint8_t type;
	uint8_t code;
	uint32_t param; /* bytes 4-7 */
	uint8_t tos;
	const uint8_t *quote;
	size_t quotelen;
	size_t ext; /* bytes of an extension structure behind the quote */
};

static struct xlat_conf conf;
static struct ipid ids;
static struct pkt p, q, out; /* the error, what it quotes, the result */
static struct icmp_inner inner;
static const struct in6_addr *node; /* to be told in IPv4 errors, or NULL */
static bool inside;		    /* they are for an IPv6 host */

static inline void
setup(void)
{
	node = NULL;
	inside = false;
	xlat_conf_init(&conf);
	ipid_init_fixed(&ids, FIRST_ID);
	pkt_alloc(&p);
	pkt_alloc(&q);
	pkt_alloc(&out);
}

static inline void
teardown(void)
{
	free(p.buf);
	free(q.buf);
	free(out.buf);
}

static inline uint8_t
ext_byte(size_t i)
{
	return ((uint8_t)(0x20 + i));
}

static inline void
fix_error(uint32_t hlen)
{
	uint8_t proto = hlen == 40 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	uint8_t *icmp = p.data + hlen;

	wire_put16(icmp + 2, 0);
	wire_put16(icmp + 2,
	    (uint16_t)~wire_sum(pseudo_sum(p.data, proto, p.len - hlen), icmp,
		p.len - hlen));
}

/* Build an error from a router to the one who sent the quoted packet. */
static inline void
build_error(const struct error_spec *e)
{
	struct spec s = { .family = e->family, .tos = e->tos, .ttl = 50 };
	struct in_addr router4 = addr4(ROUTER4);
	struct in6_addr router6 = addr6(ROUTER6);
	bool v6 = e->family == PKT_V6;
	uint32_t hlen = v6 ? 40 : 20;
	uint8_t *icmp;
	size_t i;

	s.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	s.payload = e->quotelen + e->ext;
	build(&p, &s);
	if (v6) {
		memcpy(p.data + 8, &router6, 16);
	} else {
		memcpy(p.data + 12, &router4, 4);
		wire_fix_ip4(p.data);
	}
	icmp = p.data + hlen;
	icmp[0] = e->type;
	icmp[1] = e->code;
	wire_put16(icmp + 4, (uint16_t)(e->param >> 16));
	wire_put16(icmp + 6, (uint16_t)e->param);
	memcpy(icmp + 8, e->quote, e->quotelen);
	for (i = 0; i < e->ext; i++)
		icmp[8 + e->quotelen + i] = ext_byte(i);
	fix_error(hlen);
}

static inline enum nat64_reason
translate(void)
{
	struct in_addr src4 = addr4(POOL4), dst4 = addr4(SERVER4);
	struct in6_addr src6 = addr6(ROUTER6), dst6 = addr6(CLIENT6);
	struct tuple4 t4 = { .src = { dst4, PORT_SERVER },
		.dst = { src4, PORT4 } };
	struct tuple6 t6 = { .src = { dst6, PORT6 },
		.dst = { addr6(SERVER6), PORT_SERVER } };
	enum nat64_reason reason;

	parse(&p);
	reason = xlat_icmp_parse(&p, true, &inner);
	if (reason != NAT64_NONE)
		return (reason);
	if (p.family == PKT_V6)
		reason = xlat_icmp_6to4(&p, &inner, src4, dst4, node, &t4,
		    &conf, &ids, inside, &out);
	else
		reason =
		    xlat_icmp_4to6(&p, &inner, &src6, &dst6, &t6, &conf, &out);
	if (reason == NAT64_NONE) {
		REQUIRE(cksum_right(&out));
		assert_as_parsed(&out);
	}
	return (reason);
}

/*
 * The packet that an error of that family quotes, by the flow: it went the
 * other way than the error.
 */
static inline void
quote(const struct spec *like, enum pkt_family family)
{
	struct spec s = *like;

	s.family = family;
	s.back = true;
	build(&q, &s);
}

static inline void
quote_udp(enum pkt_family family)
{
	struct spec s = { .proto = IPPROTO_UDP, .payload = 40 };

	quote(&s, family);
}

static inline void
error_about(enum pkt_family family, uint8_t type, uint8_t code, uint32_t param)
{
	struct error_spec e = { .family = family,
		.type = type,
		.code = code,
		.param = param,
		.quote = q.data,
		.quotelen = q.len };

	build_error(&e);
}

/* What is quoted: spec of the packet, and how much of it. */
struct quote_row {
	const char *name;
	uint8_t proto;
	uint8_t echo; /* 1: request, 2: reply */
	size_t payload;
	uint8_t next;
	const uint8_t *ext6;
	size_t ext6len;
	const uint8_t *ext4;
	size_t ext4len;
	uint16_t frag4;
};

static const uint8_t opts4[] = { 7, 7, 8, 192, 0, 2, 9, 0 };
static const uint8_t hbh_udp[] = { 17, 0, 1, 4, 0, 0, 0, 0 };
static const uint8_t rh_used[] = { 17, 0, 4, 0, 0, 0, 0, 0 };
static const uint8_t rh_left[] = { 17, 0, 4, 1, 0, 0, 0, 0 };
static const uint8_t dst_fh_tcp[] = { 44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 1,
	0xab, 0xcd, 0x12, 0x34 };

static const struct quote_row quote_rows[] = {
	{ "UDP", IPPROTO_UDP, 0, 40, 0, NULL, 0, NULL, 0, 0 },
	{ "UDP, odd", IPPROTO_UDP, 0, 41, 0, NULL, 0, NULL, 0, 0x4000 },
	{ "TCP", IPPROTO_TCP, 0, 40, 0, NULL, 0, NULL, 0, 0x4000 },
	{ "echo request", IPPROTO_ICMP, 1, 41, 0, NULL, 0, NULL, 0, 0 },
	{ "echo reply", IPPROTO_ICMP, 2, 40, 0, NULL, 0, NULL, 0, 0 },
	{ "options, hop-by-hop", IPPROTO_UDP, 0, 40, IPPROTO_HOPOPTS, hbh_udp,
	    8, opts4, 8, 0 },
	{ "routing header used up", IPPROTO_UDP, 0, 40, IPPROTO_ROUTING,
	    rh_used, 8, NULL, 0, 0 },
	{ "routing header not used up", IPPROTO_UDP, 0, 40, IPPROTO_ROUTING,
	    rh_left, 8, NULL, 0, 0 },
	{ "first fragment", IPPROTO_TCP, 0, 40, IPPROTO_DSTOPTS, dst_fh_tcp,
	    16, opts4, 8, 0x2000 },
};

static inline void
quote_of_row(const struct quote_row *r, enum pkt_family family, bool back)
{
	struct spec s = { .family = family,
		.back = back,
		.proto = r->proto,
		.tos = 0x42,
		.ttl = 1,
		.id = 0x1234,
		.payload = r->payload,
		.echo_id = family == PKT_V6 ? PORT6 : PORT4 };

	if (family == PKT_V6) {
		s.next = r->next;
		s.ext = r->ext6;
		s.extlen = r->ext6len;
		if (r->proto == IPPROTO_ICMP)
			s.proto = IPPROTO_ICMPV6;
		s.echo_type = (uint8_t)(r->echo == 1 ? ICMP6_ECHO_REQUEST :
						       ICMP6_ECHO_REPLY);
	} else {
		s.ext = r->ext4;
		s.extlen = r->ext4len;
		s.frag = r->frag4;
		s.echo_type =
		    (uint8_t)(r->echo == 1 ? ICMP_ECHO : ICMP_ECHOREPLY);
	}
	build(&q, &s);
}

/*
 * The packet as the other side knew it, built anew without what is dropped
 * on the way; and the sums that it has by then.
 */
static inline void
quote_as_sent(const struct quote_row *r, enum pkt_family family)
{
	struct quote_row plain = *r;
	static uint8_t fh[8];
	bool frag = (r->frag4 & 0x2000) != 0;

	plain.ext4len = 0;
	plain.ext6len = 0;
	plain.frag4 = frag ? 0x2000 : 0;
	if (frag && family == PKT_V6) {
		put_fh(fh, r->proto, 1, 0x1234);
		plain.next = IPPROTO_FRAGMENT;
		plain.ext6 = fh;
		plain.ext6len = 8;
	}
	quote_of_row(&plain, family, false);
	if (family == PKT_V6) {
		q.data[1] &= 0xf0;
		q.data[2] = q.data[3] = 0;
		return;
	}
	wire_put16(q.data + 4, frag ? 0x1234 : 0);
	wire_fix_ip4(q.data);
}

#endif
