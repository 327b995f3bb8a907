/*
 * TCP through the whole translator (RFC 6146, 3.5.2): each segment in each
 * state, stored SYNs, simultaneous open, the probe. check_tcp_fsm.c tests the
 * table of the state machine alone.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/nat64_lab.h"

#define EST 7200
#define OPEN 300
#define CLOSE 250

#define SYN PKT_TH_SYN
#define ACK PKT_TH_ACK
#define FIN PKT_TH_FIN
#define RST PKT_TH_RST

/* Lifetimes that can be told apart, and a binding that does not move. */
static void
start(void)
{
	lab.conf.lifetime_secs[SESSION_TCP_OPEN] = OPEN;
	lab.conf.lifetime_secs[SESSION_TCP_CLOSE] = CLOSE;
	lab.conf.n_statics = 0;
	lab_add_static(L4_TCP, CLIENT6, PORT6, POOL4, PORT_IN);
	lab_start();
}

static enum nat64_verdict
from6(uint8_t flags)
{
	return (lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, flags));
}

static enum nat64_verdict
from4(uint8_t flags)
{
	return (lab_tcp(SERVER4, PORT_SERVER, POOL4, PORT_IN, flags));
}

/*
 * Send segments, one per letter, a second apart: S SYN, A SYN with ACK,
 * F FIN, R RST, D data; capitals from IPv6, small ones from IPv4.
 */
static void
play(const char *script)
{
	uint8_t flags = 0;

	for (; *script != '\0'; script++) {
		switch (toupper((unsigned char)*script)) {
		case 'S':
			flags = SYN;
			break;
		case 'A':
			flags = SYN | ACK;
			break;
		case 'F':
			flags = FIN | ACK;
			break;
		case 'R':
			flags = RST;
			break;
		case 'D':
			flags = ACK;
			break;
		}
		if (isupper((unsigned char)*script))
			from6(flags);
		else
			from4(flags);
		lab_doze(1);
	}
}

/* The session, found by its IPv4 tuple: it may have no IPv6 side. */
static struct session *
the_session(void)
{
	const struct tuple4 t4 = { { addr4(POOL4), PORT_IN },
		{ addr4(SERVER4), PORT_SERVER } };

	return (session_find4(nat64_sessions(lab.n), L4_TCP, &t4));
}

/* How each state is reached, and where each segment leads. */
struct state_row {
	const char *name;
	const char *script;
	struct {
		char letter;
		enum tcp_state next;
		int64_t timer; /* 0: as before */
	} cells[10];
};

#define KEEP 0
#define C(letter, next, timer)                      \
	{                                           \
		(letter), TCP_STATE_##next, (timer) \
	}

