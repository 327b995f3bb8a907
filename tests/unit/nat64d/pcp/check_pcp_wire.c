/*
 * Messages of port control as bytes: every field at its place, every length,
 * every cut, every flipped bit.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/pcp/pcp_wire.h"
#include "tests/unit/pcp_util.h"
#include "tests/unit/suite.h"

static struct pcp_request r;
static enum pcp_result why;

/* From an exact copy, so that a sanitizer sees what is read behind it. */
static enum pcp_parsed
parse_as(const struct pcp_bytes *m, const char *source)
{
	const struct in6_addr from = pcp_addr(source);
	uint8_t *copy = malloc(m->len + (m->len == 0));
	enum pcp_parsed parsed;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, m->b, m->len);
	why = PCP_SUCCESS;
	parsed = pcp_parse(copy, m->len, &from, &r, &why);
	free(copy);
	return (parsed);
}

static enum pcp_parsed
parse(const struct pcp_bytes *m)
{
	return (parse_as(m, PCP_HOST));
}

static void
expect_refused(const struct pcp_bytes *m, enum pcp_result result)
{
	ck_assert_int_eq(parse(m), PCP_REFUSED);
	ck_assert_int_eq(why, result);
}

static struct pcp_bytes
a_map(void)
{
	return (pcp_map(PCP_HOST, PCP_NONCE, 6, 8080, "::ffff:192.0.2.1", 443,
	    7200));
}

static struct pcp_bytes
a_peer(void)
{
	return (pcp_peer(a_map(), "2001:db8:64::c633:640a", 80));
}

static void
expect_map(void)
{
	const struct in6_addr suggested = pcp_addr("::ffff:192.0.2.1");

	ck_assert_uint_eq(r.lifetime, 7200);
	ck_assert_mem_eq(r.nonce, PCP_NONCE, 12);
	ck_assert_uint_eq(r.proto, 6);
	ck_assert_uint_eq(r.port, 8080);
	ck_assert_uint_eq(r.suggested_port, 443);
	ck_assert_mem_eq(&r.suggested, &suggested, 16);
	ck_assert(!r.prefer_failure);
}

START_TEST(map_is_read)
{
	const struct pcp_bytes m = a_map();

	ck_assert_int_eq(parse(&m), PCP_PARSED);
	ck_assert_int_eq(r.opcode, PCP_MAP);
	expect_map();
	ck_assert_uint_eq(r.peer_port, 0);
}
END_TEST

START_TEST(peer_is_read)
{
	const struct in6_addr peer = pcp_addr("2001:db8:64::c633:640a");
	const struct pcp_bytes m = a_peer();

	ck_assert_int_eq(parse(&m), PCP_PARSED);
	ck_assert_int_eq(r.opcode, PCP_PEER);
	expect_map();
	ck_assert_uint_eq(r.peer_port, 80);
	ck_assert_mem_eq(&r.peer, &peer, 16);
}
END_TEST

START_TEST(announce_is_read)
{
	const struct pcp_bytes m = pcp_head(0, 0, PCP_HOST);

	ck_assert_int_eq(parse(&m), PCP_PARSED);
	ck_assert_int_eq(r.opcode, PCP_ANNOUNCE);
}
END_TEST

/* RFC 6887, 8.2: what gets no answer. */
START_TEST(short_messages_and_answers_are_ignored)
{
	struct pcp_bytes m = a_map();

	for (m.len = 0; m.len < 24; m.len++)
		ck_assert_int_eq(parse(&m), PCP_IGNORED);
	m = a_map();
	m.b[1] |= 0x80;
	ck_assert_int_eq(parse(&m), PCP_IGNORED);
	/* Also one of another version, to which nobody would answer. */
	m.b[0] = 3;
	ck_assert_int_eq(parse(&m), PCP_IGNORED);
}
END_TEST

/* RFC 6887, 9: two bytes are enough, as NAT-PMP (version 0) sends them. */
START_TEST(other_versions_are_refused)
{
	struct pcp_bytes m = a_map();
	unsigned version;

	for (version = 0; version < 256; version++) {
		m.b[0] = (uint8_t)version;
		if (version == 2)
			continue;
		for (m.len = 2; m.len <= 60; m.len++)
			expect_refused(&m, PCP_UNSUPP_VERSION);
	}
}
END_TEST

