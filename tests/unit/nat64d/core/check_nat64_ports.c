/*
 * Lifetimes by the port of the IPv4 peer.
 */
#include <check.h>
#include <stdint.h>

#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/nat64_lab.h"

#define SYN PKT_TH_SYN
#define ACK PKT_TH_ACK
#define FIN PKT_TH_FIN

static void
set_port(enum session_class cls, uint16_t first, uint16_t last, uint32_t secs)
{
	lab.conf.lifetime_ports[lab.conf.n_lifetime_ports++] =
	    (struct session_port){ cls, { first, last }, secs };
}

/* The lifetime of a new UDP session with that port. */
static int64_t
udp_life(uint16_t port)
{
	static uint16_t own = 2000;

	lab_udp(CLIENT6, ++own, SERVER6, port);
	lab_sent();
	return (lab_left(lab_session(L4_UDP, CLIENT6, own)));
}

/* Shows: SES-15 */
START_TEST(a_udp_session_lives_by_its_peers_port)
{
	set_port(SESSION_UDP, 53, 53, 30);
	set_port(SESSION_UDP, 1000, 2000, 400);
	set_port(SESSION_UDP, 1500, 1500, 20);
	set_port(SESSION_TCP_EST, 80, 80, 7);
	lab_start();
	ck_assert_int_eq(udp_life(53), 30);
	ck_assert_int_eq(udp_life(54), 300);
	ck_assert_int_eq(udp_life(80), 300);
	ck_assert_int_eq(udp_life(1000), 400);
	ck_assert_int_eq(udp_life(2000), 400);
	ck_assert_int_eq(udp_life(2001), 300);
	ck_assert_int_eq(udp_life(1500), 20); /* the later one counts */
}
END_TEST

START_TEST(its_packets_prolong_it_and_its_end_takes_the_binding)
{
	set_port(SESSION_UDP, 53, 53, 30);
	lab_start();
	lab_udp(CLIENT6, PORT6, SERVER6, 53);
	lab_sent();
	lab_wait(20);
	lab_udp(CLIENT6, PORT6, SERVER6, 53);
	lab_sent();
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, PORT6)), 30);
	lab_wait(29);
	ck_assert_uint_eq(lab_sessions(), 1);
	lab_wait(2);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
}
END_TEST

/* One from IPv4 is measured by its source port: that is the peer's. */
START_TEST(a_session_opened_from_ipv4_has_a_peers_port_as_well)
{
	set_port(SESSION_UDP, 53, 53, 30);
	lab_add_static(L4_UDP, CLIENT6, PORT6, POOL4, PORT4);
	lab_start();
	lab_udp(SERVER4, 53, POOL4, PORT4);
	lab_sent();
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, PORT6)), 30);
}
END_TEST

START_TEST(a_tcp_session_does_so_while_it_is_established)
{
	const struct session *s;

	set_port(SESSION_TCP_EST, 443, 443, 900);
	set_port(SESSION_UDP, 443, 443, 20);
	lab_add_static(L4_TCP, CLIENT6, PORT6, POOL4, PORT4);
	lab_start();
	lab_tcp(CLIENT6, PORT6, SERVER6, 443, SYN);
	s = lab_session(L4_TCP, CLIENT6, PORT6);
	ck_assert_int_eq(lab_left(s), 240);
	lab_tcp(SERVER4, 443, POOL4, PORT4, SYN | ACK);
	ck_assert_uint_eq(s->tcp_state, TCP_STATE_ESTABLISHED);
	ck_assert_int_eq(lab_left(s), 900);
	lab_wait(100);
	lab_tcp(CLIENT6, PORT6, SERVER6, 443, ACK);
	ck_assert_int_eq(lab_left(s), 900);
	/* Idle: probed, then given the time of a closing one. */
	lab_wait(901);
	ck_assert_uint_eq(lab_counter(NAT64_PROBES), 1);
	ck_assert_uint_eq(s->tcp_state, TCP_STATE_TRANS);
	ck_assert_int_le(lab_left(s), 240);
	lab_tcp(CLIENT6, PORT6, SERVER6, 443, FIN | ACK);
	lab_tcp(SERVER4, 443, POOL4, PORT4, FIN | ACK);
	ck_assert_int_le(lab_left(s), 900);
}
END_TEST

/* Closing never lengthens what is left. */
START_TEST(an_rst_does_not_prolong_a_short_life)
{
	const struct session *s;

	set_port(SESSION_TCP_EST, 443, 443, 100);
	lab_add_static(L4_TCP, CLIENT6, PORT6, POOL4, PORT4);
	lab_start();
	lab_tcp(CLIENT6, PORT6, SERVER6, 443, SYN);
	lab_tcp(SERVER4, 443, POOL4, PORT4, SYN | ACK);
	lab_tcp(CLIENT6, PORT6, SERVER6, 443, FIN | ACK);
	s = lab_session(L4_TCP, CLIENT6, PORT6);
	ck_assert_int_eq(lab_left(s), 100);
	lab_tcp(SERVER4, 443, POOL4, PORT4, PKT_TH_RST);
	ck_assert_int_le(lab_left(s), 100);
}
END_TEST

START_TEST(all_of_them_can_be_used)
{
	unsigned i;

	for (i = 0; i < SESSION_MAX_PORTS; i++)
		set_port(SESSION_UDP, (uint16_t)(100 + i), (uint16_t)(100 + i),
		    10 + i);
	lab_start();
	for (i = 0; i < SESSION_MAX_PORTS; i++)
		ck_assert_int_eq(udp_life((uint16_t)(100 + i)), 10 + i);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_udp_session_lives_by_its_peers_port,
		its_packets_prolong_it_and_its_end_takes_the_binding,
		a_session_opened_from_ipv4_has_a_peers_port_as_well,
		a_tcp_session_does_so_while_it_is_established,
		an_rst_does_not_prolong_a_short_life,
		all_of_them_can_be_used,
	};

	return (lab_main("nat64_ports", tests, NITEMS(tests)));
}
