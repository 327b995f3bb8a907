/*
 * Attacks on the tables, and in each of them a well-behaved host, which must
 * not be affected.
 */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/unit/nat64_lab.h"

#define SYN PKT_TH_SYN
#define ACK PKT_TH_ACK
#define ATTACKER4 "198.51.100.66"
#define OTHER4 "198.51.100.67"

/* The bindings that the attacker knows: ports of the pool address. */
#define NTARGETS 3
static struct taddr4 targets[NTARGETS];

/* --- what IPv4 hosts open --- */

static void
open_targets(enum l4proto proto)
{
	unsigned i;

	lab_set_pool(POOL4, POOL4, 1024, 65535);
	lab_start();
	for (i = 0; i < NTARGETS; i++)
		targets[i] = lab_bind(proto, CLIENT6, (uint16_t)(5000 + i));
}

/* So many flows from one address to the targets. */
static void
flood4(enum l4proto proto, const char *src, unsigned n)
{
	const struct taddr4 *t;
	uint16_t sport;
	unsigned i;

	for (i = 0; i < n; i++) {
		t = &targets[i % NTARGETS];
		sport = (uint16_t)(1024 + i / NTARGETS);
		if (proto == L4_TCP)
			lab_tcp(src, sport, POOL4, t->port, SYN);
		else
			lab_udp(src, sport, POOL4, t->port);
	}
}

/* From one address and port each to the first target. */
static void
flood4_spoofed(unsigned n)
{
	char src[32];
	unsigned i;

	for (i = 0; i < n; i++) {
		snprintf(src, sizeof(src), "100.64.%u.%u", i / 256, i % 256);
		lab_udp(src, 7, POOL4, targets[0].port);
	}
}

static const struct session_table *
sessions(void)
{
	return (nat64_sessions(lab.n));
}

/* A host of ours may still open flows, by the targets' bindings as well. */
static void
expect_hosts_served(enum l4proto proto)
{
	uint16_t i;

	for (i = 0; i < 100; i++) {
		lab_bind(proto, HOST_B, (uint16_t)(100 + i));
		lab_bind(proto, CLIENT6, (uint16_t)(100 + i));
		if (proto == L4_TCP)
			lab_tcp(CLIENT6, 5000, SERVER6_2, (uint16_t)(1 + i),
			    SYN);
		else
			lab_udp(CLIENT6, 5000, SERVER6_2, (uint16_t)(1 + i));
		lab_sent();
	}
}

/* Attack: 9,000 SYNs filled a subscriber's 8,192 sessions for 239 s. */
START_TEST(syns_from_one_address_do_not_fill_a_subscribers_sessions)
{
	open_targets(L4_TCP);
	flood4(L4_TCP, ATTACKER4, 9000);
	ck_assert_uint_eq(sessions()->inbound.count, 9000);
	ck_assert_uint_eq(lab_binding(L4_TCP, CLIENT6, 5000)->sub->n_sessions,
	    NTARGETS);
	expect_hosts_served(L4_TCP);
}
END_TEST

/* Attack: ports that a host had are kept by those who speak to them. */
START_TEST(outsiders_do_not_hold_the_ports_of_the_pool)
{
	struct taddr4 out[8];
	unsigned i;

	lab_set_pool(POOL4, POOL4, 2048, 2055);
	lab.conf.subscriber.fair_share = false;
	lab_start();
	for (i = 0; i < NITEMS(out); i++)
		out[i] = lab_bind(L4_UDP, CLIENT6, (uint16_t)(5000 + i));
	lab_wait(200);
	for (i = 0; i < NITEMS(out); i++)
		lab_udp(ATTACKER4, 7, POOL4, out[i].port);
	lab_wait(200);
	for (i = 0; i < NITEMS(out); i++)
		lab_udp(ATTACKER4, 7, POOL4, out[i].port);
	ck_assert_uint_eq(lab_bindings(L4_UDP), NITEMS(out));
	ck_assert_uint_eq(lab_sessions(), NITEMS(out));
	lab_udp(HOST_B, 1, SERVER6, 7);
	lab_sent();
}
END_TEST

/* The same by a server that was visited, which the filter lets in. */
START_TEST(a_visited_server_does_not_fill_a_subscribers_sessions)
{
	lab.conf.adf[L4_UDP] = true;
	open_targets(L4_UDP);
	flood4(L4_UDP, SERVER4, 9000);
	ck_assert_uint_ge(sessions()->inbound.count, 8990);
	expect_hosts_served(L4_UDP);
}
END_TEST

START_TEST(inbound_sessions_stay_within_their_budget)
{
	lab.conf.max_sessions = 1000;
	lab.conf.max_inbound = 100;
	open_targets(L4_UDP);
	flood4_spoofed(2000);
	ck_assert_uint_eq(sessions()->inbound.count, 100);
	ck_assert_uint_eq(lab_counter(NAT64_SESSIONS_EVICTED), 1900);
	ck_assert_uint_eq(lab_drops(NAT64_INBOUND_LIMIT), 0);
	expect_hosts_served(L4_UDP);
}
END_TEST

