/*
 * Stateless translation. The CLAT of CLIENT6, whose programs have HOST4 and
 * see the Internet in the Pref64 of nat64_lab.h; and the border of servers
 * that have IPv6 only, with the table and the addresses of RFC 7757, B.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/net/addr.h"

#include "tests/unit/nat64_lab.h"

#define HOST4 "192.0.0.1"
#define LAN4 "192.168.1.7"
#define LAN6 "2001:db8:2:0:700::"

static struct eam maps[4];

static void
map(size_t i, const char *four, const char *six)
{
	struct prefix p4, p6;

	ck_assert_ptr_null(prefix_parse_family(four, AF_INET, &p4));
	ck_assert_ptr_null(prefix_parse_family(six, AF_INET6, &p6));
	maps[i] = (struct eam){ p4.v4, p4.len, p6.v6, p6.len };
	lab.conf.maps = maps;
	lab.conf.n_maps = i + 1;
}

static void
start_mode(enum nat64_mode mode)
{
	lab.conf.mode = mode;
	lab.conf.pool = NULL;
	lab.conf.n_pool = 0;
	lab_start();
}

static void
start_clat(void)
{
	map(0, HOST4, CLIENT6);
	map(1, "192.168.1.0/24", "2001:db8:2::/64");
	start_mode(NAT64_CLAT);
}

/* RFC 7757, B: two servers of the table, and its other addresses. */
#define A6 "2001:db8:aaaa::"
#define B6 "2001:db8:bbbb::b"
#define A_SEEN "64:ff9b::192.0.2.1"
#define B_SEEN "64:ff9b::192.0.2.2"

static void
start_siit(void)
{
	map(0, "192.0.2.1", A6);
	map(1, "192.0.2.2", B6);
	lab_set_prefix(0, "64:ff9b::", 96);
	lab.conf.wkp_nonglobal_ok = true; /* documentation addresses */
	lab.conf.self4 = addr4("198.51.100.1");
	start_mode(NAT64_SIIT);
}

/* --- addresses --- */

