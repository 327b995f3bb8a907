/*
 * Bindings and sessions in a new translator are what they were in the old
 * one, as far as the configuration allows.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/fast_lab.h"
#include "tests/unit/state_util.h"
#include "tests/unit/suite.h"

static char before[64 * 1024], after[64 * 1024];

/* Save and restore: all is as it was. */
static void
expect_same(void)
{
	text_tables(before, sizeof(before));
	save();
	restore();
	text_tables(after, sizeof(after));
	ck_assert_str_eq(after, before);
}

START_TEST(empty_tables_are_restored)
{
	expect_same();
	ck_assert_uint_eq(recovered.restore.counts.bindings, 0);
}
END_TEST

/* A little of everything, on both addresses. */
static void
open_all(void)
{
	unsigned i;

	lab.conf.n_statics = 0;
	lab_add_statics();
	lab_start();
	tcp6(SYN);
	tcp4(SYN | ACK);
	tcp6(ACK);
	lab_wait(3);
	tcp4(ACK);
	tcp4(FIN | ACK);
	udp4();
	for (i = 0; i < 20; i++) {
		lab_doze_ms(10);
		lab_udp(HOST_B, (uint16_t)(5000 + i), SERVER6, 53);
		lab_tcp(HOST_C, (uint16_t)(6000 + i), SERVER6_2, 80, SYN);
	}
	lab_udp(HOST_B, 5000, SERVER6_2, 53);
	lab_ping(HOST_C, SERVER6, 77);
}

START_TEST(all_that_was_there_is_there_again)
{
	open_all();
	expect_same();
	ck_assert_uint_eq(recovered.restore.counts.bindings, 41);
	ck_assert_uint_eq(recovered.restore.counts.sessions, 44);
}
END_TEST

/* What a slice ends within is written once. */
START_TEST(slices_of_any_size_hold_the_same)
{
	open_all();
	text_tables(before, sizeof(before));
	save_slices((unsigned)_i + 1, NULL);
	restore();
	text_tables(after, sizeof(after));
	ck_assert_str_eq(after, before);
}
END_TEST

START_TEST(packets_of_both_sides_find_a_restored_session)
{
	const struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000);

	save();
	restore();
	lab_udp(SERVER4, PORT_SERVER, text4(out.addr), out.port);
	lab_expect_flow(lab_sent(), SERVER6, PORT_SERVER, CLIENT6, 5000);
	lab_udp(CLIENT6, 5000, SERVER6, PORT_SERVER);
	lab_expect_flow(lab_sent(), text4(out.addr), out.port, SERVER4,
	    PORT_SERVER);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(lab_counter(NAT64_SESSIONS_CREATED), 0);
}
END_TEST

START_TEST(an_established_connection_goes_on)
{
	start();
	tcp6(SYN);
	tcp4(SYN | ACK);
	tcp6(ACK);
	save();
	restore();
	tcp4(ACK);
	tcp6(FIN | ACK);
	ck_assert_uint_eq(session(L4_TCP)->tcp_state, TCP_STATE_V6_FIN_RCV);
}
END_TEST

/* --- time --- */

START_TEST(lifetimes_count_on_while_nothing_runs)
{
	lab_bind(L4_UDP, CLIENT6, 5000);
	save();
	lab_doze(100);
	restore();
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, 5000)),
	    UDP - 100);
	lab_wait(UDP - 100 + 1);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

/* Its port rests for its owner. */
START_TEST(what_ended_meanwhile_is_left_out_and_its_port_rests)
{
	const struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000);

	save();
	lab_doze(UDP);
	restore();
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(left_sessions(NAT64_LEFT_ENDED), 1);
	ck_assert_uint_eq(left_bindings(NAT64_LEFT_ENDED), 1);
	ck_assert_uint_eq(recovered.restore.counts.bindings, 0);
	ck_assert_int_eq(pool4_port_state(nat64_pool(lab.n), L4_UDP, &out),
	    POOL4_QUARANTINED);
	ck_assert_uint_eq(lab_bind(L4_UDP, CLIENT6, 5000).port, out.port);
}
END_TEST

