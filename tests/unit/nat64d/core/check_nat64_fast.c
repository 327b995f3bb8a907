/*
 * Which sessions go to the fast path, and what takes them back. The fast path
 * is a fake.
 */
#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/fast_lab.h"
#include "tests/unit/suite.h"

/* --- which sessions qualify --- */

START_TEST(udp_is_offered_with_the_packet_of_that_number)
{
	start();
	exchange(L4_UDP, FAST_AFTER - 1);
	expect_slow();
	exchange(L4_UDP, 1);
	ck_assert_uint_eq(fake.n, 1);
	ck_assert_uint_eq(lab_counter(NAT64_FAST_OFFERED), 1);
	ck_assert_uint_eq(lab_counter(NAT64_FAST_FULL), 0);
}
END_TEST

START_TEST(tcp_is_offered_with_the_packet_of_that_number)
{
	start();
	tcp6(SYN);
	tcp4(SYN | ACK);
	exchange(L4_TCP, FAST_AFTER - 1);
	expect_slow();
	exchange(L4_TCP, 1);
	ck_assert_uint_eq(fake.n, 1);
}
END_TEST

START_TEST(echo_is_offered_with_the_message_of_that_number)
{
	start();
	exchange(L4_ICMP, FAST_AFTER - 1);
	expect_slow();
	exchange(L4_ICMP, 1);
	ck_assert_uint_eq(fake.n, 1);
}
END_TEST

/* IPv4 asks, by the binding of the host, which answers (RFC 6146, 3.5.3). */
START_TEST(echo_that_ipv4_begins_is_offered)
{
	unsigned i;

	start();
	for (i = 0; i < FAST_AFTER; i += 2) {
		expect_slow();
		lab_ping(SERVER4, POOL4, ID4);
		lab_sent();
		lab_pong(CLIENT6, SERVER6, ID6);
		lab_sent();
	}
	ck_assert_uint_eq(fake.n, 1);
}
END_TEST

/* One after the other, with the same ports: three requests and answers each. */
START_TEST(short_connections_are_never_offered)
{
	unsigned i, j;

	start();
	for (i = 0; i < 20; i++) {
		tcp6(SYN);
		tcp4(SYN | ACK);
		tcp6(ACK);
		for (j = 0; j < 3; j++) {
			tcp6(ACK);
			tcp4(ACK);
		}
		tcp4(FIN | ACK);
		tcp6(FIN | ACK);
		tcp4(ACK);
	}
	ck_assert_uint_eq(fake.n_adds, 0);
}
END_TEST

START_TEST(a_flow_is_described_as_the_session_is)
{
	const struct fastflow *f;
	const struct session *s;

	start();
	s = fast_session(L4_UDP, false);
	f = &fake.flows[s->fast];
	ck_assert_str_eq(text6(f->in6.addr), CLIENT6);
	ck_assert_uint_eq(f->in6.port, PORT6);
	ck_assert_str_eq(text6(f->peer6), text6(addr6(SERVER6)));
	ck_assert_str_eq(text4(f->out4.addr), POOL4);
	ck_assert_uint_eq(f->out4.port, PORT_IN);
	ck_assert_str_eq(text4(f->peer4.addr), SERVER4);
	ck_assert_uint_eq(f->peer4.port, PORT_SERVER);
	ck_assert_uint_eq(f->proto, L4_UDP);
}
END_TEST

START_TEST(a_flow_of_echo_has_identifiers_for_ports)
{
	const struct fastflow *f;
	const struct session *s;
	uint16_t id;

	start();
	s = fast_session(L4_ICMP, _i);
	f = &fake.flows[s->fast];
	ck_assert_uint_eq(f->in6.port, ID6);
	ck_assert_uint_eq(f->out4.port, ID4);
	ck_assert_uint_eq(f->peer4.port, 0);
	ck_assert_uint_eq(f->proto, L4_ICMP);
	id = (uint16_t)fake.ids[f->id_counter];
	echo6();
	ck_assert_uint_eq(lab_sent()->frag_id, id);
}
END_TEST

/* RFC 6052, 2.4 */
static const struct {
	const char *prefix;
	unsigned len;
	const char *peer6;
} lengths[] = {
	{ "2001:db8::", 32, "2001:db8:c000:221::" },
	{ "2001:db8:100::", 40, "2001:db8:1c0:2:21::" },
	{ "2001:db8:122::", 48, "2001:db8:122:c000:2:2100::" },
	{ "2001:db8:122:300::", 56, "2001:db8:122:3c0:0:221::" },
	{ "2001:db8:122:344::", 64, "2001:db8:122:344:c0:2:2100:0" },
	{ "2001:db8:122:344::", 96, "2001:db8:122:344::c000:221" },
};