START_TEST(ports_stay_and_addresses_are_mapped_or_embedded)
{
	start_clat();
	lab_udp(HOST4, 1000, SERVER4, 53);
	lab_expect_flow(lab_sent(), CLIENT6, 1000, SERVER6, 53);
	ck_assert_uint_eq(lab_sent()->ttl, 63);
	lab_udp(SERVER6, 53, CLIENT6, 1000);
	lab_expect_flow(lab_sent(), SERVER4, 53, HOST4, 1000);
	lab_tcp(LAN4, 1000, SERVER4, 443, PKT_TH_SYN);
	lab_expect_flow(lab_sent(), LAN6, 1000, SERVER6, 443);
	lab_tcp(SERVER6, 443, LAN6, 1000, PKT_TH_SYN | PKT_TH_ACK);
	lab_expect_flow(lab_sent(), SERVER4, 443, LAN4, 1000);
	lab_ping(HOST4, SERVER4, 7);
	lab_expect_flow(lab_sent(), CLIENT6, 7, SERVER6, 7);
	lab_pong(SERVER6, CLIENT6, 7);
	lab_expect_flow(lab_sent(), SERVER4, 7, HOST4, 7);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

START_TEST(a_host_may_be_called_from_outside)
{
	start_clat();
	lab_tcp(SERVER6, 5000, CLIENT6, 80, PKT_TH_SYN);
	lab_expect_flow(lab_sent(), SERVER4, 5000, HOST4, 80);
}
END_TEST

START_TEST(a_packet_without_a_mapping_goes_nowhere)
{
	start_clat();
	lab_udp("192.0.2.99", 1, SERVER4, 53);
	lab_expect_error(NAT64_UNMAPPED4, ICMP_UNREACH,
	    ICMP_UNREACH_FILTER_PROHIB);
	lab_udp("2001:db8:77::1", 1, CLIENT6, 53);
	lab_expect_drop(NAT64_UNMAPPED6);
	lab_udp(SERVER6, 1, "2001:db8:77::1", 53);
	lab_expect_drop(NAT64_UNMAPPED6);
	lab_udp(SERVER6, 1, SERVER6_2, 53);
	lab_expect_drop(NAT64_SOURCE_IN_PREF64);
	lab_udp(HOST4, 1, "224.0.0.1", 53);
	lab_expect_drop(NAT64_MARTIAN4);
	lab_udp("127.0.0.1", 1, SERVER4, 53);
	lab_expect_drop(NAT64_MARTIAN4);
	lab_udp("2001:db8:64::127.0.0.1", 1, CLIENT6, 53);
	lab_expect_drop(NAT64_UNMAPPED6);
	lab_udp("fe80::1", 1, CLIENT6, 53);
	lab_expect_drop(NAT64_MARTIAN6);
}
END_TEST

/* RFC 6052, 3.1 */
START_TEST(the_well_known_prefix_carries_public_addresses_only)
{
	lab_set_prefix(0, "64:ff9b::", 96);
	start_clat();
	lab_udp(HOST4, 1, "8.8.8.8", 53);
	lab_expect_flow(lab_sent(), CLIENT6, 1, "64:ff9b::8.8.8.8", 53);
	lab_udp(HOST4, 1, "10.0.0.1", 53);
	lab_expect_error(NAT64_WKP_NONGLOBAL, ICMP_UNREACH,
	    ICMP_UNREACH_FILTER_PROHIB);
	lab_udp("64:ff9b::10.0.0.1", 1, CLIENT6, 53);
	lab_expect_drop(NAT64_UNMAPPED6);
}
END_TEST

START_TEST(a_clat_without_a_prefix_says_that_the_network_is_unreachable)
{
	lab.conf.n_prefixes = 0;
	start_clat();
	lab_udp(HOST4, 1, SERVER4, 53);
	lab_expect_error(NAT64_NO_PREF64, ICMP_UNREACH, ICMP_UNREACH_NET);
	lab_set_prefix(0, PREF64, 96);
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
	lab_udp(HOST4, 1, SERVER4, 53);
	lab_expect_flow(lab_sent(), CLIENT6, 1, SERVER6, 53);
}
END_TEST

START_TEST(another_configuration_has_other_mappings)
{
	start_clat();
	map(0, HOST4, "2001:db8:5::5");
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
	while (nat64_settle(lab.n, lab.now, 10))
		continue;
	lab_udp(HOST4, 1, SERVER4, 53);
	lab_expect_flow(lab_sent(), "2001:db8:5::5", 1, SERVER6, 53);
	lab_udp(SERVER6, 53, CLIENT6, 1);
	lab_expect_drop(NAT64_UNMAPPED6);
	lab.conf.mode = NAT64_SIIT;
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), -1);
}
END_TEST

/* --- headers --- */

START_TEST(hop_limit_and_source_route_are_answered)
{
	const struct flow f = { HOST4, SERVER4, 1, 2 };
	const struct flow back = { SERVER6, CLIENT6, 1, 2 };
	const struct spec late4 = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.ttl = 1 };
	const struct spec late6 = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.ttl = 1 };

	start_clat();
	lab_build(&late4, &f);
	lab_send();
	lab_expect_error(NAT64_TTL_EXPIRED, ICMP_TIMXCEED,
	    ICMP_TIMXCEED_INTRANS);
	lab_expect_flow(&lab.out[0], SELF4, 0, HOST4, 0);
	lab_build(&late6, &back);
	lab_send();
	lab_expect_error(NAT64_TTL_EXPIRED, ICMP6_TIME_EXCEEDED,
	    ICMP6_TIME_EXCEED_TRANSIT);
	lab_expect_flow(&lab.out[0], SELF6, 0, SERVER6, 0);
}
END_TEST

