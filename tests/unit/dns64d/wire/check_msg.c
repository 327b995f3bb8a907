/*
 * Tests of writing messages: queries, error replies, relaying, composing.
 * What is written is read back by libldns (dns_text.h) and by msg_scan.
 */
#include <arpa/inet.h>

#include <check.h>
#include <string.h>

#include "dns64d/wire/msg.h"

#include "tests/unit/dns_text.h"
#include "tests/unit/suite.h"

static char text[DNS_TEXT_MAX];
static uint8_t out[MSG_MAX];

/* A message that has to pass the scan, with its octets. */
struct message {
	uint8_t wire[MSG_MAX];
	struct msg_scan scan;
};

static struct message query, reply;

static void
scan_ok(struct message *m, size_t len)
{
	ck_assert_int_eq(msg_scan(m->wire, len, &m->scan), MSG_SCAN_OK);
}

static void
set_query(const char *t)
{
	scan_ok(&query, dns_text_write(t, 0x1234, false, query.wire));
}

static void
set_reply(const char *t)
{
	scan_ok(&reply, dns_text_write(t, 0xbeef, true, reply.wire));
}

static const char *
read_out(size_t len)
{
	struct msg_scan m;

	ck_assert_int_eq(msg_scan(out, len, &m), MSG_SCAN_OK);
	ck_assert_uint_eq(m.id, 0x1234);
	ck_assert_uint_ne(m.flags & MSG_QR, 0);
	return (dns_text_read(out, len, text));
}

/* Shows: DNS64-34 DNS64-75 */
START_TEST(question_keeps_case_flags_and_do)
{
	struct msg_question q;
	struct msg_scan m;
	size_t len;

	set_query("NOERROR rd ad cd\nWwW.Example. TYPE1000\nOPT 4096 do");
	msg_question_from(&query.scan, &q);
	len = msg_write_query(&q, 77, true, out);
	ck_assert_uint_le(len, MSG_QUERY_MAX);
	ck_assert_int_eq(msg_scan(out, len, &m), MSG_SCAN_OK);
	ck_assert_uint_eq(m.id, 77);
	ck_assert_uint_eq(m.flags, MSG_RD | MSG_AD | MSG_CD);
	ck_assert_uint_eq(m.udp_size, MSG_UDP_OURS);
	ck_assert(m.dnssec_ok);
	ck_assert_str_eq(dns_text_read(out, len, text),
	    "NOERROR rd ad cd\nWwW.Example. TYPE1000\nOPT 1232 do\n");

	len = msg_write_query(&q, 77, false, out);
	ck_assert_str_eq(dns_text_read(out, len, text),
	    "NOERROR rd ad cd\nWwW.Example. TYPE1000\n");
}
END_TEST

/* Shows: DNS64-68 */
START_TEST(reply_has_to_match_in_everything)
{
	static const struct {
		const char *text;
		uint16_t id;
		bool qr, match;
	} rows[] = {
		{ "NOERROR rd ra\nwww.example. A", 7, true, true },
		{ "NOERROR rd ra\nWWW.eXample. A", 7, true, true },
		{ "SERVFAIL\nwww.example. A", 7, true, true },
		{ "NOERROR rd ra\nwww.example. A", 8, true, false },
		{ "NOERROR rd ra\nwww.example. A", 7, false, false },
		{ "NOERROR rd ra\nwww.example. AAAA", 7, true, false },
		{ "NOERROR rd ra\nwwx.example. A", 7, true, false },
		{ "NOERROR rd ra\na.www.example. A", 7, true, false },
		{ "NOERROR rd ra\nwww.example. CH A", 7, true, false },
		{ "NOERROR rd ra", 7, true, false },
	};
	struct msg_question q;
	size_t i;

	set_query("NOERROR rd\nwww.example. A");
	msg_question_from(&query.scan, &q);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scan_ok(&reply,
		    dns_text_write(rows[i].text, rows[i].id, rows[i].qr,
			reply.wire));
		ck_assert_msg(msg_is_reply_to(&reply.scan, &q, 7) ==
			rows[i].match,
		    "%s", rows[i].text);
	}
}
END_TEST