static const struct state_row state_rows[] = {
	{ "V6 INIT", "S",
	    { C('S', V6_INIT, OPEN), C('s', ESTABLISHED, EST),
		C('a', ESTABLISHED, EST), C('F', V6_INIT, KEEP),
		C('f', V6_INIT, KEEP), C('R', V6_INIT, KEEP),
		C('r', V6_INIT, KEEP), C('D', V6_INIT, KEEP),
		C('d', V6_INIT, KEEP), C('A', V6_INIT, OPEN) } },
	{ "V4 INIT", "s",
	    { C('S', ESTABLISHED, EST), C('s', V4_INIT, KEEP),
		C('a', V4_INIT, KEEP), C('F', V4_INIT, KEEP),
		C('f', V4_INIT, KEEP), C('R', V4_INIT, KEEP),
		C('r', V4_INIT, KEEP), C('D', V4_INIT, KEEP),
		C('d', V4_INIT, KEEP), C('A', ESTABLISHED, EST) } },
	{ "ESTABLISHED", "Sa",
	    { C('S', ESTABLISHED, EST), C('s', ESTABLISHED, EST),
		C('a', ESTABLISHED, EST), C('F', V6_FIN_RCV, KEEP),
		C('f', V4_FIN_RCV, KEEP), C('R', TRANS, CLOSE),
		C('r', TRANS, CLOSE), C('D', ESTABLISHED, EST),
		C('d', ESTABLISHED, EST), C('A', ESTABLISHED, EST) } },
	{ "V4 FIN RCV", "Saf",
	    { C('S', V4_FIN_RCV, EST), C('s', V4_FIN_RCV, EST),
		C('a', V4_FIN_RCV, EST), C('F', V4_V6_FIN_RCV, CLOSE),
		C('f', V4_FIN_RCV, EST), C('R', V4_FIN_RCV, CLOSE),
		C('r', V4_FIN_RCV, CLOSE), C('D', V4_FIN_RCV, EST),
		C('d', V4_FIN_RCV, EST), C('A', V4_FIN_RCV, EST) } },
	{ "V6 FIN RCV", "SaF",
	    { C('S', V6_FIN_RCV, EST), C('s', V6_FIN_RCV, EST),
		C('a', V6_FIN_RCV, EST), C('F', V6_FIN_RCV, EST),
		C('f', V4_V6_FIN_RCV, CLOSE), C('R', V6_FIN_RCV, CLOSE),
		C('r', V6_FIN_RCV, CLOSE), C('D', V6_FIN_RCV, EST),
		C('d', V6_FIN_RCV, EST), C('A', V6_FIN_RCV, EST) } },
	{ "V4 and V6 FIN RCV", "SaFf",
	    { C('S', V6_INIT, OPEN), C('s', V4_INIT, OPEN),
		C('a', V4_V6_FIN_RCV, KEEP), C('F', V4_V6_FIN_RCV, KEEP),
		C('f', V4_V6_FIN_RCV, KEEP), C('R', V4_V6_FIN_RCV, KEEP),
		C('r', V4_V6_FIN_RCV, KEEP), C('D', V4_V6_FIN_RCV, KEEP),
		C('d', V4_V6_FIN_RCV, KEEP), C('A', V4_V6_FIN_RCV, KEEP) } },
	{ "TRANS", "SaR",
	    { C('S', ESTABLISHED, EST), C('s', ESTABLISHED, EST),
		C('a', ESTABLISHED, EST), C('F', ESTABLISHED, EST),
		C('f', ESTABLISHED, EST), C('R', TRANS, KEEP),
		C('r', TRANS, KEEP), C('D', ESTABLISHED, EST),
		C('d', ESTABLISHED, EST), C('A', ESTABLISHED, EST) } },
};

/* Shows: TCP-01 TCP-04 TCP-10 TCP-12 TCP-14 TCP-15 CFG-02 CFG-03 CFG-04 */
START_TEST(every_state_answers_every_segment_by_the_table)
{
	const struct state_row *r;
	char one[2] = { 0, 0 };
	struct session *s;
	int64_t left;
	size_t i;

	for (r = state_rows; r < state_rows + NITEMS(state_rows); r++)
		for (i = 0; i < NITEMS(r->cells); i++) {
			start();
			play(r->script);
			lab_doze(10);
			left = lab_left(the_session());
			one[0] = r->cells[i].letter;
			play(one);
			ck_assert_msg(lab.verdict == NAT64_SENT,
			    "%s %s: not forwarded", r->name, one);
			s = the_session();
			ck_assert_msg(s->tcp_state == r->cells[i].next,
			    "%s %s: %s", r->name, one,
			    tcp_state_name((enum tcp_state)s->tcp_state));
			if (r->cells[i].timer != KEEP)
				left = r->cells[i].timer;
			ck_assert_msg(lab_left(s) == left - 1, "%s %s: timer",
			    r->name, one);
			ck_assert_uint_eq(lab_sessions(), 1);
		}
}
END_TEST

/* Shows: TCP-10 */
START_TEST(rst_after_fin_shortens_the_timer_but_never_prolongs_it)
{
	start();
	play("SaF");
	lab_doze(EST - 20);
	play("R");
	ck_assert_int_eq(lab_left(the_session()), 17);

	lab.conf.rst_refreshes = true;
	start();
	play("SaFr");
	ck_assert_int_eq(lab_left(the_session()), EST - 1);
}
END_TEST

