/*
 * Tests of engine.c and dump.c with a fake device. The engine runs in a child
 * process as in nat64d; the test writes and reads the packets of the device,
 * sends the signals and reads standard output.
 */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/log.h"
#include "common/monotime.h"
#include "nat64d/engine.h"

#include "tests/unit/tun_fake.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

#define CLIENT "2001:db8:1::10"
#define PREFIX "2001:db8:64::"
#define SERVER "198.51.100.20"
#define SERVER6 "2001:db8:64::c633:6414"
#define POOL "203.0.113.5"

#define PATIENCE_MS 30000 /* until something that must come has come */
#define DUMP_END "\nend\n"
#define DUMP_SIZE (4 * 1024 * 1024)

static struct tun *tun;
static struct nat64_config conf;
static struct pool4_range pool;
static struct nat64_static web;
static struct engine_opts opts;
static pid_t child;
static int out; /* what the child prints */
static char dump[DUMP_SIZE];

static void
configure(void)
{
	int i;

	nat64_config_init(&conf);
	ck_assert_int_eq(inet_pton(AF_INET6, PREFIX, &conf.prefixes[0].addr),
	    1);
	conf.prefixes[0].len = 96;
	conf.n_prefixes = 1;
	pool.first.s_addr = pool.last.s_addr = inet_addr(POOL);
	for (i = 0; i < L4_NPROTO; i++)
		pool.ports[i] = (struct port_range){ 1024, 65535 };
	conf.pool = &pool;
	conf.n_pool = 1;
	web.proto = L4_TCP;
	web.out4.addr = pool.first;
	web.out4.port = 80;
	ck_assert_int_eq(inet_pton(AF_INET6, CLIENT, &web.in6.addr), 1);
	web.in6.port = 8080;
	conf.statics = &web;
	conf.n_statics = 1;
	conf.subscriber.ports = 0;
	conf.subscriber.sessions = 0;
	conf.subscriber.new_bindings.per_sec = 0;
	opts = (struct engine_opts){ .foreground = true };
}

static void
setup(void)
{
	tun = tun_fake_new();
	configure();
	child = -1;
}

static void
teardown(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	tun_close(tun);
}

/* The life of the child. "ready" tells that signals find their handlers. */
static void
serve(int stdout_fd)
{
	struct engine *e;
	int rc;

	ck_assert_int_ne(dup2(stdout_fd, STDOUT_FILENO), -1);
	close(stdout_fd);
	tun_fake_be_device(tun);
	log_init("check_engine", true, LOG_LEVEL_ERR);
	e = engine_new(tun, &conf, &opts);
	if (e == NULL || write(STDOUT_FILENO, "ready\n", 6) != 6)
		_exit(2);
	rc = engine_run(e);
	engine_free(e);
	_exit(rc == 0 ? 0 : 1);
}

static void
start(void)
{
	char ready[6];
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	child = fork();
	ck_assert_int_ne(child, -1);
	if (child == 0) {
		close(fds[0]);
		serve(fds[1]);
	}
	tun_fake_be_far_end(tun);
	close(fds[1]);
	out = fds[0];
	ck_assert_int_eq(read(out, ready, sizeof(ready)), sizeof(ready));
}

/* The status with which the child ends, in good time. */
static int
end(void)
{
	int status, ms;

	for (ms = 0; ms < PATIENCE_MS; ms++) {
		if (waitpid(child, &status, WNOHANG) == child) {
			child = -1;
			ck_assert(WIFEXITED(status));
			return (WEXITSTATUS(status));
		}
		usleep(1000);
	}
	ck_abort_msg("the engine does not end");
}

/* A UDP datagram without payload from the client to the server. */
static size_t
make_udp6(uint8_t *ip, uint16_t sport, uint16_t dport)
{
	memset(ip, 0, 48);
	ip[0] = 0x60;
	wire_put16(ip + 4, 8);
	ip[6] = IPPROTO_UDP;
	ip[7] = 64;
	ck_assert_int_eq(inet_pton(AF_INET6, CLIENT, ip + 8), 1);
	ck_assert_int_eq(inet_pton(AF_INET6, SERVER6, ip + 24), 1);
	wire_put16(ip + 40, sport);
	wire_put16(ip + 42, dport);
	wire_put16(ip + 44, 8);
	wire_put16(ip + 46,
	    (uint16_t)~wire_sum(wire_pseudo(ip, IPPROTO_UDP, 8), ip + 40, 8));
	return (48);
}

