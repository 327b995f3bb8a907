/*
 * Tests of event_text.c: the line of each event as documented in nat64d(8), and
 * the conversion of time to a date.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "nat64d/core/event_text.h"

#include "tests/unit/suite.h"

#define MS_OF_DAY INT64_C(86400000)

static struct taddr6 host;
static struct taddr4 out4;
static struct session session;
static struct in6_addr peer6;
static struct pkt packet;

static void
setup(void)
{
	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8:1::10", &host.addr), 1);
	host.port = 4000;
	out4.addr.s_addr = inet_addr("203.0.113.5");
	out4.port = 40123;
	memset(&session, 0, sizeof(session));
	session.proto = L4_UDP;
	ck_assert_int_eq(inet_pton(AF_INET6, "64:ff9b::c633:6414", &peer6), 1);
	session.peer.addr.s_addr = inet_addr("198.51.100.20");
	session.peer.port = 53;
	memset(&packet, 0, sizeof(packet));
}

static void
expect(const struct nat64_event *ev, bool destination, const char *text)
{
	char buf[EVENT_TEXT_SIZE];
	size_t len;

	len = event_text(ev, destination, buf);
	ck_assert_str_eq(buf, text);
	ck_assert_uint_eq(len, strlen(text));
}

static struct nat64_event
event_of(enum nat64_event_type type, enum l4proto proto)
{
	return ((struct nat64_event){ .type = type,
	    .proto = proto,
	    .in6 = &host,
	    .out4 = &out4,
	    .session = &session,
	    .peer6 = peer6 });
}

/* Shows: LOG-01 LOG-40 */
START_TEST(binding_is_protocol_and_both_transport_addresses)
{
	struct nat64_event ev;

	ev = event_of(NAT64_EV_BIB_CREATE, L4_UDP);
	expect(&ev, false,
	    "event=binding-created natevent=10 proto=udp "
	    "addr6=2001:db8:1::10 port6=4000 addr4=203.0.113.5 port4=40123");
	ev = event_of(NAT64_EV_BIB_DELETE, L4_TCP);
	expect(&ev, true,
	    "event=binding-deleted natevent=11 proto=tcp "
	    "addr6=2001:db8:1::10 port6=4000 addr4=203.0.113.5 port4=40123");
	ev = event_of(NAT64_EV_BIB_CREATE, L4_ICMP);
	expect(&ev, false,
	    "event=binding-created natevent=10 proto=icmp "
	    "addr6=2001:db8:1::10 port6=4000 addr4=203.0.113.5 port4=40123");
}
END_TEST

/* Shows: LOG-02 CGN-13 */
START_TEST(session_has_its_peer_only_when_asked_for)
{
	struct nat64_event ev;

	ev = event_of(NAT64_EV_SESSION_CREATE, L4_UDP);
	expect(&ev, false,
	    "event=session-created natevent=6 proto=udp "
	    "addr6=2001:db8:1::10 port6=4000 addr4=203.0.113.5 port4=40123");
	expect(&ev, true,
	    "event=session-created natevent=6 proto=udp "
	    "addr6=2001:db8:1::10 port6=4000 addr4=203.0.113.5 port4=40123 "
	    "peer6=64:ff9b::c633:6414 peer4=198.51.100.20 peerport=53");
	ev = event_of(NAT64_EV_SESSION_DELETE, L4_UDP);
	expect(&ev, false,
	    "event=session-deleted natevent=7 proto=udp "
	    "addr6=2001:db8:1::10 port6=4000 addr4=203.0.113.5 port4=40123");
}
END_TEST

/* Shows: LOG-02 */
START_TEST(peer_of_an_icmp_session_has_no_port)
{
	struct nat64_event ev;

	session.proto = L4_ICMP;
	session.peer.port = 0;
	ev = event_of(NAT64_EV_SESSION_DELETE, L4_ICMP);
	expect(&ev, true,
	    "event=session-deleted natevent=7 proto=icmp "
	    "addr6=2001:db8:1::10 port6=4000 addr4=203.0.113.5 port4=40123 "
	    "peer6=64:ff9b::c633:6414 peer4=198.51.100.20");
}
END_TEST