START_TEST(one_address_leaves_half_of_the_budget_to_others)
{
	const struct lab_event *ev;

	lab.conf.max_inbound = 320;
	open_targets(L4_UDP);
	flood4(L4_UDP, ATTACKER4, 1000);
	ck_assert_uint_eq(sessions()->inbound.count, 160);
	lab_expect_drop(NAT64_INBOUND_LIMIT);
	ev = lab_event(NAT64_EV_QUOTA);
	ck_assert_str_eq(ev->text,
	    "event=quota-exceeded natevent=13 "
	    "subtype=1 quota=inbound-sessions limit=320 "
	    "statement=\"limit inbound-sessions\" peer4=" ATTACKER4);
	lab_udp(OTHER4, 1, POOL4, targets[0].port);
	lab_sent();
	ck_assert_uint_eq(lab_counter(NAT64_SESSIONS_EVICTED), 0);
}
END_TEST

START_TEST(inbound_sessions_go_first_when_the_table_is_full)
{
	uint16_t port;

	lab.conf.max_sessions = 100;
	lab.conf.max_inbound = 100;
	open_targets(L4_UDP);
	flood4_spoofed(200);
	ck_assert_uint_eq(sessions()->inbound.count, 100 - NTARGETS);
	for (port = 1; port <= 100 - NTARGETS; port++)
		lab_bind(L4_UDP, HOST_C, port);
	ck_assert_uint_eq(lab_sessions(), 100);
	ck_assert_uint_eq(sessions()->inbound.count, 0);
	/* Now the table is full of ours, and none of them goes. */
	lab_udp(HOST_C, port, SERVER6, PORT_SERVER);
	lab_expect_error(NAT64_SESSION_LIMIT, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADDR);
	lab_udp(OTHER4, 1, POOL4, targets[0].port);
	lab_expect_drop(NAT64_INBOUND_LIMIT);
	ck_assert_uint_eq(lab_sessions(), 100);
}
END_TEST

/* A connection from IPv4 that the host has accepted. */
static void
accept_tcp(const char *src, uint16_t sport)
{
	lab_tcp(src, sport, POOL4, targets[0].port, SYN);
	lab_sent();
	lab_tcp(CLIENT6, 5000,
	    pref((struct in_addr){ .s_addr = inet_addr(src) }), sport,
	    SYN | ACK);
	lab_sent();
}

START_TEST(half_open_connections_go_before_established_ones)
{
	const struct session *s;
	struct tuple4 t4;
	char src[32];
	unsigned i;

	lab.conf.max_inbound = 50;
	open_targets(L4_TCP);
	accept_tcp(OTHER4, 7);
	for (i = 0; i < 500; i++) {
		snprintf(src, sizeof(src), "100.64.%u.%u", i / 256, i % 256);
		lab_tcp(src, 7, POOL4, targets[0].port, SYN);
		lab_sent();
		if (i % 10 == 0)
			lab_wait(1);
	}
	t4.src = targets[0];
	t4.dst.addr.s_addr = inet_addr(OTHER4);
	t4.dst.port = 7;
	s = session_find4(sessions(), L4_TCP, &t4);
	ck_assert_ptr_nonnull(s);
	ck_assert(s->inbound);
	ck_assert_uint_eq(sessions()->inbound.count, 50);
}
END_TEST

/* What peers still use is kept, however often newcomers knock. */
START_TEST(a_session_in_use_outlives_a_flood)
{
	uint64_t created;
	unsigned i;

	lab.conf.max_inbound = 64;
	open_targets(L4_UDP);
	lab_udp(OTHER4, 7, POOL4, targets[0].port);
	lab_sent();
	for (i = 0; i < 20; i++) {
		flood4_spoofed(30);
		lab_wait(1);
		created = lab_counter(NAT64_SESSIONS_CREATED);
		lab_udp(OTHER4, 7, POOL4, targets[0].port);
		lab_sent();
		ck_assert_uint_eq(lab_counter(NAT64_SESSIONS_CREATED),
		    created);
	}
}
END_TEST