/* RFC 6146, 3.5.2.2: the probe, and TRANS. */
START_TEST(a_connection_whose_time_ran_out_just_now_is_probed)
{
	start();
	tcp6(SYN);
	tcp4(SYN | ACK);
	tcp6(ACK);
	save();
	lab_doze(EST + 5);
	restore();
	ck_assert_uint_eq(recovered.restore.counts.sessions, 1);
	lab_wait(1);
	ck_assert_uint_eq(lab_counter(NAT64_PROBES), 1);
	ck_assert_uint_eq(session(L4_TCP)->tcp_state, TCP_STATE_TRANS);
}
END_TEST

START_TEST(a_connection_whose_time_ran_out_long_ago_is_left_out)
{
	start();
	tcp6(SYN);
	tcp4(SYN | ACK);
	save();
	lab_doze(EST + CLOSE);
	restore();
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(left_sessions(NAT64_LEFT_ENDED), 1);
}
END_TEST

START_TEST(a_clock_that_was_set_back_begins_lifetimes_anew)
{
	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_doze(50);
	save();
	lab.now = monotime_add_secs(lab.now, -200);
	restore();
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, 5000)), UDP);
}
END_TEST

START_TEST(lifetimes_are_those_of_the_new_configuration)
{
	lab_bind(L4_UDP, CLIENT6, 5000);
	save();
	lab.conf.lifetime_secs[SESSION_UDP] = 1000;
	lab_doze(400);
	restore();
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, 5000)), 600);
}
END_TEST

/* The class is saved, not the rule, which may be another one. */
START_TEST(lifetimes_of_ports_are_those_of_the_new_configuration)
{
	lab.conf.lifetime_ports[0] = (struct session_port){ SESSION_UDP,
		{ PORT_SERVER, PORT_SERVER }, 1000 };
	lab.conf.n_lifetime_ports = 1;
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	save();
	lab.conf.lifetime_ports[0].secs = 2000;
	restore();
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, 5000)), 2000);
	save();
	lab.conf.n_lifetime_ports = 0;
	restore();
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, 5000)), UDP);
}
END_TEST

/* --- what the configuration does not allow any more --- */

START_TEST(a_pool_address_that_is_gone)
{
	struct taddr4 out;

	lab_set_pool(POOL4, POOL4, 1024, 65535);
	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	save();
	lab_set_pool(POOL4_2, POOL4_2, 1024, 65535);
	restore();
	ck_assert_uint_eq(left_bindings(NAT64_LEFT_POOL), 1);
	ck_assert_uint_eq(left_sessions(NAT64_LEFT_POOL), 1);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
	ck_assert_str_eq(text4(out.addr), POOL4);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);
}
END_TEST

START_TEST(a_port_that_is_not_of_the_pool_any_more)
{
	lab_set_pool(POOL4, POOL4, 1024, 2000);
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	save();
	lab_set_pool(POOL4, POOL4, 3000, 4000);
	restore();
	ck_assert_uint_eq(left_bindings(NAT64_LEFT_POOL), 1);
}
END_TEST

START_TEST(an_address_that_is_for_others_now)
{
	lab_set_pool(POOL4, POOL4, 1024, 65535);
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	save();
	lab.pool[0].clients = (struct prefix){ .family = AF_INET6,
		.len = 48,
		.v6 = addr6("2001:db8:99::") };
	restore();
	ck_assert_uint_eq(left_bindings(NAT64_LEFT_POOL), 1);
}
END_TEST

START_TEST(a_prefix_that_is_gone)
{
	lab_bind(L4_UDP, CLIENT6, 5000);
	save();
	lab_set_prefix(0, "2001:db8:65::", 96);
	restore();
	ck_assert_uint_eq(left_sessions(NAT64_LEFT_PREFIX), 1);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
}
END_TEST

