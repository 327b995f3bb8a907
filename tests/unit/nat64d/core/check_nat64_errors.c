/*
 * ICMP errors that the translator originates (tests/conformance/nat64.md, 6):
 * for each cause, with their limits; and packets that are too big.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64_lab.h"

#define SYN PKT_TH_SYN

static const uint8_t rh_left[] = { IPPROTO_UDP, 0, 4, 1, 0, 0, 0, 0 };
static const uint8_t lsrr_left[] = { 131, 7, 4, 192, 0, 2, 5, 0 };

static void
with_exhausted_pool(void)
{
	lab_set_pool(POOL4, POOL4, 2000, 2000);
	lab_start();
	lab_bind(L4_UDP, HOST_B, 1);
}

static void
with_wkp(void)
{
	lab_set_prefix(1, "64:ff9b::", 96);
	lab_start();
}

static void
with_static(void)
{
	lab_add_static(L4_UDP, CLIENT6, PORT6, POOL4, 50000);
	lab.conf.unbound_errors = true;
	lab_start();
}

static void
with_adf(void)
{
	lab.conf.adf[L4_UDP] = true;
	with_static();
}

struct cause {
	const char *row;
	void (*conf)(void);
	struct spec s;
	struct flow f;
	uint8_t type;
	uint8_t code;
	uint32_t param;
};

#define V6 .family = PKT_V6, .proto = IPPROTO_UDP, .tos = 0xbb
#define V4 .family = PKT_V4, .proto = IPPROTO_UDP, .tos = 0xbb
#define OUT                                          \
	{                                            \
		CLIENT6, SERVER6, PORT6, PORT_SERVER \
	}
#define IN                                         \
	{                                          \
		SERVER4, POOL4, PORT_SERVER, 50000 \
	}

static const struct cause causes[] = {
	{ "ERR-01", NULL, { V6, .ttl = 1, .payload = 1400 }, OUT, 3, 0, 0 },
	{ "ERR-03", NULL, { V6, .payload = 1490 }, OUT, 2, 0, 1520 },
	{ "ERR-04", NULL,
	    { V6, .next = IPPROTO_ROUTING, .ext = rh_left,
		.extlen = sizeof(rh_left), .payload = 30 },
	    OUT, 4, 0, 43 },
	{ "ERR-05", NULL,
	    { .family = PKT_V6, .proto = 132, .tos = 0xbb, .payload = 30 },
	    OUT, 1, 4, 0 },
	{ "ERR-06", with_exhausted_pool, { V6, .payload = 30 }, OUT, 1, 3, 0 },
	{ "ERR-10", with_wkp, { V6, .payload = 30 },
	    { CLIENT6, "64:ff9b::10.0.0.1", 1, 2 }, 1, 1, 0 },
	{ "ERR-02", NULL, { V4, .ttl = 1, .payload = 1400 }, IN, 11, 0, 0 },
	{ "ERR-03", with_static, { V4, .frag = 0x4000, .payload = 1453 }, IN,
	    3, 4, 1480 },
	{ "ERR-04", NULL,
	    { V4, .ext = lsrr_left, .extlen = sizeof(lsrr_left),
		.payload = 30 },
	    IN, 3, 5, 0 },
	{ "ERR-05", NULL,
	    { .family = PKT_V4, .proto = 132, .tos = 0xbb, .payload = 30 }, IN,
	    3, 2, 0 },
	{ "ERR-07", with_adf, { V4, .payload = 600 }, IN, 3, 13, 0 },
	{ "ERR-08", with_static, { V4, .payload = 30 },
	    { SERVER4, POOL4, 1, 2 }, 3, 3, 0 },
	{ "ERR-08", with_static,
	    { .family = PKT_V4,
		.tos = 0xbb,
		.proto = IPPROTO_ICMP,
		.echo_type = ICMP_ECHO,
		.payload = 30 },
	    { SERVER4, POOL4, 1, 2 }, 3, 1, 0 },
};

/*
 * Shows: ERR-01 ERR-02 ERR-03 ERR-04 ERR-05 ERR-06 ERR-07 ERR-08 ERR-10
 * ERR-12 ERR-13 XLT-13 XLT-33
 */
