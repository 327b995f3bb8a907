/*
 * IPv6 to IPv4: tables of headers, checksums compared with a full computation.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/wire/ipid.h"
#include "nat64d/wire/vnet.h"
#include "nat64d/xlat/xlat.h"
#include "tests/unit/ipid_util.h"
#include "tests/unit/suite.h"
#include "tests/unit/xlat_util.h"

#define FIRST_ID 0x1001

static struct xlat_conf conf;
static struct ipid ids;
static struct pkt p;

static void
setup(void)
{
	xlat_conf_init(&conf);
	ipid_init_fixed(&ids, FIRST_ID);
	pkt_alloc(&p);
}

static void
teardown(void)
{
	free(p.buf);
}

static void
translate(bool keep_ttl)
{
	struct tuple4 out = tuple_out4();

	xlat_6to4(&p, &out, &conf, &ids, keep_ttl);
	ck_assert(ip4_right(p.data));
	assert_as_parsed(&p);
}

/* Extension headers of 8 bytes, padded; the last one announces UDP. */
#define PADN "\x01\x04\x00\x00\x00\x00"
static const char hbh[] = "\x11\x00" PADN;
static const char hbh_dst[] = "\x3c\x00" PADN "\x11\x00" PADN;
/* Options of unknown types are ignored, whatever action they ask for. */
static const char dst_odd[] = "\x11\x00\xc7\x04\x00\x00\x00\x00";
/* A routing header of 24 bytes with one address and no segments left. */
static const char routing[] = "\x11\x02\x04\x00\0\0\0\0\0\0\0\0\0\0\0\0"
			      "\0\0\0\0\0\0\0\1";
static const char fh_atomic[] = "\x11\x00\x00\x00\xaa\xbb\xcc\xdd";
static const char fh_first[] = "\x11\x00\x00\x01\xaa\xbb\xcc\xdd";
static const char hbh_fh[] = "\x2c\x00" PADN "\x11\x00\x00\x01\0\0\xcc\xde";

#define EXT(e) (const uint8_t *)(e), sizeof(e) - 1
#define NOEXT NULL, 0

struct header_row {
	const char *name;
	uint8_t tclass;
	uint8_t hlim;
	uint8_t next;
	const uint8_t *ext;
	size_t extlen;
	size_t payload; /* of UDP */
	int tos_conf;
	bool keep_ttl;
	/* the IPv4 header */
	uint8_t tos;
	uint16_t id;
	uint16_t frag;
	uint8_t ttl;
};

static const struct header_row header_rows[] = {
	{ "XLT-20 traffic class", 0xb9, 64, 0, NOEXT, 10, XLAT_TOS_COPY, false,
	    0xb9, FIRST_ID, 0, 63 },
	{ "XLT-20 fixed TOS", 0xb9, 64, 0, NOEXT, 10, 0x20, false, 0x20,
	    FIRST_ID, 0, 63 },
	{ "XLT-20 fixed TOS 0", 0xb9, 64, 0, NOEXT, 10, 0, false, 0, FIRST_ID,
	    0, 63 },
	{ "XLT-27 hop limit 2", 0, 2, 0, NOEXT, 10, XLAT_TOS_COPY, false, 0,
	    FIRST_ID, 0, 1 },
	{ "HPN-03 hop limit kept", 0, 2, 0, NOEXT, 10, XLAT_TOS_COPY, true, 0,
	    FIRST_ID, 0, 2 },
	{ "XLT-25 1260 bytes", 0, 64, 0, NOEXT, 1232, XLAT_TOS_COPY, false, 0,
	    FIRST_ID, 0, 63 },
	{ "XLT-25 1261 bytes", 0, 64, 0, NOEXT, 1233, XLAT_TOS_COPY, false, 0,
	    FIRST_ID, 0x4000, 63 },
	{ "XLT-25 extension headers do not count", 0, 64, IPPROTO_ROUTING,
	    EXT(routing), 1232, XLAT_TOS_COPY, false, 0, FIRST_ID, 0, 63 },
	{ "XLT-30 hop-by-hop", 0, 64, IPPROTO_HOPOPTS, EXT(hbh), 10,
	    XLAT_TOS_COPY, false, 0, FIRST_ID, 0, 63 },
	{ "XLT-30 hop-by-hop and destination options", 0, 64, IPPROTO_HOPOPTS,
	    EXT(hbh_dst), 10, XLAT_TOS_COPY, false, 0, FIRST_ID, 0, 63 },
	{ "XLT-30 unknown option", 0, 64, IPPROTO_DSTOPTS, EXT(dst_odd), 10,
	    XLAT_TOS_COPY, false, 0, FIRST_ID, 0, 63 },
	{ "XLT-31 used-up routing header", 0, 64, IPPROTO_ROUTING,
	    EXT(routing), 10, XLAT_TOS_COPY, false, 0, FIRST_ID, 0, 63 },
	{ "XLT-26 atomic fragment", 0, 64, IPPROTO_FRAGMENT, EXT(fh_atomic),
	    10, XLAT_TOS_COPY, false, 0, 0xccdd, 0, 63 },
	{ "XLT-26 atomic fragment of 1261 bytes", 0, 64, IPPROTO_FRAGMENT,
	    EXT(fh_atomic), 1233, XLAT_TOS_COPY, false, 0, 0xccdd, 0, 63 },
	{ "XLT-26 first fragment", 0, 64, IPPROTO_FRAGMENT, EXT(fh_first), 16,
	    XLAT_TOS_COPY, false, 0, 0xccdd, 0x2000, 63 },
	{ "XLT-26 behind hop-by-hop", 0, 64, IPPROTO_HOPOPTS, EXT(hbh_fh), 16,
	    XLAT_TOS_COPY, false, 0, 0xccde, 0x2000, 63 },
};

