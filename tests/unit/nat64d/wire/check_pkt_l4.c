/*
 * Unit tests of pkt.c: the headers of L4, offloads, checksums.
 */
#include "tests/unit/pkt_util.h"
#include "tests/unit/suite.h"

/* Shows: FLT-12 FLT-13 FRG-11 TUP-20 TUP-21 */
START_TEST(parse_l4_accepts_and_drops)
{
	enum { WHOLE, FIRST };
	static const struct {
		const char *name;
		uint8_t proto;
		uint8_t piece;
		uint8_t len;
		enum nat64_reason reason;
		uint8_t hlen;
		uint8_t bytes[24];
	} rows[] = {
		{ "tcp", 6, WHOLE, 20, NAT64_NONE, 20, { TCP_20 } },
		{ "tcp with payload", 6, WHOLE, 24, NAT64_NONE, 20,
		    { TCP_20 } },
		{ "tcp with options", 6, WHOLE, 24, NAT64_NONE, 24,
		    { 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x60, 2 } },
		{ "tcp of 19 bytes", 6, WHOLE, 19, NAT64_BAD_L4, 0,
		    { TCP_20 } },
		{ "tcp without bytes", 6, WHOLE, 0, NAT64_BAD_L4, 0, { 0 } },
		{ "tcp data offset 4", 6, WHOLE, 20, NAT64_BAD_L4, 0,
		    { 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 2 } },
		{ "tcp data offset beyond", 6, WHOLE, 20, NAT64_BAD_L4, 0,
		    { 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x60, 2 } },
		{ "tcp source port 0", 6, WHOLE, 20, NAT64_BAD_L4, 20,
		    { 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2 } },
		{ "tcp destination port 0", 6, WHOLE, 20, NAT64_BAD_L4, 20,
		    { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2 } },
		{ "tcp first fragment", 6, FIRST, 24, NAT64_NONE, 20,
		    { TCP_20 } },
		{ "tcp first fragment of 16 bytes", 6, FIRST, 16,
		    NAT64_FRAG_TINY, 0, { TCP_20 } },
		{ "tcp options run on", 6, FIRST, 24, NAT64_NONE, 24,
		    { 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0, 2 } },
		{ "tcp first fragment, data offset 4", 6, FIRST, 24,
		    NAT64_BAD_L4, 0,
		    { 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 2 } },
		{ "udp", 17, WHOLE, 12, NAT64_NONE, 8, { UDP_12 } },
		{ "udp with trailing bytes", 17, WHOLE, 20, NAT64_NONE, 8,
		    { UDP_12 } },
		{ "udp longer than the packet", 17, WHOLE, 11, NAT64_BAD_L4, 0,
		    { UDP_12 } },
		{ "udp of 7 bytes", 17, WHOLE, 7, NAT64_BAD_L4, 0,
		    { UDP_12 } },
		{ "udp length 7", 17, WHOLE, 8, NAT64_BAD_L4, 0,
		    { 1, 0, 2, 0, 0, 7 } },
		{ "udp length 0", 17, WHOLE, 8, NAT64_BAD_L4, 0,
		    { 1, 0, 2, 0, 0, 0 } },
		{ "udp length 8", 17, WHOLE, 8, NAT64_NONE, 8,
		    { 1, 0, 2, 0, 0, 8 } },
		{ "udp source port 0", 17, WHOLE, 8, NAT64_NONE, 8,
		    { 0, 0, 2, 0, 0, 8 } },
		{ "udp first fragment", 17, FIRST, 8, NAT64_NONE, 8,
		    { 1, 0, 2, 0, 0xff, 0xff } },
		{ "udp first fragment, length 7", 17, FIRST, 8, NAT64_BAD_L4,
		    0, { 1, 0, 2, 0, 0, 7 } },
		{ "udp first fragment without bytes", 17, FIRST, 0,
		    NAT64_FRAG_TINY, 0, { 0 } },
		{ "icmpv6", 58, WHOLE, 8, NAT64_NONE, 8, { 128, 0 } },
		{ "icmpv6 of 7 bytes", 58, WHOLE, 7, NAT64_BAD_L4, 0,
		    { 128, 0 } },
		{ "icmpv6 first fragment of 0 bytes", 58, FIRST, 0,
		    NAT64_FRAG_TINY, 0, { 0 } },
		{ "icmpv4 in ipv6", 1, WHOLE, 8, NAT64_UNKNOWN_PROTO, 0,
		    { 8, 0 } },
		{ "sctp", 132, WHOLE, 24, NAT64_UNKNOWN_PROTO, 0, { 0 } },
	};
	uint8_t bytes[8 + 24];
	struct pkt p;
	size_t i;
	int got;

	for (i = 0; i < NITEMS(rows); i++) {
		memset(bytes, 0, 8);
		bytes[0] = rows[i].proto;
		bytes[3] = rows[i].piece == FIRST;
		memcpy(bytes + 8, rows[i].bytes, rows[i].len);
		p = load6(44, bytes, 8u + rows[i].len);
		ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
		got = pkt_parse_l4(&p);
		ck_assert_msg(got == (int)rows[i].reason, "%s: %s",
		    rows[i].name, nat64_reason_name(got));
		ck_assert_msg(p.l4hlen == rows[i].hlen, "%s: %u", rows[i].name,
		    p.l4hlen);
		free(p.buf);
	}
}
END_TEST