/* A stored SYN that its host opens as well is the host's (TCP-06). */
START_TEST(a_simultaneous_open_is_paid_by_the_host)
{
	struct bib_entry *e;
	struct taddr4 out;

	lab.conf.adf[L4_TCP] = true;
	lab_start();
	out = lab_bind(L4_TCP, CLIENT6, 5000);
	lab_tcp(SERVER4_2, 7, text4(out.addr), out.port, SYN);
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	e = lab_binding(L4_TCP, CLIENT6, 5000);
	ck_assert_uint_eq(e->n_inbound, 1);
	ck_assert_uint_eq(e->sub->n_sessions, 1);
	lab_tcp(CLIENT6, 5000, SERVER6_2, 7, SYN);
	lab_sent();
	ck_assert_uint_eq(e->n_inbound, 0);
	ck_assert_uint_eq(e->n_sessions, 2);
	ck_assert_uint_eq(e->sub->n_sessions, 2);
	ck_assert_uint_eq(sessions()->inbound.count, 0);
}
END_TEST

/* --- what hosts of ours take --- */

/* The defaults of the daemon, and a pool of so many addresses. */
static void
start_defaults(const char *last)
{
	struct nat64_config c;

	nat64_config_init(&c);
	lab.conf.soft_pooling = c.soft_pooling;
	lab.conf.subscriber_len = c.subscriber_len;
	lab.conf.subscriber = c.subscriber;
	lab_set_pool(POOL4, last, 1024, 65535);
	lab_start();
}

/* A UDP flow of the n-th port of host number i of a prefix; true: it passed. */
static bool
try_flow(const char *prefix, unsigned i, unsigned n)
{
	char host[64];

	snprintf(host, sizeof(host), "%s%x", prefix, i + 1);
	lab_udp(host, (uint16_t)(1024 + n), SERVER6, PORT_SERVER);
	return (lab.verdict == NAT64_SENT);
}

/* Flows of one host until one is refused; how many passed. */
static unsigned
take_all(const char *prefix, unsigned i, unsigned most)
{
	unsigned n;

	for (n = 0; n < most && try_flow(prefix, i, n); n++)
		;
	return (n);
}

#define NPORTS (65535 - 1024 + 1)

/* Seen before: all through one address, and an end after 1,219 flows. */
START_TEST(sixty_hosts_of_a_school_use_the_whole_pool)
{
	unsigned i, n, used = 0;

	start_defaults("203.0.113.20"); /* sixteen */
	for (n = 0; n < 300; n++)
		for (i = 0; i < 60; i++)
			ck_assert(try_flow("2001:db8:5::", i, n));
	for (i = 0; i < 16; i++)
		used += pool4_n_free(nat64_pool(lab.n), L4_UDP, i) < NPORTS;
	ck_assert_uint_gt(used, 12);
}
END_TEST

START_TEST(one_host_leaves_half_to_others)
{
	const struct lab_event *ev;
	unsigned n, i;

	start_defaults(POOL4);
	n = take_all("2001:db8:5::", 0, NPORTS);
	ck_assert_uint_eq(n, NPORTS / 2 + 1);
	ck_assert_int_eq(lab.reason, NAT64_SUBSCRIBER_LIMIT);
	ev = lab_event(NAT64_EV_QUOTA);
	ck_assert_str_eq(ev->text,
	    "event=quota-exceeded natevent=13 "
	    "subtype=3 quota=subscriber limit=32255 "
	    "statement=\"fair-share\" subscriber=2001:db8:5::1/128 "
	    "addr6=2001:db8:5::1");
	/* The rest of a school or a home, in the same /64. */
	for (n = 0; n < 400; n++)
		for (i = 1; i < 60; i++)
			ck_assert(try_flow("2001:db8:5::", i, n));
}
END_TEST

/* Seen before: all 64,512 ports of an address gone in 4 s. */
START_TEST(a_customer_with_a_56_leaves_something_to_others)
{
	char prefix[32];
	unsigned i, n, sum = 0;

	start_defaults(POOL4);
	for (i = 0; i < 256; i++) {
		snprintf(prefix, sizeof(prefix), "2001:db8:5:%x::", i);
		sum += take_all(prefix, 0, 2048);
	}
	ck_assert_uint_ge(sum, NPORTS / 9 * 8);
	ck_assert_uint_le(sum, NPORTS / 9 * 8 + 10);
	ck_assert_int_eq(lab.reason, NAT64_SUBSCRIBER_LIMIT);
	for (i = 0; i < 50; i++)
		for (n = 0; n < 20; n++)
			ck_assert(try_flow("2001:db8:6:100::", i, n));
}
END_TEST

/* One host, as many addresses as it likes. */
START_TEST(a_host_with_many_addresses_leaves_something_to_others)
{
	unsigned i, n;

	start_defaults(POOL4);
	for (i = 0; i < 65000; i++)
		if (!try_flow("2001:db8:5::", i, 0))
			break;
	ck_assert_uint_lt(i, NPORTS / 9 * 8 + 10);
	for (n = 0; n < 1000; n++)
		ck_assert(try_flow("2001:db8:6:100::", 0, n));
}
END_TEST