/* Shows: LOG-04 */
START_TEST(address_binding_is_subscriber_and_pool_address)
{
	struct nat64_event ev = { .type = NAT64_EV_ADDRESS_CREATE,
		.in6 = &host,
		.out4 = &out4,
		.subscriber_len = 64 };

	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8:1::", &host.addr), 1);
	expect(&ev, false,
	    "event=address-bound natevent=14 "
	    "subscriber=2001:db8:1::/64 addr4=203.0.113.5");
	ev.type = NAT64_EV_ADDRESS_DELETE;
	ev.subscriber_len = 56;
	expect(&ev, false,
	    "event=address-released natevent=15 "
	    "subscriber=2001:db8:1::/56 addr4=203.0.113.5");
}
END_TEST

START_TEST(block_is_subscriber_and_ports_of_a_pool_address)
{
	struct nat64_event ev = { .type = NAT64_EV_BLOCK_ALLOCATE,
		.in6 = &host,
		.out4 = &out4,
		.ports = { 40192, 40447 },
		.subscriber_len = 56 };

	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8:1::", &host.addr), 1);
	expect(&ev, false,
	    "event=block-allocated natevent=16 subscriber=2001:db8:1::/56 "
	    "addr4=203.0.113.5 firstport4=40192 lastport4=40447");
	ev.type = NAT64_EV_BLOCK_RELEASE;
	expect(&ev, false,
	    "event=block-released natevent=17 subscriber=2001:db8:1::/56 "
	    "addr4=203.0.113.5 firstport4=40192 lastport4=40447");
}
END_TEST

/* Shows: LOG-10 LOG-11 */
START_TEST(exhaustion_is_of_the_pool_or_of_one_address)
{
	struct nat64_event ev = { .type = NAT64_EV_POOL_EXHAUSTED,
		.proto = L4_UDP,
		.in6 = &host };

	expect(&ev, false,
	    "event=pool-exhausted natevent=3 pool=default proto=udp "
	    "statement=\"pool\"");
	ev.out4 = &out4;
	expect(&ev, false,
	    "event=ports-exhausted natevent=12 addr4=203.0.113.5 proto=udp "
	    "statement=\"pool\"");
}
END_TEST

/* Shows: LOG-20 FRG-41 */
START_TEST(quota_is_subtype_limit_and_whose_it_is)
{
	static const struct in_addr peer = { .s_addr = 0 };
	static const struct {
		enum nat64_quota quota;
		const struct taddr6 *in6;
		const struct in_addr *peer4;
		const char *text;
	} rows[] = {
		{ NAT64_QUOTA_SESSIONS, &host, NULL,
		    "subtype=1 quota=sessions limit=2048" },
		{ NAT64_QUOTA_BINDINGS, &host, NULL,
		    "subtype=2 quota=bindings limit=2048" },
		{ NAT64_QUOTA_SUBSCRIBER, &host, NULL,
		    "subtype=3 quota=subscriber limit=2048 "
		    "addr6=2001:db8:1::10" },
		{ NAT64_QUOTA_SUBSCRIBERS, &host, NULL,
		    "subtype=4 quota=subscribers limit=2048" },
		{ NAT64_QUOTA_FRAGMENTS, &host, NULL,
		    "subtype=5 quota=fragments limit=2048 "
		    "addr6=2001:db8:1::10" },
		{ NAT64_QUOTA_FRAGMENTS, NULL, &peer,
		    "subtype=5 quota=fragments limit=2048 peer4=0.0.0.0" },
	};
	struct nat64_event ev = { .type = NAT64_EV_QUOTA, .limit = 2048 };
	char text[EVENT_TEXT_SIZE];

	ev.quota = rows[_i].quota;
	ev.in6 = rows[_i].in6;
	ev.peer4 = rows[_i].peer4;
	event_text(&ev, true, text);
	ck_assert_int_eq(strncmp(text, "event=quota-exceeded natevent=13 ",
			     33),
	    0);
	ck_assert_str_eq(text + 33, rows[_i].text);
}
END_TEST
#define NQUOTA_ROWS 6

