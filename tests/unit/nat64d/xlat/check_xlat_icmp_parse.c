/*
 * ICMP errors that must be dropped.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/xlat/xlat.h"
#include "tests/unit/suite.h"
#include "tests/unit/xlat_icmp_util.h"

/* What makes an error invalid. Layout: see build_error(). */
struct bad_row {
	const char *name;
	enum pkt_family family;
	uint8_t proto; /* of the quoted packet */
	uint32_t off;  /* from the quoted header; patched with value */
	uint8_t value;
	bool fix_ip4; /* the quoted header's checksum is made right */
	bool bad_cksum;
	enum nat64_reason reason;
};

static const struct bad_row bad_rows[] = {
	{ "ICM-50 checksum, IPv6", PKT_V6, IPPROTO_UDP, 50, 0xff, false, true,
	    NAT64_ICMP_CKSUM },
	{ "ICM-50 checksum, IPv4", PKT_V4, IPPROTO_UDP, 30, 0xff, false, true,
	    NAT64_ICMP_CKSUM },
	{ "version 4 in 6", PKT_V6, IPPROTO_UDP, 0, 0x45, false, false,
	    NAT64_ICMP_INNER },
	{ "version 6 in 4", PKT_V4, IPPROTO_UDP, 0, 0x65, true, false,
	    NAT64_ICMP_INNER },
	{ "header length 4", PKT_V4, IPPROTO_UDP, 0, 0x44, true, false,
	    NAT64_ICMP_INNER },
	{ "header longer than the quotation", PKT_V4, IPPROTO_UDP, 0, 0x4f,
	    true, false, NAT64_ICMP_INNER },
	{ "total length below the header", PKT_V4, IPPROTO_UDP, 3, 19, true,
	    false, NAT64_ICMP_INNER },
	{ "total length without L4", PKT_V4, IPPROTO_UDP, 3, 27, true, false,
	    NAT64_ICMP_INNER },
	{ "payload length without ports", PKT_V6, IPPROTO_UDP, 5, 3, false,
	    false, NAT64_ICMP_INNER },
	{ "payload length that IPv4 cannot have", PKT_V6, IPPROTO_UDP, 4, 0xff,
	    false, false, NAT64_NONE },
	{ "ICM-51 quoted header checksum", PKT_V4, IPPROTO_UDP, 8, 0x33, false,
	    false, NAT64_ICMP_INNER },
	{ "ICM-53 later fragment", PKT_V4, IPPROTO_UDP, 7, 1, true, false,
	    NAT64_ICMP_INNER },
	{ "unknown protocol, IPv4", PKT_V4, IPPROTO_UDP, 9, 47, true, false,
	    NAT64_ICMP_INNER },
	{ "ICMPv6 in IPv4", PKT_V4, IPPROTO_UDP, 9, 58, true, false,
	    NAT64_ICMP_INNER },
	{ "unknown protocol, IPv6", PKT_V6, IPPROTO_UDP, 6, 47, false, false,
	    NAT64_ICMP_INNER },
	{ "ICMPv4 in IPv6", PKT_V6, IPPROTO_UDP, 6, 1, false, false,
	    NAT64_ICMP_INNER },
	{ "chain beyond the quotation", PKT_V6, IPPROTO_UDP, 6, 60, false,
	    false, NAT64_ICMP_INNER },
	{ "ICM-37 error in error, IPv4", PKT_V4, IPPROTO_ICMP, 20, 3, false,
	    false, NAT64_ICMP_INNER },
	{ "ICM-37 error in error, IPv6", PKT_V6, IPPROTO_ICMPV6, 40, 1, false,
	    false, NAT64_ICMP_INNER },
	{ "quoted timestamp", PKT_V4, IPPROTO_ICMP, 20, 13, false, false,
	    NAT64_ICMP_INNER },
	{ "ICM-54 quoted source, IPv4", PKT_V4, IPPROTO_UDP, 15, 6, true,
	    false, NAT64_ICMP_INNER },
	{ "ICM-54 quoted source, IPv6", PKT_V6, IPPROTO_UDP, 23, 6, false,
	    false, NAT64_ICMP_INNER },
};

