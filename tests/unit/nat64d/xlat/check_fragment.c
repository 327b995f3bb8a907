/*
 * Fragmentation (RFC 7915, 4.1 and 5.1.1): a table of sizes. Each fragment
 * is checked byte by byte, and the fragments are reassembled.
 */
#include <netinet/in.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/wire/cksum.h"
#include "nat64d/xlat/fragment.h"
#include "nat64d/wire/iphdr.h"

#include "tests/unit/suite.h"

#define MAXPIECES 64

struct row {
	const char *name;
	uint32_t len;	   /* L4 bytes */
	uint16_t frag_off; /* of the packet that is cut */
	bool more;
	uint32_t mtu;
	unsigned n_pieces;
	uint32_t piece; /* L4 bytes of all but the last */
};

struct seen {
	const struct row *row;
	enum pkt_family family;
	uint32_t id;
	uint32_t hlen;
	uint32_t next; /* L4 bytes so far */
	unsigned n;
	uint8_t l4[65536];
};

static uint8_t buf[PKT_BUFSIZE];
static uint8_t scratch_buf[PKT_BUFSIZE];
static struct pkt packet;
static struct pkt scratch;
static struct seen seen;

/* A parsed packet of row, with or without Fragment Header. */
static struct pkt *
make(const struct row *row, enum pkt_family family, bool fh)
{
	const uint32_t hlen = family == PKT_V4 ?
	    PKT_IP4_HLEN :
	    PKT_IP6_HLEN + (fh ? PKT_FRAG_HLEN : 0);
	struct iphdr4 h4 = { .tos = 0xb9,
		.ttl = 63,
		.proto = IPPROTO_UDP,
		.more = row->more,
		.df = !fh,
		.frag_off = row->frag_off,
		.id = 0x1001,
		.len = (uint16_t)(hlen + row->len) };
	struct iphdr6 h6 = { .tclass = 0xb9,
		.hlim = 63,
		.proto = IPPROTO_UDP,
		.frag = fh,
		.more = row->more,
		.frag_off = row->frag_off,
		.id = 0x12345678,
		.len = hlen - PKT_IP6_HLEN + row->len };
	uint32_t i;

	h4.src.s_addr = htonl(0xcb007105);
	h4.dst.s_addr = htonl(0xc6336414);
	memset(&h6.src, 0x20, sizeof(h6.src));
	memset(&h6.dst, 0x21, sizeof(h6.dst));
	pkt_init(&packet, buf, sizeof(buf));
	if (family == PKT_V4)
		iphdr_put4(packet.data, &h4);
	else
		iphdr_put6(packet.data, &h6);
	packet.len = hlen + row->len;
	for (i = 0; i < row->len; i++)
		packet.data[hlen + i] = (uint8_t)(i * 7 + (i >> 8));
	ck_assert_int_eq(pkt_parse(&packet), NAT64_NONE);
	return (&packet);
}

/* The fragment's struct pkt equals what pkt_parse() makes of its bytes. */
static void
check_described(const struct pkt *piece)
{
	struct pkt again = *piece;

	ck_assert_int_eq(pkt_parse(&again), NAT64_NONE);
	ck_assert_uint_eq(again.len, piece->len);
	ck_assert_int_eq(again.family, piece->family);
	ck_assert_uint_eq(again.proto, piece->proto);
	ck_assert_uint_eq(again.ttl, piece->ttl);
	ck_assert_uint_eq(again.tclass, piece->tclass);
	ck_assert_uint_eq(again.frag_off, piece->frag_off);
	ck_assert_uint_eq(again.frag_id, piece->frag_id);
	ck_assert_uint_eq(again.l4off, piece->l4off);
	ck_assert(again.more == piece->more);
	ck_assert(again.is_frag == piece->is_frag);
	ck_assert(again.has_fh == piece->has_fh);
	ck_assert(again.df == piece->df);
	ck_assert_mem_eq(&again.ip6, &piece->ip6,
	    piece->family == PKT_V4 ? 8 : 32);
}

static void
look(void *arg, struct pkt *piece)
{
	struct seen *s = arg;
	const uint32_t n = pkt_l4len(piece);
	const bool last = s->n == s->row->n_pieces - 1;

	check_described(piece);
	ck_assert_uint_lt(s->n, MAXPIECES);
	ck_assert_uint_le(piece->len, s->row->mtu);
	ck_assert_uint_eq(piece->l4off, s->hlen);
	ck_assert_uint_eq(piece->frag_off, s->row->frag_off + s->next);
	ck_assert_uint_eq(piece->frag_id, s->id);
	ck_assert(!piece->df);
	ck_assert_uint_eq(piece->ttl, 63);
	ck_assert_uint_eq(piece->tclass, 0xb9);
	ck_assert_uint_eq(piece->proto, IPPROTO_UDP);
	ck_assert(piece->more == (!last || s->row->more));
	ck_assert_uint_eq(n, last ? s->row->len - s->next : s->row->piece);
	memcpy(s->l4 + s->next, pkt_l4(piece), n);
	s->next += n;
	s->n++;
}

static void
start(const struct row *row, enum pkt_family family, uint32_t id)
{
	memset(&seen, 0, sizeof(seen));
	seen.row = row;
	seen.family = family;
	seen.id = id;
	seen.hlen =
	    family == PKT_V4 ? PKT_IP4_HLEN : PKT_IP6_HLEN + PKT_FRAG_HLEN;
	pkt_init(&scratch, scratch_buf, sizeof(scratch_buf));
}

