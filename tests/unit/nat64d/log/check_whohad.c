/*
 * Tests of whohad.c: who had 203.0.113.5:40000, from lines of files. A file is
 * written as a list of lines "SECOND EVENT", see events[], with the number of
 * the host that has sent it, if it has named itself: "10 +a@1".
 */
#include <arpa/inet.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/core/event_text.h"
#include "nat64d/log/whohad.h"

#include "tests/unit/suite.h"

/* 2026-11-23T14:00:00Z, second 0 of the tests */
#define BASE_MS INT64_C(1795442400000)

#define HOST(n) "addr6=2001:db8::" #n " port6=4000 "
#define PORT "addr4=203.0.113.5 port4=40000"
#define PEER(n) " peer4=198.51.100." #n " peerport=80"

/* Subscribers 0 to f, and blocks of so many ports. */
#define PLAN(what, block, fixed)                                      \
	"event=deterministic-" what                                   \
	" clients=2001:db8::/124 prefixlength=128 addr4=203.0.113.5 " \
	"lastaddr4=203.0.113.6 firstport4=1024 lastport4=65535 "      \
	"block=" block " fixed=" fixed

static const struct {
	const char *name;
	const char *text;
} events[] = {
	{ "+a", "event=binding-created proto=udp " HOST(a) PORT },
	{ "-a", "event=binding-deleted proto=udp " HOST(a) PORT },
	{ "+b", "event=binding-created proto=udp " HOST(b) PORT },
	{ "-b", "event=binding-deleted proto=udp " HOST(b) PORT },
	{ "+tcp", "event=binding-created proto=tcp " HOST(c) PORT },
	{ "+other",
	    "event=binding-created proto=udp " HOST(
		d) "addr4=203.0.113.5 port4=40001" },
	{ "+addr",
	    "event=binding-created proto=udp " HOST(
		d) "addr4=203.0.113.6 port4=40000" },
	{ "+s1", "event=session-created proto=udp " HOST(a) PORT PEER(1) },
	{ "-s1", "event=session-deleted proto=udp " HOST(a) PORT PEER(1) },
	{ "+s2", "event=session-created proto=udp " HOST(a) PORT PEER(2) },
	{ "-s2", "event=session-deleted proto=udp " HOST(a) PORT PEER(2) },
	{ "+s", "event=session-created proto=udp " HOST(a) PORT },
	{ "-s", "event=session-deleted proto=udp " HOST(a) PORT },
	{ "+sub",
	    "event=address-bound subscriber=2001:db8::/56 "
	    "addr4=203.0.113.5" },
	{ "-sub",
	    "event=address-released subscriber=2001:db8::/56 "
	    "addr4=203.0.113.5" },
	{ "+block",
	    "event=block-allocated subscriber=2001:db8::/56 "
	    "addr4=203.0.113.5 firstport4=39936 lastport4=40191" },
	{ "-block",
	    "event=block-released subscriber=2001:db8::/56 "
	    "addr4=203.0.113.5 firstport4=39936 lastport4=40191" },
	{ "+big",
	    "event=block-allocated subscriber=2001:db8:1::/56 "
	    "addr4=203.0.113.5 firstport4=39680 lastport4=40191" },
	{ "-big",
	    "event=block-released subscriber=2001:db8:1::/56 "
	    "addr4=203.0.113.5 firstport4=39680 lastport4=40191" },
	{ "+low",
	    "event=block-allocated subscriber=2001:db8::/56 "
	    "addr4=203.0.113.5 firstport4=1024 lastport4=1279" },
	{ "+plan", PLAN("ports", "4000", "16") },
	{ "-plan", PLAN("ended", "4000", "16") },
	{ "+plan2", PLAN("ports", "3800", "16") },
	{ "+plan3", PLAN("ports", "4000", "8") },
	{ "start", "event=started" },
	{ "resume", "event=resumed" },
	{ "stop", "event=stopped" },
	{ "lost", "event=lines-lost count=5" },
	{ "blocks", "event=events-changed kinds=blocks destination=no" },
	{ "none", "event=events-changed kinds=none destination=no" },
};

static struct whohad *w;
static char found[512];

static void
teardown(void)
{
	whohad_free(w);
}

