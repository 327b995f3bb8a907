/*
 * The flush (SIGHUP): it removes what exists when it begins and nothing that
 * comes later, it ends however many packets arrive, and a session that it has
 * not reached yet is treated as if it were gone.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/nat64_lab.h"

#define SYN PKT_TH_SYN
#define ACK PKT_TH_ACK

/* What the event loop does between two looks at the timer (engine.c). */
#define TURN_ENDED 128
#define TURN_PACKETS 256

#define N_OLD 2000
/* One more, as a call says only after its last session that none is left. */
#define MAX_TURNS (N_OLD / TURN_ENDED + 1)

/* Any number of sessions of any host. */
static void
start(void)
{
	memset(&lab.conf.subscriber, 0, sizeof(lab.conf.subscriber));
	lab_start();
}

static bool
flush_some(unsigned max)
{
	return (nat64_flush(lab.n, lab.now, max));
}

static void
finish(void)
{
	while (flush_some(TURN_ENDED))
		continue;
}

/* The i-th session of a host, of the one or the other kind. */
static void
open_session(const char *host, unsigned i)
{
	const uint16_t port = (uint16_t)(1024 + i);

	if (i % 2 == 0)
		lab_udp(host, port, SERVER6, PORT_SERVER);
	else
		lab_tcp(host, port, SERVER6, PORT_SERVER, SYN);
	lab_sent();
}

static void
open_old(void)
{
	unsigned i;

	for (i = 0; i < N_OLD; i++)
		open_session(CLIENT6, i);
}

/* --- its end --- */

START_TEST(it_ends_while_more_sessions_begin_than_it_removes)
{
	unsigned i, turns = 0, n_young = 0;
	bool more = true;

	start();
	open_old();
	nat64_flush_begin(lab.n);
	while (more && turns < MAX_TURNS) {
		for (i = 0; i < TURN_PACKETS; i++)
			open_session(HOST_C, n_young++);
		more = flush_some(TURN_ENDED);
		turns++;
	}
	ck_assert(!more);
	ck_assert_uint_eq(lab_sessions(), n_young);
	for (i = 0; i < N_OLD; i++)
		ck_assert_ptr_null(lab_binding(i % 2 == 0 ? L4_UDP : L4_TCP,
		    CLIENT6, (uint16_t)(1024 + i)));
}
END_TEST

START_TEST(it_ends_when_old_sessions_expire_meanwhile)
{
	unsigned i;

	start();
	open_old();
	nat64_flush_begin(lab.n);
	flush_some(10);
	lab_wait(400);
	ck_assert_uint_eq(lab_sessions(), 0);
	for (i = 0; i < 5; i++)
		open_session(CLIENT6, i);
	ck_assert(!flush_some(1));
	ck_assert_uint_eq(lab_sessions(), 5);
}
END_TEST

START_TEST(what_begins_in_the_same_moment_stays)
{
	start();
	open_session(CLIENT6, 0);
	nat64_flush_begin(lab.n);
	open_session(HOST_C, 0);
	finish();
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_ptr_nonnull(lab_binding(L4_UDP, HOST_C, 1024));
	/* And it is known for as long as any other one. */
	lab_wait(299);
	ck_assert_uint_eq(lab_sessions(), 1);
	lab_wait(1);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

/* Sessions of three ages: those before the second signal go. */
START_TEST(a_second_one_removes_what_began_since_the_first)
{
	unsigned i;

	start();
	open_old();
	nat64_flush_begin(lab.n);
	ck_assert(flush_some(TURN_ENDED));
	for (i = 0; i < 300; i++)
		open_session(HOST_C, i);
	nat64_flush_begin(lab.n);
	for (i = 300; i < 400; i++)
		open_session(HOST_C, i);
	for (i = 0; i < (N_OLD + 300) / TURN_ENDED; i++)
		flush_some(TURN_ENDED);
	ck_assert(!flush_some(TURN_ENDED));
	ck_assert_uint_eq(lab_sessions(), 100);
	ck_assert_ptr_null(lab_binding(L4_TCP, HOST_C, 1024 + 299));
	ck_assert_ptr_nonnull(lab_binding(L4_TCP, HOST_C, 1024 + 399));
}
END_TEST

START_TEST(another_pool_ends_it)
{
	start();
	open_old();
	nat64_flush_begin(lab.n);
	ck_assert(flush_some(1));
	ck_assert_int_eq(nat64_set_pool(lab.n, &lab.conf, lab.now), 0);
	open_session(CLIENT6, 0);
	ck_assert(!flush_some(1));
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

/* --- what has not been reached yet --- */

START_TEST(a_segment_of_a_stale_connection_is_of_an_unknown_one)
{
	struct taddr4 out;

	start();
	out = lab_bind(L4_TCP, CLIENT6, PORT6);
	lab_tcp(SERVER4, PORT_SERVER, text4(out.addr), out.port, SYN | ACK);
	lab_sent();
	nat64_flush_begin(lab.n);
	lab_tcp(SERVER4, PORT_SERVER, text4(out.addr), out.port, ACK);
	lab_expect_drop(NAT64_NO_SESSION);
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, ACK);
	ck_assert_int_eq(lab.reason, NAT64_NO_SESSION);
	ck_assert_uint_eq(lab.n_out, 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	/* A SYN opens it anew, and the flush does not reach it any more. */
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, SYN);
	lab_sent();
	finish();
	ck_assert_uint_eq(lab_session(L4_TCP, CLIENT6, PORT6)->tcp_state,
	    TCP_STATE_V6_INIT);
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, ACK);
	lab_sent();
}
END_TEST

