/*
 * Tests of name_text.c: what an operator writes and reads.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "dns64d/wire/msg_name.h"
#include "dns64d/wire/msg_scan.h"
#include "dns64d/wire/name_text.h"

#include "tests/unit/suite.h"

/* Whoever asks chooses the octets; a log line must stay one. */
START_TEST(names_have_visible_characters_of_ascii_only)
{
	static const uint8_t name[] = "\x09"
				      "a b\nc\x1b\x7f\xff."
				      "\x02"
				      "x)"
				      "\x00";
	char text[NAME_TEXT_MAX];

	ck_assert_str_eq(name_to_text(name, text),
	    "a\\032b\\010c\\027\\127\\255\\..x\\).");
}
END_TEST

START_TEST(names_of_escapes_alone_are_cut)
{
	uint8_t name[MSG_NAME_MAX];
	char text[NAME_TEXT_MAX];
	unsigned i;

	memset(name, 0xff, sizeof(name));
	for (i = 0; i < 3; i++)
		name[i * 64] = 63;
	name[3 * 64] = 61;
	name[254] = 0;
	name_to_text(name, text);
	ck_assert_uint_eq(strlen(text), NAME_TEXT_MAX - 1);
	ck_assert_int_eq(strncmp(text, "\\255\\255", 8), 0);
}
END_TEST

START_TEST(types_have_names_or_numbers)
{
	char text[TYPE_TEXT_MAX];

	ck_assert_str_eq(type_to_text(MSG_T_AAAA, text), "AAAA");
	ck_assert_str_eq(type_to_text(MSG_T_HTTPS, text), "HTTPS");
	ck_assert_str_eq(type_to_text(65280, text), "TYPE65280");
	ck_assert_str_eq(type_to_text(0, text), "TYPE0");
}
END_TEST

START_TEST(codes_have_names_or_numbers)
{
	char text[RCODE_TEXT_MAX];

	ck_assert_str_eq(rcode_to_text(MSG_NOERROR, text), "NOERROR");
	ck_assert_str_eq(rcode_to_text(MSG_REFUSED, text), "REFUSED");
	ck_assert_str_eq(rcode_to_text(MSG_BADVERS, text), "BADVERS");
	ck_assert_str_eq(rcode_to_text(MSG_BADCOOKIE, text), "BADCOOKIE");
	ck_assert_str_eq(rcode_to_text(9, text), "9");
	ck_assert_str_eq(rcode_to_text(4095, text), "4095");
}
END_TEST

/* Read a record and check it; returns its length. */
static size_t
read_record(const char *text, uint8_t *wire, struct msg_scan *scan)
{
	char why[RECORD_WHY_MAX] = "";
	size_t len = record_from_text(text, 3600, wire, why);

	ck_assert_msg(len > 0, "%s: %s", text, why);
	ck_assert_int_eq(msg_scan(wire, len, scan), MSG_SCAN_OK);
	return (len);
}