static void
ask_for(int second, int proto)
{
	struct whohad_query q = { .port = 40000,
		.proto = proto,
		.from_ms = BASE_MS + second * 1000,
		.to_ms = BASE_MS + second * 1000 };

	q.addr.s_addr = inet_addr("203.0.113.5");
	whohad_free(w);
	w = whohad_new(&q);
	ck_assert_ptr_nonnull(w);
}

static void
ask(int second)
{
	ask_for(second, -1);
}

static const char *
text_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(events[i].name, name) == 0)
			return (events[i].text);
	ck_abort_msg("no event %s", name);
	return (NULL);
}

/* "10 +a, 20 -a": events with their seconds. */
static void
read_file(const char *lines)
{
	char copy[1024], *p = copy, *item, *name, *host;
	char line[EVENT_TIME_SIZE + EVENT_TEXT_SIZE];
	struct logline l;
	size_t len;

	whohad_begin_file(w);
	ck_assert_uint_lt(strlcpy(copy, lines, sizeof(copy)), sizeof(copy));
	while ((item = strsep(&p, ",")) != NULL) {
		host = strchr(item, '@');
		if (host != NULL)
			*host++ = '\0';
		len =
		    event_time(BASE_MS + strtol(item, &name, 10) * 1000, line);
		snprintf(line + len, sizeof(line) - len, " %s",
		    text_of(name + 1));
		ck_assert_msg(logline_parse(line, strlen(line), &l), "%s",
		    line);
		l.sender = host != NULL ? (uint64_t)(*host - '0') : 0;
		ck_assert_int_eq(whohad_add(w, &l), 0);
	}
}

/* The seconds, or "?" */
static void
put_time(int64_t ms)
{
	char text[24] = "?";

	if (ms != WHOHAD_UNKNOWN)
		snprintf(text, sizeof(text), "%d",
		    (int)((ms - BASE_MS) / 1000));
	strlcat(found, text, sizeof(found));
}

/* "a 10-20": the last digit of the host, and from when to when. */
static void
expect(const char *wanted)
{
	const struct whohad_answer *a;
	char name[8];
	size_t i, n;

	ck_assert_int_eq(whohad_finish(w), 0);
	n = whohad_answers(w, &a);
	found[0] = '\0';
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s%x ", i > 0 ? "," : "",
		    a[i].what.host6.addr.s6_addr[15]);
		strlcat(found, name, sizeof(found));
		put_time(a[i].from_ms);
		strlcat(found, "-", sizeof(found));
		put_time(a[i].to_ms);
		if (a[i].sure_until_ms != WHOHAD_UNKNOWN) {
			strlcat(found, "!", sizeof(found));
			put_time(a[i].sure_until_ms);
		}
	}
	ck_assert_str_eq(found, wanted);
}

/* Shows: LOG-01 */
START_TEST(whohad_knows_each_time_of_a_binding)
{
	static const struct {
		int second;
		const char *who;
	} rows[] = { { 9, "" }, { 10, "a 10-20" }, { 15, "a 10-20" },
		{ 20, "a 10-20" }, { 21, "" }, { 30, "b 30-40" }, { 50, "" } };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(rows[i].second);
		read_file(
		    "0 start,10 +a,12 +other,12 +addr,20 -a,30 +b,40 -b");
		expect(rows[i].who);
	}
}
END_TEST

/* A complaint that names a minute only. */
START_TEST(whohad_takes_an_interval)
{
	struct whohad_query q = { .port = 40000,
		.proto = -1,
		.from_ms = BASE_MS + 15000,
		.to_ms = BASE_MS + 35000 };

	q.addr.s_addr = inet_addr("203.0.113.5");
	w = whohad_new(&q);
	read_file("0 start,10 +a,20 -a,30 +b,40 -b");
	expect("a 10-20,b 30-40");
}
END_TEST

START_TEST(whohad_separates_protocols)
{
	ask(15);
	read_file("0 start,10 +a,11 +tcp");
	expect("a 10-?,c 11-?");
	ask_for(15, L4_TCP);
	read_file("0 start,10 +a,11 +tcp");
	expect("c 11-?");
	ask_for(15, L4_ICMP);
	read_file("0 start,10 +a,11 +tcp");
	expect("");
}
END_TEST

