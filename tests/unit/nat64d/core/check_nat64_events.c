/*
 * The events that the translator reports (tests/conformance/nat64.md, 9.3), as
 * the text of the log; and ports in quarantine after a restart.
 */
#include <netinet/icmp6.h>

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/nat64_lab.h"

#define NO_PORT(reason) \
	lab_expect_error((reason), ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR)

/* Shows: LOG-01 LOG-02 LOG-04 */
START_TEST(life_of_a_flow_is_told_from_outside_in_and_back)
{
	char up[4][EVENT_TEXT_SIZE];
	const char *texts[5] = { up[0], up[1], up[2], NULL };
	struct taddr4 out;

	lab_set_pool(POOL4, POOL4, 1024, 65535);
	lab_start();
	out = lab_bind(L4_UDP, CLIENT6, 4000);
	snprintf(up[0], sizeof(up[0]),
	    "event=address-bound natevent=14 "
	    "subscriber=2001:db8:1::/64 addr4=" POOL4);
	snprintf(up[1], sizeof(up[1]),
	    "event=binding-created natevent=10 "
	    "proto=udp addr6=" CLIENT6 " port6=4000 addr4=" POOL4 " port4=%u",
	    out.port);
	snprintf(up[2], sizeof(up[2]),
	    "event=session-created natevent=6 "
	    "proto=udp addr6=" CLIENT6 " port6=4000 addr4=" POOL4
	    " port4=%u peer6=2001:db8:64::c633:6414 peer4=" SERVER4
	    " peerport=%u",
	    out.port, PORT_SERVER);
	lab_expect_events(texts);

	/* Time takes them away in the other order. */
	lab_wait(300);
	snprintf(up[2], sizeof(up[2]),
	    "event=address-released natevent=15 "
	    "subscriber=2001:db8:1::/64 addr4=" POOL4);
	memcpy(up[1] + 14, "deleted natevent=11", 19);
	snprintf(up[0], sizeof(up[0]),
	    "event=session-deleted natevent=7 "
	    "proto=udp addr6=" CLIENT6 " port6=4000 addr4=" POOL4
	    " port4=%u peer6=2001:db8:64::c633:6414 peer4=" SERVER4
	    " peerport=%u",
	    out.port, PORT_SERVER);
	lab_expect_events(texts);
}
END_TEST

/* Shows: LOG-04 */
START_TEST(address_is_told_once_for_all_of_a_subscriber)
{
	lab_bind(L4_UDP, CLIENT6, 4000);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_CREATE), 1);
	lab_bind(L4_TCP, HOST_B, 4000);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_CREATE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_CREATE), 0);
	lab_bind(L4_ICMP, HOST_C, 4000);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_CREATE), 1);
	/* TCP and ICMP end first; UDP takes the address along. */
	lab_wait(250);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 2);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_DELETE), 1);
	lab_wait(60);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_DELETE), 1);
}
END_TEST

/* Shows: LOG-01 LOG-04 */
START_TEST(static_bindings_are_told_as_an_address_only)
{
	lab_add_static(L4_TCP, CLIENT6, 8080, POOL4, 80);
	lab_add_static(L4_TCP, CLIENT6, 8081, POOL4, 81);
	lab_start();
	lab_expect_event("event=address-bound natevent=14 "
			 "subscriber=2001:db8:1::/64 addr4=" POOL4);
	lab_bind(L4_UDP, HOST_B, 4000);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_CREATE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_CREATE), 0);
	lab_wait(300);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_DELETE), 0);
}
END_TEST

/* Shows: LOG-10 LOG-11 CGN-12 */
START_TEST(exhausted_pool_is_told_for_strangers_an_address_for_its_own)
{
	lab_set_pool(POOL4, POOL4, 5000, 5000);
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 4000);
	lab_udp(HOST_B, 4000, SERVER6, PORT_SERVER);
	NO_PORT(NAT64_POOL_EXHAUSTED);
	lab_expect_event("event=ports-exhausted natevent=12 addr4=" POOL4
			 " proto=udp statement=\"pool\"");
	lab_udp(HOST_C, 4000, SERVER6, PORT_SERVER);
	NO_PORT(NAT64_POOL_EXHAUSTED);
	lab_expect_event(
	    "event=pool-exhausted natevent=3 pool=default proto=udp "
	    "statement=\"pool\"");
}
END_TEST

