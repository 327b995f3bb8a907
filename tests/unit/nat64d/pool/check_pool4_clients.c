/*
 * Pool addresses for some clients only: the group of a client, and that its
 * bindings use addresses of the group only.
 */
#include <netinet/icmp6.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/unit/nat64_lab.h"

/* CLIENT6 and HOST_B are in 2001:db8:1::/64, HOST_C in 2001:db8:2::/64. */
#define OWN4 "198.18.0.1"
#define OWN4_LAST "198.18.0.2"
#define LONGER4 "198.18.9.9"

static void
add_pool(const char *first, const char *last, const char *clients)
{
	struct pool4_range *r = &lab.pool[lab.conf.n_pool++];

	ck_assert_uint_le(lab.conf.n_pool, NITEMS(lab.pool));
	*r = lab.pool[0];
	r->first = addr4(first);
	r->last = addr4(last);
	if (clients != NULL)
		ck_assert_ptr_null(prefix_parse(clients, &r->clients));
	else
		r->clients.family = 0;
}

/* The pool address that a new binding of a host has. */
static const char *
address_of(enum l4proto proto, const char *host, uint16_t port)
{
	return (text4(lab_bind(proto, host, port).addr));
}

START_TEST(a_client_has_the_addresses_of_its_longest_prefix)
{
	add_pool(OWN4, OWN4, "2001:db8:1::/48");
	add_pool(LONGER4, LONGER4, "2001:db8:1::/64");
	lab_start();
	ck_assert_str_eq(address_of(L4_UDP, CLIENT6, 1000), LONGER4);
	ck_assert_str_eq(address_of(L4_TCP, CLIENT6, 1000), LONGER4);
	ck_assert_str_eq(address_of(L4_ICMP, HOST_B, 1000), LONGER4);
	ck_assert_str_eq(address_of(L4_UDP, "2001:db8:1:9::1", 1000), OWN4);
	ck_assert_str_ne(address_of(L4_UDP, HOST_C, 1000), OWN4);
	ck_assert_str_ne(address_of(L4_UDP, HOST_C, 1001), LONGER4);
}
END_TEST

/* All addresses of a group are used, whatever other groups have. */
START_TEST(clients_are_spread_over_their_addresses_alone)
{
	char host[INET6_ADDRSTRLEN];
	unsigned i, first = 0, last = 0;
	const char *addr;

	add_pool(OWN4, OWN4_LAST, "2001:db8:1000::/36");
	lab_start();
	for (i = 0; i < 200; i++) {
		snprintf(host, sizeof(host), "2001:db8:1%03x::1", i);
		addr = address_of(L4_UDP, host, 1000);
		first += strcmp(addr, OWN4) == 0;
		last += strcmp(addr, OWN4_LAST) == 0;
	}
	ck_assert_uint_eq(first + last, 200);
	ck_assert_uint_gt(first, 60);
	ck_assert_uint_gt(last, 60);
	for (i = 0; i < 50; i++) {
		snprintf(host, sizeof(host), "2001:db8:2%03x::1", i);
		addr = address_of(L4_UDP, host, 1000);
		ck_assert(
		    strcmp(addr, POOL4) == 0 || strcmp(addr, POOL4_2) == 0);
	}
}
END_TEST

START_TEST(who_has_used_its_ports_up_gets_none_of_others)
{
	lab.conf.subscriber.new_bindings.per_sec = 0;
	add_pool(OWN4, OWN4, "2001:db8:1::/48");
	lab.pool[1].ports[L4_UDP] = (struct port_range){ 2000, 2001 };
	lab.conf.soft_pooling = true;
	lab_start();
	ck_assert_str_eq(address_of(L4_UDP, CLIENT6, 1000), OWN4);
	ck_assert_str_eq(address_of(L4_UDP, CLIENT6, 1001), OWN4);
	lab_udp(CLIENT6, 1002, SERVER6, 53);
	lab_expect_error(NAT64_POOL_EXHAUSTED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADDR);
	lab_bind(L4_UDP, HOST_C, 1000);
}
END_TEST

