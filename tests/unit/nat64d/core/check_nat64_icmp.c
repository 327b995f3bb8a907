/*
 * ICMP errors that are translated (tests/conformance/nat64.md, 5.3). Types and
 * pointers are tested in check_xlat_icmp_types.c, errors that the translator
 * originates in check_nat64_errors.c.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64_lab.h"

#define ROUTER_IN4 "2001:db8:64::192.0.2.77" /* ROUTER4, seen from IPv6 */
#define SYN PKT_TH_SYN

/* The packet quoted in p, with as many bytes as are there. */
static struct pkt
quoted(const struct pkt *p)
{
	struct pkt q = *p;

	q.data = pkt_l4(p) + 8;
	q.len = p->len - p->l4off - 8;
	memset(&q.ofl, 0, sizeof(q.ofl));
	ck_assert_int_eq(pkt_parse(&q), NAT64_NONE);
	ck_assert_int_eq(pkt_parse_l4(&q), NAT64_NONE);
	return (q);
}

/*
 * Host CLIENT6 sends a packet and the server answers, all of it whole.
 * Four views of the exchange.
 */
struct exchange {
	struct pkt out6;
	struct pkt out4; /* out6 translated */
	struct pkt in4;
	struct pkt in6; /* in4 translated */
};

static void
exchange(struct exchange *x, enum l4proto proto, size_t payload)
{
	static const uint8_t protos6[] = { IPPROTO_TCP, IPPROTO_UDP,
		IPPROTO_ICMPV6 };
	static const uint8_t protos4[] = { IPPROTO_TCP, IPPROTO_UDP,
		IPPROTO_ICMP };
	const struct flow out = { CLIENT6, SERVER6, PORT6, PORT_SERVER };
	struct spec s = { .family = PKT_V6,
		.proto = protos6[proto],
		.tcp_flags = SYN,
		.echo_type = ICMP6_ECHO_REQUEST,
		.payload = payload };
	char pool[INET_ADDRSTRLEN];
	struct flow in = { SERVER4, pool, PORT_SERVER, 0 };

	lab_build(&s, &out);
	x->out6 = lab_copy(&lab.in);
	lab_send();
	x->out4 = lab_copy(lab_sent());
	strcpy(pool, text4(x->out4.ip4.src));
	in.dport = x->out4.sport;
	s.family = PKT_V4;
	s.frag = 0x4000; /* DF */
	s.proto = protos4[proto];
	s.tcp_flags = SYN | PKT_TH_ACK;
	s.echo_type = ICMP_ECHOREPLY;
	if (proto == L4_ICMP)
		in.sport = x->out4.sport;
	lab_build(&s, &in);
	x->in4 = lab_copy(&lab.in);
	lab_send();
	x->in6 = lab_copy(lab_sent());
}

/* Shows: ICM-30 ICM-31 ICM-32 ICM-33 ICM-34 ICM-52 TUP-03 SES-14 */
START_TEST(an_error_from_ipv4_quotes_what_the_host_sent)
{
	const struct pkt *p;
	struct exchange x;
	struct pkt q;
	uint64_t before;
	int proto;

	for (proto = 0; proto < L4_NPROTO; proto++) {
		exchange(&x, (enum l4proto)proto, 40);
		lab_doze(20);
		before = lab_state();
		lab_build_error(ROUTER4, ICMP_TIMXCEED, 0, 0, &x.out4,
		    x.out4.len);
		lab_send();
		p = lab_sent();
		lab_expect_flow(p, ROUTER_IN4, 0, CLIENT6, 0);
		ck_assert_uint_eq(p->icmp_type, ICMP6_TIME_EXCEEDED);
		ck_assert_uint_eq(p->ttl, 63);
		q = quoted(p);
		ck_assert_uint_eq(q.len, x.out6.len);
		ck_assert_uint_eq(q.ttl, 63); /* as it was quoted */
		ck_assert_mem_eq(q.data + 8, x.out6.data + 8, x.out6.len - 8);
		ck_assert_uint_eq(lab_state(), before);
	}
}
END_TEST

/*
 * Nobody has swept yet. A TCP connection lives on until its probe was of no
 * use.
 *
 * Shows: TBL-04 TBL-05 TCP-11
 */