static void
limit_sessions(void)
{
	lab.conf.max_sessions = 2;
}

static void
limit_bindings(void)
{
	lab.conf.max_bindings = 2;
}

static void
limit_ports(void)
{
	lab.conf.subscriber.ports = 2;
}

static void
limit_subscriber_sessions(void)
{
	lab.conf.subscriber.sessions = 2;
}

static void
limit_rate(void)
{
	lab.conf.subscriber.new_bindings = (struct bucket_rate){ 7, 2 };
}

#define WHO "subscriber=2001:db8:1::/64 addr6=" HOST_B

/* Shows: LOG-20 LIM-01 LIM-02 */
START_TEST(quota_is_told_with_its_limit)
{
	static const struct {
		void (*conf)(void);
		const char *text;
	} rows[] = {
		{ limit_sessions,
		    "subtype=1 quota=sessions limit=2 "
		    "statement=\"limit sessions\"" },
		{ limit_bindings,
		    "subtype=2 quota=bindings limit=2 "
		    "statement=\"limit bindings\"" },
		{ limit_ports,
		    "subtype=3 quota=subscriber limit=2 "
		    "statement=\"limit subscriber ports\" " WHO },
		{ limit_subscriber_sessions,
		    "subtype=3 quota=subscriber limit=2 "
		    "statement=\"limit subscriber sessions\" " WHO },
		{ limit_rate,
		    "subtype=3 quota=subscriber limit=7 "
		    "statement=\"limit subscriber new-bindings\" " WHO },
	};
	char text[EVENT_TEXT_SIZE];
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		lab_teardown();
		lab_setup();
		rows[i].conf();
		lab_start();
		lab_bind(L4_UDP, CLIENT6, 1);
		lab_bind(L4_UDP, CLIENT6, 2);
		lab_udp(HOST_B, 3, SERVER6, PORT_SERVER);
		snprintf(text, sizeof(text),
		    "event=quota-exceeded natevent=13 %s", rows[i].text);
		lab_expect_event(text);
	}
}
END_TEST

/* Shows: LOG-20 LIM-01 */
START_TEST(sessions_of_one_binding_are_a_quota_of_its_subscriber)
{
	lab.conf.max_sessions_per_binding = 1;
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 1);
	lab_udp(CLIENT6, 1, SERVER6_2, PORT_SERVER);
	lab_expect_event(
	    "event=quota-exceeded natevent=13 subtype=3 "
	    "quota=subscriber limit=1 statement=\"limit binding-sessions\" "
	    "subscriber=2001:db8:1::/64 addr6=" CLIENT6);
}
END_TEST

/* Shows: LOG-20 FRG-41 */
START_TEST(fragments_that_find_no_room_are_told_of_their_sender)
{
	const struct spec udp6 = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 64 };
	const struct flow out = { CLIENT6, SERVER6, 4000, 53 };
	struct pkt whole;

	lab.conf.frag.max_datagrams = 0;
	lab_start();
	lab_build(&udp6, &out);
	whole = lab_copy(&lab.in);
	lab_build_fragment(&whole, 1, 0, 32, true);
	lab_send();
	lab_expect_event(
	    "event=quota-exceeded natevent=13 subtype=5 "
	    "quota=fragments limit=0 statement=\"limit fragments\" "
	    "addr6=" CLIENT6);
}
END_TEST

static void
send_martian6(void)
{
	lab_udp("::1", 4000, SERVER6, 53);
}

static void
send_martian4(void)
{
	lab_udp("127.0.0.1", 53, POOL4, 2000);
}

static void
send_to_loopback(void)
{
	lab_tcp(CLIENT6, 4000, PREF64 "127.0.0.1", 80, PKT_TH_SYN);
}

static void
send_without_cksum(void)
{
	const struct spec udp6 = { .family = PKT_V6, .proto = IPPROTO_UDP };
	const struct flow out = { CLIENT6, SERVER6, 4000, 53 };

	lab_build(&udp6, &out);
	put16(lab.in.data + PKT_IP6_HLEN + PKT_UDP_CKSUM, 0);
	lab_send();
}