/* Shows: XLT-20 XLT-21 XLT-22 XLT-24 XLT-25 XLT-26 XLT-27 XLT-28 XLT-29 */
/* Shows: XLT-30 XLT-31 FRG-03 FRG-21 HPN-03 CFG-10 BIS-06 */
START_TEST(xlat_6to4_writes_the_ipv4_header)
{
	const struct header_row *r = &header_rows[_i];
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.tos = r->tclass,
		.ttl = r->hlim,
		.next = r->next,
		.ext = r->ext,
		.extlen = r->extlen,
		.payload = r->payload };
	struct in_addr src = addr4(POOL4), dst = addr4(SERVER4);
	const uint8_t *ip;

	build(&p, &s);
	parse(&p);
	conf.tos = r->tos_conf;
	translate(r->keep_ttl);
	ip = p.data;
	ck_assert_msg(ip[0] == 0x45, "%s", r->name);
	ck_assert_msg(ip[1] == r->tos, "%s: tos %#x", r->name, ip[1]);
	ck_assert_msg(wire_get16(ip + 2) == 28 + r->payload, "%s", r->name);
	ck_assert_msg(p.len == 28 + r->payload, "%s", r->name);
	ck_assert_msg(wire_get16(ip + 4) == r->id, "%s: id %#x", r->name,
	    wire_get16(ip + 4));
	ck_assert_msg(wire_get16(ip + 6) == r->frag, "%s: frag %#x", r->name,
	    wire_get16(ip + 6));
	ck_assert_msg(ip[8] == r->ttl, "%s: ttl %d", r->name, ip[8]);
	ck_assert_int_eq(ip[9], IPPROTO_UDP);
	ck_assert_mem_eq(ip + 12, &src, 4);
	ck_assert_mem_eq(ip + 16, &dst, 4);
	ck_assert_msg(cksum_right(&p), "%s", r->name);
}
END_TEST

/* Shows: XLT-26 FRG-10 FRG-21 */
START_TEST(xlat_6to4_later_fragment_keeps_its_data)
{
	static const struct {
		uint16_t off_more;
		uint16_t frag;
	} rows[] = { { 1232 | 1, 0x2000 | 154 }, { 2464, 308 },
		{ 0xfff8, 0x1fff } };
	uint8_t fh[8], data[20];
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.next = IPPROTO_FRAGMENT,
		.ext = fh,
		.extlen = 8,
		.payload = 12 };

	put_fh(fh, IPPROTO_UDP, rows[_i].off_more, 0x12345678);
	build(&p, &s);
	memcpy(data, p.data + 48, sizeof(data));
	parse(&p);
	translate(false);
	ck_assert_uint_eq(wire_get16(p.data + 4), 0x5678);
	ck_assert_uint_eq(wire_get16(p.data + 6), rows[_i].frag);
	ck_assert_uint_eq(p.len, 40);
	ck_assert_mem_eq(p.data + 20, data, sizeof(data));
}
END_TEST

