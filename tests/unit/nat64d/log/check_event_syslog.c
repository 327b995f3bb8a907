/*
 * Tests of event_syslog.c: messages as RFC 5424, 6 wants them.
 */
#include <check.h>
#include <string.h>

#include "nat64d/log/event_syslog.h"

#include "tests/unit/suite.h"

/* 2026-11-23T14:50:05.123Z */
#define NOW_MS INT64_C(1795445405123)

static struct event_syslog_sender sender = { .pid = 4711 };
static char message[EVENT_SYSLOG_SIZE];

static void
expect(const char *text, bool warning, const char *wanted)
{
	ck_assert_uint_eq(event_syslog(&sender, text, NOW_MS, warning,
			      message),
	    strlen(message));
	ck_assert_str_eq(message, wanted);
}

/* Shows: LOG-01 LOG-40 */
START_TEST(event_syslog_has_header_and_structured_data)
{
	event_syslog_host(&sender, "gw.example.net");
	expect("event=binding-created natevent=10 proto=udp "
	       "addr6=2001:db8::10 port6=5000",
	    false,
	    "<30>1 2026-11-23T14:50:05.123Z gw.example.net nat64d 4711 "
	    "binding-created [nat64@32473 natevent=\"10\" proto=\"udp\" "
	    "addr6=\"2001:db8::10\" port6=\"5000\"]");
}
END_TEST

START_TEST(event_syslog_of_trouble_is_a_warning)
{
	event_syslog_host(&sender, "gw");
	expect("event=lines-lost count=3", true,
	    "<28>1 2026-11-23T14:50:05.123Z gw nat64d 4711 lines-lost "
	    "[nat64@32473 count=\"3\"]");
}
END_TEST

/* RFC 5424, 6.2.4: PRINTUSASCII, or "-". */
START_TEST(event_syslog_host_is_printable_and_never_empty)
{
	char longer[400];

	event_syslog_host(&sender, "");
	expect("event=started", false,
	    "<30>1 2026-11-23T14:50:05.123Z - nat64d 4711 started "
	    "[nat64@32473]");
	event_syslog_host(&sender, "a b\xc3\xbc");
	ck_assert_str_eq(sender.host, "a-b--");
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	event_syslog_host(&sender, longer);
	ck_assert_uint_eq(strlen(sender.host), EVENT_SYSLOG_HOST_MAX);
}
END_TEST

/* RFC 5424, 6.3.3 */
START_TEST(event_syslog_escapes_values)
{
	event_syslog_host(&sender, "gw");
	expect("event=x statement=\"limit subscriber ports\" a=b]c\\d", false,
	    "<30>1 2026-11-23T14:50:05.123Z gw nat64d 4711 x [nat64@32473 "
	    "statement=\"limit subscriber ports\" a=\"b\\]c\\\\d\"]");
}
END_TEST

START_TEST(event_syslog_leaves_out_what_has_no_room)
{
	char text[2000];

	event_syslog_host(&sender, "gw");
	memset(text, ']', sizeof(text));
	memcpy(text, "event=x a=", 10);
	memcpy(text + 1500, " b=1", 5);
	expect(text, false,
	    "<30>1 2026-11-23T14:50:05.123Z gw nat64d 4711 x [nat64@32473 "
	    "b=\"1\"]");
	expect("", false,
	    "<30>1 2026-11-23T14:50:05.123Z gw nat64d 4711 - [nat64@32473]");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("event_syslog");
	TCase *tc = tcase_create("event_syslog");

	tcase_add_test(tc, event_syslog_has_header_and_structured_data);
	tcase_add_test(tc, event_syslog_of_trouble_is_a_warning);
	tcase_add_test(tc, event_syslog_host_is_printable_and_never_empty);
	tcase_add_test(tc, event_syslog_escapes_values);
	tcase_add_test(tc, event_syslog_leaves_out_what_has_no_room);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