/* Shows: DNS64-58 */
START_TEST(limit_lies_between_512_and_ours)
{
	set_query("NOERROR rd\nexample. A");
	ck_assert_uint_eq(msg_reply_limit(&query.scan, false, 1232), 512);
	ck_assert_uint_eq(msg_reply_limit(&query.scan, true, 1232), 65535);
	set_query("NOERROR rd\nexample. A\nOPT 100");
	ck_assert_uint_eq(msg_reply_limit(&query.scan, false, 1232), 512);
	set_query("NOERROR rd\nexample. A\nOPT 800");
	ck_assert_uint_eq(msg_reply_limit(&query.scan, false, 1232), 800);
	set_query("NOERROR rd\nexample. A\nOPT 4096");
	ck_assert_uint_eq(msg_reply_limit(&query.scan, false, 1232), 1232);
}
END_TEST

/* Shows: DNS64-39 DNS64-56 DNS64-57 DNS64-74 */
START_TEST(error_repeats_question_and_gives_our_opt)
{
	struct msg_scan m;
	size_t len;

	set_query("NOERROR rd cd\nwww.example. A\nOPT 4096 do");
	len = msg_write_error(&query.scan, MSG_SERVFAIL, out);
	ck_assert_str_eq(read_out(len),
	    "SERVFAIL rd ra cd\nwww.example. A\nOPT 1232 do\n");
	len = msg_write_error(&query.scan, MSG_BADVERS, out);
	ck_assert_int_eq(msg_scan(out, len, &m), MSG_SCAN_OK);
	ck_assert_uint_eq(m.rcode, MSG_BADVERS);
	ck_assert_uint_eq(m.edns_version, 0);

	set_query("NOERROR rd\nwww.example. A");
	len = msg_write_error(&query.scan, MSG_BADVERS, out);
	ck_assert_str_eq(read_out(len), "SERVFAIL rd ra\nwww.example. A\n");
	len = msg_write_error(&query.scan, MSG_REFUSED, out);
	ck_assert_str_eq(read_out(len), "REFUSED rd\nwww.example. A\n");
}
END_TEST

/* Shows: DNS64-39 DNS64-74 */
START_TEST(error_to_a_broken_query_has_what_was_good)
{
	static const uint8_t wire[] =
	    "\x12\x34\x29\x00\0\1\0\0\0\0\0\0\xff\xff";
	struct msg_scan m;
	unsigned rcode;

	ck_assert_int_eq(msg_scan_query(wire, sizeof(wire) - 1, &m, &rcode),
	    MSG_Q_REJECT);
	ck_assert_uint_eq(msg_write_error(&m, rcode, out), MSG_HEADER_LEN);
	ck_assert_mem_eq(out, "\x12\x34\xa9\x84\0\0\0\0\0\0\0\0",
	    MSG_HEADER_LEN);
}
END_TEST

#define MX_REPLY                                          \
	"NOERROR aa ra rd ad\nwww.example. MX\n"          \
	"AN www.example. 300 IN MX 10 mail.example.\n"    \
	"AN www.example. 300 IN TYPE65000 \\# 3 C00CFF\n" \
	"NS example. 300 IN NS ns.example.\n"             \
	"AR mail.example. 300 IN A 192.0.2.1\n"
#define MX_TEXT                                           \
	"NOERROR aa rd ra ad\nwww.example. MX\n"          \
	"AN www.example. 300 IN MX 10 mail.example.\n"    \
	"AN www.example. 300 IN TYPE65000 \\# 3 c00cff\n" \
	"NS example. 300 IN NS ns.example.\n"             \
	"AR mail.example. 300 IN A 192.0.2.1\n"