START_TEST(whohad_knows_sessions)
{
	ask(15);
	read_file("0 start,10 +s1,14 +s2,16 -s1,20 -s2");
	expect("a 10-16,a 14-20");
	/* Without peers, they look the same: a session from 10 to 20. */
	ask(18);
	read_file("0 start,10 +s,14 +s,16 -s,20 -s,30 +s");
	expect("a 10-20");
}
END_TEST

/* Shows: LOG-03 LOG-04 */
START_TEST(whohad_knows_blocks_and_subscribers)
{
	ask(15);
	read_file("0 start,1 +low,10 +block,11 +sub,20 -block,21 -sub");
	expect("0 10-20");
	ask(15);
	read_file("0 start,1 +low,10 +sub,20 -sub");
	expect("0 10-20");
	/* A subscriber says less than a binding. */
	ask(15);
	read_file("0 start,10 +sub,11 +a");
	expect("a 11-?");
}
END_TEST

/*
 * Deterministic ports (RFC 7422): subscriber 9 until a reload, a stop or an
 * upgrade, then a. Shows: CGN-20
 */
START_TEST(whohad_knows_deterministic_ports_of_before)
{
	static const char *const logs[] = {
		"0 start,0 +plan,20 -plan,20 +plan2",
		"0 start,0 +plan,20 stop,30 start,30 +plan2",
		"0 start,0 +plan,20 resume,20 +plan2",
		"0 start,0 +plan,5 +plan,20 resume,20 +plan2,40 +plan2",
	};

	ask(10);
	read_file(logs[_i]);
	expect("9 0-20");
	ask(45);
	read_file(logs[_i]);
	expect(_i == 1 ? "a 30-?" : "a 20-?");
}
END_TEST

/* Bindings of a state file go on; a block behind the computed ones is nobody's
 * until it is logged. */
START_TEST(whohad_knows_what_is_not_computed)
{
	ask(30);
	read_file("0 start,0 +plan3");
	expect("");
	ask(30);
	read_file("0 start,0 +plan3,10 +block,20 resume,20 +plan3");
	expect("0 10-?!20");
}
END_TEST

START_TEST(whohad_reads_rotated_files_in_any_order)
{
	static const char *const files[] = { "0 start,10 +a",
		"20 +other,30 -a", "35 +b,40 -b" };
	static const int orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 },
		{ 1, 2, 0 } };
	size_t i, k;

	for (i = 0; i < 4; i++) {
		ask(15);
		for (k = 0; k < 3; k++)
			read_file(files[orders[i][k]]);
		expect("a 10-30");
	}
}
END_TEST

START_TEST(whohad_says_once_what_it_reads_twice)
{
	ask(15);
	read_file("0 start,10 +a,20 -a");
	read_file("0 start,10 +a,20 -a");
	expect("a 10-20");
}
END_TEST

/* The file before is missing: it is said that the beginning is not known. */
START_TEST(whohad_knows_ends_without_beginnings)
{
	ask(15);
	read_file("10 +other,20 -a");
	expect("a ?-20");
	ask(5);
	read_file("10 +other,20 -a");
	expect("");
}
END_TEST

/* The line of the end was lost: another host cannot have it as well. */
START_TEST(whohad_ends_what_another_host_gets)
{
	ask(25);
	read_file("0 start,10 +a,20 +b");
	expect("b 20-?");
	ask(15);
	read_file("0 start,10 +a,20 +b");
	expect("a 10-20");
}
END_TEST

/* A reload allocates its blocks before it releases those of before. */
START_TEST(whohad_takes_an_end_that_comes_late)
{
	static const struct {
		int second;
		const char *who;
	} rows[] = { { 5, "" }, { 15, "0 10-20" }, { 25, "0 20-40" },
		{ 45, "" }, { 55, "0 50-60" } };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(rows[i].second);
		read_file("0 start,10 +block,20 +big,21 -block,40 -big,"
			  "50 +block,60 -block");
		expect(rows[i].who);
	}
}
END_TEST

START_TEST(whohad_knows_restarts)
{
	struct whohad_notes n;

	ask(25);
	read_file("0 start,10 +a,20 stop,30 start,40 +b");
	expect("");
	whohad_notes(w, &n);
	ck_assert_int_eq(n.stopped_ms, BASE_MS + 20000);
	/* Killed: when it ended is not known. */
	ask(25);
	read_file("0 start,10 +a,30 start");
	expect("a 10-30");
	ask(35);
	read_file("0 start,10 +a,30 start");
	expect("");
	whohad_notes(w, &n);
	ck_assert_int_eq(n.stopped_ms, WHOHAD_UNKNOWN);
}
END_TEST