START_TEST(the_peer_is_embedded_by_a_prefix_of_every_length)
{
	const char *host = "2001:db9::10";
	struct taddr4 out;
	unsigned i;

	lab_set_prefix(0, lengths[_i].prefix, lengths[_i].len);
	lab.conf.self6 = addr6("2001:db9:ffff::1");
	lab_start();
	fake_start(&fake, 100);
	for (i = 0; i < FAST_AFTER; i += 2) {
		lab_udp(host, 5000, lengths[_i].peer6, 53);
		out =
		    (struct taddr4){ lab_sent()->ip4.src, lab_sent()->sport };
		lab_udp("192.0.2.33", 53, text4(out.addr), out.port);
		lab_sent();
	}
	ck_assert_uint_eq(fake.n, 1);
	ck_assert_str_eq(text6(fake.flows[1].peer6),
	    text6(addr6(lengths[_i].peer6)));
	ck_assert_str_eq(text6(fake.flows[1].peer6),
	    text6(lab_sent()->ip6.src));
}
END_TEST

static void
make_one_sided(void)
{
	unsigned i;

	for (i = 0; i < 300; i++)
		udp6();
}

static void
make_one_sided4(void)
{
	unsigned i;

	for (i = 0; i < 300; i++)
		udp4();
}

static void
make_half_open(void)
{
	unsigned i;

	tcp6(SYN);
	for (i = 0; i < 300; i++) {
		tcp6(ACK);
		tcp4(ACK);
	}
}

static void
make_half_closed(void)
{
	tcp6(SYN);
	tcp4(SYN | ACK);
	tcp4(FIN | ACK);
	exchange(L4_TCP, 300);
}

static void
make_stored_syn(void)
{
	const struct tuple4 t4 = { { addr4(POOL4), 2000 },
		{ addr4(SERVER4), PORT_SERVER } };
	unsigned i;

	for (i = 0; i < 300; i++)
		lab_tcp(SERVER4, PORT_SERVER, POOL4, 2000, i == 0 ? SYN : ACK);
	ck_assert_int_eq(nat64_fast_bar(lab.n,
			     session_find4(nat64_sessions(lab.n), L4_TCP,
				 &t4)),
	    FAST_UNBOUND);
}

/* A monitor asks, a host that is down does not answer. */
static void
make_unanswered(void)
{
	unsigned i;

	for (i = 0; i < 300; i++)
		echo6();
}

/* Each time with another identifier, like ping(8). */
static void
make_short_pings(void)
{
	uint16_t id, i;

	for (id = 0; id < 50; id++)
		for (i = 0; i < FAST_AFTER - 1; i++) {
			lab_ping(CLIENT6, SERVER6, id);
			lab_sent();
		}
}

/* CLIENT6 at its pool address; HOST_C finds it there. */
static void
make_hairpin(void)
{
	const struct pkt *p;
	unsigned i;

	for (i = 0; i < 150; i++) {
		lab_udp(HOST_C, 7000, "2001:db8:64::203.0.113.5", PORT_IN);
		p = lab_sent();
		lab_udp(CLIENT6, PORT6, text6(p->ip6.src), p->sport);
		lab_expect_flow(lab_sent(), "2001:db8:64::203.0.113.5",
		    PORT_IN, HOST_C, 7000);
	}
}

/* What has been sent, and the bar that its session meets. */
static const struct {
	const char *name;
	void (*make)(void);
	enum l4proto proto; /* of session(), unless the bar is 0 */
	enum fast_bar bar;
} bars[] = {
	{ "UDP, IPv6 alone speaks", make_one_sided, L4_UDP, FAST_ONE_SIDE },
	{ "UDP, IPv4 alone speaks", make_one_sided4, L4_UDP, FAST_ONE_SIDE },
	{ "TCP, one SYN", make_half_open, L4_TCP, FAST_STATE },
	{ "TCP, a FIN", make_half_closed, L4_TCP, FAST_STATE },
	{ "a stored SYN", make_stored_syn, L4_TCP, FAST_NO_BAR },
	{ "echo, IPv6 alone speaks", make_unanswered, L4_ICMP, FAST_ONE_SIDE },
	{ "echo, few messages each", make_short_pings, L4_TCP, FAST_NO_BAR },
	{ "hairpin", make_hairpin, L4_TCP, FAST_NO_BAR },
};

