/*
 * Datagrams and fragments for the tests of the fragment table, and the
 * table under test. Included by one test program at a time.
 *
 * A datagram has a pattern as data: the byte at each position is known, so that
 * the output can be checked without a copy of the input.
 */
#ifndef TESTS_UNIT_DGRAM_H
#define TESTS_UNIT_DGRAM_H

#include <netinet/in.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/tables/frag.h"
#include "nat64d/wire/iphdr.h"
#include "nat64d/wire/pkt.h"
#include "tests/unit/suite.h"

#define MAXTOTAL 8192
#define SPORT 4000
#define DPORT 53

struct dgram {
	enum pkt_family family;
	uint8_t proto;
	uint32_t id;
	uint32_t total; /* payload bytes, L4 header included */
	uint16_t src;	/* numbers the source address */
	uint16_t sport;
	bool no_cksum; /* UDP */
};

struct frame {
	uint8_t buf[PKT_HEADROOM + PKT_IP6_HLEN + PKT_FRAG_HLEN + MAXTOTAL];
	struct pkt pkt;
};

static struct frag_table *table;
static struct frag_limits limits;
static struct frag_result result;
static struct monotime now;
static struct frame frame;

static const struct dgram UDP4 = { PKT_V4, IPPROTO_UDP, 7, 3000, 1, SPORT,
	false };
static const struct dgram UDP6 = { PKT_V6, IPPROTO_UDP, 7, 3000, 1, SPORT,
	false };
static const struct dgram TCP4 = { PKT_V4, IPPROTO_TCP, 7, 3000, 1, SPORT,
	false };
static const struct dgram ZERO4 = { PKT_V4, IPPROTO_UDP, 7, 3000, 1, SPORT,
	true };
static const struct dgram ICMP4 = { PKT_V4, IPPROTO_ICMP, 7, 3000, 1, SPORT,
	false };
static const struct dgram ICMP6 = { PKT_V6, IPPROTO_ICMPV6, 0xabcd1234, 3000,
	1, SPORT, false };

static inline void
setup(void)
{
	frag_limits_init(&limits);
	table = frag_table_new(&limits);
	ck_assert_ptr_nonnull(table);
	now = (struct monotime){ .ns = 1000000000 };
}

static inline void
teardown(void)
{
	frag_table_free(table);
	table = NULL;
}

static inline void
setup_limits(void)
{
	frag_table_free(table);
	table = frag_table_new(&limits);
	ck_assert_ptr_nonnull(table);
}

static inline void
put_l4(uint8_t *p, const struct dgram *g)
{
	put16(p, g->sport);
	put16(p + 2, DPORT);
	switch (g->proto) {
	case IPPROTO_TCP:
		p[12] = 0x50;
		break;
	case IPPROTO_UDP:
		put16(p + PKT_UDP_LEN, (uint16_t)g->total);
		put16(p + PKT_UDP_CKSUM, g->no_cksum ? 0 : 0x1234);
		break;
	default:
		put16(p, g->proto == IPPROTO_ICMP ? 0x0800 : 0x8000);
		put16(p + PKT_ICMP_ID, g->sport);
	}
}

/* Bytes [off, off + len) of the datagram's payload. */
static inline void
put_payload(uint8_t *p, const struct dgram *g, uint32_t off, uint32_t len)
{
	uint8_t l4[24];
	uint32_t i, pos;

	for (i = 0; i < sizeof(l4); i++)
		l4[i] = (uint8_t)(i * 7 + g->id);
	put_l4(l4, g);
	for (i = 0; i < len; i++) {
		pos = off + i;
		p[i] = pos < sizeof(l4) ?
		    l4[pos] :
		    (uint8_t)(pos * 7 + (pos >> 8) + g->id);
	}
}

static inline void
put_header(struct pkt *p, const struct dgram *g, uint32_t off, uint32_t len,
    uint8_t tos, uint8_t ttl, bool more)
{
	struct iphdr4 h4 = { .tos = tos,
		.ttl = ttl,
		.proto = g->proto,
		.more = more,
		.len = (uint16_t)(PKT_IP4_HLEN + len),
		.id = (uint16_t)g->id,
		.frag_off = (uint16_t)off };
	struct iphdr6 h6 = { .tclass = tos,
		.hlim = ttl,
		.proto = g->proto,
		.frag = true,
		.more = more,
		.frag_off = (uint16_t)off,
		.id = g->id,
		.len = PKT_FRAG_HLEN + len };

	h4.src.s_addr = htonl(0x0a000000u | g->src);
	h4.dst.s_addr = htonl(0xcb007105);
	h6.src.s6_addr[0] = 0x20;
	put16(h6.src.s6_addr + 6, g->src);
	h6.src.s6_addr[15] = 1;
	h6.dst.s6_addr[0] = 0x20;
	h6.dst.s6_addr[1] = 2;
	if (g->family == PKT_V4)
		iphdr_put4(p->data, &h4);
	else
		iphdr_put6(p->data, &h6);
	p->len = len +
	    (g->family == PKT_V4 ? PKT_IP4_HLEN :
				   PKT_IP6_HLEN + PKT_FRAG_HLEN);
}

static inline struct pkt *
make_tos(struct frame *f, const struct dgram *g, uint32_t off, uint32_t len,
    bool more, uint8_t tos, uint8_t ttl)
{
	pkt_init(&f->pkt, f->buf, sizeof(f->buf));
	put_header(&f->pkt, g, off, len, tos, ttl, more);
	put_payload(f->pkt.data + f->pkt.len - len, g, off, len);
	ck_assert_int_eq(pkt_parse(&f->pkt), NAT64_NONE);
	ck_assert(f->pkt.is_frag);
	return (&f->pkt);
}

static inline enum frag_verdict
input(const struct dgram *g, uint32_t off, uint32_t len, bool more)
{
	return (frag_input(table, make_tos(&frame, g, off, len, more, 0, 64),
	    now, &result));
}

/* The fragment must be dropped for that reason. */
static inline void
expect_drop(const struct dgram *g, uint32_t off, uint32_t len, bool more,
    enum nat64_reason reason)
{
	ck_assert_int_eq(input(g, off, len, more), FRAG_DROP);
	ck_assert_str_eq(nat64_reason_name(result.reason),
	    nat64_reason_name(reason));
}

static inline void
resolve(uint16_t port)
{
	union frag_target target;

	memset(&target, 0, sizeof(target));
	target.t4.src.port = port;
	frag_resolve(table, result.datagram, &target);
}

/* First fragment of len bytes, translated to port; nothing waits. */
static inline void
pass_first(const struct dgram *g, uint32_t len, uint16_t port)
{
	struct frag_datagram *d;

	ck_assert_int_eq(input(g, 0, len, true), FRAG_FIRST);
	d = result.datagram;
	resolve(port);
	ck_assert_ptr_null(frag_next_held(table, d));
}

static inline void
check_payload(const struct dgram *g, const struct pkt *p)
{
	static uint8_t want[65536];

	put_payload(want, g, p->frag_off, pkt_l4len(p));
	ck_assert_mem_eq(pkt_l4(p), want, pkt_l4len(p));
}

static inline void
expect_nothing_left(void)
{
	ck_assert_uint_eq(frag_datagrams(table), 0);
	ck_assert_uint_eq(frag_bytes(table), 0);
}

/* A suite of tests that each start with an empty table. */
static inline int
run_tests(const char *name, const TTest *const *tests, size_t n)
{
	Suite *s = suite_create(name);
	TCase *tc = tcase_create(name);
	size_t i;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	for (i = 0; i < n; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}

#endif
