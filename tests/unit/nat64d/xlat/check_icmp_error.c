/*
 * The errors and echo replies that the translator makes itself.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/xlat/icmp_error.h"
#include "nat64d/wire/ipid.h"
#include "tests/unit/ipid_util.h"
#include "tests/unit/suite.h"
#include "tests/unit/xlat_util.h"

#define SELF4 "192.0.2.1"
#define SELF6 "2001:db8:ffff::1"
#define FIRST_ID 0x1001

static struct ipid ids;
static struct pkt p, out;

static void
setup(void)
{
	ipid_init_fixed(&ids, FIRST_ID);
	pkt_alloc(&p);
	pkt_alloc(&out);
}

static void
teardown(void)
{
	free(p.buf);
	free(out.buf);
}

struct allowed_row {
	const char *name;
	enum pkt_family family;
	uint8_t proto;
	uint8_t type;	   /* of ICMP */
	uint16_t off_more; /* of a fragment */
	bool allowed;
};

static const struct allowed_row allowed_rows[] = {
	{ "ERR-05 unknown protocol, IPv6", PKT_V6, 132, 0, 0, true },
	{ "ERR-05 unknown protocol, IPv4", PKT_V4, 47, 0, 0, true },
	{ "UDP", PKT_V6, IPPROTO_UDP, 0, 0, true },
	{ "first fragment, IPv6", PKT_V6, IPPROTO_UDP, 0, 1, true },
	{ "first fragment, IPv4", PKT_V4, IPPROTO_UDP, 0, 1, true },
	{ "later fragment, IPv6", PKT_V6, IPPROTO_UDP, 0, 9, false },
	{ "later fragment, IPv4", PKT_V4, IPPROTO_UDP, 0, 8, false },
	{ "ERR-15 echo request, IPv6", PKT_V6, IPPROTO_ICMPV6, 128, 0, true },
	{ "ERR-15 echo request, IPv4", PKT_V4, IPPROTO_ICMP, 8, 0, true },
	{ "timestamp", PKT_V4, IPPROTO_ICMP, 13, 0, true },
	{ "unreachable, IPv6", PKT_V6, IPPROTO_ICMPV6, 1, 0, false },
	{ "unknown error, IPv6", PKT_V6, IPPROTO_ICMPV6, 127, 0, false },
	{ "redirect, IPv6", PKT_V6, IPPROTO_ICMPV6, 137, 0, false },
	{ "unreachable, IPv4", PKT_V4, IPPROTO_ICMP, 3, 0, false },
	{ "source quench", PKT_V4, IPPROTO_ICMP, 4, 0, false },
	{ "redirect, IPv4", PKT_V4, IPPROTO_ICMP, 5, 0, false },
	{ "time exceeded, IPv4", PKT_V4, IPPROTO_ICMP, 11, 0, false },
	{ "parameter problem, IPv4", PKT_V4, IPPROTO_ICMP, 12, 0, false },
	{ "later fragment of echo", PKT_V4, IPPROTO_ICMP, 8, 8, false },
	{ "ICMPv4 in IPv6 is an unknown protocol", PKT_V6, IPPROTO_ICMP, 3, 0,
	    true },
};

/* Shows: ERR-14 ERR-15 */
START_TEST(icmp_error_allowed_never_answers_an_error)
{
	const struct allowed_row *r = &allowed_rows[_i];
	struct spec s = { .family = r->family,
		.proto = r->proto,
		.echo_type = r->type,
		.payload = 16 };
	uint8_t fh[8];

	if (r->off_more != 0 && r->family == PKT_V6) {
		put_fh(fh, r->proto, r->off_more, 1);
		s.next = IPPROTO_FRAGMENT;
		s.ext = fh;
		s.extlen = 8;
	} else if (r->off_more != 0) {
		s.frag = (uint16_t)(r->off_more / 8 | 0x2000);
	}
	build(&p, &s);
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_msg(icmp_error_allowed(&p) == r->allowed, "%s", r->name);
}
END_TEST

/* Shows: ERR-14 */
START_TEST(icmp_error_allowed_refuses_icmp_without_a_type)
{
	struct spec s = { .family = PKT_V6, .proto = IPPROTO_ICMPV6 };

	build(&p, &s);
	p.len = 40;
	wire_put16(p.data + 4, 0);
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert(!icmp_error_allowed(&p));
}
END_TEST

struct build_row {
	const char *name;
	size_t payload; /* of UDP */
	uint8_t tos;
	uint8_t new_tos;
	uint32_t len4;
	uint32_t len6;
};