START_TEST(errors_about_what_has_expired_are_dropped)
{
	static const uint32_t lifetimes[L4_NPROTO] = { 7200, 300, 60 };
	struct exchange x;
	int proto, side;

	for (proto = 0; proto < L4_NPROTO; proto++)
		for (side = 0; side < 2; side++) {
			exchange(&x, (enum l4proto)proto, 40);
			lab_doze(lifetimes[proto]);
			if (side == 0)
				lab_build_error(ROUTER4, ICMP_TIMXCEED, 0, 0,
				    &x.out4, x.out4.len);
			else
				lab_build_error(ROUTER6, ICMP6_TIME_EXCEEDED,
				    0, 0, &x.in6, x.in6.len);
			lab_send();
			if (proto == L4_TCP)
				lab_sent();
			else
				lab_expect_drop(NAT64_NO_BINDING);
			lab_wait(1);
		}
}
END_TEST

/* Shows: ICM-35 ICM-32 ICM-33 ICM-34 ICM-52 TUP-03 */
START_TEST(an_error_from_ipv6_quotes_what_the_server_sent)
{
	static const char *const speakers[] = { CLIENT6, ROUTER6 };
	const struct pkt *p;
	struct exchange x;
	struct pkt q;
	uint64_t before;
	unsigned i;

	for (i = 0; i < 2 * L4_NPROTO; i++) {
		exchange(&x, (enum l4proto)(i / 2), 40);
		lab_doze(20);
		before = lab_state();
		lab_build_error(speakers[i % 2], ICMP6_DST_UNREACH,
		    ICMP6_DST_UNREACH_NOPORT, 0, &x.in6, x.in6.len);
		lab_send();
		p = lab_sent();
		lab_expect_flow(p, text4(x.out4.ip4.src), 0, SERVER4, 0);
		ck_assert_uint_eq(p->icmp_type, ICMP_UNREACH);
		ck_assert_uint_eq(p->icmp_code, ICMP_UNREACH_PORT);
		ck_assert_uint_eq(p->ttl, 63);
		ck_assert(!p->df);
		q = quoted(p);
		ck_assert_uint_eq(q.len, x.in4.len);
		ck_assert_uint_eq(q.ttl, 63);
		ck_assert_uint_eq(q.frag_id, 0);
		ck_assert_mem_eq(q.data + 12, x.in4.data + 12, x.in4.len - 12);
		ck_assert_uint_eq(lab_state(), before);
	}
}
END_TEST

/* Shows: ICM-36 */
START_TEST(translated_errors_are_cut_but_tell_the_true_length)
{
	struct exchange x;
	const struct pkt *p;

	exchange(&x, L4_UDP, 1400);
	lab_build_error(ROUTER4, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, &x.out4,
	    x.out4.len);
	lab_send();
	p = lab_sent();
	ck_assert_uint_eq(p->len, 1280);
	ck_assert_uint_eq(get16(pkt_l4(p) + 8 + 4), 1408);

	/* What comes in may be longer than what goes out. */
	lab_build_error(ROUTER6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE,
	    0, &x.in6, 1200);
	lab_send();
	p = lab_sent();
	ck_assert_uint_eq(p->len, 576);
	ck_assert_uint_eq(get16(pkt_l4(p) + 8 + 2), 1428);
}
END_TEST

struct short_row {
	enum l4proto proto;
	size_t need4; /* L4 bytes quoted */
	size_t need6;
};

/* Shows: ICM-53 TUP-06 ICM-33 */
START_TEST(a_quotation_must_be_long_enough_to_tell_the_flow)
{
	static const struct short_row rows[] = {
		{ L4_TCP, 8, 4 },
		{ L4_UDP, 8, 4 },
		{ L4_ICMP, 8, 8 },
	};
	const struct short_row *r;
	struct exchange x;

	for (r = rows; r < rows + NITEMS(rows); r++) {
		exchange(&x, r->proto, 40);
		lab_build_error(ROUTER4, ICMP_UNREACH, 1, 0, &x.out4,
		    20 + r->need4);
		lab_send();
		ck_assert_uint_eq(lab_sent()->len, 48 + 40 + r->need4);
		lab_build_error(ROUTER4, ICMP_UNREACH, 1, 0, &x.out4,
		    20 + r->need4 - 1);
		lab_send();
		lab_expect_drop(NAT64_ICMP_INNER);
		lab_build_error(ROUTER6, ICMP6_DST_UNREACH, 0, 0, &x.in6,
		    40 + r->need6);
		lab_send();
		ck_assert_uint_eq(lab_sent()->len, 28 + 20 + r->need6);
		lab_build_error(ROUTER6, ICMP6_DST_UNREACH, 0, 0, &x.in6,
		    40 + r->need6 - 1);
		lab_send();
		lab_expect_drop(NAT64_ICMP_INNER);
	}
}
END_TEST

