/*
 * Hairpinning (RFC 6146, 3.8; tests/conformance/nat64.md, 8.5): IPv6 hosts that
 * send to the pool addresses of each other.
 *
 *	CLIENT6 port 5000  =  POOL4 port 50000, identifier 9
 *	HOST_C  port 7000  =  POOL4_2 port 60000, identifier 9
 *
 * by static bindings of all protocols, so that the ports are known.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/nat64_lab.h"

#define A CLIENT6
#define C HOST_C
#define A_PORT 5000
#define C_PORT 7000
#define A_OUT 50000
#define C_OUT 60000
#define ID 9
#define A_SEEN "2001:db8:64::203.0.113.5"
#define C_SEEN "2001:db8:64::203.0.113.6"
#define SELF4_SEEN "2001:db8:64::192.0.2.1"

#define SYN PKT_TH_SYN
#define ACK PKT_TH_ACK

static void
start(void)
{
	int proto;

	for (proto = 0; proto < L4_ICMP; proto++) {
		lab_add_static((enum l4proto)proto, A, A_PORT, POOL4, A_OUT);
		lab_add_static((enum l4proto)proto, C, C_PORT, POOL4_2, C_OUT);
	}
	lab_add_static(L4_ICMP, A, ID, POOL4, ID);
	lab_add_static(L4_ICMP, C, ID, POOL4_2, ID);
	lab_start();
}

static enum nat64_verdict
a_to_c(uint8_t flags)
{
	return (lab_tcp(A, A_PORT, C_SEEN, C_OUT, flags));
}

static enum nat64_verdict
c_to_a(uint8_t flags)
{
	return (lab_tcp(C, C_PORT, A_SEEN, A_OUT, flags));
}

/* The packet quoted in an ICMPv6 error. */
static const uint8_t *
quoted(const struct pkt *p)
{
	return (pkt_l4(p) + 8);
}

/* --- what passes --- */

/* Shows: HPN-01 HPN-02 HPN-03 HPN-04 HPN-08 SES-01 SES-12 */
START_TEST(udp_meets_at_the_pool_both_ways)
{
	const struct session *s;

	start();
	lab_udp(A, A_PORT, C_SEEN, C_OUT);
	lab_expect_flow(lab_sent(), A_SEEN, A_OUT, C, C_PORT);
	ck_assert_uint_eq(lab_sent()->ttl, 63);
	ck_assert_uint_eq(lab_sessions(), 2);
	s = lab_session(L4_UDP, A, A_PORT);
	ck_assert_uint_eq(s->peer.port, C_OUT);
	s = lab_session(L4_UDP, C, C_PORT);
	ck_assert_uint_eq(s->out4.port, C_OUT);
	ck_assert_uint_eq(s->peer.port, A_OUT);
	lab_udp(C, C_PORT, A_SEEN, A_OUT);
	lab_expect_flow(lab_sent(), C_SEEN, C_OUT, A, A_PORT);
	ck_assert_uint_eq(lab_sessions(), 2);
	ck_assert_uint_eq(lab_counter(NAT64_HAIRPIN), 2);
	ck_assert_uint_eq(lab_counter(NAT64_OUT4), 0);
	ck_assert_uint_eq(lab_counter(NAT64_OUT6), 2);
}
END_TEST

/* Shows: HPN-01 HPN-02 */
START_TEST(hosts_may_share_an_address_and_even_be_the_same)
{
	struct taddr4 a, a2, b;
	char seen[INET6_ADDRSTRLEN];

	a = lab_bind(L4_UDP, A, 1);
	a2 = lab_bind(L4_UDP, A, 3);
	b = lab_bind(L4_UDP, HOST_B, 2);
	ck_assert_uint_eq(a.addr.s_addr, b.addr.s_addr);
	strcpy(seen, pref(a.addr));
	lab_udp(A, 1, seen, b.port);
	lab_expect_flow(lab_sent(), seen, a.port, HOST_B, 2);
	lab_udp(A, 1, seen, a2.port);
	lab_expect_flow(lab_sent(), seen, a.port, A, 3);
}
END_TEST

