/*
 * Bindings and sessions (RFC 6146, 3.5.1, 3.5.3; tests/conformance/nat64.md,
 * 8.1, 8.2, 8.4, 8.6): UDP, ICMP queries, ports, limits, events. TCP is in
 * check_nat64_tcp.c.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64_lab.h"

#define UNREACH6(reason) \
	lab_expect_error((reason), ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR)

/* A packet from a server to (T,t). */
static enum nat64_verdict
to_pool(const char *peer, uint16_t port, struct taddr4 out)
{
	return (lab_udp(peer, port, text4(out.addr), out.port));
}

/* --- mapping and filtering --- */

/* Shows: SES-01 TBL-06 TBL-03 OUT-01 CFG-01 */
START_TEST(a_host_keeps_its_mapping_whoever_it_talks_to)
{
	struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000);

	lab_expect_flow(lab_sent(), text4(out.addr), out.port, SERVER4,
	    PORT_SERVER);
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, 5000)), 300);
	lab_udp(CLIENT6, 5000, SERVER6_2, 77);
	lab_expect_flow(lab_sent(), text4(out.addr), out.port, SERVER4_2, 77);
	lab_udp(CLIENT6, 5000, SERVER6, 78);
	lab_expect_flow(lab_sent(), text4(out.addr), out.port, SERVER4, 78);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
	ck_assert_uint_eq(lab_sessions(), 3);
}
END_TEST

/* Shows: SES-10 SES-12 OUT-02 LIM-03 CFG-11 */
START_TEST(anybody_may_answer_on_a_binding_and_nobody_without_one)
{
	struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000), other = out;

	to_pool(SERVER4, PORT_SERVER, out);
	lab_expect_flow(lab_sent(), SERVER6, PORT_SERVER, CLIENT6, 5000);
	ck_assert_uint_eq(lab_sessions(), 1);
	to_pool(SERVER4_2, 9, out);
	lab_expect_flow(lab_sent(), SERVER6_2, 9, CLIENT6, 5000);
	ck_assert_uint_eq(lab_sessions(), 2);
	other.port ^= 1;
	to_pool(SERVER4, PORT_SERVER, other);
	lab_expect_drop(NAT64_NO_BINDING);
	lab_ping(SERVER4, text4(out.addr), out.port);
	lab_expect_drop(NAT64_NO_BINDING);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
	ck_assert_uint_eq(lab_bindings(L4_ICMP), 0);
}
END_TEST

/* Shows: SES-11 SES-14 ERR-07 CFG-11 */
START_TEST(address_dependent_filtering_wants_the_peer_known)
{
	struct taddr4 out;
	uint64_t before;

	lab.conf.adf[L4_UDP] = true;
	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	before = lab_state();
	lab_doze(10);
	to_pool(SERVER4_2, PORT_SERVER, out);
	lab_expect_error(NAT64_FILTERED, ICMP_UNREACH,
	    ICMP_UNREACH_FILTER_PROHIB);
	ck_assert_uint_eq(lab_state(), before);
	to_pool(SERVER4, 9, out); /* another port of a known address */
	lab_expect_flow(lab_sent(), SERVER6, 9, CLIENT6, 5000);
	/* A peer whose session has ended is unknown again. */
	lab_doze(290);
	lab_udp(CLIENT6, 5000, SERVER6_2, 1);
	lab_doze(10);
	to_pool(SERVER4, 10, out);
	lab_expect_error(NAT64_FILTERED, ICMP_UNREACH,
	    ICMP_UNREACH_FILTER_PROHIB);
	/* Filtering is set for each protocol. */
	out = lab_bind(L4_ICMP, CLIENT6, 7);
	lab_ping(SERVER4_2, text4(out.addr), out.port);
	lab_sent();
}
END_TEST

