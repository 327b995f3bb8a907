/*
 * A pool that changes while the translator runs, as with "pool interface": the
 * address is added, removed and replaced.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "tests/unit/nat64_lab.h"

#define NEW4 "198.51.100.77"

/* Go over to one address, NULL: to none, with the statics of lab.conf. */
static int
change(const char *addr)
{
	size_t i;

	lab.n_events = 0;
	if (addr == NULL) {
		lab.conf.n_pool = 0;
		lab.conf.n_statics = 0;
		lab.conf.self4.s_addr = INADDR_ANY;
		return (nat64_set_pool(lab.n, &lab.conf, lab.now));
	}
	lab_set_pool(addr, addr, 1024, 65535);
	lab.conf.self4 = addr4(addr);
	for (i = 0; i < lab.conf.n_statics; i++)
		lab.statics[i].out4.addr = addr4(addr);
	return (nat64_set_pool(lab.n, &lab.conf, lab.now));
}

START_TEST(sessions_of_the_old_address_end_and_are_told)
{
	lab_bind(L4_TCP, CLIENT6, 5000);
	lab_bind(L4_UDP, CLIENT6, 5001);
	lab_bind(L4_ICMP, HOST_C, 5002);
	ck_assert_uint_eq(lab_sessions(), 3);
	ck_assert_int_eq(change(NEW4), 0);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_DELETE), 3);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 3);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_DELETE), 2);
	ck_assert_str_ne(text4(lab_event(NAT64_EV_ADDRESS_DELETE)->out4.addr),
	    NEW4);
}
END_TEST

START_TEST(new_sessions_use_the_new_address_only)
{
	const struct taddr4 old = lab_bind(L4_UDP, CLIENT6, 5001);
	struct taddr4 new;

	ck_assert_int_eq(change(NEW4), 0);
	new = lab_bind(L4_UDP, CLIENT6, 5001);
	ck_assert_str_eq(text4(new.addr), NEW4);
	lab_udp(SERVER4, 53, text4(new.addr), new.port);
	ck_assert_str_eq(text6(lab_sent()->ip6.dst), CLIENT6);
	lab_udp(SERVER4, 53, text4(old.addr), old.port);
	lab_expect_drop(NAT64_NOT_OURS4);
	lab_udp(CLIENT6, 5001, SERVER6, 9);
	ck_assert_uint_eq(lab_sent()->sport, new.port);
}
END_TEST

/* RFC 6146, 3.1: what the administrator made stays, at the new address. */
START_TEST(static_bindings_follow_the_address)
{
	lab_add_static(L4_TCP, CLIENT6, 80, POOL4, 8080);
	lab_add_static(L4_UDP, HOST_B, 53, POOL4, 53);
	lab_start();
	lab_tcp(SERVER4, 1000, POOL4, 8080, PKT_TH_SYN);
	lab_sent();
	ck_assert_int_eq(change(NEW4), 0);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_CREATE), 1);
	ck_assert_str_eq(text4(lab_event(NAT64_EV_ADDRESS_CREATE)->out4.addr),
	    NEW4);
	lab_tcp(SERVER4, 1000, POOL4, 8080, PKT_TH_SYN);
	lab_expect_drop(NAT64_NOT_OURS4);
	lab_tcp(SERVER4, 1000, NEW4, 8080, PKT_TH_SYN);
	ck_assert_str_eq(text6(lab_sent()->ip6.dst), CLIENT6);
	ck_assert_uint_eq(lab_sent()->dport, 80);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
}
END_TEST

START_TEST(without_an_address_nothing_is_translated_and_the_host_is_told)
{
	lab_bind(L4_UDP, CLIENT6, 5001);
	ck_assert_int_eq(change(NULL), 0);
	lab_udp(CLIENT6, 5001, SERVER6, 53);
	lab_expect_error(NAT64_NO_POOL, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADDR);
	lab_tcp(CLIENT6, 5002, SERVER6, 80, PKT_TH_SYN);
	lab_expect_error(NAT64_NO_POOL, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADDR);
	ck_assert_uint_eq(lab_drops(NAT64_NO_POOL), 2);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_POOL_EXHAUSTED), 0);
	lab_udp(SERVER4, 53, POOL4, 5001);
	lab_expect_drop(NAT64_NOT_OURS4);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
	lab_wait(400);

	ck_assert_int_eq(change(NEW4), 0);
	ck_assert_str_eq(text4(lab_bind(L4_UDP, CLIENT6, 5001).addr), NEW4);
}
END_TEST

START_TEST(translator_can_begin_without_an_address)
{
	lab.conf.n_pool = 0;
	lab.conf.self4.s_addr = INADDR_ANY;
	lab_start();
	lab_ping(CLIENT6, SERVER6, 7);
	lab_expect_error(NAT64_NO_POOL, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADDR);
	lab_add_static(L4_TCP, CLIENT6, 80, NEW4, 8080);
	ck_assert_int_eq(change(NEW4), 0);
	lab_tcp(SERVER4, 1000, NEW4, 8080, PKT_TH_SYN);
	ck_assert_uint_eq(lab_sent()->dport, 80);
	ck_assert_str_eq(text4(lab_bind(L4_ICMP, HOST_C, 7).addr), NEW4);
}
END_TEST

START_TEST(tables_are_of_the_size_that_the_new_pool_needs)
{
	uint16_t i;

	ck_assert_int_eq(change(NULL), 0);
	ck_assert_int_eq(change(NEW4), 0);
	for (i = 0; i < 100; i++)
		lab_bind(L4_UDP, CLIENT6, (uint16_t)(6000 + i));
	ck_assert_uint_eq(lab_bindings(L4_UDP), 100);
}
END_TEST

START_TEST(pool_that_no_parser_lets_pass_changes_nothing)
{
	lab_bind(L4_UDP, CLIENT6, 5001);
	lab.pool[0].first = addr4("224.0.0.1");
	lab.pool[0].last = lab.pool[0].first;
	ck_assert_int_eq(nat64_set_pool(lab.n, &lab.conf, lab.now), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

/* What answers pings and speaks in errors is the new address, too. */
START_TEST(own_address_follows)
{
	lab.conf.pool_echo = true;
	lab_start();
	ck_assert_int_eq(change(NEW4), 0);
	lab_ping(SERVER4, NEW4, 9);
	ck_assert_uint_eq(lab.verdict, NAT64_REPLIED);
	lab_expect_flow(&lab.out[0], NEW4, 9, SERVER4, 9);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		sessions_of_the_old_address_end_and_are_told,
		new_sessions_use_the_new_address_only,
		static_bindings_follow_the_address,
		without_an_address_nothing_is_translated_and_the_host_is_told,
		translator_can_begin_without_an_address,
		tables_are_of_the_size_that_the_new_pool_needs,
		pool_that_no_parser_lets_pass_changes_nothing,
		own_address_follows,
	};

	return (lab_main("nat64_pool", tests, NITEMS(tests)));
}