/* RFC 7915, 4.5 and 5.5 */
START_TEST(other_protocols_are_passed_on_untouched)
{
	const uint8_t protos[] = { 47, 50, 132 };
	const struct flow f = { HOST4, SERVER4, 1, 2 };
	uint8_t before[64];
	struct pkt there;
	size_t i;

	start_clat();
	for (i = 0; i < sizeof(protos); i++) {
		lab_build_proto(&f, protos[i], 56);
		memcpy(before, lab.in.data + 20, sizeof(before));
		lab_send();
		ck_assert_uint_eq(lab_sent()->family, PKT_V6);
		ck_assert_uint_eq(lab_sent()->data[6], protos[i]);
		ck_assert_str_eq(text6(lab_sent()->ip6.dst),
		    text6(addr6(SERVER6)));
		ck_assert_mem_eq(lab_sent()->data + 40, before, 64);
		there = lab_copy(lab_sent());
		lab_resend(&there);
		ck_assert_str_eq(text4(lab_sent()->ip4.src), HOST4);
		ck_assert_uint_eq(lab_sent()->data[9], protos[i]);
		ck_assert_mem_eq(lab_sent()->data + 20, before, 64);
	}
}
END_TEST

START_TEST(what_would_be_an_extension_header_is_refused)
{
	const uint8_t protos[] = { 0, 43, 44, 60, 58 };
	const struct flow f = { HOST4, SERVER4, 1, 2 };
	size_t i;

	start_clat();
	for (i = 0; i < sizeof(protos); i++) {
		lab_build_proto(&f, protos[i], 8);
		lab_send();
		lab_expect_error(NAT64_UNKNOWN_PROTO, ICMP_UNREACH,
		    ICMP_UNREACH_PROTOCOL);
	}
}
END_TEST

/* --- fragments --- */

START_TEST(fragments_are_translated_alone_in_any_order)
{
	const struct flow f = { HOST4, SERVER4, 1000, 53 };
	const struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.payload = 2000 };
	struct pkt whole, piece;

	start_clat();
	lab_build(&s, &f);
	whole = lab_copy(&lab.in);
	lab_build_fragment(&whole, 77, 1000, 1008, false);
	lab_send();
	piece = lab_copy(lab_sent());
	ck_assert(piece.is_frag && !piece.more);
	ck_assert_uint_eq(piece.frag_id, 77);
	ck_assert_uint_eq(piece.frag_off, 1000);
	ck_assert_str_eq(text6(piece.ip6.src), CLIENT6);
	lab_resend(&piece);
	ck_assert_str_eq(text4(lab_sent()->ip4.src), HOST4);
	ck_assert_uint_eq(lab_sent()->frag_id, 77);
	ck_assert_uint_eq(lab_sent()->frag_off, 1000);
	lab_build_fragment(&whole, 77, 0, 1000, true);
	lab_send();
	lab_expect_flow(lab_sent(), CLIENT6, 1000, SERVER6, 53);
	ck_assert(lab_sent()->is_frag && lab_sent()->more);
}
END_TEST

/* The ICMPv6 checksum covers the length of the whole. */
START_TEST(a_fragmented_echo_is_put_together_and_cut_again)
{
	const struct flow f = { HOST4, SERVER4, 9, 9 };
	const struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_ICMP,
		.echo_type = ICMP_ECHO,
		.payload = 2000 };
	struct pkt whole;

	start_clat();
	lab_build(&s, &f);
	whole = lab_copy(&lab.in);
	lab_build_fragment(&whole, 5, 1000, 1008, false);
	ck_assert_int_eq(lab_send(), NAT64_HELD);
	lab_build_fragment(&whole, 5, 0, 1000, true);
	ck_assert_int_eq(lab_send(), NAT64_SENT);
	ck_assert_uint_eq(lab.n_out, 2);
	ck_assert_uint_eq(lab.out[0].icmp_type, ICMP6_ECHO_REQUEST);
	ck_assert_uint_eq(lab.out[0].frag_id, 5);
}
END_TEST

