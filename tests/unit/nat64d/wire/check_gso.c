/*
 * Unit tests of gso.c: super-packets are built and segmented, and each segment
 * is parsed and its checksums are verified.
 */
#include <netinet/in.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/wire/gso.h"

#include "tests/unit/gso_split.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))
#define MAXSEGS 128
#define BASE_ID 0xfffe
#define BASE_SEQ 0xfffffc00

/* Shape of a super-packet. */
struct shape {
	const char *name;
	enum pkt_family family;
	uint8_t proto;
	uint8_t ip_extra; /* bytes of options or extension headers */
	uint8_t l4_extra; /* bytes of TCP options */
	uint8_t tcp_flags;
	bool accecn;
	uint32_t payload;
	uint16_t seg_size;
	unsigned segments;
};

static const struct shape shapes[] = {
	{ "tcp4", PKT_V4, IPPROTO_TCP, 0, 0, PKT_TH_ACK, false, 2800, 1400,
	    2 },
	{ "tcp6", PKT_V6, IPPROTO_TCP, 0, 0, PKT_TH_ACK, false, 2801, 1400,
	    3 },
	{ "tcp4 with options of both layers", PKT_V4, IPPROTO_TCP, 8, 12,
	    PKT_TH_ACK | PKT_TH_PSH, false, 5000, 999, 6 },
	{ "tcp6 with options and extension header", PKT_V6, IPPROTO_TCP, 16,
	    12, PKT_TH_ACK | PKT_TH_PSH | PKT_TH_FIN, false, 5000, 1000, 5 },
	{ "tcp4 with CWR, PSH and FIN", PKT_V4, IPPROTO_TCP, 0, 0,
	    PKT_TH_ACK | PKT_TH_PSH | PKT_TH_FIN | PKT_TH_CWR, false, 4000,
	    1000, 4 },
	{ "tcp6 with accurate ECN", PKT_V6, IPPROTO_TCP, 0, 0,
	    PKT_TH_ACK | PKT_TH_CWR, true, 4000, 1000, 4 },
	{ "tcp4, payload below segment size", PKT_V4, IPPROTO_TCP, 0, 0,
	    PKT_TH_ACK | PKT_TH_FIN, false, 10, 1400, 1 },
	{ "tcp4 without payload", PKT_V4, IPPROTO_TCP, 0, 0, PKT_TH_ACK, false,
	    0, 1400, 1 },
	{ "tcp6 of the largest size", PKT_V6, IPPROTO_TCP, 0, 0, PKT_TH_ACK,
	    false, 65515, 1440, 46 },
	{ "udp4", PKT_V4, IPPROTO_UDP, 0, 0, 0, false, 2500, 1200, 3 },
	{ "udp6", PKT_V6, IPPROTO_UDP, 0, 0, 0, false, 2400, 1200, 2 },
	{ "udp6 with extension header", PKT_V6, IPPROTO_UDP, 8, 0, 0, false,
	    100, 1, 100 },
	{ "udp4 of odd size", PKT_V4, IPPROTO_UDP, 4, 0, 0, false, 1001, 333,
	    4 },
};

struct segments {
	unsigned n;
	struct {
		uint8_t bytes[2048];
		uint32_t len;
	} seg[MAXSEGS];
};

static void
make_ip(const struct shape *s, uint8_t *ip, uint32_t l4len)
{
	uint32_t i;

	memset(ip, 0, PKT_IP6_HLEN + s->ip_extra);
	if (s->family == PKT_V4) {
		ip[0] = (uint8_t)(0x45 + s->ip_extra / 4);
		ip[1] = 0x28;
		wire_put16(ip + 2, (uint16_t)(20 + s->ip_extra + l4len));
		wire_put16(ip + 4, BASE_ID);
		ip[6] = 0x40;
		ip[8] = 63;
		ip[9] = s->proto;
		wire_put16(ip + 12, 0xcb00);
		wire_put16(ip + 18, 0x6414);
		memset(ip + 20, 1, s->ip_extra);
		wire_fix_ip4(ip);
		return;
	}
	ip[0] = 0x60;
	wire_put16(ip + 4, (uint16_t)(s->ip_extra + l4len));
	ip[6] = s->ip_extra > 0 ? IPPROTO_DSTOPTS : s->proto;
	ip[7] = 63;
	for (i = 8; i < 40; i++)
		ip[i] = (uint8_t)(i * 37);
	if (s->ip_extra > 0) {
		ip[40] = s->proto;
		ip[41] = (uint8_t)(s->ip_extra / 8 - 1);
	}
}