START_TEST(a_datagram_of_a_stale_session_is_of_a_new_one)
{
	struct taddr4 out;

	start();
	out = lab_bind(L4_UDP, CLIENT6, PORT6);
	nat64_flush_begin(lab.n);
	lab_udp(SERVER4, PORT_SERVER, text4(out.addr), out.port);
	lab_expect_drop(NAT64_NO_BINDING);
	lab_bind(L4_UDP, CLIENT6, PORT6);
	lab.n_events = 0;
	nat64_flush_begin(lab.n);
	lab_udp(CLIENT6, PORT6, SERVER6_2, PORT_SERVER);
	lab_sent();
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_CREATE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_CREATE), 1);
	finish();
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

/* A static binding is the one that may have sessions of both ages. */
START_TEST(old_and_new_sessions_share_a_static_binding)
{
	const struct session *s;

	lab_add_statics();
	start();
	lab_udp(SERVER4, 1, POOL4, PORT_IN);
	lab_udp(SERVER4, 2, POOL4, PORT_IN);
	lab_udp(CLIENT6, PORT6, SERVER6, 3);
	ck_assert_uint_eq(lab_sessions(), 3);
	nat64_flush_begin(lab.n);
	lab_udp(SERVER4, 1, POOL4, PORT_IN);
	lab_expect_flow(lab_sent(), SERVER6, 1, CLIENT6, PORT6);
	finish();
	s = lab_session(L4_UDP, CLIENT6, PORT6);
	ck_assert_uint_eq(s->peer.port, 1);
	ck_assert(s->inbound);
	/* The host answers: the session becomes one of its own. */
	lab_udp(CLIENT6, PORT6, SERVER6, 1);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

START_TEST(a_stale_session_does_not_open_the_filter)
{
	lab.conf.adf[L4_UDP] = true;
	lab_add_statics();
	start();
	lab_udp(CLIENT6, PORT6, SERVER6, PORT_SERVER);
	lab_udp(SERVER4, 9, POOL4, PORT_IN);
	lab_sent();
	nat64_flush_begin(lab.n);
	lab_udp(SERVER4, 10, POOL4, PORT_IN);
	lab_expect_error(NAT64_FILTERED, ICMP_UNREACH,
	    ICMP_UNREACH_FILTER_PROHIB);
	finish();
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

START_TEST(an_error_about_a_stale_session_is_not_translated)
{
	struct pkt seen;

	start();
	lab_bind(L4_UDP, CLIENT6, PORT6);
	seen = lab_copy(lab_sent());
	lab_build_error(ROUTER4, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, &seen,
	    28);
	lab_send();
	lab_sent();
	nat64_flush_begin(lab.n);
	lab_build_error(ROUTER4, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, &seen,
	    28);
	lab_send();
	lab_expect_drop(NAT64_NO_BINDING);
}
END_TEST

/* Its host has been forgotten: it is not asked (RFC 6146, 3.5.2.2). */
START_TEST(no_probe_is_sent_for_a_stale_connection)
{
	struct taddr4 out;

	start();
	out = lab_bind(L4_TCP, CLIENT6, PORT6);
	lab_tcp(SERVER4, PORT_SERVER, text4(out.addr), out.port, SYN | ACK);
	nat64_flush_begin(lab.n);
	lab_wait(7200);
	ck_assert_uint_eq(lab.n_out, 0);
	ck_assert_uint_eq(lab_counter(NAT64_PROBES), 0);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

START_TEST(a_stale_stored_syn_is_neither_met_nor_answered)
{
	start();
	lab_tcp(SERVER4, PORT_SERVER, POOL4, 4444, SYN);
	lab_tcp(SERVER4, PORT_SERVER, POOL4, 4445, SYN);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 2);
	nat64_flush_begin(lab.n);
	/* The peer repeats one: that is a new one. */
	lab_tcp(SERVER4, PORT_SERVER, POOL4, 4444, SYN);
	ck_assert_int_eq(lab.reason, NAT64_SYN_STORED);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 2);
	lab.n_out = 0;
	finish();
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 1);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(lab.n_out, 0);
	lab_wait(6);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 0);
	ck_assert_uint_eq(lab.n_out, 1);
}
END_TEST

