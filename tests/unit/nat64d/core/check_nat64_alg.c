/*
 * Connections with a gateway, through the whole translator.
 */
#include <check.h>

#include "nat64d/core/nat64_alg_table.h"
#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/fastpath_fake.h"
#include "tests/unit/ftp_lab.h"
#include "tests/unit/state_util.h"
#include "tests/unit/suite.h"

static struct session *
control(void)
{
	return (lab_session(L4_TCP, CLIENT6, CONTROL6));
}

/* One EPSV, after which both sides agree about all numbers. */
static void
passive(void)
{
	client_says("EPSV\r\n", PSH);
	server_gets("PASV\r\n");
	server_says(PASSIVE, PSH);
	client_gets(EXTENDED);
	client_says("", 0);
	server_gets("");
}

/* Shows: CFG-18 FTP-01 REQ-6 */
START_TEST(nothing_is_changed_unless_configured)
{
	lab_start();
	ftp_open(1000, 2000);
	ck_assert(!control()->gateway);
	client_says("EPSV\r\n", PSH);
	server_gets("EPSV\r\n");
}
END_TEST

/* A SYN without data to that port. */
static void
syn(const char *host, uint16_t port, uint16_t dport)
{
	const struct flow f = { host, SERVER6, port, dport };
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_TCP,
		.tcp_flags = SYN };

	lab_build(&s, &f);
	ck_assert_int_eq(lab_send(), NAT64_SENT);
}

/* Shows: FTP-01 */
START_TEST(other_ports_and_clients_are_untouched)
{
	ftp_begin();
	syn(CLIENT6, 5000, 22);
	ck_assert(!lab_session(L4_TCP, CLIENT6, 5000)->gateway);
	lab.conf.algs[0].clients.len = 64;
	lab.conf.algs[0].clients.v6 = addr6("2001:db8:1::");
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
	syn(HOST_C, 5000, 21);
	ck_assert(!lab_session(L4_TCP, HOST_C, 5000)->gateway);
	syn(HOST_B, 5000, 21);
	ck_assert(lab_session(L4_TCP, HOST_B, 5000)->gateway);
}
END_TEST

/* Shows: FTP-02 FTP-06 FTP-07 FTP-30 */
START_TEST(numbers_follow_what_is_changed)
{
	unsigned i;

	ftp_begin();
	for (i = 0; i < 10; i++) {
		passive();
		client_says("EPSV ALL\r\n", PSH);
		server_gets("NOOP\r\n");
		server_says("200 ok\r\n", PSH);
		client_gets(
		    "504 Command not implemented for that parameter\r\n");
	}
	ck_assert_uint_ne(ftp.c_seq, ftp.s_got);
	ck_assert_uint_ne(ftp.s_seq, ftp.c_got);
	client_says("", FIN);
	ck_assert_uint_eq(ftp_seq(lab_sent()), ftp.s_got);
	ftp.s_got++;
	server_says("", FIN);
	ck_assert_uint_eq(ftp_ack(lab_sent()), ftp.c_seq);
	ck_assert_uint_eq(ftp_seq(lab_sent()), ftp.c_got);
}
END_TEST

/* Shows: FTP-30 */
START_TEST(a_repeated_segment_is_changed_in_the_same_way)
{
	const struct pkt *p;

	ftp_begin();
	client_says("EPSV ALL\r\n", PSH);
	server_gets("NOOP\r\n");
	ftp.c_seq -= 10;
	ftp.s_got -= 6;
	client_says("EPSV ALL\r\n", PSH);
	server_gets("NOOP\r\n");
	/* Only its end, together with the next line. */
	ftp_build(true, ftp.c_seq - 3, ftp.c_got, "L\r\nNOOP\r\n", ACK);
	lab_send();
	p = lab_sent();
	ck_assert_str_eq(ftp_text(p), "NOOP\r\nNOOP\r\n");
	ck_assert_uint_eq(ftp_seq(p), ftp.s_got - 6);
}
END_TEST

START_TEST(segments_in_another_order_are_put_right)
{
	ftp_begin();
	ftp_build(true, ftp.c_seq + 6, ftp.c_got, "NOOP\r\n", ACK);
	ck_assert_int_eq(lab_send(), NAT64_HELD);
	ck_assert_uint_eq(lab.n_out, 0);
	client_says("EPSV\r\n", PSH);
	server_gets("PASV\r\nNOOP\r\n");
}
END_TEST

