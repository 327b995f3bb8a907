/*
 * Another configuration while the translator runs: what it still allows lives
 * on, with the new timeouts; what it does not allow ends and is reported, also
 * before nat64_settle() has got there.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/net/addr.h"
#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/fastpath_fake.h"
#include "tests/unit/nat64_lab.h"
#include "tests/unit/suite.h"

#define SYN PKT_TH_SYN
#define PREF64_2 "2001:db8:65::"

static struct nat64_exclude exclude;
static struct permit_rule permit;

static void
settle(void)
{
	while (nat64_settle(lab.n, lab.now, 2))
		continue;
}

/* lab.conf is used; nothing has been settled yet. */
static void
begin(void)
{
	lab.n_events = 0;
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
}

static void
change(void)
{
	begin();
	settle();
}

static void
deny(const char *prefix)
{
	ck_assert_ptr_null(
	    prefix_parse_family(prefix, AF_INET6, &permit.from));
	permit.allow = false;
	lab.conf.permits = &permit;
	lab.conf.n_permits = 1;
}

static void
exclude_udp(const char *addr, uint16_t port)
{
	exclude = (struct nat64_exclude){ .addr = addr4(addr),
		.len = 32,
		.proto = L4_UDP,
		.ports = { port, port } };
	lab.conf.excludes = &exclude;
	lab.conf.n_excludes = 1;
}

/* --- what stays --- */

START_TEST(the_same_configuration_changes_nothing)
{
	uint64_t before;

	lab_add_statics();
	lab_start();
	lab_bind(L4_TCP, CLIENT6, 5000);
	lab_bind(L4_UDP, HOST_C, 5001);
	lab_bind(L4_ICMP, HOST_B, 5002);
	before = lab_state();
	change();
	ck_assert_uint_eq(lab_state(), before);
	ck_assert_uint_eq(lab.n_events, 0);
}
END_TEST

START_TEST(an_address_is_added_and_sessions_keep_theirs)
{
	struct taddr4 old, new;

	lab_set_pool(POOL4_2, POOL4_2, 2000, 2000);
	lab_start();
	old = lab_bind(L4_UDP, CLIENT6, 5000);
	lab_udp(HOST_C, 5000, SERVER6, 53);
	lab_expect_error(NAT64_POOL_EXHAUSTED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADDR);
	lab_set_pool(POOL4, POOL4_2, 2000, 2000);
	change();
	ck_assert_uint_eq(lab.n_events, 0);
	lab_udp(SERVER4, 53, text4(old.addr), old.port);
	ck_assert_str_eq(text6(lab_sent()->ip6.dst), CLIENT6);
	new = lab_bind(L4_UDP, HOST_C, 5000);
	ck_assert_str_eq(text4(new.addr), POOL4);
}
END_TEST

START_TEST(a_port_that_leaves_the_range_and_returns_is_not_given_twice)
{
	struct taddr4 a, b;

	lab_set_pool(POOL4, POOL4, 2000, 2000);
	lab_start();
	a = lab_bind(L4_UDP, CLIENT6, 5000);
	ck_assert_uint_eq(a.port, 2000);
	lab_set_pool(POOL4, POOL4, 2000, 2001);
	change();
	b = lab_bind(L4_UDP, HOST_C, 5000);
	ck_assert_uint_eq(b.port, 2001);
	lab_set_pool(POOL4, POOL4, 2001, 2001);
	change();
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);
	ck_assert_ptr_null(lab_binding(L4_UDP, CLIENT6, 5000));
	ck_assert_ptr_nonnull(lab_binding(L4_UDP, HOST_C, 5000));
	lab_set_pool(POOL4, POOL4, 2000, 2001);
	change();
	a = lab_bind(L4_UDP, CLIENT6, 5001);
	ck_assert_uint_eq(a.port, 2000);
}
END_TEST