/* Shows: FLT-12 */
START_TEST(parse_l4_finds_ports_and_flags)
{
	struct pkt p = load(tcp6, sizeof(tcp6));

	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_int_eq(pkt_parse_l4(&p), NAT64_NONE);
	ck_assert_int_eq(p.l4, L4_TCP);
	ck_assert_uint_eq(p.sport, 49152);
	ck_assert_uint_eq(p.dport, 443);
	ck_assert_uint_eq(p.tcp_flags, PKT_TH_SYN | PKT_TH_ACK);
	ck_assert_uint_eq(pkt_payload_len(&p), 0);
	free(p.buf);

	p = load4(udp4, sizeof(udp4));
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_int_eq(pkt_parse_l4(&p), NAT64_NONE);
	ck_assert_int_eq(p.l4, L4_UDP);
	ck_assert_uint_eq(p.sport, 49153);
	ck_assert_uint_eq(p.dport, 53);
	ck_assert_uint_eq(pkt_payload_len(&p), 4);
	free(p.buf);
}
END_TEST

/* Shows: TUP-20 TUP-21 */
START_TEST(parse_l4_takes_the_identifier_of_echoes_alone)
{
	static const struct {
		const char *name;
		bool v6;
		uint8_t type;
		uint16_t id;
	} rows[] = {
		{ "ICMPv4 echo", false, 8, 0x1234 },
		{ "ICMPv4 echo reply", false, 0, 0x1234 },
		{ "ICMPv4 timestamp", false, 13, 0 },
		{ "ICMPv4 unreachable", false, 3, 0 },
		{ "ICMPv4 type 128", false, 128, 0 },
		{ "ICMPv6 echo", true, 128, 0x1234 },
		{ "ICMPv6 echo reply", true, 129, 0x1234 },
		{ "ICMPv6 type 8", true, 8, 0 },
		{ "ICMPv6 unreachable", true, 1, 0 },
	};
	uint8_t icmp[] = { 0, 7, 0, 0, 0x12, 0x34, 0, 1 }, buf[28];
	struct pkt p;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		icmp[0] = rows[i].type;
		memcpy(buf, udp4, 20);
		buf[3] = sizeof(buf);
		buf[9] = IPPROTO_ICMP;
		memcpy(buf + 20, icmp, sizeof(icmp));
		p = rows[i].v6 ? load6(IPPROTO_ICMPV6, icmp, sizeof(icmp)) :
				 load4(buf, sizeof(buf));
		ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
		ck_assert_int_eq(pkt_parse_l4(&p), NAT64_NONE);
		ck_assert_int_eq(p.l4, L4_ICMP);
		ck_assert_uint_eq(p.icmp_type, rows[i].type);
		ck_assert_uint_eq(p.icmp_code, 7);
		ck_assert_msg(p.sport == rows[i].id && p.dport == rows[i].id,
		    "%s: %#x", rows[i].name, p.sport);
		free(p.buf);
	}
}
END_TEST

#define SEG(type, family, size) \
	.seg = PKT_SEG_##type, .seg_family = (family), .seg_size = (size)
#define CSUM(start, off) \
	.csum_partial = true, .csum_start = (start), .csum_off = (off)