/* A sender that obeys Nagle's algorithm waits for this. */
START_TEST(a_part_of_a_line_is_acknowledged)
{
	const struct pkt *p;

	ftp_begin();
	client_says("EP", PSH);
	ck_assert_uint_eq(lab.n_out, 2);
	ck_assert_uint_eq(pkt_payload_len(&lab.out[0]), 0);
	p = &lab.out[1];
	ck_assert_int_eq(p->family, PKT_V6);
	lab_expect_flow(p, SERVER6, 21, CLIENT6, CONTROL6);
	ck_assert_uint_eq(ftp_ack(p), ftp.c_seq);
	ck_assert_uint_eq(ftp_seq(p), ftp.c_got);
	ck_assert_uint_eq(p->tcp_flags, ACK);
	client_says("SV\r\n", PSH);
	server_gets("PASV\r\n");
	server_says("227", PSH);
	ck_assert_uint_eq(lab.n_out, 2);
	ck_assert_int_eq(lab.out[1].family, PKT_V4);
	ck_assert_uint_eq(ftp_ack(&lab.out[1]), ftp.s_seq);
	server_says(" (1,2,3,4,4,1)\r\n", PSH);
	client_gets(EXTENDED);
}
END_TEST

/* Shows: FTP-30 */
START_TEST(sack_blocks_are_adjusted)
{
	static uint8_t sack[12] = { 1, 1, 5, 10 };
	const struct pkt *p;

	ftp_begin();
	client_says("EPSV ALL\r\n", PSH);
	server_gets("NOOP\r\n");
	client_says("USER me\r\n", PSH);
	ck_assert_uint_eq(ftp_seq(lab_sent()), ftp.s_got);
	put32(sack + 4, ftp.s_got);
	put32(sack + 8, ftp.s_got + 9);
	ftp.opts = sack;
	ftp.optlen = sizeof(sack);
	ftp.s_got -= 6;
	server_says("", 0);
	p = lab_sent();
	ck_assert_uint_eq(ftp_ack(p), ftp.c_seq - 19);
	ck_assert_uint_eq(get32(pkt_l4(p) + 24), ftp.c_seq - 9);
	ck_assert_uint_eq(get32(pkt_l4(p) + 28), ftp.c_seq);
}
END_TEST

/* Shows: FTP-31 */
START_TEST(what_grows_is_cut)
{
	static char text[1200], reply[1200];
	unsigned i;
	size_t sum = 0;

	ftp_begin();
	for (i = 0; i < 20; i++)
		client_says("EPSV\r\n", 0);
	ftp.s_got += 120;
	for (i = 0, reply[0] = '\0'; i < 20; i++) {
		strcat(reply, "227 1,1,1,1,1,1\r\n");
		strcat(text, "x");
	}
	server_says(reply, PSH);
	ck_assert_uint_gt(lab.n_out, 1);
	for (i = 0; i < lab.n_out; i++) {
		ck_assert_uint_le(pkt_payload_len(&lab.out[i]), 512);
		ck_assert_uint_eq(ftp_seq(&lab.out[i]),
		    ftp.c_got + (uint32_t)sum);
		ck_assert_int_eq((lab.out[i].tcp_flags & PSH) != 0,
		    i == lab.n_out - 1);
		sum += pkt_payload_len(&lab.out[i]);
	}
	ck_assert_uint_eq(sum,
	    20 * strlen("229 Entering Extended Passive Mode (|||257|)\r\n"));
}
END_TEST

/* Shows: FTP-32 */
START_TEST(urgent_data_stay_or_become_plain)
{
	const struct pkt *p;

	ftp_begin();
	client_says("ABOR\r\n", URG);
	p = lab_sent();
	ck_assert_uint_ne(p->tcp_flags & URG, 0);
	ftp.s_got += 6;
	client_says("EPSV\r\n", URG);
	p = lab_sent();
	ck_assert_str_eq(ftp_text(p), "PASV\r\n");
	ck_assert_uint_eq(p->tcp_flags & URG, 0);
	ck_assert_uint_eq(get16(pkt_l4(p) + 18), 0);
}
END_TEST