START_TEST(each_cause_is_answered_by_its_error_from_our_own_address)
{
	const struct cause *c;
	const struct pkt *p;
	struct pkt offender;
	uint32_t body;
	bool v6;

	for (c = causes; c < causes + NITEMS(causes); c++) {
		lab_teardown();
		lab_setup();
		lab.conf.xlat.mtu6 = 1500;
		if (c->conf != NULL)
			c->conf();
		v6 = c->s.family == PKT_V6;
		lab_build(&c->s, &c->f);
		offender = lab_copy(&lab.in);
		lab_send();
		p = &lab.out[0];
		ck_assert_msg(lab.verdict == NAT64_REPLIED && lab.n_out == 1 &&
			p->icmp_type == c->type && p->icmp_code == c->code,
		    "%s %u/%u", c->row, c->type, c->code);
		lab_expect_flow(p, v6 ? SELF6 : SELF4, 0, c->f.src, 0);
		ck_assert_uint_eq(p->ttl, 64);
		ck_assert_uint_eq(p->tclass, 0xb8);
		ck_assert(v6 || (!p->df && p->frag_id >= 0x1001));
		ck_assert_msg(get32(pkt_l4(p) + 4) == c->param, "%s: %u",
		    c->row, get32(pkt_l4(p) + 4));
		body = v6 ? 1280 - 48 : 576 - 28;
		if (body > offender.len)
			body = offender.len;
		ck_assert_uint_eq(pkt_payload_len(p), body);
		ck_assert_mem_eq(pkt_l4(p) + 8, offender.data, body);
		ck_assert_uint_eq(lab_counter(
				      v6 ? NAT64_ERRORS6 : NAT64_ERRORS4),
		    1);
	}
}
END_TEST

/* Shows: ERR-14 ERR-15 */
START_TEST(what_must_not_be_answered_is_not)
{
	static const struct {
		const char *name;
		struct spec s;
		bool answered;
	} rows[] = {
		{ "echo6",
		    { .family = PKT_V6,
			.proto = IPPROTO_ICMPV6,
			.echo_type = ICMP6_ECHO_REQUEST,
			.ttl = 1 },
		    true },
		{ "echo reply6",
		    { .family = PKT_V6,
			.proto = IPPROTO_ICMPV6,
			.echo_type = ICMP6_ECHO_REPLY,
			.ttl = 1 },
		    true },
		{ "error6",
		    { .family = PKT_V6,
			.proto = IPPROTO_ICMPV6,
			.echo_type = ICMP6_DST_UNREACH,
			.ttl = 1 },
		    false },
		{ "unknown error6",
		    { .family = PKT_V6,
			.proto = IPPROTO_ICMPV6,
			.echo_type = 100,
			.ttl = 1 },
		    false },
		{ "redirect6",
		    { .family = PKT_V6,
			.proto = IPPROTO_ICMPV6,
			.echo_type = 137,
			.ttl = 1 },
		    false },
		{ "echo4",
		    { .family = PKT_V4,
			.proto = IPPROTO_ICMP,
			.echo_type = ICMP_ECHO,
			.ttl = 1 },
		    true },
		{ "error4",
		    { .family = PKT_V4,
			.proto = IPPROTO_ICMP,
			.echo_type = ICMP_UNREACH,
			.ttl = 1 },
		    false },
		{ "redirect4",
		    { .family = PKT_V4,
			.proto = IPPROTO_ICMP,
			.echo_type = ICMP_REDIRECT,
			.ttl = 1 },
		    false },
		{ "first fragment",
		    { .family = PKT_V4,
			.proto = IPPROTO_UDP,
			.frag = 0x2000,
			.ttl = 1 },
		    true },
		{ "later fragment",
		    { .family = PKT_V4,
			.proto = IPPROTO_UDP,
			.frag = 0x2001,
			.ttl = 1 },
		    false },
	};
	const struct flow out = OUT, in = IN;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		lab_build(&rows[i].s, rows[i].s.family == PKT_V6 ? &out : &in);
		lab_send();
		ck_assert_int_eq(lab.reason, NAT64_TTL_EXPIRED);
		ck_assert_msg((lab.n_out == 1) == rows[i].answered, "%s",
		    rows[i].name);
	}
}
END_TEST