/* Read one packet that the engine sent; 0 when none comes. */
static size_t
receive(uint8_t *buf, size_t size, int timeout_ms)
{
	struct pollfd pfd = { .fd = tun_fake_far_end(tun), .events = POLLIN };
	ssize_t n;

	if (poll(&pfd, 1, timeout_ms) != 1)
		return (0);
	n = read(pfd.fd, buf, size);
	ck_assert_int_gt(n, 0);
	return ((size_t)n);
}

/* A datagram in, its translation out. */
static void
exchange(uint16_t sport, uint16_t dport)
{
	uint8_t buf[128];
	const in_addr_t source = inet_addr(POOL), dest = inet_addr(SERVER);
	size_t len;

	len = make_udp6(buf, sport, dport);
	ck_assert_int_eq(write(tun_fake_far_end(tun), buf, len), len);
	ck_assert_uint_eq(receive(buf, sizeof(buf), PATIENCE_MS), 28);
	ck_assert_uint_eq(buf[0], 0x45);
	ck_assert_mem_eq(buf + 12, &source, sizeof(source));
	ck_assert_mem_eq(buf + 16, &dest, sizeof(dest));
	ck_assert_uint_eq(wire_get16(buf + 22), dport);
}

/* Is the last line of dump, of len bytes, the last one of a dump? */
static bool
dump_is_complete(size_t len)
{
	const size_t n = strlen(DUMP_END);

	return (len >= n && memcmp(dump + len - n, DUMP_END, n) == 0);
}

/*
 * Read the child's standard output into dump, to the end of a dump. Returns
 * its length.
 */