/* Shows: SES-01 SES-12 SES-13 LIM-06 CFG-01 */
START_TEST(packets_refresh_a_session_from_either_side)
{
	struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000);
	const struct session *s = lab_session(L4_UDP, CLIENT6, 5000);

	lab_wait(100);
	ck_assert_int_eq(lab_left(s), 200);
	lab_bind(L4_UDP, CLIENT6, 5000);
	ck_assert_int_eq(lab_left(s), 300);
	lab_wait(100);
	to_pool(SERVER4, PORT_SERVER, out);
	ck_assert_int_eq(lab_left(s), 300);

	lab.conf.inbound_refresh = false;
	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	s = lab_session(L4_UDP, CLIENT6, 5000);
	lab_wait(100);
	to_pool(SERVER4, PORT_SERVER, out);
	lab_sent();
	ck_assert_int_eq(lab_left(s), 200);
	lab_bind(L4_UDP, CLIENT6, 5000);
	ck_assert_int_eq(lab_left(s), 300);
}
END_TEST

/* Shows: SES-60 SES-61 SES-62 OUT-03 CFG-06 ERR-08 */
START_TEST(queries_are_bound_by_their_identifier)
{
	struct taddr4 out;

	lab_pong(CLIENT6, SERVER6, 7);
	lab_expect_drop(NAT64_NO_BINDING);
	ck_assert_uint_eq(lab_bindings(L4_ICMP), 0);
	out = lab_bind(L4_ICMP, CLIENT6, 7);
	ck_assert_int_eq(lab_left(lab_session(L4_ICMP, CLIENT6, 7)), 60);
	lab_pong(SERVER4, text4(out.addr), out.port);
	lab_expect_flow(lab_sent(), SERVER6, 7, CLIENT6, 7);
	ck_assert_uint_eq(lab_sent()->icmp_type, ICMP6_ECHO_REPLY);
	lab_ping(SERVER4_2, text4(out.addr), out.port);
	lab_expect_flow(lab_sent(), SERVER6_2, 7, CLIENT6, 7);
	lab_pong(CLIENT6, SERVER6_2, 7);
	lab_expect_flow(lab_sent(), text4(out.addr), out.port, SERVER4_2,
	    out.port);
	ck_assert_uint_eq(lab_sessions(), 2);
	lab_wait(60);
	ck_assert_uint_eq(lab_sessions(), 0);
	lab_ping(SERVER4, text4(out.addr), out.port);
	lab_expect_drop(NAT64_NO_BINDING);

	lab.conf.adf[L4_ICMP] = true;
	lab_start();
	out = lab_bind(L4_ICMP, CLIENT6, 7);
	lab_ping(SERVER4_2, text4(out.addr), out.port);
	lab_expect_error(NAT64_FILTERED, ICMP_UNREACH,
	    ICMP_UNREACH_FILTER_PROHIB);
	lab_ping(SERVER4, text4(out.addr), out.port);
	lab_sent();
}
END_TEST

/* Shows: SES-63 CFG-17 */
START_TEST(queries_from_ipv6_can_be_refused)
{
	lab.conf.refuse_echo6 = true;
	lab_add_static(L4_ICMP, CLIENT6, 7, POOL4, 7);
	lab_start();
	lab_ping(CLIENT6, SERVER6, 7);
	lab_expect_drop(NAT64_ICMP_QUERY);
	lab_pong(CLIENT6, SERVER6, 7);
	lab_expect_drop(NAT64_ICMP_QUERY);
	lab_ping(SERVER4, POOL4, 7);
	lab_sent();
}
END_TEST

/* Shows: ERR-08 SES-10 SES-62 CFG-15 */
START_TEST(packets_without_binding_are_answered_only_if_told_to)
{
	lab.conf.unbound_errors = true;
	lab_start();
	lab_udp(SERVER4, 1, POOL4, 5000);
	lab_expect_error(NAT64_NO_BINDING, ICMP_UNREACH, ICMP_UNREACH_PORT);
	lab_ping(SERVER4, POOL4, 5000);
	lab_expect_error(NAT64_NO_BINDING, ICMP_UNREACH, ICMP_UNREACH_HOST);
	lab_tcp(SERVER4, 1, POOL4, 5000, PKT_TH_ACK);
	lab_expect_drop(NAT64_NO_SESSION);
}
END_TEST