/* Shows: TCP-01 TCP-13 LIM-03 */
START_TEST(without_session_only_a_syn_from_ipv6_opens_one)
{
	static const char closed[] = "fradFRDA";
	const char *c;
	char one[2] = { 0, 0 };
	struct taddr4 out;

	/* Neither binding nor session. */
	lab_tcp(CLIENT6, 9, SERVER6, PORT_SERVER, ACK);
	lab_expect_drop(NAT64_NO_SESSION);
	lab_tcp(SERVER4, PORT_SERVER, POOL4, 9999, ACK);
	lab_expect_drop(NAT64_NO_SESSION);
	lab_tcp(SERVER4, PORT_SERVER, POOL4, 9999, SYN | ACK);
	lab_expect_drop(NAT64_NO_SESSION);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);

	/* A binding: forwarded, and nothing remembered. */
	start();
	for (c = closed; *c != '\0'; c++) {
		one[0] = *c;
		if (*c == 'A') /* a SYN with ACK from IPv6 is a SYN */
			continue;
		play(one);
		ck_assert_msg(lab.verdict == NAT64_SENT, "%s", one);
		ck_assert_uint_eq(lab_sessions(), 0);
	}
	out = lab_bind(L4_TCP, HOST_B, 5);
	ck_assert_uint_ne(out.port, 0);
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

/* Shows: TCP-02 CFG-16 */
START_TEST(inbound_connections_can_be_refused)
{
	lab.conf.refuse_inbound_tcp = true;
	start();
	from4(SYN);
	lab_expect_drop(NAT64_INBOUND_TCP);
	from4(SYN | ACK);
	lab_sent();
	play("Sa");
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_ESTABLISHED);
	/* Of a connection that was closed as well. */
	play("Ffs");
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_V4_V6_FIN_RCV);
}
END_TEST

/* Shows: TCP-03 TCP-07 ERR-09 CFG-05 LIM-04 ICM-36 */
START_TEST(a_syn_for_no_binding_is_answered_after_six_seconds)
{
	const struct flow f = { SERVER4, POOL4, 99, 4444 };
	const struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_TCP,
		.tcp_flags = SYN,
		.tos = 0x2e,
		.payload = 1000 };
	struct pkt syn;
	const struct pkt *p;

	lab_build(&s, &f);
	syn = lab_copy(&lab.in);
	lab_send();
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	ck_assert_int_eq(lab.reason, NAT64_SYN_STORED);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 1);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	ck_assert_uint_eq(lab_drops(NAT64_SYN_STORED), 1);

	/* Repeated ones neither pass nor prolong it. */
	lab_wait(5);
	lab_resend(&syn);
	lab_expect_drop(NAT64_SYN_REPEATED);
	lab_tcp(SERVER4, 99, POOL4, 4444, RST);
	lab_expect_drop(NAT64_SYN_REPEATED);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 1);

	lab_wait(1);
	ck_assert_uint_eq(lab.n_out, 1);
	p = &lab.out[0];
	lab_expect_flow(p, SELF4, 0, SERVER4, 0);
	ck_assert_uint_eq(p->icmp_type, ICMP_UNREACH);
	ck_assert_uint_eq(p->icmp_code, ICMP_UNREACH_PORT);
	ck_assert_uint_eq(p->tclass, 0x2c);
	ck_assert_uint_eq(p->len, 576);
	ck_assert_mem_eq(pkt_l4(p) + 8, syn.data, 576 - 28);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 0);
	/* It was counted when it was stored. */
	ck_assert_uint_eq(lab_drops(NAT64_NO_BINDING), 0);
}
END_TEST

/* Shows: TCP-05 TCP-07 CFG-11 */
START_TEST(with_adf_a_syn_from_a_stranger_is_stored)
{
	lab.conf.adf[L4_TCP] = true;
	start();
	from4(SYN);
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	ck_assert_uint_eq(lab_sessions(), 1);
	from4(SYN);
	lab_expect_drop(NAT64_SYN_REPEATED);
	from4(ACK);
	lab_expect_drop(NAT64_SYN_REPEATED);
	/* The stored one must not open the way for another port. */
	lab_tcp(SERVER4, 444, POOL4, PORT_IN, SYN);
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	lab_wait(6);
	ck_assert_uint_eq(lab.n_out, 2);
	ck_assert_uint_eq(lab.out[1].icmp_code, ICMP_UNREACH_PORT);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
}
END_TEST