static const struct build_row build_rows[] = {
	{ "small", 10, 0, 0, 28 + 38, 48 + 58 },
	{ "DSCP without ECN", 10, 0xbb, 0xb8, 28 + 38, 48 + 58 },
	{ "just whole, IPv4", 520, 0, 0, 576, 48 + 568 },
	{ "cut, IPv4", 521, 0, 0, 576, 48 + 569 },
	{ "just whole, IPv6", 1184, 0, 0, 576, 1280 },
	{ "cut, IPv6", 1185, 0, 0, 576, 1280 },
	{ "large", 60000, 0, 0, 576, 1280 },
};

/* Shows: ERR-12 ERR-01 ERR-03 ERR-05 */
START_TEST(icmp_error_build6_quotes_the_packet_as_received)
{
	const struct build_row *r = &build_rows[_i];
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.tos = r->tos,
		.ttl = 7,
		.payload = r->payload };
	struct icmp_error e = { 2, 0, 0x12345 };
	struct in6_addr self = addr6(SELF6), client = addr6(CLIENT6);

	build(&p, &s);
	parse(&p);
	icmp_error_build6(&out, &p, &self, &e);
	ck_assert_msg(out.len == r->len6, "%s: %u", r->name, out.len);
	assert_as_parsed(&out);
	ck_assert(cksum_right(&out));
	ck_assert_uint_eq(out.data[1] & 15, 0);
	ck_assert_uint_eq(wire_get16(out.data + 2), 0);
	ck_assert_uint_eq(out.tclass, r->new_tos);
	ck_assert_uint_eq(out.ttl, 64);
	ck_assert_mem_eq(&out.ip6.src, &self, 16);
	ck_assert_mem_eq(&out.ip6.dst, &client, 16);
	ck_assert_uint_eq(out.icmp_type, 2);
	ck_assert_uint_eq(get32(out.data + 44), 0x12345);
	ck_assert_mem_eq(out.data + 48, p.data, out.len - 48);
}
END_TEST

/* Shows: ERR-13 ERR-02 ERR-03 ERR-05 XLT-40 */
START_TEST(icmp_error_build4_quotes_the_packet_as_received)
{
	const struct build_row *r = &build_rows[_i];
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.tos = r->tos,
		.ttl = 7,
		.payload = r->payload };
	struct icmp_error e = { 3, 4, 1480 };
	struct in_addr self = addr4(SELF4), server = addr4(SERVER4);

	build(&p, &s);
	parse(&p);
	icmp_error_build4(&out, &p, self, &e, false, &ids);
	ck_assert_msg(out.len == r->len4, "%s: %u", r->name, out.len);
	assert_as_parsed(&out);
	ck_assert(cksum_right(&out));
	ck_assert_uint_eq(out.tclass, r->new_tos);
	ck_assert_uint_eq(out.ttl, 64);
	ck_assert(!out.df);
	ck_assert_uint_eq(out.frag_id, FIRST_ID);
	ck_assert_mem_eq(&out.ip4.src, &self, 4);
	ck_assert_mem_eq(&out.ip4.dst, &server, 4);
	ck_assert_uint_eq(out.icmp_type, 3);
	ck_assert_uint_eq(out.icmp_code, 4);
	ck_assert_uint_eq(wire_get16(out.data + 26), 1480);
	ck_assert_mem_eq(out.data + 28, p.data, out.len - 28);
}
END_TEST

/* Shows: GSO-19 ERR-12 */
START_TEST(icmp_error_build6_completes_a_partial_checksum)
{
	struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 100 };
	struct icmp_error e = { 1, 3, 0 };
	struct in6_addr self = addr6(SELF6);

	build(&p, &s);
	parse(&p);
	make_partial(&p, PKT_SEG_NONE, 0);
	icmp_error_build6(&out, &p, &self, &e);
	ck_assert(!out.ofl.csum_partial);
	out.data += 48;
	out.len -= 48;
	parse(&out);
	ck_assert(cksum_right(&out));
}
END_TEST