/* Shows: DNS64-33 DNS64-34 DNS64-75 */
START_TEST(relay_changes_nothing_but_id_and_opt)
{
	size_t len;

	set_query("NOERROR rd\nwww.example. MX");
	set_reply(MX_REPLY);
	len = msg_relay(&query.scan, &reply.scan, 512, out);
	ck_assert_uint_eq(len, reply.scan.len);
	ck_assert_mem_eq(out + 2, reply.wire + 2, len - 2);
	ck_assert_str_eq(read_out(len), MX_TEXT);

	set_reply(MX_REPLY "OPT 4096");
	len = msg_relay(&query.scan, &reply.scan, 512, out);
	ck_assert_uint_eq(len, reply.scan.len - OPT_LEN);
	ck_assert_str_eq(read_out(len), MX_TEXT);
}
END_TEST

/* Shows: DNS64-56 DNS64-57 */
START_TEST(relay_gives_our_opt_to_a_client_with_edns)
{
	size_t len;

	set_query("NOERROR rd cd\nwww.example. MX\nOPT 512 do");
	set_reply(MX_REPLY);
	len = msg_relay(&query.scan, &reply.scan, 512, out);
	ck_assert_str_eq(read_out(len),
	    "NOERROR aa rd ra ad cd"
	    "\nwww.example. MX\n"
	    "AN www.example. 300 IN MX 10 mail.example.\n"
	    "AN www.example. 300 IN TYPE65000 \\# 3 c00cff\n"
	    "NS example. 300 IN NS ns.example.\n"
	    "AR mail.example. 300 IN A 192.0.2.1\nOPT 1232 do\n");
}
END_TEST

/* Shows: DNS64-34 DNS64-75 */
START_TEST(relay_has_the_question_as_the_client_wrote_it)
{
	size_t len;

	set_query("NOERROR rd\nwWw.eXample. A");
	set_reply("NOERROR ra\nwww.example. A\n"
		  "AN www.example. 5 IN A 192.0.2.1");
	len = msg_relay(&query.scan, &reply.scan, 512, out);
	ck_assert_str_eq(read_out(len),
	    "NOERROR rd ra\nwWw.eXample. A\n"
	    "AN wWw.eXample. 5 IN A 192.0.2.1\n");

	set_query("NOERROR rd\nwww.example. AAAA");
	ck_assert_uint_eq(msg_relay(&query.scan, &reply.scan, 512, out), 0);
}
END_TEST

#define HEAD(ar) "\xbe\xef\x81\x80\0\1\0\0\0\0\0" ar
#define Q_A "\3www\7example\0\0\1\0\1"
#define OPT_10 "\0\0\x29\4\xd0\0\0\0\0\0\6\0\x0a\0\2ab" /* 17 octets */

static void
set_reply_wire(const void *wire, size_t len)
{
	memcpy(reply.wire, wire, len);
	scan_ok(&reply, len);
}

/* An OPT in the middle, with names behind it. */
/* Shows: DNS64-33 DNS64-57 */
START_TEST(relay_corrects_names_behind_an_opt)
{
	static const uint8_t wire[] = HEAD("\4") Q_A OPT_10
	    "\2mx\xc0\x10\0\x0f\0\1\0\0\0\5\0\5\0\1\1a\0" /* at 46 */
	    "\1b\xc0\x2e\0\x05\0\1\0\0\0\5\0\4\1c\xc0\x2e"
	    "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\300\0\2\1";
	size_t len;

	set_reply_wire(wire, sizeof(wire) - 1);
	set_query("NOERROR rd\nwww.example. A");
	len = msg_relay(&query.scan, &reply.scan, 512, out);
	ck_assert_uint_eq(len, sizeof(wire) - 1 - 17);
	ck_assert_str_eq(read_out(len),
	    "NOERROR rd ra\nwww.example. A\n"
	    "AR mx.example. 5 IN MX 1 a.\n"
	    "AR b.mx.example. 5 IN CNAME c.mx.example.\n"
	    "AR www.example. 5 IN A 192.0.2.1\n");
}
END_TEST