/* Its state was kept: it goes on, for sure if its end comes later. */
START_TEST(whohad_knows_restarts_that_keep_state)
{
	ask(35);
	read_file("0 start,10 +a,20 stop,30 resume,40 -a");
	expect("a 10-40");
	ask(35);
	read_file("0 start,10 +a,20 stop,30 resume");
	expect("a 10-?!20");
	ask(35);
	read_file("0 start,10 +a,30 resume,60 +b");
	expect("a 10-60!30");
}
END_TEST

/* What was logged as a binding may end when only blocks are logged. */
START_TEST(whohad_knows_that_other_events_are_logged)
{
	static const struct {
		int second;
		const char *who;
		int off; /* 0: events were logged */
	} rows[] = { { 15, "a 10-?!20", 0 }, { 30, "a 10-?!20", 0 },
		{ 50, "a 10-?!20", 40 }, { 70, "a 10-?!20", 0 } };
	struct whohad_notes n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(rows[i].second);
		read_file("0 start,10 +a,20 blocks,40 none,60 blocks");
		expect(rows[i].who);
		whohad_notes(w, &n);
		ck_assert_int_eq(n.off_ms,
		    rows[i].off == 0 ? WHOHAD_UNKNOWN :
				       BASE_MS + rows[i].off * 1000);
	}
}
END_TEST

/* What is not logged stands behind what is. */
START_TEST(whohad_takes_the_configuration)
{
	const struct whohad_answer *a;
	struct logline l = { .kind = LOGLINE_BLOCK, .len6 = 56 };

	ask(15);
	read_file("0 start,10 +a");
	expect("a 10-?");
	ck_assert_int_eq(whohad_add_configured(w, &l), 0);
	ck_assert_uint_eq(whohad_answers(w, &a), 2);
	ck_assert(!a[0].configured);
	ck_assert(a[1].configured);
	ck_assert_uint_eq(a[1].what.len6, 56);
}
END_TEST

START_TEST(whohad_notes_what_is_missing)
{
	struct whohad_notes n;

	ask(50);
	read_file("0 start,5 lost,10 +a,20 -a,40 lost,60 lost");
	expect("");
	whohad_notes(w, &n);
	ck_assert(!n.empty);
	ck_assert_int_eq(n.first_ms, BASE_MS);
	ck_assert_int_eq(n.last_ms, BASE_MS + 60000);
	ck_assert_uint_eq(n.lost, 15);
	ask(50);
	whohad_begin_file(w);
	expect("");
	whohad_notes(w, &n);
	ck_assert(n.empty);
}
END_TEST

/*
 * At second 100, the clock was set back to 50. Second 60 was there twice: first
 * b had it, and then a, until the second 70 of the clock as it is since then.
 */
START_TEST(whohad_knows_a_clock_that_was_set_back)
{
	static const char file[] =
	    "0 start,55 +b,65 -b,90 +a,100 +other,50 +other,70 -a";
	static const struct {
		int second;
		const char *who;
		bool twice;
	} rows[] = {
		{ 52, "a 90-70", true },
		{ 60, "b 55-65,a 90-70", true },
		{ 80, "", false },
		{ 95, "a 90-70", true },
		{ 40, "", false },
	};
	struct whohad_notes n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(rows[i].second);
		read_file(file);
		expect(rows[i].who);
		whohad_notes(w, &n);
		if (rows[i].twice)
			ck_assert_int_eq(n.set_back_ms, BASE_MS + 50000);
	}
}
END_TEST

/* Files in which a clock was set back are put in their order, too. */
START_TEST(whohad_orders_files_with_a_clock_that_was_set_back)
{
	static const char *const files[] = {
		"100 start,110 +a,150 +other,50 +other,60 +other",
		"62 +other,70 -a,200 +other",
	};
	int i;

	for (i = 0; i < 2; i++) {
		ask(65);
		read_file(files[i]);
		read_file(files[1 - i]);
		expect("a 110-70");
	}
}
END_TEST

