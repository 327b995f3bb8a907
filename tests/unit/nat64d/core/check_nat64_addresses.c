/*
 * Addresses and protocols in packets handed to nat64_input(): prefixes of all
 * lengths, excluded destinations, messages that open no session, and packets
 * that the translator answers itself.
 */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64_lab.h"

/* Shows: ADR-02 ADR-03 ADR-04 ADR-11 OUT-01 OUT-02 */
START_TEST(every_prefix_length_works_both_ways_and_suffixes_do_not_matter)
{
	static const struct {
		const char *prefix;
		unsigned len;
		const char *dst;
		const char *suffixed;
	} rows[] = {
		{ "2001:db8::", 32,
		    "2001:db8:c633:6414::", "2001:db8:c633:6414:0:1::" },
		{ "2001:db8:100::", 40,
		    "2001:db8:1c6:3364:14::", "2001:db8:1c6:3364:14::9" },
		{ "2001:db8:122::", 48, "2001:db8:122:c633:64:1400::",
		    "2001:db8:122:c633:64:1400:ffff:1" },
		{ "2001:db8:122:300::", 56, "2001:db8:122:3c6:33:6414::",
		    "2001:db8:122:3c6:33:6414:8000:0" },
		{ "2001:db8:122:344::", 64, "2001:db8:122:344:c6:3364:1400::",
		    "2001:db8:122:344:c6:3364:1400:1" },
		{ PREF64, 96, SERVER6, SERVER6 },
	};
	struct taddr4 out;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		lab_set_prefix(0, rows[i].prefix, rows[i].len);
		lab.conf.self6 = addr6("2001:db7::1");
		lab_start();
		lab_udp("2001:db9::10", PORT6, rows[i].suffixed, 53);
		ck_assert_str_eq(text4(lab_sent()->ip4.dst), SERVER4);
		ck_assert_uint_eq(lab_sent()->dport, 53);
		out.addr = lab.out[0].ip4.src;
		out.port = lab.out[0].sport;
		lab_udp(SERVER4, 53, text4(out.addr), out.port);
		lab_expect_flow(lab_sent(), rows[i].dst, 53, "2001:db9::10",
		    PORT6);
		lab_udp("2001:db9::10", PORT6, rows[i].dst, 53);
		ck_assert_uint_eq(lab_sent()->sport, out.port);
		ck_assert_uint_eq(lab_sessions(), 1);
		lab_udp(SERVER4, 53, text4(out.addr), out.port);
		lab_expect_flow(lab_sent(), rows[i].dst, 53, "2001:db9::10",
		    PORT6);
	}
}
END_TEST

/* Shows: ADR-21 CFG-13 */
START_TEST(private_sources_cannot_be_embedded_in_the_well_known_prefix)
{
	lab_set_prefix(0, "64:ff9b::", 96);
	lab_add_static(L4_UDP, CLIENT6, PORT6, POOL4, PORT_IN);
	lab_start();
	lab_udp("10.1.2.3", 1, POOL4, PORT_IN);
	lab_expect_drop(NAT64_WKP_NONGLOBAL);
	lab_udp("8.8.8.8", 1, POOL4, PORT_IN);
	ck_assert_str_eq(text6(lab_sent()->ip6.src), "64:ff9b::808:808");

	lab.conf.wkp_nonglobal_ok = true;
	lab_start();
	lab_udp("10.1.2.3", 1, POOL4, PORT_IN);
	ck_assert_str_eq(text6(lab_sent()->ip6.src), "64:ff9b::a01:203");
}
END_TEST

/* Shows: CGN-06 ERR-10 */
START_TEST(excluded_destinations_are_not_translated)
{
	static const struct nat64_exclude excludes[] = {
		{ .len = 24, .proto = L4_TCP, .ports = { 25, 25 } },
		{ .len = 32, .any_proto = true },
		{ .len = 24, .proto = L4_ICMP },
	};
	struct nat64_exclude x[NITEMS(excludes)];

	memcpy(x, excludes, sizeof(x));
	x[0].addr = x[2].addr = addr4("198.51.100.0");
	x[1].addr = addr4("198.51.101.9");
	lab.conf.excludes = x;
	lab.conf.n_excludes = NITEMS(x);
	lab_add_static(L4_TCP, CLIENT6, PORT6, POOL4, PORT_IN);
	lab_start();

	lab_tcp(CLIENT6, PORT6, SERVER6, 25, PKT_TH_SYN);
	lab_expect_error(NAT64_EXCLUDED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADMIN);
	lab_tcp(CLIENT6, PORT6, SERVER6, 26, PKT_TH_SYN);
	lab_sent();
	lab_udp(CLIENT6, PORT6, SERVER6, 25);
	lab_sent();
	lab_udp(CLIENT6, PORT6, "2001:db8:64::198.51.101.9", 53);
	lab_expect_error(NAT64_EXCLUDED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADMIN);
	lab_ping(CLIENT6, SERVER6, 1);
	lab_expect_error(NAT64_EXCLUDED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADMIN);

	lab_tcp(SERVER4, 25, POOL4, PORT_IN, PKT_TH_SYN);
	lab_expect_drop(NAT64_EXCLUDED);
	lab_tcp(SERVER4, 26, POOL4, PORT_IN, PKT_TH_ACK);
	lab_sent();
	lab_tcp("198.51.101.9", 26, POOL4, PORT_IN, PKT_TH_SYN);
	lab_expect_drop(NAT64_EXCLUDED);
	ck_assert_uint_eq(lab_sessions(), 2);
}
END_TEST