/* Shows: DNS64-57 */
START_TEST(relay_refuses_names_that_lead_into_the_opt)
{
	static const uint8_t wire[] =
	    HEAD("\2") Q_A OPT_10 "\1b\xc0\x1d\0\1\0\1\0\0\0\5\0\4\300\0\2\1";

	set_reply_wire(wire, sizeof(wire) - 1);
	set_query("NOERROR rd\nwww.example. A");
	ck_assert_uint_eq(msg_relay(&query.scan, &reply.scan, 512, out), 0);
}
END_TEST

/* Shows: DNS64-57 DNS64-76 */
START_TEST(relay_takes_tsig_out)
{
	static const uint8_t wire[] =
	    HEAD("\3") Q_A "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\300\0\2\1" OPT_10
			   "\1k\0\0\xfa\0\xff\0\0\0\0\0\0";
	size_t len;

	set_reply_wire(wire, sizeof(wire) - 1);
	set_query("NOERROR rd\nwww.example. A\nOPT 1232");
	len = msg_relay(&query.scan, &reply.scan, 512, out);
	ck_assert_str_eq(read_out(len),
	    "NOERROR rd ra\nwww.example. A\n"
	    "AR www.example. 5 IN A 192.0.2.1\nOPT 1232\n");
}
END_TEST

/* A reply with n records in one section. */
static void
set_long_reply(const char *question, unsigned answers, unsigned others)
{
	static char t[DNS_TEXT_MAX];
	size_t n;
	unsigned i;

	n = (size_t)snprintf(t, sizeof(t), "NOERROR ra\n%s\n", question);
	for (i = 0; i < answers; i++)
		n += (size_t)snprintf(t + n, sizeof(t) - n,
		    "AN www.example. 5 IN A 192.0.2.%u\n", i % 256);
	for (i = 0; i < others; i++)
		n += (size_t)snprintf(t + n, sizeof(t) - n,
		    "AR ns.example. 5 IN A 198.51.100.%u\n", i % 256);
	set_reply(t);
}

/* Shows: DNS64-36 DNS64-58 */
START_TEST(relay_cuts_what_exceeds_the_limit)
{
	struct msg_scan m;
	size_t len;

	set_query("NOERROR rd\nwww.example. A\nOPT 512");
	set_long_reply("www.example. A", 2, 100);
	len = msg_relay(&query.scan, &reply.scan, 512, out);
	ck_assert_str_eq(read_out(len),
	    "NOERROR rd ra\nwww.example. A\n"
	    "AN www.example. 5 IN A 192.0.2.0\n"
	    "AN www.example. 5 IN A 192.0.2.1\nOPT 1232\n");

	set_long_reply("www.example. A", 100, 0);
	len = msg_relay(&query.scan, &reply.scan, 512, out);
	ck_assert_str_eq(read_out(len),
	    "NOERROR tc rd ra\nwww.example. A\nOPT 1232\n");

	/* A referral without its glue would be of no use. */
	set_long_reply("www.example. A", 0, 100);
	len = msg_relay(&query.scan, &reply.scan, 512, out);
	ck_assert_str_eq(read_out(len),
	    "NOERROR tc rd ra\nwww.example. A\nOPT 1232\n");

	len = msg_relay(&query.scan, &reply.scan, 65535, out);
	ck_assert_int_eq(msg_scan(out, len, &m), MSG_SCAN_OK);
	ck_assert_uint_eq(m.count[MSG_ADDITIONAL], 101);
}
END_TEST

/* Shows: DNS64-36 */
START_TEST(relay_fills_the_limit_to_the_octet)
{
	size_t exact;

	set_query("NOERROR rd\nwww.example. A\nOPT 512");
	set_long_reply("www.example. A", 40, 0);
	exact = reply.scan.len + OPT_LEN;
	ck_assert_uint_gt(exact, 512);
	ck_assert_uint_eq(msg_relay(&query.scan, &reply.scan, exact, out),
	    exact);
	ck_assert_uint_lt(msg_relay(&query.scan, &reply.scan, exact - 1, out),
	    exact - 1);
}
END_TEST

static void
copy_all(struct msg_build *b, enum msg_section section)
{
	struct msg_rr rr = { .msg = NULL };

	while (msg_rr_next(&reply.scan, section, &rr))
		msg_build_copy(b, section, &rr);
}