static void
finish(const struct pkt *p)
{
	ck_assert_msg(seen.n == seen.row->n_pieces, "%s: %u pieces",
	    seen.row->name, seen.n);
	ck_assert_uint_eq(seen.next, seen.row->len);
	ck_assert_mem_eq(seen.l4, pkt_l4(p), seen.next);
}

/* Shows: XLT-26 XLT-34 FRG-21 */
START_TEST(fragment_ipv4_pieces_fit_and_join)
{
	static const struct row rows[] = {
		{ "udp-6to4-1280-small-mtu", 1240, 0, false, 1000, 2, 976 },
		{ "one too many", 1481, 0, false, 1500, 2, 1480 },
		{ "largest packet", 65515, 0, false, 1500, 45, 1480 },
		{ "smallest MTU", 500, 0, false, 68, 11, 48 },
		{ "MTU not 20 + a multiple of 8", 999, 0, false, 577, 2, 552 },
		{ "first fragment", 1480, 0, true, 576, 3, 552 },
		{ "middle fragment", 1480, 1480, true, 576, 3, 552 },
		{ "last fragment", 1001, 64000, false, 576, 2, 552 },
	};
	struct pkt *p;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p = make(&rows[i], PKT_V4, false);
		start(&rows[i], PKT_V4, 0x1001);
		fragment_ipv4(p, rows[i].mtu, &scratch, look, &seen);
		finish(p);
	}
}
END_TEST

static const struct row rows6[] = {
	{ "udp-4to6-df0-too-big", 1308, 0, false, 1280, 2, 1232 },
	{ "one too many", 1241, 0, false, 1280, 2, 1232 },
	{ "largest packet", 65515, 0, false, 1280, 54, 1232 },
	{ "higher lowest-ipv6-mtu", 3000, 0, false, 1500, 3, 1448 },
	{ "no multiple of 8", 1240, 0, false, 1287, 2, 1232 },
};

/* Shows: XLT-10 XLT-12 FRG-20 */
START_TEST(fragment_ipv6_pieces_fit_and_join)
{
	struct pkt *p;
	size_t i;

	for (i = 0; i < sizeof(rows6) / sizeof(rows6[0]); i++) {
		p = make(&rows6[i], PKT_V6, false);
		start(&rows6[i], PKT_V6, 0x4321);
		fragment_ipv6(p, rows6[i].mtu, 0x4321, &scratch, look, &seen);
		finish(p);
	}
}
END_TEST

/* Shows: XLT-10 XLT-12 FRG-20 */
START_TEST(fragment_ipv6_keeps_offset_and_identification_of_a_fragment)
{
	static const struct row rows[] = {
		{ "first", 1480, 0, true, 1280, 2, 1232 },
		{ "middle", 1480, 1480, true, 1280, 2, 1232 },
		{ "last", 1301, 2960, false, 1280, 2, 1232 },
		{ "atomic", 1301, 0, false, 1280, 2, 1232 },
	};
	struct pkt *p;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p = make(&rows[i], PKT_V6, true);
		start(&rows[i], PKT_V6, 0x12345678);
		fragment_ipv6(p, rows[i].mtu, 1, &scratch, look, &seen);
		finish(p);
	}
}
END_TEST

/* Shows: GSO-19 */
START_TEST(fragment_completes_a_partial_checksum_first)
{
	static const enum pkt_family families[] = { PKT_V4, PKT_V6 };
	struct pkt *p;
	uint64_t pseudo;
	size_t i;

	for (i = 0; i < 2; i++) {
		p = make(&rows6[0], families[i], false);
		pseudo = p->family == PKT_V4 ?
		    cksum_pseudo4(p->ip4.src, p->ip4.dst, IPPROTO_UDP, 1308) :
		    cksum_pseudo6(&p->ip6.src, &p->ip6.dst, IPPROTO_UDP, 1308);
		put16(pkt_l4(p) + PKT_UDP_LEN, 1308);
		put16(pkt_l4(p) + PKT_UDP_CKSUM, cksum_fold(pseudo));
		p->ofl.csum_partial = true;
		p->ofl.csum_start = p->l4off;
		p->ofl.csum_off = PKT_UDP_CKSUM;
		start(&rows6[0], families[i],
		    families[i] == PKT_V4 ? 0x1001 : 0x4321);
		if (families[i] == PKT_V4)
			fragment_ipv4(p, 1252, &scratch, look, &seen);
		else
			fragment_ipv6(p, 1280, 0x4321, &scratch, look, &seen);
		finish(p);
		ck_assert(!scratch.ofl.csum_partial);
		ck_assert_uint_eq(cksum_finish(
				      cksum_add(pseudo, seen.l4, 1308)),
		    0);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fragment");
	TCase *tc = tcase_create("fragment");

	tcase_add_test(tc, fragment_ipv4_pieces_fit_and_join);
	tcase_add_test(tc, fragment_ipv6_pieces_fit_and_join);
	tcase_add_test(tc,
	    fragment_ipv6_keeps_offset_and_identification_of_a_fragment);
	tcase_add_test(tc, fragment_completes_a_partial_checksum_first);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