START_TEST(lengths_that_cannot_be_are_refused)
{
	static const size_t lens[] = { 24, 60, 80 };
	struct pcp_bytes m = a_peer();
	unsigned opcode;

	for (opcode = 0; opcode < 3; opcode++) {
		m.b[1] = (uint8_t)opcode;
		for (m.len = 24; m.len < 1200; m.len++)
			if (m.len < lens[opcode] || m.len % 4 != 0 ||
			    m.len > 1100)
				expect_refused(&m, PCP_MALFORMED_REQUEST);
	}
}
END_TEST

START_TEST(a_message_of_1100_bytes_is_read)
{
	struct pcp_bytes m = a_map();

	m = pcp_option(m, 200, (uint16_t)(1100 - 60 - 4));
	ck_assert_uint_eq(m.len, 1100);
	ck_assert_int_eq(parse(&m), PCP_PARSED);
}
END_TEST

START_TEST(other_opcodes_are_refused)
{
	struct pcp_bytes m = a_map();
	unsigned opcode;

	for (opcode = 3; opcode < 128; opcode++) {
		m.b[1] = (uint8_t)opcode;
		expect_refused(&m, PCP_UNSUPP_OPCODE);
	}
}
END_TEST

/* A NAT between client and server (RFC 6887, 8.2). */
START_TEST(another_source_is_refused)
{
	const struct pcp_bytes map = a_map(), peer = a_peer(),
			       announce = pcp_head(0, 0, PCP_HOST);
	const struct pcp_bytes *const all[] = { &map, &peer, &announce };
	unsigned i;

	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(parse_as(all[i], "2001:db8:1::11"),
		    PCP_REFUSED);
		ck_assert_int_eq(why, PCP_ADDRESS_MISMATCH);
	}
}
END_TEST

/* --- options --- */

START_TEST(options_with_impossible_lengths_are_refused)
{
	const struct pcp_bytes whole = pcp_option(a_map(), 200, 9);
	struct pcp_bytes m;
	unsigned len;

	ck_assert_int_eq(parse(&whole), PCP_PARSED);
	for (len = 13; len <= 65535; len++) {
		m = whole;
		put16(m.b + 62, (uint16_t)len);
		expect_refused(&m, PCP_MALFORMED_OPTION);
	}
	/* The padding is missing. */
	m = pcp_option(a_map(), 200, 8);
	put16(m.b + 62, 9);
	expect_refused(&m, PCP_MALFORMED_OPTION);
	/* One behind it that is not whole. */
	m = pcp_option(a_map(), 200, 0);
	m.b[m.len] = 200;
	put16(m.b + m.len + 2, 1);
	m.len += 4;
	expect_refused(&m, PCP_MALFORMED_OPTION);
}
END_TEST

/* Their highest bit says so (RFC 6887, 7.3). */
START_TEST(options_that_may_be_ignored_are)
{
	struct pcp_bytes m;
	unsigned code;

	for (code = 128; code < 256; code++) {
		m = pcp_option(pcp_option(a_map(), (uint8_t)code, 3),
		    (uint8_t)code, 0);
		ck_assert_int_eq(parse(&m), PCP_PARSED);
		expect_map();
		ck_assert_int_eq(r.pref64, code == 129);
	}
}
END_TEST

START_TEST(options_that_may_not_be_ignored_are_refused)
{
	struct pcp_bytes m;
	unsigned code;

	for (code = 0; code < 128; code++) {
		if (code == PCP_OPTION_PREFER_FAILURE)
			continue;
		m = pcp_option(a_map(), (uint8_t)code, 16);
		expect_refused(&m, PCP_UNSUPP_OPTION);
		m = pcp_option(a_peer(), (uint8_t)code, 16);
		expect_refused(&m, PCP_UNSUPP_OPTION);
		m = pcp_option(pcp_head(0, 0, PCP_HOST), (uint8_t)code, 0);
		expect_refused(&m, PCP_UNSUPP_OPTION);
	}
}
END_TEST