/* Shows: XLT-26 FRG-10 CSM-01 CSM-04 */
START_TEST(xlat_6to4_first_fragment_updates_the_sum_of_the_whole)
{
	uint8_t fh[8];
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_TCP,
		.next = IPPROTO_FRAGMENT,
		.ext = fh,
		.extlen = 8,
		.payload = 1300 };
	uint8_t rest[600];

	/* Right for 1320 bytes, of which only 720 are in the fragment. */
	put_fh(fh, IPPROTO_TCP, 1, 7);
	build(&p, &s);
	memcpy(rest, p.data + 48 + 720, sizeof(rest));
	wire_put16(p.data + 4, 8 + 720);
	p.len = 48 + 720;
	parse(&p);
	translate(false);
	memcpy(p.data + 20 + 720, rest, sizeof(rest));
	p.len += sizeof(rest);
	ck_assert(cksum_right(&p));
}
END_TEST

/* Shows: CSM-01 CSM-09 */
START_TEST(xlat_6to4_udp_result_zero_is_sent_as_ffff)
{
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 4 };
	uint16_t sum;

	/* Choose payload that makes the IPv4 sum all ones. */
	build(&p, &s);
	parse(&p);
	translate(false);
	wire_put16(p.data + 28, 0);
	wire_put16(p.data + 26, 0);
	sum = (uint16_t)~wire_sum(wire_pseudo(p.data, IPPROTO_UDP, 12),
	    p.data + 20, 12);

	build(&p, &s);
	wire_put16(p.data + 48, sum);
	wire_put16(p.data + 46, 0);
	wire_put16(p.data + 46,
	    (uint16_t)~wire_sum(wire_pseudo(p.data, IPPROTO_UDP, 12),
		p.data + 40, 12));
	parse(&p);
	translate(false);
	ck_assert_uint_eq(wire_get16(p.data + 26), 0xffff);
	ck_assert(cksum_right(&p));
}
END_TEST

/* Shows: CSM-02 */
START_TEST(xlat_6to4_damage_stays_visible)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
		IPPROTO_ICMPV6 };
	struct spec s = { .family = PKT_V6,
		.proto = protos[_i],
		.echo_type = ICMP6_ECHO_REQUEST,
		.payload = 33 };

	build(&p, &s);
	p.data[p.len - 2] ^= 0x10;
	parse(&p);
	translate(false);
	ck_assert(!cksum_right(&p));
	p.data[p.len - 2] ^= 0x10;
	ck_assert(cksum_right(&p));
}
END_TEST

/* Shows: FLT-12 CSM-04 */
START_TEST(xlat_6to4_bytes_behind_the_udp_length_are_kept)
{
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 9 };

	build(&p, &s);
	memset(p.data + p.len, 0x5a, 6);
	p.len += 6;
	wire_put16(p.data + 4, (uint16_t)(p.len - 40));
	parse(&p);
	translate(false);
	ck_assert_uint_eq(p.len, 20 + 8 + 9 + 6);
	ck_assert_uint_eq(p.data[p.len - 1], 0x5a);
	ck_assert(cksum_right(&p));
}
END_TEST

/* Shows: ICM-01 CSM-03 OUT-03 GSO-19 */
START_TEST(xlat_6to4_echo_changes_type_and_identifier)
{
	static const struct {
		uint8_t type6;
		uint8_t type4;
		bool partial;
	} rows[] = { { ICMP6_ECHO_REQUEST, ICMP_ECHO, false },
		{ ICMP6_ECHO_REPLY, ICMP_ECHOREPLY, false },
		{ ICMP6_ECHO_REQUEST, ICMP_ECHO, true } };
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_ICMPV6,
		.echo_type = rows[_i].type6,
		.echo_id = 4660,
		.payload = 41 };

	build(&p, &s);
	p.data[41] = 9; /* a code; the sum is made anew below */
	wire_put16(p.data + 42, 0);
	wire_put16(p.data + 42,
	    (uint16_t)~wire_sum(wire_pseudo(p.data, IPPROTO_ICMPV6, 49),
		p.data + 40, 49));
	parse(&p);
	if (rows[_i].partial)
		make_partial(&p, PKT_SEG_NONE, 0);
	translate(false);
	ck_assert_uint_eq(p.data[9], IPPROTO_ICMP);
	ck_assert_uint_eq(p.data[20], rows[_i].type4);
	ck_assert_uint_eq(p.data[21], 0);
	ck_assert_uint_eq(wire_get16(p.data + 24), PORT4);
	ck_assert_uint_eq(wire_get16(p.data + 26), 3);
	ck_assert(cksum_right(&p));
	ck_assert(!p.ofl.csum_partial);
}
END_TEST