/* --- creation and end of bindings --- */

/* Shows: TBL-01 TBL-02 ALC-08 CGN-02 ALC-01 */
START_TEST(protocols_have_port_spaces_of_their_own)
{
	struct taddr4 tcp, udp, icmp;

	lab_set_pool(POOL4, POOL4, 2000, 2000);
	lab_start();
	tcp = lab_bind(L4_TCP, CLIENT6, 5000);
	udp = lab_bind(L4_UDP, CLIENT6, 5000);
	icmp = lab_bind(L4_ICMP, CLIENT6, 2000);
	ck_assert_uint_eq(tcp.port, 2000);
	ck_assert_uint_eq(udp.port, 2000);
	ck_assert_uint_eq(icmp.port, 2000);
}
END_TEST

/* Shows: TBL-04 TBL-05 CFG-01 */
START_TEST(a_binding_goes_with_its_last_session)
{
	struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000);

	lab_wait(100);
	lab_udp(CLIENT6, 5000, SERVER6_2, 77);
	lab_wait(200);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 0);
	lab_wait(100);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);
	ck_assert_uint_eq(lab_event(NAT64_EV_BIB_DELETE)->out4.port, out.port);
	to_pool(SERVER4, PORT_SERVER, out);
	lab_expect_drop(NAT64_NO_BINDING);
	ck_assert_uint_eq(lab_counter(NAT64_SESSIONS_EXPIRED), 2);
}
END_TEST

/* Shows: TBL-05 TBL-04 */
START_TEST(what_is_past_its_time_is_gone_though_nobody_swept)
{
	struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000);

	lab_doze_ms(299999);
	to_pool(SERVER4_2, 9, out);
	lab_sent();
	/* The first session is dead, the second keeps the binding. */
	lab_doze_ms(1);
	to_pool(SERVER4, PORT_SERVER, out);
	lab_sent();
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_CREATE), 1);
	/* All are dead: so is the binding, for whoever asks. */
	lab_doze_ms(300000);
	to_pool("198.51.100.99", 9, out);
	lab_expect_drop(NAT64_NO_BINDING);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);

	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_doze_ms(300000);
	lab_udp(CLIENT6, 5000, SERVER6_2, 9);
	lab_sent();
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_CREATE), 1);
	lab_bind(L4_ICMP, CLIENT6, 7);
	lab_doze_ms(60000);
	lab_pong(CLIENT6, SERVER6_2, 7);
	lab_expect_drop(NAT64_NO_BINDING);
}
END_TEST

/* Shows: TBL-04 TBL-02 SES-12 LIM-03 */
START_TEST(static_bindings_stay_and_may_use_any_port)
{
	struct taddr4 out;

	lab_add_static(L4_UDP, CLIENT6, 5000, POOL4, 80);
	lab_add_static(L4_TCP, CLIENT6, 443, POOL4, 443);
	lab_add_static(L4_ICMP, CLIENT6, 1, POOL4, 2);
	lab_start();
	lab_udp(SERVER4, 9, POOL4, 80);
	lab_expect_flow(lab_sent(), SERVER6, 9, CLIENT6, 5000);
	lab_tcp(SERVER4, 9, POOL4, 443, PKT_TH_SYN);
	lab_expect_flow(lab_sent(), SERVER6, 9, CLIENT6, 443);
	lab_ping(SERVER4, POOL4, 2);
	lab_expect_flow(lab_sent(), SERVER6, 1, CLIENT6, 1);
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	ck_assert_uint_eq(out.port, 80);
	lab_wait(300);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 0);
	lab_udp(SERVER4, 9, POOL4, 80);
	lab_sent();
	lab_doze(300); /* nobody has swept the dead session */
	lab_udp(SERVER4_2, 9, POOL4, 80);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 1);
	nat64_flush_begin(lab.n);
	while (nat64_flush(lab.n, lab.now, 1))
		continue;
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	ck_assert_uint_eq(lab_bindings(L4_ICMP), 1);
}
END_TEST

