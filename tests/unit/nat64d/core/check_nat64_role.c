/*
 * The roles of a pair: what a translator does at standby, and what becomes of
 * its sessions when it is active again.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/core/nat64_role.h"
#include "nat64d/core/nat64_walk.h"
#include "tests/unit/fast_lab.h"
#include "tests/unit/state_util.h"
#include "tests/unit/suite.h"

static void
set_role(enum nat64_role role)
{
	nat64_set_role(lab.n, role, lab.now);
}

/* --- packets --- */

START_TEST(a_translator_begins_active)
{
	ck_assert_int_eq(nat64_role(lab.n), NAT64_ROLE_ACTIVE);
	ck_assert(!nat64_is_draining(lab.n));
}
END_TEST

/* Neither family gets an error, whatever is wrong with the packet. */
START_TEST(at_standby_packets_are_dropped_in_silence)
{
	set_role(NAT64_ROLE_STANDBY);
	lab_udp(CLIENT6, 5000, SERVER6, 53);
	lab_expect_drop(NAT64_AT_STANDBY);
	lab_tcp(CLIENT6, 5000, SERVER6, 80, SYN);
	lab_udp(SERVER4, 53, POOL4, 9);
	lab_tcp(SERVER4, 80, POOL4, 9, ACK);
	lab_ping(CLIENT6, SERVER6, 7);
	lab_build(&(struct spec){ .family = PKT_V6,
		      .proto = IPPROTO_UDP,
		      .ttl = 1 },
	    &(struct flow){ CLIENT6, SERVER6, 5000, 53 });
	lab_send();
	ck_assert_uint_eq(lab.n_out, 0);
	ck_assert_uint_eq(lab_drops(NAT64_AT_STANDBY), 6);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

START_TEST(a_translator_that_leaves_translates)
{
	lab_bind(L4_UDP, CLIENT6, 5000);
	set_role(NAT64_ROLE_LEAVING);
	lab_udp(CLIENT6, 5000, SERVER6, 53);
	lab_sent();
	lab_udp(HOST_B, 5000, SERVER6, 53);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 3);
}
END_TEST

START_TEST(a_translator_that_drains_takes_new_hosts_too)
{
	nat64_set_draining(lab.n, true);
	lab_udp(HOST_B, 5000, SERVER6, 53);
	lab_sent();
}
END_TEST

/* --- lifetimes --- */

/* Their packets are seen by the active node only. */
START_TEST(no_session_ends_by_time_at_standby)
{
	struct monotime when;

	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_tcp(HOST_B, 5000, SERVER6, 80, SYN);
	lab_ping(HOST_C, SERVER6, 7);
	lab_wait(10);
	set_role(NAT64_ROLE_STANDBY);
	ck_assert(!nat64_next_expiry(lab.n, &when));
	lab_wait(30 * 86400);
	ck_assert_uint_eq(lab_sessions(), 3);
}
END_TEST

/* Not an instant before they would have on the other node. */
START_TEST(lifetimes_count_from_the_moment_of_becoming_active)
{
	struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000);

	set_role(NAT64_ROLE_STANDBY);
	lab_wait(86400);
	set_role(NAT64_ROLE_ACTIVE);
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, 5000)), UDP);
	lab_wait(UDP - 1);
	lab_udp(SERVER4, PORT_SERVER, text4(out.addr), out.port);
	lab_expect_flow(lab_sent(), SERVER6, PORT_SERVER, CLIENT6, 5000);
	lab_wait(UDP - 1);
	ck_assert_uint_eq(lab_sessions(), 1);
	lab_wait(3);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

START_TEST(an_established_connection_is_not_probed_by_the_change)
{
	start();
	tcp6(SYN);
	tcp4(SYN | ACK);
	tcp6(ACK);
	set_role(NAT64_ROLE_STANDBY);
	lab_wait(2 * EST);
	set_role(NAT64_ROLE_ACTIVE);
	lab_wait(EST - 1);
	ck_assert_uint_eq(lab.n_out, 0);
	ck_assert_uint_eq(lab_counter(NAT64_PROBES), 0);
	tcp4(ACK);
}
END_TEST