START_TEST(who_has_no_pool_is_refused)
{
	ck_assert_ptr_null(
	    prefix_parse("2001:db8:1::/48", &lab.pool[0].clients));
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 1000);
	lab_udp(HOST_C, 1000, SERVER6, 53);
	lab_expect_error(NAT64_POOL_EXHAUSTED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADDR);
}
END_TEST

/* A static binding may use any address, and has no effect on others. */
START_TEST(a_static_binding_may_have_an_address_of_others)
{
	add_pool(OWN4, OWN4, "2001:db8:1::/48");
	lab_add_static(L4_TCP, CLIENT6, 80, POOL4, 80);
	lab_start();
	ck_assert_str_eq(address_of(L4_TCP, CLIENT6, 1000), OWN4);
	lab_tcp(CLIENT6, 80, SERVER6, 443, PKT_TH_SYN);
	ck_assert_str_eq(text4(lab_sent()->ip4.src), POOL4);
	lab_tcp(SERVER4, 1, POOL4, 80, PKT_TH_SYN);
	ck_assert_str_eq(text6(lab_sent()->ip6.dst), CLIENT6);
}
END_TEST

START_TEST(a_port_comes_back_to_its_own_address)
{
	struct taddr4 out, again;

	add_pool(OWN4, OWN4_LAST, "2001:db8:1::/48");
	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 1000);
	lab_wait(301);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
	again = lab_bind(L4_UDP, CLIENT6, 1000);
	ck_assert_uint_eq(again.addr.s_addr, out.addr.s_addr);
	ck_assert_uint_eq(again.port,
	    out.port); /* it was in quarantine for us */
}
END_TEST

/* Classes of ports are those of the client's own group. */
START_TEST(range_fallback_looks_at_the_clients_own_ports)
{
	lab.conf.pool_opts.range_fallback = false;
	lab.pool[0].ports[L4_UDP] = (struct port_range){ 1, 65535 };
	add_pool(OWN4, OWN4, "2001:db8:1::/48");
	lab.pool[1].ports[L4_UDP] = (struct port_range){ 2000, 2001 };
	lab_start();
	/* A system port, of which its group has none. */
	ck_assert_str_eq(address_of(L4_UDP, CLIENT6, 500), OWN4);
}
END_TEST

START_TEST(there_are_not_too_many_prefixes)
{
	struct pool4_range ranges[POOL4_MAX_CLIENTS + 2] = { 0 };
	char text[INET6_ADDRSTRLEN];
	unsigned i;

	for (i = 0; i < NITEMS(ranges); i++) {
		ranges[i] = lab.pool[0];
		snprintf(text, sizeof(text), "198.18.1.%u", i);
		ranges[i].first = ranges[i].last = addr4(text);
		snprintf(text, sizeof(text), "2001:db8:%x::/48", i);
		if (i > 0)
			ck_assert_ptr_null(
			    prefix_parse(text, &ranges[i].clients));
	}
	ck_assert_ptr_null(pool4_check(ranges, POOL4_MAX_CLIENTS + 1));
	ck_assert_str_eq(pool4_check(ranges, POOL4_MAX_CLIENTS + 2),
	    "more than 64 prefixes of clients");
	/* The same prefix counts once. */
	ranges[POOL4_MAX_CLIENTS + 1].clients = ranges[1].clients;
	ck_assert_ptr_null(pool4_check(ranges, POOL4_MAX_CLIENTS + 2));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_client_has_the_addresses_of_its_longest_prefix,
		clients_are_spread_over_their_addresses_alone,
		who_has_used_its_ports_up_gets_none_of_others,
		who_has_no_pool_is_refused,
		a_static_binding_may_have_an_address_of_others,
		a_port_comes_back_to_its_own_address,
		range_fallback_looks_at_the_clients_own_ports,
		there_are_not_too_many_prefixes,
	};

	return (lab_main("pool4_clients", tests, NITEMS(tests)));
}