/* RFC 7915, 4.5 */
START_TEST(udp_without_a_checksum_gets_one_if_it_is_whole)
{
	const struct flow f = { HOST4, SERVER4, 1000, 53 };
	const struct flow back = { SERVER6, CLIENT6, 53, 1000 };
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.payload = 2000 };
	struct pkt whole;

	start_clat();
	lab_build(&s, &f);
	wire_put16(lab.in.data + 26, 0);
	whole = lab_copy(&lab.in);
	lab_build_fragment(&whole, 77, 0, 1000, true);
	lab_send();
	lab_expect_drop(NAT64_UDP4_ZERO_CKSUM);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_PACKET_DROPPED), 1);
	s.payload = 100;
	lab_build(&s, &f);
	wire_put16(lab.in.data + 26, 0);
	lab_send();
	ck_assert_uint_ne(wire_get16(lab_sent()->data + 46), 0);
	s.family = PKT_V6;
	lab_build(&s, &back);
	wire_put16(lab.in.data + 46, 0);
	lab_send();
	lab_expect_drop(NAT64_UDP_ZERO_CKSUM);
}
END_TEST

/* --- size --- */

START_TEST(what_does_not_fit_is_answered_or_cut)
{
	const struct flow f = { HOST4, SERVER4, 1000, 53 };
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.frag = 0x4000,
		.payload = 1472 };

	start_clat();
	lab_build(&s, &f);
	lab_send();
	lab_expect_error(NAT64_TOO_BIG, ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG);
	ck_assert_uint_eq(wire_get16(pkt_l4(&lab.out[0]) + 6), 1480);
	s.frag = 0;
	lab_build(&s, &f);
	ck_assert_int_eq(lab_send(), NAT64_SENT);
	ck_assert_uint_eq(lab.n_out, 2);
	ck_assert_uint_le(lab.out[0].len, 1280);
}
END_TEST

START_TEST(super_packets_pass_whole_both_ways)
{
	const struct flow f = { HOST4, SERVER4, 1000, 443 };
	const struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_TCP,
		.frag = 0x4000,
		.tcp_flags = PKT_TH_ACK,
		.payload = 14000 };
	struct pkt p;

	start_clat();
	lab_build(&s, &f);
	p = lab_copy(&lab.in);
	parse(&p);
	make_partial(&p, PKT_SEG_TCP, 1400);
	lab_resend(&p);
	ck_assert_int_eq(lab_sent()->ofl.seg, PKT_SEG_TCP);
	lab_expect_flow(lab_sent(), CLIENT6, 1000, SERVER6, 443);
	p = lab_copy(lab_sent());
	lab_resend(&p);
	ck_assert_int_eq(lab_sent()->ofl.seg, PKT_SEG_TCP);
	lab_expect_flow(lab_sent(), HOST4, 1000, SERVER4, 443);
}
END_TEST

/* --- ICMP errors --- */

START_TEST(errors_are_translated_with_what_they_quote)
{
	struct pkt sent;
	const uint8_t *quoted;

	start_clat();
	lab_udp(HOST4, 1000, SERVER4, 53);
	sent = lab_copy(lab_sent());
	lab_build_error("2001:db8:64::192.0.2.77", ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_NOPORT, 0, &sent, sent.len);
	lab_fix();
	lab_send();
	lab_expect_flow(lab_sent(), ROUTER4, 0, HOST4, 0);
	ck_assert_uint_eq(lab_sent()->icmp_type, ICMP_UNREACH);
	ck_assert_uint_eq(lab_sent()->icmp_code, ICMP_UNREACH_PORT);
	quoted = pkt_l4(lab_sent()) + 8;
	ck_assert_uint_eq(wire_get16(quoted + 20), 1000);
	ck_assert_mem_eq(quoted + 12, &maps[0].addr4, 4);

	lab_udp(SERVER6, 53, CLIENT6, 1000);
	sent = lab_copy(lab_sent());
	lab_build_error(HOST4, ICMP_UNREACH, ICMP_UNREACH_PORT, 0, &sent,
	    sent.len);
	lab_fix();
	lab_send();
	lab_expect_flow(lab_sent(), CLIENT6, 0, SERVER6, 0);
	ck_assert_uint_eq(lab_sent()->icmp_code, ICMP6_DST_UNREACH_NOPORT);
	ck_assert_uint_eq(wire_get16(pkt_l4(lab_sent()) + 8 + 42), 1000);
}
END_TEST