#define MANY_TYPES                                                     \
	"AN a.example.net. 300 IN A 192.0.2.1\n"                       \
	"AN a.example.net. 300 IN RRSIG A 13 3 300 20300101000000 "    \
	"20200101000000 4711 example.net. AAAA\n"                      \
	"AN a.example.net. 300 IN TXT \"one\" \"\"\n"                  \
	"AN a.example.net. 300 IN SRV 1 2 53 b.example.net.\n"         \
	"AN a.example.net. 300 IN NAPTR 1 2 \"s\" \"SIP\" \"\" "       \
	"b.example.net.\n"                                             \
	"AN a.example.net. 300 IN TYPE64000 \\# 2 c00c\n"              \
	"NS example.net. 60 IN SOA ns.example.net. root.example.net. " \
	"1 2 3 4 5\n"                                                  \
	"NS example.net. 60 IN NSEC a.example.net. A AAAA\n"           \
	"NS d.example.net. 60 IN DNAME example.org.\n"

/* Shows: DNS64-34 DNS64-35 */
START_TEST(build_copies_records_of_every_kind)
{
	struct msg_build b;
	size_t len;

	set_query("NOERROR rd\nwWw.example. AAAA\nOPT 1232 do");
	set_reply(
	    "NOERROR aa ra ad\nwww.example. A\n"
	    "AN www.example. 300 IN CNAME a.example.net.\n" MANY_TYPES
	    "AR mail.example.net. 60 IN MX 10 mail.example.net.\nOPT 4096");
	msg_build_begin(&b, &query.scan, MSG_RA, MSG_NOERROR, out, 1232);
	copy_all(&b, MSG_ANSWER);
	copy_all(&b, MSG_AUTHORITY);
	len = msg_build_finish(&b);
	/* An owner that is the question's takes its case with the pointer. */
	ck_assert_str_eq(read_out(len),
	    "NOERROR rd ra\nwWw.example. AAAA\n"
	    "AN wWw.example. 300 IN CNAME a.example.net.\n" MANY_TYPES
	    "OPT 1232 do\n");
}
END_TEST

/* Names that are one as C strings. */
/* Shows: DNS64-11 DNS64-75 */
START_TEST(build_keeps_names_with_nul_apart)
{
	static const uint8_t wire[] =
	    "\xbe\xef\x81\x80\0\1\0\2\0\0\0\0\3a\0b\3com\0\0\1\0\1"
	    "\3a\0b\3com\0\0\5\0\1\0\0\0\5\0\x09\3a\0z\3org\0"
	    "\3a\0z\3org\0\0\1\0\1\0\0\0\5\0\4\300\0\2\1";
	static const uint8_t first[] = "\3a\0b\3com";
	static const uint8_t second[] = "\3a\0z\3org";
	struct msg_rr rr = { .msg = NULL };
	uint8_t name[MSG_NAME_MAX];
	struct msg_build b;
	struct msg_scan m;
	size_t len;

	set_reply_wire(wire, sizeof(wire) - 1);
	msg_build_begin(&b, &reply.scan, MSG_RA, MSG_NOERROR, out, 512);
	copy_all(&b, MSG_ANSWER);
	len = msg_build_finish(&b);
	ck_assert_int_eq(msg_scan(out, len, &m), MSG_SCAN_OK);
	ck_assert(msg_rr_next(&m, MSG_ANSWER, &rr));
	name_copy(out, rr.off, name);
	ck_assert(name_equal(name, first));
	name_copy(out, rr.rdata, name);
	ck_assert(name_equal(name, second));
	ck_assert(msg_rr_next(&m, MSG_ANSWER, &rr));
	name_copy(out, rr.off, name);
	ck_assert(name_equal(name, second));
}
END_TEST

static const uint8_t www[] = "\3www\7example";