START_TEST(a_syn_from_ipv6_does_not_meet_a_stale_stored_one)
{
	lab.conf.adf[L4_TCP] = true;
	lab_add_statics();
	start();
	lab_tcp(SERVER4, PORT_SERVER, POOL4, PORT_IN, SYN);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 1);
	nat64_flush_begin(lab.n);
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, SYN);
	lab_sent();
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 0);
	ck_assert_uint_eq(lab_session(L4_TCP, CLIENT6, PORT6)->tcp_state,
	    TCP_STATE_V6_INIT);
	finish();
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

START_TEST(a_hairpinned_connection_is_unknown_on_both_sides)
{
	struct taddr4 c;
	char seen[INET6_ADDRSTRLEN];

	start();
	c = lab_bind(L4_TCP, HOST_C, 7000);
	strcpy(seen, pref(c.addr));
	lab_tcp(CLIENT6, PORT6, seen, c.port, SYN);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 3);
	nat64_flush_begin(lab.n);
	lab_tcp(CLIENT6, PORT6, seen, c.port, ACK);
	lab_expect_drop(NAT64_NO_SESSION);
	/* The binding of HOST_C is gone, so its SYN is stored. */
	lab_tcp(CLIENT6, PORT6, seen, c.port, SYN);
	ck_assert_int_eq(lab.reason, NAT64_SYN_STORED);
	finish();
	ck_assert_uint_eq(lab_sessions(), 2);
	ck_assert_ptr_null(lab_binding(L4_TCP, HOST_C, 7000));
	ck_assert_ptr_nonnull(lab_binding(L4_TCP, CLIENT6, PORT6));
}
END_TEST

/* --- other things --- */

START_TEST(a_full_table_has_room_at_once)
{
	unsigned i;

	lab.conf.max_sessions = 20;
	start();
	for (i = 0; i < 20; i++)
		open_session(CLIENT6, i);
	lab_udp(HOST_C, 1, SERVER6, 1);
	ck_assert_int_eq(lab.reason, NAT64_SESSION_LIMIT);
	nat64_flush_begin(lab.n);
	for (i = 0; i < 20; i++)
		open_session(HOST_C, i);
	ck_assert_uint_eq(lab_counter(NAT64_SESSIONS_EVICTED), 0);
	ck_assert(!flush_some(1));
	ck_assert_uint_eq(lab_sessions(), 20);
}
END_TEST

START_TEST(fragments_that_come_later_are_put_together)
{
	const struct flow f = { CLIENT6, SERVER6, PORT6, PORT_SERVER };
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 1000 };
	struct pkt whole;

	start();
	open_old();
	lab_build(&s, &f);
	whole = lab_copy(&lab.in);
	lab_build_fragment(&whole, 1, 512, 496, false);
	lab_send();
	nat64_flush_begin(lab.n);
	ck_assert_uint_eq(frag_datagrams(nat64_frags(lab.n)), 0);
	lab_build_fragment(&whole, 2, 512, 496, false);
	lab_send();
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	ck_assert(flush_some(TURN_ENDED));
	lab_build_fragment(&whole, 2, 0, 512, true);
	lab_send();
	ck_assert_uint_eq(lab.n_out, 2);
	finish();
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		it_ends_while_more_sessions_begin_than_it_removes,
		it_ends_when_old_sessions_expire_meanwhile,
		what_begins_in_the_same_moment_stays,
		a_second_one_removes_what_began_since_the_first,
		another_pool_ends_it,
		a_segment_of_a_stale_connection_is_of_an_unknown_one,
		a_datagram_of_a_stale_session_is_of_a_new_one,
		old_and_new_sessions_share_a_static_binding,
		a_stale_session_does_not_open_the_filter,
		an_error_about_a_stale_session_is_not_translated,
		no_probe_is_sent_for_a_stale_connection,
		a_stale_stored_syn_is_neither_met_nor_answered,
		a_syn_from_ipv6_does_not_meet_a_stale_stored_one,
		a_hairpinned_connection_is_unknown_on_both_sides,
		a_full_table_has_room_at_once,
		fragments_that_come_later_are_put_together,
	};

	return (lab_main("nat64_flush", tests, NITEMS(tests)));
}
