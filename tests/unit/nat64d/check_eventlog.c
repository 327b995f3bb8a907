/*
 * Tests of eventlog.c and eventlog_out.c: files, pipes and a logger's
 * socket in a directory of their own, standard error in a file.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <arpa/inet.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/os/log.h"
#include "nat64d/eventlog.h"
#include "nat64d/eventlog_out.h"

#include "tests/unit/suite.h"

/* 2026-11-23T14:50:05.123Z */
#define NOW_MS INT64_C(1795445405123)
#define TIME "time=2026-11-23T14:50:05.123Z "
#define BINDING                                                   \
	" natevent=10 proto=udp addr6=2001:db8:1::10 port6=4000 " \
	"addr4=203.0.113.5 port4="

#define PATIENCE_MS 5000
/* The thread that writes has had its turn, also on a machine that is busy. */
#define WRITTEN_MS 300
#define TEXT_SIZE (32 * 1024 * 1024)

static char dir[] = "/tmp/check_eventlog.XXXXXX";
static char file[64], other[64], errors[64], sock[64];
static struct event_base *base;
static struct eventlog_opts opts;
static struct eventlog *l;
static char text[TEXT_SIZE];

static void
setup(void)
{
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/log", dir);
	snprintf(other, sizeof(other), "%s/log.1", dir);
	snprintf(errors, sizeof(errors), "%s/errors", dir);
	snprintf(sock, sizeof(sock), "%s/sock", dir);
	fd = open(errors, O_WRONLY | O_CREAT | O_APPEND, 0600);
	ck_assert_int_ne(dup2(fd, STDERR_FILENO), -1);
	close(fd);
	log_init("check_eventlog", true, LOG_LEVEL_INFO);
	signal(SIGPIPE, SIG_IGN); /* as the engine has it */
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	opts = (struct eventlog_opts){ .file = file, .kinds = EVENT_BINDINGS };
	l = NULL;
}

static void
teardown(void)
{
	eventlog_free(l);
	event_base_free(base);
	unlink(file);
	unlink(other);
	unlink(errors);
	unlink(sock);
	rmdir(dir);
}

static void
make(void)
{
	l = eventlog_new(&opts);
	ck_assert_ptr_nonnull(l);
	ck_assert_int_eq(eventlog_attach(l, base), 0);
}

static void
start(void)
{
	make();
	ck_assert_int_eq(eventlog_open(l), 0);
}

/* Run the event loop for a while. */
static void
run_for(int ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };

	event_base_loopexit(base, &tv);
	ck_assert_int_ne(event_base_dispatch(base), -1);
}

/* An event about host 2001:db8:1::10 port 4000. */
static void
happen_at(enum nat64_event_type type, uint16_t port4, struct monotime now)
{
	struct taddr6 in6 = { .port = 4000 };
	struct taddr4 out4 = { .port = port4 };
	struct session s = { .proto = L4_UDP };
	struct nat64_event ev = { .type = type,
		.proto = L4_UDP,
		.in6 = &in6,
		.out4 = &out4,
		.session = &s,
		.subscriber_len = 64,
		.quota = NAT64_QUOTA_SUBSCRIBER,
		.limit = 100 };

	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8:1::10", &in6.addr), 1);
	out4.addr.s_addr = inet_addr("203.0.113.5");
	s.peer.addr.s_addr = inet_addr("198.51.100.20");
	eventlog_event(l, &ev, now, NOW_MS);
}

static void
happen(enum nat64_event_type type, uint16_t port4)
{
	happen_at(type, port4, monotime_now());
}