/* Shows: FTP-33 GSO-30 */
START_TEST(super_packets_are_cut)
{
	char text[3000] = "";
	struct pkt p;
	size_t i, sum = 0;

	ftp_begin();
	while (strlen(text) + 16 < 2900)
		strcat(text, "RETR some file\r\n");
	strcat(text, "EPSV ALL\r\n");
	ftp_build(true, ftp.c_seq, ftp.c_got, text, ACK | PSH);
	p = lab.in;
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_int_eq(pkt_parse_l4(&p), NAT64_NONE);
	pkt_leave_cksum(&p);
	lab.in.ofl = p.ofl;
	lab.in.ofl.seg = PKT_SEG_TCP;
	lab.in.ofl.seg_size = 1000;
	lab_send();
	ck_assert_uint_ge(lab.n_out, 3);
	for (i = 0; i < lab.n_out; i++) {
		ck_assert_int_eq(lab.out[i].ofl.seg, PKT_SEG_NONE);
		ck_assert(!lab.out[i].ofl.csum_partial);
		ck_assert_uint_le(pkt_payload_len(&lab.out[i]), 1000);
		sum += pkt_payload_len(&lab.out[i]);
	}
	ck_assert_uint_gt(sum, 1000);
}
END_TEST

/* It would leave with a right one. */
START_TEST(a_wrong_checksum_is_not_made_right)
{
	ftp_begin();
	ftp_build(true, ftp.c_seq, ftp.c_got, "EPSV\r\n", ACK);
	lab.in.data[lab.in.len - 1] ^= 1;
	lab.bad_cksum = true;
	lab_send();
	lab_expect_drop(NAT64_GATEWAY_CKSUM);
}
END_TEST

/* Shows: FTP-12 */
START_TEST(a_server_without_noop_ends_the_connection)
{
	ftp_begin();
	client_says("ALGS STATUS64\r\n", PSH);
	server_gets("NOOP\r\n");
	server_says("500 what?\r\n", PSH);
	ck_assert_int_eq(lab.reason, NAT64_GATEWAY_ENDED);
	ck_assert_uint_eq(lab.n_out, 2);
	ck_assert_uint_eq(lab.out[0].tcp_flags, RST | ACK);
	ck_assert_int_eq(lab.out[0].family, PKT_V6);
	ck_assert_uint_eq(ftp_seq(&lab.out[0]), ftp.c_got);
	ck_assert_uint_eq(ftp_ack(&lab.out[0]), ftp.c_seq);
	ck_assert_uint_eq(lab.out[1].tcp_flags, RST | ACK);
	ck_assert_int_eq(lab.out[1].family, PKT_V4);
	ck_assert_uint_eq(ftp_seq(&lab.out[1]), ftp.s_got);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_PACKET_DROPPED), 1);
}
END_TEST

/* Shows: FTP-20 */
START_TEST(the_fast_path_gets_it_when_the_gateway_has_let_go)
{
	static struct fake_fastpath fake;
	unsigned i;

	ftp_begin();
	fake_start(&fake, 100);
	for (i = 0; i < 20; i++) {
		client_says("NOOP\r\n", PSH);
		server_gets("NOOP\r\n");
		server_says("200 ok\r\n", PSH);
		client_gets("200 ok\r\n");
	}
	ck_assert_uint_eq(fake.n_adds, 0);
	client_says("AUTH TLS\r\n", PSH);
	server_gets("AUTH TLS\r\n");
	ck_assert(control()->gateway);
	server_says("234 go\r\n", PSH);
	client_gets("234 go\r\n");
	ck_assert(!control()->gateway);
	ck_assert_uint_eq(lab_counter(NAT64_GATEWAY_LET_GO), 1);
	for (i = 0; i < 20; i++) {
		client_says("EPSV\r\n", PSH);
		server_gets("EPSV\r\n");
	}
	ck_assert_uint_eq(fake.n_adds, 1);
}
END_TEST

/* TCP Fast Open: its data would have to be looked at twice. */
START_TEST(a_syn_with_data_passes)
{
	ftp_configure();
	lab_start();
	lab_tcp(CLIENT6, 5000, SERVER6, 21, SYN);
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	ck_assert(!lab_session(L4_TCP, CLIENT6, 5000)->gateway);
}
END_TEST