/* Shows: HPN-01 HPN-04 TCP-01 TCP-04 */
START_TEST(tcp_is_opened_and_closed_on_both_sessions)
{
	start();
	a_to_c(SYN);
	lab_expect_flow(lab_sent(), A_SEEN, A_OUT, C, C_PORT);
	ck_assert_uint_eq(lab_session(L4_TCP, A, A_PORT)->tcp_state,
	    TCP_STATE_V6_INIT);
	ck_assert_uint_eq(lab_session(L4_TCP, C, C_PORT)->tcp_state,
	    TCP_STATE_V4_INIT);
	c_to_a(SYN | ACK);
	lab_expect_flow(lab_sent(), C_SEEN, C_OUT, A, A_PORT);
	ck_assert_uint_eq(lab_session(L4_TCP, A, A_PORT)->tcp_state,
	    TCP_STATE_ESTABLISHED);
	ck_assert_uint_eq(lab_session(L4_TCP, C, C_PORT)->tcp_state,
	    TCP_STATE_ESTABLISHED);
	a_to_c(PKT_TH_FIN | ACK);
	ck_assert_uint_eq(lab_session(L4_TCP, A, A_PORT)->tcp_state,
	    TCP_STATE_V6_FIN_RCV);
	ck_assert_uint_eq(lab_session(L4_TCP, C, C_PORT)->tcp_state,
	    TCP_STATE_V4_FIN_RCV);
	c_to_a(PKT_TH_RST);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 2);
}
END_TEST

/* Shows: HPN-07 SES-60 SES-62 */
START_TEST(echo_meets_a_binding_of_that_identifier)
{
	start();
	lab_ping(A, C_SEEN, ID);
	lab_expect_flow(lab_sent(), A_SEEN, ID, C, ID);
	ck_assert_uint_eq(lab_sent()->icmp_type, ICMP6_ECHO_REQUEST);
	lab_pong(C, A_SEEN, ID);
	lab_expect_flow(lab_sent(), C_SEEN, ID, A, ID);
	lab_ping(A, C_SEEN, 10);
	lab_expect_drop(NAT64_NO_BINDING);
}
END_TEST

/* Shows: HPN-07 XLT-12 XLT-14 */
START_TEST(inside_only_the_mtu_of_ipv6_counts)
{
	const struct flow f = { A, C_SEEN, A_PORT, C_OUT };
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 1452 };

	lab.conf.xlat.mtu4 = 576;
	start();
	lab_build(&s, &f);
	lab_send();
	ck_assert_uint_eq(lab_sent()->len, 1500);
}
END_TEST

/* Shows: HPN-01 HPN-03 GSO-05 */
START_TEST(a_super_packet_turns_round_whole)
{
	const struct flow f = { A, C_SEEN, A_PORT, C_OUT };
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_TCP,
		.tcp_flags = SYN,
		.payload = 20000 };
	struct pkt p;

	start();
	lab_build(&s, &f);
	p = lab.in;
	parse(&p);
	make_partial(&p, PKT_SEG_TCP, 1440);
	lab_resend(&p);
	ck_assert_uint_eq(lab_sent()->len, 20060);
	ck_assert_int_eq(lab_sent()->ofl.seg, PKT_SEG_TCP);
	ck_assert(lab_sent()->ofl.csum_partial);
}
END_TEST

