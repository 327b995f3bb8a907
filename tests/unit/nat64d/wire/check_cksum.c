/*
 * Unit tests of cksum.c against RFC examples and a naive sum.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/wire/cksum.h"

#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

#define MAXLEN 300

static void
fill(uint8_t *buf, size_t len, uint32_t *state)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = (uint8_t)wire_random(state);
}

/* Shows: CSM-01 */
START_TEST(add_matches_example_of_rfc_1071)
{
	const uint8_t data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6,
		0xf7 };

	ck_assert_uint_eq(cksum_fold(cksum_add(0, data, sizeof(data))),
	    0xddf2);
}
END_TEST

/* Shows: CSM-01 */
START_TEST(add_matches_naive_sum_at_every_alignment_and_length)
{
	uint8_t raw[MAXLEN + 16];
	uint32_t state = 1;
	size_t align, len;
	uint64_t sum;

	for (align = 0; align < 16; align++)
		for (len = 0; len <= MAXLEN; len++) {
			fill(raw, sizeof(raw), &state);
			sum = cksum_add(0x12345, raw + align, len);
			ck_assert_uint_eq(cksum_fold(sum),
			    wire_sum(0x2346, raw + align, len));
		}
}
END_TEST

/* Shows: CSM-01 */
START_TEST(add_carries_round_when_all_bits_are_set)
{
	static uint8_t ones[65535];
	size_t len;

	memset(ones, 0xff, sizeof(ones));
	for (len = 2; len < 200; len += 2)
		ck_assert_uint_eq(cksum_fold(cksum_add(0, ones, len)), 0xffff);
	ck_assert_uint_eq(cksum_fold(cksum_add(0, ones, sizeof(ones))),
	    0xff00);
}
END_TEST

/* Shows: CSM-01 */
START_TEST(add_in_even_pieces_equals_add_at_once)
{
	uint8_t data[101];
	uint32_t state = 7;
	size_t cut;
	uint64_t sum;

	fill(data, sizeof(data), &state);
	for (cut = 0; cut < sizeof(data); cut += 2) {
		sum = cksum_add(0, data, cut);
		sum = cksum_add(sum, data + cut, sizeof(data) - cut);
		ck_assert_uint_eq(cksum_fold(sum),
		    wire_sum(0, data, sizeof(data)));
	}
}
END_TEST

/* Shows: CSM-01 */
START_TEST(add_of_header_words_and_of_bytes_mix)
{
	const uint8_t data[] = { 0xab, 0xcd, 0x12, 0x34 };

	ck_assert_uint_eq(cksum_fold(cksum_add(0xabcd, data + 2, 2)),
	    cksum_fold(cksum_add(0, data, 4)));
}
END_TEST

/* Shows: CSM-01 */
START_TEST(add_of_nothing_leaves_the_sum)
{
	ck_assert_uint_eq(cksum_fold(cksum_add(0x1234, NULL, 0)), 0x1234);
	ck_assert_uint_eq(cksum_fold(cksum_add(0, NULL, 0)), 0);
}
END_TEST

