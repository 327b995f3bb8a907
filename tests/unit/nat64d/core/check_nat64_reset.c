/*
 * TCP segments from IPv6 without a session, as after a restart: dropped, or
 * answered with an RST (RFC 9293, 3.10.7.1).
 */
#include <netinet/icmp6.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/unit/nat64_lab.h"

#define SYN PKT_TH_SYN
#define ACK PKT_TH_ACK
#define FIN PKT_TH_FIN
#define RST PKT_TH_RST
#define PSH PKT_TH_PSH

/* What build() writes into every TCP header. */
#define SEG_SEQ 0x11223344U
#define SEG_ACK 0x55667788U

static const struct flow out = { CLIENT6, SERVER6, PORT6, PORT_SERVER };

static void
start(bool reset)
{
	lab.conf.reset_unknown_tcp = reset;
	lab_start();
}

static void
build_segment(uint8_t flags, size_t payload)
{
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_TCP,
		.tos = 0x2a | 0x01,
		.tcp_flags = flags,
		.payload = payload };

	lab_build(&s, &out);
}

/* The one packet that came out is this RST, from the server's address. */
static void
expect_reset(uint32_t seq, uint32_t ack, uint8_t flags)
{
	const struct pkt *p = &lab.out[0];
	const uint8_t *tcp;

	ck_assert_int_eq(lab.verdict, NAT64_REPLIED);
	ck_assert_int_eq(lab.reason, NAT64_NO_SESSION);
	ck_assert_uint_eq(lab.n_out, 1);
	lab_expect_flow(p, SERVER6, PORT_SERVER, CLIENT6, PORT6);
	ck_assert_uint_eq(p->len, 60);
	ck_assert_uint_eq(p->ttl, 64);
	tcp = pkt_l4(p);
	ck_assert_uint_eq(get32(tcp + 4), seq);
	ck_assert_uint_eq(get32(tcp + 8), ack);
	ck_assert_uint_eq(p->tcp_flags, flags);
	ck_assert_uint_eq(get16(tcp + 14), 0); /* window */
	ck_assert_uint_eq(get16(tcp + 18), 0); /* urgent pointer */
}

START_TEST(unknown_segments_are_dropped_unless_configured)
{
	build_segment(ACK, 100);
	lab_send();
	lab_expect_drop(NAT64_NO_SESSION);
	ck_assert_uint_eq(lab_counter(NAT64_RESETS6), 0);
}
END_TEST

START_TEST(an_rst_is_what_rfc_9293_wants)
{
	static const struct {
		const char *name;
		uint8_t flags;
		size_t payload;
		uint32_t seq, ack;
		uint8_t rst; /* flags of the answer; 0: none */
	} rows[] = {
		{ "ack", ACK, 0, SEG_ACK, 0, RST },
		{ "data", ACK | PSH, 1000, SEG_ACK, 0, RST },
		{ "fin with ack", FIN | ACK, 7, SEG_ACK, 0, RST },
		{ "data without ack", PSH, 1000, 0, SEG_SEQ + 1000,
		    RST | ACK },
		{ "fin without ack", FIN, 7, 0, SEG_SEQ + 8, RST | ACK },
		{ "no flag", 0, 0, 0, SEG_SEQ, RST | ACK },
		{ "rst", RST, 0, 0, 0, 0 },
		{ "rst with ack", RST | ACK, 0, 0, 0, 0 },
	};
	size_t i;

	start(true);
	for (i = 0; i < NITEMS(rows); i++) {
		build_segment(rows[i].flags, rows[i].payload);
		lab_send();
		if (rows[i].rst == 0) {
			ck_assert_msg(lab.n_out == 0, "%s", rows[i].name);
			ck_assert_int_eq(lab.reason, NAT64_NO_SESSION);
			continue;
		}
		ck_assert_msg(lab.n_out == 1, "%s", rows[i].name);
		expect_reset(rows[i].seq, rows[i].ack, rows[i].rst);
		/* The sender's class of service, without its ECN bits. */
		ck_assert_uint_eq(lab.out[0].tclass, 0x28);
	}
	ck_assert_uint_eq(lab_counter(NAT64_RESETS6), 6);
	ck_assert_uint_eq(lab_drops(NAT64_NO_SESSION), 8);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
}
END_TEST