struct offload_row {
	const char *name;
	uint8_t proto;
	enum pkt_seg seg;
	bool ecn;
	uint16_t seg_size;
	size_t payload;
	uint16_t df;
	unsigned n_ids;	 /* identifications taken */
	uint8_t vnet[6]; /* flags, type, hdr_len and gso_size, host order */
};

#define LE(v) (uint8_t)((v)&0xff), (uint8_t)((v) >> 8)

/* The rows' vnet bytes are for a little-endian machine. */
static const struct offload_row offload_rows[] = {
	{ "GSO-10 TSO6 to TSO4", IPPROTO_TCP, PKT_SEG_TCP, false, 1400, 14000,
	    0x4000, 10, { 1, 1, LE(40), LE(1400) } },
	{ "GSO-15 last segment counts", IPPROTO_TCP, PKT_SEG_TCP, false, 1400,
	    14001, 0x4000, 11, { 1, 1, LE(40), LE(1400) } },
	{ "GSO-11 ECN kept", IPPROTO_TCP, PKT_SEG_TCP, true, 1000, 5000, 0, 5,
	    { 1, 0x81, LE(40), LE(1000) } },
	{ "GSO-17 segment of 1260", IPPROTO_TCP, PKT_SEG_TCP, false, 1220,
	    12200, 0, 10, { 1, 1, LE(40), LE(1220) } },
	{ "GSO-17 segment of 1261", IPPROTO_TCP, PKT_SEG_TCP, false, 1221,
	    1500, 0x4000, 2, { 1, 1, LE(40), LE(1221) } },
	{ "GSO-26 payload below segment size", IPPROTO_TCP, PKT_SEG_TCP, false,
	    1400, 100, 0, 1, { 1, 1, LE(40), LE(1400) } },
	{ "GSO-05 no payload at all", IPPROTO_TCP, PKT_SEG_TCP, false, 1400, 0,
	    0, 1, { 1, 1, LE(40), LE(1400) } },
	{ "GSO-13 USO6 to USO4", IPPROTO_UDP, PKT_SEG_UDP, false, 1200, 6000,
	    0, 5, { 1, 5, LE(28), LE(1200) } },
	{ "GSO-14 partial alone", IPPROTO_UDP, PKT_SEG_NONE, false, 0, 20, 0,
	    1, { 1, 0, LE(0), LE(0) } },
};

/* Shows: GSO-05 GSO-10 GSO-11 GSO-12 GSO-13 GSO-14 GSO-15 GSO-17 GSO-18 */
/* Shows: GSO-19 GSO-20 GSO-26 */
START_TEST(xlat_6to4_offloads_follow_the_packet)
{
	const struct offload_row *r = &offload_rows[_i];
	struct spec s = { .family = PKT_V6,
		.proto = r->proto,
		.tcp_flags = PKT_TH_ACK,
		.payload = r->payload };
	struct tuple4 out = tuple_out4();
	uint8_t vnet[VNET_HDRLEN];
	uint16_t start;

	build(&p, &s);
	parse(&p);
	make_partial(&p, r->seg, r->seg_size);
	p.ofl.ecn = r->ecn;
	translate(false);
	ck_assert_msg(wire_get16(p.data + 6) == r->df, "%s", r->name);
	ck_assert_uint_eq(wire_get16(p.data + 2), p.len);
	ck_assert_uint_eq(wire_get16(pkt_l4(&p) + cksum_off(r->proto)),
	    wire_pseudo(p.data, r->proto, pkt_l4len(&p)));
	ck_assert_msg(ipid_take(&ids, out.src.addr, out.dst.addr, r->proto,
			  1) == FIRST_ID + r->n_ids,
	    "%s", r->name);
	vnet_encode(&p, vnet);
	memcpy(&start, vnet + 6, sizeof(start));
	ck_assert_uint_eq(start, 20);
	ck_assert_uint_eq(p.ofl.seg_size, r->seg_size);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	ck_assert_mem_eq(vnet, r->vnet, sizeof(r->vnet));
#endif
}
END_TEST