/* Shows: CSM-01 */
START_TEST(fold_and_finish_fold_every_carry)
{
	static const struct {
		const char *name;
		uint64_t sum;
		uint16_t folded;
	} rows[] = {
		{ "zero", 0, 0 },
		{ "one word", 0xffff, 0xffff },
		{ "carry", 0x10000, 1 },
		{ "carry makes a carry", 0x1ffff, 1 },
		{ "all 32 bits", 0xffffffff, 0xffff },
		{ "bit 32", 0x100000000, 1 },
		{ "largest", UINT64_MAX, 0xffff },
		{ "largest but one", UINT64_MAX - 1, 0xfffe },
		{ "bit 63", UINT64_C(1) << 63, 0x8000 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(cksum_fold(rows[i].sum) == rows[i].folded,
		    "%s: %#x", rows[i].name, cksum_fold(rows[i].sum));
		ck_assert_msg((cksum_finish(rows[i].sum) ^ rows[i].folded) ==
			0xffff,
		    "%s", rows[i].name);
	}
}
END_TEST

/* Shows: CSM-01 */
START_TEST(update_matches_example_of_rfc_1624)
{
	/* RFC 1141 would give 0xffff; "checksums" of vectors.json. */
	ck_assert_uint_eq(cksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}
END_TEST

/* Shows: CSM-01 */
START_TEST(update_equals_the_sum_made_afresh)
{
	uint8_t data[64];
	uint64_t old, new;
	uint32_t state = 99;
	uint16_t field;
	size_t off;
	int i;

	for (i = 0; i < 10000; i++) {
		fill(data, sizeof(data), &state);
		field = (uint16_t)~wire_sum(0, data, sizeof(data));
		off = wire_random(&state) % 16 * 2;
		old = cksum_add(0, data + off, 32);
		fill(data + off, 32, &state);
		new = cksum_add(0, data + off, 32);
		ck_assert_uint_eq(cksum_update(field, old, new),
		    (uint16_t)~wire_sum(0, data, sizeof(data)));
	}
}
END_TEST

/* Shows: CSM-02 */
START_TEST(update_keeps_damage_as_it_is)
{
	const uint64_t old = 0x2001 + 0xdb8 + 0xc001, new = 0xcb00 + 0x7105;
	const uint16_t good = 0x1234, damage = 0x0100;
	uint16_t after, damaged;

	after = cksum_update(good, old, new);
	damaged = cksum_update(good + damage, old, new);
	ck_assert_uint_eq((uint16_t)(damaged - after), damage);
}
END_TEST

/* Shows: GSO-13 */
START_TEST(update_partial_swaps_the_addresses_of_a_pseudo_header)
{
	struct in6_addr src6, dst6;
	struct in_addr src4, dst4;
	uint64_t old, new;
	uint16_t field;

	/* gso-tso6-to-tso4 of vectors.json: 0x9201 becomes 0x7220. */
	inet_pton(AF_INET6, "2001:db8:1::10", &src6);
	inet_pton(AF_INET6, "2001:db8:64::198.51.100.20", &dst6);
	inet_pton(AF_INET, "203.0.113.5", &src4);
	inet_pton(AF_INET, "198.51.100.20", &dst4);
	old = cksum_add6(cksum_add6(0, &src6), &dst6);
	new = cksum_add4(cksum_add4(0, src4), dst4);

	field = cksum_fold(cksum_pseudo6(&src6, &dst6, IPPROTO_TCP, 3020));
	ck_assert_uint_eq(field, 0x9201);
	field = cksum_update_partial(field, old, new);
	ck_assert_uint_eq(field,
	    cksum_fold(cksum_pseudo4(src4, dst4, IPPROTO_TCP, 3020)));
	ck_assert_uint_eq(field, 0x7220);
}
END_TEST

/* Shows: ADR-13 CSM-05 */
START_TEST(add_of_addresses_equals_add_of_their_bytes)
{
	struct in6_addr a6, neutral;
	struct in_addr a4;
	uint32_t state = 5;
	int i;

	for (i = 0; i < 1000; i++) {
		fill((uint8_t *)&a6, sizeof(a6), &state);
		fill((uint8_t *)&a4, sizeof(a4), &state);
		ck_assert_uint_eq(cksum_fold(cksum_add6(1, &a6)),
		    wire_sum(1, (const uint8_t *)&a6, sizeof(a6)));
		ck_assert_uint_eq(cksum_fold(cksum_add4(1, a4)),
		    wire_sum(1, (const uint8_t *)&a4, sizeof(a4)));
	}
	inet_pton(AF_INET6, "64:ff9b::", &neutral);
	ck_assert_uint_eq(cksum_fold(cksum_add6(0, &neutral)), 0xffff);
}
END_TEST

/* Shows: CSM-03 CSM-04 */
START_TEST(pseudo_headers_sum_addresses_protocol_and_length)
{
	static const uint32_t lengths[] = { 0, 8, 1280, 65535 };
	uint8_t ip4[20] = { 0x45 }, ip6[40] = { 0x60 };
	struct in6_addr src6, dst6;
	struct in_addr src4, dst4;
	uint32_t state = 3;
	size_t i;

	fill(ip4 + 12, 8, &state);
	fill(ip6 + 8, 32, &state);
	memcpy(&src4, ip4 + 12, 4);
	memcpy(&dst4, ip4 + 16, 4);
	memcpy(&src6, ip6 + 8, 16);
	memcpy(&dst6, ip6 + 24, 16);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		ck_assert_uint_eq(cksum_fold(cksum_pseudo4(src4, dst4,
				      IPPROTO_UDP, lengths[i])),
		    wire_pseudo(ip4, IPPROTO_UDP, lengths[i]));
		ck_assert_uint_eq(cksum_fold(cksum_pseudo6(&src6, &dst6,
				      IPPROTO_ICMPV6, lengths[i])),
		    wire_pseudo(ip6, IPPROTO_ICMPV6, lengths[i]));
	}
	/* A length of more than 16 bits is two words (RFC 8200, 8.1). */
	ck_assert_uint_eq(cksum_fold(cksum_pseudo6(&src6, &dst6, 0, 0x10002)),
	    cksum_fold(cksum_pseudo6(&src6, &dst6, 0, 3)));
}
END_TEST

static Suite *
cksum_suite(void)
{
	Suite *s = suite_create("cksum");
	TCase *tc = tcase_create("cksum");

	tcase_add_test(tc, add_matches_example_of_rfc_1071);
	tcase_add_test(tc,
	    add_matches_naive_sum_at_every_alignment_and_length);
	tcase_add_test(tc, add_carries_round_when_all_bits_are_set);
	tcase_add_test(tc, add_in_even_pieces_equals_add_at_once);
	tcase_add_test(tc, add_of_header_words_and_of_bytes_mix);
	tcase_add_test(tc, add_of_nothing_leaves_the_sum);
	tcase_add_test(tc, fold_and_finish_fold_every_carry);
	tcase_add_test(tc, update_matches_example_of_rfc_1624);
	tcase_add_test(tc, update_equals_the_sum_made_afresh);
	tcase_add_test(tc, update_keeps_damage_as_it_is);
	tcase_add_test(tc,
	    update_partial_swaps_the_addresses_of_a_pseudo_header);
	tcase_add_test(tc, add_of_addresses_equals_add_of_their_bytes);
	tcase_add_test(tc, pseudo_headers_sum_addresses_protocol_and_length);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(cksum_suite()));
}