static const char *
contents(const char *path)
{
	size_t n = 0;
	FILE *f;

	f = fopen(path, "r");
	if (f != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return (text);
}

static unsigned
count(const char *in, const char *what)
{
	unsigned n = 0;

	while ((in = strstr(in, what)) != NULL) {
		n++;
		in += strlen(what);
	}
	return (n);
}

/* Shows: LOG-01 LOG-40 */
START_TEST(binding_is_a_line_behind_the_start)
{
	const char *line;

	start();
	happen(NAT64_EV_BIB_CREATE, 40123);
	run_for(WRITTEN_MS);
	line = strchr(contents(file), '\n');
	ck_assert_ptr_nonnull(line);
	ck_assert_int_eq(strncmp(text, "time=20", 7), 0);
	ck_assert_int_eq(strncmp(text + 29, " event=started\n", 15), 0);
	ck_assert_str_eq(line + 1,
	    TIME "event=binding-created" BINDING "40123\n");
}
END_TEST

/* A log that was never rotated, which a 32-bit off_t could not count. */
START_TEST(file_may_be_larger_than_4_gib)
{
	const off_t size = (off_t)5 << 30;
	char line[sizeof(TIME "event=binding-created" BINDING "40123")];
	struct stat st;
	int fd = open(file, O_RDWR | O_CREAT, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	start();
	happen(NAT64_EV_BIB_CREATE, 40123);
	run_for(WRITTEN_MS);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_gt(st.st_size, size + (off_t)sizeof(line));
	ck_assert_int_eq(pread(fd, line, sizeof(line),
			     st.st_size - (off_t)sizeof(line)),
	    sizeof(line));
	ck_assert_int_eq(strncmp(line, TIME, strlen(TIME)), 0);
	close(fd);
}
END_TEST

/* Shows: LOG-01 LOG-02 LOG-04 */
START_TEST(only_the_kinds_asked_for_are_logged)
{
	static const struct {
		unsigned kinds;
		unsigned bindings, sessions, addresses;
	} rows[] = {
		{ EVENT_BINDINGS, 2, 0, 0 },
		{ EVENT_SESSIONS, 0, 2, 0 },
		{ EVENT_ADDRESSES, 0, 0, 2 },
		{ EVENT_SESSIONS | EVENT_ADDRESSES, 0, 2, 2 },
	};

	opts.kinds = rows[_i].kinds;
	start();
	happen(NAT64_EV_ADDRESS_CREATE, 1);
	happen(NAT64_EV_BIB_CREATE, 1);
	happen(NAT64_EV_SESSION_CREATE, 1);
	happen(NAT64_EV_SESSION_DELETE, 1);
	happen(NAT64_EV_BIB_DELETE, 1);
	happen(NAT64_EV_ADDRESS_DELETE, 1);
	run_for(WRITTEN_MS);
	contents(file);
	ck_assert_uint_eq(count(text, "event=binding-"), rows[_i].bindings);
	ck_assert_uint_eq(count(text, "event=session-"), rows[_i].sessions);
	ck_assert_uint_eq(count(text, "event=address-"), rows[_i].addresses);
	ck_assert_uint_eq(count(text, "peer"), 0);
}
END_TEST

/* Shows: LOG-02 CGN-13 */
START_TEST(other_events_are_told)
{
	start();
	eventlog_set_kinds(l, EVENT_BINDINGS, false);
	happen(NAT64_EV_BIB_CREATE, 1);
	eventlog_set_kinds(l, EVENT_SESSIONS | EVENT_BLOCKS, true);
	eventlog_set_kinds(l, 0, true);
	eventlog_set_kinds(l, 0, false);
	run_for(WRITTEN_MS);
	ck_assert_uint_eq(count(contents(file), "event=events-changed"), 2);
	ck_assert_ptr_nonnull(strstr(contents(file), BINDING "1\ntime="));
	ck_assert_uint_eq(count(contents(file),
			      "kinds=sessions,blocks destination=yes\n"),
	    1);
	ck_assert_uint_eq(count(contents(file), "kinds=none "), 1);
}
END_TEST

START_TEST(peers_are_logged_where_the_configuration_says_so)
{
	opts.kinds = EVENT_SESSIONS;
	opts.destination = true;
	start();
	happen(NAT64_EV_SESSION_CREATE, 1);
	run_for(WRITTEN_MS);
	ck_assert_uint_eq(count(contents(file), "peer4=198.51.100.20"), 1);
}
END_TEST

START_TEST(without_a_target_nothing_is_opened_or_kept)
{
	opts.file = NULL;
	start();
	happen(NAT64_EV_BIB_CREATE, 1);
	run_for(50);
	eventlog_reopen(l);
	ck_assert_str_eq(contents(errors), "");
	ck_assert_uint_eq(count(contents(errors), "lines lost"), 0);
}
END_TEST

START_TEST(events_before_the_file_is_open_are_kept)
{
	make();
	happen(NAT64_EV_BIB_CREATE, 1);
	ck_assert_int_eq(access(file, F_OK), -1);
	ck_assert_int_eq(eventlog_open(l), 0);
	run_for(WRITTEN_MS);
	ck_assert_uint_eq(count(contents(file), " event="), 2);
}
END_TEST

START_TEST(end_is_a_line_and_what_waits_is_written_first)
{
	start();
	happen(NAT64_EV_BIB_CREATE, 1);
	eventlog_free(l);
	l = NULL;
	contents(file);
	ck_assert_uint_eq(count(text, "event=binding-created"), 1);
	ck_assert_str_eq(text + strlen(text) - 15, " event=stopped\n");
}
END_TEST

START_TEST(log_of_the_last_run_is_continued)
{
	start();
	eventlog_free(l);
	start();
	run_for(WRITTEN_MS);
	ck_assert_uint_eq(count(contents(file), "event=started"), 2);
}
END_TEST

START_TEST(file_that_is_copied_and_truncated_goes_on_at_its_beginning)
{
	start();
	happen(NAT64_EV_BIB_CREATE, 1);
	run_for(WRITTEN_MS);
	ck_assert_int_eq(truncate(file, 0), 0);
	happen(NAT64_EV_BIB_CREATE, 2);
	run_for(WRITTEN_MS);
	ck_assert_str_eq(contents(file),
	    TIME "event=binding-created" BINDING "2\n");
}
END_TEST

START_TEST(renamed_file_is_used_until_it_is_opened_again)
{
	start();
	run_for(WRITTEN_MS);
	ck_assert_int_eq(rename(file, other), 0);
	happen(NAT64_EV_BIB_CREATE, 1);
	/* What happened before stands in the old one, written or not. */
	eventlog_reopen(l);
	happen(NAT64_EV_BIB_CREATE, 2);
	run_for(WRITTEN_MS);
	ck_assert_uint_eq(count(contents(other), BINDING "1\n"), 1);
	ck_assert_str_eq(contents(file),
	    TIME "event=binding-created" BINDING "2\n");
}
END_TEST

/* With more lines than are written at once, no line is in both files. */
START_TEST(rotation_cuts_no_line)
{
	const unsigned n = 10000;
	unsigned i, before;

	start();
	for (i = 0; i < n; i++)
		happen(NAT64_EV_BIB_CREATE, 40000);
	run_for(25); /* some of them are written */
	ck_assert_int_eq(rename(file, other), 0);
	eventlog_reopen(l);
	for (i = 0; i < n; i++)
		happen(NAT64_EV_BIB_CREATE, 50000);
	run_for(2 * WRITTEN_MS);
	before = count(contents(other), BINDING "40000\n");
	ck_assert_uint_eq(before, n);
	ck_assert_uint_eq(count(contents(other), "\n"), n + 1); /* started */
	ck_assert_uint_eq(count(contents(file), BINDING "50000\n"), n);
	ck_assert_uint_eq(count(contents(file), "\n"), n);
}
END_TEST

/* As a process leaves it that is killed, or a disk that was full. */
START_TEST(part_of_a_line_is_ended)
{
	FILE *f = fopen(file, "w");

	ck_assert_ptr_nonnull(f);
	fputs(TIME "event=binding-created" BINDING "4", f);
	fclose(f);
	start();
	run_for(WRITTEN_MS);
	ck_assert_uint_eq(count(contents(file), BINDING "4\ntime="), 1);
}
END_TEST

START_TEST(file_that_cannot_be_opened_again_is_kept)
{
	start();
	run_for(WRITTEN_MS);
	ck_assert_int_eq(rename(file, other), 0);
	ck_assert_int_eq(mkdir(file, 0700), 0);
	eventlog_reopen(l);
	happen(NAT64_EV_BIB_CREATE, 1);
	run_for(WRITTEN_MS);
	ck_assert_int_eq(rmdir(file), 0);
	ck_assert_uint_eq(count(contents(other), BINDING "1\n"), 1);
	ck_assert_ptr_nonnull(strstr(contents(errors), "event log: "));
}
END_TEST

/* Deterministic ports of a configuration with a block of so many. */
static void
use_plan(uint16_t block_size)
{
	struct pool4_range range = { .block_size = block_size,
		.deterministic = true };
	struct nat64_config c = { .pool = &range,
		.n_pool = block_size > 0 ? 1 : 0,
		.subscriber_len = 56 };
	unsigned proto;

	range.first.s_addr = range.last.s_addr = inet_addr("203.0.113.5");
	for (proto = 0; proto < L4_NPROTO; proto++)
		range.ports[proto].last = UINT16_MAX;
	ck_assert_ptr_null(prefix_parse("2001:db8::/52", &range.clients));
	eventlog_set_plans(l, &c);
}

/* Shows: CGN-20 */
START_TEST(deterministic_ports_are_told_when_they_change)
{
	start();
	use_plan(1000);
	use_plan(1000);
	use_plan(2000);
	run_for(WRITTEN_MS);
	ck_assert_uint_eq(count(contents(file), "event=deterministic-ports "),
	    2);
	ck_assert_uint_eq(count(contents(file), "event=deterministic-ended "),
	    1);
	ck_assert_int_eq(rename(file, other), 0);
	eventlog_reopen(l);
	run_for(WRITTEN_MS);
	ck_assert_uint_eq(count(contents(file), "block=2000 "), 1);
	use_plan(0);
	run_for(WRITTEN_MS);
	ck_assert_uint_eq(count(contents(file), "event=deterministic-ended "),
	    1);
	eventlog_reopen(l);
	run_for(WRITTEN_MS);
	ck_assert_uint_eq(count(contents(file), "event=deterministic-ports "),
	    1);
}
END_TEST

START_TEST(missing_directory_is_an_error_at_the_start)
{
	opts.file = "/nonexistent/log";
	make();
	ck_assert_int_eq(eventlog_open(l), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* Read from fd until nothing has come for a while. */
static size_t
read_all(int fd)
{
	size_t len = 0;
	ssize_t n;
	int ms;

	for (ms = 0; ms < PATIENCE_MS; ms += 10) {
		run_for(10);
		while (
		    (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
			len += (size_t)n;
			ms = PATIENCE_MS - 500;
		}
	}
	text[len] = '\0';
	return (len);
}

/* Lines of a run 1, 2, ... and how many others are said to be missing. */
static uint64_t
count_sequence(uint64_t *lost)
{
	const char *line = text;
	uint64_t seen = 0;

	*lost = 0;
	for (; *line != '\0'; line = strchr(line, '\n') + 1) {
		ck_assert_int_eq(strncmp(line, "time=", 5), 0);
		if (strncmp(line + 29, " event=lines-lost count=", 24) == 0)
			*lost += strtoull(line + 29 + 24, NULL, 10);
		else if (strncmp(line + 29, " event=binding-created ", 23) ==
		    0)
			seen++;
	}
	return (seen);
}

/* Shows: LOG-40; a write that waits for the reader would never end. */
START_TEST(reader_that_does_not_read_holds_nothing_up)
{
	const unsigned total = 200000;
	uint64_t seen, lost;
	unsigned i;
	int fd;

	ck_assert_int_eq(mkfifo(file, 0600), 0);
	fd = open(file, O_RDONLY | O_NONBLOCK);
	ck_assert_int_ne(fd, -1);
	start();
	for (i = 0; i < total; i++)
		happen(NAT64_EV_BIB_CREATE, (uint16_t)i);
	run_for(300);
	ck_assert_uint_eq(count(contents(errors), "lines lost"), 1);
	read_all(fd);
	happen(NAT64_EV_BIB_CREATE, 1);
	ck_assert_uint_gt(count_sequence(&lost), 10000);
	seen = count_sequence(&lost);
	ck_assert_uint_eq(seen + lost, total);
	ck_assert_uint_eq(count(contents(errors), "lines lost"), 1);
	close(fd);
}
END_TEST

START_TEST(full_disk_is_said_once_and_nothing_ends)
{
	int i;

	if (access("/dev/full", W_OK) == -1)
		return;
	opts.file = "/dev/full";
	start();
	for (i = 0; i < 2; i++) {
		happen(NAT64_EV_BIB_CREATE, 1);
		run_for(1100);
	}
	ck_assert_uint_eq(count(contents(errors), "/dev/full: "), 1);
	ck_assert_uint_eq(count(contents(errors), "lines lost"), 0);
}
END_TEST

/* The system's logger. */
static int
make_logger(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ne(fd, -1);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", sock);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return (fd);
}

static const char *
receive(int fd)
{
	ssize_t n = -1;
	int ms;

	for (ms = 0; ms < PATIENCE_MS; ms += 10) {
		n = recv(fd, text, sizeof(text) - 1, 0);
		if (n != -1)
			break;
		run_for(10);
	}
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	return (text);
}

/* Shows: LOG-40 */
START_TEST(logger_gets_each_line_as_syslog_sends_it)
{
	char tail[256];
	int fd;

	opts.file = NULL;
	opts.logger = sock;
	fd = make_logger();
	start();
	happen(NAT64_EV_BIB_CREATE, 40123);
	ck_assert_uint_eq(count(receive(fd), "event=started"), 1);
	snprintf(tail, sizeof(tail),
	    " nat64d[%ld]: " TIME "event=binding-created" BINDING "40123",
	    (long)getpid());
	receive(fd);
	/* <30>, and then "Nov 23 14:50:05" */
	ck_assert_int_eq(strncmp(text, "<30>", 4), 0);
	ck_assert_str_eq(text + 4 + 15, tail);
	close(fd);
}
END_TEST

/* Shows: LOG-40 */
START_TEST(lines_wait_for_a_logger_that_is_started_anew)
{
	int fd;

	opts.file = NULL;
	opts.logger = sock;
	fd = make_logger();
	start();
	receive(fd);
	close(fd);
	ck_assert_int_eq(unlink(sock), 0);
	happen(NAT64_EV_BIB_CREATE, 1);
	happen(NAT64_EV_BIB_CREATE, 2);
	run_for(WRITTEN_MS);
	fd = make_logger();
	ck_assert_uint_eq(count(receive(fd), BINDING "1"), 1);
	ck_assert_uint_eq(count(receive(fd), BINDING "2"), 1);
	ck_assert_uint_eq(count(contents(errors), "lines lost"), 0);
	close(fd);
}
END_TEST

/* Shows: LOG-40 */
START_TEST(logger_that_does_not_read_holds_nothing_up)
{
	unsigned i;
	int fd;

	opts.file = NULL;
	opts.logger = sock;
	fd = make_logger();
	start();
	for (i = 0; i < 60000; i++)
		happen(NAT64_EV_BIB_CREATE, (uint16_t)i);
	run_for(WRITTEN_MS);
	ck_assert_uint_eq(count(contents(errors), "lines lost"), 1);
	ck_assert_uint_eq(count(receive(fd), "event=started"), 1);
	for (i = 0; i < 1000; i++)
		ck_assert_uint_eq(count(receive(fd), "binding-created"), 1);
	close(fd);
}
END_TEST

START_TEST(links_are_not_followed)
{
	ck_assert_int_eq(symlink(other, file), 0);
	make();
	ck_assert_int_eq(eventlog_open(l), -1);
	ck_assert_int_eq(access(other, F_OK), -1);
}
END_TEST

/* Shows: LOG-10 LOG-20 */
START_TEST(trouble_is_one_line_per_cause_in_the_ordinary_log)
{
	int i;

	start();
	for (i = 0; i < 1000; i++) {
		happen(NAT64_EV_QUOTA, 1);
		happen(NAT64_EV_POOL_EXHAUSTED, 1);
	}
	run_for(WRITTEN_MS);
	contents(errors);
	ck_assert_uint_eq(count(text, "\n"), 2);
	ck_assert_uint_eq(
	    count(text,
		"check_eventlog: event=quota-exceeded "
		"natevent=13 subtype=3 quota=subscriber limit=100 "
		"subscriber=2001:db8:1::/64 addr6=2001:db8:1::10\n"),
	    1);
	ck_assert_uint_eq(
	    count(text,
		"event=ports-exhausted natevent=12 "
		"addr4=203.0.113.5 proto=udp statement=\"pool\"\n"),
	    1);
	ck_assert_uint_eq(count(contents(file), " event="), 1);
}
END_TEST

/* Shows: LOG-11 LOG-20 */
START_TEST(what_was_not_said_is_counted_when_the_minute_ends)
{
	const struct monotime then = monotime_add_ms(monotime_now(), -59800);
	int i;

	opts.file = NULL;
	start();
	for (i = 0; i < 6; i++)
		happen_at(NAT64_EV_QUOTA, 1, then);
	happen_at(NAT64_EV_POOL_EXHAUSTED, 1, then);
	ck_assert_uint_eq(count(contents(errors), "\n"), 2);
	run_for(500);
	contents(errors);
	ck_assert_uint_eq(count(text, "\n"), 3);
	ck_assert_uint_eq(count(text, " addr6=2001:db8:1::10 count=5\n"), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eventlog");
	TCase *tc = tcase_create("eventlog");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, binding_is_a_line_behind_the_start);
	tcase_add_loop_test(tc, only_the_kinds_asked_for_are_logged, 0, 4);
	tcase_add_test(tc, file_may_be_larger_than_4_gib);
	tcase_add_test(tc, other_events_are_told);
	tcase_add_test(tc, peers_are_logged_where_the_configuration_says_so);
	tcase_add_test(tc, without_a_target_nothing_is_opened_or_kept);
	tcase_add_test(tc, events_before_the_file_is_open_are_kept);
	tcase_add_test(tc, end_is_a_line_and_what_waits_is_written_first);
	tcase_add_test(tc, log_of_the_last_run_is_continued);
	tcase_add_test(tc,
	    file_that_is_copied_and_truncated_goes_on_at_its_beginning);
	tcase_add_test(tc, renamed_file_is_used_until_it_is_opened_again);
	tcase_add_test(tc, rotation_cuts_no_line);
	tcase_add_test(tc, part_of_a_line_is_ended);
	tcase_add_test(tc, file_that_cannot_be_opened_again_is_kept);
	tcase_add_test(tc, deterministic_ports_are_told_when_they_change);
	tcase_add_test(tc, missing_directory_is_an_error_at_the_start);
	tcase_add_test(tc, reader_that_does_not_read_holds_nothing_up);
	tcase_add_test(tc, full_disk_is_said_once_and_nothing_ends);
	tcase_add_test(tc, logger_gets_each_line_as_syslog_sends_it);
	tcase_add_test(tc, lines_wait_for_a_logger_that_is_started_anew);
	tcase_add_test(tc, logger_that_does_not_read_holds_nothing_up);
	tcase_add_test(tc, links_are_not_followed);
	tcase_add_test(tc, trouble_is_one_line_per_cause_in_the_ordinary_log);
	tcase_add_test(tc, what_was_not_said_is_counted_when_the_minute_ends);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