/* Shows: XLT-36 GSO-18 HPN-07 */
START_TEST(what_no_ipv4_header_can_describe_is_answered_or_split)
{
	const struct flow f = { A, C_SEEN, A_PORT, C_OUT };
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 65508 };
	struct pkt p;

	lab.conf.xlat.mtu6 = 65535;
	lab.conf.xlat.mtu4 = 65535;
	start();
	lab_build(&s, &f);
	lab_send();
	lab_expect_error(NAT64_TOO_BIG, ICMP6_PACKET_TOO_BIG, 0);
	lab_build(&s, &(struct flow){ A, SERVER6, A_PORT, 9 });
	lab_send();
	lab_expect_error(NAT64_TOO_BIG, ICMP6_PACKET_TOO_BIG, 0);
	s.payload = 65535 - 48;
	lab_build(&s, &f);
	lab_send();
	lab_sent();

	s.proto = IPPROTO_TCP;
	s.tcp_flags = SYN;
	s.payload = 65510;
	lab_build(&s, &f);
	p = lab.in;
	parse(&p);
	make_partial(&p, PKT_SEG_TCP, 1440);
	lab_resend(&p);
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	ck_assert_uint_eq(lab.n_out, 46);
	ck_assert_uint_eq(lab.out[0].len, 1500);
	ck_assert_uint_eq(lab_sessions(), 5);
}
END_TEST

/* --- ICMP errors --- */

/* Shows: HPN-05 HPN-03 ICM-30 ICM-31 ICM-35 */
START_TEST(an_error_goes_back_as_if_the_sender_had_met_the_host_itself)
{
	static const char *const speakers[] = { C, ROUTER6 };
	struct pkt sent, got;
	const struct pkt *p;
	size_t i;

	start();
	for (i = 0; i < NITEMS(speakers); i++) {
		lab_udp(A, A_PORT, C_SEEN, C_OUT);
		got = lab_copy(lab_sent());
		lab_build(&(struct spec){ .family = PKT_V6,
			      .proto = IPPROTO_UDP,
			      .payload = 16 },
		    &(struct flow){ A, C_SEEN, A_PORT, C_OUT });
		sent = lab_copy(&lab.in);
		lab_build_error(speakers[i], ICMP6_DST_UNREACH,
		    ICMP6_DST_UNREACH_NOPORT, 0, &got, got.len);
		lab_send();
		p = lab_sent();
		lab_expect_flow(p, C_SEEN, 0, A, 0);
		ck_assert_uint_eq(p->icmp_type, ICMP6_DST_UNREACH);
		ck_assert_uint_eq(p->icmp_code, ICMP6_DST_UNREACH_NOPORT);
		ck_assert_uint_eq(p->ttl, 63);
		ck_assert_mem_eq(quoted(p) + 8, sent.data + 8, sent.len - 8);
	}
}
END_TEST

/* Shows: FLT-01 HPN-01 */
START_TEST(a_service_cannot_be_made_to_answer_itself)
{
	start();
	lab_udp(A, A_PORT, C_SEEN, C_OUT);
	lab_sent();
	/* As if C had sent it. */
	lab_udp(C, C_PORT, C_SEEN, C_OUT);
	lab_expect_drop(NAT64_TO_ITSELF);
	lab_tcp(C, C_PORT, C_SEEN, C_OUT, SYN);
	lab_expect_drop(NAT64_TO_ITSELF);
	/* Another port of one's own is another service. */
	lab_udp(C, C_PORT + 7, C_SEEN, C_OUT);
	lab_sent();
}
END_TEST

/* Shows: HPN-05 ICM-36 */
START_TEST(an_error_keeps_what_an_icmpv6_error_may_quote)
{
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 1152 };
	struct pkt sent, got;
	const struct pkt *p;

	start();
	lab_build(&s, &(struct flow){ A, C_SEEN, A_PORT, C_OUT });
	sent = lab_copy(&lab.in);
	lab_send();
	got = lab_copy(lab_sent());
	lab_build_error(C, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, 0,
	    &got, got.len);
	ck_assert_uint_eq(lab.in.len, 1248);
	lab_send();
	p = lab_sent();
	ck_assert_uint_eq(p->len, 1248);
	ck_assert_mem_eq(quoted(p) + 8, sent.data + 8, sent.len - 8);
	/* What is longer is cut to 1280. */
	s.payload = 1300;
	lab_build(&s, &(struct flow){ A, C_SEEN, A_PORT, C_OUT });
	lab_send();
	got = lab_copy(lab_sent());
	lab_build_error(C, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, 0,
	    &got, 1232);
	lab_send();
	ck_assert_uint_eq(lab_sent()->len, 1280);
}
END_TEST