/* Shows: ICM-37 TUP-05 */
START_TEST(an_error_about_an_error_is_dropped)
{
	struct exchange x;
	struct pkt error;

	exchange(&x, L4_UDP, 40);
	lab_build_error(ROUTER4, ICMP_UNREACH, 1, 0, &x.out4, 48);
	lab_readdress(text4(x.out4.ip4.src), SERVER4);
	error = lab_copy(&lab.in);
	lab_build_error(ROUTER4, ICMP_TIMXCEED, 0, 0, &error, error.len);
	lab_send();
	lab_expect_drop(NAT64_ICMP_INNER);

	lab_build_error(ROUTER6, ICMP6_DST_UNREACH, 0, 0, &x.in6, 60);
	lab_readdress(SERVER6, CLIENT6);
	error = lab_copy(&lab.in);
	lab_build_error(ROUTER6, ICMP6_DST_UNREACH, 0, 0, &error, error.len);
	lab_send();
	lab_expect_drop(NAT64_ICMP_INNER);
}
END_TEST

/* Shows: ICM-50 ICM-51 ICM-54 ICM-55 CSM-02 */
START_TEST(errors_that_do_not_add_up_are_dropped)
{
	struct exchange x;
	struct pkt error;

	exchange(&x, L4_UDP, 40);
	lab_build_error(ROUTER4, ICMP_UNREACH, 1, 0, &x.out4, 48);
	error = lab_copy(&lab.in);

	lab.in.data[22] ^= 1; /* the ICMP checksum */
	lab_send();
	lab_expect_drop(NAT64_ICMP_CKSUM);
	error.data[22] ^= 1;
	error.ofl.csum_valid = true; /* the device has seen it right */
	lab_resend(&error);
	lab_sent();
	error.data[22] ^= 1;
	error.ofl.csum_valid = false;

	lab_resend(&error);
	lab_sent();
	memcpy(lab.in.data, error.data, error.len);
	lab.in.len = error.len;
	lab.in.data[28 + 10] ^= 1; /* the quoted header's */
	lab_fix();
	error = lab_copy(&lab.in);
	lab_send();
	lab_expect_drop(NAT64_ICMP_INNER);
	lab.conf.check_inner_ip = false;
	lab_start();
	exchange(&x, L4_UDP, 40);
	lab_build_error(ROUTER4, ICMP_UNREACH, 1, 0, &x.out4, 48);
	lab.in.data[28 + 10] ^= 1;
	lab_fix();
	lab_send();
	lab_sent();

	/* To somebody else than the one who sent what is quoted. */
	lab_build_error(ROUTER4, ICMP_UNREACH, 1, 0, &x.out4, 48);
	lab_readdress(ROUTER4,
	    x.out4.ip4.src.s_addr == addr4(POOL4).s_addr ? POOL4_2 : POOL4);
	lab_send();
	lab_expect_drop(NAT64_ICMP_INNER);

	/* About a flow that there is not. */
	lab_build_error(ROUTER4, ICMP_UNREACH, 1, 0, &x.out4, 48);
	lab.in.data[28 + 21] ^= 1;
	lab_fix();
	lab_send();
	lab_expect_drop(NAT64_NO_BINDING);
	lab_build_error(ROUTER6, ICMP6_DST_UNREACH, 0, 0, &x.in6, 60);
	lab.in.data[48 + 43] ^= 1;
	lab_fix();
	lab_send();
	lab_expect_drop(NAT64_NO_BINDING);
}
END_TEST