START_TEST(a_flushed_connection_is_reset_and_opens_anew)
{
	start(true);
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, SYN);
	lab_sent();
	nat64_flush_begin(lab.n);
	while (nat64_flush(lab.n, lab.now, 10))
		;
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, ACK);
	expect_reset(SEG_ACK, 0, RST);
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, SYN);
	lab_sent();
	/* It is known now, and the rest of its segments pass. */
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, ACK);
	lab_sent();
}
END_TEST

/* RFC 6146, 3.5.2.2, CLOSED: with a binding, the segment is translated. */
START_TEST(with_a_binding_the_server_answers_by_itself)
{
	start(true);
	lab_tcp(CLIENT6, PORT6, SERVER6_2, PORT_SERVER, SYN);
	lab_sent();
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, ACK);
	lab_sent();
	ck_assert_uint_eq(lab_counter(NAT64_RESETS6), 0);
}
END_TEST

START_TEST(a_super_packet_is_answered_once_by_its_whole_length)
{
	struct pkt p;

	start(true);
	build_segment(PSH, 5000);
	p = lab.in;
	parse(&p);
	make_partial(&p, PKT_SEG_TCP, 1400);
	lab_resend(&p);
	expect_reset(0, SEG_SEQ + 5000, RST | ACK);
}
END_TEST

/* A host would have discarded it before it looked for a connection. */
START_TEST(a_damaged_segment_is_not_answered)
{
	start(true);
	build_segment(ACK, 10);
	lab.in.data[lab.in.len - 1] ^= 1;
	lab_send();
	lab_expect_drop(NAT64_NO_SESSION);
}
END_TEST

START_TEST(a_fragment_is_not_answered)
{
	struct pkt whole;

	start(true);
	build_segment(ACK, 1000);
	whole = lab_copy(&lab.in);
	lab_build_fragment(&whole, 7, 0, 512, true);
	lab_send();
	ck_assert_uint_eq(lab.n_out, 0);
	ck_assert_int_eq(lab.reason, NAT64_NO_SESSION);
}
END_TEST

START_TEST(nobody_in_ipv4_is_reset)
{
	start(true);
	lab_tcp(SERVER4, PORT_SERVER, POOL4, 9999, ACK);
	lab_expect_drop(NAT64_NO_SESSION);
}
END_TEST

START_TEST(rsts_are_limited_together_with_errors)
{
	const struct spec expired = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.ttl = 1 };
	unsigned i, answered = 0;

	start(true);
	for (i = 0; i < 50; i++) {
		build_segment(ACK, 0);
		lab_send();
		answered += lab.n_out;
	}
	ck_assert_uint_eq(answered, lab.conf.errors_dest.burst);
	ck_assert_uint_eq(lab_counter(NAT64_RESETS6), answered);
	ck_assert_uint_eq(lab_counter(NAT64_ERRORS_LIMITED), 50 - answered);
	lab_build(&expired, &out);
	lab_send();
	lab_expect_drop(NAT64_TTL_EXPIRED);

	lab.conf.errors.per_sec = 0;
	start(true);
	build_segment(ACK, 0);
	lab_send();
	lab_expect_drop(NAT64_NO_SESSION);
}
END_TEST

/* It speaks for the server: an address of our own is not needed. */
START_TEST(an_rst_needs_no_address_of_ours)
{
	memset(&lab.conf.self6, 0, sizeof(lab.conf.self6));
	start(true);
	build_segment(ACK, 0);
	lab_send();
	expect_reset(SEG_ACK, 0, RST);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		unknown_segments_are_dropped_unless_configured,
		an_rst_is_what_rfc_9293_wants,
		a_flushed_connection_is_reset_and_opens_anew,
		with_a_binding_the_server_answers_by_itself,
		a_super_packet_is_answered_once_by_its_whole_length,
		a_damaged_segment_is_not_answered,
		a_fragment_is_not_answered,
		nobody_in_ipv4_is_reset,
		rsts_are_limited_together_with_errors,
		an_rst_needs_no_address_of_ours,
	};

	return (lab_main("nat64_reset", tests, NITEMS(tests)));
}