/* Shows: ICM-37 ICM-50 ICM-51 ICM-53 ICM-54 TUP-05 TUP-06 */
START_TEST(xlat_icmp_parse_refuses_what_cannot_be_trusted)
{
	const struct bad_row *r = &bad_rows[_i];
	struct spec s = { .proto = r->proto, .payload = 20 };
	uint32_t hlen = r->family == PKT_V6 ? 40 : 20;

	s.echo_type = r->family == PKT_V6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	quote(&s, r->family);
	error_about(r->family, r->family == PKT_V6 ? 1 : 3, 0, 0);
	p.data[hlen + 8 + r->off] = r->value;
	if (r->fix_ip4 && (r->value != 0x4f || r->off != 0))
		wire_fix_ip4(p.data + hlen + 8);
	if (!r->bad_cksum)
		fix_error(hlen);
	ck_assert_msg(translate() == r->reason, "%s", r->name);
}
END_TEST

/* Shows: ICM-53 */
START_TEST(xlat_icmp_parse_refuses_later_fragments_of_ipv6)
{
	uint8_t fh[8];
	struct spec s = { .proto = IPPROTO_UDP,
		.next = IPPROTO_FRAGMENT,
		.ext = fh,
		.extlen = 8,
		.payload = 20 };

	put_fh(fh, IPPROTO_UDP, 8, 1);
	quote(&s, PKT_V6);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_ICMP_INNER);
	/* Behind a Fragment Header the protocol follows at once. */
	put_fh(fh, IPPROTO_DSTOPTS, 0, 1);
	quote(&s, PKT_V6);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_ICMP_INNER);
}
END_TEST

/* Shows: ICM-32 LIM-07 */
START_TEST(xlat_icmp_parse_refuses_a_length_that_ipv4_cannot_have)
{
	quote_udp(PKT_V6);
	wire_put16(q.data + 4, 65515);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_uint_eq(wire_get16(out.data + 30), 65535);
	wire_put16(q.data + 4, 65516);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_ICMP_INNER);
}
END_TEST

/* Shows: ICM-50 ICM-51 GSO-19 */
START_TEST(xlat_icmp_parse_checks_only_what_it_is_told_to)
{
	quote_udp(PKT_V4);
	q.data[10] ^= 0x40;
	error_about(PKT_V4, 3, 0, 0);
	parse(&p);
	ck_assert_int_eq(xlat_icmp_parse(&p, true, &inner), NAT64_ICMP_INNER);
	ck_assert_int_eq(xlat_icmp_parse(&p, false, &inner), NAT64_NONE);

	quote_udp(PKT_V4);
	error_about(PKT_V4, 3, 0, 0);
	p.data[22] ^= 1;
	parse(&p);
	ck_assert_int_eq(xlat_icmp_parse(&p, true, &inner), NAT64_ICMP_CKSUM);
	p.ofl.csum_valid = true;
	ck_assert_int_eq(xlat_icmp_parse(&p, true, &inner), NAT64_NONE);
	p.ofl.csum_valid = false;
	p.ofl.csum_partial = true;
	ck_assert_int_eq(xlat_icmp_parse(&p, true, &inner), NAT64_NONE);
}
END_TEST