/* Lines that came over the network are not quite in order. */
START_TEST(whohad_bears_some_disorder)
{
	struct whohad_notes n;

	ask(15);
	read_file("0 start,10 +a,13 +other,12 +other,20 -a");
	expect("a 10-20");
	whohad_notes(w, &n);
	ck_assert_int_eq(n.set_back_ms, WHOHAD_UNKNOWN);
}
END_TEST

/*
 * Files that have a part of each other, as two exports of a journal: no event
 * is there twice, but of sessions without their peers two that are alike.
 */
START_TEST(whohad_takes_files_that_overlap)
{
	static const char *const files[] = {
		"0 start,20 +s,20 +s,40 -s,50 +a,60 -s",
		"30 +other,40 -s,50 +a,60 -s,70 -a,80 +other",
	};
	static const struct {
		int second;
		const char *who;
	} rows[] = { { 30, "a 20-60" }, { 45, "a 20-60" },
		{ 55, "a 20-60,a 50-70" }, { 65, "a 50-70" }, { 75, "" } };
	size_t i;
	int k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (k = 0; k < 2; k++) {
			ask(rows[i].second);
			read_file(files[k]);
			read_file(files[1 - k]);
			expect(rows[i].who);
		}
}
END_TEST

/*
 * The nodes of a pair: what one of them gave goes on at the other one, which
 * was started before, and logs its end.
 */
START_TEST(whohad_takes_the_files_of_a_pair)
{
	static const char *const files[] = { "0 resume,30 +a,70 resume",
		"10 resume,20 +other,80 -a,85 +b,90 -b" };
	int k;

	for (k = 0; k < 2; k++) {
		ask(40);
		read_file(files[k]);
		read_file(files[1 - k]);
		expect("a 30-80");
	}
}
END_TEST

/* A file of a collector, to which hosts send with clocks that differ. */
START_TEST(whohad_tells_translators_apart)
{
	static const struct {
		const char *file;
		int second;
		const char *who;
	} rows[] = {
		/* the start of one of them ends nothing of another one */
		{ "0 start@1,0 start@2,10 +a@1,20 start@2,30 -a@1", 25,
		    "a 10-30" },
		{ "0 start@1,10 +a@1,15 stop@1,17 stop@2,18 start@1", 16, "" },
		{ "0 start@1,10 +a@1,15 stop@1,17 stop@2,18 start@1", 12,
		    "a 10-15" },
		/* one has sent late what it had kept, which is no other time */
		{ "0 start@1,0 start@2,50 +b@2,5 +a@1,51 +other@2,9 -a@1", 50,
		    "b 50-?" },
		{ "0 start@1,0 start@2,50 +b@2,5 +a@1,51 +other@2,9 -a@1", 7,
		    "a 5-9" },
	};
	struct whohad_notes n;

	ask(rows[_i].second);
	read_file(rows[_i].file);
	expect(rows[_i].who);
	whohad_notes(w, &n);
	ck_assert_int_eq(n.set_back_ms, WHOHAD_UNKNOWN);
}
END_TEST

/* One was stopped, but another one had the port. */
START_TEST(whohad_notes_who_did_not_run)
{
	static const char file[] =
	    "0 start@1,0 start@2,10 +a@1,20 stop@2,40 start@2,50 -a@1";
	struct whohad_notes n;

	ask(30);
	read_file(file);
	expect("a 10-50");
	whohad_notes(w, &n);
	ck_assert_int_eq(n.stopped_ms, WHOHAD_UNKNOWN);
}
END_TEST

/* As collectors print what they are asked for. */
START_TEST(whohad_sorts_what_is_in_no_order)
{
	static const char *const files[] = {
		"90 +other,60 +b,40 -a,30 +other,10 +a,0 start",
		"40 -a,10 +a",
		"40 -a,10 +a,90 +other,10 +other,90 +other,10 +other,"
		"90 +other,10 +other,90 +other,10 +other,90 +other,"
		"10 +other,90 +other,10 +other,90 +other,10 +other,"
		"90 +other,10 +other,90 +other,10 +other,90 +other,"
		"10 +other,90 +other,10 +other,90 +other,10 +other,"
		"90 +other,10 +other,90 +other,10 +other,90 +other,"
		"10 +other,90 +other,10 +other,90 +other,10 +other",
	};
	struct whohad_notes n;

	ask(15);
	read_file(files[_i]);
	expect("a 10-40");
	whohad_notes(w, &n);
	ck_assert_int_eq(n.set_back_ms, WHOHAD_UNKNOWN);
}
END_TEST