/* Shows: ERR-14 ERR-22 FLT-15 */
/*
 * Whoever sends from an address of the pool is not its owner: hairpins do
 * not leave us. With its own address as source, a service could be made to
 * answer itself for ever.
 */
START_TEST(what_claims_to_come_from_our_pool_is_dropped_unanswered)
{
	const struct flow other = { POOL4, POOL4_2, 1, 2 };
	struct flow itself = { POOL4, POOL4, 0, 0 };
	const struct spec dying = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.ttl = 1 };
	const struct spec s = { .family = PKT_V4, .proto = IPPROTO_UDP };

	lab_build(&dying, &other);
	lab_send();
	lab_expect_drop(NAT64_SOURCE_IN_POOL);
	lab_udp(CLIENT6, PORT6, SERVER6, 53);
	itself.sport = itself.dport = lab_sent()->sport;
	lab_build(&s, &itself);
	lab_send();
	lab_expect_drop(NAT64_SOURCE_IN_POOL);
}
END_TEST

/* Send n packets with hop limit 1; returns how many were answered. */
static unsigned
provoke(const char *src, unsigned n)
{
	const bool v6 = strchr(src, ':') != NULL;
	const struct flow f = { src, v6 ? SERVER6 : POOL4, 1, 2 };
	const struct spec s = { .family = v6 ? PKT_V6 : PKT_V4,
		.proto = IPPROTO_UDP,
		.ttl = 1 };
	unsigned answered = 0;

	while (n-- > 0) {
		lab_build(&s, &f);
		lab_send();
		answered += lab.n_out;
	}
	return (answered);
}

/* Shows: ERR-20 LIM-04 */
START_TEST(errors_of_our_own_are_limited_by_destination_and_in_all)
{
	char src[INET6_ADDRSTRLEN];
	unsigned i, sum = 0;

	ck_assert_uint_eq(provoke(CLIENT6, 50), 10);
	ck_assert_uint_eq(lab_counter(NAT64_ERRORS_LIMITED), 40);
	ck_assert_uint_eq(provoke(SERVER4, 50), 10);
	lab_wait(1);
	ck_assert_uint_eq(provoke(CLIENT6, 50), 10);
	lab_doze_ms(300);
	ck_assert_uint_eq(provoke(CLIENT6, 50), 3);

	lab_start();
	for (i = 0; i < 300; i++) {
		snprintf(src, sizeof(src), "2001:db8:%x::7", i + 2);
		sum += provoke(src, 1);
	}
	ck_assert_uint_eq(sum, 200);
	ck_assert_uint_eq(provoke(SERVER4, 1), 1); /* a family of its own */
	lab_wait(1);
	for (i = 0; i < 300; i++) {
		snprintf(src, sizeof(src), "2001:db8:%x::7", i + 2);
		sum += provoke(src, 1);
	}
	ck_assert_uint_eq(sum, 300);
}
END_TEST

/* Shows: ERR-12 ADR-07 */
START_TEST(address_of_errors_can_change_at_any_time)
{
	static const char *const addrs[] = { "2001:db8:ffff::2", "::", SELF6 };
	struct in6_addr self6;
	size_t i;

	lab_start();
	for (i = 0; i < NITEMS(addrs); i++) {
		ck_assert_int_eq(inet_pton(AF_INET6, addrs[i], &self6), 1);
		nat64_set_self6(lab.n, &self6);
		lab.conf.self6 = self6;
		ck_assert_uint_eq(provoke(CLIENT6, 1),
		    !IN6_IS_ADDR_UNSPECIFIED(&self6));
		if (lab.n_out == 1)
			lab_expect_flow(&lab.out[0], addrs[i], 0, CLIENT6, 0);
	}
}
END_TEST