/* Shows: TUP-03 */
START_TEST(xlat_icmp_parse_gives_the_tuple_as_quoted)
{
	struct spec s = { .proto = IPPROTO_ICMP,
		.echo_type = ICMP_ECHO,
		.echo_id = 77,
		.payload = 8 };
	struct in_addr src4 = addr4(POOL4), dst4 = addr4(SERVER4);
	struct in6_addr src6 = addr6(SERVER6), dst6 = addr6(CLIENT6);

	quote(&s, PKT_V4);
	error_about(PKT_V4, 3, 0, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_int_eq(inner.l4, L4_ICMP);
	ck_assert_mem_eq(&inner.t4.src.addr, &src4, 4);
	ck_assert_mem_eq(&inner.t4.dst.addr, &dst4, 4);
	ck_assert_uint_eq(inner.t4.src.port, 77);
	ck_assert_uint_eq(inner.t4.dst.port, 77);

	quote_udp(PKT_V6);
	error_about(PKT_V6, 1, 0, 0);
	ck_assert_int_eq(translate(), NAT64_NONE);
	ck_assert_int_eq(inner.l4, L4_UDP);
	ck_assert_mem_eq(&inner.t6.src.addr, &src6, 16);
	ck_assert_mem_eq(&inner.t6.dst.addr, &dst6, 16);
	ck_assert_uint_eq(inner.t6.src.port, PORT_SERVER);
	ck_assert_uint_eq(inner.t6.dst.port, PORT6);
}
END_TEST

/* Shows: ICM-40 */
START_TEST(xlat_icmp_parse_refuses_a_datagram_longer_than_the_body)
{
	quote_udp(PKT_V4);
	error_about(PKT_V4, 11, 0, 18U << 16);
	ck_assert_int_eq(translate(), NAT64_ICMP_INNER);
	error_about(PKT_V4, 11, 0, 17U << 16);
	ck_assert_int_eq(translate(), NAT64_NONE);

	quote_udp(PKT_V6);
	error_about(PKT_V6, 3, 0, 12U << 24);
	ck_assert_int_eq(translate(), NAT64_ICMP_INNER);
	error_about(PKT_V6, 3, 0, 11U << 24);
	ck_assert_int_eq(translate(), NAT64_NONE);
}
END_TEST

/* The byte was unused in RFC 792; the path MTU is reported nevertheless. */
START_TEST(xlat_icmp_needfrag_may_have_anything_in_its_unused_octet)
{
	static const uint32_t octets[] = { 1, 17, 18, 31, 255 };
	size_t i;

	for (i = 0; i < sizeof(octets) / sizeof(octets[0]); i++) {
		quote_udp(PKT_V4);
		error_about(PKT_V4, 3, 4, octets[i] << 16 | 1400);
		ck_assert_int_eq(translate(), NAT64_NONE);
		ck_assert_uint_eq(out.data[40], ICMP6_PACKET_TOO_BIG);
		ck_assert_uint_eq(wire_get16(out.data + 46), 1420);
	}
}
END_TEST

/*
 * Errors with random bytes changed, in a buffer that ends where the packet
 * ends, so that a sanitizer reports any read beyond it.
 */
/* Shows: ICM-32 ICM-36 ICM-53 LIM-07 */
START_TEST(xlat_icmp_any_bytes_are_dropped_or_translated)
{
	enum pkt_family family = _i == 0 ? PKT_V4 : PKT_V6;
	uint32_t hlen = _i == 0 ? 20 : 40, seed = 0xbadc0de5, i, n, translated;
	const struct quote_row *r;
	static const uint8_t likely[] = { 0, 1, 6, 17, 43, 44, 60, 255 };
	struct pkt whole = p;
	uint8_t *byte;

	translated = 0;
	for (i = 0; i < 40000; i++) {
		p = whole;
		r = &quote_rows[wire_random(&seed) % NITEMS(quote_rows)];
		quote_of_row(r, family, true);
		q.len -= wire_random(&seed) % 40;
		error_about(family, _i == 0 ? 11 : 3, 0, 0);
		for (n = wire_random(&seed) % 6; n > 0; n--) {
			byte = p.data + hlen + 4 +
			    wire_random(&seed) % (p.len - hlen - 4);
			*byte = (uint8_t)wire_random(&seed);
			if (*byte % 2 == 0)
				*byte = likely[*byte / 2 % NITEMS(likely)];
		}
		fix_error(hlen);
		p.bufsize = PKT_HEADROOM + p.len;
		p.buf = malloc(p.bufsize);
		REQUIRE(p.buf != NULL);
		memcpy(p.buf + PKT_HEADROOM, p.data, p.len);
		p.data = p.buf + PKT_HEADROOM;
		if (translate() == NAT64_NONE) {
			translated++;
			REQUIRE(out.len <= (_i == 0 ? 1280 : 576));
		}
		free(p.buf);
	}
	p = whole;
	ck_assert_uint_gt(translated, 1000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("xlat_icmp_parse");
	TCase *tc = tcase_create("xlat_icmp_parse");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, xlat_icmp_parse_refuses_what_cannot_be_trusted,
	    0, NITEMS(bad_rows));
	tcase_add_test(tc, xlat_icmp_parse_refuses_later_fragments_of_ipv6);
	tcase_add_test(tc,
	    xlat_icmp_parse_refuses_a_length_that_ipv4_cannot_have);
	tcase_add_test(tc, xlat_icmp_parse_checks_only_what_it_is_told_to);
	tcase_add_test(tc, xlat_icmp_parse_gives_the_tuple_as_quoted);
	tcase_add_test(tc,
	    xlat_icmp_parse_refuses_a_datagram_longer_than_the_body);
	tcase_add_test(tc,
	    xlat_icmp_needfrag_may_have_anything_in_its_unused_octet);
	tcase_add_loop_test(tc, xlat_icmp_any_bytes_are_dropped_or_translated,
	    0, 2);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