/* Shows: TCP-04 CFG-11 */
START_TEST(with_adf_a_syn_from_a_known_address_passes)
{
	lab.conf.adf[L4_TCP] = true;
	start();
	play("Sa");
	lab_tcp(SERVER4, 444, POOL4, PORT_IN, SYN);
	lab_expect_flow(lab_sent(), SERVER6, 444, CLIENT6, PORT6);
	lab_tcp(SERVER4_2, PORT_SERVER, POOL4, PORT_IN, SYN);
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	/* A stranger's stray segment passes: nothing is made by it. */
	lab_tcp(SERVER4_2, 5, POOL4, PORT_IN, ACK);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 3);
}
END_TEST

/* Shows: TCP-12 CFG-11 */
START_TEST(with_adf_a_closed_connection_is_not_reopened_from_ipv4)
{
	lab.conf.adf[L4_TCP] = true;
	start();
	play("SaFfs");
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_V4_V6_FIN_RCV);
	play("S");
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_V6_INIT);
}
END_TEST

/* Shows: TCP-06 TCP-07 */
START_TEST(a_syn_from_ipv6_meets_a_stored_one)
{
	/* With a binding (ADF), then without: a pool with one port. */
	lab.conf.adf[L4_TCP] = true;
	start();
	from4(SYN);
	from6(ACK); /* as without a session */
	lab_sent();
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 1);
	from6(SYN);
	lab_expect_flow(lab_sent(), POOL4, PORT_IN, SERVER4, PORT_SERVER);
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_ESTABLISHED);
	ck_assert_int_eq(lab_left(the_session()), EST);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 0);
	from4(SYN | ACK);
	lab_sent();

	lab.conf.n_statics = 0;
	lab.conf.adf[L4_TCP] = false;
	lab_set_pool(POOL4, POOL4, PORT_IN, PORT_IN);
	lab_start();
	from4(SYN);
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_CREATE), 0);
	from6(SYN);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_ESTABLISHED);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_CREATE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_CREATE), 1);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 0);
	lab_wait(6);
	ck_assert_uint_eq(lab.n_out, 0);
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

/* Shows: TCP-06 TBL-05 */
START_TEST(a_stored_syn_whose_time_has_come_is_not_met)
{
	lab_set_pool(POOL4, POOL4, PORT_IN, PORT_IN);
	lab_start();
	from4(SYN);
	lab_doze(6);
	from6(SYN);
	/* Its answer leaves first, then the SYN. */
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	ck_assert_uint_eq(lab.n_out, 2);
	ck_assert_uint_eq(lab.out[0].icmp_type, ICMP_UNREACH);
	ck_assert_int_eq(lab.out[1].l4, L4_TCP);
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_V6_INIT);
}
END_TEST

/* Shows: TCP-08 LIM-04 CFG-05 */
START_TEST(few_syns_are_stored_and_the_rest_dropped_in_silence)
{
	char peer[INET_ADDRSTRLEN];
	unsigned i, j;

	for (i = 0; i < 9; i++) {
		lab_tcp(SERVER4, (uint16_t)(100 + i), POOL4, 4444, SYN);
		if (i < 8)
			ck_assert_int_eq(lab.verdict, NAT64_HELD);
	}
	lab_expect_drop(NAT64_SYN_LIMIT);
	ck_assert_uint_eq(lab_sessions(), 8);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_CREATE), 0);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_DELETE), 0);
	for (i = 1; i < 17; i++) {
		snprintf(peer, sizeof(peer), "198.51.100.%u", 100 + i);
		for (j = 0; j < 8; j++)
			lab_tcp(peer, (uint16_t)(100 + j), POOL4, 4444, SYN);
	}
	lab_expect_drop(NAT64_SYN_LIMIT);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 128);
	lab_wait(6);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 0);
	ck_assert_uint_eq(lab_sessions(), 0);
	/* All that the rate of errors to one network allows are answered. */
	ck_assert_uint_eq(lab.n_out + lab_counter(NAT64_ERRORS_LIMITED), 128);
	ck_assert_uint_eq(lab.n_out, 100);
}
END_TEST

