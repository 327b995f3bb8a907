/*
 * Tests of logline.c and logtime.c: lines as they are written, as the system's
 * logger and collectors keep them, and lines that are none.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "nat64d/core/event_text.h"
#include "nat64d/log/event_json.h"
#include "nat64d/log/event_syslog.h"
#include "nat64d/log/logline.h"

#include "tests/unit/suite.h"

/* 2026-11-23T14:50:05.123Z */
#define NOW_MS INT64_C(1795445405123)
#define TIME "time=2026-11-23T14:50:05.123Z "
#define BINDING                                                           \
	"event=binding-created natevent=10 proto=udp addr6=2001:db8::10 " \
	"port6=4000 addr4=203.0.113.5 port4=40123"

static struct logline l;

static bool
parse(const char *line)
{
	return (logline_parse(line, strlen(line), &l));
}

static void
expect_binding(void)
{
	char text[INET6_ADDRSTRLEN];

	ck_assert_int_eq(l.unix_ms, NOW_MS);
	ck_assert_int_eq(l.kind, LOGLINE_BINDING);
	ck_assert(l.begins);
	ck_assert_int_eq(l.proto, L4_UDP);
	ck_assert_str_eq(inet_ntop(AF_INET6, &l.host6.addr, text,
			     sizeof(text)),
	    "2001:db8::10");
	ck_assert_uint_eq(l.host6.port, 4000);
	ck_assert_uint_eq(l.addr4.addr.s_addr, inet_addr("203.0.113.5"));
	ck_assert_uint_eq(l.addr4.port, 40123);
	ck_assert(!l.has_peer);
}

START_TEST(logline_reads_all_formats)
{
	static const char *const lines[] = {
		TIME BINDING,
		TIME BINDING "\r",
		"Nov 23 15:50:05 gw nat64d[4711]: " TIME BINDING,
		"2026-11-23T15:50:05.124+01:00 gw nat64d[1]: " TIME BINDING,
		"{\"time\":\"2026-11-23T14:50:05.123Z\",\"event\":"
		"\"binding-created\",\"natevent\":10,\"proto\":\"udp\","
		"\"addr6\":\"2001:db8::10\",\"port6\":4000,"
		"\"addr4\":\"203.0.113.5\",\"port4\":40123}",
		"  { \"port4\" : 40123 , \"x\":null, \"addr4\": "
		"\"203.0.113.5\", \"port6\":4000, \"addr6\": "
		"\"2001:db8::10\", \"proto\": \"udp\", \"event\": "
		"\"binding-created\", \"time\": "
		"\"2026-11-23T15:50:05.123+01:00\" }",
		"<30>1 2026-11-23T14:50:05.123Z gw nat64d 1 binding-created "
		"[nat64@32473 natevent=\"10\" proto=\"udp\" "
		"addr6=\"2001:db8::10\" port6=\"4000\" addr4=\"203.0.113.5\" "
		"port4=\"40123\"]",
		"2026-11-23T14:50:05.123456Z gw nat64d 1 binding-created "
		"[nat64@32473 natevent=\"10\" proto=\"udp\" "
		"addr6=\"2001:db8::10\" port6=\"4000\" addr4=\"203.0.113.5\" "
		"port4=\"40123\"] ",
		/* journalctl -o json */
		"{\"__REALTIME_TIMESTAMP\":\"1795445405124000\",\"MESSAGE\":"
		"\"" TIME BINDING "\",\"_PID\":\"4711\"}",
		/* of programs that ship lines */
		"{\"@timestamp\":\"2026-11-23T14:50:06Z\",\"log\":{\"file\":"
		"{\"path\":\"/x\"}},\"tags\":[\"event\",\"b\"],\"n\":[],"
		"\"event\":{\"original\":\"" TIME BINDING "\"},\"host\":{}}",
		"{\"log\":\"{\\\"time\\\":\\\"2026-11-23T14:50:05.123Z\\\","
		"\\\"event\\\":\\\"binding-created\\\",\\\"proto\\\":"
		"\\\"udp\\\",\\u0022addr6\\\":\\\"2001:db8::10\\\","
		"\\\"port6\\\":4000,\\\"addr4\\\":\\\"203.0.113.5\\\","
		"\\\"port4\\\":40123}\\n\",\"stream\":\"stdout\","
		"\"time\":\"2026-11-23T14:50:06Z\"}",
		"{\"message\":\"<30>1 2026-11-23T14:50:05.123Z gw nat64d 1 "
		"binding-created [nat64@32473 proto=\\\"udp\\\" "
		"addr6=\\\"2001:db8::10\\\" port6=\\\"4000\\\" "
		"addr4=\\\"203.0.113.5\\\" port4=\\\"40123\\\"]\"}",
		"{\"nat64\":{\"time\":\"2026-11-23T14:50:05.123Z\",\"event\":"
		"\"binding-created\",\"proto\":\"udp\",\"addr6\":"
		"\"2001:db8::10\",\"port6\":4000,\"addr4\":\"203.0.113.5\","
		"\"port4\":40123},\"kubernetes\":{\"labels\":{\"a\":\"b\"}}}",
		"{\"time\":\"2026-11-23T14:50:05.123Z\",\"event\":"
		"\"binding-created\",\"kubernetes\":{\"labels\":{\"event\":1}},"
		"\"proto\":\"udp\",\"addr6\":\"2001:db8::10\",\"port6\":4000,"
		"\"tags\":[[\"a\"],{\"b\":1}],\"addr4\":\"203.0.113.5\","
		"\"port4\":40123}",
		"Nov 23 15:50:05 gw nat64: "
		"{\"time\":\"2026-11-23T14:50:05.123Z\","
		"\"event\":\"binding-created\",\"proto\":\"udp\","
		"\"addr6\":\"2001:db8::10\",\"port6\":4000,"
		"\"addr4\":\"203.0.113.5\",\"port4\":40123}",
		"time=\"2026-11-23T14:50:06Z\" level=info msg=\"" TIME BINDING
		"\"",
		"1795445405,\"" TIME BINDING "\",gw",
	};

	ck_assert_msg(parse(lines[_i]), "%s", lines[_i]);
	expect_binding();
}
END_TEST