/* Shows: TBL-04 */
START_TEST(a_flush_leaves_nothing_dynamic)
{
	unsigned i;

	for (i = 0; i < 20; i++) {
		lab_bind(L4_UDP, CLIENT6, (uint16_t)(5000 + i));
		lab_bind(L4_TCP, CLIENT6, (uint16_t)(5000 + i));
	}
	lab_tcp(SERVER4, 1, POOL4, 4444, PKT_TH_SYN);
	nat64_flush_begin(lab.n);
	ck_assert(nat64_flush(lab.n, lab.now, 10));
	ck_assert_uint_eq(lab_sessions(), 31);
	lab.n_out = 0;
	while (nat64_flush(lab.n, lab.now, 10))
		continue;
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 0);
	ck_assert_uint_eq(lab.n_out, 0);
}
END_TEST

/* Shows: ADR-08 SES-12 */
START_TEST(a_session_keeps_its_prefix_and_new_ones_take_the_newest)
{
	static const char other[] = "2001:db8:65::198.51.100.20";
	struct taddr4 out;

	lab_set_prefix(1, "2001:db8:65::", 96);
	lab_add_static(L4_UDP, HOST_C, 9, POOL4, 9);
	lab_start();
	lab_udp(SERVER4, 1, POOL4, 9); /* nothing known: the first one */
	ck_assert_str_eq(text6(lab_sent()->ip6.src), text6(addr6(SERVER6)));

	out = lab_bind(L4_UDP, CLIENT6, 5000);
	lab_udp(CLIENT6, 5000, "2001:db8:65::198.51.100.21", 9);
	ck_assert_uint_eq(lab_sent()->sport, out.port);
	to_pool(SERVER4, PORT_SERVER, out);
	ck_assert_str_eq(text6(lab_sent()->ip6.src), text6(addr6(SERVER6)));
	to_pool(SERVER4_2, 9, out);
	ck_assert_str_eq(text6(lab_sent()->ip6.src), "2001:db8:65::c633:6415");
	to_pool("198.51.100.22", 9, out);
	ck_assert_str_eq(text6(lab_sent()->ip6.src), "2001:db8:65::c633:6416");

	/* The host goes over, and that counts as a packet of the session. */
	lab_wait(200);
	lab_udp(CLIENT6, 5000, other, PORT_SERVER);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 4);
	lab_wait(200);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, 5000)), 100);
	to_pool(SERVER4, PORT_SERVER, out);
	ck_assert_str_eq(text6(lab_sent()->ip6.src), text6(addr6(other)));
}
END_TEST

/* Shows: ADR-08 ADR-21 */
START_TEST(a_prefix_that_may_not_embed_the_peer_is_passed_over)
{
	struct taddr4 out;

	lab_set_prefix(1, "64:ff9b::", 96);
	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	lab_udp(CLIENT6, 5000, "64:ff9b::8.8.8.8", 53);
	lab_sent();
	to_pool("9.9.9.9", 1, out);
	ck_assert_str_eq(text6(lab_sent()->ip6.src), "64:ff9b::909:909");
	to_pool("10.1.2.3", 1, out);
	ck_assert_str_eq(text6(lab_sent()->ip6.src), "2001:db8:64::a01:203");
}
END_TEST

/* Shows: ADR-08 TBL-04 TBL-05 */
START_TEST(a_dead_session_found_by_another_prefix_ends_with_its_binding)
{
	lab_set_prefix(1, "2001:db8:65::", 96);
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_doze(300);
	lab_udp(CLIENT6, 5000, "2001:db8:65::198.51.100.20", PORT_SERVER);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_CREATE), 1);
}
END_TEST

/* --- ports --- */