/* Shows: FTP-20 */
START_TEST(numbers_are_adjusted_for_ever)
{
	ftp_begin();
	passive();
	client_says("AUTH TLS\r\n", PSH);
	server_gets("AUTH TLS\r\n");
	server_says("234 go\r\n", PSH);
	client_gets("234 go\r\n");
	ck_assert(control()->gateway);
	client_says("EPSV\r\n", PSH);
	server_gets("EPSV\r\n");
	server_says(PASSIVE, PSH);
	client_gets(PASSIVE);
}
END_TEST

/* The sender of a segment that was too big finds its own number. */
START_TEST(quoted_segments_have_the_number_of_their_sender)
{
	struct pkt quoted;
	uint32_t seq;

	ftp_begin();
	passive();
	seq = ftp.s_seq;
	server_says("250 a long reply\r\n", PSH);
	quoted = lab_copy(lab_sent());
	ck_assert_uint_ne(ftp_seq(&quoted), seq);
	lab_build_error(ROUTER6, 2, 0, 1280, &quoted, quoted.len);
	lab_send();
	ck_assert_int_eq(lab_sent()->family, PKT_V4);
	ck_assert_uint_eq(get32(pkt_l4(lab_sent()) + 8 + 20 + FTP_SEQ), seq);

	client_says("EPSV ALL\r\n", PSH);
	client_says("PWD\r\n", PSH);
	quoted = lab_copy(lab_sent());
	ck_assert_uint_ne(ftp_seq(&quoted), ftp.c_seq - 5);
	lab_build_error(ROUTER4, 3, 4, 1280, &quoted, 28);
	lab_send();
	ck_assert_int_eq(lab_sent()->family, PKT_V6);
	ck_assert_uint_eq(get32(pkt_l4(lab_sent()) + 8 + 40 + FTP_SEQ),
	    ftp.c_seq - 5);
}
END_TEST

/* Its client lives, and answers the probe. */
/* Shows: FTP-40 */
START_TEST(an_idle_control_connection_is_kept)
{
	const struct pkt *p;
	unsigned i;

	ftp_begin();
	passive();
	for (i = 0; i < 5; i++) {
		lab_wait(7201);
		ck_assert_uint_eq(lab.n_out, 1);
		p = &lab.out[0];
		lab_expect_flow(p, SERVER6, 21, CLIENT6, CONTROL6);
		ck_assert_uint_eq(ftp_seq(p), ftp.c_got - 1);
		ck_assert_uint_eq(ftp_ack(p), ftp.c_seq);
		client_says("", 0);
		server_gets("");
	}
	passive();
}
END_TEST

/* --- expected connections --- */

static struct taddr4
active(uint16_t port)
{
	char text[64];
	unsigned a[6];
	struct taddr4 out;

	snprintf(text, sizeof(text), "EPRT |2|" CLIENT6 "|%u|\r\n", port);
	client_says(text, PSH);
	ck_assert_int_eq(sscanf(ftp_text(lab_sent()),
			     "PORT %u,%u,%u,%u,%u,%u\r\n", &a[0], &a[1], &a[2],
			     &a[3], &a[4], &a[5]),
	    6);
	ftp.s_got += (uint32_t)pkt_payload_len(lab_sent());
	out.addr.s_addr = htonl(a[0] << 24 | a[1] << 16 | a[2] << 8 | a[3]);
	out.port = (uint16_t)(a[4] << 8 | a[5]);
	return (out);
}

/* Shows: FTP-13 */
START_TEST(the_server_connects_once)
{
	struct taddr4 out;
	const char *t;

	ftp_begin();
	out = active(5282);
	t = text4(out.addr);
	ck_assert_uint_eq(out.addr.s_addr, ftp.out.addr.s_addr);
	ck_assert_uint_eq(lab_sessions(), 2);
	/* Not somebody else. */
	lab_tcp(SERVER4_2, 20, t, out.port, SYN);
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	lab_tcp(SERVER4, 20, t, out.port, SYN);
	lab_expect_flow(lab_sent(), SERVER6, 20, CLIENT6, 5282);
	lab_tcp(CLIENT6, 5282, SERVER6, 20, SYN | ACK);
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	/* And not the server for a second time. */
	lab_tcp(SERVER4, 21, t, out.port, SYN);
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
}
END_TEST