/* Shows: GSO-04 GSO-06 GSO-26 */
START_TEST(offload_data_must_fit_the_packet)
{
	static const struct {
		const char *name;
		const uint8_t *bytes;
		size_t len;
		struct patch patches[2];
		struct pkt_offload ofl;
		bool good;
	} rows[] = {
#define P(name) name, sizeof(name)
		{ "none", P(tcp4), { { 0, 0 } }, { .seg = PKT_SEG_NONE },
		    true },
		{ "tcp4", P(tcp4), { { 0, 0 } },
		    { SEG(TCP, 4, 1), CSUM(20, 16) }, true },
		{ "tcp6", P(tcp6), { { 0, 0 } },
		    { SEG(TCP, 6, 1), CSUM(40, 16) }, true },
		{ "tcp without a family", P(tcp6), { { 0, 0 } },
		    { .seg = PKT_SEG_TCP, .seg_size = 1, CSUM(40, 16) },
		    true },
		{ "tcp4 on IPv6", P(tcp6), { { 0, 0 } },
		    { SEG(TCP, 4, 1), CSUM(40, 16) }, false },
		{ "tcp6 on IPv4", P(tcp4), { { 0, 0 } },
		    { SEG(TCP, 6, 1), CSUM(20, 16) }, false },
		{ "tcp on udp", P(udp4), { { 0, 0 } },
		    { .seg = PKT_SEG_TCP, .seg_size = 1, CSUM(20, 6) },
		    false },
		{ "tcp of size 0", P(tcp4), { { 0, 0 } },
		    { .seg = PKT_SEG_TCP, CSUM(20, 16) }, false },
		{ "udp", P(udp4), { { 0, 0 } },
		    { .seg = PKT_SEG_UDP, .seg_size = 1, CSUM(20, 6) }, true },
		{ "udp on tcp", P(tcp4), { { 0, 0 } },
		    { .seg = PKT_SEG_UDP, .seg_size = 1, CSUM(20, 16) },
		    false },
		{ "udp without a partial checksum", P(udp4), { { 0, 0 } },
		    { .seg = PKT_SEG_UDP, .seg_size = 1 }, false },
		{ "udp with trailing bytes", P(udp4), { { 25, 11 } },
		    { .seg = PKT_SEG_UDP, .seg_size = 1, CSUM(20, 6) },
		    false },
		{ "type unknown", P(udp4), { { 0, 0 } },
		    { .seg = 9, .seg_size = 1, CSUM(20, 6) }, false },
		{ "checksum only", P(udp6), { { 0, 0 } }, { CSUM(40, 6) },
		    true },
		{ "checksum start wrong", P(udp6), { { 0, 0 } },
		    { CSUM(41, 6) }, false },
		{ "checksum start of the other family", P(udp6), { { 0, 0 } },
		    { CSUM(20, 6) }, false },
		{ "checksum offset wrong for udp", P(udp6), { { 0, 0 } },
		    { CSUM(40, 16) }, false },
		{ "checksum offset wrong for tcp", P(tcp6), { { 0, 0 } },
		    { CSUM(40, 6) }, false },
		{ "checksum offset wrong for icmp", P(tcp6), { { 6, 58 } },
		    { CSUM(40, 6) }, false },
		{ "checksum of icmp", P(tcp6), { { 6, 58 } }, { CSUM(40, 2) },
		    true },
		{ "checksum offset beyond the end", P(tcp6), { { 6, 132 } },
		    { CSUM(40, 19) }, false },
		{ "checksum offset near overflow", P(tcp6), { { 6, 132 } },
		    { CSUM(40, 0xffff) }, false },
		{ "header chain beyond the end", P(tcp6),
		    { { 6, 0 }, { 41, 99 } }, { CSUM(40, 6) }, false },
		{ "segments of a fragment", P(tcp4), { { 6, 0x20 } },
		    { .seg = PKT_SEG_TCP, .seg_size = 1 }, false },
		{ "checksum of a fragment", P(tcp4), { { 6, 0x20 } },
		    { CSUM(20, 16) }, false },
#undef P
	};
	struct pkt p;
	size_t i;
	int got;

	for (i = 0; i < NITEMS(rows); i++) {
		p = load(rows[i].bytes, rows[i].len);
		patch(p.data, rows[i].patches, NITEMS(rows[i].patches));
		if (p.data[0] == 0x45)
			wire_fix_ip4(p.data);
		p.ofl = rows[i].ofl;
		got = pkt_parse(&p);
		if (got == NAT64_NONE)
			got = pkt_parse_l4(&p);
		if (got == NAT64_UNKNOWN_PROTO)
			got = NAT64_NONE;
		ck_assert_msg(got ==
			(rows[i].good ? NAT64_NONE : NAT64_BAD_OFFLOAD),
		    "%s: %s", rows[i].name, nat64_reason_name(got));
		ck_assert_uint_eq(p.ofl.seg_family, 0);
		free(p.buf);
	}
}
END_TEST