/* Shows: LOG-30 */
START_TEST(dropped_packet_is_reason_addresses_and_ports)
{
	struct nat64_event ev = { .type = NAT64_EV_PACKET_DROPPED,
		.reason = NAT64_UDP_ZERO_CKSUM,
		.pkt = &packet,
		.pkt_ports = true };

	packet.family = PKT_V6;
	packet.proto = IPPROTO_UDP;
	packet.ip6.src = host.addr;
	packet.ip6.dst = peer6;
	packet.sport = 4000;
	packet.dport = 53;
	expect(&ev, false,
	    "event=packet-dropped reason=udp6-zero-checksum "
	    "proto=17 src=2001:db8:1::10 dst=64:ff9b::c633:6414 sport=4000 "
	    "dport=53");
	packet.family = PKT_V4;
	packet.proto = IPPROTO_ICMP;
	packet.ip4.src.s_addr = inet_addr("127.0.0.1");
	packet.ip4.dst = out4.addr;
	ev.reason = NAT64_MARTIAN4;
	ev.pkt_ports = false;
	expect(&ev, false,
	    "event=packet-dropped reason=martian-ipv4 proto=1 "
	    "src=127.0.0.1 dst=203.0.113.5");
}
END_TEST

START_TEST(longest_event_fits)
{
	struct nat64_event ev;
	char text[EVENT_TEXT_SIZE];

	memset(&host.addr, 0xfe, sizeof(host.addr));
	memset(&peer6, 0xfe, sizeof(peer6));
	out4.addr.s_addr = session.peer.addr.s_addr = 0xfefefefe;
	host.port = out4.port = session.peer.port = 65535;
	session.proto = L4_TCP;
	ev = event_of(NAT64_EV_SESSION_CREATE, L4_TCP);
	ck_assert_uint_lt(event_text(&ev, true, text), sizeof(text) - 1);
	ck_assert_ptr_nonnull(strstr(text, " peerport=65535"));
}
END_TEST

/* Shows: LOG-01 */
START_TEST(kinds_are_those_of_the_configuration)
{
	static const enum event_kind kinds[] = {
		[NAT64_EV_BIB_CREATE] = EVENT_BINDINGS,
		[NAT64_EV_BIB_DELETE] = EVENT_BINDINGS,
		[NAT64_EV_SESSION_CREATE] = EVENT_SESSIONS,
		[NAT64_EV_SESSION_DELETE] = EVENT_SESSIONS,
		[NAT64_EV_ADDRESS_CREATE] = EVENT_ADDRESSES,
		[NAT64_EV_ADDRESS_DELETE] = EVENT_ADDRESSES,
		[NAT64_EV_BLOCK_ALLOCATE] = EVENT_BLOCKS,
		[NAT64_EV_BLOCK_RELEASE] = EVENT_BLOCKS,
		[NAT64_EV_THRESHOLD] = EVENT_TROUBLE,
		[NAT64_EV_THRESHOLD_LEFT] = EVENT_TROUBLE,
		[NAT64_EV_POOL_EXHAUSTED] = EVENT_TROUBLE,
		[NAT64_EV_QUOTA] = EVENT_TROUBLE,
		[NAT64_EV_PACKET_DROPPED] = EVENT_TROUBLE,
		[NAT64_EV_ERROR_SENT] = EVENT_TRACE,
		[NAT64_EV_ERROR_LIMITED] = EVENT_TRACE,
		[NAT64_EV_RESET_SENT] = EVENT_TRACE,
	};
	struct nat64_event ev = { .type = NAT64_EV_BIB_CREATE };
	unsigned i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		ev.type = (enum nat64_event_type)i;
		ck_assert_int_eq(event_kind(&ev), kinds[i]);
	}
}
END_TEST

