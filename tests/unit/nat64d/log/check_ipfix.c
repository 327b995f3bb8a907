/*
 * Tests of ipfix.c: messages worked out by hand from RFC 7011, 3 and RFC 8158,
 * 4.6.
 */
#include <arpa/inet.h>

#include <check.h>
#include <string.h>

#include "common/octets.h"
#include "nat64d/log/ipfix.h"

#include "tests/unit/suite.h"

/* 2026-11-23T14:50:05.123Z */
#define NOW_MS INT64_C(1795445405123)
#define NOW_HEX "000001a2 08e2b5c3"

static struct ipfix_message m;
static struct taddr6 host;
static struct taddr4 out4;
static struct session session;
static struct in6_addr peer6;

static void
setup(void)
{
	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8:1::10", &host.addr), 1);
	host.port = 4000;
	out4.addr.s_addr = inet_addr("203.0.113.5");
	out4.port = 40123;
	memset(&session, 0, sizeof(session));
	ck_assert_int_eq(inet_pton(AF_INET6, "64:ff9b::c633:6414", &peer6), 1);
	session.peer.addr.s_addr = inet_addr("198.51.100.20");
	session.peer.port = 53;
	memset(&m, 0xee, sizeof(m));
	ipfix_begin(&m, 7);
}

static unsigned
digit(char c)
{
	return ((unsigned)(c <= '9' ? c - '0' : c - 'a' + 10));
}

/* Compare with hexadecimal digits; blanks are passed over. */
static void
expect(size_t at, size_t len, const char *hex)
{
	uint8_t wanted[IPFIX_MESSAGE_MAX];
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		wanted[n++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
		hex++;
	}
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(m.buf + at, wanted, n);
}

/* An event about the host, with what all of them have. */
static struct nat64_event
event(enum nat64_event_type type)
{
	const struct nat64_event ev = { .type = type,
		.proto = L4_UDP,
		.in6 = &host,
		.out4 = &out4,
		.session = &session,
		.peer6 = peer6,
		.subscriber_len = 56,
		.ports = { 1024, 1279 },
		.limit = 100,
		.max = 64512 };

	return (ev);
}

static void
add(const struct nat64_event *ev, bool destination)
{
	ck_assert_int_eq(ipfix_add(&m, ev, destination, NOW_MS), IPFIX_ADDED);
}

/* RFC 7011, 3.1: header, one set, one record; RFC 8158, table 8. */
START_TEST(ipfix_binding_is_a_whole_message)
{
	struct nat64_event ev = event(NAT64_EV_BIB_CREATE);

	add(&ev, false);
	ipfix_end(&m);
	ipfix_stamp(m.buf, 0x01020304, 0x6a6f3f1d);
	expect(0, m.len,
	    "000a 0036 6a6f3f1d 01020304 00000007" /* version ... domain */
	    "0100 0026"				   /* set 256, length */
	    NOW_HEX "0a"			   /* time, natEvent */
	    "20010db8000100000000000000000010 cb007105"
	    "11 0fa0 9cbb"); /* UDP, 4000, 40123 */
	ck_assert_uint_eq(m.records, 1);
}
END_TEST

/* RFC 7011, 3.4.1: fields and lengths of the first and of the third. */
START_TEST(ipfix_templates_fit_into_one_message)
{
	unsigned id = 256, count;
	size_t at = 20;

	ipfix_add_templates(&m);
	ipfix_end(&m);
	ck_assert_uint_le(m.len, IPFIX_MESSAGE_MAX);
	ck_assert_uint_eq(get16(m.buf + 16), 2);
	ck_assert_uint_eq(get16(m.buf + 18), m.len - 16);
	ck_assert_uint_eq(m.records, 0);
	expect(20, 32,
	    "0100 0007 0143 0008 00e6 0001 001b 0010 00e1 0004"
	    "0004 0001 0007 0002 00e3 0002");
	expect(84, 48,
	    "0102 000b 0143 0008 00e6 0001 001b 0010 00e1 0004"
	    "0004 0001 0007 0002 00e3 0002"
	    "001c 0010 00e2 0004 000b 0002 00e4 0002");
	/* Each has its number, and the last one ends the message. */
	for (; at < m.len; at += 4 + 4 * count, id++) {
		ck_assert_uint_eq(get16(m.buf + at), id);
		count = get16(m.buf + at + 2);
		ck_assert_uint_gt(count, 2);
		ck_assert_uint_eq(get16(m.buf + at + 4), 323);
		ck_assert_uint_eq(get16(m.buf + at + 8), 230);
	}
	ck_assert_uint_eq(at, m.len);
	ck_assert_uint_eq(id, 271);
}
END_TEST