/* Shows: GSO-19 */
START_TEST(complete_cksum_makes_the_checksum_right)
{
	struct pkt p = load(tcp6, sizeof(tcp6));

	wire_put16(p.data + 56, wire_pseudo(p.data, IPPROTO_TCP, 20));
	p.ofl = (struct pkt_offload){ CSUM(40, 16) };
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	pkt_complete_cksum(&p);
	ck_assert(!p.ofl.csum_partial);
	ck_assert_uint_eq(wire_sum(wire_pseudo(p.data, IPPROTO_TCP, 20),
			      p.data + 40, 20),
	    0xffff);
	free(p.buf);
}
END_TEST

/* Shows: CSM-09 GSO-19 */
START_TEST(complete_cksum_never_gives_udp_a_zero)
{
	struct pkt p = load(udp6, sizeof(udp6));
	uint16_t sum;

	/* Choose the last word so that the sum is 0xffff, its inverse 0. */
	wire_put16(p.data + 46, wire_pseudo(p.data, IPPROTO_UDP, 12));
	wire_put16(p.data + 50, 0);
	sum = wire_sum(0, p.data + 40, 12);
	wire_put16(p.data + 50, (uint16_t)~sum);
	p.ofl = (struct pkt_offload){ CSUM(40, 6) };
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	pkt_complete_cksum(&p);
	ck_assert_uint_eq(get16(p.data + 46), 0xffff);
	free(p.buf);
}
END_TEST

/* Shows: GSO-19 */
START_TEST(complete_cksum_leaves_complete_packets_alone)
{
	struct pkt p = load(udp6, sizeof(udp6));

	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	pkt_complete_cksum(&p);
	ck_assert_mem_eq(p.data, udp6, sizeof(udp6));
	free(p.buf);
}
END_TEST

/*
 * UDP in IPv6 with the IPv4 packet of tcp4 as payload. The checksum of the
 * tunnel is right when that of the inner packet is.
 */
static void
put_tunnel(uint8_t *buf, size_t len)
{
	uint8_t *inner = buf + 48;

	memcpy(buf, udp6, 48);
	memcpy(inner, tcp4, sizeof(tcp4));
	wire_put16(buf + 4, (uint16_t)(len - 40));
	wire_put16(buf + 44, (uint16_t)(len - 40));
	wire_put16(buf + 46, 0);
	wire_put16(inner + 36, 0);
	wire_put16(inner + 36,
	    (uint16_t)~wire_sum(wire_pseudo(inner, IPPROTO_TCP,
				    sizeof(tcp4) - 20),
		inner + 20, sizeof(tcp4) - 20));
	wire_put16(buf + 46,
	    (uint16_t)~wire_sum(wire_pseudo(buf, IPPROTO_UDP, len - 40),
		buf + 40, len - 40));
}

START_TEST(parse_completes_the_checksum_inside_of_a_tunnel)
{
	uint8_t whole[48 + sizeof(tcp4)], partial[sizeof(whole)];
	struct pkt p;

	put_tunnel(whole, sizeof(whole));
	memcpy(partial, whole, sizeof(whole));
	wire_put16(partial + 48 + 36,
	    wire_pseudo(partial + 48, IPPROTO_TCP, sizeof(tcp4) - 20));
	p = load(partial, sizeof(partial));
	p.ofl = (struct pkt_offload){ CSUM(48 + 20, 16) };
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_int_eq(pkt_parse_l4(&p), NAT64_NONE);
	ck_assert(!p.ofl.csum_partial);
	ck_assert_mem_eq(p.data, whole, sizeof(whole));
	free(p.buf);

	p = load(partial, sizeof(partial));
	p.ofl = (struct pkt_offload){ CSUM(48 + 20, 19) };
	ck_assert_int_eq(pkt_parse(&p), NAT64_BAD_OFFLOAD);
	ck_assert_mem_eq(p.data, partial, sizeof(partial));
	free(p.buf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pkt_l4");
	TCase *tc = tcase_create("pkt_l4");

	tcase_add_test(tc, parse_l4_accepts_and_drops);
	tcase_add_test(tc, parse_l4_finds_ports_and_flags);
	tcase_add_test(tc, parse_l4_takes_the_identifier_of_echoes_alone);
	tcase_add_test(tc, offload_data_must_fit_the_packet);
	tcase_add_test(tc, complete_cksum_makes_the_checksum_right);
	tcase_add_test(tc, complete_cksum_never_gives_udp_a_zero);
	tcase_add_test(tc, complete_cksum_leaves_complete_packets_alone);
	tcase_add_test(tc, parse_completes_the_checksum_inside_of_a_tunnel);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