/* Shows: ALC-01 ALC-02 CGN-02 CGN-04 */
START_TEST(a_subscriber_has_one_address_for_everything)
{
	char host[INET6_ADDRSTRLEN];
	struct taddr4 out = lab_bind(L4_TCP, CLIENT6, 5000), other;
	unsigned i, differ = 0;

	for (i = 1; i < 40; i++) {
		snprintf(host, sizeof(host), "2001:db8:1::%x", i);
		other = lab_bind((enum l4proto)(i % 3), host, 5000);
		ck_assert_uint_eq(other.addr.s_addr, out.addr.s_addr);
	}
	for (i = 1; i < 40; i++) {
		snprintf(host, sizeof(host), "2001:db8:2:%x::1", i);
		other = lab_bind(L4_UDP, host, 5000);
		differ += other.addr.s_addr != out.addr.s_addr;
	}
	ck_assert_uint_gt(differ, 5);
	ck_assert_uint_lt(differ, 35);
}
END_TEST

/* Shows: ALC-03 ALC-12 CGN-12 ERR-06 SES-02 LOG-11 */
START_TEST(an_exhausted_address_refuses_new_bindings_and_keeps_the_old)
{
	struct taddr4 out[8];
	const struct lab_event *ev;
	unsigned i;

	lab_set_pool(POOL4, POOL4_2, 2000, 2007);
	lab_start();
	for (i = 0; i < 8; i++)
		out[i] = lab_bind(L4_UDP, CLIENT6, (uint16_t)(5000 + i));
	lab_udp(HOST_B, 1, SERVER6, PORT_SERVER);
	UNREACH6(NAT64_POOL_EXHAUSTED);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_POOL_EXHAUSTED), 1);
	ev = lab_event(NAT64_EV_POOL_EXHAUSTED);
	ck_assert(ev->has_out4 && ev->has_in6);
	ck_assert_int_eq(ev->proto, L4_UDP);
	ck_assert_uint_eq(ev->out4.addr.s_addr, out[0].addr.s_addr);
	/* Another protocol and another subscriber do not care. */
	lab_bind(L4_TCP, HOST_B, 1);
	for (i = 0; i < 8; i++) {
		to_pool(SERVER4, PORT_SERVER, out[i]);
		lab_expect_flow(lab_sent(), SERVER6, PORT_SERVER, CLIENT6,
		    (uint16_t)(5000 + i));
		lab_udp(CLIENT6, (uint16_t)(5000 + i), SERVER6_2, 1);
		ck_assert_uint_eq(lab_sent()->sport, out[i].port);
	}
}
END_TEST

/* Shows: ALC-03 ALC-12 LOG-10 */
START_TEST(soft_pooling_takes_another_address_until_all_are_full)
{
	unsigned i;

	lab_set_pool(POOL4, POOL4_2, 2000, 2007);
	lab.conf.soft_pooling = true;
	lab_start();
	for (i = 0; i < 16; i++)
		lab_bind(L4_UDP, CLIENT6, (uint16_t)(5000 + i));
	lab_udp(HOST_B, 1, SERVER6, PORT_SERVER);
	UNREACH6(NAT64_POOL_EXHAUSTED);
	ck_assert(!lab_event(NAT64_EV_POOL_EXHAUSTED)->has_out4);
}
END_TEST

/* Shows: ALC-04 ALC-05 ALC-06 ALC-07 ALC-09 */
START_TEST(ports_keep_class_and_parity)
{
	struct taddr4 out;
	unsigned i;

	lab_set_pool(POOL4, POOL4, 600, 40000);
	lab_start();
	for (i = 0; i < 100; i++) {
		out = lab_bind(L4_UDP, CLIENT6, (uint16_t)(900 + i));
		ck_assert_uint_lt(out.port, 1024);
		ck_assert_uint_eq(out.port % 2, i % 2);
		out = lab_bind(L4_UDP, CLIENT6, (uint16_t)(50000 + i));
		ck_assert_uint_ge(out.port, 1024);
		ck_assert_uint_le(out.port, 40000);
		ck_assert_uint_eq(out.port % 2, i % 2);
		out = lab_bind(L4_TCP, CLIENT6, (uint16_t)(50000 + i));
		ck_assert_uint_ge(out.port, 1024);
		out = lab_bind(L4_ICMP, CLIENT6, (uint16_t)i);
		ck_assert_uint_eq(out.port, i);
	}
	lab.conf.pool_opts.select = POOL4_PRESERVE;
	lab_start();
	out = lab_bind(L4_TCP, CLIENT6, 5000);
	ck_assert_uint_eq(out.port, 5000);
	out = lab_bind(L4_TCP, HOST_B, 5000);
	ck_assert_uint_ne(out.port, 5000);
}
END_TEST

