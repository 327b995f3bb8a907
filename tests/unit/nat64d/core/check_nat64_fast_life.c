/*
 * Lifetimes of sessions on the fast path: they count packets that the
 * translator has not seen. The fast path is a fake.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/fast_lab.h"
#include "tests/unit/suite.h"

/* --- lifetimes --- */

/* A side speaks on the fast path, and whether that refreshes the session. */
static const struct {
	enum l4proto proto;
	bool inbound; /* the wheel */
	bool from6;
	bool refuse; /* inbound_refresh is off */
	bool lives;
} uses[] = {
	{ L4_TCP, false, true, false, true },
	{ L4_TCP, false, false, false, true },
	{ L4_TCP, false, false, true, true },
	{ L4_TCP, true, true, false, true },
	{ L4_TCP, true, false, false, true },
	{ L4_UDP, false, true, false, true },
	{ L4_UDP, false, false, false, true },
	{ L4_UDP, false, true, true, true },
	{ L4_UDP, false, false, true, false },
	{ L4_UDP, true, true, false, true },
	{ L4_UDP, true, false, false, true },
	{ L4_UDP, true, true, true, true },
	{ L4_UDP, true, false, true, false },
	{ L4_ICMP, false, true, false, true },
	{ L4_ICMP, false, false, false, true },
	{ L4_ICMP, false, true, true, true },
	{ L4_ICMP, false, false, true, false },
	{ L4_ICMP, true, true, false, true },
	{ L4_ICMP, true, false, true, false },
};

static const uint32_t lifetimes
    [L4_NPROTO] = { [L4_TCP] = EST, [L4_UDP] = UDP, [L4_ICMP] = ECHO };

/* Packets of one side, every quarter of the lifetime, n times. */
static void
keep_busy(struct session *s, uint32_t lifetime, bool from6, unsigned n)
{
	const uint32_t handle = s->fast;

	while (n-- > 0 && fake.used[handle]) {
		lab_wait(lifetime / 4);
		if (!fake.used[handle])
			break;
		if (from6)
			fake_use6(&fake, handle, 0);
		else
			fake_use4(&fake, handle, 0);
	}
}

/* The session is alive just before that time, and soon after it is gone. */
static void
expect_end(struct session *s, struct monotime end)
{
	struct monotime next;
	const uint32_t handle = s->fast;

	ck_assert_int_eq(session_expires(nat64_sessions(lab.n), s).ns, end.ns);
	while (nat64_next_expiry(lab.n, &next) && fake.used[handle]) {
		ck_assert_int_le(next.ns, end.ns + WHEEL_TICK_NS);
		lab.now = next;
		lab_wait(0);
		ck_assert_int_eq(fake.used[handle], next.ns < end.ns);
	}
}

/* Shows: SES-12 SES-13 TCP-11 TBL-05 */
START_TEST(packets_on_the_fast_path_refresh_a_session_as_others_do)
{
	const uint32_t lifetime = lifetimes[uses[_i].proto];
	struct session *s;

	lab.conf.inbound_refresh = !uses[_i].refuse;
	start();
	s = fast_session(uses[_i].proto, uses[_i].inbound);
	keep_busy(s, lifetime, uses[_i].from6, 50);
	ck_assert_uint_eq(fake.n, uses[_i].lives);
	if (!uses[_i].lives) {
		ck_assert_uint_eq(lab_sessions(), 0);
		return;
	}
	ck_assert_uint_eq(lab_sessions(), 1);
	lab_doze_ms(77);
	if (uses[_i].from6)
		fake_use6(&fake, s->fast, 0);
	else
		fake_use4(&fake, s->fast, 0);
	expect_end(s, monotime_add_secs(lab.now, lifetime));
}
END_TEST

