/*
 * Unit tests of follow.c. Messages are text; see dns_text.h.
 */
#include <check.h>
#include <string.h>

#include "dns64d/synth/follow.h"
#include "tests/unit/dns_text.h"
#include "tests/unit/suite.h"

#define CNAME "AN www.corp. 300 CNAME host.example.\n"
#define SOA "NS example. 120 IN SOA ns.example. root.example. 1 2 3 4 60\n"
#define QUESTION "NOERROR qr rd ra\nwww.corp. A\n"

static uint8_t wires[2][65536];

static struct msg_scan
reply(const char *text, unsigned n)
{
	struct msg_scan m;
	size_t len = dns_text_write(text, 1, true, wires[n]);

	ck_assert_int_eq(msg_scan(wires[n], len, &m), MSG_SCAN_OK);
	return (m);
}

/* Shows: DNS64-11 */
START_TEST(follow_target_is_of_chains_that_say_nothing_of_their_end)
{
	static const struct {
		const char *name, *reply;
		bool followed;
	} rows[] = {
		{ "bare alias", QUESTION CNAME, true },
		{ "two of them",
		    QUESTION CNAME "AN host.example. 5 CNAME a.example.\n",
		    true },
		{ "no alias", QUESTION, false },
		{ "address", QUESTION CNAME "AN host.example. 5 A 192.0.2.1\n",
		    false },
		{ "address of another",
		    QUESTION CNAME "AN other.example. 5 A 192.0.2.1\n", true },
		{ "denied", QUESTION CNAME SOA, false },
		{ "no such name", "NXDOMAIN qr\nwww.corp. A\n" CNAME, false },
		{ "alias asked for", "NOERROR qr\nwww.corp. CNAME\n" CNAME,
		    false },
		{ "loop", QUESTION "AN www.corp. 300 CNAME www.corp.\n",
		    true },
	};
	struct msg_question q, target;
	struct msg_scan m;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		m = reply(rows[i].reply, 0);
		msg_question_from(&m, &q);
		ck_assert_msg(follow_target(&m, &q, &target) ==
			rows[i].followed,
		    "%s", rows[i].name);
		if (i == 0)
			ck_assert_int_eq(memcmp(target.name, "\4host\7example",
					     target.name_len),
			    0);
	}
}
END_TEST

/* Shows: DNS64-11 DNS64-12 */
START_TEST(follow_join_puts_the_end_behind_the_chain)
{
	static const struct {
		const char *second, *joined;
	} rows[] = {
		{ "NOERROR qr rd ra ad\nhost.example. A\n"
		  "AN host.example. 60 A 192.0.2.1\n",
		    "NOERROR rd ra ad\nwww.corp. A\n"
		    "AN www.corp. 300 IN CNAME host.example.\n"
		    "AN host.example. 60 IN A 192.0.2.1\n" },
		{ "NXDOMAIN qr rd ra\nhost.example. A\n" SOA,
		    "NXDOMAIN rd ra\nwww.corp. A\n"
		    "AN www.corp. 300 IN CNAME host.example.\n" SOA },
		{ "SERVFAIL qr rd ra\nhost.example. A\n",
		    "SERVFAIL rd ra\nwww.corp. A\n"
		    "AN www.corp. 300 IN CNAME host.example.\n" },
	};
	static uint8_t buf[MSG_MAX];
	static char text[DNS_TEXT_MAX];
	struct msg_scan first, second;
	size_t i, len;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		first = reply("NOERROR qr rd ra ad\nwww.corp. A\n" CNAME, 0);
		second = reply(rows[i].second, 1);
		len = follow_join(&first, &second, buf);
		dns_text_read(buf, len, text);
		ck_assert_str_eq(text, rows[i].joined);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("follow");
	TCase *tc = tcase_create("follow");

	tcase_add_test(tc,
	    follow_target_is_of_chains_that_say_nothing_of_their_end);
	tcase_add_test(tc, follow_join_puts_the_end_behind_the_chain);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