/* Shows: ALC-08 CGN-08 */
START_TEST(a_released_port_rests_but_for_its_owner)
{
	struct taddr4 out, again;

	lab_set_pool(POOL4, POOL4, 2000, 2003);
	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	lab_bind(L4_UDP, CLIENT6, 5001);
	lab_wait(150);
	lab_bind(L4_UDP, CLIENT6, 5001);
	lab_wait(150);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
	lab_bind(L4_UDP, HOST_B, 1);
	lab_bind(L4_UDP, HOST_B, 2);
	lab_udp(HOST_B, 3, SERVER6, PORT_SERVER);
	UNREACH6(NAT64_POOL_EXHAUSTED);
	again = lab_bind(L4_UDP, CLIENT6, 5000);
	ck_assert_uint_eq(again.port, out.port);
	/* When its quarantine is over, anybody may have it. */
	lab_wait(300);
	lab_wait(120);
	lab_bind(L4_UDP, HOST_C, 3);
	lab_bind(L4_UDP, HOST_C, 4);
	lab_bind(L4_UDP, HOST_C, 5);
	lab_bind(L4_UDP, HOST_C, 6);
}
END_TEST

/* --- limits --- */

static void
limit_sessions(void)
{
	lab.conf.max_sessions = 3;
}

static void
limit_bindings(void)
{
	lab.conf.max_bindings = 3;
}

static void
limit_subscriber_ports(void)
{
	lab.conf.subscriber.ports = 3;
}

static void
limit_subscriber_sessions(void)
{
	lab.conf.subscriber.sessions = 3;
}

static void
limit_rate(void)
{
	lab.conf.subscriber.new_bindings = (struct bucket_rate){ 1, 3 };
}

/* Shows: LIM-01 LIM-02 CGN-04 CGN-05 CGN-12 ERR-06 SES-02 LOG-20 */
START_TEST(limits_refuse_what_is_new_and_leave_the_rest_alone)
{
	static const struct {
		const char *name;
		void (*conf)(void);
		enum nat64_reason reason;
		bool of_subscriber; /* another one is still served */
	} rows[] = {
		{ "sessions", limit_sessions, NAT64_SESSION_LIMIT, false },
		{ "bindings", limit_bindings, NAT64_SESSION_LIMIT, false },
		{ "subscriber's ports", limit_subscriber_ports,
		    NAT64_SUBSCRIBER_LIMIT, true },
		{ "subscriber's sessions", limit_subscriber_sessions,
		    NAT64_SUBSCRIBER_LIMIT, true },
		{ "rate", limit_rate, NAT64_SUBSCRIBER_LIMIT, true },
	};
	const struct lab_event *ev;
	uint32_t n_free;
	uint16_t port;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		lab_teardown();
		lab_setup();
		lab_set_pool(POOL4, POOL4, 1024, 65535);
		rows[i].conf();
		lab_start();
		for (port = 1; port <= 3; port++)
			lab_bind(L4_UDP, CLIENT6, port);
		n_free = pool4_n_free(nat64_pool(lab.n), L4_UDP, 0);
		lab_udp(HOST_B, 4, SERVER6, PORT_SERVER);
		UNREACH6(rows[i].reason);
		ck_assert_msg(lab_count_events(NAT64_EV_QUOTA) == 1 &&
			lab_count_events(NAT64_EV_BIB_CREATE) == 0,
		    "%s", rows[i].name);
		ev = lab_event(NAT64_EV_QUOTA);
		ck_assert_int_eq(ev->reason, rows[i].reason);
		ck_assert(ev->has_in6 && ev->in6.port == 4);
		/* No port was spent on it. */
		ck_assert_uint_eq(pool4_n_free(nat64_pool(lab.n), L4_UDP, 0),
		    n_free);
		ck_assert_uint_eq(lab_sessions(), 3);
		for (port = 1; port <= 3; port++) {
			lab_udp(CLIENT6, port, SERVER6, PORT_SERVER);
			lab_sent();
		}
		lab_udp(HOST_C, 1, SERVER6, PORT_SERVER);
		ck_assert_msg((lab.verdict == NAT64_SENT) ==
			rows[i].of_subscriber,
		    "%s", rows[i].name);
	}
}
END_TEST