START_TEST(a_prefix_at_another_place_of_the_list)
{
	lab_bind(L4_UDP, CLIENT6, 5000);
	save();
	lab_set_prefix(0, "2001:db8:65::", 96);
	lab_set_prefix(1, PREF64, 96);
	restore();
	ck_assert_uint_eq(lab_session(L4_UDP, CLIENT6, 5000)->prefix, 1);
	ck_assert_int_eq(lab_binding(L4_UDP, CLIENT6, 5000)->prefix, 1);
}
END_TEST

START_TEST(a_host_that_may_not_use_it_any_more)
{
	const struct permit_rule deny = {
		{ .family = AF_INET6, .len = 64, .v6 = addr6("2001:db8:2::") },
		false
	};

	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_bind(L4_UDP, HOST_C, 5000);
	save();
	lab.conf.permits = &deny;
	lab.conf.n_permits = 1;
	restore();
	ck_assert_uint_eq(left_bindings(NAT64_LEFT_DENIED), 1);
	ck_assert_uint_eq(recovered.restore.counts.bindings, 1);
}
END_TEST

START_TEST(a_destination_that_is_excluded_now)
{
	const struct nat64_exclude exclude = { .addr = addr4(SERVER4),
		.len = 32,
		.any_proto = true };

	lab_udp(CLIENT6, 5000, SERVER6, 53);
	lab_udp(CLIENT6, 5000, SERVER6_2, 53);
	save();
	lab.conf.excludes = &exclude;
	lab.conf.n_excludes = 1;
	restore();
	ck_assert_uint_eq(left_sessions(NAT64_LEFT_EXCLUDED), 1);
	ck_assert_uint_eq(recovered.restore.counts.sessions, 1);
}
END_TEST

START_TEST(more_sessions_than_the_table_holds_now)
{
	uint16_t port;

	for (port = 5000; port < 5010; port++)
		lab_bind(L4_UDP, CLIENT6, port);
	save();
	lab.conf.max_sessions = 4;
	restore();
	ck_assert_uint_eq(left_sessions(NAT64_LEFT_LIMIT), 6);
	ck_assert_uint_eq(lab_sessions(), 4);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 4);
}
END_TEST

START_TEST(more_ports_than_a_subscriber_may_have_now)
{
	uint16_t port;

	for (port = 5000; port < 5010; port++)
		lab_bind(L4_UDP, CLIENT6, port);
	save();
	lab.conf.subscriber.ports = 3;
	restore();
	ck_assert_uint_eq(left_bindings(NAT64_LEFT_LIMIT), 7);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 3);
}
END_TEST

/* They were all allowed when they were made, one after the other. */
START_TEST(shares_and_rates_are_for_new_ones_only)
{
	uint16_t port;

	lab_set_pool(POOL4, POOL4, 2000, 2009);
	lab.conf.subscriber.fair_share = true;
	lab_start();
	for (port = 5000; port < 5005; port++)
		lab_bind(L4_UDP, CLIENT6, (uint16_t)(port * 2));
	lab.conf.max_sessions = 8;
	lab.conf.subscriber.new_bindings =
	    (struct bucket_rate){ .per_sec = 1, .burst = 1 };
	save();
	restore();
	ck_assert_uint_eq(lab_bindings(L4_UDP), 5);
	ck_assert_uint_eq(lab_sessions(), 5);
}
END_TEST

START_TEST(a_static_binding_that_is_not_configured_any_more)
{
	const struct taddr4 out = { addr4(POOL4), PORT_IN };

	start();
	udp4();
	save();
	lab.conf.n_statics = 0;
	restore();
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
	ck_assert_uint_eq(left_sessions(NAT64_LEFT_BOUND), 1);
	ck_assert_int_eq(pool4_port_state(nat64_pool(lab.n), L4_UDP, &out),
	    POOL4_QUARANTINED);
}
END_TEST