/* Whatever nat64d writes is read back. */
START_TEST(logline_reads_what_is_written)
{
	struct event_syslog_sender sender = { .pid = 1 };
	char json[EVENT_JSON_SIZE], syslog[EVENT_SYSLOG_SIZE];
	uint64_t gw;

	event_json(BINDING, NOW_MS, json);
	ck_assert(parse(json));
	expect_binding();
	event_syslog_host(&sender, "gw");
	event_syslog(&sender, BINDING, NOW_MS, false, syslog);
	ck_assert(parse(syslog));
	expect_binding();
	gw = l.sender;
	event_syslog(&sender, "event=lines-lost count=7", NOW_MS, true,
	    syslog);
	ck_assert(parse(syslog));
	ck_assert_int_eq(l.kind, LOGLINE_LOST);
	ck_assert_uint_eq(l.count, 7);
	ck_assert_uint_eq(l.sender, gw);
	event_syslog_host(&sender, "gw2");
	event_syslog(&sender, "event=started", NOW_MS, false, syslog);
	ck_assert(parse(syslog));
	ck_assert_int_eq(l.kind, LOGLINE_STARTED);
	ck_assert_uint_ne(l.sender, gw);
}
END_TEST

/* Of the loggers of several translators, so that they can be told apart. */
START_TEST(logline_knows_the_host_before_a_line)
{
	static const char started[] = TIME "event=started";
	char line[200];
	uint64_t gw;

	ck_assert(parse(started));
	ck_assert_uint_eq(l.sender, 0);
	snprintf(line, sizeof(line), "Nov 23 15:50:05 gw nat64d[4711]: %s",
	    started);
	ck_assert(parse(line));
	ck_assert_uint_ne(l.sender, 0);
	gw = l.sender;
	snprintf(line, sizeof(line),
	    "2026-11-23T15:50:05.124+01:00 gw nat64d: %s", started);
	ck_assert(parse(line));
	ck_assert_uint_eq(l.sender, gw);
	snprintf(line, sizeof(line), "Nov 23 15:50:05 gw2 nat64d[4711]: %s",
	    started);
	ck_assert(parse(line));
	ck_assert_uint_ne(l.sender, gw);
}
END_TEST