/* RFC 6887, 13.2 */
START_TEST(prefer_failure_is_of_map_alone_and_once)
{
	struct pcp_bytes m = pcp_option(a_map(), 2, 0);

	ck_assert_int_eq(parse(&m), PCP_PARSED);
	ck_assert(r.prefer_failure);
	m = pcp_option(m, 2, 0);
	expect_refused(&m, PCP_MALFORMED_OPTION);
	m = pcp_option(a_map(), 2, 4);
	expect_refused(&m, PCP_MALFORMED_OPTION);
	m = pcp_option(a_peer(), 2, 0);
	expect_refused(&m, PCP_MALFORMED_OPTION);
	m = pcp_option(pcp_head(0, 0, PCP_HOST), 2, 0);
	expect_refused(&m, PCP_MALFORMED_OPTION);
	/* Without a port, and when a mapping is deleted. */
	m = pcp_option(pcp_map(PCP_HOST, PCP_NONCE, 6, 80, "::", 0, 60), 2, 0);
	expect_refused(&m, PCP_MALFORMED_OPTION);
	m = pcp_option(pcp_map(PCP_HOST, PCP_NONCE, 6, 80, "::", 80, 0), 2, 0);
	expect_refused(&m, PCP_MALFORMED_OPTION);
}
END_TEST

/* --- robustness --- */

/* What is read of a message with a bit flipped is in its bytes. */
START_TEST(a_flipped_bit_does_no_harm)
{
	const struct pcp_bytes all[] = { a_map(), a_peer(),
		pcp_option(pcp_option(a_map(), 2, 0), 129, 5),
		pcp_head(0, 0, PCP_HOST) };
	struct pcp_bytes m;
	uint8_t out[PCP_MAX];
	unsigned i, bit;
	size_t len;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (bit = 0; bit < all[i].len * 8; bit++) {
			m = all[i];
			m.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (parse(&m) != PCP_REFUSED)
				continue;
			len = pcp_error(out, m.b, m.len, why, 1, 2, false);
			ck_assert_uint_eq(len, m.len);
			ck_assert_uint_eq(out[3], why);
		}
}
END_TEST

/* --- answers --- */