/* Shows: ICM-55 ICM-52 */
START_TEST(a_binding_suffices_where_there_is_no_session)
{
	struct exchange x;

	lab.conf.adf[L4_UDP] = true;
	lab_add_static(L4_UDP, CLIENT6, PORT6, POOL4, 50000);
	lab_start();
	exchange(&x, L4_UDP, 40);
	lab_wait(300);
	ck_assert_uint_eq(lab_sessions(), 0);
	lab_build_error(ROUTER4, ICMP_UNREACH, 1, 0, &x.out4, 48);
	lab_send();
	lab_sent();
	lab_build_error(ROUTER6, ICMP6_DST_UNREACH, 0, 0, &x.in6, 60);
	lab_send();
	lab_sent();
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

/* Shows: ADR-08 ICM-32 */
START_TEST(an_error_speaks_in_the_prefix_of_the_session_it_is_about)
{
	struct exchange x;
	int proto;

	lab_set_prefix(1, "2001:db8:65::", 96);
	lab_start();
	for (proto = 0; proto < L4_NPROTO; proto++) {
		exchange(&x, (enum l4proto)proto, 40);
		/* The newest session of the binding uses the other one. */
		if (proto == L4_TCP)
			lab_tcp(CLIENT6, PORT6, "2001:db8:65::1.2.3.4", 1,
			    SYN);
		else if (proto == L4_UDP)
			lab_udp(CLIENT6, PORT6, "2001:db8:65::1.2.3.4", 1);
		else
			lab_ping(CLIENT6, "2001:db8:65::1.2.3.4", PORT6);
		lab_sent();
		lab_build_error(ROUTER4, ICMP_UNREACH, 1, 0, &x.out4,
		    x.out4.len);
		lab_send();
		ck_assert_mem_eq(quoted(lab_sent()).data + 8, x.out6.data + 8,
		    x.out6.len - 8);
	}
}
END_TEST

/* Shows: ICM-30 FLT-07 ADR-21 ADR-08 */
START_TEST(for_a_router_that_cannot_be_embedded_we_speak)
{
	static const struct {
		const char *router;
		const char *source;
	} rows[] = {
		{ "9.9.9.9", "64:ff9b::909:909" },
		{ "10.1.2.3", SELF6 }, /* ADR-21 */
		{ "0.0.0.0", SELF6 },  /* ADR-22 */
		{ "127.0.0.1", SELF6 },
		{ "169.254.3.4", SELF6 },
		{ "255.255.255.255", SELF6 },
	};
	struct pkt out4;
	size_t i;

	lab_set_prefix(1, "64:ff9b::", 96);
	lab_start();
	lab_udp(CLIENT6, PORT6, "64:ff9b::8.8.8.8", PORT_SERVER);
	out4 = lab_copy(lab_sent());
	for (i = 0; i < NITEMS(rows); i++) {
		lab_build_error(rows[i].router, ICMP_TIMXCEED, 0, 0, &out4,
		    out4.len);
		lab_send();
		ck_assert_str_eq(text6(lab_sent()->ip6.src), rows[i].source);
	}
	/* The host that the packet went to speaks for itself. */
	lab_build_error("8.8.8.8", ICMP_UNREACH, ICMP_UNREACH_PORT, 0, &out4,
	    out4.len);
	lab_send();
	ck_assert_str_eq(text6(lab_sent()->ip6.src), "64:ff9b::808:808");
	/* An echo from there is dropped all the same. */
	lab_ping("10.1.2.3", text4(out4.ip4.src), 1);
	lab_expect_drop(NAT64_NO_BINDING); /* the first prefix carries it */
	lab_ping("127.0.0.1", text4(out4.ip4.src), 1);
	lab_expect_drop(NAT64_MARTIAN4);
}
END_TEST

/* Shows: ICM-30 */
START_TEST(without_an_address_of_ours_such_a_router_is_not_heard)
{
	struct pkt out4;

	lab_set_prefix(0, "64:ff9b::", 96);
	memset(&lab.conf.self6, 0, sizeof(lab.conf.self6));
	lab_start();
	lab_udp(CLIENT6, PORT6, "64:ff9b::8.8.8.8", PORT_SERVER);
	out4 = lab_copy(lab_sent());
	lab_build_error("10.1.2.3", ICMP_TIMXCEED, 0, 0, &out4, out4.len);
	lab_send();
	lab_expect_drop(NAT64_ICMP_SOURCE);
	lab_build_error("9.9.9.9", ICMP_TIMXCEED, 0, 0, &out4, out4.len);
	lab_send();
	lab_sent();
}
END_TEST

/* Shows: ICM-02 ICM-08 ICM-10 ICM-20 ICM-22 ICM-07 */
START_TEST(errors_without_counterpart_are_dropped)
{
	static const struct {
		uint8_t type;
		uint8_t code;
		uint32_t param;
		enum nat64_reason reason;
	} rows4[] = {
		{ 3, 14, 0, NAT64_ICMP_TYPE }, { 3, 16, 0, NAT64_ICMP_TYPE },
		{ 4, 0, 0, NAT64_ICMP_TYPE },  { 5, 1, 0, NAT64_ICMP_TYPE },
		{ 6, 0, 0, NAT64_ICMP_TYPE },  { 12, 1, 0, NAT64_ICMP_TYPE },
		{ 12, 0, 4U << 24, NAT64_ICMP_POINTER },
		{ 12, 2, 20U << 24, NAT64_ICMP_POINTER },
	}, rows6[] = {
		{ 1, 5, 0, NAT64_ICMP_TYPE }, { 1, 6, 0, NAT64_ICMP_TYPE },
		{ 4, 2, 0, NAT64_ICMP_TYPE }, { 4, 3, 0, NAT64_ICMP_TYPE },
		{ 5, 0, 0, NAT64_ICMP_TYPE }, { 127, 0, 0, NAT64_ICMP_TYPE },
		{ 4, 0, 2, NAT64_ICMP_POINTER },
		{ 4, 0, 40, NAT64_ICMP_POINTER },
	};
	struct exchange x;
	size_t i;

	exchange(&x, L4_UDP, 40);
	for (i = 0; i < NITEMS(rows4); i++) {
		lab_build_error(ROUTER4, rows4[i].type, rows4[i].code,
		    rows4[i].param, &x.out4, 48);
		lab_send();
		lab_expect_drop(rows4[i].reason);
		lab_build_error(ROUTER6, rows6[i].type, rows6[i].code,
		    rows6[i].param, &x.in6, 60);
		lab_send();
		lab_expect_drop(rows6[i].reason);
	}
}
END_TEST

/* Shows: ICM-56 ERR-20 */
START_TEST(errors_that_pass_are_not_limited)
{
	struct exchange x;
	unsigned i;

	exchange(&x, L4_UDP, 40);
	for (i = 0; i < 500; i++) {
		lab_build_error(ROUTER4, ICMP_UNREACH, 1, 0, &x.out4, 48);
		lab_send();
		lab_sent();
	}
	ck_assert_uint_eq(lab_counter(NAT64_ERRORS_LIMITED), 0);
	ck_assert_uint_eq(lab_counter(NAT64_ERRORS6), 0);
}
END_TEST

/* Shows: ICM-40 ICM-41 ICM-42 ICM-45 */
START_TEST(extensions_travel_with_the_error)
{
	static const uint8_t ext[] = { 0x20, 0, 0x7b, 0x82, 0, 8, 1, 1, 0x12,
		0x34, 0x51, 0x40 };
	struct exchange x;
	const struct pkt *p;

	exchange(&x, L4_UDP, 100);
	lab_build_error(ROUTER4, ICMP_TIMXCEED, 0, 32 << 16, &x.out4, 128);
	memcpy(lab.in.data + lab.in.len, ext, sizeof(ext));
	lab.in.len += sizeof(ext);
	put16(lab.in.data + 2, (uint16_t)lab.in.len);
	lab_fix();
	lab_send();
	p = lab_sent();
	ck_assert_uint_eq(pkt_l4(p)[4], 19);
	ck_assert_mem_eq(p->data + p->len - sizeof(ext), ext, sizeof(ext));

	lab_build_error(ROUTER6, ICMP6_TIME_EXCEEDED, 0, 16U << 24, &x.in6,
	    128);
	memcpy(lab.in.data + lab.in.len, ext, sizeof(ext));
	lab.in.len += sizeof(ext);
	put16(lab.in.data + 4, (uint16_t)(lab.in.len - 40));
	lab_fix();
	lab_send();
	p = lab_sent();
	ck_assert_uint_eq(pkt_l4(p)[5], 32);
	ck_assert_mem_eq(p->data + p->len - sizeof(ext), ext, sizeof(ext));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		an_error_from_ipv4_quotes_what_the_host_sent,
		errors_about_what_has_expired_are_dropped,
		an_error_from_ipv6_quotes_what_the_server_sent,
		translated_errors_are_cut_but_tell_the_true_length,
		a_quotation_must_be_long_enough_to_tell_the_flow,
		an_error_about_an_error_is_dropped,
		errors_that_do_not_add_up_are_dropped,
		a_binding_suffices_where_there_is_no_session,
		an_error_speaks_in_the_prefix_of_the_session_it_is_about,
		for_a_router_that_cannot_be_embedded_we_speak,
		without_an_address_of_ours_such_a_router_is_not_heard,
		errors_without_counterpart_are_dropped,
		errors_that_pass_are_not_limited,
		extensions_travel_with_the_error,
	};

	return (lab_main("nat64_icmp", tests, NITEMS(tests)));
}