START_TEST(other_sessions_are_never_offered)
{
	start();
	bars[_i].make();
	ck_assert_msg(fake.n_adds == 0, "%s", bars[_i].name);
	expect_slow();
	if (bars[_i].bar != FAST_NO_BAR)
		ck_assert_int_eq(nat64_fast_bar(lab.n,
				     session(bars[_i].proto)),
		    bars[_i].bar);
}
END_TEST

START_TEST(each_bar_holds_for_a_session_that_has_it_alone)
{
	struct session *s, copy;

	start();
	s = fast_session(L4_TCP, false);
	ck_assert_int_eq(nat64_fast_bar(lab.n, s), FAST_ALREADY);
	copy = *s;
	copy.fast = 0;
	ck_assert_int_eq(nat64_fast_bar(lab.n, &copy), FAST_NO_BAR);
	copy.proto = L4_ICMP;
	ck_assert_int_eq(nat64_fast_bar(lab.n, &copy), FAST_NO_BAR);
	copy.proto = L4_UDP;
	copy.tcp_state = TCP_STATE_CLOSED;
	ck_assert_int_eq(nat64_fast_bar(lab.n, &copy), FAST_NO_BAR);
	copy.proto = L4_TCP;
	ck_assert_int_eq(nat64_fast_bar(lab.n, &copy), FAST_STATE);
	copy.tcp_state = TCP_STATE_ESTABLISHED;
	copy.bib = NULL;
	ck_assert_int_eq(nat64_fast_bar(lab.n, &copy), FAST_UNBOUND);
	copy.bib = s->bib;
	copy.sides = FAST_SIDE4;
	ck_assert_int_eq(nat64_fast_bar(lab.n, &copy), FAST_ONE_SIDE);
	copy.sides = FAST_BOTH;
	copy.data = FAST_AFTER - 1;
	ck_assert_int_eq(nat64_fast_bar(lab.n, &copy), FAST_FEW);
	copy.data = FAST_AFTER;
	copy.peer.addr = addr4(POOL4_2);
	ck_assert_int_eq(nat64_fast_bar(lab.n, &copy), FAST_HAIRPIN);
	copy.peer.addr = s->peer.addr;
	copy.gateway = true;
	ck_assert_int_eq(nat64_fast_bar(lab.n, &copy), FAST_GATEWAY);
	copy = *s;
	copy.fast = 0;
	nat64_set_fastpath(lab.n, NULL);
	ck_assert_int_eq(nat64_fast_bar(lab.n, &copy), FAST_OFF);
}
END_TEST

START_TEST(a_session_that_finds_no_room_tries_again_much_later)
{
	unsigned n_adds = 0;

	start();
	fake.max = 0;
	exchange(L4_UDP, FAST_AFTER + 10 * FAST_RETRY);
	ck_assert_uint_eq(fake.n_adds, 11);
	ck_assert_uint_eq(lab_counter(NAT64_FAST_OFFERED), 11);
	ck_assert_uint_eq(lab_counter(NAT64_FAST_FULL), 11);
	expect_slow();
	fake.max = 1;
	n_adds = fake.n_adds;
	exchange(L4_UDP, FAST_RETRY);
	ck_assert_uint_eq(fake.n, 1);
	ck_assert_uint_eq(fake.n_adds, n_adds + 1);
}
END_TEST

/* --- what takes a session back --- */

static const struct {
	bool from6;
	uint8_t flags;
	enum tcp_state state;
} segments[] = {
	{ true, SYN, TCP_STATE_ESTABLISHED },
	{ false, SYN | ACK, TCP_STATE_ESTABLISHED },
	{ true, FIN | ACK, TCP_STATE_V6_FIN_RCV },
	{ false, FIN | ACK, TCP_STATE_V4_FIN_RCV },
	{ true, RST, TCP_STATE_TRANS },
	{ false, RST | ACK, TCP_STATE_TRANS },
};