/* Shows: GSO-21 GSO-22 ERR-13 */
START_TEST(icmp_error_build4_quotes_the_head_of_a_super_packet)
{
	struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_TCP,
		.payload = 14600 };
	struct icmp_error e = { 3, 4, 1480 };
	uint8_t head[548];

	build(&p, &s);
	parse(&p);
	make_partial(&p, PKT_SEG_TCP, 1460);
	memcpy(head, p.data, sizeof(head));
	icmp_error_build4(&out, &p, addr4(SELF4), &e, false, &ids);
	ck_assert_uint_eq(out.len, 576);
	ck_assert_mem_eq(out.data + 28, head, sizeof(head));
	ck_assert_int_eq(out.ofl.seg, PKT_SEG_NONE);
	ck_assert(!out.ofl.csum_partial);
	ck_assert(cksum_right(&out));
}
END_TEST

struct echo_row {
	const char *name;
	enum pkt_family family;
	uint8_t next; /* IPv6, with ext */
	const uint8_t *ext;
	size_t extlen;
	bool partial;
};

static const uint8_t hbh[] = { IPPROTO_ICMPV6, 0, 1, 4, 0, 0, 0, 0 };
static const uint8_t fh_atomic[] = { IPPROTO_ICMPV6, 0, 0, 0, 1, 2, 3, 4 };
static const uint8_t opts[] = { 7, 7, 8, 192, 0, 2, 9, 0 };

static const struct echo_row echo_rows[] = {
	{ "LOC-01 IPv6", PKT_V6, 0, NULL, 0, false },
	{ "LOC-01 extension header", PKT_V6, IPPROTO_HOPOPTS, hbh, 8, false },
	{ "LOC-01 atomic fragment", PKT_V6, IPPROTO_FRAGMENT, fh_atomic, 8,
	    false },
	{ "GSO-19 partial checksum", PKT_V6, 0, NULL, 0, true },
	{ "LOC-02 IPv4", PKT_V4, 0, NULL, 0, false },
	{ "LOC-02 options", PKT_V4, 0, opts, 8, false },
};

/* Shows: LOC-01 LOC-02 GSO-19 */
START_TEST(icmp_echo_answer_turns_the_request_round)
{
	const struct echo_row *r = &echo_rows[_i];
	bool v6 = r->family == PKT_V6;
	struct spec s = { .family = r->family,
		.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
		.tos = 0xb9,
		.ttl = 3,
		.next = r->next,
		.ext = r->ext,
		.extlen = r->extlen,
		.echo_type = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.echo_id = 0x1234,
		.payload = 33 };
	uint8_t rest[37];
	struct pkt request;

	build(&p, &s);
	parse(&p);
	if (r->partial)
		make_partial(&p, PKT_SEG_NONE, 0);
	request = p;
	memcpy(rest, pkt_l4(&p) + 4, sizeof(rest));
	icmp_echo_answer(&p, &ids);
	assert_as_parsed(&p);
	ck_assert_msg(cksum_right(&p), "%s", r->name);
	ck_assert(!p.ofl.csum_partial);
	ck_assert_uint_eq(p.l4off, v6 ? 40 : 20);
	ck_assert_uint_eq(p.len, p.l4off + 8 + 33);
	ck_assert_uint_eq(p.icmp_type, v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY);
	ck_assert_mem_eq(pkt_l4(&p) + 4, rest, sizeof(rest));
	ck_assert_uint_eq(p.ttl, 64);
	ck_assert_uint_eq(p.tclass, 0xb9);
	ck_assert(!p.has_fh);
	if (v6) {
		ck_assert_mem_eq(&p.ip6.src, &request.ip6.dst, 16);
		ck_assert_mem_eq(&p.ip6.dst, &request.ip6.src, 16);
	} else {
		ck_assert_mem_eq(&p.ip4.src, &request.ip4.dst, 4);
		ck_assert_mem_eq(&p.ip4.dst, &request.ip4.src, 4);
		ck_assert_uint_eq(p.frag_id, FIRST_ID);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("icmp_error");
	TCase *tc = tcase_create("icmp_error");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, icmp_error_allowed_never_answers_an_error, 0,
	    NITEMS(allowed_rows));
	tcase_add_test(tc, icmp_error_allowed_refuses_icmp_without_a_type);
	tcase_add_loop_test(tc,
	    icmp_error_build6_quotes_the_packet_as_received, 0,
	    NITEMS(build_rows));
	tcase_add_loop_test(tc,
	    icmp_error_build4_quotes_the_packet_as_received, 0,
	    NITEMS(build_rows));
	tcase_add_test(tc, icmp_error_build6_completes_a_partial_checksum);
	tcase_add_test(tc,
	    icmp_error_build4_quotes_the_head_of_a_super_packet);
	tcase_add_loop_test(tc, icmp_echo_answer_turns_the_request_round, 0,
	    NITEMS(echo_rows));
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