START_TEST(logline_reads_all_events)
{
	static const struct {
		const char *text;
		enum logline_kind kind;
		bool begins;
	} rows[] = {
		{ "event=binding-deleted proto=tcp addr6=::1 port6=1 "
		  "addr4=192.0.2.1 port4=2",
		    LOGLINE_BINDING, false },
		{ "event=session-created proto=icmp addr6=::1 port6=1 "
		  "addr4=192.0.2.1 port4=2 peer6=::2 peer4=192.0.2.9",
		    LOGLINE_SESSION, true },
		{ "event=session-deleted proto=tcp addr6=::1 port6=1 "
		  "addr4=192.0.2.1 port4=2",
		    LOGLINE_SESSION, false },
		{ "event=address-bound subscriber=2001:db8::/56 "
		  "addr4=192.0.2.1",
		    LOGLINE_ADDRESS, true },
		{ "event=address-released subscriber=2001:db8::/56 "
		  "addr4=192.0.2.1",
		    LOGLINE_ADDRESS, false },
		{ "event=block-allocated subscriber=2001:db8::/56 "
		  "addr4=192.0.2.1 firstport4=1024 lastport4=1279",
		    LOGLINE_BLOCK, true },
		{ "event=block-released subscriber=2001:db8::/56 "
		  "addr4=192.0.2.1 firstport4=1024 lastport4=1279",
		    LOGLINE_BLOCK, false },
		{ "event=started", LOGLINE_STARTED, true },
		{ "event=resumed", LOGLINE_RESUMED, true },
		{ "event=stopped", LOGLINE_STOPPED, false },
		{ "event=handed-over", LOGLINE_OTHER, false },
		{ "event=quota-exceeded statement=\"limit subscriber ports\"",
		    LOGLINE_OTHER, false },
	};
	char line[512];

	snprintf(line, sizeof(line), TIME "%s", rows[_i].text);
	ck_assert_msg(parse(line), "%s", line);
	ck_assert_int_eq(l.kind, rows[_i].kind);
	ck_assert_int_eq(l.begins, rows[_i].begins);
	if (l.kind == LOGLINE_ADDRESS || l.kind == LOGLINE_BLOCK)
		ck_assert_uint_eq(l.len6, 56);
	if (l.kind == LOGLINE_BLOCK)
		ck_assert_uint_eq(l.ports.last, 1279);
}
END_TEST

START_TEST(logline_refuses_what_is_none)
{
	static const char *const lines[] = {
		"",
		" ",
		"{",
		"{}",
		"{\"time\":",
		"{\"time\":\"2026-11-23T14:50:05.123Z\",\"event\":\"started\"",
		"{\"a\":{\"time\":\"2026-11-23T14:50:05.123Z\"},\"event\":1}",
		"{\"time\":\"2026-11-23T14:50:05.123Z\",\"a\":\"event",
		"{\"a\":\"event=started\\",
		"{\"time\":\"2026-11-23T14:50:05Z\",\"event\":[1]}",
		"time=",
		"event=started",
		TIME,
		TIME "event",
		"time=2026-11-23T14:50:05.123 event=started",
		"time=2026-13-23T14:50:05Z event=started",
		TIME "event=binding-created proto=udp addr6=2001:db8::10 "
		     "port6=4000 addr4=203.0.113.5",
		TIME "event=binding-created proto=17 addr6=2001:db8::10 "
		     "port6=4000 addr4=203.0.113.5 port4=1",
		TIME "event=binding-created proto=udp addr6=2001:db8::10 "
		     "port6=4000 addr4=203.0.113.5 port4=65536",
		TIME "event=binding-created proto=udp addr6=2001:db8::10 "
		     "port6=4000 addr4=203.0.113.256 port4=1",
		TIME "event=address-bound subscriber=2001:db8:: addr4=x",
		TIME "event=block-allocated subscriber=2001:db8::/56 "
		     "addr4=192.0.2.1 firstport4=9 lastport4=8",
		TIME "event=lines-lost",
		TIME "event=lines-lost count=99999999999999999999999",
		"[nat64@32473",
		"[nat64@32473]",
		"<30>1 2026-11-23T14:50:05.123Z gw nat64d 1 started",
		"<30>1 - gw nat64d 1 started [nat64@32473]",
		"Nov 23 15:50:05 gw sshd[1]: Accepted publickey",
	};

	ck_assert_msg(!parse(lines[_i]), "%s", lines[_i]);
}
END_TEST