START_TEST(a_port_that_a_static_binding_has_now)
{
	const struct taddr4 out = lab_bind(L4_UDP, HOST_C, 5000);

	save();
	lab_add_static(L4_UDP, CLIENT6, 80, text4(out.addr), out.port);
	restore();
	ck_assert_uint_eq(left_bindings(NAT64_LEFT_BOUND), 1);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

START_TEST(a_binding_that_is_static_now_keeps_its_sessions)
{
	const struct taddr4 out = lab_bind(L4_UDP, HOST_C, 5000);

	save();
	lab_add_static(L4_UDP, HOST_C, 5000, text4(out.addr), out.port);
	restore();
	ck_assert(lab_binding(L4_UDP, HOST_C, 5000)->is_static);
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

/* --- what is kept besides --- */

/* RFC 4787, REQ-2, RFC 6888, REQ-2 */
START_TEST(a_subscriber_stays_with_its_address)
{
	const struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000);

	save();
	memset(&lab.conf.secret, 0xa5, sizeof(lab.conf.secret));
	restore();
	ck_assert_str_eq(text4(lab_bind(L4_UDP, HOST_B, 5000).addr),
	    text4(out.addr));
	ck_assert_str_eq(text4(lab_bind(L4_TCP, CLIENT6, 77).addr),
	    text4(out.addr));
}
END_TEST

/* Its first address was full. */
START_TEST(a_subscriber_stays_with_its_first_address)
{
	unsigned i;

	lab_set_pool(POOL4, POOL4_2, 2000, 2001);
	lab.conf.soft_pooling = true;
	lab.conf.pool_opts.parity = false;
	lab_start();
	for (i = 0; i < 3; i++)
		lab_bind(L4_UDP, CLIENT6, (uint16_t)(5000 + i));
	expect_same();
}
END_TEST

/* An IPv4 host has opened it; its budget is that of such sessions. */
START_TEST(inbound_sessions_stay_inbound)
{
	start();
	udp4();
	save();
	restore();
	ck_assert(session(L4_UDP)->inbound);
	ck_assert_uint_eq(nat64_sessions(lab.n)->inbound.count, 1);
	save();
	lab.conf.max_inbound = 1;
	restore();
	ck_assert_uint_eq(left_sessions(NAT64_LEFT_LIMIT), 0);
}
END_TEST

START_TEST(a_stored_syn_is_not_kept)
{
	lab_tcp(SERVER4, 99, POOL4, 40000, SYN);
	ck_assert_uint_eq(nat64_stored_syns(lab.n), 1);
	save();
	restore();
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

/* SIGHUP, not done yet. */
START_TEST(a_session_that_is_being_flushed_is_not_kept)
{
	lab_bind(L4_UDP, CLIENT6, 5000);
	nat64_flush_begin(lab.n);
	lab_bind(L4_UDP, HOST_C, 5000);
	save();
	restore();
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_ptr_nonnull(lab_binding(L4_UDP, HOST_C, 5000));
	ck_assert_uint_eq(left_bindings(NAT64_LEFT_ENDED), 1);
}
END_TEST

/* The notes of the fast path are newer than the session. */
START_TEST(a_session_of_the_fast_path_is_saved_with_its_notes)
{
	struct session *s;

	start();
	s = fast_session(L4_TCP, false);
	lab_doze(1000);
	fake_use6(&fake, s->fast, 0x11111111);
	lab_doze(10);
	fake_use4(&fake, s->fast, 0x22222222);
	lab_doze(5);
	save();
	ck_assert_uint_ne(s->fast, 0);
	restore();
	s = session(L4_TCP);
	ck_assert_int_eq(lab_left(s), EST - 5);
	ck_assert_uint_eq(s->ack6, 0x11111111);
	ck_assert_uint_eq(s->ack4, 0x22222222);
	ck_assert_uint_eq(s->fast, 0);
}
END_TEST

/* --- what is not to be trusted --- */

START_TEST(ports_of_refused_state_rest)
{
	const struct nat64_clocks at = clocks();
	const struct taddr4 tcp = lab_bind(L4_TCP, CLIENT6, 5000);
	const struct taddr4 udp = lab_bind(L4_UDP, HOST_C, 5000);

	save();
	lab_start();
	recover_begin(&recovered, lab.n, &at, true);
	(void)record_read(&recovered.reader, stream, stream_len);
	(void)recover_end(&recovered);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(left_bindings(NAT64_LEFT_REFUSED), 2);
	ck_assert_int_eq(pool4_port_state(nat64_pool(lab.n), L4_TCP, &tcp),
	    POOL4_QUARANTINED);
	ck_assert_int_eq(pool4_port_state(nat64_pool(lab.n), L4_UDP, &udp),
	    POOL4_QUARANTINED);
	lab_wait(119);
	ck_assert_int_eq(pool4_port_state(nat64_pool(lab.n), L4_TCP, &tcp),
	    POOL4_QUARANTINED);
	lab_wait(2);
	ck_assert_int_eq(pool4_port_state(nat64_pool(lab.n), L4_TCP, &tcp),
	    POOL4_FREE);
}
END_TEST

/* RFC 6888, REQ-8c */
START_TEST(with_address_dependent_filtering_no_port_rests)
{
	const struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000);

	save();
	lab_doze(UDP);
	lab.conf.adf[L4_UDP] = true;
	restore();
	ck_assert_int_eq(pool4_port_state(nat64_pool(lab.n), L4_UDP, &out),
	    POOL4_FREE);
}
END_TEST

static struct nat64_saved_session
some_session(void)
{
	return ((struct nat64_saved_session){ .peer = { addr4(SERVER4), 80 },
	    .used_ms = clocks().wall_ms,
	    .cls = SESSION_TCP_EST,
	    .state = TCP_STATE_ESTABLISHED });
}

/* Restore it for a TCP binding. Returns why it was left out. */
static enum nat64_left
try_session(const struct nat64_saved_session *s)
{
	const struct nat64_clocks at = clocks();
	const struct nat64_saved_binding b = { .proto = L4_TCP,
		.in6 = { addr6(CLIENT6), 5000 },
		.out4 = { addr4(POOL4), 5000 },
		.paired = addr4(POOL4) };
	struct nat64_restore r;
	unsigned why;

	nat64_restore_begin(&r, lab.n, &at, false);
	nat64_restore_prefix(&r, 0, &lab.conf.prefixes[0]);
	nat64_restore_binding(&r, &b);
	nat64_restore_session(&r, s);
	nat64_restore_end(&r);
	nat64_flush_begin(lab.n);
	(void)nat64_flush(lab.n, lab.now, UINT32_MAX);
	for (why = 0; why < NAT64_NLEFTS; why++)
		if (r.counts.left_sessions[why] > 0)
			return ((enum nat64_left)why);
	return (NAT64_LEFT_NOT);
}

START_TEST(sessions_that_cannot_be_are_left_out)
{
	struct nat64_saved_session s = some_session();
	unsigned i;

	ck_assert_int_eq(try_session(&s), NAT64_LEFT_NOT);
	for (i = 0; i < 256; i++) {
		s = some_session();
		s.state = (uint8_t)i;
		ck_assert_int_eq(try_session(&s),
		    i == TCP_STATE_CLOSED || i == TCP_STATE_V4_INIT_STORED ||
			    i >= TCP_NSTATES ?
			NAT64_LEFT_UNKNOWN :
			NAT64_LEFT_NOT);
		s = some_session();
		s.cls = (uint8_t)i;
		ck_assert_int_eq(try_session(&s),
		    i == SESSION_TCP_EST || i == SESSION_TCP_OPEN ||
			    i == SESSION_TCP_CLOSE ?
			NAT64_LEFT_NOT :
			NAT64_LEFT_UNKNOWN);
		s = some_session();
		s.prefix = (uint8_t)i;
		ck_assert_int_eq(try_session(&s),
		    i == 0 ? NAT64_LEFT_NOT : NAT64_LEFT_PREFIX);
	}
	s = some_session();
	s.peer.port = 0;
	ck_assert_int_eq(try_session(&s), NAT64_LEFT_UNKNOWN);
	s = some_session();
	s.peer.addr = addr4("224.0.0.1");
	ck_assert_int_eq(try_session(&s), NAT64_LEFT_DENIED);
	s = some_session();
	s.used_ms = INT64_MIN;
	ck_assert_int_eq(try_session(&s), NAT64_LEFT_ENDED);
	s.used_ms = INT64_MAX;
	ck_assert_int_eq(try_session(&s), NAT64_LEFT_NOT);
}
END_TEST

/* While it was saved, (T,t) went to another host. */
START_TEST(the_later_of_two_bindings_with_the_same_port_is_right)
{
	const struct nat64_clocks at = clocks();
	struct nat64_saved_session s = some_session();
	struct nat64_saved_binding b = { .proto = L4_TCP,
		.in6 = { addr6(CLIENT6), 5000 },
		.out4 = { addr4(POOL4), 5000 },
		.paired = addr4(POOL4) };
	struct nat64_restore r;

	nat64_restore_begin(&r, lab.n, &at, false);
	nat64_restore_prefix(&r, 0, &lab.conf.prefixes[0]);
	nat64_restore_binding(&r, &b);
	nat64_restore_session(&r, &s);
	b.in6.addr = addr6(HOST_C);
	nat64_restore_binding(&r, &b);
	nat64_restore_session(&r, &s);
	nat64_restore_end(&r);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_ptr_nonnull(lab_binding(L4_TCP, HOST_C, 5000));
	ck_assert_uint_eq(r.counts.bindings, 1);
	ck_assert_uint_eq(r.counts.sessions, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nat64_restore");
	TCase *tc = tcase_create("nat64_restore");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_add_loop_test(tc, slices_of_any_size_hold_the_same, 0, 50);
	tcase_add_test(tc, empty_tables_are_restored);
	tcase_add_test(tc, all_that_was_there_is_there_again);
	tcase_add_test(tc, packets_of_both_sides_find_a_restored_session);
	tcase_add_test(tc, an_established_connection_goes_on);
	tcase_add_test(tc, lifetimes_count_on_while_nothing_runs);
	tcase_add_test(tc,
	    what_ended_meanwhile_is_left_out_and_its_port_rests);
	tcase_add_test(tc, a_connection_whose_time_ran_out_just_now_is_probed);
	tcase_add_test(tc,
	    a_connection_whose_time_ran_out_long_ago_is_left_out);
	tcase_add_test(tc, a_clock_that_was_set_back_begins_lifetimes_anew);
	tcase_add_test(tc, lifetimes_are_those_of_the_new_configuration);
	tcase_add_test(tc,
	    lifetimes_of_ports_are_those_of_the_new_configuration);
	tcase_add_test(tc, a_pool_address_that_is_gone);
	tcase_add_test(tc, a_port_that_is_not_of_the_pool_any_more);
	tcase_add_test(tc, an_address_that_is_for_others_now);
	tcase_add_test(tc, a_prefix_that_is_gone);
	tcase_add_test(tc, a_prefix_at_another_place_of_the_list);
	tcase_add_test(tc, a_host_that_may_not_use_it_any_more);
	tcase_add_test(tc, a_destination_that_is_excluded_now);
	tcase_add_test(tc, more_sessions_than_the_table_holds_now);
	tcase_add_test(tc, more_ports_than_a_subscriber_may_have_now);
	tcase_add_test(tc, shares_and_rates_are_for_new_ones_only);
	tcase_add_test(tc, a_static_binding_that_is_not_configured_any_more);
	tcase_add_test(tc, a_port_that_a_static_binding_has_now);
	tcase_add_test(tc, a_binding_that_is_static_now_keeps_its_sessions);
	tcase_add_test(tc, a_subscriber_stays_with_its_address);
	tcase_add_test(tc, a_subscriber_stays_with_its_first_address);
	tcase_add_test(tc, inbound_sessions_stay_inbound);
	tcase_add_test(tc, a_stored_syn_is_not_kept);
	tcase_add_test(tc, a_session_that_is_being_flushed_is_not_kept);
	tcase_add_test(tc, a_session_of_the_fast_path_is_saved_with_its_notes);
	tcase_add_test(tc, ports_of_refused_state_rest);
	tcase_add_test(tc, with_address_dependent_filtering_no_port_rests);
	tcase_add_test(tc, sessions_that_cannot_be_are_left_out);
	tcase_add_test(tc,
	    the_later_of_two_bindings_with_the_same_port_is_right);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