/* Shows: DNS64-36 */
START_TEST(build_sets_tc_when_the_answer_is_too_long)
{
	struct in6_addr addr = { 0 };
	struct msg_build b;
	size_t len, i;

	set_query("NOERROR rd\nwww.example. AAAA\nOPT 512");
	msg_build_begin(&b, &query.scan, MSG_RA, MSG_NOERROR, out, 512);
	for (i = 0; i < 100; i++)
		msg_build_addr6(&b, MSG_ANSWER, www, 60, &addr);
	msg_build_addr6(&b, MSG_ADDITIONAL, www, 60, &addr);
	len = msg_build_finish(&b);
	ck_assert_str_eq(read_out(len),
	    "NOERROR tc rd ra\nwww.example. AAAA\nOPT 1232\n");
}
END_TEST

/* Shows: DNS64-36 */
START_TEST(build_gives_up_additional_without_tc)
{
	const struct in_addr addr = { htonl(0xc0000201) };
	struct msg_build b;
	size_t len, i;

	set_query("NOERROR rd\nwww.example. A");
	msg_build_begin(&b, &query.scan, MSG_RA, MSG_NOERROR, out, 512);
	msg_build_addr4(&b, MSG_ANSWER, www, 60, addr);
	for (i = 0; i < 100; i++)
		msg_build_addr4(&b, MSG_ADDITIONAL, www, 60, addr);
	len = msg_build_finish(&b);
	ck_assert_str_eq(read_out(len),
	    "NOERROR rd ra\nwww.example. A\n"
	    "AN www.example. 60 IN A 192.0.2.1\n");
}
END_TEST

/* Shows: DNS64-36 */
START_TEST(build_reaches_the_limit_and_never_exceeds_it)
{
	struct in6_addr addr = { 0 };
	size_t limit, len, i, n;
	struct msg_build b;

	set_query("NOERROR rd\nwww.example. AAAA\nOPT 4096");
	for (limit = 512; limit < 600; limit++) {
		/* 29 octets of question, 28 for each record, 11 for OPT. */
		n = (limit - 29 - 11) / 28;
		for (i = n; i <= n + 1; i++) {
			msg_build_begin(&b, &query.scan, 0, 0, out, limit);
			for (size_t k = 0; k < i; k++)
				msg_build_addr6(&b, MSG_ANSWER, www, 60,
				    &addr);
			len = msg_build_finish(&b);
			ck_assert_uint_eq(len, i == n ? 40 + 28 * n : 40);
			ck_assert_int_eq((out[2] & 2) != 0, i != n);
		}
	}
}
END_TEST

/* Shows: DNS64-94 */
START_TEST(relay_gives_up_what_stands_far_behind_an_opt)
{
	uint8_t *wire = reply.wire;
	struct msg_scan m;
	size_t n, len;
	unsigned i;

	set_query("NOERROR rd\nwww.example. A");
	set_reply("NOERROR ra\nwww.example. A\n"
		  "AN www.example. 60 IN A 192.0.2.1\nOPT 1232");
	n = reply.scan.len;
	for (i = 1; i < 1000; i++, n += 16)
		memcpy(wire + n,
		    "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\306\x33\x64\1", 16);
	put16(wire + 10, (uint16_t)i);
	scan_ok(&reply, n);
	len = msg_relay(&query.scan, &reply.scan, MSG_MAX, out);
	ck_assert_int_eq(msg_scan(out, len, &m), MSG_SCAN_OK);
	ck_assert_uint_eq(m.count[MSG_ANSWER], 1);
	ck_assert_uint_eq(m.count[MSG_ADDITIONAL], 0);
	ck_assert_uint_eq(m.flags & MSG_TC, 0);
}
END_TEST

/* Many long names, each unlike the others. */
static void
set_long_names(unsigned count)
{
	static char t[DNS_TEXT_MAX];
	size_t n, k;
	unsigned i;

	n = (size_t)snprintf(t, sizeof(t), "NOERROR ra\nwww.example. A\n");
	for (i = 0; i < count; i++) {
		n += (size_t)snprintf(t + n, sizeof(t) - n, "AN ");
		for (k = 0; k < 40; k++)
			n += (size_t)snprintf(t + n, sizeof(t) - n, "%u.", i);
		n += (size_t)snprintf(t + n, sizeof(t) - n,
		    " 5 IN A 192.0.2.1\n");
	}
	set_reply(t);
	set_query("NOERROR rd\nwww.example. A");
}