/* What is saved afterwards says so, too. */
START_TEST(the_moment_of_becoming_active_is_saved)
{
	lab_bind(L4_UDP, CLIENT6, 5000);
	set_role(NAT64_ROLE_STANDBY);
	lab_wait(86400);
	set_role(NAT64_ROLE_ACTIVE);
	lab_doze(100);
	save();
	restore();
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, 5000)),
	    UDP - 100);
}
END_TEST

/* A copy of the session may be older than its lifetime. */
START_TEST(old_copies_are_taken_at_standby)
{
	lab_bind(L4_UDP, CLIENT6, 5000);
	set_role(NAT64_ROLE_STANDBY);
	save();
	lab_doze(10 * UDP);
	restore();
	ck_assert_int_eq(nat64_role(lab.n), NAT64_ROLE_STANDBY);
	ck_assert_uint_eq(lab_sessions(), 1);
	set_role(NAT64_ROLE_ACTIVE);
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, 5000)), UDP);
}
END_TEST

/* --- what a role forgets and keeps --- */

START_TEST(stored_syns_and_fragments_are_forgotten_at_standby)
{
	struct pkt whole;

	lab.conf.n_statics = 0;
	lab_add_statics();
	lab.conf.adf[L4_TCP] = true;
	lab_start();
	lab_tcp(SERVER4, PORT_SERVER, POOL4, PORT_IN, SYN);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 1);
	lab_build(&(struct spec){ .family = PKT_V6,
		      .proto = IPPROTO_UDP,
		      .payload = 64 },
	    &(struct flow)FLOW_OUT);
	whole = lab_copy(&lab.in);
	lab_build_fragment(&whole, 1, 32, 32, false);
	lab_send();
	ck_assert_uint_eq(frag_datagrams(nat64_frags(lab.n)), 1);
	set_role(NAT64_ROLE_STANDBY);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 0);
	ck_assert_uint_eq(frag_datagrams(nat64_frags(lab.n)), 0);
	ck_assert_uint_eq(lab_sessions(), 0);
	set_role(NAT64_ROLE_ACTIVE);
	lab_wait(60);
	ck_assert_uint_eq(lab.n_out, 0);
}
END_TEST

/* In slices, as there may be a million. */
START_TEST(the_fast_path_gives_all_sessions_back)
{
	struct nat64_walk w = { .proto = 0 };
	unsigned n = 0;

	start();
	fast_session(L4_TCP, false);
	fast_session(L4_UDP, false);
	ck_assert_uint_eq(fake.n, 2);
	set_role(NAT64_ROLE_STANDBY);
	while (nat64_leave_fast(lab.n, &w, 1))
		n++;
	ck_assert_uint_ge(n, 2);
	expect_slow();
	ck_assert_uint_eq(lab_sessions(), 2);
	set_role(NAT64_ROLE_ACTIVE);
	exchange(L4_UDP, FAST_AFTER);
	ck_assert_uint_ne(session(L4_UDP)->fast, 0);
}
END_TEST

START_TEST(role_and_draining_are_saved)
{
	set_role((enum nat64_role)_i);
	nat64_set_draining(lab.n, _i != NAT64_ROLE_ACTIVE);
	save();
	restore();
	ck_assert_int_eq(nat64_role(lab.n), _i);
	ck_assert_int_eq(nat64_is_draining(lab.n), _i != NAT64_ROLE_ACTIVE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nat64_role");
	TCase *tc = tcase_create("roles");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_add_test(tc, a_translator_begins_active);
	tcase_add_test(tc, at_standby_packets_are_dropped_in_silence);
	tcase_add_test(tc, a_translator_that_leaves_translates);
	tcase_add_test(tc, a_translator_that_drains_takes_new_hosts_too);
	tcase_add_test(tc, no_session_ends_by_time_at_standby);
	tcase_add_test(tc, lifetimes_count_from_the_moment_of_becoming_active);
	tcase_add_test(tc,
	    an_established_connection_is_not_probed_by_the_change);
	tcase_add_test(tc, the_moment_of_becoming_active_is_saved);
	tcase_add_test(tc, old_copies_are_taken_at_standby);
	tcase_add_test(tc, stored_syns_and_fragments_are_forgotten_at_standby);
	tcase_add_test(tc, the_fast_path_gives_all_sessions_back);
	tcase_add_loop_test(tc, role_and_draining_are_saved, NAT64_ROLE_ACTIVE,
	    NAT64_ROLE_STANDBY + 1);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
