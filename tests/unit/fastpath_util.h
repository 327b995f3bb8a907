/*
 * For the tests of the fast path: random sessions and packets, and what is to
 * become of a packet, found with the parser and the translator of the daemon.
 */
#ifndef TESTS_UNIT_FASTPATH_UTIL_H
#define TESTS_UNIT_FASTPATH_UTIL_H

#include <netinet/in.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/pref64.h"

#include "nat64d/os/fastpath_abi.h"
#include "nat64d/os/fastpath_prog.h"
#include "nat64d/wire/cksum.h"
#include "nat64d/wire/gso.h"
#include "nat64d/wire/pkt.h"
#include "nat64d/xlat/xlat.h"
#include "tests/unit/ipid_util.h"
#include "tests/unit/wire.h"

/* The Check macros tell the parent of every pass, which is slow in loops. */
#define REQUIRE(cond)                                        \
	do {                                                 \
		if (!(cond))                                 \
			ck_abort_msg("not true: %s", #cond); \
	} while (0)

/* A generator that a failure can be repeated with (xorshift64*). */
static uint64_t random_state = 88172645463325252u;

static inline uint32_t
random32(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return ((uint32_t)(random_state * 2685821657736338717u >> 32));
}

static inline uint32_t
below(uint32_t n)
{
	return (random32() % n);
}

static inline bool
one_in(uint32_t n)
{
	return (below(n) == 0);
}

/* For the message of a test that fails. */
static inline void
print_bytes(const char *what, const uint8_t *bytes, uint32_t len)
{
	uint32_t i;

	fprintf(stderr, "%s, %u bytes:", what, len);
	for (i = 0; i < len && i < 80; i++)
		fprintf(stderr, "%s%02x", i % 4 == 0 ? " " : "", bytes[i]);
	fprintf(stderr, "\n");
}

/* NULL, or why this machine cannot run the tests. */
static inline const char *
fastpath_missing(void)
{
	static char why[256];
	struct xlat_conf conf;
	struct fastpath *f;
	const char *what;

	xlat_conf_init(&conf);
	f = fastpath_load(NULL, 1, &conf, false, &what);
	if (f == NULL) {
		snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
		return (why);
	}
	fastpath_free(f);
	return (NULL);
}

static inline struct in6_addr
random_prefixed(struct in_addr addr4)
{
	static const unsigned lens[] = { 32, 40, 48, 56, 64, 96 };
	struct in6_addr base = { { { 0x20, 0x01, 0x0d, 0xb8 } } }, out;
	struct pref64 prefix;
	unsigned i, len = lens[below(6)];

	for (i = 4; i < len / 8; i++)
		base.s6_addr[i] = i == 8 ? 0 : (uint8_t)random32();
	if (one_in(4))
		prefix = pref64_wkp;
	else
		REQUIRE(pref64_init(&prefix, &base, len) == NULL);
	pref64_embed(&prefix, addr4, &out);
	return (out);
}

static inline struct fastflow
random_flow(void)
{
	struct fastflow f;
	unsigned i;

	memset(&f, 0, sizeof(f));
	f.proto = (uint8_t)below(L4_NPROTO);
	f.in6.addr.s6_addr[0] = 0x20;
	for (i = 1; i < 16; i++)
		f.in6.addr.s6_addr[i] = (uint8_t)random32();
	f.in6.port = (uint16_t)(1 + below(65535));
	f.out4.addr.s_addr = htonl(0xcb007100 + below(8));
	f.out4.port = one_in(4) ? f.in6.port : (uint16_t)(1 + below(65535));
	f.peer4.addr.s_addr = htonl(0x08000000 + below(0x01000000));
	f.peer4.port = one_in(2) ? 443 : (uint16_t)(1 + below(65535));
	if (f.proto == L4_ICMP)
		f.peer4.port = 0;
	f.peer6 = random_prefixed(f.peer4.addr);
	f.id_counter = (uint16_t)below(IPID_NCOUNTERS);
	return (f);
}

static inline struct xlat_conf
random_conf(void)
{
	struct xlat_conf c;

	xlat_conf_init(&c);
	c.mtu4 = one_in(2) ? 1500 : 576 + below(1000);
	c.mtu6 = one_in(2) ? 1500 : 1280 + below(300);
	c.lowest_mtu6 = one_in(2) ? 1280 : 1280 + below(c.mtu6 - 1279);
	c.tos = one_in(2) ? XLAT_TOS_COPY : (int)below(256);
	c.tclass_zero = one_in(3);
	return (c);
}

/*
 * Is p of this direction of f? It is complete (pkt.h). Both ports of an echo
 * message are its identifier.
 */
static inline bool
is_of_flow(const struct pkt *p, const struct fastflow *f)
{
	const bool echo = f->proto == L4_ICMP;

	if (p->l4 != (enum l4proto)f->proto)
		return (false);
	if (p->family == PKT_V6)
		return (IN6_ARE_ADDR_EQUAL(&p->ip6.src, &f->in6.addr) &&
		    IN6_ARE_ADDR_EQUAL(&p->ip6.dst, &f->peer6) &&
		    p->sport == f->in6.port &&
		    (echo || p->dport == f->peer4.port));
	return (p->ip4.src.s_addr == f->peer4.addr.s_addr &&
	    p->ip4.dst.s_addr == f->out4.addr.s_addr &&
	    (echo || p->sport == f->peer4.port) && p->dport == f->out4.port);
}

/* What the checksums of an echo message of f cover besides its data. */
static inline void
echo_sums(const struct fastflow *f, bool request, uint32_t l4len,
    uint64_t *sum6, uint64_t *sum4)
{
	*sum6 = cksum_pseudo6(&f->in6.addr, &f->peer6, IPPROTO_ICMPV6, l4len) +
	    (request ? 128u << 8 : 129u << 8) + f->in6.port;
	*sum4 = (request ? 8u << 8 : 0) + (uint64_t)f->out4.port;
}

/*
 * Is p, of ICMP, an echo message that the program may translate? Its checksum
 * has to change, or else it cannot be told from a partial one.
 */
static inline bool
is_plain_echo(const struct pkt *p, const struct fastflow *f)
{
	const bool from6 = p->family == PKT_V6;
	const bool request = p->icmp_type == (from6 ? 128 : 8);
	uint64_t sum6, sum4;

	if (p->icmp_code != 0 || p->ofl.seg != PKT_SEG_NONE ||
	    p->ofl.csum_partial ||
	    (!request && p->icmp_type != (from6 ? 129 : 0)))
		return (false);
	echo_sums(f, request, pkt_l4len(p), &sum6, &sum4);
	return (cksum_update(1, sum6, sum4) != 1);
}

/* Is there the sum of the pseudo header only? p is complete (pkt.h). */
static inline bool
has_partial_cksum(const struct pkt *p)
{
	return (wire_get16(pkt_l4(p) + (p->l4 == L4_TCP ? 16 : 6)) ==
	    cksum_fold(pkt_pseudo_sum(p)));
}

/* The translator has no sessions, which segments with SYN might change. */
static bool stateless;

/* May the program translate p, of len bytes? p is parsed here. */
static inline bool
is_plain(struct pkt *p, const struct fastflow *f, const struct xlat_conf *c)
{
	const struct pkt_offload ofl = p->ofl;
	const uint32_t len = p->len;
	uint32_t mtu;

	/* The parser wants a partial checksum of segments. */
	memset(&p->ofl, 0, sizeof(p->ofl));
	if (pkt_parse(p) != NAT64_NONE || p->len != len)
		return (false);
	if (p->is_frag || p->has_fh || p->truncated || p->ttl <= 1 ||
	    p->l4off != (p->family == PKT_V6 ? 40 : 20) ||
	    pkt_parse_l4(p) != NAT64_NONE || !is_of_flow(p, f))
		return (false);
	p->ofl = ofl;
	if (p->l4 == L4_ICMP && !is_plain_echo(p, f))
		return (false);
	if (p->proto == IPPROTO_UDP &&
	    (wire_get16(pkt_l4(p) + 6) == 0 ||
		wire_get16(pkt_l4(p) + 4) != pkt_l4len(p)))
		return (false);
	if (p->proto == IPPROTO_TCP && !stateless &&
	    (p->tcp_flags &
		(PKT_TH_SYN | PKT_TH_FIN | PKT_TH_RST | PKT_TH_ACK)) !=
		PKT_TH_ACK)
		return (false);
	if (p->family == PKT_V4 && (p->data[6] & 0x80) != 0)
		return (false); /* the reserved bit */
	if (ofl.seg != PKT_SEG_NONE && !has_partial_cksum(p))
		return (false); /* a list of packets */
	if (ofl.seg != PKT_SEG_NONE && pkt_payload_len(p) <= ofl.seg_size)
		p->ofl.seg = PKT_SEG_NONE;
	return (
	    (p->family == PKT_V6 ? xlat_fit_6to4(p, c, &mtu) :
				   xlat_fit_4to6(p, c, &mtu)) == XLAT_FITS);
}

/*
 * Translate a packet that is_plain() accepted as the daemon would. id: the
 * identification that comes next.
 */
static inline void
translate(struct pkt *p, const struct fastflow *f, const struct xlat_conf *c,
    uint16_t id)
{
	const struct tuple4 out4 = { f->out4, f->peer4 };
	const struct tuple6 out6 = { { f->peer6, f->peer4.port }, f->in6 };
	struct ipid ids;

	ipid_init_fixed(&ids, id);
	if (p->family == PKT_V6)
		xlat_6to4(p, &out4, c, &ids, false);
	else
		xlat_4to6(p, &out6, c);
}

/* Tell of both directions between the addresses of f, whose ports stay. */
static inline void
insert_pairs(struct fastpath *fp, const struct fastflow *f)
{
	const struct fastpath_ops *ops = fastpath_ops(fp);
	struct fastpair pair = { .src6 = f->in6.addr,
		.dst6 = f->peer6,
		.src4 = f->out4.addr,
		.dst4 = f->peer4.addr,
		.proto = f->proto,
		.from6 = true,
		.id_counter = f->id_counter };

	REQUIRE(f->in6.port == f->out4.port);
	ops->add_pair(ops->arg, &pair);
	pair = (struct fastpair){ .src6 = f->peer6,
		.dst6 = f->in6.addr,
		.src4 = f->peer4.addr,
		.dst4 = f->out4.addr,
		.proto = f->proto };
	ops->add_pair(ops->arg, &pair);
	fastpath_commit(fp, 1, true);
}

/* No flow of a pair has to follow an earlier packet. */
static inline void
clear_notes(struct fastpath *fp)
{
	uint32_t n;
	struct fast_slot *slots = fastpath_slots(fp, &n);

	memset(slots, 0, n * sizeof(*slots));
}

/* What ICMP is called in a family. */
static inline uint8_t
proto_of(const struct fastflow *f, bool from6)
{
	static const uint8_t protos[2][L4_NPROTO] = {
		{ IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP },
		{ IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6 },
	};

	return (protos[from6][f->proto]);
}

/* The header of an echo message, checksum 0. */
static inline void
build_echo(uint8_t *l4, const struct fastflow *f, bool from6)
{
	const bool request = one_in(2);

	if (from6)
		l4[0] = request ? 128 : 129;
	else
		l4[0] = request ? 8 : 0;
	l4[1] = 0;
	wire_put16(l4 + 2, 0);
	wire_put16(l4 + 4, from6 ? f->in6.port : f->out4.port);
}

/* The L4 part of a plain packet, checksum 0. Returns its length. */
static inline uint32_t
flow_build_l4(uint8_t *l4, const struct fastflow *f, bool from6,
    uint32_t payload)
{
	const uint32_t hlen =
	    f->proto == L4_TCP ? 20 + 4 * (one_in(2) ? 0 : below(11)) : 8;
	uint32_t i;

	for (i = 0; i < hlen; i++)
		l4[i] = (uint8_t)random32();
	for (i = 0; i < payload; i++)
		l4[hlen + i] = (uint8_t)(i * 7 + hlen);
	wire_put16(l4, from6 ? f->in6.port : f->peer4.port);
	wire_put16(l4 + 2, from6 ? f->peer4.port : f->out4.port);
	if (f->proto == L4_ICMP) {
		build_echo(l4, f, from6);
	} else if (f->proto == L4_TCP) {
		l4[12] = (uint8_t)(hlen / 4 << 4 | (l4[12] & 15));
		l4[13] = (uint8_t)((l4[13] & 0xe8) | PKT_TH_ACK);
		wire_put16(l4 + 16, 0);
	} else {
		wire_put16(l4 + 4, (uint16_t)(hlen + payload));
		wire_put16(l4 + 6, 0);
	}
	return (hlen + payload);
}

static inline void
flow_build_ip6(uint8_t *ip, const struct fastflow *f, uint32_t l4len)
{
	unsigned i;

	for (i = 0; i < 8; i++)
		ip[i] = (uint8_t)random32();
	ip[0] = (uint8_t)(0x60 | (ip[0] & 15));
	wire_put16(ip + 4, (uint16_t)l4len);
	ip[6] = proto_of(f, true);
	ip[7] = (uint8_t)(2 + below(254));
	memcpy(ip + 8, &f->in6.addr, 16);
	memcpy(ip + 24, &f->peer6, 16);
}

static inline void
flow_build_ip4(uint8_t *ip, const struct fastflow *f, uint32_t l4len)
{
	unsigned i;

	for (i = 0; i < 8; i++)
		ip[i] = (uint8_t)random32();
	ip[0] = 0x45;
	wire_put16(ip + 2, (uint16_t)(20 + l4len));
	wire_put16(ip + 6, one_in(2) ? 0x4000 : 0);
	ip[8] = (uint8_t)(2 + below(254));
	ip[9] = proto_of(f, false);
	memcpy(ip + 12, &f->peer4.addr, 4);
	memcpy(ip + 16, &f->out4.addr, 4);
	wire_fix_ip4(ip);
}

/* Where the checksum is in the L4 header of a packet of f. */
static inline uint8_t
flow_cksum_off(const struct fastflow *f)
{
	static const uint8_t offs[L4_NPROTO] = { [L4_TCP] = PKT_TCP_CKSUM,
		[L4_UDP] = PKT_UDP_CKSUM,
		[L4_ICMP] = PKT_ICMP_CKSUM };

	return (offs[f->proto]);
}

/* The field of the L4 checksum of a plain packet of f. */
static inline uint8_t *
cksum_field(const struct fastflow *f, uint8_t *l4)
{
	return (l4 + flow_cksum_off(f));
}

/* Build a plain packet of f with a right or a partial checksum. */
static inline void
build_plain(struct pkt *p, const struct fastflow *f, bool from6,
    uint32_t payload, bool partial)
{
	const uint8_t proto = proto_of(f, from6);
	const uint32_t hlen = from6 ? 40 : 20;
	uint8_t *l4 = p->data + hlen;
	uint32_t l4len;
	uint16_t sum = 0;

	l4len = flow_build_l4(l4, f, from6, payload);
	if (from6)
		flow_build_ip6(p->data, f, l4len);
	else
		flow_build_ip4(p->data, f, l4len);
	p->len = hlen + l4len;
	memset(&p->ofl, 0, sizeof(p->ofl));
	if (proto != IPPROTO_ICMP)
		sum = wire_pseudo(p->data, proto, l4len);
	if (partial) {
		p->ofl.csum_partial = true;
		p->ofl.csum_start = (uint16_t)hlen;
		p->ofl.csum_off = flow_cksum_off(f);
	} else {
		sum = (uint16_t)~wire_sum(sum, l4, l4len);
		if (proto == IPPROTO_UDP && sum == 0)
			sum = 0xffff;
	}
	wire_put16(cksum_field(f, l4), sum);
}

#endif
