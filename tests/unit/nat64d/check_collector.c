/*
 * Tests of collector.c and outsock.c: collectors on the loopback interface that
 * read, do not read, are not there, end, and come back.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/octets.h"
#include "common/os/log.h"
#include "nat64d/collector.h"
#include "nat64d/core/event_text.h"

#include "tests/unit/suite.h"

/* 2026-11-23T14:50:05.123Z */
#define NOW_MS INT64_C(1795445405123)

/* Time enough on a busy machine; nothing waits for all of it. */
#define PATIENCE_MS 60000

#define RECORD_LEN 34 /* of a binding */

static struct event_base *base;
static struct collector *c;
static struct log_target target;
static int server; /* a UDP socket, or a TCP socket that listens */
static uint16_t server_port;
static uint8_t buf[65536];
static size_t len;

/* A minute without progress is long for a test. */
#define STALL_SECS 60

int __real_event_add(struct event *, const struct timeval *);
int __wrap_event_add(struct event *, const struct timeval *);
struct monotime __real_monotime_now(void);
struct monotime __wrap_monotime_now(void);

static int64_t skipped_secs; /* of the time */

int
__wrap_event_add(struct event *ev, const struct timeval *tv)
{
	static const struct timeval soon = { .tv_usec = 50000 };

	return (__real_event_add(ev,
	    tv != NULL && tv->tv_sec == STALL_SECS ? &soon : tv));
}

struct monotime
__wrap_monotime_now(void)
{
	return (monotime_add_secs(__real_monotime_now(), skipped_secs));
}

static void
setup(void)
{
	skipped_secs = 0;
	log_init("check_collector", true, LOG_LEVEL_ERR);
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	target = (struct log_target){ .templates_secs = 3600 };
	server = -1;
	server_port = 0;
	c = NULL;
}

static void
teardown(void)
{
	collector_free(c);
	if (server != -1)
		close(server);
	event_base_free(base);
}