/* Shows: TUP-20 TUP-21 CSM-13 CGN-01 */
START_TEST(other_protocols_are_answered_as_unknown)
{
	static const uint8_t protos6[] = { 132, 33, 50, 51, 47, 41, 59, 4,
		IPPROTO_ICMP, 136, 255 };
	static const uint8_t protos4[] = { 132, 33, 50, 51, 47, 41, 4,
		IPPROTO_ICMPV6, 136, 0, 255 };
	const struct flow out = { CLIENT6, SERVER6, PORT6, PORT_SERVER };
	const struct flow in = { SERVER4, POOL4, PORT_SERVER, PORT_IN };
	size_t i;

	for (i = 0; i < NITEMS(protos6); i++) {
		lab_build_proto(&out, protos6[i], 16);
		lab_send();
		lab_expect_error(NAT64_UNKNOWN_PROTO, ICMP6_DST_UNREACH,
		    ICMP6_DST_UNREACH_NOPORT);
		lab_doze(1);
	}
	for (i = 0; i < NITEMS(protos4); i++) {
		lab_build_proto(&in, protos4[i], 16);
		lab_send();
		lab_expect_error(NAT64_UNKNOWN_PROTO, ICMP_UNREACH,
		    ICMP_UNREACH_PROTOCOL);
		lab_doze(1);
	}
	lab_build_proto(&in, IPPROTO_IGMP, 16);
	lab_send();
	lab_expect_drop(NAT64_UNKNOWN_PROTO);
}
END_TEST