static size_t
read_dump(void)
{
	struct pollfd pfd = { .fd = out, .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	while (!dump_is_complete(len) && poll(&pfd, 1, PATIENCE_MS) == 1) {
		n = read(out, dump + len, sizeof(dump) - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	ck_assert(dump_is_complete(len));
	dump[len] = '\0';
	return (len);
}

static const char *
ask_dump(void)
{
	ck_assert_int_eq(kill(child, SIGUSR1), 0);
	read_dump();
	return (dump);
}

static unsigned
count_lines(const char *text, const char *with)
{
	unsigned n = 0;

	while ((text = strstr(text, with)) != NULL) {
		n++;
		text += strlen(with);
	}
	return (n);
}

/* The value of a line "counter NAME VALUE" or "dropped NAME VALUE". */
static unsigned long
value_of(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	ck_assert_msg(line != NULL, "no %s in: %s", name, text);
	return (strtoul(line + strlen(name), NULL, 10));
}

START_TEST(engine_translates_what_the_device_receives)
{
	start();
	exchange(4000, 53);
	kill(child, SIGTERM);
	ck_assert_int_eq(end(), 0);
}
END_TEST

START_TEST(engine_ends_with_sigint)
{
	start();
	kill(child, SIGINT);
	ck_assert_int_eq(end(), 0);
}
END_TEST

START_TEST(sigusr2_without_an_event_log_means_nothing)
{
	start();
	kill(child, SIGUSR2);
	exchange(4000, 53);
	kill(child, SIGTERM);
	ck_assert_int_eq(end(), 0);
}
END_TEST

START_TEST(engine_ends_when_the_device_fails)
{
	start();
	tun_fake_be_device(tun);
	ck_assert_int_eq(end(), 1);
}
END_TEST

START_TEST(sigusr1_prints_counters_bindings_and_sessions)
{
	const char *text;

	start();
	exchange(4000, 53);
	exchange(4000, 123);
	text = ask_dump();
	ck_assert_uint_eq(value_of(text, "counter ipv6-packets-in"), 2);
	ck_assert_uint_eq(value_of(text, "counter ipv4-packets-out"), 2);
	ck_assert_uint_eq(value_of(text, "counter bindings-created"), 1);
	ck_assert_ptr_nonnull(
	    strstr(text, "table udp   bindings 1 sessions 2 "));
	ck_assert_uint_eq(count_lines(text, "udp     [" CLIENT "]:4000 "), 1);
	ck_assert_uint_eq(count_lines(text, " to     [" SERVER6 "]:53 "), 1);
	ck_assert_uint_eq(count_lines(text, SERVER ":123 "), 1);
	ck_assert_uint_eq(count_lines(text, "299 s\n"), 2);
	ck_assert_ptr_nonnull(strstr(text, " static\n"));
	ck_assert_ptr_null(strstr(text, "dropped"));
}
END_TEST

START_TEST(dump_names_the_reasons_of_drops)
{
	static const uint8_t garbage[] = { 0x10, 0, 0, 0 };
	const char *text;

	start();
	ck_assert_int_eq(write(tun_fake_far_end(tun), garbage,
			     sizeof(garbage)),
	    sizeof(garbage));
	exchange(4000, 53);
	text = ask_dump();
	ck_assert_uint_eq(value_of(text, "dropped bad-version"), 1);
	ck_assert_uint_eq(count_lines(text, "dropped "), 1);
}
END_TEST

START_TEST(verbose_dump_names_every_reason)
{
	opts.verbose = true;
	start();
	ck_assert_uint_eq(count_lines(ask_dump(), "dropped "),
	    NAT64_NREASONS - 1);
}
END_TEST

START_TEST(sighup_removes_all_but_static_bindings)
{
	const char *text;
	int i;

	start();
	for (i = 0; i < 3000; i++)
		exchange((uint16_t)(2000 + i), 53);
	kill(child, SIGHUP);
	exchange(1500, 53); /* packets go on in between */
	for (i = 0; i < 1000; i++) {
		text = ask_dump();
		if (count_lines(text, "udp     [") <= 1)
			break;
	}
	ck_assert_uint_le(count_lines(text, "udp     ["), 1);
	ck_assert_uint_eq(count_lines(text, "tcp     ["), 1);
	ck_assert_ptr_nonnull(strstr(text, " static\n"));
}
END_TEST

START_TEST(sessions_end_when_their_time_has_come)
{
	const char *text;
	int ms;

	conf.lifetime_secs[SESSION_UDP] = 1;
	start();
	exchange(4000, 53);
	for (ms = 0; ms < PATIENCE_MS; ms += 100) {
		text = ask_dump();
		if (value_of(text, "counter sessions-expired") == 1)
			break;
		usleep(100000);
	}
	ck_assert_uint_eq(value_of(text, "counter sessions-expired"), 1);
	ck_assert_uint_eq(count_lines(text, "udp     ["), 0);
}
END_TEST

START_TEST(refreshed_sessions_live_on)
{
	const unsigned lifetime_secs = 2;
	struct monotime begin, last, now;
	int64_t gap_ms = 0; /* the longest pause that this machine made */
	const char *text;

	conf.lifetime_secs[SESSION_UDP] = lifetime_secs;
	start();
	begin = last = monotime_now();
	do {
		exchange(4000, 53);
		usleep(100000);
		now = monotime_now();
		if (monotime_diff_ms(now, last) > gap_ms)
			gap_ms = monotime_diff_ms(now, last);
		last = now;
	} while (monotime_diff_ms(now, begin) < 1500 * lifetime_secs);
	text = ask_dump();
	if (gap_ms < 900 * lifetime_secs)
		ck_assert_uint_eq(value_of(text, "counter sessions-created"),
		    1);
}
END_TEST

/* One session for each port of the server from 1 to n, some at a time. */
static void
open_sessions(uint16_t sport, unsigned n)
{
	static const unsigned volley = 50;
	uint8_t buf[128];
	size_t len;
	unsigned i, answers;

	for (i = 1; i <= n; i++) {
		len = make_udp6(buf, sport, (uint16_t)i);
		ck_assert_int_eq(write(tun_fake_far_end(tun), buf, len), len);
		if (i % volley != 0)
			continue;
		for (answers = 0; answers < volley; answers++)
			ck_assert_uint_gt(receive(buf, sizeof(buf),
					      PATIENCE_MS),
			    0);
	}
}

/*
 * Each packet is followed by a slice of what is due: a table of dead
 * sessions is not full for seconds because the living have packets. The
 * engine sleeps until all are dead; the packets are of another binding, that
 * does not ask for them.
 */
START_TEST(packets_do_not_put_off_the_end_of_many_sessions)
{
	static const unsigned many = 6000;
	unsigned i;

	conf.lifetime_secs[SESSION_UDP] = 2;
	conf.max_sessions_per_binding = 0;
	start();
	open_sessions(4000, many);
	ck_assert_int_eq(kill(child, SIGSTOP), 0);
	usleep(2500000);
	ck_assert_int_eq(kill(child, SIGCONT), 0);
	for (i = 0; i < many / 50; i++)
		exchange(4001, 1);
	ck_assert_ptr_nonnull(
	    strstr(ask_dump(), "table udp   bindings 1 sessions 1 "));
}
END_TEST

/* Until the child has printed at least that much, which nobody reads. */
static void
wait_for_output(int bytes)
{
	int n = 0, ms;

	for (ms = 0; ms < PATIENCE_MS && n < bytes; ms += 10) {
		usleep(10000);
		ck_assert_int_eq(ioctl(out, FIONREAD, &n), 0);
	}
	ck_assert_int_ge(n, bytes);
}

/*
 * The dump begins after SIGHUP has been handled, and most of the sessions are
 * still there then.
 */
START_TEST(sessions_opened_during_a_flush_live)
{
	static const unsigned many = 12000, n_new = 20;
	struct pollfd pfd = { .fd = -1, .events = POLLIN };
	const char *text;
	unsigned i;

	conf.max_sessions_per_binding = 0;
	start();
	open_sessions(4000, many);
	ck_assert_int_eq(kill(child, SIGHUP), 0);
	ck_assert_int_eq(kill(child, SIGUSR1), 0);
	pfd.fd = out;
	ck_assert_int_eq(poll(&pfd, 1, PATIENCE_MS), 1);
	for (i = 0; i < n_new; i++)
		exchange((uint16_t)(5000 + i), 53);
	read_dump();
	for (i = 0; i < 1000; i++) {
		text = ask_dump();
		if (strstr(text, "]:4000 ") == NULL)
			break;
	}
	ck_assert_ptr_nonnull(
	    strstr(text, "table udp   bindings 20 sessions 20 "));
}
END_TEST

START_TEST(dump_that_nobody_reads_holds_nothing_up)
{
	const char *text;
	int i;

	start();
	for (i = 0; i < 4000; i++)
		exchange((uint16_t)(2000 + i), 53);
	kill(child, SIGUSR1);
	wait_for_output(32768);
	for (i = 0; i < 100; i++)
		exchange((uint16_t)(7000 + i), 53);
	/*
	 * A second one while the first is stuck is not begun. The signal is
	 * seen in the turn after that of the next packet at the latest.
	 */
	kill(child, SIGUSR1);
	for (i = 0; i < 3; i++)
		exchange(7000, 53);
	ck_assert_uint_gt(read_dump(), 65536);
	text = dump;
	ck_assert_uint_eq(count_lines(text, "counter ipv6-packets-in"), 1);
	for (i = 0; i < 4000; i += 333) {
		char line[64];

		snprintf(line, sizeof(line), "udp     [" CLIENT "]:%d ",
		    2000 + i);
		ck_assert_uint_eq(count_lines(text, line), 1);
	}
	ck_assert_uint_ge(count_lines(text, "udp     ["), 4000);
	kill(child, SIGTERM);
	ck_assert_int_eq(end(), 0);
}
END_TEST

START_TEST(dump_shows_each_session_of_a_large_binding_once)
{
	const char *text;
	char line[64];
	int i;

	start();
	for (i = 0; i < 2000; i++)
		exchange(4000, (uint16_t)(10000 + i));
	text = ask_dump();
	ck_assert_uint_eq(count_lines(text, "udp     ["), 1);
	ck_assert_uint_eq(count_lines(text, "\n to     ["), 2000);
	for (i = 0; i < 2000; i++) {
		snprintf(line, sizeof(line), SERVER ":%d ", 10000 + i);
		ck_assert_uint_eq(count_lines(text, line), 1);
	}
}
END_TEST

START_TEST(closed_reader_of_a_dump_ends_the_dump_only)
{
	start();
	close(out);
	kill(child, SIGUSR1);
	exchange(4000, 53);
	usleep(50000);
	exchange(4000, 54);
	kill(child, SIGTERM);
	ck_assert_int_eq(end(), 0);
}
END_TEST

/* Wait for the file to end with the last line of a dump. */
static bool
file_has_dump(const char *path)
{
	size_t n;
	FILE *f;
	int ms;

	for (ms = 0; ms < PATIENCE_MS; ms += 20) {
		usleep(20000);
		f = fopen(path, "r");
		if (f == NULL)
			continue;
		n = fread(dump, 1, sizeof(dump) - 1, f);
		dump[n] = '\0';
		fclose(f);
		if (dump_is_complete(n))
			return (true);
	}
	return (false);
}

START_TEST(dump_in_the_background_goes_to_a_new_file_each_time)
{
	char path[] = "/tmp/check_engine.XXXXXX";
	int fd;

	fd = mkstemp(path);
	ck_assert_int_ne(fd, -1);
	close(fd);
	opts.foreground = false;
	opts.dump_file = path;
	start();
	kill(child, SIGUSR1);
	ck_assert(file_has_dump(path));
	ck_assert_ptr_nonnull(strstr(dump, " static\n"));
	ck_assert_int_eq(unlink(path), 0);
	kill(child, SIGUSR1);
	ck_assert(file_has_dump(path));
	ck_assert_uint_eq(count_lines(dump, "counter ipv6-packets-in"), 1);
	unlink(path);
}
END_TEST

START_TEST(dump_goes_to_its_file_in_the_foreground_too)
{
	char path[] = "/tmp/check_engine.XXXXXX";
	int fd, n;

	fd = mkstemp(path);
	ck_assert_int_ne(fd, -1);
	close(fd);
	opts.dump_file = path;
	start();
	kill(child, SIGUSR1);
	ck_assert(file_has_dump(path));
	ck_assert_int_eq(strncmp(dump, "dump 20", 7), 0);
	ck_assert_int_eq(ioctl(out, FIONREAD, &n), 0);
	ck_assert_int_eq(n, 0);
	unlink(path);
}
END_TEST

START_TEST(dump_without_a_file_is_refused_quietly)
{
	opts.foreground = false;
	start();
	kill(child, SIGUSR1);
	exchange(4000, 53);
	kill(child, SIGTERM);
	ck_assert_int_eq(end(), 0);
}
END_TEST

/* Shows: TUN-07 */
START_TEST(packets_that_the_device_refuses_are_counted)
{
	uint8_t buf[128];
	const char *text;
	size_t len;
	int i;

	start();
	/* Nobody reads what comes out, so the device fills up. */
	for (i = 0; i < 5000; i++) {
		len = make_udp6(buf, 4000, 53);
		ck_assert_int_eq(write(tun_fake_far_end(tun), buf, len), len);
	}
	text = ask_dump();
	ck_assert_uint_gt(value_of(text, "dropped device"), 0);
	while (receive(buf, sizeof(buf), 100) > 0)
		;
	exchange(4001, 53);
}
END_TEST

/* Shows: TUN-07 */
START_TEST(what_the_device_refuses_last_is_in_the_dump)
{
	uint8_t buf[128];
	const char *text;
	size_t len;
	int i;

	tun_fake_refuse(tun, IPPROTO_UDP);
	start();
	ck_assert_ptr_null(strstr(ask_dump(), "device refused"));
	for (i = 0; i < 3; i++) {
		len = make_udp6(buf, 4000, 53);
		ck_assert_int_eq(write(tun_fake_far_end(tun), buf, len), len);
	}
	while (value_of(ask_dump(), "counter ipv6-packets-in") < 3)
		continue;
	text = ask_dump();
	ck_assert_uint_eq(value_of(text, "dropped device"), 3);
	ck_assert_ptr_eq(strstr(text, "device refused 3 packets, the last "),
	    strchr(text, '\n') + 1);
	ck_assert_ptr_nonnull(
	    strstr(text, " s ago: Invalid argument (IPv4 protocol 17)\n"));
}
END_TEST

START_TEST(flood_of_packets_does_not_starve_signals)
{
	uint8_t buf[128];
	size_t len = make_udp6(buf, 4000, 53);
	int i;

	start();
	for (i = 0; i < 1000000; i++) {
		if (i == 1000)
			kill(child, SIGTERM);
		if (send(tun_fake_far_end(tun), buf, len, MSG_NOSIGNAL) == -1)
			break;
	}
	ck_assert_int_lt(i, 1000000);
	ck_assert_int_eq(end(), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("engine");
	TCase *tc = tcase_create("engine");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, engine_translates_what_the_device_receives);
	tcase_add_test(tc, engine_ends_with_sigint);
	tcase_add_test(tc, sigusr2_without_an_event_log_means_nothing);
	tcase_add_test(tc, engine_ends_when_the_device_fails);
	tcase_add_test(tc, sigusr1_prints_counters_bindings_and_sessions);
	tcase_add_test(tc, dump_names_the_reasons_of_drops);
	tcase_add_test(tc, verbose_dump_names_every_reason);
	tcase_add_test(tc, sighup_removes_all_but_static_bindings);
	tcase_add_test(tc, sessions_end_when_their_time_has_come);
	tcase_add_test(tc, refreshed_sessions_live_on);
	tcase_add_test(tc, packets_do_not_put_off_the_end_of_many_sessions);
	tcase_add_test(tc, sessions_opened_during_a_flush_live);
	tcase_add_test(tc, dump_that_nobody_reads_holds_nothing_up);
	tcase_add_test(tc, dump_shows_each_session_of_a_large_binding_once);
	tcase_add_test(tc, closed_reader_of_a_dump_ends_the_dump_only);
	tcase_add_test(tc,
	    dump_in_the_background_goes_to_a_new_file_each_time);
	tcase_add_test(tc, dump_goes_to_its_file_in_the_foreground_too);
	tcase_add_test(tc, dump_without_a_file_is_refused_quietly);
	tcase_add_test(tc, packets_that_the_device_refuses_are_counted);
	tcase_add_test(tc, what_the_device_refuses_last_is_in_the_dump);
	tcase_add_test(tc, flood_of_packets_does_not_starve_signals);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