START_TEST(a_port_in_quarantine_stays_there)
{
	const struct taddr6 in6 = { addr6(CLIENT6), 5000 };
	struct taddr4 a;

	lab.conf.pool_opts.quarantine_secs[L4_UDP] = 120;
	lab.conf.pool_opts.quarantine_max_percent = 100;
	lab_set_pool(POOL4, POOL4, 2000, 2003);
	lab_start();
	a = lab_bind(L4_UDP, CLIENT6, 5000);
	lab_wait(301);
	ck_assert_ptr_null(bib_find6(nat64_bib(lab.n, L4_UDP), &in6));
	lab_set_pool(POOL4, POOL4_2, 2000, 2010);
	change();
	ck_assert_int_eq(pool4_port_state(nat64_pool(lab.n), L4_UDP, &a),
	    POOL4_QUARANTINED);
	lab_wait(121);
	ck_assert_int_eq(pool4_port_state(nat64_pool(lab.n), L4_UDP, &a),
	    POOL4_FREE);
}
END_TEST

START_TEST(prefixes_change_places_and_sessions_keep_theirs)
{
	struct taddr4 out;

	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	lab_set_prefix(0, PREF64_2, 96);
	lab_set_prefix(1, PREF64, 96);
	change();
	ck_assert_uint_eq(lab.n_events, 0);
	lab_udp(SERVER4, PORT_SERVER, text4(out.addr), out.port);
	lab_expect_flow(lab_sent(), SERVER6, PORT_SERVER, CLIENT6, 5000);
	lab_udp(CLIENT6, 6000, "2001:db8:65::198.51.100.20", 53);
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 2);
}
END_TEST

START_TEST(all_prefixes_are_replaced_again_and_again)
{
	char addr[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	unsigned round, i;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < NAT64_MAX_PREFIXES; i++) {
			snprintf(addr, sizeof(addr),
			    "2001:db8:%x::", 0x100 * (round + 1) + i);
			lab_set_prefix(i, addr, 96);
		}
		change();
		ck_assert_uint_eq(lab_sessions(), 0);
		for (i = 0; i < NAT64_MAX_PREFIXES; i++) {
			snprintf(dst, sizeof(dst),
			    "2001:db8:%x::198.51.100.%u",
			    0x100 * (round + 1) + i, 1 + i);
			lab_udp(CLIENT6, 5000, dst, 53);
			lab_sent();
		}
		ck_assert_uint_eq(lab_sessions(), NAT64_MAX_PREFIXES);
	}
}
END_TEST

/* --- what ends --- */

START_TEST(sessions_of_a_removed_address_end_and_are_told)
{
	struct taddr4 out;

	lab_set_pool(POOL4, POOL4, 2000, 2100);
	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	lab_set_pool(POOL4_2, POOL4_2, 2000, 2100);
	change();
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);
	ck_assert_str_eq(text4(lab_event(NAT64_EV_BIB_DELETE)->out4.addr),
	    POOL4);
	ck_assert_str_eq(text4(lab_event(NAT64_EV_ADDRESS_DELETE)->out4.addr),
	    POOL4);
	lab_udp(SERVER4, 53, text4(out.addr), out.port);
	lab_expect_drop(NAT64_NOT_OURS4);
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	ck_assert_str_eq(text4(out.addr), POOL4_2);
}
END_TEST

/* The host need not wait for nat64_settle(). */
START_TEST(a_packet_ends_the_session_of_a_removed_address)
{
	lab_set_pool(POOL4, POOL4, 2000, 2100);
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_set_pool(POOL4_2, POOL4_2, 2000, 2100);
	begin();
	ck_assert_str_eq(text4(lab_bind(L4_UDP, CLIENT6, 5000).addr), POOL4_2);
	ck_assert_uint_eq(lab_sessions(), 1);
	settle();
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

START_TEST(a_packet_ends_the_session_with_a_host_that_is_denied)
{
	struct taddr4 out;

	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	lab_bind(L4_UDP, HOST_C, 5000);
	deny("2001:db8:1::/48");
	begin();
	lab_udp(SERVER4, 53, text4(out.addr), out.port);
	lab_expect_drop(NAT64_NO_BINDING);
	settle();
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_ptr_nonnull(lab_binding(L4_UDP, HOST_C, 5000));
}
END_TEST

START_TEST(sessions_with_an_excluded_peer_end)
{
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_udp(CLIENT6, 5000, SERVER6_2, 7);
	lab_udp(CLIENT6, 5000, SERVER6_2, 8);
	exclude_udp(SERVER4_2, 7);
	change();
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 0);
	ck_assert_uint_eq(lab_sessions(), 2);
}
END_TEST