/* The super-packet of a shape, with a partial checksum, parsed. */
static void
make(const struct shape *s, struct pkt *p)
{
	const bool tcp = s->proto == IPPROTO_TCP;
	uint32_t i, iplen, hlen, l4len;
	struct pkt_offload ofl;
	uint8_t *l4;

	iplen = (s->family == PKT_V4 ? 20u : 40u) + s->ip_extra;
	hlen = (tcp ? 20u : 8u) + s->l4_extra;
	l4len = hlen + s->payload;
	make_ip(s, p->data, l4len);
	l4 = p->data + iplen;
	memset(l4, 1, hlen);
	wire_put16(l4, 49152);
	wire_put16(l4 + 2, 443);
	if (tcp) {
		put32(l4 + 4, BASE_SEQ);
		l4[12] = (uint8_t)(hlen / 4 << 4);
		l4[13] = s->tcp_flags;
	} else
		wire_put16(l4 + 4, (uint16_t)l4len);
	wire_put16(l4 + (tcp ? 16 : 6), wire_pseudo(p->data, s->proto, l4len));
	for (i = 0; i < s->payload; i++)
		l4[hlen + i] = (uint8_t)(i * 7 + i / 256);

	p->len = iplen + l4len;
	ofl = (struct pkt_offload){
		.seg = tcp ? PKT_SEG_TCP : PKT_SEG_UDP,
		.accecn = s->accecn,
		.csum_partial = true,
		.seg_size = s->seg_size,
		.csum_start = (uint16_t)iplen,
		.csum_off = tcp ? PKT_TCP_CKSUM : PKT_UDP_CKSUM,
	};
	p->ofl = ofl;
	ck_assert_msg(pkt_parse(p) == NAT64_NONE, "%s", s->name);
	ck_assert_msg(pkt_parse_l4(p) == NAT64_NONE, "%s", s->name);
	/* pkt_parse_l4() clears seg for one segment; gso_build() accepts it. */
	p->ofl = ofl;
}

static void
keep(void *arg, struct pkt *seg)
{
	struct segments *all = arg;

	ck_assert_uint_lt(all->n, MAXSEGS);
	ck_assert_uint_le(seg->len, sizeof(all->seg[0].bytes));
	memcpy(all->seg[all->n].bytes, seg->data, seg->len);
	all->seg[all->n++].len = seg->len;
	/* emit may change the segment. */
	memset(seg->data, 0xee, seg->len);
	seg->data += 20;
	seg->family = 0;
}

/* Parse segment k again; checks lengths and checksums. */
static struct pkt
reparse(struct segments *all, unsigned k, const char *name)
{
	struct pkt p = { .data = all->seg[k].bytes, .len = all->seg[k].len };
	uint16_t sum;

	ck_assert_msg(pkt_parse(&p) == NAT64_NONE, "%s", name);
	ck_assert_msg(pkt_parse_l4(&p) == NAT64_NONE, "%s", name);
	ck_assert_msg(p.len == all->seg[k].len, "%s", name);
	sum = wire_pseudo(p.data, p.proto, pkt_l4len(&p));
	sum = wire_sum(sum, pkt_l4(&p), pkt_l4len(&p));
	ck_assert_msg(sum == 0xffff, "%s: segment %u: sum %#x", name, k, sum);
	if (p.proto == IPPROTO_UDP) {
		ck_assert_uint_eq(get16(pkt_l4(&p) + PKT_UDP_LEN),
		    pkt_l4len(&p));
		ck_assert_uint_ne(get16(pkt_l4(&p) + PKT_UDP_CKSUM), 0);
	}
	return (p);
}

static uint8_t
expected_flags(const struct shape *s, unsigned k)
{
	uint8_t flags = s->tcp_flags;

	if (k + 1 < s->segments)
		flags &= (uint8_t) ~(PKT_TH_FIN | PKT_TH_PSH);
	if (k > 0 && !s->accecn)
		flags &= (uint8_t)~PKT_TH_CWR;
	return (flags);
}

static void
check_shape(const struct shape *s, struct pkt *p, struct segments *all)
{
	const uint32_t hlen = (uint32_t)p->l4off + p->l4hlen;
	uint32_t done = 0, chunk;
	struct pkt seg;
	unsigned k;

	for (k = 0; k < s->segments; k++) {
		seg = reparse(all, k, s->name);
		chunk = pkt_payload_len(&seg);
		ck_assert_msg(chunk == s->seg_size ||
			(k + 1 == s->segments && chunk <= s->seg_size),
		    "%s", s->name);
		ck_assert_mem_eq(seg.data + hlen, p->data + hlen + done,
		    chunk);
		ck_assert_uint_eq(seg.tclass, p->tclass);
		ck_assert_uint_eq(seg.l4off, p->l4off);
		ck_assert_uint_eq(seg.l4hlen, p->l4hlen);
		ck_assert_mem_eq(seg.data + (seg.family == PKT_V4 ? 20 : 40),
		    p->data + (seg.family == PKT_V4 ? 20 : 40), s->ip_extra);
		if (seg.family == PKT_V4)
			ck_assert_uint_eq(seg.frag_id, (BASE_ID + k) & 0xffff);
		if (seg.proto == IPPROTO_TCP) {
			ck_assert_uint_eq(get32(pkt_l4(&seg) + 4),
			    (uint32_t)(BASE_SEQ + done));
			ck_assert_msg(seg.tcp_flags == expected_flags(s, k),
			    "%s: %u: %#x", s->name, k, seg.tcp_flags);
		}
		done += chunk;
	}
	ck_assert_uint_eq(done, s->payload);
}