/* What stands behind the time: RFC 8158, 4.6.2 to 4.6.10. */
static const struct {
	enum nat64_event_type type;
	enum nat64_quota quota;
	bool destination, no_host, no_out4, from4;
	unsigned set;
	const char *hex;
} rows[] = {
	{ .type = NAT64_EV_BIB_DELETE,
	    .set = 256,
	    .hex =
		"0b 20010db8000100000000000000000010 cb007105 11 0fa0 9cbb" },
	{ .type = NAT64_EV_SESSION_CREATE,
	    .set = 257,
	    .hex =
		"06 20010db8000100000000000000000010 cb007105 11 0fa0 9cbb" },
	{ .type = NAT64_EV_SESSION_DELETE,
	    .destination = true,
	    .set = 258,
	    .hex = "07 20010db8000100000000000000000010 cb007105 11 0fa0 9cbb"
		   "0064ff9b0000000000000000c6336414 c6336414 0035 0035" },
	{ .type = NAT64_EV_ADDRESS_CREATE,
	    .set = 259,
	    .hex = "0e 20010db8000100000000000000000010 38 cb007105" },
	{ .type = NAT64_EV_ADDRESS_DELETE,
	    .set = 259,
	    .hex = "0f 20010db8000100000000000000000010 38 cb007105" },
	{ .type = NAT64_EV_BLOCK_ALLOCATE,
	    .set = 268,
	    .hex = "10 20010db8000100000000000000000010 38 cb007105"
		   "0400 04ff" },
	{ .type = NAT64_EV_BLOCK_RELEASE,
	    .set = 268,
	    .hex = "11 20010db8000100000000000000000010 38 cb007105"
		   "0400 04ff" },
	{ .type = NAT64_EV_POOL_EXHAUSTED,
	    .no_out4 = true,
	    .set = 260,
	    .hex = "03 00000001" },
	{ .type = NAT64_EV_POOL_EXHAUSTED,
	    .set = 261,
	    .hex = "0c cb007105 11" },
	{ .type = NAT64_EV_QUOTA,
	    .quota = NAT64_QUOTA_SESSIONS,
	    .set = 262,
	    .hex = "0d 00000001 00000064" },
	{ .type = NAT64_EV_QUOTA,
	    .quota = NAT64_QUOTA_INBOUND,
	    .from4 = true,
	    .set = 262,
	    .hex = "0d 00000001 00000064" },
	{ .type = NAT64_EV_QUOTA,
	    .quota = NAT64_QUOTA_BINDINGS,
	    .set = 263,
	    .hex = "0d 00000002 00000064" },
	{ .type = NAT64_EV_QUOTA,
	    .quota = NAT64_QUOTA_SUBSCRIBER,
	    .set = 264,
	    .hex = "0d 00000003 00000064 20010db8000100000000000000000010" },
	{ .type = NAT64_EV_QUOTA,
	    .quota = NAT64_QUOTA_SUBSCRIBER,
	    .no_host = true,
	    .set = 264,
	    .hex = "0d 00000003 00000064 00000000000000000000000000000000" },
	{ .type = NAT64_EV_QUOTA,
	    .quota = NAT64_QUOTA_SUBSCRIBERS,
	    .set = 265,
	    .hex = "0d 00000004 00000064" },
	{ .type = NAT64_EV_QUOTA,
	    .quota = NAT64_QUOTA_FRAGMENTS,
	    .set = 266,
	    .hex = "0d 00000005 00000064 20010db8000100000000000000000010" },
	{ .type = NAT64_EV_QUOTA,
	    .quota = NAT64_QUOTA_FRAGMENTS,
	    .no_host = true,
	    .from4 = true,
	    .set = 267,
	    .hex = "0d 00000005 00000064 c6336414" },
	{ .type = NAT64_EV_THRESHOLD,
	    .no_host = true,
	    .set = 269,
	    .hex = "12 00000003 0000fc00 11" },
	{ .type = NAT64_EV_THRESHOLD,
	    .set = 270,
	    .hex =
		"12 00000004 0000fc00 20010db8000100000000000000000010 38 11" },
};
#define NROWS ((int)(sizeof(rows) / sizeof(rows[0])))

/* Shows: LOG-01 LOG-02 LOG-03 LOG-04 LOG-10 LOG-11 LOG-20 LOG-21 */
START_TEST(ipfix_events_have_the_fields_of_their_templates)
{
	struct nat64_event ev = event(rows[_i].type);

	ev.quota = rows[_i].quota;
	if (rows[_i].no_host)
		ev.in6 = NULL;
	if (rows[_i].no_out4)
		ev.out4 = NULL;
	if (rows[_i].from4)
		ev.peer4 = &session.peer.addr;
	add(&ev, rows[_i].destination);
	ipfix_end(&m);
	ck_assert_uint_eq(get16(m.buf + 16), rows[_i].set);
	ck_assert_uint_eq(get16(m.buf + 18), m.len - 16);
	expect(20, 8, NOW_HEX);
	expect(28, m.len - 28, rows[_i].hex);
}
END_TEST