/* Shows: DNS64-94 */
START_TEST(bare_error_has_an_rcode_and_nothing_else)
{
	static const struct {
		const char *name;
		size_t at;
		uint8_t octet;
		bool bare;
	} rows[] = {
		{ "servfail", 3, 0x82, true },
		{ "refused", 3, 0x85, true },
		{ "good", 3, 0x80, false },
		{ "nxdomain", 3, 0x83, false },
		{ "query", 2, 0x01, false },
		{ "truncated", 2, 0x83, false },
		{ "notify", 2, 0xa1, false },
		{ "other id", 1, 0x35, false },
	};
	struct msg_question q;
	struct msg_scan m;
	size_t i, len;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(out, "\x12\x34\x81\x82\0\0\0\0\0\0\0\0", 12);
		out[rows[i].at] = rows[i].octet;
		ck_assert_int_eq(msg_scan(out, 12, &m), MSG_SCAN_OK);
		ck_assert_msg(msg_is_bare_error(&m, 0x1234) == rows[i].bare,
		    "%s", rows[i].name);
	}
	set_query("NOERROR rd cd\nWww.example. A\n");
	ck_assert(!msg_is_bare_error(&query.scan, 0x1234));
	msg_question_from(&query.scan, &q);
	for (i = 0; i < 2; i++) {
		len = msg_write_bare_error(&q, MSG_REFUSED, i == 1, out);
		ck_assert_int_eq(msg_scan(out, len, &m), MSG_SCAN_OK);
		ck_assert(msg_is_reply_to(&m, &q, 0));
		ck_assert_str_eq(dns_text_read(out, len, text),
		    i == 0 ? "REFUSED rd cd\nWww.example. A\n" :
			     "REFUSED rd cd\nWww.example. A\nOPT 1232\n");
	}
}
END_TEST

START_TEST(rotate_moves_the_addresses_of_each_set)
{
	size_t len;

	len = dns_text_write(
	    "NOERROR ra\na.example. A\n"
	    "AN a.example. 9 CNAME b.example.\n"
	    "AN b.example. 9 A 192.0.2.1\nAN b.example. 9 A 192.0.2.2\n"
	    "AN b.example. 9 A 192.0.2.3\n"
	    "AN b.example. 9 AAAA 2001:db8::1\n"
	    "AN b.example. 9 AAAA 2001:db8::2\n"
	    "AN c.example. 9 AAAA 2001:db8::3\n"
	    "AN b.example. 9 MX 1 a.example.\n"
	    "AN b.example. 9 MX 1 b.example.\n",
	    0x1234, true, out);
	msg_rotate(out, 4);
	ck_assert_str_eq(read_out(len),
	    "NOERROR ra\na.example. A\n"
	    "AN a.example. 9 IN CNAME b.example.\n"
	    "AN b.example. 9 IN A 192.0.2.2\n"
	    "AN b.example. 9 IN A 192.0.2.3\n"
	    "AN b.example. 9 IN A 192.0.2.1\n"
	    "AN b.example. 9 IN AAAA 2001:db8::1\n"
	    "AN b.example. 9 IN AAAA 2001:db8::2\n"
	    "AN c.example. 9 IN AAAA 2001:db8::3\n"
	    "AN b.example. 9 IN MX 1 a.example.\n"
	    "AN b.example. 9 IN MX 1 b.example.\n");
	msg_rotate(out, 1);
	ck_assert_ptr_nonnull(strstr(read_out(len),
	    "192.0.2.3\n"
	    "AN b.example. 9 IN A 192.0.2.1\n"
	    "AN b.example. 9 IN A 192.0.2.2\n"
	    "AN b.example. 9 IN AAAA 2001:db8::2\n"));
}
END_TEST