static void
with_adf(void)
{
	lab.conf.adf[L4_UDP] = true;
	lab.conf.adf[L4_ICMP] = true;
}

static void
with_answers(void)
{
	lab.conf.unbound_errors = true;
}

static void
with_small_mtu(void)
{
	lab.conf.xlat.mtu6 = 1280;
}

static size_t
min_size(size_t a, size_t b)
{
	return (a < b ? a : b);
}

/* Shows: HPN-06 HPN-04 ERR-03 ERR-07 ERR-08 ERR-22 SES-11 */
START_TEST(errors_of_the_second_pass_reach_the_first_sender)
{
	static const struct {
		const char *name;
		void (*conf)(void);
		uint8_t proto;
		uint16_t dport;
		size_t payload;
		enum nat64_reason reason;
		uint8_t type;
		uint8_t code;
		uint32_t param;
	} rows[] = {
		{ "filtered", with_adf, IPPROTO_UDP, C_OUT, 40, NAT64_FILTERED,
		    1, 1, 0 },
		{ "unbound", with_answers, IPPROTO_UDP, C_OUT + 1, 40,
		    NAT64_NO_BINDING, 1, 4, 0 },
		{ "too big", with_small_mtu, IPPROTO_UDP, C_OUT, 1240,
		    NAT64_TOO_BIG, 2, 0, 1280 },
		{ "echo filtered", with_adf, IPPROTO_ICMPV6, 0, 40,
		    NAT64_FILTERED, 1, 1, 0 },
	};
	const struct pkt *p;
	struct pkt sent;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		lab_teardown();
		lab_setup();
		rows[i].conf();
		start();
		lab_build(&(struct spec){ .family = PKT_V6,
			      .proto = rows[i].proto,
			      .echo_type = ICMP6_ECHO_REQUEST,
			      .payload = rows[i].payload },
		    &(struct flow){ A, C_SEEN,
			rows[i].dport == 0 ? ID : A_PORT, rows[i].dport });
		sent = lab_copy(&lab.in);
		lab_send();
		ck_assert_msg(lab.verdict == NAT64_REPLIED, "%s",
		    rows[i].name);
		p = lab_expect_error(rows[i].reason, rows[i].type,
		    rows[i].code);
		lab_expect_flow(p, SELF4_SEEN, 0, A, 0);
		ck_assert_uint_eq(get32(pkt_l4(p) + 4), rows[i].param);
		/* It is about the packet that A sent. */
		ck_assert_mem_eq(quoted(p) + 8, sent.data + 8, 40);
		ck_assert_uint_eq(p->len, 48 + min_size(sent.len, 1232));
		ck_assert_uint_eq(lab_drops(rows[i].reason), 1);
		ck_assert_uint_eq(lab_counter(NAT64_OUT4), 0);
	}
}
END_TEST

/* Shows: HPN-06 SES-10 */
START_TEST(what_is_silent_outside_is_silent_inside)
{
	start();
	lab_udp(A, A_PORT, C_SEEN, C_OUT + 1);
	lab_expect_drop(NAT64_NO_BINDING);
	lab_tcp(A, A_PORT, C_SEEN, C_OUT + 1, ACK);
	lab_expect_drop(NAT64_NO_SESSION);
}
END_TEST