/* Shows: GSO-06 */
START_TEST(xlat_6to4_extension_headers_of_a_super_packet_are_left_out)
{
	static const uint8_t ext[] = { IPPROTO_TCP, 0, 1, 4, 0, 0, 0, 0 };
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_TCP,
		.next = IPPROTO_DSTOPTS,
		.ext = ext,
		.extlen = sizeof(ext),
		.payload = 5000 };

	build(&p, &s);
	parse(&p);
	make_partial(&p, PKT_SEG_TCP, 1000);
	translate(false);
	ck_assert_uint_eq(p.ofl.csum_start, 20);
	ck_assert_uint_eq(p.len, 20 + 20 + 5000);
}
END_TEST

/* Shows: GSO-16 GSO-19 */
START_TEST(xlat_6to4_verified_checksum_stays_full)
{
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 100 };

	build(&p, &s);
	parse(&p);
	p.ofl.csum_valid = true;
	translate(false);
	ck_assert(cksum_right(&p));
	ck_assert(!p.ofl.csum_partial);
}
END_TEST

static const uint8_t opt_mss[] = { 2, 4, 0x05, 0xb4, 1, 3, 3, 7 };
static const uint8_t opt_nop_mss[] = { 1, 2, 4, 0x05, 0xb4, 3, 3, 7 };
static const uint8_t opt_late[] = { 3, 3, 7, 4, 2, 2, 4, 0x23, 0x28, 0, 0, 0 };
static const uint8_t opt_behind_end[] = { 0, 2, 4, 0x05, 0xb4, 0, 0, 0 };
static const uint8_t opt_broken[] = { 3, 0, 2, 4, 0x05, 0xb4, 0, 0 };
static const uint8_t opt_cut[] = { 1, 1, 2, 4 };
static const uint8_t opt_none[] = { 1, 1, 4, 2 };

struct mss_row {
	const char *name;
	bool clamp;
	uint8_t flags;
	const uint8_t *opts;
	size_t optlen;
	uint32_t mtu4;
	uint32_t mtu6;
	size_t at; /* of the value in the TCP header; 0: none */
	uint16_t mss;
};

static const struct mss_row mss_rows[] = {
	{ "off", false, PKT_TH_SYN, opt_mss, 8, 1400, 1500, 22, 1460 },
	{ "IPv6 MTU", true, PKT_TH_SYN, opt_mss, 8, 1500, 1500, 22, 1440 },
	{ "IPv4 MTU", true, PKT_TH_SYN, opt_mss, 8, 1400, 1500, 22, 1360 },
	{ "SYN and ACK", true, PKT_TH_SYN | PKT_TH_ACK, opt_mss, 8, 1400, 1500,
	    22, 1360 },
	{ "no SYN", true, PKT_TH_ACK, opt_mss, 8, 1400, 1500, 22, 1460 },
	{ "never raised", true, PKT_TH_SYN, opt_mss, 8, 9000, 9000, 22, 1460 },
	{ "odd offset", true, PKT_TH_SYN, opt_nop_mss, 8, 1400, 1500, 23,
	    1360 },
	{ "behind others, odd", true, PKT_TH_SYN, opt_late, 12, 1500, 1500, 27,
	    1440 },
	{ "behind the end", true, PKT_TH_SYN, opt_behind_end, 8, 1400, 1500,
	    23, 1460 },
	{ "option of length 0", true, PKT_TH_SYN, opt_broken, 8, 1400, 1500,
	    24, 1460 },
	{ "cut off", true, PKT_TH_SYN, opt_cut, 4, 1400, 1500, 0, 0 },
	{ "never added", true, PKT_TH_SYN, opt_none, 4, 1400, 1500, 0, 0 },
	{ "no options", true, PKT_TH_SYN, NULL, 0, 1400, 1500, 0, 0 },
};

/* Shows: XLT-16 */
START_TEST(xlat_6to4_mss_is_clamped_in_syns)
{
	const struct mss_row *r = &mss_rows[_i / 2];
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_TCP,
		.tcp_flags = r->flags,
		.opts = r->opts,
		.optlen = r->optlen };

	build(&p, &s);
	parse(&p);
	if (_i % 2 == 1)
		make_partial(&p, PKT_SEG_NONE, 0);
	conf.mss_clamp = r->clamp;
	conf.mtu4 = r->mtu4;
	conf.mtu6 = r->mtu6;
	translate(false);
	ck_assert_uint_eq(p.len, 40 + r->optlen);
	if (r->at != 0)
		ck_assert_msg(wire_get16(pkt_l4(&p) + r->at) == r->mss, "%s",
		    r->name);
	pkt_complete_cksum(&p);
	ck_assert_msg(cksum_right(&p), "%s", r->name);
}
END_TEST