/* Listen at server_port, or at any port if that is 0. */
static void
serve(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(server_port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(sin);
	const int on = 1;

	server = socket(AF_INET,
	    (target.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0);
	ck_assert_int_ne(server, -1);
	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ck_assert_int_eq(bind(server, (struct sockaddr *)&sin, size), 0);
	if (target.tcp)
		ck_assert_int_eq(listen(server, 5), 0);
	getsockname(server, (struct sockaddr *)&sin, &size);
	server_port = ntohs(sin.sin_port);
	memcpy(&target.addr, &sin, sizeof(sin));
}

static void
stop_serving(void)
{
	close(server);
	server = -1;
}

static void
start(void)
{
	c = collector_new(&target);
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(collector_attach(c, base), 0);
}

/* One turn of the event loop, of a few milliseconds at most. */
static void
turn(void)
{
	const struct timeval tv = { .tv_usec = 5000 };

	event_base_loopexit(base, &tv);
	ck_assert_int_ne(event_base_loop(base, EVLOOP_ONCE), -1);
}

static void
happen_as(enum nat64_event_type type, uint16_t port4)
{
	struct taddr6 in6 = { .port = 4000 };
	struct taddr4 out4 = { .port = port4 };
	struct nat64_event ev = { .type = type,
		.proto = L4_UDP,
		.in6 = &in6,
		.out4 = &out4,
		.subscriber_len = 64,
		.quota = NAT64_QUOTA_SUBSCRIBER,
		.limit = 100 };
	char text[EVENT_TEXT_SIZE];

	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8:1::10", &in6.addr), 1);
	out4.addr.s_addr = inet_addr("203.0.113.5");
	event_text(&ev, false, text);
	collector_event(c, &ev, text, false, NOW_MS);
}

static void
happen(uint16_t port4)
{
	happen_as(NAT64_EV_BIB_CREATE, port4);
}

static struct collector_state
state(void)
{
	struct collector_state st;

	collector_state(c, &st);
	return (st);
}

/* The next datagram of the server. */
static void
receive(void)
{
	ssize_t n = -1;
	int ms;

	for (ms = 0; ms < PATIENCE_MS && n == -1; ms += 5) {
		turn();
		n = recv(server, buf, sizeof(buf) - 1, 0);
	}
	ck_assert_int_gt(n, 0);
	len = (size_t)n;
	buf[len] = '\0';
}

static int
accept_one(void)
{
	int fd = -1, ms;

	for (ms = 0; ms < PATIENCE_MS && fd == -1; ms += 5) {
		turn();
		fd = accept(server, NULL, NULL);
	}
	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(fcntl(fd, F_SETFL, O_NONBLOCK), -1);
	len = 0;
	return (fd);
}

/* Read of a connection until there are at least so many octets in buf. */
static void
read_stream(int fd, size_t wanted)
{
	ssize_t n;
	int ms;

	for (ms = 0; ms < PATIENCE_MS && len < wanted; ms += 5) {
		turn();
		n = read(fd, buf + len, sizeof(buf) - 1 - len);
		if (n > 0)
			len += (size_t)n;
	}
	ck_assert_uint_ge(len, wanted);
	buf[len] = '\0';
}

/* Let it run until that is true of its state. */
static void
wait_error(int error)
{
	int ms;

	for (ms = 0; ms < PATIENCE_MS && state().error != error; ms += 5)
		turn();
	ck_assert_int_eq(state().error, error);
}

static void
wait_lost(uint64_t lost)
{
	int ms;

	for (ms = 0; ms < PATIENCE_MS && state().lost < lost; ms += 5)
		turn();
	ck_assert_uint_ge(state().lost, lost);
}

/* --- syslog --- */

static const char *
count_in(const char *text)
{
	const char *p = strstr(text, "lines-lost [nat64@32473 count=\"");

	return (p != NULL ? p + 31 : NULL);
}

/* Shows: LOG-40 */
START_TEST(syslog_udp_event_is_a_datagram)
{
	serve();
	start();
	collector_note(c, "event=started", NOW_MS);
	happen(40123);
	happen_as(NAT64_EV_QUOTA, 1);
	receive();
	ck_assert_int_eq(strncmp((char *)buf,
			     "<30>1 2026-11-23T14:50:05.123Z ", 31),
	    0);
	ck_assert_ptr_nonnull(strstr((char *)buf, " started [nat64@32473]"));
	receive();
	ck_assert_ptr_nonnull(strstr((char *)buf,
	    " binding-created [nat64@32473 natevent=\"10\" proto=\"udp\" "
	    "addr6=\"2001:db8:1::10\" port6=\"4000\" addr4=\"203.0.113.5\" "
	    "port4=\"40123\"]"));
	receive();
	ck_assert_int_eq(strncmp((char *)buf, "<28>1 ", 6), 0);
	ck_assert_uint_eq(state().sent, 3);
	ck_assert_uint_eq(state().lost, 0);
	ck_assert_uint_eq(state().waiting, 0);
}
END_TEST

/* RFC 6587, 3.4.1 */
START_TEST(syslog_tcp_messages_have_their_length_before_them)
{
	const char *p = (char *)buf;
	unsigned i;
	char *end;
	int fd;

	target.tcp = true;
	serve();
	start();
	for (i = 0; i < 200; i++)
		happen((uint16_t)(40000 + i));
	fd = accept_one();
	while (state().sent < 200)
		turn();
	read_stream(fd, 200 * 170);
	for (i = 0; i < 200; i++) {
		char port[32];
		size_t n = strtoul(p, &end, 10);

		ck_assert_int_eq(*end, ' ');
		snprintf(port, sizeof(port), "port4=\"%u\"]", 40000 + i);
		p = end + 1 + n;
		ck_assert_int_eq(strncmp(p - strlen(port), port, strlen(port)),
		    0);
	}
	ck_assert_ptr_eq(p, (char *)buf + len);
	close(fd);
}
END_TEST

/* Events of the time before the collector is there wait for it. */
START_TEST(syslog_tcp_connects_when_the_collector_appears)
{
	int fd;

	target.tcp = true;
	serve();
	stop_serving();
	start();
	happen(1);
	wait_error(ECONNREFUSED);
	ck_assert(!state().reached);
	serve();
	fd = accept_one();
	read_stream(fd, 100);
	ck_assert_ptr_nonnull(strstr((char *)buf, "port4=\"1\"]"));
	ck_assert(state().reached);
	ck_assert_uint_eq(state().lost, 0);
	close(fd);
}
END_TEST

/* FIN and RST: what comes after the end is sent over the next connection. */
START_TEST(syslog_tcp_connects_again_after_an_end)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int fd;

	target.tcp = true;
	serve();
	start();
	fd = accept_one();
	if (_i == 1)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	wait_error(ECONNRESET);
	happen(7);
	fd = accept_one();
	read_stream(fd, 100);
	ck_assert_ptr_nonnull(strstr((char *)buf, "port4=\"7\"]"));
	close(fd);
}
END_TEST

/* Who sends something gets no other treatment. */
START_TEST(syslog_tcp_passes_over_what_the_collector_says)
{
	int fd;

	target.tcp = true;
	serve();
	start();
	fd = accept_one();
	ck_assert_int_eq(write(fd, "hello\n", 6), 6);
	happen(1);
	read_stream(fd, 100);
	ck_assert_int_eq(state().error, 0);
	close(fd);
}
END_TEST

/* Shows: LOG-40 */
START_TEST(collector_that_does_not_read_loses_and_is_told_how_many)
{
	const unsigned total = 60000;
	unsigned i, seen = 0;
	uint64_t lost = 0;
	char *p, *end;
	size_t n;
	int fd;

	target.tcp = true;
	serve();
	start();
	fd = accept_one();
	for (i = 0; i < total; i++) {
		happen((uint16_t)i);
		if (i % 1000 == 0)
			turn();
	}
	ck_assert_uint_gt(state().lost, 1000);
	ck_assert(state().losing);
	ck_assert_uint_le(state().waiting, 4 * 1024 * 1024);
	/* It reads again: the rest, and one more, with the number. */
	for (i = 0, len = 0; seen + lost < total + 1;) {
		read_stream(fd, len + 1);
		for (p = (char *)buf;; p = end + 1 + n) {
			n = strtoul(p, &end, 10);
			if (*end != ' ' || end + 1 + n > (char *)buf + len)
				break;
			end[1 + n - 1] = '\0';
			if (count_in(end) != NULL)
				lost += strtoull(count_in(end), NULL, 10);
			else
				seen++;
		}
		len -= (size_t)(p - (char *)buf);
		memmove(buf, p, len);
		if (i == 0 && state().waiting < 1024 * 1024) {
			i = 1;
			happen(1);
		}
	}
	ck_assert_uint_eq(lost, state().lost);
	ck_assert_uint_eq(seen, total + 1 - lost);
	close(fd);
}
END_TEST

/* Its window is zero: it takes nothing, and its host is there. */
START_TEST(collector_that_takes_nothing_for_a_minute_is_left)
{
	unsigned i;
	int fd, stalled;

	target.tcp = true;
	serve();
	start();
	stalled = accept_one();
	for (i = 0; i < 60000; i++) {
		happen((uint16_t)i);
		if (i % 1000 == 0)
			turn();
	}
	ck_assert(state().losing);
	/* The timer fires again and again, but the minute is not over. */
	for (i = 0; i < 50; i++)
		turn();
	ck_assert_int_eq(state().error, 0);
	skipped_secs = STALL_SECS;
	wait_error(ETIMEDOUT);
	/* Another connection, which gets what waits. */
	fd = accept_one();
	read_stream(fd, 1000);
	ck_assert_ptr_nonnull(strstr((char *)buf, " binding-created ["));
	close(fd);
	close(stalled);
}
END_TEST

/* One that takes a little now and then is not left. */
START_TEST(collector_that_is_slow_is_not_left)
{
	unsigned i, k;
	int fd;

	target.tcp = true;
	serve();
	start();
	fd = accept_one();
	for (k = 0; k < 6; k++) {
		for (i = 0; i < 10000; i++)
			happen((uint16_t)i);
		len = 0;
		read_stream(fd, sizeof(buf) / 2);
		ck_assert_int_eq(state().error, 0);
		skipped_secs += STALL_SECS / 4;
	}
	close(fd);
}
END_TEST

/* --- IPFIX --- */

static unsigned
ipfix_records(const uint8_t *message)
{
	return ((get16(message + 2) - 16 - 4) / RECORD_LEN);
}

/* Shows: LOG-40 */
START_TEST(ipfix_udp_begins_with_templates)
{
	target.format = TARGET_IPFIX;
	target.domain = 9;
	serve();
	start();
	happen(40123);
	happen(40124);
	receive();
	ck_assert_uint_eq(get16(buf), 10);
	ck_assert_uint_eq(get16(buf + 2), len);
	ck_assert_uint_eq(get32(buf + 8), 0);
	ck_assert_uint_eq(get32(buf + 12), 9);
	ck_assert_uint_eq(get16(buf + 16), 2);
	receive();
	ck_assert_uint_eq(get32(buf + 8), 0);
	ck_assert_uint_eq(get16(buf + 16), 256);
	ck_assert_uint_eq(ipfix_records(buf), 2);
	happen(1);
	receive();
	ck_assert_uint_eq(get32(buf + 8), 2);
	ck_assert_uint_eq(state().sent, 3);
}
END_TEST

/* RFC 7011, 8.4; the sequence number counts no templates. */
START_TEST(ipfix_udp_sends_templates_again)
{
	target.format = TARGET_IPFIX;
	target.templates_secs = 1;
	serve();
	start();
	receive();
	happen(1);
	receive();
	receive();
	ck_assert_uint_eq(get16(buf + 16), 2);
	ck_assert_uint_eq(get32(buf + 8), 1);
}
END_TEST

/* The collector was restarted: it knows no templates any more. */
START_TEST(ipfix_udp_begins_anew_after_a_refusal)
{
	uint64_t lost;

	target.format = TARGET_IPFIX;
	serve();
	start();
	receive();
	happen(1);
	receive();
	stop_serving();
	happen(2);
	wait_error(ECONNREFUSED);
	lost = state().lost;
	ck_assert_uint_eq(lost, 1);
	happen(3);
	serve();
	receive();
	ck_assert_uint_eq(get16(buf + 16), 2);
	receive();
	ck_assert_uint_eq(get32(buf + 8), 0);
	ck_assert_uint_eq(get16(buf + 20 + 32), 3); /* port4 */
	ck_assert_uint_eq(state().lost, lost);
}
END_TEST

/* RFC 7011, 3.1: records that were not sent are a gap. */
START_TEST(ipfix_gap_in_the_sequence_is_what_was_lost)
{
	uint32_t expected = 0;
	uint64_t gaps = 0;
	unsigned i, n, seen = 0;
	const unsigned total = 150000;

	target.format = TARGET_IPFIX;
	serve();
	start();
	receive();
	/* Without a turn of the event loop nothing is sent. */
	for (i = 0; i < total; i++)
		happen((uint16_t)i);
	ck_assert_uint_gt(state().lost, 1000);
	while (seen + gaps < total) {
		receive();
		n = ipfix_records(buf);
		gaps += get32(buf + 8) - expected;
		expected = get32(buf + 8) + n;
		seen += n;
		if (state().waiting < 100000 && i == total) {
			i++;
			happen(1);
		}
	}
	ck_assert_uint_ge(gaps, state().lost);
}
END_TEST

START_TEST(ipfix_tcp_is_a_stream_of_messages)
{
	unsigned i, seen = 0;
	size_t at;
	int fd;

	target.format = TARGET_IPFIX;
	target.tcp = true;
	serve();
	start();
	for (i = 0; i < 1000; i++)
		happen((uint16_t)i);
	fd = accept_one();
	read_stream(fd, 1000 * RECORD_LEN);
	while (state().waiting > 0)
		turn();
	read_stream(fd, 1000 * RECORD_LEN + 900);
	ck_assert_uint_eq(get16(buf + 16), 2);
	for (at = get16(buf + 2); at < len; at += get16(buf + at + 2)) {
		ck_assert_uint_eq(get16(buf + at), 10);
		ck_assert_uint_eq(get32(buf + at + 8), seen);
		seen += ipfix_records(buf + at);
	}
	ck_assert_uint_eq(seen, 1000);
	close(fd);
}
END_TEST

/* A message has the time when it leaves us (RFC 7011, 3.1). */
START_TEST(ipfix_tells_when_a_message_was_sent)
{
	uint32_t began;
	size_t first;
	int fd;

	target.format = TARGET_IPFIX;
	target.tcp = true;
	serve();
	stop_serving();
	start();
	happen(1);
	wait_error(ECONNREFUSED);
	while (state().waiting == 0)
		turn();
	usleep(1100 * 1000);
	began = (uint32_t)time(NULL);
	serve();
	fd = accept_one();
	read_stream(fd, 350);
	first = get16(buf + 2);
	ck_assert_uint_ge(get32(buf + 4), began);
	ck_assert_uint_ge(get32(buf + first + 4), began);
	close(fd);
}
END_TEST

/* A connection has its own sequence and templates (RFC 7011, 10.4). */
START_TEST(ipfix_tcp_begins_anew_with_each_connection)
{
	int fd;

	target.format = TARGET_IPFIX;
	target.tcp = true;
	serve();
	start();
	fd = accept_one();
	happen(1);
	read_stream(fd, 300);
	while (state().sent == 0)
		turn();
	close(fd);
	wait_error(ECONNRESET);
	happen(2);
	fd = accept_one();
	read_stream(fd, 350);
	ck_assert_uint_eq(get16(buf + 16), 2);
	ck_assert_uint_eq(get32(buf + get16(buf + 2) + 8), 0);
	close(fd);
}
END_TEST

/* --- any --- */

/* Nobody answers at all: the queue is bounded, and nothing waits. */
START_TEST(collector_that_drops_everything_holds_nothing_up)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(9),
		/* 240.0.0.1 has no route, or a default route to nowhere. */
		.sin_addr = { htonl(0xf0000001) } };
	unsigned i;

	target.tcp = true;
	memcpy(&target.addr, &sin, sizeof(sin));
	start();
	for (i = 0; i < 60000; i++)
		happen((uint16_t)i);
	turn();
	ck_assert_uint_gt(state().lost, 1000);
	ck_assert_uint_le(state().waiting, 4 * 1024 * 1024);
	ck_assert(!state().reached);
}
END_TEST