/* Shows: ERR-03 XLT-33 */
START_TEST(mtus_can_change_at_any_time)
{
	static const struct {
		uint32_t mtu4, mtu6;
		uint32_t told4, told6; /* to either side */
	} rows[] = { { 0, 0, 1480, 1520 }, { 0, 1400, 1380, 1520 },
		{ 1300, 0, 1380, 1320 }, { 1500, 600, 1260, 1520 } };
	const struct spec s4 = { V4, .frag = 0x4000, .payload = 1453 };
	const struct spec s6 = { V6, .payload = 1490 };
	const struct flow in = IN, out = OUT;
	size_t i;

	lab.conf.xlat.mtu4 = lab.conf.xlat.mtu6 = 1500;
	with_static();
	for (i = 0; i < NITEMS(rows); i++) {
		nat64_set_mtu(lab.n, rows[i].mtu4, rows[i].mtu6);
		lab_build(&s4, &in);
		lab_send();
		ck_assert_int_eq(lab.verdict, NAT64_REPLIED);
		ck_assert_uint_eq(get32(pkt_l4(&lab.out[0]) + 4),
		    rows[i].told4);
		lab_build(&s6, &out);
		lab_send();
		ck_assert_int_eq(lab.verdict, NAT64_REPLIED);
		ck_assert_uint_eq(get32(pkt_l4(&lab.out[0]) + 4),
		    rows[i].told6);
	}
}
END_TEST

/* Shows: ERR-20 ERR-21 CFG-14 */
START_TEST(errors_of_our_own_can_be_switched_off)
{
	lab.conf.errors.per_sec = 0;
	lab_start();
	ck_assert_uint_eq(provoke(CLIENT6, 3), 0);
	ck_assert_uint_eq(provoke(SERVER4, 3), 0);
	ck_assert_uint_eq(lab_drops(NAT64_TTL_EXPIRED), 6);
	lab.conf.errors.per_sec = 100;
	lab.conf.errors_dest.per_sec = 0;
	lab_start();
	ck_assert_uint_eq(provoke(CLIENT6, 3), 0);
}
END_TEST

/* --- sizes --- */

/* Shows: XLT-33 XLT-34 CFG-09 ERR-03 */
START_TEST(what_is_too_big_for_ipv4_is_answered_or_cut)
{
	static const struct {
		uint32_t mtu4;
		size_t payload; /* of UDP; the IPv6 packet is 48 more */
		uint32_t answer;
		unsigned pieces;
	} rows[] = {
		{ 1500, 1472, 0, 1 },
		{ 1500, 1473, 1520, 0 },
		{ 1400, 1373, 1420, 0 },
		{ 1400, 1372, 0, 1 },
		{ 1200, 1232, 0, 2 },
		{ 1200, 1233, 1280, 0 },
		{ 576, 1232, 0, 3 },
		{ 68, 100, 0, 3 },
	};
	const struct flow f = OUT;
	struct spec s = { .family = PKT_V6, .proto = IPPROTO_UDP };
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		lab.conf.xlat.mtu4 = rows[i].mtu4;
		lab.conf.xlat.mtu6 = 2000;
		lab_start();
		s.payload = rows[i].payload;
		lab_build(&s, &f);
		lab_send();
		if (rows[i].answer == 0) {
			ck_assert_int_eq(lab.verdict, NAT64_SENT);
			ck_assert_uint_eq(lab.n_out, rows[i].pieces);
			continue;
		}
		ck_assert_uint_eq(get32(pkt_l4(lab_expect_error(NAT64_TOO_BIG,
					    ICMP6_PACKET_TOO_BIG, 0)) +
				      4),
		    rows[i].answer);
	}
}
END_TEST