START_TEST(a_router_without_ipv4_speaks_as_the_dummy_address)
{
	struct pkt sent;

	start_clat();
	lab_udp(HOST4, 1000, SERVER4, 53);
	sent = lab_copy(lab_sent());
	lab_build_error(ROUTER6, ICMP6_PACKET_TOO_BIG, 0, 1400, &sent,
	    sent.len);
	lab_fix();
	lab_send();
	lab_expect_flow(lab_sent(), "192.0.0.8", 0, HOST4, 0);
	ck_assert_uint_eq(lab_sent()->icmp_code, ICMP_UNREACH_NEEDFRAG);
	ck_assert_uint_eq(wire_get16(pkt_l4(lab_sent()) + 6), 1380);
	/* Quoting what is not ours, it has no way. */
	lab_udp(HOST4, 1000, SERVER4, 53);
	sent = lab_copy(lab_sent());
	sent.ip6.src = addr6("2001:db8:77::1");
	memcpy(sent.data + 8, &sent.ip6.src, 16);
	lab_build_error(ROUTER6, ICMP6_PACKET_TOO_BIG, 0, 1400, &sent,
	    sent.len);
	lab_fix();
	lab_send();
	lab_expect_drop(NAT64_UNMAPPED6);
}
END_TEST

/* --- hairpins: RFC 7757, B.1 --- */

START_TEST(servers_meet_by_their_ipv4_addresses)
{
	start_siit();
	lab_udp(A6, 1, B_SEEN, 2);
	lab_expect_flow(lab_sent(), A_SEEN, 1, B6, 2);
	ck_assert_uint_eq(lab_sent()->ttl, 63);
	lab_udp(B6, 2, A_SEEN, 1);
	lab_expect_flow(lab_sent(), B_SEEN, 2, A6, 1);
	ck_assert_uint_eq(lab_counter(NAT64_HAIRPIN), 2);
	ck_assert_uint_eq(lab_counter(NAT64_OUT4), 0);
	/* To itself, too. */
	lab_udp(A6, 1, A_SEEN, 2);
	lab_expect_flow(lab_sent(), A_SEEN, 1, A6, 2);
}
END_TEST

static void
expect_quoted(const char *src, const char *dst)
{
	const struct in6_addr a = addr6(src), b = addr6(dst);
	const uint8_t *quoted = pkt_l4(lab_sent()) + 8;

	ck_assert_mem_eq(quoted + 8, &a, 16);
	ck_assert_mem_eq(quoted + 24, &b, 16);
}

START_TEST(errors_about_them_are_turned_back_as_well)
{
	struct pkt sent;

	start_siit();
	lab_udp(A6, 1, B_SEEN, 2);
	sent = lab_copy(lab_sent());
	lab_build_error("2001:db8::1234", ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADMIN, 0, &sent, sent.len);
	lab_fix();
	lab_send();
	lab_expect_flow(lab_sent(), "64:ff9b::192.0.0.8", 0, A6, 0);
	expect_quoted(A6, B_SEEN);
	lab_build_error(B6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, 0,
	    &sent, sent.len);
	lab_fix();
	lab_send();
	lab_expect_flow(lab_sent(), B_SEEN, 0, A6, 0);
	expect_quoted(A6, B_SEEN);
}
END_TEST

START_TEST(errors_of_the_second_pass_reach_the_first_sender)
{
	const struct flow f = { A6, B_SEEN, 1, 2 };
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.ttl = 1 };

	start_siit();
	lab_build(&s, &f);
	lab_send();
	lab_expect_error(NAT64_TTL_EXPIRED, ICMP6_TIME_EXCEEDED,
	    ICMP6_TIME_EXCEED_TRANSIT);
	lab_expect_flow(&lab.out[0], SELF6, 0, A6, 0);
}
END_TEST