/* Shows: HPN-06 TCP-03 ERR-09 ERR-22 */
START_TEST(a_syn_to_no_binding_is_answered_to_the_host_after_six_seconds)
{
	const struct pkt *p;

	start();
	lab_tcp(A, A_PORT, C_SEEN, C_OUT + 1, SYN);
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	ck_assert_uint_eq(lab_sessions(), 2);
	lab_wait(5);
	ck_assert_uint_eq(lab.n_out, 0);
	lab_wait(1);
	ck_assert_uint_eq(lab.n_out, 1);
	p = &lab.out[0];
	lab_expect_flow(p, SELF4_SEEN, 0, A, 0);
	ck_assert_uint_eq(p->icmp_type, ICMP6_DST_UNREACH);
	ck_assert_uint_eq(p->icmp_code, ICMP6_DST_UNREACH_NOPORT);
	ck_assert_uint_eq(get16(quoted(p) + 40), A_PORT);
	ck_assert_uint_eq(get16(quoted(p) + 42), C_OUT + 1);
}
END_TEST

/* Shows: HPN-06 TCP-03 TBL-05 */
START_TEST(a_syn_repeated_too_late_is_answered_and_stored_anew)
{
	lab.conf.max_stored_syns = 1;
	start();
	lab_tcp(A, A_PORT, C_SEEN, C_OUT + 1, SYN);
	lab_doze(6);
	lab_tcp(A, A_PORT, C_SEEN, C_OUT + 1, SYN);
	/* The answer to the first one is no matter of the second one. */
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	ck_assert_str_eq(nat64_reason_name(lab.reason),
	    nat64_reason_name(NAT64_SYN_STORED));
	ck_assert_uint_eq(lab.n_out, 1);
	lab_expect_flow(&lab.out[0], SELF4_SEEN, 0, A, 0);
	ck_assert_uint_eq(lab.out[0].icmp_type, ICMP6_DST_UNREACH);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 1);
	lab_wait(6);
	ck_assert_uint_eq(lab.n_out, 1);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 0);
}
END_TEST

/* Shows: HPN-06 ADR-21 */
START_TEST(where_self4_cannot_be_embedded_self6_speaks)
{
	lab_set_prefix(0, "64:ff9b::", 96);
	lab_set_pool("9.9.9.8", "9.9.9.9", 1024, 65535);
	with_answers();
	lab_start();
	lab_udp(A, A_PORT, "64:ff9b::9.9.9.9", 7);
	lab_expect_error(NAT64_NO_BINDING, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_NOPORT);
	lab_expect_flow(&lab.out[0], SELF6, 0, A, 0);

	/* And where that is not known, nobody: the host did not answer. */
	lab.conf.self6 = in6addr_any;
	lab_start();
	lab_udp(A, A_PORT, "64:ff9b::9.9.9.9", 7);
	ck_assert_uint_eq(lab.n_out, 0);
}
END_TEST

/* Shows: HPN-03 XLT-27 ERR-01 */
START_TEST(the_hop_limit_is_checked_once_by_the_first_pass)
{
	const struct flow f = { A, C_SEEN, A_PORT, C_OUT };
	struct spec s = { .family = PKT_V6, .proto = IPPROTO_UDP, .ttl = 1 };

	start();
	lab_build(&s, &f);
	lab_send();
	lab_expect_error(NAT64_TTL_EXPIRED, ICMP6_TIME_EXCEEDED, 0);
	lab_expect_flow(&lab.out[0], SELF6, 0, A, 0);
	s.ttl = 2;
	lab_build(&s, &f);
	lab_send();
	ck_assert_uint_eq(lab_sent()->ttl, 1);
}
END_TEST

/* --- fragments --- */

/* Cut lab.in at 1200 bytes and send the pieces, the last one first or not. */
static void
send_pieces(uint32_t id, bool reversed)
{
	struct pkt whole = lab_copy(&lab.in);
	const size_t len = pkt_l4len(&whole), first = 1200;

	if (reversed) {
		lab_build_fragment(&whole, id, first, len - first, false);
		lab_send();
		ck_assert_int_eq(lab.verdict, NAT64_HELD);
		lab_build_fragment(&whole, id, 0, first, true);
		lab_send();
		return;
	}
	lab_build_fragment(&whole, id, 0, first, true);
	lab_send();
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	lab_build_fragment(&whole, id, first, len - first, false);
	lab_send();
}