/* Shows: FTP-13 */
START_TEST(an_expectation_ends)
{
	struct taddr4 out;

	ftp_begin();
	out = active(5282);
	lab_wait(30);
	ck_assert_uint_eq(lab_sessions(), 2);
	lab_wait(240);
	ck_assert_uint_eq(lab_sessions(), 1);
	lab_tcp(SERVER4, 20, text4(out.addr), out.port, SYN);
	ck_assert_int_ne(lab.verdict, NAT64_SENT);
}
END_TEST

START_TEST(what_is_expected_may_come_though_others_may_not)
{
	struct taddr4 out;

	lab.conf.refuse_inbound_tcp = true;
	lab.conf.adf[L4_TCP] = true;
	ftp_begin();
	out = active(5282);
	lab_tcp(SERVER4_2, 20, text4(out.addr), out.port, SYN);
	lab_expect_drop(NAT64_INBOUND_TCP);
	lab_tcp(SERVER4, 20, text4(out.addr), out.port, SYN);
	lab_expect_flow(lab_sent(), SERVER6, 20, CLIENT6, 5282);
}
END_TEST

START_TEST(an_expectation_counts_against_the_subscriber)
{
	lab_set_fixed_limits();
	lab.conf.subscriber.sessions = 2;
	ftp_begin();
	active(5282);
	client_says("EPRT |2|" CLIENT6 "|5283|\r\n", PSH);
	server_gets("EPRT |2|" CLIENT6 "|5283|\r\n");
	ck_assert_uint_eq(lab_sessions(), 2);
}
END_TEST

/* --- bounds --- */

/* Shows: FTP-41 */
START_TEST(there_are_so_many_at_most)
{
	unsigned i;

	lab.conf.subscriber = (struct subscriber_limits){ .ports = 0 };
	lab.conf.max_sessions = lab.conf.max_bindings = 5000;
	lab_set_pool(POOL4, POOL4, 1024, 65535);
	ftp_configure();
	lab_start();
	for (i = 0; i <= NAT64_MAX_GATEWAYS; i++)
		syn(CLIENT6, (uint16_t)(1024 + i), 21);
	ck_assert(lab_session(L4_TCP, CLIENT6, 1024)->gateway);
	ck_assert(!lab_session(L4_TCP, CLIENT6,
	    (uint16_t)(1024 + NAT64_MAX_GATEWAYS))
		       ->gateway);
	ck_assert_uint_eq(lab_counter(NAT64_GATEWAY_FULL), 1);
	ck_assert_uint_le(sizeof(struct nat64_alg), 8192);
	lab_wait(300);
	ck_assert_uint_eq(lab_sessions(), 0);
	syn(CLIENT6, 1024, 21);
	ck_assert(lab_session(L4_TCP, CLIENT6, 1024)->gateway);
}
END_TEST

/* --- the same client port again, and a restart --- */

START_TEST(a_new_connection_has_a_new_gateway)
{
	ftp_begin();
	passive();
	client_says("EP", PSH);
	client_says("", RST);
	lab_wait(10);
	ftp_open(777, 888);
	ck_assert_uint_eq(ftp.s_got, 778 + 0U);
	passive();
}
END_TEST

START_TEST(an_idle_connection_survives_a_restart)
{
	ftp_begin();
	passive();
	save();
	restore();
	ck_assert(control()->gateway);
	passive();
	server_says("", 0);
	client_gets("");
}
END_TEST

/* Of two restarts in a row, the second one knows as much. */
START_TEST(an_idle_connection_survives_two)
{
	ftp_begin();
	passive();
	save();
	restore();
	save();
	restore();
	passive();
	save();
	restore();
	client_says("NOOP\r\n", PSH);
	server_gets("NOOP\r\n");
}
END_TEST

/*
 * Asked to rest, it lets the server finish, takes acknowledgments, and has the
 * client wait.
 */
START_TEST(a_busy_connection_comes_to_rest)
{
	ftp_begin();
	ck_assert(nat64_gateways_rest(lab.n));
	client_says("EP", PSH);
	nat64_rest_gateways(lab.n, true);
	ck_assert(!nat64_gateways_rest(lab.n));
	client_says("SV\r\n", PSH); /* the rest of what is held */
	server_gets("PASV\r\n");
	server_says(PASSIVE, PSH);
	client_gets(EXTENDED);
	ck_assert(!nat64_gateways_rest(lab.n));
	client_says("NOOP\r\n", PSH); /* acknowledges it, too */
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	ck_assert_uint_eq(lab.n_out, 0);
	ck_assert(nat64_gateways_rest(lab.n));
	save();
	restore();
	client_says("", 0); /* a segment of the server came once more */
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	ck_assert_uint_eq(lab.n_out, 0);
	ftp.c_seq -= 6; /* it says so again */
	client_says("NOOP\r\n", PSH);
	server_gets("NOOP\r\n");
	server_says("200 ok\r\n", PSH);
	client_gets("200 ok\r\n");
	passive();
}
END_TEST