START_TEST(sessions_of_a_removed_prefix_end)
{
	lab_set_prefix(1, PREF64_2, 96);
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_udp(CLIENT6, 5000, "2001:db8:65::198.51.100.9", 53);
	lab_set_prefix(0, PREF64_2, 96);
	change();
	ck_assert_uint_eq(lab_sessions(), 1);
	lab_udp(CLIENT6, 5000, SERVER6, 53);
	ck_assert_uint_eq(lab.n_out, 0);
}
END_TEST

/* Its packets would be dropped as a loop (RFC 6146, 3.5). */
START_TEST(sessions_of_a_host_inside_a_new_prefix_end)
{
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_set_prefix(1, "2001:db8:1::", 96);
	change();
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

START_TEST(sessions_on_the_fast_path_stay_or_are_taken_back)
{
	static struct fake_fastpath fake;
	struct taddr4 out;
	unsigned i, k;

	lab_set_pool(POOL4, POOL4, 2000, 2100);
	lab_start();
	fake_start(&fake, 100);
	for (k = 0; k < 2; k++) {
		out = lab_bind(L4_UDP, k == 0 ? CLIENT6 : HOST_C, 5000);
		for (i = 0; i < 8; i++) {
			lab_udp(SERVER4, PORT_SERVER, text4(out.addr),
			    out.port);
			lab_udp(k == 0 ? CLIENT6 : HOST_C, 5000, SERVER6,
			    PORT_SERVER);
		}
	}
	ck_assert_uint_eq(fake.n, 2);
	change();
	ck_assert_uint_eq(fake.n, 2);
	deny("2001:db8:2::/48");
	change();
	ck_assert_uint_eq(fake.n, 1);
	/* A peer in the pool makes a hairpin of it. */
	lab_set_pool(SERVER4, SERVER4, 2000, 2100);
	lab.pool[1] = lab.pool[0];
	lab.pool[1].first = lab.pool[1].last = addr4(POOL4);
	lab.conf.n_pool = 2;
	change();
	ck_assert_uint_eq(fake.n, 0);
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

/* Requests and answers, until there are n. */
static void
exchange_echo(unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (i % 2 == 0)
			lab_ping(CLIENT6, SERVER6, ID6);
		else
			lab_pong(SERVER4, POOL4, ID4);
}

/* RFC 6146, 3.5.3: an administrator may forbid it. */
START_TEST(echo_sessions_are_taken_back_when_they_are_refused)
{
	static struct fake_fastpath fake;

	lab_add_statics();
	lab_start();
	fake_start(&fake, 100);
	exchange_echo(20);
	ck_assert_uint_eq(fake.n, 1);
	lab.conf.refuse_echo6 = true;
	change();
	ck_assert_uint_eq(fake.n, 0);
	exchange_echo(300);
	ck_assert_uint_eq(fake.n_adds, 1);
	lab.conf.refuse_echo6 = false;
	change();
	exchange_echo(300);
	ck_assert_uint_eq(fake.n, 1);
}
END_TEST

/* --- timeouts and limits --- */

START_TEST(a_shorter_timeout_counts_from_the_last_packet)
{
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_wait(100);
	lab.conf.lifetime_secs[SESSION_UDP] = 150;
	change();
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, 5000)), 50);
	lab_wait(51);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