/* Lines were lost until there was room for the one that says so. */
START_TEST(whohad_notes_lines_that_were_lost_meanwhile)
{
	static const struct {
		int second;
		unsigned lost;
	} rows[] = { { 5, 0 }, { 20, 5 }, { 50, 5 } };
	struct whohad_notes n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(rows[i].second);
		read_file("0 start,10 +other,40 lost,60 +other");
		expect("");
		whohad_notes(w, &n);
		ck_assert_uint_eq(n.lost, rows[i].lost);
	}
}
END_TEST

/* A binding that is older than the files may have no line in them. */
START_TEST(whohad_notes_when_the_log_begins)
{
	static const struct {
		const char *file;
		int begins; /* -1: there is no note */
	} rows[] = {
		{ "0 start,20 +other", -1 },
		{ "5 +other,20 +other", 5 },
		{ "5 resume,20 +other", 5 },
		{ "0 start,5 blocks,20 +other", 5 },
		{ "0 blocks,5 start,20 +other", -1 },
		{ "5 +other,20 start", 5 },
		{ "5 +other,8 +a,20 start", -1 },
		{ "0 start@1,5 resume@2,20 +other@1", 0 },
	};
	struct whohad_notes n;

	ask(10);
	read_file(rows[_i].file);
	ck_assert_int_eq(whohad_finish(w), 0);
	whohad_notes(w, &n);
	ck_assert_int_eq(n.begins_ms,
	    rows[_i].begins == -1 ? WHOHAD_UNKNOWN :
				    BASE_MS + rows[_i].begins * 1000);
}
END_TEST

START_TEST(whohad_bounds_its_memory)
{
	struct logline l = { .kind = LOGLINE_STARTED, .unix_ms = BASE_MS };
	int rc = 0;
	size_t i;

	ask(15);
	whohad_begin_file(w);
	for (i = 0; i < WHOHAD_EVENTS_MAX && rc == 0; i++)
		rc = whohad_add(w, &l);
	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(whohad_add(w, &l), -1);
	ck_assert_int_eq(errno, E2BIG);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("whohad");
	TCase *tc = tcase_create("whohad");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, whohad_knows_each_time_of_a_binding);
	tcase_add_test(tc, whohad_takes_an_interval);
	tcase_add_test(tc, whohad_separates_protocols);
	tcase_add_test(tc, whohad_knows_sessions);
	tcase_add_test(tc, whohad_knows_blocks_and_subscribers);
	tcase_add_loop_test(tc, whohad_knows_deterministic_ports_of_before, 0,
	    4);
	tcase_add_test(tc, whohad_knows_what_is_not_computed);
	tcase_add_test(tc, whohad_reads_rotated_files_in_any_order);
	tcase_add_test(tc, whohad_says_once_what_it_reads_twice);
	tcase_add_test(tc, whohad_knows_ends_without_beginnings);
	tcase_add_test(tc, whohad_ends_what_another_host_gets);
	tcase_add_test(tc, whohad_takes_an_end_that_comes_late);
	tcase_add_test(tc, whohad_knows_restarts);
	tcase_add_test(tc, whohad_knows_restarts_that_keep_state);
	tcase_add_test(tc, whohad_knows_that_other_events_are_logged);
	tcase_add_test(tc, whohad_takes_the_configuration);
	tcase_add_test(tc, whohad_notes_what_is_missing);
	tcase_add_test(tc, whohad_knows_a_clock_that_was_set_back);
	tcase_add_test(tc, whohad_orders_files_with_a_clock_that_was_set_back);
	tcase_add_test(tc, whohad_bears_some_disorder);
	tcase_add_test(tc, whohad_takes_files_that_overlap);
	tcase_add_test(tc, whohad_takes_the_files_of_a_pair);
	tcase_add_loop_test(tc, whohad_tells_translators_apart, 0, 5);
	tcase_add_test(tc, whohad_notes_who_did_not_run);
	tcase_add_loop_test(tc, whohad_sorts_what_is_in_no_order, 0, 3);
	tcase_add_test(tc, whohad_notes_lines_that_were_lost_meanwhile);
	tcase_add_loop_test(tc, whohad_notes_when_the_log_begins, 0, 8);
	tcase_add_test(tc, whohad_bounds_its_memory);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