START_TEST(a_segment_that_is_no_data_takes_the_session_back)
{
	const bool lives = segments[_i].state == TCP_STATE_ESTABLISHED ||
	    segments[_i].state == TCP_STATE_TRANS;
	struct session *s;

	start();
	s = fast_session(L4_TCP, false);
	lab_doze(100);
	fake_use6(&fake, s->fast, 5000);
	fake_use4(&fake, s->fast, 900);
	lab_doze(50);
	if (segments[_i].from6)
		tcp6(segments[_i].flags);
	else
		tcp4(segments[_i].flags);
	expect_slow();
	ck_assert_uint_eq(s->tcp_state, segments[_i].state);
	/* A FIN leaves the lifetime as it is: from the last note. */
	if (!lives)
		ck_assert_int_eq(lab_left(s), EST - 50);
	ck_assert_uint_eq(segments[_i].from6 ? s->ack4 : s->ack6,
	    segments[_i].from6 ? 900 : 5000);
	exchange(L4_TCP, FAST_AFTER - 1);
	expect_slow();
	exchange(L4_TCP, 1);
	exchange(L4_TCP, 1);
	ck_assert_uint_eq(fake.n, lives);
}
END_TEST

static void
flush(void)
{
	nat64_flush_begin(lab.n);
	while (nat64_flush(lab.n, lab.now, 1))
		continue;
}

static void
expire(void)
{
	lab_wait(UDP);
}

static void
find_expired(void)
{
	lab_doze(UDP);
	lab_udp(SERVER4, 99, POOL4, PORT_IN);
	lab_sent();
	flush();
}

static void
change_pool(void)
{
	ck_assert_int_eq(nat64_set_pool(lab.n, &lab.conf, lab.now), 0);
}

static void
free_it(void)
{
	nat64_free(lab.n);
	lab.n = NULL;
	ck_assert_uint_eq(fake.n, 0);
	lab_start();
}

static const struct {
	const char *name;
	void (*end)(void);
} ends[] = {
	{ "flush", flush },
	{ "expiry", expire },
	{ "expiry, found by a packet", find_expired },
	{ "another pool", change_pool },
	{ "the end of the translator", free_it },
};