/* Shows: GSO-15 GSO-18 GSO-26 GSO-30 */
START_TEST(split_gives_complete_segments)
{
	static uint8_t buf[PKT_BUFSIZE], copy[PKT_BUFSIZE];
	static uint8_t scratch[PKT_BUFSIZE];
	static struct segments all;
	struct pkt p, seg = { .buf = scratch, .bufsize = sizeof(scratch) };
	size_t i;

	for (i = 0; i < NITEMS(shapes); i++) {
		pkt_init(&p, buf, sizeof(buf));
		make(&shapes[i], &p);
		memcpy(copy, buf, sizeof(buf));
		ck_assert_msg(gso_count(&p) == shapes[i].segments, "%s: %u",
		    shapes[i].name, gso_count(&p));
		all.n = 0;
		ck_assert_uint_eq(gso_split(&p, &seg, keep, &all),
		    shapes[i].segments);
		ck_assert_uint_eq(all.n, shapes[i].segments);
		ck_assert_mem_eq(copy, buf, sizeof(buf));
		check_shape(&shapes[i], &p, &all);
	}
}
END_TEST

static void
check_fields(void *arg, struct pkt *seg)
{
	struct pkt again = { .data = seg->data, .len = seg->len };
	unsigned *n = arg;

	ck_assert_ptr_eq(seg->data, seg->buf + PKT_HEADROOM);
	ck_assert_int_eq(seg->ofl.seg, PKT_SEG_NONE);
	ck_assert(!seg->ofl.csum_partial);
	ck_assert_int_eq(pkt_parse(&again), NAT64_NONE);
	ck_assert_int_eq(pkt_parse_l4(&again), NAT64_NONE);
	ck_assert_int_eq(seg->family, again.family);
	ck_assert_uint_eq(seg->proto, again.proto);
	ck_assert_uint_eq(seg->l4off, again.l4off);
	ck_assert_uint_eq(seg->l4hlen, again.l4hlen);
	ck_assert_uint_eq(seg->frag_id, again.frag_id);
	ck_assert_uint_eq(seg->tcp_flags, again.tcp_flags);
	ck_assert_uint_eq(seg->sport, again.sport);
	ck_assert_uint_eq(seg->dport, again.dport);
	(*n)++;
}

/* Shows: GSO-30 */
START_TEST(split_fills_in_what_parsing_would_find)
{
	static uint8_t buf[PKT_BUFSIZE], scratch[2048];
	struct pkt p, seg = { .buf = scratch, .bufsize = sizeof(scratch) };
	unsigned n;
	size_t i;

	for (i = 0; i < NITEMS(shapes); i++) {
		pkt_init(&p, buf, sizeof(buf));
		make(&shapes[i], &p);
		n = 0;
		gso_split(&p, &seg, check_fields, &n);
		ck_assert_uint_eq(n, shapes[i].segments);
	}
}
END_TEST

/* Shows: CSM-09 GSO-30 */
START_TEST(split_never_gives_udp_a_zero_checksum)
{
	static uint8_t buf[4096], scratch[4096];
	static struct segments all;
	struct pkt p, seg = { .buf = scratch, .bufsize = sizeof(scratch) };
	uint8_t *l4;

	/* Payload of the first segment such that its sum is 0xffff. */
	pkt_init(&p, buf, sizeof(buf));
	make(&shapes[10], &p);
	all.n = 0;
	gso_split(&p, &seg, keep, &all);
	l4 = all.seg[0].bytes + p.l4off;
	wire_put16(l4 + 8, 0);
	wire_put16(l4 + 6, 0);
	wire_put16(pkt_l4(&p) + 8,
	    (uint16_t)~wire_sum(wire_pseudo(all.seg[0].bytes, IPPROTO_UDP,
				    1208),
		l4, 1208));
	all.n = 0;
	gso_split(&p, &seg, keep, &all);
	ck_assert_uint_eq(get16(all.seg[0].bytes + p.l4off + 6), 0xffff);
}
END_TEST

static Suite *
gso_suite(void)
{
	Suite *s = suite_create("gso");
	TCase *tc = tcase_create("gso");

	tcase_add_test(tc, split_gives_complete_segments);
	tcase_add_test(tc, split_fills_in_what_parsing_would_find);
	tcase_add_test(tc, split_never_gives_udp_a_zero_checksum);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(gso_suite()));
}