/* Shows: TCP-11 ERR-12 */
START_TEST(an_idle_connection_is_probed_once_on_the_ipv6_side)
{
	const struct pkt *p;

	start();
	play("Sa");
	lab_wait(EST - 2);
	ck_assert_uint_eq(lab.n_out, 0);
	lab_wait(1);
	ck_assert_uint_eq(lab.n_out, 1);
	p = &lab.out[0];
	lab_expect_flow(p, SERVER6, PORT_SERVER, CLIENT6, PORT6);
	ck_assert_uint_eq(p->len, 60);
	ck_assert_uint_eq(p->ttl, 64);
	ck_assert_uint_eq(p->tcp_flags, ACK);
	ck_assert_uint_eq(get16(pkt_l4(p) + 14), 0);
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_TRANS);
	ck_assert_int_eq(lab_left(the_session()), CLOSE);
	/* No answer: it ends, without a word. */
	lab_wait(CLOSE);
	ck_assert_uint_eq(lab.n_out, 0);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

/* A segment with a sequence number and an acknowledgment of its own. */
static void
speak(bool from_host, uint8_t flags, uint32_t seq, uint32_t ack)
{
	const struct spec s = { .family = from_host ? PKT_V6 : PKT_V4,
		.proto = IPPROTO_TCP,
		.payload = 10,
		.tcp_flags = flags };
	const struct flow out = { CLIENT6, SERVER6, PORT6, PORT_SERVER };
	const struct flow in = { SERVER4, POOL4, PORT_SERVER, PORT_IN };
	uint8_t *tcp;

	lab_build(&s, from_host ? &out : &in);
	tcp = lab.in.data + (from_host ? PKT_IP6_HLEN : PKT_IP4_HLEN);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack);
	lab_fix();
	lab_send();
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
}

/* A firewall that follows the connection drops what is outside. */
static void
expect_probe(uint32_t seq, uint32_t ack)
{
	ck_assert_uint_eq(lab.n_out, 1);
	ck_assert_uint_eq(lab.out[0].tcp_flags, ACK);
	ck_assert_uint_eq(get32(pkt_l4(&lab.out[0]) + 4), seq);
	ck_assert_uint_eq(get32(pkt_l4(&lab.out[0]) + 8), ack);
}

/* Shows: TCP-11 */
START_TEST(a_probe_lies_in_the_window_of_both_sides)
{
	start();
	speak(true, SYN, 1000, 77); /* no ACK: 77 means nothing */
	speak(false, SYN | ACK, 4294967290u, 1001);
	speak(true, ACK, 1001, 4294967291u);
	speak(false, ACK, 4294967291u, 1011);
	speak(true, ACK, 1011, 5); /* past zero */
	lab_wait(EST + 1);
	expect_probe(4, 1011);

	/* The host has answered; a reset that goes astray says nothing. */
	speak(true, ACK, 1021, 5);
	speak(false, RST | ACK, 5, 99);
	speak(false, ACK, 5, 1031);
	lab_wait(EST + 1);
	expect_probe(4, 1031);
}
END_TEST

/* Shows: TCP-11 TBL-05 */
START_TEST(a_segment_that_comes_late_finds_the_connection_probed)
{
	start();
	play("Sa");
	lab_doze(EST);
	from4(ACK);
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	ck_assert_uint_eq(lab.n_out, 2);
	ck_assert_uint_eq(lab.out[0].len, 60);
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_ESTABLISHED);
	ck_assert_int_eq(lab_left(the_session()), EST);
}
END_TEST

/* Shows: CFG-02 CFG-03 TCP-11 */
START_TEST(an_idle_connection_lives_for_two_hours_and_four_minutes)
{
	lab.conf.n_statics = 0;
	lab_start();
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, SYN);
	lab_tcp(SERVER4, PORT_SERVER, text4(lab.out[0].ip4.src),
	    lab.out[0].sport, SYN | ACK);
	lab_wait(7200 + 240 - 1);
	ck_assert_uint_eq(lab_sessions(), 1);
	lab_wait(1);
	ck_assert_uint_eq(lab_sessions(), 1); /* the sweep came late */
	lab_wait(240);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
}
END_TEST

