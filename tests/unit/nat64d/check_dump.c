/*
 * Tests of dump.c slice by slice, with tables that change between slices.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "nat64d/core/nat64_fast.h"
#include "nat64d/dump.h"
#include "tests/unit/fastpath_fake.h"
#include "tests/unit/nat64_lab.h"

#define SLICE 7 /* lines */

static char text[256 * 1024];

/* A session of CLIENT6 port 5000 with that port of the server. */
static void
open_session(uint16_t port)
{
	lab_udp(CLIENT6, 5000, SERVER6, port);
	lab_sent();
}

/* How many lines of text show the session with that port. */
static unsigned
count_session(uint16_t port)
{
	const char *at = text;
	char what[64];
	unsigned n = 0;

	snprintf(what, sizeof(what), " " SERVER4 ":%u ", port);
	while ((at = strstr(at, what)) != NULL) {
		n++;
		at += strlen(what);
	}
	return (n);
}

/* Dump all of it; between slices something happens. */
static void
dump_all(void (*happen)(unsigned slice))
{
	struct evbuffer *out = evbuffer_new();
	struct dump *d;
	unsigned slice = 0;
	int len;

	d = dump_new(lab.n, false);
	REQUIRE(d != NULL && out != NULL);
	while (dump_slice(d, out, SLICE, lab.now))
		if (happen != NULL)
			happen(slice++);
	len = evbuffer_remove(out, text, sizeof(text) - 1);
	REQUIRE(len > 0 && len < (int)sizeof(text) - 1);
	text[len] = '\0';
	dump_free(d);
	evbuffer_free(out);
}

START_TEST(empty_table_is_counters_and_an_end)
{
	dump_all(NULL);
	ck_assert_ptr_nonnull(
	    strstr(text, "table udp   bindings 0 sessions 0 "));
	ck_assert_str_eq(text + strlen(text) - 5, "\nend\n");
}
END_TEST

START_TEST(every_binding_and_session_has_a_line)
{
	uint16_t port;

	for (port = 1; port <= 40; port++)
		open_session(port);
	lab_tcp(HOST_B, 6000, SERVER6, 80, PKT_TH_SYN);
	lab_ping(HOST_C, SERVER6, 77);
	dump_all(NULL);
	for (port = 1; port <= 40; port++)
		ck_assert_uint_eq(count_session(port), 1);
	ck_assert_ptr_nonnull(strstr(text, "udp     [" CLIENT6 "]:5000 "));
	ck_assert_ptr_nonnull(strstr(text, "tcp     [" HOST_B "]:6000 "));
	ck_assert_ptr_nonnull(strstr(text, "icmp    [" HOST_C "]:77 "));
	ck_assert_uint_eq(count_session(80), 1);
}
END_TEST

/* Sessions come at both ends of the binding's. */
static void
sessions_come(unsigned slice)
{
	if (slice > 100) /* those that are empty trees and nothing else */
		return;
	open_session((uint16_t)(1000 + slice));
	open_session((uint16_t)(5000 - slice));
}

START_TEST(what_is_there_all_the_time_is_met_once_whatever_comes)
{
	uint16_t port;

	for (port = 2000; port < 2200; port++)
		open_session(port);
	dump_all(sessions_come);
	for (port = 2000; port < 2200; port++)
		ck_assert_uint_eq(count_session(port), 1);
}
END_TEST

/* The odd ones are kept alive; all others die at the fourth slice. */
static void
sessions_go(unsigned slice)
{
	if (slice == 3)
		lab_wait(200);
}

START_TEST(what_is_there_all_the_time_is_met_once_whatever_goes)
{
	uint16_t port;

	for (port = 2000; port < 2200; port++)
		open_session(port);
	lab_wait(150);
	for (port = 2001; port < 2200; port += 2)
		open_session(port);
	dump_all(sessions_go);
	ck_assert_uint_eq(lab_sessions(), 100);
	for (port = 2001; port < 2200; port += 2)
		ck_assert_uint_eq(count_session(port), 1);
	ck_assert_uint_eq(count_session(2198), 0);
}
END_TEST

static void
binding_goes(unsigned slice)
{
	if (slice == 3)
		lab_wait(300);
}

START_TEST(binding_may_go_in_the_middle)
{
	uint16_t port;

	for (port = 2000; port < 2200; port++)
		open_session(port);
	lab_tcp(HOST_C, 6000, SERVER6, 80, PKT_TH_SYN);
	dump_all(binding_goes);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
	ck_assert_str_eq(text + strlen(text) - 5, "\nend\n");
	ck_assert_uint_eq(count_session(2199), 0);
}
END_TEST

static struct fake_fastpath fake;

START_TEST(session_on_the_fast_path_is_shown_as_such)
{
	unsigned i;

	fake_start(&fake, 1);
	open_session(80);
	dump_all(NULL);
	ck_assert_ptr_null(strstr(text, " s fast\n"));
	ck_assert_ptr_nonnull(strstr(text, "table fast-path sessions 0\n"));
	for (i = 0; i < FAST_AFTER; i++) {
		open_session(443);
		lab_udp(SERVER4, 443, text4(lab_sent()->ip4.src),
		    lab_sent()->sport);
	}
	open_session(80);
	dump_all(NULL);
	ck_assert_ptr_nonnull(strstr(text, SERVER4 ":80        300 s\n"));
	ck_assert_ptr_nonnull(strstr(text, SERVER4 ":443       300 s fast\n"));
	ck_assert_ptr_nonnull(strstr(text, "table fast-path sessions 1\n"));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		empty_table_is_counters_and_an_end,
		every_binding_and_session_has_a_line,
		what_is_there_all_the_time_is_met_once_whatever_comes,
		what_is_there_all_the_time_is_met_once_whatever_goes,
		binding_may_go_in_the_middle,
		session_on_the_fast_path_is_shown_as_such,
	};

	return (lab_main("dump", tests, NITEMS(tests)));
}