START_TEST(the_end_of_a_session_takes_it_back)
{
	start();
	fast_session(L4_UDP, _i % 2);
	ends[_i / 2].end();
	expect_slow();
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

START_TEST(eviction_takes_a_session_back)
{
	lab.conf.max_sessions = 4;
	start();
	fast_session(L4_UDP, true);
	ck_assert_uint_eq(lab.conf.max_sessions, 4);
	lab_udp(HOST_C, 1, SERVER6, 1);
	lab_udp(HOST_C, 1, SERVER6, 2);
	lab_udp(HOST_C, 1, SERVER6, 3);
	ck_assert_uint_eq(fake.n, 1);
	lab_udp(HOST_C, 1, SERVER6, 4);
	lab_sent();
	expect_slow();
	ck_assert_uint_eq(lab_counter(NAT64_SESSIONS_EVICTED), 1);
}
END_TEST

/* The one evicted is that which the notes say was used least lately. */
START_TEST(eviction_spares_a_session_that_only_the_notes_keep_alive)
{
	struct session *s;

	lab.conf.max_sessions = 4;
	lab.conf.max_inbound = 2;
	start();
	s = fast_session(L4_UDP, true);
	lab_doze(10);
	lab_udp(SERVER4_2, 9, POOL4, PORT_IN);
	lab_sent();
	lab_doze(10);
	fake_use6(&fake, s->fast, 0);
	lab_udp(ROUTER4, 9, POOL4, PORT_IN);
	lab_sent();
	ck_assert_uint_eq(lab_counter(NAT64_SESSIONS_EVICTED), 1);
	ck_assert_uint_eq(fake.n, 1);
}
END_TEST

/* RFC 6146, 1.2.1: the host goes over to another Pref64. */
START_TEST(another_prefix_takes_a_session_back)
{
	const char *other = "2001:db8:65::198.51.100.20";
	struct session *s;
	unsigned i;

	lab_set_prefix(1, "2001:db8:65::", 96);
	start();
	s = fast_session(L4_UDP, false);
	lab_udp(CLIENT6, PORT6, other, PORT_SERVER);
	lab_sent();
	expect_slow();
	for (i = 0; i < FAST_AFTER; i++) {
		udp4();
		lab_udp(CLIENT6, PORT6, other, PORT_SERVER);
	}
	ck_assert_uint_eq(fake.n, 1);
	ck_assert_str_eq(text6(fake.flows[s->fast].peer6),
	    text6(addr6(other)));
}
END_TEST

/* What was a server becomes an address of ours (RFC 6146, 3.8). */
START_TEST(a_peer_in_the_new_pool_is_a_hairpin)
{
	unsigned i;

	start();
	fast_session(L4_UDP, false);
	lab_set_pool(SERVER4, SERVER4, 1024, 65535);
	lab.conf.n_statics = 0;
	change_pool();
	expect_slow();
	for (i = 0; i < 100; i++)
		lab_udp(CLIENT6, PORT6, SERVER6, 50000);
	expect_slow();
	ck_assert_uint_eq(fake.n_adds, 1);
	/* Others go to the fast path as before. */
	for (i = 0; i < FAST_AFTER; i++) {
		lab_udp(HOST_C, 5000, SERVER6_2, 53);
		lab_udp(SERVER4_2, 53, SERVER4, lab_sent()->sport);
		lab_sent();
	}
	ck_assert_uint_eq(fake.n, 1);
}
END_TEST

START_TEST(no_fast_path_takes_all_sessions_back)
{
	uint16_t port;
	unsigned i;

	start();
	fast_session(L4_UDP, true);
	fast_session(L4_TCP, false);
	for (port = 1; port <= 50; port++)
		for (i = 0; i < FAST_AFTER; i++) {
			lab_udp(CLIENT6, PORT6, SERVER6, port);
			lab_udp(SERVER4, port, POOL4, PORT_IN);
		}
	ck_assert_uint_eq(fake.n, 52);
	ck_assert_uint_eq(nat64_sessions(lab.n)->n_fast, 52);
	nat64_set_fastpath(lab.n, NULL);
	expect_slow();
	exchange(L4_TCP, 200);
	expect_slow();
	ck_assert_uint_eq(lab_sessions(), 52);
}
END_TEST

/* RFC 6864, 4: both take identifications from the same counters. */
START_TEST(identifications_go_on_where_the_other_one_was)
{
	const struct session *s;
	uint16_t counter;

	start();
	s = fast_session(L4_UDP, false);
	counter = fake.flows[s->fast].id_counter;
	udp6();
	ck_assert_uint_eq((uint16_t)(lab_sent()->frag_id + 1),
	    (uint16_t)fake.ids[counter]);
	fake.ids[counter] += 1000;
	udp6();
	ck_assert_uint_eq((uint16_t)(lab_sent()->frag_id + 1),
	    (uint16_t)fake.ids[counter]);
	nat64_set_fastpath(lab.n, NULL);
	udp6();
	ck_assert_uint_eq(lab_sent()->frag_id, (uint16_t)fake.ids[counter]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nat64_fast");
	TCase *tc = tcase_create("nat64_fast");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_add_test(tc, udp_is_offered_with_the_packet_of_that_number);
	tcase_add_test(tc, tcp_is_offered_with_the_packet_of_that_number);
	tcase_add_test(tc, echo_is_offered_with_the_message_of_that_number);
	tcase_add_test(tc, echo_that_ipv4_begins_is_offered);
	tcase_add_test(tc, short_connections_are_never_offered);
	tcase_add_test(tc, a_flow_is_described_as_the_session_is);
	tcase_add_loop_test(tc, a_flow_of_echo_has_identifiers_for_ports, 0,
	    2);
	tcase_add_loop_test(tc,
	    the_peer_is_embedded_by_a_prefix_of_every_length, 0,
	    NITEMS(lengths));
	tcase_add_loop_test(tc, other_sessions_are_never_offered, 0,
	    NITEMS(bars));
	tcase_add_test(tc, each_bar_holds_for_a_session_that_has_it_alone);
	tcase_add_test(tc,
	    a_session_that_finds_no_room_tries_again_much_later);
	tcase_add_loop_test(tc,
	    a_segment_that_is_no_data_takes_the_session_back, 0,
	    NITEMS(segments));
	tcase_add_loop_test(tc, the_end_of_a_session_takes_it_back, 0,
	    2 * NITEMS(ends));
	tcase_add_test(tc, eviction_takes_a_session_back);
	tcase_add_test(tc,
	    eviction_spares_a_session_that_only_the_notes_keep_alive);
	tcase_add_test(tc, another_prefix_takes_a_session_back);
	tcase_add_test(tc, a_peer_in_the_new_pool_is_a_hairpin);
	tcase_add_test(tc, no_fast_path_takes_all_sessions_back);
	tcase_add_test(tc, identifications_go_on_where_the_other_one_was);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