/* RFC 8158, 4.3 has no number for a dropped packet. */
START_TEST(ipfix_has_no_records_of_other_events)
{
	struct nat64_event ev = event(NAT64_EV_PACKET_DROPPED);

	ck_assert_int_eq(ipfix_add(&m, &ev, false, NOW_MS), IPFIX_NONE);
	ck_assert_uint_eq(m.len, IPFIX_HEADER_LEN);
}
END_TEST

/* RFC 8158, 6.1.14: a number of mappings. There is no event for its end. */
START_TEST(ipfix_threshold_is_the_number_that_reaches_it)
{
	struct nat64_event ev = event(NAT64_EV_THRESHOLD);

	ev.max = 1000;
	ev.limit = 75;
	add(&ev, false);
	expect(33, 4, "000002ee");
	ipfix_begin(&m, 7);
	ev.max = 10;
	add(&ev, false);
	expect(33, 4, "00000008");
	ev.type = NAT64_EV_THRESHOLD_LEFT;
	ck_assert_int_eq(ipfix_add(&m, &ev, false, NOW_MS), IPFIX_NONE);
}
END_TEST

/* ICMP: the identifier on both sides, no port of the peer. */
START_TEST(ipfix_icmp_session_has_identifiers)
{
	struct nat64_event ev = event(NAT64_EV_SESSION_CREATE);

	ev.proto = L4_ICMP;
	add(&ev, true);
	expect(28, m.len - 28,
	    "06 20010db8000100000000000000000010 cb007105 01 0fa0 9cbb"
	    "0064ff9b0000000000000000c6336414 c6336414 0000 0000");
}
END_TEST

/* Records of one template share a set; another one begins another set. */
START_TEST(ipfix_sets_begin_where_the_template_changes)
{
	struct nat64_event binding = event(NAT64_EV_BIB_CREATE);
	struct nat64_event address = event(NAT64_EV_ADDRESS_CREATE);

	add(&binding, false);
	add(&binding, false);
	add(&address, false);
	add(&binding, false);
	ipfix_end(&m);
	ck_assert_uint_eq(m.records, 4);
	ck_assert_uint_eq(get16(m.buf + 16), 256);
	ck_assert_uint_eq(get16(m.buf + 18), 4 + 2 * 34);
	ck_assert_uint_eq(get16(m.buf + 88), 259);
	ck_assert_uint_eq(get16(m.buf + 90), 4 + 30);
	ck_assert_uint_eq(get16(m.buf + 122), 256);
	ck_assert_uint_eq(get16(m.buf + 124), 4 + 34);
	ck_assert_uint_eq(get16(m.buf + 2), m.len);
	ck_assert_uint_eq(m.len, 16 + 72 + 34 + 38);
}
END_TEST

START_TEST(ipfix_message_is_full_before_it_is_too_long)
{
	struct nat64_event ev = event(NAT64_EV_SESSION_CREATE);
	unsigned n = 0;
	size_t len;

	while (ipfix_add(&m, &ev, true, NOW_MS) == IPFIX_ADDED)
		n++;
	ck_assert_uint_eq(n, (IPFIX_MESSAGE_MAX - 16 - 4) / 58);
	len = m.len;
	ck_assert_int_eq(ipfix_add(&m, &ev, true, NOW_MS), IPFIX_FULL);
	ck_assert_uint_eq(m.len, len);
	ck_assert_uint_eq(m.records, n);
	ipfix_end(&m);
	ipfix_begin(&m, 7);
	add(&ev, true);
	ck_assert_uint_eq(m.len, 16 + 4 + 58);
}
END_TEST

START_TEST(ipfix_limit_above_32_bits_is_the_largest)
{
	struct nat64_event ev = event(NAT64_EV_QUOTA);

	ev.quota = NAT64_QUOTA_SESSIONS;
	ev.limit = UINT64_MAX;
	add(&ev, false);
	expect(28, m.len - 28, "0d 00000001 ffffffff");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ipfix");
	TCase *tc = tcase_create("ipfix");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, ipfix_binding_is_a_whole_message);
	tcase_add_test(tc, ipfix_templates_fit_into_one_message);
	tcase_add_loop_test(tc,
	    ipfix_events_have_the_fields_of_their_templates, 0, NROWS);
	tcase_add_test(tc, ipfix_has_no_records_of_other_events);
	tcase_add_test(tc, ipfix_threshold_is_the_number_that_reaches_it);
	tcase_add_test(tc, ipfix_icmp_session_has_identifiers);
	tcase_add_test(tc, ipfix_sets_begin_where_the_template_changes);
	tcase_add_test(tc, ipfix_message_is_full_before_it_is_too_long);
	tcase_add_test(tc, ipfix_limit_above_32_bits_is_the_largest);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
