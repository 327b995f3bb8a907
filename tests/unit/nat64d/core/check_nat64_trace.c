/*
 * The events for debugging (nat64_sink.trace), as the lines of the log.
 */
#include <netinet/icmp6.h>

#include <check.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/nat64_lab.h"

#define FROM_CLIENT                                            \
	"proto=17 src=" CLIENT6 " dst=2001:db8:64::c633:6414 " \
	"sport=4000 dport=2222"

static void
start(void)
{
	lab.trace = true;
	lab_start();
}

START_TEST(drop_is_told_with_reason_addresses_and_ports)
{
	start();
	lab_udp(SERVER4, 53, POOL4, 40000);
	lab_expect_event(
	    "event=packet-dropped reason=no-binding proto=17 src=" SERVER4
	    " dst=" POOL4 " sport=53 dport=40000");
	lab_ping(SERVER4, POOL4, 77);
	lab_expect_event(
	    "event=packet-dropped reason=no-binding proto=1 src=" SERVER4
	    " dst=" POOL4 " type=8 code=0");
	lab_udp("fe80::1", 1, "ff02::16", 2);
	lab_expect_event(
	    "event=packet-dropped reason=multicast-or-link-local-ipv6 "
	    "proto=17 src=fe80::1 dst=ff02::16 sport=1 dport=2");
}
END_TEST

START_TEST(packet_that_is_translated_is_told_by_its_session_only)
{
	start();
	lab_bind(L4_UDP, CLIENT6, 4000);
	ck_assert_uint_eq(lab.n_events, 3);
	lab_udp(CLIENT6, 4000, SERVER6, PORT_SERVER);
	ck_assert_uint_eq(lab.n_events, 0);
}
END_TEST

START_TEST(nobody_is_told_who_does_not_ask)
{
	lab_udp(SERVER4, 53, POOL4, 40000);
	lab_expect_drop(NAT64_NO_BINDING);
	ck_assert_uint_eq(lab.n_events, 0);
}
END_TEST

/* Build a packet from the client whose hop limit is used up. */
static void
build_dying(void)
{
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.ttl = 1 };
	const struct flow f = { CLIENT6, SERVER6, 4000, 2222 };

	lab_build(&s, &f);
}

START_TEST(error_is_told_with_its_addressee_and_why)
{
	const char *const texts[] = {
		"event=icmp-sent icmp-type=3 icmp-code=0 to=" CLIENT6
		" reason=ttl-expired " FROM_CLIENT,
		"event=packet-dropped reason=ttl-expired " FROM_CLIENT, NULL
	};

	start();
	build_dying();
	lab_send();
	lab_expect_events(texts);
}
END_TEST

START_TEST(error_that_the_rate_forbids_is_told)
{
	const char *const texts[] = { "event=icmp-limited to=" CLIENT6
				      " reason=ttl-expired " FROM_CLIENT,
		"event=packet-dropped reason=ttl-expired " FROM_CLIENT, NULL };

	lab.conf.errors_dest = (struct bucket_rate){ 1, 1 };
	start();
	build_dying();
	lab_send();
	build_dying();
	lab_send();
	lab_expect_events(texts);
}
END_TEST

START_TEST(error_from_ipv4_is_told)
{
	const char *const texts[] = {
		"event=icmp-sent icmp-type=3 icmp-code=3 to=" SERVER4
		" reason=no-binding proto=17 src=" SERVER4 " dst=" POOL4
		" sport=53 dport=40000",
		"event=packet-dropped reason=no-binding proto=17 src=" SERVER4
		" dst=" POOL4 " sport=53 dport=40000",
		NULL
	};

	lab.conf.unbound_errors = true;
	start();
	lab_udp(SERVER4, 53, POOL4, 40000);
	lab_expect_events(texts);
}
END_TEST

START_TEST(reset_is_told)
{
	const char *const texts[] = { "event=rst-sent to=" CLIENT6
				      " reason=no-session proto=6 "
				      "src=" CLIENT6
				      " dst=2001:db8:64::c633:6414 sport=4000 "
				      "dport=80",
		"event=packet-dropped reason=no-session proto=6 "
		"src=" CLIENT6 " dst=2001:db8:64::c633:6414 sport=4000 "
		"dport=80",
		NULL };

	lab.conf.reset_unknown_tcp = true;
	start();
	lab_tcp(CLIENT6, 4000, SERVER6, 80, PKT_TH_ACK);
	lab_expect_events(texts);
}
END_TEST

/* RFC 6146, 3.5.2.2: six seconds later, by a timer. */
START_TEST(answer_to_a_stored_syn_is_told_with_its_own_reason)
{
	struct taddr4 out;
	char text[EVENT_TEXT_SIZE];

	lab.conf.adf[L4_TCP] = true;
	start();
	out = lab_bind(L4_TCP, CLIENT6, 4000);
	lab_tcp(SERVER4_2, 5000, text4(out.addr), out.port, PKT_TH_SYN);
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	lab_udp(SERVER4, 53, POOL4, 40000); /* another reason meanwhile */
	lab_wait(6);
	snprintf(text, sizeof(text),
	    "event=icmp-sent icmp-type=3 "
	    "icmp-code=3 to=" SERVER4_2
	    " reason=syn-stored proto=6 src=" SERVER4_2
	    " dst=%s sport=5000 dport=%u",
	    text4(out.addr), out.port);
	ck_assert_uint_ge(lab_count_events(NAT64_EV_ERROR_SENT), 1);
	ck_assert_str_eq(lab_event(NAT64_EV_ERROR_SENT)->text, text);
}
END_TEST