static const struct {
	const char *text;
	const char *canonical;
} records[] = {
	{ "a A 192.0.2.1", "a. 3600 IN A 192.0.2.1" },
	{ " a.\tIN  60 A\t192.0.2.1 ", "a. 60 IN A 192.0.2.1" },
	{ "a 1h30m in aaaa 2001:DB8:0::1", "a. 5400 IN AAAA 2001:db8::1" },
	{ "a 2147483647 A 192.0.2.1", "a. 2147483647 IN A 192.0.2.1" },
	{ "A.b\\.c\\032 NS d", "A.b\\.c\\032. 3600 IN NS d." },
	{ "@a.b NS c", "@a.b. 3600 IN NS c." },
	{ ". TXT x", ". 3600 IN TXT \"x\"" },
	{ "a TXT \"b;(c\" \\\"d \\065\\000",
	    "a. 3600 IN TXT \"b;(c\" \"\\\"d\" \"A\\000\"" },
	{ "a SOA ns admin 1 2 3 4 5", "a. 3600 IN SOA ns. admin. 1 2 3 4 5" },
	{ "a MX 65535 b", "a. 3600 IN MX 65535 b." },
	{ "a SRV 1 2 3 b", "a. 3600 IN SRV 1 2 3 b." },
	{ "a CAA 0 issue \"b\"", "a. 3600 IN CAA 0 issue \"b\"" },
	{ "a HTTPS 1 . alpn=h2,h3 port=443",
	    "a. 3600 IN HTTPS 1 . alpn=h2,h3 port=443" },
	{ "a NAPTR 1 2 \"u\" \"E2U+sip\" \"!^.*$!sip:x@y!\" .",
	    "a. 3600 IN NAPTR 1 2 \"u\" \"E2U+sip\" \"!^.*$!sip:x@y!\" ." },
	{ "a TLSA 3 1 1 abcd", "a. 3600 IN TLSA 3 1 1 abcd" },
	{ "a SSHFP 1 1 ABCD", "a. 3600 IN SSHFP 1 1 abcd" },
	{ "a TYPE65280 \\# 2 ABCD", "a. 3600 IN TYPE65280 \\# 2 abcd" },
	{ "a TYPE1 \\# 4 c0000201", "a. 3600 IN A 192.0.2.1" },
	{ "a URI 1 2 \"http://b/\"", "a. 3600 IN URI 1 2 \"http://b/\"" },
	/* What libldns prints of these it does not read. */
	{ "a CAA 0 issue \"\"", "a. 3600 IN TYPE257 \\# 7 00056973737565" },
	{ "a TYPE42 \\# 4 c0011800", "a. 3600 IN TYPE42 \\# 4 c0011800" },
	{ "a TYPE45 \\# 6 0a0102c00002",
	    "a. 3600 IN TYPE45 \\# 6 0a0102c00002" },
	{ "a TYPE6 \\# 22 00 00 99999999999999999999999999999999999999 09",
	    "a. 3600 IN SOA . . 2576980377 2576980377 2576980377 2576980377 "
	    "2576980233" },
	{ "a HINFO x \"y z\"", "a. 3600 IN HINFO \"x\" \"y z\"" },
};

/* What is printed is read as the same record, and printed the same. */
START_TEST(records_are_printed_in_one_form)
{
	uint8_t wire[RECORD_MAX], again[RECORD_MAX];
	struct msg_rr rr = { .msg = NULL };
	char text[RECORD_TEXT_MAX];
	struct msg_scan scan;
	size_t len;

	len = read_record(records[_i].text, wire, &scan);
	ck_assert(msg_rr_next(&scan, MSG_ANSWER, &rr));
	ck_assert_int_eq(record_to_text(&rr, text), 0);
	ck_assert_str_eq(text, records[_i].canonical);
	ck_assert_uint_eq(read_record(text, again, &scan), len);
	ck_assert_mem_eq(again, wire, len);
}
END_TEST

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *text;
	const char *why; /* a part of it */
} bad_records[] = {
	{ "", "full name" },
	{ " ", "full name" },
	{ "@ A 192.0.2.1", "full name" },
	{ "a", "no type" },
	{ "a 60 IN", "no type" },
	{ "*.a A 192.0.2.1", "wildcard" },
	{ "* A 192.0.2.1", "wildcard" },
	{ X64 " A 192.0.2.1", "Label length overflow" },
	{ X63 "." X63 "." X63 "." X63 " A 192.0.2.1",
	    "Domainname length overflow" },
	{ "a\\300 A 192.0.2.1", "bad escape" },
	{ "a..b A 192.0.2.1", "Empty label" },
	{ "a\\ A 192.0.2.1", "full name" },
	{ "\"a\" A 192.0.2.1", "full name" },
	{ "a 2147483648 A 192.0.2.1", "TTL above" },
	{ "a 99999999999999999999999w A 192.0.2.1", "TTL above" },
	{ "a 1y A 192.0.2.1", "no valid TTL" },
	{ "a CH TXT x", "class" },
	{ "a IN IN TXT x", "unknown type" },
	{ "a NOTYPE x", "unknown type" },
	{ "a TYPE0 \\# 0", "no data" },
	{ "a TYPE65537 \\# 4 c0000201", "unknown type" },
	{ "a TYPE1x \\# 4 c0000201", "unknown type" },
	{ "a OPT \\# 0", "no data" },
	{ "a AXFR \\# 0", "no data" },
	{ "a TYPE255 \\# 0", "no data" },
	{ "a DS 1 8 2 00", "signed zones" },
	{ "a TYPE46 \\# 0", "signed zones" },
	{ "a DNAME b", "DNAME" },
	{ "a WKS 192.0.2.1 tcp 80", "obsolete" },
	{ "a A", "libldns" },
	{ "a A 192.0.2.256", "libldns" },
	{ "a A 192.0.2.1 192.0.2.2", "libldns" },
	{ "a MX b", "libldns" },
	{ "a TYPE65280 x", "libldns" },
	{ "a MX 65536 b", "too large" },
	{ "a SRV 1 2 65536 b", "too large" },
	{ "a CAA 256 issue b", "too large" },
	{ "a SOA b c 1 2 3 4 4294967296", "too large" },
	{ "a MX ( 65536 b )", "outside of a string" },
	{ "a TXT b ; c", "outside of a string" },
	{ "a TXT \"b", "closing quote" },
};