/* Shows: XLT-16 FRG-10 */
START_TEST(xlat_6to4_options_cut_by_fragmentation_are_left_alone)
{
	uint8_t fh[8];
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_TCP,
		.tcp_flags = PKT_TH_SYN,
		.next = IPPROTO_FRAGMENT,
		.ext = fh,
		.extlen = 8,
		.opts = opt_late,
		.optlen = sizeof(opt_late) };

	put_fh(fh, IPPROTO_TCP, 1, 7);
	build(&p, &s);
	wire_put16(p.data + 4, 8 + 24);
	p.len = 48 + 24;
	memset(p.data + p.len, 2, 8);
	parse(&p);
	conf.mss_clamp = true;
	conf.mtu4 = 576;
	translate(false);
	ck_assert_uint_eq(p.data[p.len], 2);
	ck_assert_uint_eq(p.len, 20 + 24);
}
END_TEST

/* Shows: CSM-01 CSM-03 CSM-04 CSM-05 ADR-13 GSO-13 */
START_TEST(xlat_6to4_updates_agree_with_full_sums)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
		IPPROTO_ICMPV6 };
	uint32_t seed = 0x2545f491, i, j;
	struct tuple4 out = tuple_out4();
	struct spec s = { .family = PKT_V6 };
	size_t off;

	for (i = 0; i < 30000; i++) {
		s.proto = protos[wire_random(&seed) % 3];
		s.echo_type =
		    ICMP6_ECHO_REQUEST + (uint8_t)(wire_random(&seed) % 2);
		s.echo_id = (uint16_t)wire_random(&seed);
		s.payload = wire_random(&seed) % 64;
		build(&p, &s);
		/* Other addresses and data; the sum is made anew. */
		for (j = 8; j < 40; j++)
			p.data[j] = (uint8_t)wire_random(&seed);
		for (j = 48; j < 48 + s.payload && s.proto != IPPROTO_TCP; j++)
			p.data[j] = (uint8_t)wire_random(&seed);
		off = 40 + cksum_off(s.proto);
		wire_put16(p.data + off, 0);
		wire_put16(p.data + off,
		    (uint16_t)~wire_sum(wire_pseudo(p.data, s.proto,
					    p.len - 40),
			p.data + 40, p.len - 40));
		if (s.proto == IPPROTO_UDP && wire_get16(p.data + off) == 0)
			wire_put16(p.data + off, 0xffff);
		parse(&p);
		if (s.proto != IPPROTO_ICMPV6 && wire_random(&seed) % 4 == 0)
			make_partial(&p, PKT_SEG_NONE, 0);
		out.src.addr.s_addr = wire_random(&seed);
		out.dst.addr.s_addr = wire_random(&seed);
		out.src.port = (uint16_t)wire_random(&seed) | 1;
		xlat_6to4(&p, &out, &conf, &ids, false);
		pkt_complete_cksum(&p);
		REQUIRE(ip4_right(p.data));
		REQUIRE(cksum_right(&p));
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("xlat_6to4");
	TCase *tc = tcase_create("6to4");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, xlat_6to4_writes_the_ipv4_header, 0,
	    NITEMS(header_rows));
	tcase_add_loop_test(tc, xlat_6to4_later_fragment_keeps_its_data, 0, 3);
	tcase_add_test(tc,
	    xlat_6to4_first_fragment_updates_the_sum_of_the_whole);
	tcase_add_test(tc, xlat_6to4_udp_result_zero_is_sent_as_ffff);
	tcase_add_loop_test(tc, xlat_6to4_damage_stays_visible, 0, 3);
	tcase_add_test(tc, xlat_6to4_bytes_behind_the_udp_length_are_kept);
	tcase_add_loop_test(tc, xlat_6to4_echo_changes_type_and_identifier, 0,
	    3);
	tcase_add_loop_test(tc, xlat_6to4_offloads_follow_the_packet, 0,
	    NITEMS(offload_rows));
	tcase_add_test(tc,
	    xlat_6to4_extension_headers_of_a_super_packet_are_left_out);
	tcase_add_test(tc, xlat_6to4_verified_checksum_stays_full);
	tcase_add_loop_test(tc, xlat_6to4_mss_is_clamped_in_syns, 0,
	    2 * NITEMS(mss_rows));
	tcase_add_test(tc,
	    xlat_6to4_options_cut_by_fragmentation_are_left_alone);
	tcase_add_test(tc, xlat_6to4_updates_agree_with_full_sums);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