START_TEST(a_longer_timeout_counts_from_the_last_packet)
{
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_wait(100);
	lab.conf.lifetime_secs[SESSION_UDP] = 600;
	change();
	lab_wait(499);
	ck_assert_uint_eq(lab_sessions(), 1);
	lab_wait(2);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

START_TEST(timeouts_of_ports_come_and_go)
{
	const struct session *s;

	lab_start();
	lab_udp(CLIENT6, 5000, SERVER6, 53);
	s = lab_session(L4_UDP, CLIENT6, 5000);
	lab.conf.lifetime_ports[0] =
	    (struct session_port){ SESSION_UDP, { 53, 53 }, 10 };
	lab.conf.n_lifetime_ports = 1;
	change();
	ck_assert_int_eq(lab_left(s), 10);
	lab.conf.lifetime_ports[1] =
	    (struct session_port){ SESSION_UDP, { 50, 60 }, 20 };
	lab.conf.n_lifetime_ports = 2;
	change();
	ck_assert_int_eq(lab_left(s), 20);
	lab.conf.n_lifetime_ports = 0;
	change();
	ck_assert_int_eq(lab_left(s), 300);
}
END_TEST

START_TEST(fewer_sessions_may_be_allowed_than_there_are)
{
	unsigned i;

	lab_start();
	for (i = 0; i < 10; i++)
		lab_bind(L4_UDP, CLIENT6, (uint16_t)(5000 + i));
	lab.conf.max_sessions = 5;
	lab.conf.max_bindings = 4;
	change();
	ck_assert_uint_eq(lab_sessions(), 10);
	lab_udp(CLIENT6, 6000, SERVER6, 53);
	ck_assert_uint_eq(lab.n_out, 1);
	ck_assert_int_eq(lab.verdict, NAT64_REPLIED);
	ck_assert_int_eq(lab.reason, NAT64_SESSION_LIMIT);
	lab.conf.max_sessions = 100;
	lab.conf.max_bindings = 0;
	change();
	lab_bind(L4_UDP, CLIENT6, 6000);
}
END_TEST

/* --- static bindings --- */

START_TEST(a_static_binding_is_added)
{
	lab_start();
	lab_add_static(L4_TCP, CLIENT6, 80, POOL4, 8080);
	change();
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_CREATE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_CREATE), 1);
	lab_tcp(SERVER4, 1000, POOL4, 8080, SYN);
	lab_expect_flow(lab_sent(), SERVER6, 1000, CLIENT6, 80);
}
END_TEST

START_TEST(a_dynamic_binding_in_the_way_of_a_static_one_ends)
{
	struct taddr4 a, b;

	lab_start();
	a = lab_bind(L4_UDP, CLIENT6, 5000);
	b = lab_bind(L4_UDP, HOST_C, 5001);
	lab_udp(HOST_C, 5001, SERVER6_2, 7);
	lab_add_static(L4_UDP, HOST_C, 5001, text4(a.addr), a.port);
	change();
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 2);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_DELETE), 3);
	ck_assert_uint_eq(nat64_statics_refused(lab.n), 0);
	lab_udp(SERVER4, 53, text4(a.addr), a.port);
	lab_expect_flow(lab_sent(), SERVER6, 53, HOST_C, 5001);
	lab_udp(SERVER4, 53, text4(b.addr), b.port);
	lab_expect_drop(NAT64_NO_BINDING);
}
END_TEST

START_TEST(a_dynamic_binding_becomes_static_with_its_sessions)
{
	struct taddr4 a;

	lab_start();
	a = lab_bind(L4_UDP, CLIENT6, 5000);
	lab_add_static(L4_UDP, CLIENT6, 5000, text4(a.addr), a.port);
	change();
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_DELETE), 0);
	ck_assert_uint_eq(lab_sessions(), 1);
	lab_wait(301);
	ck_assert_ptr_nonnull(lab_binding(L4_UDP, CLIENT6, 5000));
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 0);
}
END_TEST

START_TEST(a_removed_static_binding_lives_as_long_as_its_sessions)
{
	lab_set_pool(POOL4, POOL4, 1024, 65535);
	lab_add_static(L4_UDP, CLIENT6, 5000, POOL4, 5000);
	lab_add_static(L4_UDP, CLIENT6, 5001, POOL4, 5001);
	lab_start();
	lab_udp(SERVER4, 53, POOL4, 5000);
	lab_sent();
	lab.conf.n_statics = 0;
	change();
	ck_assert_ptr_null(lab_binding(L4_UDP, CLIENT6, 5001));
	ck_assert_ptr_nonnull(lab_binding(L4_UDP, CLIENT6, 5000));
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);
	lab_wait(301);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
}
END_TEST