/* RFC 6887, 7.2 and 8.2: the request is repeated. */
START_TEST(an_error_is_the_request_with_its_result)
{
	struct pcp_bytes m = a_map();
	uint8_t out[PCP_MAX];

	m.b[2] = 0xee;
	ck_assert_uint_eq(pcp_error(out, m.b, m.len, PCP_NO_RESOURCES, 30,
			      0x01020304, true),
	    60);
	ck_assert_mem_eq(out, "\x02\x81\x00\x08\0\0\0\x1e\x01\x02\x03\x04",
	    12);
	ck_assert_mem_eq(out + 12, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
	ck_assert_mem_eq(out + 24, m.b + 24, 36);
	/* One that was not understood keeps the end of the address. */
	ck_assert_uint_eq(pcp_error(out, m.b, m.len, PCP_MALFORMED_REQUEST,
			      1800, 0, false),
	    60);
	ck_assert_mem_eq(out + 12, m.b + 12, 12);
}
END_TEST

START_TEST(an_error_is_padded_and_cut)
{
	struct pcp_bytes m = { .b = { 0, 0 } };
	uint8_t out[PCP_MAX];
	size_t i;

	/* NAT-PMP: external address request. It is told version 2. */
	ck_assert_uint_eq(pcp_error(out, m.b, 2, PCP_UNSUPP_VERSION, 1800, 7,
			      false),
	    24);
	ck_assert_mem_eq(out, "\x02\x80\x00\x01\0\0\x07\x08\0\0\0\x07", 12);
	for (i = 12; i < 24; i++)
		ck_assert_uint_eq(out[i], 0);
	memset(m.b, 0xaa, sizeof(m.b));
	ck_assert_uint_eq(pcp_error(out, m.b, 61, PCP_MALFORMED_REQUEST, 1, 7,
			      false),
	    64);
	ck_assert_mem_eq(out + 60, "\xaa\0\0\0", 4);
	ck_assert_uint_eq(pcp_error(out, m.b, 2000, PCP_MALFORMED_REQUEST, 1,
			      7, false),
	    1100);
}
END_TEST

START_TEST(success_of_map_says_what_was_assigned)
{
	const struct pcp_assigned assigned = { pcp_addr("::ffff:192.0.2.7"),
		40000, 3600 };
	struct pcp_bytes m = pcp_option(a_map(), 2, 0);
	uint8_t out[PCP_MAX];

	m.b[37] = m.b[38] = m.b[39] = 0xee; /* reserved */
	ck_assert_int_eq(parse(&m), PCP_PARSED);
	ck_assert_uint_eq(pcp_success(out, &r, &assigned, 99, NULL, 0), 64);
	ck_assert_mem_eq(out, "\x02\x81\0\0\0\0\x0e\x10\0\0\0\x63", 12);
	ck_assert_mem_eq(out + 12, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
	ck_assert_mem_eq(out + 24, PCP_NONCE, 12);
	ck_assert_mem_eq(out + 36, "\x06\0\0\0\x1f\x90\x9c\x40", 8);
	ck_assert_mem_eq(out + 44, &assigned.addr, 16);
	ck_assert_mem_eq(out + 60, "\x02\0\0\0", 4);
}
END_TEST

START_TEST(success_of_peer_repeats_the_peer)
{
	const struct pcp_assigned assigned = { pcp_addr("::ffff:192.0.2.7"),
		40000, 3600 };
	const struct pcp_bytes m = a_peer();
	uint8_t out[PCP_MAX];

	ck_assert_int_eq(parse(&m), PCP_PARSED);
	ck_assert_uint_eq(pcp_success(out, &r, &assigned, 99, NULL, 0), 80);
	ck_assert_uint_eq(out[1], 0x82);
	ck_assert_mem_eq(out + 60, m.b + 60, 20);
}
END_TEST

/* RFC 7225, 4.1: length and prefix, with the suffix 12 bytes. */
START_TEST(prefixes_are_told_as_far_as_there_is_room)
{
	struct pcp_bytes m = pcp_option(pcp_head(0, 0, PCP_HOST), 129, 0);
	struct pref64 p[64];
	uint8_t out[PCP_MAX];
	unsigned i;

	for (i = 0; i < 64; i++)
		ck_assert_ptr_null(
		    pref64_parse(i == 0 ? "64:ff9b::/96" : "2001:db8::/40",
			&p[i]));
	ck_assert_int_eq(parse(&m), PCP_PARSED);
	ck_assert_uint_eq(pcp_success(out, &r, NULL, 1, p, 2), 24 + 2 * 20);
	ck_assert_mem_eq(out + 24,
	    "\x81\0\0\x0e\0\x0c\0\x64\xff\x9b\0\0\0\0\0\0\0\0\0\0", 20);
	ck_assert_mem_eq(out + 44,
	    "\x81\0\0\x0e\0\x05\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0", 20);
	ck_assert_uint_eq(pcp_success(out, &r, NULL, 1, p, 64), 24 + 53 * 20);
	/* Nobody asked. */
	m = pcp_head(0, 0, PCP_HOST);
	ck_assert_int_eq(parse(&m), PCP_PARSED);
	ck_assert_uint_eq(pcp_success(out, &r, NULL, 1, p, 2), 24);
}
END_TEST

START_TEST(an_announcement_is_an_answer_of_24_bytes)
{
	uint8_t out[PCP_MAX];

	ck_assert_uint_eq(pcp_announcement(out, 3), 24);
	ck_assert_mem_eq(out,
	    "\x02\x80\0\0\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0", 24);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		map_is_read,
		peer_is_read,
		announce_is_read,
		short_messages_and_answers_are_ignored,
		other_versions_are_refused,
		lengths_that_cannot_be_are_refused,
		a_message_of_1100_bytes_is_read,
		other_opcodes_are_refused,
		another_source_is_refused,
		options_with_impossible_lengths_are_refused,
		options_that_may_be_ignored_are,
		options_that_may_not_be_ignored_are_refused,
		prefer_failure_is_of_map_alone_and_once,
		a_flipped_bit_does_no_harm,
		an_error_is_the_request_with_its_result,
		an_error_is_padded_and_cut,
		success_of_map_says_what_was_assigned,
		success_of_peer_repeats_the_peer,
		prefixes_are_told_as_far_as_there_is_room,
		an_announcement_is_an_answer_of_24_bytes,
	};
	Suite *s = suite_create("pcp_wire");
	TCase *tc = tcase_create("messages");
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