/* The table of sessions, by flows of one binding and of many. */
START_TEST(one_host_leaves_half_of_the_sessions_to_others)
{
	unsigned n;

	lab.conf.max_sessions = 1000;
	start_defaults(POOL4);
	ck_assert_uint_eq(take_all("2001:db8:5::", 0, 2000), 500);
	for (n = 0; n < 200; n++)
		ck_assert(try_flow("2001:db8:5::", 1, n));
}
END_TEST

/* What has gone is given back: bindings, sessions, and static ones. */
START_TEST(shares_are_given_back)
{
	unsigned i, first;

	lab_add_static(L4_UDP, "2001:db8:5::1", 1024, POOL4, 1024);
	start_defaults(POOL4);
	first = take_all("2001:db8:5::", 0, NPORTS);
	for (i = 0; i < 3; i++) {
		lab_wait(1000);
		lab_wait(1000);
		ck_assert_uint_eq(lab_sessions(), 0);
		ck_assert_uint_eq(take_all("2001:db8:5::", 0, NPORTS), first);
	}
}
END_TEST

/* --- errors --- */

/* One byte too many for the other side: the sender is told so. */
static void
expect_too_big6(const char *src)
{
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 1452 };
	const struct flow f = { src, SERVER6, 7, 8 };

	lab_build(&s, &f);
	lab_send();
	lab_expect_error(NAT64_TOO_BIG, ICMP6_PACKET_TOO_BIG, 0);
}

static void
expect_too_big4(const char *src, uint16_t port)
{
	const struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.payload = 1472,
		.frag = 0x4000 };
	const struct flow f = { src, POOL4, 7, port };

	lab_build(&s, &f);
	lab_send();
	lab_expect_error(NAT64_TOO_BIG, ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG);
}

/* Until no more errors come: hop limits that end here, from many networks. */
static void
flood_expired(enum pkt_family family)
{
	const struct spec s = { .family = family,
		.proto = IPPROTO_UDP,
		.payload = 16,
		.ttl = 1 };
	struct flow f = { NULL, family == PKT_V6 ? SERVER6 : POOL4, 7, 9 };
	char src[64];
	unsigned i;

	for (i = 0; i < 2000; i++) {
		if (family == PKT_V6)
			snprintf(src, sizeof(src), "2001:db8:%x::1", i + 100);
		else
			snprintf(src, sizeof(src), "100.64.%u.1", i % 256);
		f.src = src;
		lab_build(&s, &f);
		lab_send();
	}
	ck_assert_int_eq(lab.verdict, NAT64_DROPPED);
}

START_TEST(too_big_is_told_whoever_runs_out_of_hops)
{
	struct taddr4 out;

	lab.conf.xlat.mtu4 = 1400;
	lab.conf.xlat.mtu6 = 1400;
	lab_set_pool(POOL4, POOL4, 1024, 65535);
	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 5000);
	flood_expired(PKT_V6);
	flood_expired(PKT_V4);
	expect_too_big6(CLIENT6);
	expect_too_big4(SERVER4, out.port);
}
END_TEST

/* A host that traces while another network drives errors. */
START_TEST(one_network_leaves_errors_to_others)
{
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 16,
		.ttl = 1 };
	struct flow f = { NULL, SERVER6, 7, 9 };
	char src[64];
	unsigned i;

	for (i = 0; i < 2000; i++) {
		snprintf(src, sizeof(src), "2001:db8:5:%x::%x", i % 256,
		    i / 256 + 1);
		f.src = src;
		lab_build(&s, &f);
		lab_send();
	}
	ck_assert_int_eq(lab.verdict, NAT64_DROPPED);
	f.src = CLIENT6;
	for (i = 0; i < 10; i++) {
		lab_build(&s, &f);
		lab_send();
		lab_expect_error(NAT64_TTL_EXPIRED, ICMP6_TIME_EXCEEDED,
		    ICMP6_TIME_EXCEED_TRANSIT);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		too_big_is_told_whoever_runs_out_of_hops,
		one_network_leaves_errors_to_others,
		sixty_hosts_of_a_school_use_the_whole_pool,
		one_host_leaves_half_to_others,
		a_customer_with_a_56_leaves_something_to_others,
		a_host_with_many_addresses_leaves_something_to_others,
		one_host_leaves_half_of_the_sessions_to_others,
		shares_are_given_back,
		syns_from_one_address_do_not_fill_a_subscribers_sessions,
		outsiders_do_not_hold_the_ports_of_the_pool,
		a_visited_server_does_not_fill_a_subscribers_sessions,
		inbound_sessions_stay_within_their_budget,
		one_address_leaves_half_of_the_budget_to_others,
		inbound_sessions_go_first_when_the_table_is_full,
		half_open_connections_go_before_established_ones,
		a_session_in_use_outlives_a_flood,
		a_simultaneous_open_is_paid_by_the_host,
	};

	return (lab_main("nat64_attacks", tests, NITEMS(tests)));
}