/* Shows: LIM-01 SES-02 SES-14 ERR-06 */
START_TEST(sessions_that_a_host_opens_by_one_binding_are_limited)
{
	struct taddr4 out;
	uint16_t port;

	lab.conf.max_sessions_per_binding = 3;
	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	/* What others open by it is not among them. */
	for (port = 1; port < 6; port++) {
		to_pool(SERVER4_2, port, out);
		lab_sent();
	}
	for (port = 6; port < 8; port++) {
		lab_udp(CLIENT6, 5000, SERVER6_2, port);
		lab_sent();
	}
	lab_udp(CLIENT6, 5000, SERVER6_2, 8);
	UNREACH6(NAT64_SESSION_LIMIT);
	to_pool(SERVER4_2, 1, out);
	lab_sent();
	lab_wait(300);
	lab_udp(CLIENT6, 5000, SERVER6_2, 4);
	lab_sent();
}
END_TEST

/* Shows: LIM-02 */
START_TEST(the_rate_of_new_bindings_recovers)
{
	limit_rate();
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 1);
	lab_bind(L4_TCP, CLIENT6, 1);
	lab_bind(L4_ICMP, CLIENT6, 1);
	lab_udp(HOST_B, 2, SERVER6, 1);
	UNREACH6(NAT64_SUBSCRIBER_LIMIT);
	lab_wait(1);
	lab_bind(L4_UDP, HOST_B, 2);
}
END_TEST

/* --- events and other functions of nat64.h --- */

/* Shows: LOG-01 LOG-02 */
START_TEST(events_tell_who_had_which_port)
{
	static const enum nat64_event_type created[] = { NAT64_EV_BIB_CREATE,
		NAT64_EV_SESSION_CREATE };
	struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000);
	const struct lab_event *ev;
	size_t i;

	for (i = 0; i < NITEMS(created); i++) {
		ck_assert_uint_eq(lab_count_events(created[i]), 1);
		ev = lab_event(created[i]);
		ck_assert_int_eq(ev->proto, L4_UDP);
		ck_assert_str_eq(text6(ev->in6.addr), CLIENT6);
		ck_assert_uint_eq(ev->in6.port, 5000);
		ck_assert_uint_eq(ev->out4.port, out.port);
		ck_assert_uint_eq(ev->out4.addr.s_addr, out.addr.s_addr);
	}
	/* What contains is told of before what it contains, and after it. */
	ck_assert(lab_event(NAT64_EV_BIB_CREATE) <
	    lab_event(NAT64_EV_SESSION_CREATE));
	lab_bind(L4_UDP, CLIENT6, 5000);
	ck_assert_uint_eq(lab.n_events, 0);
	lab_wait(300);
	ck_assert(lab_event(NAT64_EV_SESSION_DELETE) <
	    lab_event(NAT64_EV_BIB_DELETE));
	ck_assert_uint_eq(lab_counter(NAT64_BIB_CREATED), 1);
	ck_assert_uint_eq(lab_counter(NAT64_SESSIONS_CREATED), 1);
}
END_TEST

/* The next expiry is in so many seconds, and a tick at most. */
static void
expect_expiry(uint32_t secs)
{
	const struct monotime end = monotime_add_secs(lab.now, secs);
	struct monotime when;

	ck_assert(nat64_next_expiry(lab.n, &when));
	ck_assert_int_ge(when.ns, end.ns);
	ck_assert_int_le(when.ns, end.ns + WHEEL_TICK_NS);
}