/* Shows: XLT-11 XLT-12 XLT-13 XLT-14 CFG-08 CFG-09 ERR-03 */
START_TEST(what_is_too_big_for_ipv6_is_answered_or_cut)
{
	static const struct {
		uint32_t mtu6;
		uint32_t lowest;
		bool df;
		size_t payload; /* the IPv6 packet is 48 more */
		uint32_t answer;
		unsigned pieces;
	} rows[] = {
		{ 1500, 1280, true, 1452, 0, 1 },
		{ 1500, 1280, true, 1453, 1480, 0 },
		{ 1500, 1280, false, 1232, 0, 1 },
		{ 1500, 1280, false, 1233, 0, 2 },
		{ 1500, 1400, false, 1352, 0, 1 },
		{ 1500, 1400, false, 1353, 0, 2 },
		{ 1280, 1280, true, 1233, 1260, 0 },
		{ 1500, 1280, false, 4000, 0, 4 },
	};
	const struct flow f = IN;
	struct spec s = { .family = PKT_V4, .proto = IPPROTO_UDP };
	size_t i;

	lab_add_static(L4_UDP, CLIENT6, PORT6, POOL4, 50000);
	for (i = 0; i < NITEMS(rows); i++) {
		lab.conf.xlat.mtu6 = rows[i].mtu6;
		lab.conf.xlat.lowest_mtu6 = rows[i].lowest;
		lab_start();
		s.payload = rows[i].payload;
		s.frag = rows[i].df ? 0x4000 : 0;
		lab_build(&s, &f);
		lab_send();
		if (rows[i].answer == 0) {
			ck_assert_int_eq(lab.verdict, NAT64_SENT);
			ck_assert_uint_eq(lab.n_out, rows[i].pieces);
			ck_assert_uint_eq(lab.out[0].has_fh,
			    rows[i].pieces > 1);
			if (rows[i].pieces > 1)
				ck_assert_uint_eq(lab.out[0].len,
				    48 + (rows[i].lowest - 48) / 8 * 8);
			continue;
		}
		ck_assert_uint_eq(get32(pkt_l4(lab_expect_error(NAT64_TOO_BIG,
					    ICMP_UNREACH,
					    ICMP_UNREACH_NEEDFRAG)) +
				      4),
		    rows[i].answer);
	}
}
END_TEST

/* Shows: GSO-21 GSO-22 GSO-23 GSO-30 */
START_TEST(super_packets_are_measured_by_their_segments)
{
	const struct flow out = OUT, in = IN;
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_TCP,
		.tcp_flags = SYN,
		.payload = 10000 };
	struct pkt p;
	unsigned i;

	lab_add_static(L4_TCP, CLIENT6, PORT6, POOL4, 50000);
	lab_start();
	lab_build(&s, &out);
	p = lab.in;
	parse(&p);
	make_partial(&p, PKT_SEG_TCP, 1461); /* 1501 bytes of IPv4 */
	lab_resend(&p);
	ck_assert_uint_eq(get32(pkt_l4(lab_expect_error(NAT64_TOO_BIG,
				    ICMP6_PACKET_TOO_BIG, 0)) +
			      4),
	    1520);

	s.family = PKT_V4;
	s.frag = 0x4000;
	lab_build(&s, &in);
	p = lab.in;
	parse(&p);
	make_partial(&p, PKT_SEG_TCP, 1460);
	lab_resend(&p);
	ck_assert_uint_eq(get32(pkt_l4(lab_expect_error(NAT64_TOO_BIG,
				    ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG)) +
			      4),
	    1480);

	s.frag = 0;
	s.id = 77;
	lab_build(&s, &in);
	p = lab.in;
	parse(&p);
	make_partial(&p, PKT_SEG_TCP, 1400);
	lab_resend(&p);
	/* Eight segments, of which the last, of 200 bytes, fits. */
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	ck_assert_uint_eq(lab.n_out, 15);
	for (i = 0; i < 14; i++)
		ck_assert_uint_eq(lab.out[i].frag_id, 77 + i / 2);
	ck_assert(!lab.out[14].has_fh);
	ck_assert_uint_eq(lab.out[14].len, 60 + 200);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		each_cause_is_answered_by_its_error_from_our_own_address,
		what_must_not_be_answered_is_not,
		what_claims_to_come_from_our_pool_is_dropped_unanswered,
		errors_of_our_own_are_limited_by_destination_and_in_all,
		address_of_errors_can_change_at_any_time,
		mtus_can_change_at_any_time,
		errors_of_our_own_can_be_switched_off,
		what_is_too_big_for_ipv4_is_answered_or_cut,
		what_is_too_big_for_ipv6_is_answered_or_cut,
		super_packets_are_measured_by_their_segments,
	};

	return (lab_main("nat64_errors", tests, NITEMS(tests)));
}