START_TEST(logline_time_reads_rfc3339)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
		int64_t span_ms;
		bool zone;
	} rows[] = {
		{ "2026-11-23T14:50:05.123Z", NOW_MS, 1, true },
		{ "2026-11-23t14:50:05.123456789z", NOW_MS, 1, true },
		{ "2026-11-23 14:50:05.1Z", NOW_MS - 23, 100, true },
		{ "2026-11-23T14:50:05Z", NOW_MS - 123, 1000, true },
		{ "2026-11-23T14:50Z", NOW_MS - 5123, 60000, true },
		{ "2026-11-23T15:50:05.123+01:00", NOW_MS, 1, true },
		{ "2026-11-23T15:50:05.123+0100", NOW_MS, 1, true },
		{ "2026-11-23T09:20:05.123-05:30", NOW_MS, 1, true },
		{ "2026-11-24T00:50:05.123+10:00", NOW_MS, 1, true },
		{ "2026-11-23T14:50:05.123", NOW_MS, 1, false },
		{ "1970-01-01T00:00:00Z", 0, 1000, true },
		{ "2000-02-29T00:00:00Z", INT64_C(951782400000), 1000, true },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800000), 1000, true },
		{ "9999-12-31T23:59:59Z", INT64_C(253402300799000), 1000,
		    true },
		{ "2026-11-23", -1, 0, false },
		{ "2026-11-23T14", -1, 0, false },
		{ "2026-02-29T00:00:00Z", -1, 0, false },
		{ "2100-02-29T00:00:00Z", -1, 0, false },
		{ "2026-00-01T00:00:00Z", -1, 0, false },
		{ "2026-11-31T00:00:00Z", -1, 0, false },
		{ "1969-12-31T23:59:59Z", -1, 0, false },
		{ "2026-11-23T24:00:00Z", -1, 0, false },
		{ "2026-11-23T14:60:00Z", -1, 0, false },
		{ "2026-11-23T14:50:61Z", -1, 0, false },
		{ "2026-11-23T14:50:05.Z", -1, 0, false },
		{ "2026-11-23T14:50:05Z ", -1, 0, false },
		{ "2026-11-23T14:50:05+1", -1, 0, false },
		{ "2026-11-23T14:50:05+24:00", -1, 0, false },
		{ "", -1, 0, false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct logline_time t;
		bool ok = logline_time(rows[i].text, strlen(rows[i].text), &t);

		ck_assert_msg(ok == (rows[i].ms != -1), "%s", rows[i].text);
		if (!ok)
			continue;
		ck_assert_msg(t.unix_ms == rows[i].ms, "%s", rows[i].text);
		ck_assert_msg(t.span_ms == rows[i].span_ms, "%s",
		    rows[i].text);
		ck_assert_msg(t.has_zone == rows[i].zone, "%s", rows[i].text);
	}
}
END_TEST

/* The reader and the writer of times agree on every day. */
START_TEST(logline_time_is_the_inverse_of_event_time)
{
	char text[EVENT_TIME_SIZE];
	struct logline_time t;
	int64_t ms;
	size_t len;

	for (ms = 0; ms < INT64_C(253402300799999);
	     ms += INT64_C(86400000) * 13 + 3723004) {
		len = event_time(ms, text);
		ck_assert(logline_time(text + 5, len - 5, &t));
		ck_assert_int_eq(t.unix_ms, ms);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("logline");
	TCase *tc = tcase_create("logline");

	tcase_add_loop_test(tc, logline_reads_all_formats, 0, 17);
	tcase_add_test(tc, logline_reads_what_is_written);
	tcase_add_test(tc, logline_knows_the_host_before_a_line);
	tcase_add_loop_test(tc, logline_reads_all_events, 0, 12);
	tcase_add_loop_test(tc, logline_refuses_what_is_none, 0, 29);
	tcase_add_test(tc, logline_time_reads_rfc3339);
	tcase_add_test(tc, logline_time_is_the_inverse_of_event_time);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