/* libldns alone would take some of these for other records. */
START_TEST(bad_record_is_refused_with_a_reason)
{
	char why[RECORD_WHY_MAX] = "";
	uint8_t wire[RECORD_MAX];

	ck_assert_uint_eq(record_from_text(bad_records[_i].text, 3600, wire,
			      why),
	    0);
	ck_assert_msg(strstr(why, bad_records[_i].why) != NULL, "%s: %s",
	    bad_records[_i].text, why);
}
END_TEST

/* The canonical form would not be read: a name cannot begin with a quote. */
START_TEST(record_whose_name_is_not_printed_readably_is_not_printed)
{
	struct msg_rr rr = { .msg = NULL };
	char text[RECORD_TEXT_MAX];
	uint8_t wire[RECORD_MAX];
	struct msg_scan scan;

	read_record("\\034a A 192.0.2.1", wire, &scan);
	ck_assert(msg_rr_next(&scan, MSG_ANSWER, &rr));
	ck_assert_int_eq(record_to_text(&rr, text), -1);
}
END_TEST

START_TEST(record_that_is_too_long_is_refused)
{
	char text[3 * RECORD_MAX], why[RECORD_WHY_MAX] = "";
	uint8_t wire[RECORD_MAX];

	memset(text, 'x', sizeof(text));
	memcpy(text, "a TXT ", 6);
	text[sizeof(text) - 1] = '\0';
	ck_assert_uint_eq(record_from_text(text, 60, wire, why), 0);
	ck_assert_str_eq(why, "is a record that is too long");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("name_text");
	TCase *tc = tcase_create("name_text");

	tcase_add_test(tc, names_have_visible_characters_of_ascii_only);
	tcase_add_test(tc, names_of_escapes_alone_are_cut);
	tcase_add_test(tc, types_have_names_or_numbers);
	tcase_add_loop_test(tc, records_are_printed_in_one_form, 0,
	    sizeof(records) / sizeof(records[0]));
	tcase_add_loop_test(tc, bad_record_is_refused_with_a_reason, 0,
	    sizeof(bad_records) / sizeof(bad_records[0]));
	tcase_add_test(tc,
	    record_whose_name_is_not_printed_readably_is_not_printed);
	tcase_add_test(tc, record_that_is_too_long_is_refused);
	tcase_add_test(tc, codes_have_names_or_numbers);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