/* Shows: TCP-01 ERR-06 LIM-01 */
START_TEST(a_syn_that_finds_no_room_is_answered)
{
	lab.conf.max_sessions = 1;
	lab_start();
	lab_tcp(CLIENT6, 1, SERVER6, PORT_SERVER, SYN);
	lab_sent();
	lab_tcp(CLIENT6, 2, SERVER6, PORT_SERVER, SYN);
	lab_expect_error(NAT64_SESSION_LIMIT, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADDR);
	/* From IPv4 in silence, and nothing is stored. */
	lab_tcp(SERVER4, 1, POOL4, 4444, SYN);
	lab_expect_drop(NAT64_INBOUND_LIMIT);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
}
END_TEST

/* Shows: ADR-08 TBL-03 */
START_TEST(a_connection_may_go_over_to_another_prefix)
{
	static const char other[] = "2001:db8:65::198.51.100.20";

	lab_set_prefix(1, "2001:db8:65::", 96);
	start();
	play("Sa");
	lab_tcp(CLIENT6, PORT6, other, PORT_SERVER, ACK);
	lab_expect_flow(lab_sent(), POOL4, PORT_IN, SERVER4, PORT_SERVER);
	from4(ACK);
	ck_assert_str_eq(text6(lab_sent()->ip6.src), text6(addr6(SERVER6)));
	play("R");
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_TRANS);
	/* The segment that opens counts as one of the connection. */
	lab_tcp(CLIENT6, PORT6, other, PORT_SERVER, SYN);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_ESTABLISHED);
	ck_assert_int_eq(lab_left(the_session()), EST);
	from4(ACK);
	ck_assert_str_eq(text6(lab_sent()->ip6.src), text6(addr6(other)));
}
END_TEST

/* Shows: GSO-05 */
START_TEST(a_super_packet_is_one_segment_to_the_machine)
{
	const struct flow f = { CLIENT6, SERVER6, PORT6, PORT_SERVER };
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_TCP,
		.tcp_flags = FIN | ACK | PKT_TH_PSH,
		.payload = 5000 };
	struct pkt p;

	start();
	play("Sa");
	lab_build(&s, &f);
	p = lab.in;
	parse(&p);
	make_partial(&p, PKT_SEG_TCP, 1400);
	lab_resend(&p);
	ck_assert_uint_eq(lab_sent()->len, 20 + 20 + 5000);
	ck_assert_int_eq(lab_sent()->ofl.seg, PKT_SEG_TCP);
	ck_assert_uint_eq(the_session()->tcp_state, TCP_STATE_V6_FIN_RCV);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		every_state_answers_every_segment_by_the_table,
		rst_after_fin_shortens_the_timer_but_never_prolongs_it,
		without_session_only_a_syn_from_ipv6_opens_one,
		inbound_connections_can_be_refused,
		a_syn_for_no_binding_is_answered_after_six_seconds,
		with_adf_a_syn_from_a_stranger_is_stored,
		with_adf_a_syn_from_a_known_address_passes,
		with_adf_a_closed_connection_is_not_reopened_from_ipv4,
		a_syn_from_ipv6_meets_a_stored_one,
		a_stored_syn_whose_time_has_come_is_not_met,
		few_syns_are_stored_and_the_rest_dropped_in_silence,
		an_idle_connection_is_probed_once_on_the_ipv6_side,
		a_probe_lies_in_the_window_of_both_sides,
		a_segment_that_comes_late_finds_the_connection_probed,
		an_idle_connection_lives_for_two_hours_and_four_minutes,
		a_syn_that_finds_no_room_is_answered,
		a_connection_may_go_over_to_another_prefix,
		a_super_packet_is_one_segment_to_the_machine,
	};

	return (lab_main("nat64_tcp", tests, NITEMS(tests)));
}