START_TEST(clients_reach_a_server_and_get_its_address)
{
	start_siit();
	lab_tcp(SERVER4, 1000, "192.0.2.1", 80, PKT_TH_SYN);
	lab_expect_flow(lab_sent(), "64:ff9b::198.51.100.20", 1000, A6, 80);
	lab_tcp(A6, 80, "64:ff9b::198.51.100.20", 1000, PKT_TH_ACK);
	lab_expect_flow(lab_sent(), "192.0.2.1", 80, SERVER4, 1000);
}
END_TEST

/* --- there and back --- */

static const struct spec *
random_spec(uint32_t *state)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
		IPPROTO_ICMP };
	static struct spec s;

	s = (struct spec){ .family = PKT_V4,
		.proto = protos[wire_random(state) % 3],
		.tos = (uint8_t)wire_random(state),
		.ttl = (uint8_t)(3 + wire_random(state) % 253),
		.id = (uint16_t)wire_random(state),
		.frag = 0x4000,
		.tcp_flags = PKT_TH_ACK,
		.payload = wire_random(state) % 1400 };
	s.echo_type = wire_random(state) % 2 == 0 ? ICMP_ECHO : ICMP_ECHOREPLY;
	return (&s);
}

/*
 * A packet that is translated to IPv6 and back is what it was, but for the TTL
 * and, where it is short, DF and identification (RFC 7915, 5.1).
 */
START_TEST(there_and_back_a_packet_is_the_same)
{
	const struct flow flows[] = { { HOST4, SERVER4, 1000, 53 },
		{ SERVER4_2, LAN4, 65535, 1 } };
	uint8_t before[1500];
	uint32_t state = 5;
	struct pkt there;
	size_t len;
	int i;

	start_clat();
	for (i = 0; i < 4000; i++) {
		lab_build(random_spec(&state), &flows[i % 2]);
		len = lab.in.len;
		REQUIRE(len <= sizeof(before));
		memcpy(before, lab.in.data, len);
		REQUIRE(lab_send() == NAT64_SENT && lab.n_out == 1);
		there = lab_copy(&lab.out[0]);
		REQUIRE(lab_resend(&there) == NAT64_SENT && lab.n_out == 1);
		REQUIRE(lab.out[0].len == len);
		REQUIRE(lab.out[0].data[8] == before[8] - 2);
		REQUIRE(lab.out[0].data[1] == before[1]);
		REQUIRE(
		    memcmp(lab.out[0].data + 12, before + 12, len - 12) == 0);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		ports_stay_and_addresses_are_mapped_or_embedded,
		a_host_may_be_called_from_outside,
		a_packet_without_a_mapping_goes_nowhere,
		the_well_known_prefix_carries_public_addresses_only,
		a_clat_without_a_prefix_says_that_the_network_is_unreachable,
		another_configuration_has_other_mappings,
		hop_limit_and_source_route_are_answered,
		other_protocols_are_passed_on_untouched,
		what_would_be_an_extension_header_is_refused,
		fragments_are_translated_alone_in_any_order,
		a_fragmented_echo_is_put_together_and_cut_again,
		udp_without_a_checksum_gets_one_if_it_is_whole,
		what_does_not_fit_is_answered_or_cut,
		super_packets_pass_whole_both_ways,
		errors_are_translated_with_what_they_quote,
		a_router_without_ipv4_speaks_as_the_dummy_address,
		servers_meet_by_their_ipv4_addresses,
		errors_about_them_are_turned_back_as_well,
		errors_of_the_second_pass_reach_the_first_sender,
		clients_reach_a_server_and_get_its_address,
		there_and_back_a_packet_is_the_same,
	};

	return (lab_main("nat64_siit", tests, NITEMS(tests)));
}