START_TEST(static_bindings_exchange_their_ports)
{
	lab_add_static(L4_UDP, CLIENT6, 1, POOL4, 80);
	lab_add_static(L4_UDP, HOST_C, 1, POOL4, 81);
	lab_start();
	lab_udp(SERVER4, 53, POOL4, 80);
	lab_udp(SERVER4, 53, POOL4, 81);
	lab.statics[0].out4.port = 81;
	lab.statics[1].out4.port = 80;
	change();
	ck_assert_uint_eq(nat64_statics_refused(lab.n), 0);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 2);
	lab_udp(SERVER4, 53, POOL4, 81);
	lab_expect_flow(lab_sent(), SERVER6, 53, CLIENT6, 1);
	lab_udp(SERVER4, 53, POOL4, 80);
	lab_expect_flow(lab_sent(), SERVER6, 53, HOST_C, 1);
}
END_TEST

START_TEST(a_static_binding_of_a_removed_address_ends_at_a_packet)
{
	lab_add_static(L4_UDP, CLIENT6, 1, POOL4, 80);
	lab_start();
	lab.conf.n_statics = 0;
	lab_set_pool(POOL4_2, POOL4_2, 2000, 2100);
	begin();
	ck_assert_str_eq(text4(lab_bind(L4_UDP, CLIENT6, 1).addr), POOL4_2);
	settle();
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
}
END_TEST

/* --- whole or not at all --- */

START_TEST(what_cannot_be_changes_nothing)
{
	uint64_t before;

	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	before = lab_state();
	lab.conf.subscriber_len--;
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), -1);
	ck_assert_int_eq(errno, EINVAL);
	lab.conf.subscriber_len++;
	lab.conf.n_prefixes = 0;
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), -1);
	ck_assert_int_eq(errno, EINVAL);
	lab.conf.n_prefixes = 1;
	lab.pool[0].first = addr4("224.0.0.1");
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), -1);
	ck_assert_int_eq(errno, EINVAL);
	lab.pool[0].first = addr4(POOL4);
	ck_assert(!nat64_settle(lab.n, lab.now, 1));
	ck_assert_uint_eq(lab_state(), before);
	lab_udp(CLIENT6, 5000, SERVER6, 53);
	lab_sent();
}
END_TEST

START_TEST(a_change_waits_for_the_one_before)
{
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	begin();
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), -1);
	ck_assert_int_eq(errno, EBUSY);
	settle();
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
}
END_TEST

START_TEST(a_flush_goes_on_beside_it)
{
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_bind(L4_UDP, HOST_C, 5000);
	nat64_flush_begin(lab.n);
	lab.conf.lifetime_secs[SESSION_UDP] = 200;
	begin();
	nat64_settle(lab.n, lab.now, 2);
	lab_bind(L4_UDP, HOST_B, 5000);
	while (nat64_flush(lab.n, lab.now, 1))
		continue;
	settle();
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		the_same_configuration_changes_nothing,
		an_address_is_added_and_sessions_keep_theirs,
		a_port_that_leaves_the_range_and_returns_is_not_given_twice,
		a_port_in_quarantine_stays_there,
		prefixes_change_places_and_sessions_keep_theirs,
		all_prefixes_are_replaced_again_and_again,
		sessions_of_a_removed_address_end_and_are_told,
		a_packet_ends_the_session_of_a_removed_address,
		a_packet_ends_the_session_with_a_host_that_is_denied,
		sessions_with_an_excluded_peer_end,
		sessions_of_a_removed_prefix_end,
		sessions_of_a_host_inside_a_new_prefix_end,
		sessions_on_the_fast_path_stay_or_are_taken_back,
		echo_sessions_are_taken_back_when_they_are_refused,
		a_shorter_timeout_counts_from_the_last_packet,
		a_longer_timeout_counts_from_the_last_packet,
		timeouts_of_ports_come_and_go,
		fewer_sessions_may_be_allowed_than_there_are,
		a_static_binding_is_added,
		a_dynamic_binding_in_the_way_of_a_static_one_ends,
		a_dynamic_binding_becomes_static_with_its_sessions,
		a_removed_static_binding_lives_as_long_as_its_sessions,
		static_bindings_exchange_their_ports,
		a_static_binding_of_a_removed_address_ends_at_a_packet,
		what_cannot_be_changes_nothing,
		a_change_waits_for_the_one_before,
		a_flush_goes_on_beside_it,
	};

	return (lab_main("nat64_reconf", tests, NITEMS(tests)));
}