START_TEST(causes_are_told_apart)
{
	static const struct nat64_event evs[] = {
		{ .type = NAT64_EV_POOL_EXHAUSTED },
		{ .type = NAT64_EV_POOL_EXHAUSTED, .out4 = &out4 },
		{ .type = NAT64_EV_THRESHOLD },
		{ .type = NAT64_EV_THRESHOLD, .in6 = &host },
		{ .type = NAT64_EV_THRESHOLD_LEFT },
		{ .type = NAT64_EV_THRESHOLD_LEFT, .in6 = &host },
		{ .type = NAT64_EV_QUOTA, .quota = NAT64_QUOTA_SESSIONS },
		{ .type = NAT64_EV_QUOTA, .quota = NAT64_QUOTA_FRAGMENTS },
		{ .type = NAT64_EV_PACKET_DROPPED,
		    .reason = NAT64_BAD_VERSION },
		{ .type = NAT64_EV_PACKET_DROPPED,
		    .reason = (enum nat64_reason)(NAT64_NREASONS - 1) },
	};
	const unsigned n = sizeof(evs) / sizeof(evs[0]);
	unsigned i, j;

	for (i = 0; i < n; i++) {
		ck_assert_uint_lt(event_cause(&evs[i]), EVENT_NCAUSES);
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(event_cause(&evs[i]),
			    event_cause(&evs[j]));
	}
}
END_TEST

/* Shows: LOG-01 LOG-40 */
START_TEST(time_is_utc_with_milliseconds)
{
	static const struct {
		int64_t unix_ms;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.001Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ 951782399999, "2000-02-28T23:59:59.999Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 951868800000, "2000-03-01T00:00:00.000Z" },
		{ 1709251199000, "2024-02-29T23:59:59.000Z" },
		{ 1795445405123, "2026-11-23T14:50:05.123Z" },
		{ 4107542400000, "2100-03-01T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	};
	char buf[EVENT_TIME_SIZE];

	ck_assert_uint_eq(event_time(rows[_i].unix_ms, buf), 29);
	ck_assert_int_eq(strncmp(buf, "time=", 5), 0);
	ck_assert_str_eq(buf + 5, rows[_i].text);
}
END_TEST
#define NTIME_ROWS 10

START_TEST(calendar_goes_on_day_by_day)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };
	char buf[EVENT_TIME_SIZE], want[EVENT_TIME_SIZE];
	unsigned year, month, day, n;
	int64_t ms = 0;

	for (year = 1970; year <= 2400; year++) {
		for (month = 1; month <= 12; month++) {
			n = days[month - 1];
			if (month == 2 && year % 4 == 0 &&
			    (year % 100 != 0 || year % 400 == 0))
				n = 29;
			for (day = 1; day <= n; day++, ms += MS_OF_DAY) {
				snprintf(want, sizeof(want),
				    "time=%u-%02u-%02uT00:00:00.000Z", year,
				    month, day);
				event_time(ms, buf);
				ck_assert_str_eq(buf, want);
			}
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("event_text");
	TCase *tc = tcase_create("event_text");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, binding_is_protocol_and_both_transport_addresses);
	tcase_add_test(tc, session_has_its_peer_only_when_asked_for);
	tcase_add_test(tc, peer_of_an_icmp_session_has_no_port);
	tcase_add_test(tc, address_binding_is_subscriber_and_pool_address);
	tcase_add_test(tc, block_is_subscriber_and_ports_of_a_pool_address);
	tcase_add_test(tc, exhaustion_is_of_the_pool_or_of_one_address);
	tcase_add_loop_test(tc, quota_is_subtype_limit_and_whose_it_is, 0,
	    NQUOTA_ROWS);
	tcase_add_test(tc, dropped_packet_is_reason_addresses_and_ports);
	tcase_add_test(tc, longest_event_fits);
	tcase_add_test(tc, kinds_are_those_of_the_configuration);
	tcase_add_test(tc, causes_are_told_apart);
	tcase_add_loop_test(tc, time_is_utc_with_milliseconds, 0, NTIME_ROWS);
	tcase_add_test(tc, calendar_goes_on_day_by_day);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