/* Shows: SES-13 */
START_TEST(without_inbound_refresh_a_session_ends_by_its_own_host)
{
	struct monotime end;
	struct session *s;

	lab.conf.inbound_refresh = false;
	start();
	s = fast_session(L4_UDP, false);
	lab_wait(100);
	fake_use6(&fake, s->fast, 0);
	end = monotime_add_secs(lab.now, UDP);
	lab_wait(200);
	fake_use4(&fake, s->fast, 0);
	expect_end(s, end);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

/* Shows: TCP-11 */
START_TEST(the_probe_acknowledges_what_the_notes_say)
{
	const struct pkt *p;
	struct session *s;

	start();
	s = fast_session(L4_TCP, false);
	lab_doze(10);
	fake_use6(&fake, s->fast, 5000);
	fake_use4(&fake, s->fast, 900);
	expect_end(s, monotime_add_secs(lab.now, EST));
	ck_assert_uint_eq(lab.n_out, 1);
	p = &lab.out[0];
	ck_assert_uint_eq(p->tcp_flags, ACK);
	ck_assert_uint_eq(get32(pkt_l4(p) + 4), 4999);
	ck_assert_uint_eq(get32(pkt_l4(p) + 8), 900);
	ck_assert_uint_eq(session(L4_TCP)->tcp_state, TCP_STATE_TRANS);
	ck_assert_int_eq(lab_left(s), CLOSE);
	expect_slow();
	/* The host answers, and goes on. */
	exchange(L4_TCP, FAST_AFTER);
	ck_assert_uint_eq(fake.n, 1);
	ck_assert_int_eq(lab_left(s), EST);
}
END_TEST

/* Shows: TCP-11 */
START_TEST(a_packet_with_options_is_newer_than_the_notes_before_it)
{
	static const uint8_t options[] = { 1, 7, 7, 4, 0, 0, 0, 0 };
	const struct spec spec = { .family = PKT_V4,
		.proto = IPPROTO_TCP,
		.tcp_flags = ACK,
		.ext = options,
		.extlen = 8 };
	const struct flow f = FLOW_IN;
	struct session *s;

	start();
	s = fast_session(L4_TCP, false);
	lab_doze(10);
	fake_use6(&fake, s->fast, 5000);
	fake_use4(&fake, s->fast, 900);
	lab_doze(10);
	lab_build(&spec, &f); /* acknowledges 0x55667788 */
	lab_send();
	lab_sent();
	ck_assert_uint_ne(s->fast, 0);
	ck_assert_uint_eq(s->ack6, 5000);
	ck_assert_uint_eq(s->ack4, 0x55667788);
	ck_assert_int_eq(lab_left(s), EST);
	/* And so it is when the next packet comes. */
	tcp6(ACK);
	ck_assert_uint_eq(s->ack6, 0x55667788);
	ck_assert_uint_eq(s->ack4, 0x55667788);
	lab_doze(10);
	fake_use4(&fake, s->fast, 1000);
	nat64_set_fastpath(lab.n, NULL);
	ck_assert_uint_eq(s->ack6, 0x55667788);
	ck_assert_uint_eq(s->ack4, 1000);
	ck_assert_int_eq(lab_left(s), EST);
}
END_TEST

/* Its time is over, but a packet passes before it has been taken back. */
START_TEST(a_session_that_is_used_to_the_last_moment_stays)
{
	struct session *s;

	start();
	s = fast_session(L4_UDP, _i == 1);
	fake.at_last = lab.now.ns + INT64_C(1000000000) * UDP - 1;
	lab_wait(UDP);
	expect_slow();
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_int_eq(lab_left(s), UDP - 1);
	lab_wait(UDP - 1);
	ck_assert_uint_eq(lab_sessions(), 1);
	lab_wait(1);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

/* A note may be newer than the time of the batch that is being handled. */
START_TEST(a_time_before_the_last_note_does_not_shorten_a_life)
{
	struct monotime end = monotime_add_secs(lab.now, UDP);
	struct session *s;

	end.ns += 1000000;
	start();
	s = fast_session(L4_UDP, false);
	fake.notes[s->fast].last6 = lab.now.ns + 1000000;
	udp6();
	ck_assert_int_eq(session_expires(nat64_sessions(lab.n), s).ns, end.ns);
	nat64_set_fastpath(lab.n, NULL);
	udp6();
	ck_assert_int_eq(session_expires(nat64_sessions(lab.n), s).ns, end.ns);
}
END_TEST

/* RFC 6146, 3.5.1: address-dependent filtering asks for a living session. */
START_TEST(the_filter_knows_a_session_that_only_the_notes_keep_alive)
{
	struct session *s;

	lab.conf.adf[L4_UDP] = true;
	start();
	s = fast_session(L4_UDP, false);
	lab_doze(UDP - 1);
	fake_use6(&fake, s->fast, 0);
	lab_doze(UDP - 1);
	lab_udp(SERVER4, 9, POOL4, PORT_IN);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 2);
	lab_doze(1);
	lab_udp(SERVER4, 10, POOL4, PORT_IN);
	lab_sent(); /* by the session of port 9 */
	lab_doze(UDP);
	lab_udp(SERVER4, 11, POOL4, PORT_IN);
	ck_assert_uint_eq(lab.reason, NAT64_FILTERED);
}
END_TEST

/* --- the rest of a session's packets --- */

/* RFC 6146, 3.5: errors refer to the binding, whoever translates its data. */
START_TEST(errors_about_a_session_on_the_fast_path_are_translated)
{
	struct pkt quoted;
	struct session *s;

	start();
	s = fast_session(L4_UDP, false);
	lab_doze(UDP - 1);
	fake_use6(&fake, s->fast, 0);
	lab_doze(UDP - 1);
	udp4();
	quoted = lab_copy(lab_sent());
	lab_build_error(CLIENT6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT,
	    0, &quoted, quoted.len);
	lab_send();
	ck_assert_str_eq(text4(lab_sent()->ip4.dst), SERVER4);
	ck_assert_uint_eq(fake.n, 1);
}
END_TEST

START_TEST(errors_from_ipv4_are_translated_while_the_notes_keep_alive)
{
	struct pkt quoted;
	struct session *s;

	start();
	udp6();
	quoted = lab_copy(lab_sent());
	s = fast_session(L4_UDP, false);
	lab_doze(UDP - 1);
	fake_use6(&fake, s->fast, 0);
	lab_doze(UDP - 1);
	lab_build_error(ROUTER4, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, &quoted,
	    quoted.len);
	lab_send();
	ck_assert_str_eq(text6(lab_sent()->ip6.dst), CLIENT6);
	ck_assert_uint_eq(fake.n, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nat64_fast_life");
	TCase *tc = tcase_create("nat64_fast_life");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_add_loop_test(tc,
	    packets_on_the_fast_path_refresh_a_session_as_others_do, 0,
	    NITEMS(uses));
	tcase_add_test(tc,
	    without_inbound_refresh_a_session_ends_by_its_own_host);
	tcase_add_test(tc, the_probe_acknowledges_what_the_notes_say);
	tcase_add_test(tc,
	    a_packet_with_options_is_newer_than_the_notes_before_it);
	tcase_add_loop_test(tc,
	    a_session_that_is_used_to_the_last_moment_stays, 0, 2);
	tcase_add_test(tc,
	    a_time_before_the_last_note_does_not_shorten_a_life);
	tcase_add_test(tc,
	    the_filter_knows_a_session_that_only_the_notes_keep_alive);
	tcase_add_test(tc,
	    errors_about_a_session_on_the_fast_path_are_translated);
	tcase_add_test(tc,
	    errors_from_ipv4_are_translated_while_the_notes_keep_alive);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