START_TEST(refused_binding_is_told_with_its_limit_and_its_packet)
{
	const char *const texts[] = {
		"event=ports-exhausted natevent=12 addr4=" POOL4
		" proto=udp statement=\"pool\"",
		"event=icmp-sent icmp-type=1 icmp-code=3 to=" HOST_B
		" reason=pool-exhausted proto=17 src=" HOST_B
		" dst=2001:db8:64::c633:6414 sport=4000 dport=2222",
		"event=packet-dropped reason=pool-exhausted proto=17 "
		"src=" HOST_B
		" dst=2001:db8:64::c633:6414 sport=4000 dport=2222",
		NULL
	};

	lab_set_pool(POOL4, POOL4, 5000, 5000);
	start();
	lab_bind(L4_UDP, CLIENT6, 4000);
	lab_udp(HOST_B, 4000, SERVER6, 2222);
	lab_expect_events(texts);
}
END_TEST

/* Send [off, off + len) of the payload; ecn: of its traffic class. */
static void
send_piece(const struct pkt *whole, size_t off, size_t len, uint8_t ecn)
{
	lab_build_fragment(whole, 0xabcd1234U, off, len,
	    off + len < pkt_l4len(whole));
	lab.in.data[1] |= (uint8_t)(ecn << 4);
	lab_send();
}

#define PIECE(why, proto)                                           \
	"event=packet-dropped reason=fragment-" why " proto=" proto \
	" src=" CLIENT6 " dst=2001:db8:64::c633:6414"

static struct pkt
build_whole(uint8_t proto)
{
	const struct spec s = { .family = PKT_V6,
		.proto = proto,
		.echo_type = ICMP6_ECHO_REQUEST,
		.payload = 400 };
	const struct flow f = { CLIENT6, SERVER6, 4000, 2222 };

	lab_build(&s, &f);
	return (lab_copy(&lab.in));
}

START_TEST(fragments_whose_time_is_over_are_told)
{
	const char *const texts[] = { PIECE("timeout", "17"),
		PIECE("timeout", "17"), NULL };
	struct pkt whole;

	start();
	whole = build_whole(IPPROTO_UDP);
	send_piece(&whole, 200, 208, 0);
	send_piece(&whole, 104, 96, 0);
	ck_assert_uint_eq(lab.n_events, 0);
	lab_wait(6);
	ck_assert_uint_eq(lab_drops(NAT64_FRAG_TIMEOUT), 2);
	lab_expect_events(texts);
}
END_TEST

START_TEST(fragments_that_are_dropped_with_another_one_are_told)
{
	const char *const overlap[] = { PIECE("overlap", "17"),
		PIECE("overlap", "17"), NULL };
	const char *const ecn[] = { PIECE("ecn", "58") " type=128 code=0",
		PIECE("ecn", "58"), NULL };
	struct pkt whole;

	start();
	whole = build_whole(IPPROTO_UDP);
	send_piece(&whole, 200, 208, 0);
	send_piece(&whole, 104, 104, 0);
	lab_expect_events(overlap);
	lab_wait(6);
	ck_assert_uint_eq(lab.n_events, 0);
	whole = build_whole(IPPROTO_ICMPV6);
	send_piece(&whole, 0, 104, 3);
	ck_assert_uint_eq(lab.n_events, 0);
	send_piece(&whole, 104, pkt_l4len(&whole) - 104, 0);
	lab_expect_events(ecn);
}
END_TEST

START_TEST(fragments_that_are_sent_are_not_told)
{
	struct pkt whole;

	start();
	whole = build_whole(IPPROTO_ICMPV6);
	send_piece(&whole, 104, pkt_l4len(&whole) - 104, 0);
	send_piece(&whole, 0, 104, 0);
	lab_sent();
	ck_assert_uint_eq(lab_count_events(NAT64_EV_PACKET_DROPPED), 0);
	send_piece(&whole, 104, 104, 0);
	nat64_flush_begin(lab.n);
	nat64_flush(lab.n, lab.now, UINT_MAX);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_PACKET_DROPPED), 0);
}
END_TEST

/* Whatever is wrong with a packet, only its own bytes are looked at. */
START_TEST(packet_that_cannot_be_parsed_is_told_as_far_as_it_goes)
{
	static uint8_t zeros[40];
	struct pkt p;

	start();
	build_dying();
	lab.in.data[5]++; /* longer than it is */
	lab_send();
	lab_expect_event(
	    "event=packet-dropped reason=bad-length proto=17 src=" CLIENT6
	    " dst=2001:db8:64::c633:6414");
	build_dying();
	lab.in.len = 39;
	lab_send();
	lab_expect_event("event=packet-dropped reason=bad-length proto=0");
	p = (struct pkt){ .data = zeros, .len = sizeof(zeros) };
	lab_resend(&p);
	lab_expect_event("event=packet-dropped reason=bad-version proto=0");
	p.len = 0;
	lab_resend(&p);
	lab_expect_event("event=packet-dropped reason=bad-length proto=0");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		drop_is_told_with_reason_addresses_and_ports,
		packet_that_is_translated_is_told_by_its_session_only,
		nobody_is_told_who_does_not_ask,
		error_is_told_with_its_addressee_and_why,
		error_that_the_rate_forbids_is_told,
		error_from_ipv4_is_told,
		reset_is_told,
		answer_to_a_stored_syn_is_told_with_its_own_reason,
		refused_binding_is_told_with_its_limit_and_its_packet,
		fragments_whose_time_is_over_are_told,
		fragments_that_are_dropped_with_another_one_are_told,
		fragments_that_are_sent_are_not_told,
		packet_that_cannot_be_parsed_is_told_as_far_as_it_goes,
	};

	return (lab_main("nat64_trace", tests, NITEMS(tests)));
}