START_TEST(end_sends_what_waits)
{
	serve();
	start();
	happen(1);
	receive();
	happen(2);
	collector_detach(c);
	collector_free(c);
	c = NULL;
	ck_assert_int_gt(recv(server, buf, sizeof(buf), 0), 0);
}
END_TEST

START_TEST(refused_datagrams_are_counted)
{
	serve();
	stop_serving();
	start();
	happen(1);
	wait_lost(1);
	ck_assert_int_eq(state().error, ECONNREFUSED);
	ck_assert(state().losing);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("collector");
	TCase *tc = tcase_create("collector");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, syslog_udp_event_is_a_datagram);
	tcase_add_test(tc, syslog_tcp_messages_have_their_length_before_them);
	tcase_add_test(tc, syslog_tcp_connects_when_the_collector_appears);
	tcase_add_loop_test(tc, syslog_tcp_connects_again_after_an_end, 0, 2);
	tcase_add_test(tc, syslog_tcp_passes_over_what_the_collector_says);
	tcase_add_test(tc,
	    collector_that_does_not_read_loses_and_is_told_how_many);
	tcase_add_test(tc, collector_that_takes_nothing_for_a_minute_is_left);
	tcase_add_test(tc, collector_that_is_slow_is_not_left);
	tcase_add_test(tc, ipfix_udp_begins_with_templates);
	tcase_add_test(tc, ipfix_udp_sends_templates_again);
	tcase_add_test(tc, ipfix_udp_begins_anew_after_a_refusal);
	tcase_add_test(tc, ipfix_gap_in_the_sequence_is_what_was_lost);
	tcase_add_test(tc, ipfix_tcp_is_a_stream_of_messages);
	tcase_add_test(tc, ipfix_tells_when_a_message_was_sent);
	tcase_add_test(tc, ipfix_tcp_begins_anew_with_each_connection);
	tcase_add_test(tc, collector_that_drops_everything_holds_nothing_up);
	tcase_add_test(tc, end_sends_what_waits);
	tcase_add_test(tc, refused_datagrams_are_counted);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