/* A Fragment Header before another extension header (XLT-35). */
static void
send_headers(void)
{
	static const uint8_t chain[] = { IPPROTO_DSTOPTS, 0, 0, 1, 0, 0, 0, 1,
		IPPROTO_UDP, 0, 1, 4, 0, 0, 0, 0 };
	const struct spec udp6 = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.next = IPPROTO_FRAGMENT,
		.ext = chain,
		.extlen = sizeof(chain) };
	const struct flow out = { CLIENT6, SERVER6, 4000, 53 };

	lab_build(&udp6, &out);
	lab_send();
}

/* Shows: LOG-30 XLT-35 ADR-22 FLT-05 FLT-07 CSM-11 */
START_TEST(packets_that_an_rfc_wants_logged_are_told)
{
	static const struct {
		void (*send)(void);
		const char *text;
	} rows[] = {
		{ send_martian6,
		    "reason=martian-ipv6-source proto=17 "
		    "src=::1 dst=2001:db8:64::c633:6414 sport=4000 "
		    "dport=53" },
		{ send_martian4,
		    "reason=martian-ipv4 proto=17 "
		    "src=127.0.0.1 dst=" POOL4 " sport=53 dport=2000" },
		{ send_to_loopback,
		    "reason=martian-ipv4 proto=6 src=" CLIENT6
		    " dst=2001:db8:64::7f00:1 sport=4000 dport=80" },
		{ send_without_cksum,
		    "reason=udp6-zero-checksum proto=17 "
		    "src=" CLIENT6 " dst=2001:db8:64::c633:6414 sport=4000 "
		    "dport=53" },
		{ send_headers,
		    "reason=bad-extension-headers proto=60 "
		    "src=" CLIENT6 " dst=2001:db8:64::c633:6414" },
	};
	char text[EVENT_TEXT_SIZE];
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		rows[i].send();
		snprintf(text, sizeof(text), "event=packet-dropped %s",
		    rows[i].text);
		lab_expect_event(text);
	}
}
END_TEST

/* Shows: FLT-06 LOG-30 */
START_TEST(what_the_kernel_sends_into_every_device_is_not_told)
{
	lab_udp("fe80::1", 1, "ff02::16", 2);
	ck_assert_int_eq(lab.reason, NAT64_MULTICAST6);
	ck_assert_uint_eq(lab.n_events, 0);
	lab_udp("::", 1, "ff02::2", 2);
	ck_assert_int_eq(lab.reason, NAT64_MULTICAST6);
	ck_assert_uint_eq(lab.n_events, 0);
}
END_TEST

/* Shows: CGN-09 */
START_TEST(after_a_restart_ports_may_rest_but_those_of_static_bindings)
{
	lab.conf.restart_quarantine_secs = 120;
	lab_add_static(L4_TCP, CLIENT6, 8080, POOL4, 80);
	lab_start();
	lab_tcp(CLIENT6, 4000, SERVER6, 80, PKT_TH_SYN);
	NO_PORT(NAT64_POOL_EXHAUSTED);
	lab_tcp(CLIENT6, 8080, SERVER6, 80, PKT_TH_SYN);
	lab_sent();
	lab_tcp(SERVER4, 5000, POOL4, 80, PKT_TH_SYN);
	lab_sent();
	lab_wait(119);
	lab_udp(HOST_C, 4000, SERVER6, 53);
	NO_PORT(NAT64_POOL_EXHAUSTED);
	lab_wait(1);
	lab_bind(L4_UDP, HOST_C, 4000);
	lab_bind(L4_TCP, CLIENT6, 4000);
}
END_TEST

/* Shows: CGN-09 */
START_TEST(after_a_restart_ports_are_free_unless_told_otherwise)
{
	ck_assert_uint_eq(lab.conf.restart_quarantine_secs, 0);
	lab_bind(L4_UDP, CLIENT6, 4000);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		life_of_a_flow_is_told_from_outside_in_and_back,
		address_is_told_once_for_all_of_a_subscriber,
		static_bindings_are_told_as_an_address_only,
		exhausted_pool_is_told_for_strangers_an_address_for_its_own,
		quota_is_told_with_its_limit,
		sessions_of_one_binding_are_a_quota_of_its_subscriber,
		fragments_that_find_no_room_are_told_of_their_sender,
		packets_that_an_rfc_wants_logged_are_told,
		what_the_kernel_sends_into_every_device_is_not_told,
		after_a_restart_ports_may_rest_but_those_of_static_bindings,
		after_a_restart_ports_are_free_unless_told_otherwise,
	};

	return (lab_main("nat64_events", tests, NITEMS(tests)));
}