/* Shows: TBL-05 */
START_TEST(the_next_expiry_is_the_earliest)
{
	struct monotime when;

	ck_assert(!nat64_next_expiry(lab.n, &when));
	lab_bind(L4_UDP, CLIENT6, 5000);
	expect_expiry(300);
	lab_bind(L4_ICMP, CLIENT6, 5000);
	expect_expiry(60);
	lab_tcp(SERVER4, 1, POOL4, 4444, PKT_TH_SYN);
	expect_expiry(6);
	/* One step at a time. */
	lab_doze(300);
	ck_assert(nat64_expire(lab.n, lab.ws, lab.now, 1));
	ck_assert(nat64_expire(lab.n, lab.ws, lab.now, 1));
	ck_assert(!nat64_expire(lab.n, lab.ws, lab.now, 1));
	ck_assert(!nat64_next_expiry(lab.n, &when));
}
END_TEST

static uint32_t
no_random(void *arg)
{
	(void)arg;
	return (0);
}

/* Shows: TBL-02 ALC-08 */
START_TEST(a_translator_refuses_what_no_parser_lets_pass)
{
	const struct nat64_sink sink = { .arg = NULL };
	const struct rng rng = { .next = no_random };
	struct nat64_config c = lab.conf;

	c.n_prefixes = 0;
	ck_assert_ptr_null(nat64_new(&c, &sink, &rng, lab.now));
	ck_assert_int_eq(errno, EINVAL);
	c = lab.conf;
	lab.pool[0].last = lab.pool[0].first;
	lab.pool[0].first.s_addr++;
	ck_assert_ptr_null(nat64_new(&c, &sink, &rng, lab.now));
	ck_assert_int_eq(errno, EINVAL);
	lab.pool[0].first = lab.pool[0].last;
	lab_add_static(L4_UDP, CLIENT6, 1, POOL4, 1);
	lab_add_static(L4_UDP, HOST_B, 1, POOL4, 1);
	ck_assert_ptr_null(nat64_new(&lab.conf, &sink, &rng, lab.now));
	ck_assert_int_eq(errno, EINVAL);
	lab.statics[1].out4.addr = addr4("203.0.113.9");
	ck_assert_ptr_null(nat64_new(&lab.conf, &sink, &rng, lab.now));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_host_keeps_its_mapping_whoever_it_talks_to,
		anybody_may_answer_on_a_binding_and_nobody_without_one,
		address_dependent_filtering_wants_the_peer_known,
		packets_refresh_a_session_from_either_side,
		queries_are_bound_by_their_identifier,
		queries_from_ipv6_can_be_refused,
		packets_without_binding_are_answered_only_if_told_to,
		protocols_have_port_spaces_of_their_own,
		a_binding_goes_with_its_last_session,
		what_is_past_its_time_is_gone_though_nobody_swept,
		static_bindings_stay_and_may_use_any_port,
		a_flush_leaves_nothing_dynamic,
		a_session_keeps_its_prefix_and_new_ones_take_the_newest,
		a_prefix_that_may_not_embed_the_peer_is_passed_over,
		a_dead_session_found_by_another_prefix_ends_with_its_binding,
		a_subscriber_has_one_address_for_everything,
		an_exhausted_address_refuses_new_bindings_and_keeps_the_old,
		soft_pooling_takes_another_address_until_all_are_full,
		ports_keep_class_and_parity,
		a_released_port_rests_but_for_its_owner,
		limits_refuse_what_is_new_and_leave_the_rest_alone,
		sessions_that_a_host_opens_by_one_binding_are_limited,
		the_rate_of_new_bindings_recovers,
		events_tell_who_had_which_port,
		the_next_expiry_is_the_earliest,
		a_translator_refuses_what_no_parser_lets_pass,
	};

	return (lab_main("nat64_state", tests, NITEMS(tests)));
}