/* And as little: what was not known is not known. */
START_TEST(one_that_went_on_is_ended_after_two)
{
	ftp_begin();
	passive();
	client_says("ALGS DISABLE64\r\n", PSH);
	server_gets("NOOP\r\n");
	server_says("200 ok\r\n", PSH);
	client_gets("216 NONE\r\n");
	client_says("", 0);
	server_gets("");
	save();
	client_says("NOOP\r\n", PSH);
	restore();
	save();
	restore();
	client_says("NOOP\r\n", PSH);
	ck_assert_int_eq(lab.reason, NAT64_GATEWAY_ENDED);
}
END_TEST

/* Once saved, numbers that are not changed any more stay right. */
START_TEST(one_without_translation_does)
{
	ftp_begin();
	passive();
	client_says("AUTH TLS\r\n", PSH);
	server_gets("AUTH TLS\r\n");
	server_says("234 go\r\n", PSH);
	client_gets("234 go\r\n");
	save();
	client_says("abc", PSH);
	server_gets("abc");
	restore();
	client_says("def", PSH);
	server_gets("def");
	server_says("ghi", PSH);
	client_gets("ghi");
}
END_TEST

/* What was sent after it had been saved may have been changed. */
START_TEST(one_that_went_on_is_ended)
{
	ftp_begin();
	passive();
	save();
	passive();
	restore();
	client_says("NOOP\r\n", PSH);
	ck_assert_int_eq(lab.reason, NAT64_GATEWAY_ENDED);
	ck_assert_uint_eq(lab.n_out, 1);
	ck_assert_int_eq(lab.out[0].family, PKT_V6);
	ck_assert_uint_eq(lab.out[0].tcp_flags, RST);
	ck_assert_uint_eq(ftp_seq(&lab.out[0]), ftp.c_got);
	server_says("", 0);
	ck_assert_uint_eq(lab.n_out, 1);
	ck_assert_int_eq(lab.out[0].family, PKT_V4);
	ck_assert_uint_eq(lab.out[0].tcp_flags, RST);
	ck_assert_uint_eq(ftp_seq(&lab.out[0]), ftp.s_got);
}
END_TEST

START_TEST(one_in_the_middle_of_a_change_is_ended)
{
	ftp_begin();
	client_says("EPSV ALL\r\n", PSH);
	server_gets("NOOP\r\n");
	save();
	restore();
	server_says("200 ok\r\n", PSH);
	ck_assert_int_eq(lab.reason, NAT64_GATEWAY_ENDED);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		nothing_is_changed_unless_configured,
		other_ports_and_clients_are_untouched,
		numbers_follow_what_is_changed,
		a_repeated_segment_is_changed_in_the_same_way,
		segments_in_another_order_are_put_right,
		a_part_of_a_line_is_acknowledged,
		sack_blocks_are_adjusted,
		what_grows_is_cut,
		urgent_data_stay_or_become_plain,
		super_packets_are_cut,
		a_wrong_checksum_is_not_made_right,
		a_server_without_noop_ends_the_connection,
		the_fast_path_gets_it_when_the_gateway_has_let_go,
		numbers_are_adjusted_for_ever,
		a_syn_with_data_passes,
		the_server_connects_once,
		quoted_segments_have_the_number_of_their_sender,
		an_idle_control_connection_is_kept,
		an_expectation_ends,
		what_is_expected_may_come_though_others_may_not,
		an_expectation_counts_against_the_subscriber,
		there_are_so_many_at_most,
		a_new_connection_has_a_new_gateway,
		an_idle_connection_survives_a_restart,
		an_idle_connection_survives_two,
		a_busy_connection_comes_to_rest,
		one_that_went_on_is_ended_after_two,
		one_without_translation_does,
		one_that_went_on_is_ended,
		one_in_the_middle_of_a_change_is_ended,
	};

	return (lab_main("nat64_alg", tests, NITEMS(tests)));
}