/* Shows: TUP-01 TUP-02 OUT-01 OUT-02 OUT-03 ICM-01 ICM-08 ICM-10 */
START_TEST(echo_is_the_only_query)
{
	struct taddr4 out = lab_bind(L4_ICMP, CLIENT6, ID6);
	const struct flow f6 = { CLIENT6, SERVER6, ID6, 0 };
	char pool[INET_ADDRSTRLEN];
	const struct flow f4 = { SERVER4, pool, out.port, 0 };
	struct spec s6 = { .family = PKT_V6,
		.proto = IPPROTO_ICMPV6,
		.payload = 16 };
	struct spec s4 = { .family = PKT_V4,
		.proto = IPPROTO_ICMP,
		.payload = 16 };
	unsigned type;

	strcpy(pool, text4(out.addr));
	for (type = 128; type < 256; type++) {
		s6.echo_type = (uint8_t)type;
		lab_build(&s6, &f6);
		lab_send();
		if (type == ICMP6_ECHO_REQUEST || type == ICMP6_ECHO_REPLY)
			lab_expect_flow(lab_sent(), f4.dst, out.port, SERVER4,
			    out.port);
		else
			lab_expect_drop(NAT64_ICMP_TYPE);
	}
	for (type = 0; type < 256; type++) {
		s4.echo_type = (uint8_t)type;
		lab_build(&s4, &f4);
		lab_send();
		if (type == ICMP_ECHO || type == ICMP_ECHOREPLY)
			lab_expect_flow(lab_sent(), SERVER6, ID6, CLIENT6,
			    ID6);
		else if (type == ICMP_UNREACH || type == ICMP_TIMXCEED ||
		    type == ICMP_PARAMPROB)
			lab_expect_drop(NAT64_ICMP_INNER);
		else
			lab_expect_drop(NAT64_ICMP_TYPE);
	}
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

/* Shows: LOC-01 LOC-02 ADR-23 */
START_TEST(echo_requests_to_our_own_addresses_are_answered)
{
	static const struct {
		const char *src;
		const char *dst;
		uint8_t ttl;
	} rows[] = {
		{ CLIENT6, SELF6, 64 },
		{ CLIENT6, SELF6, 1 },
		{ CLIENT6, "2001:db8:64::192.0.2.1", 64 },
		{ CLIENT6, "2001:db8:64::192.0.2.1", 1 },
		{ SERVER4, SELF4, 64 },
		{ SERVER4, SELF4, 1 },
	};
	const struct pkt *p;
	struct flow f;
	struct spec s;
	uint64_t before = lab_state();
	size_t i;
	bool v6;

	for (i = 0; i < NITEMS(rows); i++) {
		v6 = strchr(rows[i].src, ':') != NULL;
		s = (struct spec){ .family = v6 ? PKT_V6 : PKT_V4,
			.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
			.tos = 0xb9,
			.ttl = rows[i].ttl,
			.echo_type = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
			.payload = 33 };
		f = (struct flow){ rows[i].src, rows[i].dst, 77, 0 };
		lab_build(&s, &f);
		lab_send();
		ck_assert_int_eq(lab.verdict, NAT64_REPLIED);
		ck_assert_uint_eq(lab.n_out, 1);
		p = &lab.out[0];
		lab_expect_flow(p, rows[i].dst, 77, rows[i].src, 77);
		ck_assert_uint_eq(p->icmp_type,
		    v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY);
		ck_assert_uint_eq(p->ttl, 64);
		ck_assert_uint_eq(p->tclass, 0xb9);
		ck_assert_uint_eq(pkt_payload_len(p), 33);
		ck_assert_uint_eq(pkt_l4(p)[8 + 32], (uint8_t)(7 * 32 + 3));
	}
	ck_assert_uint_eq(lab_counter(NAT64_ECHO_ANSWERED), NITEMS(rows));
	ck_assert_uint_eq(lab_state(), before);
}
END_TEST

/* Shows: LOC-01 */
START_TEST(an_echo_reply_larger_than_the_mtu_leaves_in_pieces)
{
	const struct flow out = { CLIENT6, SELF6, 77, 0 };
	const struct flow in = { SERVER4, SELF4, 77, 0 };
	const struct spec s6 = { .family = PKT_V6,
		.proto = IPPROTO_ICMPV6,
		.echo_type = ICMP6_ECHO_REQUEST,
		.payload = 4000 };
	const struct spec s4 = { .family = PKT_V4,
		.proto = IPPROTO_ICMP,
		.echo_type = ICMP_ECHO,
		.payload = 4000 };

	lab_build(&s6, &out);
	lab_send();
	ck_assert_int_eq(lab.verdict, NAT64_REPLIED);
	ck_assert_uint_eq(lab.n_out, 3);
	lab_build(&s4, &in);
	lab_send();
	ck_assert_int_eq(lab.verdict, NAT64_REPLIED);
	ck_assert_uint_eq(lab.n_out, 3);
}
END_TEST

/* Shows: LOC-03 SES-62 HPN-07 */
START_TEST(a_pool_address_answers_echo_without_binding_only_if_told_to)
{
	lab.conf.self4 = addr4(POOL4);
	lab_start();
	lab_ping(SERVER4, POOL4, 5);
	lab_expect_drop(NAT64_NO_BINDING);

	lab.conf.pool_echo = true;
	lab_add_static(L4_ICMP, CLIENT6, ID6, POOL4, ID4);
	lab_start();
	lab_ping(SERVER4, POOL4, 5);
	ck_assert_int_eq(lab.verdict, NAT64_REPLIED);
	lab_expect_flow(&lab.out[0], POOL4, 5, SERVER4, 5);
	lab_ping(SERVER4, POOL4, ID4);
	lab_expect_flow(lab_sent(), SERVER6, ID6, CLIENT6, ID6);
	lab_pong(SERVER4, POOL4, 5);
	lab_expect_drop(NAT64_NO_BINDING);
	lab_ping(SERVER4, POOL4_2, 5);
	lab_expect_drop(NAT64_NO_BINDING);

	/* Through a hairpin a binding it takes (HPN-07). */
	lab_add_static(L4_ICMP, HOST_C, 5, POOL4_2, 5);
	lab_start();
	lab_ping(HOST_C, "2001:db8:64::203.0.113.5", 5);
	lab_expect_drop(NAT64_NO_BINDING);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		every_prefix_length_works_both_ways_and_suffixes_do_not_matter,
		private_sources_cannot_be_embedded_in_the_well_known_prefix,
		excluded_destinations_are_not_translated,
		other_protocols_are_answered_as_unknown,
		echo_is_the_only_query,
		echo_requests_to_our_own_addresses_are_answered,
		an_echo_reply_larger_than_the_mtu_leaves_in_pieces,
		a_pool_address_answers_echo_without_binding_only_if_told_to,
	};

	return (lab_main("nat64_addresses", tests, NITEMS(tests)));
}