START_TEST(rotate_leaves_short_and_large_messages_whole)
{
	size_t i, len;
	struct msg_scan m;

	len = dns_text_write("NXDOMAIN ra\na.example. A\n", 0x1234, true, out);
	msg_rotate(out, 1);
	ck_assert_str_eq(read_out(len), "NXDOMAIN ra\na.example. A\n");
	/* More records than are moved, and 64 KB of them. */
	len = dns_text_write("NOERROR ra\na.example. A\n", 0x1234, true, out);
	for (i = 0; i < MSG_RECORDS_MAX - 1 && len + 16 <= MSG_MAX; i++) {
		memcpy(out + len, "\xc0\x0c\0\1\0\1\0\0\0\1\0\4", 12);
		memcpy(out + len + 12, &(uint32_t){ htonl(i) }, 4);
		len += 16;
	}
	out[6] = i >> 8;
	out[7] = i & 0xff;
	for (i = 0; i < 300; i++)
		msg_rotate(out, 1);
	ck_assert_int_eq(msg_scan(out, len, &m), MSG_SCAN_OK);
}
END_TEST

START_TEST(build_bounds_what_copying_may_cost)
{
	struct msg_build b;
	struct msg_scan m;

	set_long_names(60);
	msg_build_begin(&b, &query.scan, MSG_RA, MSG_NOERROR, out, 65535);
	copy_all(&b, MSG_ANSWER);
	ck_assert_int_eq(msg_scan(out, msg_build_finish(&b), &m), MSG_SCAN_OK);
	ck_assert_uint_eq(m.count[MSG_ANSWER], 60);

	set_long_names(300);
	msg_build_begin(&b, &query.scan, MSG_RA, MSG_NOERROR, out, 65535);
	copy_all(&b, MSG_ANSWER);
	ck_assert_int_eq(msg_scan(out, msg_build_finish(&b), &m), MSG_SCAN_OK);
	ck_assert_uint_eq(m.count[MSG_ANSWER], 0);
	ck_assert_uint_ne(m.flags & MSG_TC, 0);
}
END_TEST

static Suite *
msg_suite(void)
{
	Suite *s = suite_create("msg");
	TCase *tc = tcase_create("write");

	tcase_add_test(tc, question_keeps_case_flags_and_do);
	tcase_add_test(tc, reply_has_to_match_in_everything);
	tcase_add_test(tc, limit_lies_between_512_and_ours);
	tcase_add_test(tc, error_repeats_question_and_gives_our_opt);
	tcase_add_test(tc, error_to_a_broken_query_has_what_was_good);
	tcase_add_test(tc, relay_changes_nothing_but_id_and_opt);
	tcase_add_test(tc, relay_gives_our_opt_to_a_client_with_edns);
	tcase_add_test(tc, relay_has_the_question_as_the_client_wrote_it);
	tcase_add_test(tc, relay_corrects_names_behind_an_opt);
	tcase_add_test(tc, relay_refuses_names_that_lead_into_the_opt);
	tcase_add_test(tc, relay_takes_tsig_out);
	tcase_add_test(tc, relay_cuts_what_exceeds_the_limit);
	tcase_add_test(tc, relay_fills_the_limit_to_the_octet);
	tcase_add_test(tc, build_copies_records_of_every_kind);
	tcase_add_test(tc, build_keeps_names_with_nul_apart);
	tcase_add_test(tc, build_sets_tc_when_the_answer_is_too_long);
	tcase_add_test(tc, build_gives_up_additional_without_tc);
	tcase_add_test(tc, build_reaches_the_limit_and_never_exceeds_it);
	tcase_add_test(tc, bare_error_has_an_rcode_and_nothing_else);
	tcase_add_test(tc, rotate_moves_the_addresses_of_each_set);
	tcase_add_test(tc, rotate_leaves_short_and_large_messages_whole);
	tcase_add_test(tc, build_bounds_what_copying_may_cost);
	tcase_add_test(tc, relay_gives_up_what_stands_far_behind_an_opt);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(msg_suite()));
}