/* Shows: HPN-01 HPN-02 FRG-01 FRG-10 FRG-20 FRG-21 */
START_TEST(fragments_turn_round_in_any_order)
{
	const struct flow f = { A, C_SEEN, A_PORT, C_OUT };
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 2000 };
	unsigned i;

	start();
	lab_build(&s, &f);
	send_pieces(0xabcd1234, true);
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	ck_assert_uint_eq(lab.n_out, 2);
	lab_expect_flow(&lab.out[0], A_SEEN, A_OUT, C, C_PORT);
	ck_assert_uint_eq(lab.out[1].frag_off, 1200);
	for (i = 0; i < 2; i++) {
		ck_assert_uint_eq(lab.out[i].frag_id, 0x1234);
		ck_assert_uint_eq(lab.out[i].ttl, 63);
		ck_assert_str_eq(text6(lab.out[i].ip6.dst), C);
	}
	lab_build(&s, &f);
	send_pieces(0xabcd1235, false);
	ck_assert_uint_eq(lab_sent()->frag_off, 1200);
	ck_assert_uint_eq(lab_sessions(), 2);
	ck_assert_uint_eq(frag_datagrams(nat64_frags(lab.n)), 0);
	ck_assert_uint_eq(frag_bytes(nat64_frags(lab.n)), 0);
}
END_TEST

/* Shows: HPN-07 FRG-16 XLT-12 */
START_TEST(a_fragmented_echo_turns_round_and_is_cut_again)
{
	const struct flow f = { A, C_SEEN, ID, 0 };
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_ICMPV6,
		.echo_type = ICMP6_ECHO_REQUEST,
		.payload = 2000 };

	start();
	lab_build(&s, &f);
	send_pieces(0xabcd1234, true);
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	ck_assert_uint_eq(lab.n_out, 2);
	lab_expect_flow(&lab.out[0], A_SEEN, ID, C, ID);
	ck_assert_uint_eq(lab.out[0].len, 1280);
	ck_assert_uint_eq(lab.out[1].len, 48 + 2008 - 1232);
}
END_TEST

/* Shows: HPN-06 FRG-14 */
START_TEST(fragments_of_a_datagram_refused_inside_are_dropped)
{
	const struct flow f = { A, C_SEEN, A_PORT, C_OUT + 1 };
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 2000 };

	with_answers();
	start();
	lab_build(&s, &f);
	send_pieces(7, true);
	ck_assert_int_eq(lab.verdict, NAT64_REPLIED);
	ck_assert_uint_eq(lab.n_out, 1);
	ck_assert_uint_eq(lab_drops(NAT64_NO_BINDING), 2);
	ck_assert_uint_eq(frag_bytes(nat64_frags(lab.n)), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		udp_meets_at_the_pool_both_ways,
		hosts_may_share_an_address_and_even_be_the_same,
		tcp_is_opened_and_closed_on_both_sessions,
		echo_meets_a_binding_of_that_identifier,
		inside_only_the_mtu_of_ipv6_counts,
		a_super_packet_turns_round_whole,
		what_no_ipv4_header_can_describe_is_answered_or_split,
		an_error_goes_back_as_if_the_sender_had_met_the_host_itself,
		a_service_cannot_be_made_to_answer_itself,
		an_error_keeps_what_an_icmpv6_error_may_quote,
		errors_of_the_second_pass_reach_the_first_sender,
		what_is_silent_outside_is_silent_inside,
		a_syn_to_no_binding_is_answered_to_the_host_after_six_seconds,
		a_syn_repeated_too_late_is_answered_and_stored_anew,
		where_self4_cannot_be_embedded_self6_speaks,
		the_hop_limit_is_checked_once_by_the_first_pass,
		fragments_turn_round_in_any_order,
		a_fragmented_echo_turns_round_and_is_cut_again,
		fragments_of_a_datagram_refused_inside_are_dropped,
	};

	return (lab_main("nat64_hairpin", tests, NITEMS(tests)));
}
