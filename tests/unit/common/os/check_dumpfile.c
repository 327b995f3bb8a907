/*
 * Tests of dumpfile.c: what it prints to, and that nobody who does not read
 * holds it up. A dump here is PIECES pieces of one line each.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "common/os/dumpfile.h"

#include "tests/unit/suite.h"

#define PIECE 1000 /* bytes, with the newline */
#define FEW 3	   /* pieces, which a pipe takes */
#define MANY 1000  /* which it does not */
#define FIRST_LINE                                                          \
	"^dump 20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6]" \
	"[0-9]Z test [0-9.]+ pid [0-9]+\n"

static struct event_base *base;
static struct dumpfile *dumpfile;
static char dir[] = "/tmp/check_dumpfile.XXXXXX";
static char path[sizeof(dir) + 8];
static char text[4 * MANY * PIECE];
static unsigned pieces, made, n_begun, n_ended;
static size_t held_max; /* bytes that waited to be written */

int __real_event_add(struct event *, const struct timeval *);
int __wrap_event_add(struct event *, const struct timeval *);

/* Half a minute is long for a test. */
int
__wrap_event_add(struct event *ev, const struct timeval *tv)
{
	static const struct timeval soon = { .tv_usec = 100000 };

	return (__real_event_add(ev,
	    tv != NULL && tv->tv_sec == DUMPFILE_STUCK_SECS ? &soon : tv));
}

static bool
make_piece(void *arg, struct evbuffer *out)
{
	(void)arg;
	evbuffer_add_printf(out, "%0*u\n", PIECE - 1, made++);
	if (evbuffer_get_length(out) > held_max)
		held_max = evbuffer_get_length(out);
	return (made < pieces);
}

static int
begin(void *arg, struct evbuffer *out)
{
	made = 0;
	n_begun++;
	make_piece(arg, out);
	return (0);
}

static void
end(void *arg)
{
	(void)arg;
	n_ended++;
}

static void
make_dumpfile(const char *file, bool to_stdout)
{
	static const struct dumpfile_ops ops = { .begin = begin,
		.more = make_piece,
		.end = end };

	dumpfile = dumpfile_new(base, "test", file, to_stdout, &ops);
	ck_assert_ptr_nonnull(dumpfile);
}

static void
setup(void)
{
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/dump", dir);
	pieces = FEW;
}

static void
teardown(void)
{
	dumpfile_free(dumpfile);
	event_base_free(base);
	unlink(path);
	rmdir(dir);
}

/* Make a pipe standard output; returns the end to read from. */
static int
pipe_stdout(void)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_ne(dup2(fds[1], STDOUT_FILENO), -1);
	close(fds[1]);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	return (fds[0]);
}

/* Read what there is behind the first len bytes of text; returns the end. */
static size_t
read_more(int fd, size_t len)
{
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return (len);
}

static void
read_file(void)
{
	int fd = open(path, O_RDONLY);

	ck_assert_int_ne(fd, -1);
	read_more(fd, 0);
	close(fd);
}

static bool
matches(const char *string, const char *regex)
{
	regex_t re;
	int rc;

	ck_assert_int_eq(regcomp(&re, regex, REG_EXTENDED | REG_NOSUB), 0);
	rc = regexec(&re, string, 0, NULL, 0);
	regfree(&re);
	return (rc == 0);
}

/* All events that there are, until none is waited for. */
static void
run(void)
{
	ck_assert_int_ne(event_base_dispatch(base), -1);
}

/* One turn of the loop, which must not block. */
static void
turn(void)
{
	alarm(20);
	event_base_loop(base, EVLOOP_NONBLOCK);
	alarm(0);
}

START_TEST(first_line_is_time_program_version_and_pid)
{
	char pid[32];

	make_dumpfile(path, false);
	dumpfile_print(dumpfile);
	run();
	read_file();
	ck_assert_msg(matches(text, FIRST_LINE), "%s", text);
	snprintf(pid, sizeof(pid), " pid %ld\n", (long)getpid());
	ck_assert_ptr_nonnull(strstr(text, pid));
	ck_assert_uint_eq(strlen(text),
	    (size_t)(strchr(text, '\n') + 1 - text) + FEW * PIECE);
	ck_assert_uint_eq(n_ended, 1);
}
END_TEST

START_TEST(file_is_preferred_to_standard_output)
{
	int out = pipe_stdout();

	make_dumpfile(path, true);
	dumpfile_print(dumpfile);
	run();
	read_file();
	ck_assert(matches(text, FIRST_LINE));
	ck_assert_uint_eq(read_more(out, 0), 0);
	close(out);
}
END_TEST

START_TEST(file_is_made_anew_each_time)
{
	struct stat st;
	size_t len;

	make_dumpfile(path, false);
	dumpfile_print(dumpfile);
	run();
	read_file();
	len = strlen(text);
	dumpfile_print(dumpfile);
	run();
	read_file();
	ck_assert_uint_eq(strlen(text), len);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(unlink(path), 0);
	dumpfile_print(dumpfile);
	run();
	read_file();
	ck_assert_uint_eq(strlen(text), len);
}
END_TEST

START_TEST(symbolic_link_is_not_followed)
{
	char target[sizeof(path) + 4];
	struct stat st;

	snprintf(target, sizeof(target), "%s.to", path);
	ck_assert_int_eq(symlink(target, path), 0);
	make_dumpfile(path, false);
	dumpfile_print(dumpfile);
	run();
	ck_assert_int_eq(stat(target, &st), -1);
	ck_assert_uint_eq(n_begun, 0);
}
END_TEST

START_TEST(pipe_that_nobody_reads_is_no_file)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	make_dumpfile(path, false);
	alarm(20);
	dumpfile_print(dumpfile);
	run();
	alarm(0);
	ck_assert_uint_eq(n_begun, 0);
}
END_TEST

START_TEST(pipe_that_somebody_reads_gets_all)
{
	size_t len = 0;
	int fd;

	pieces = MANY;
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert_int_ne(fd, -1);
	make_dumpfile(path, false);
	dumpfile_print(dumpfile);
	while (n_ended == 0) {
		turn();
		len = read_more(fd, len);
	}
	ck_assert(matches(text, FIRST_LINE));
	ck_assert_uint_eq(len,
	    (size_t)(strchr(text, '\n') + 1 - text) + MANY * PIECE);
	close(fd);
}
END_TEST

/* Ask for a dump, which has to begin, and see it through. */
static size_t
print_and_read(int out, size_t len)
{
	unsigned before = n_ended;

	dumpfile_print(dumpfile);
	while (n_ended == before) {
		turn();
		len = read_more(out, len);
	}
	return (read_more(out, len));
}

START_TEST(standard_output_that_nobody_reads_holds_nothing_up)
{
	int out = pipe_stdout(), i;

	pieces = MANY;
	make_dumpfile(NULL, true);
	for (i = 0; i < 60; i++) {
		dumpfile_print(dumpfile);
		turn();
		turn();
	}
	ck_assert_uint_eq(n_begun, 1);
	ck_assert_uint_eq(n_ended, 0);
	ck_assert_uint_le(held_max, 2 * PIECE);
	close(out);
}
END_TEST

START_TEST(standard_output_blocks_others_as_before)
{
	int out = pipe_stdout();

	pieces = MANY;
	make_dumpfile(NULL, true);
	dumpfile_print(dumpfile);
	turn();
	ck_assert_int_eq(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0);
	close(out);
}
END_TEST

START_TEST(dump_that_nobody_reads_is_given_up)
{
	int out = pipe_stdout();
	size_t len, end_of_first;

	pieces = MANY;
	make_dumpfile(NULL, true);
	dumpfile_print(dumpfile);
	run(); /* to the end of our patience */
	ck_assert_uint_eq(n_ended, 1);
	end_of_first = read_more(out, 0);
	ck_assert_uint_lt(end_of_first, MANY * PIECE);

	/* The next one is whole, and on lines of its own. */
	len = print_and_read(out, end_of_first);
	ck_assert_int_eq(text[end_of_first], '\n');
	ck_assert(matches(text + end_of_first + 1, FIRST_LINE));
	ck_assert_uint_gt(len - end_of_first, MANY * PIECE);
	end_of_first = len;
	print_and_read(out, len);
	ck_assert(matches(text + end_of_first, FIRST_LINE));
	close(out);
}
END_TEST

START_TEST(closed_reader_ends_a_dump)
{
	int out = pipe_stdout();

	close(out);
	signal(SIGPIPE, SIG_IGN);
	make_dumpfile(NULL, true);
	dumpfile_print(dumpfile);
	run();
	ck_assert_uint_eq(n_ended, 1);
}
END_TEST

START_TEST(nothing_is_begun_without_a_file_or_standard_output)
{
	make_dumpfile(NULL, false);
	dumpfile_print(dumpfile);
	run();
	ck_assert_uint_eq(n_begun, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dumpfile");
	TCase *tc = tcase_create("dumpfile");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, first_line_is_time_program_version_and_pid);
	tcase_add_test(tc, file_is_preferred_to_standard_output);
	tcase_add_test(tc, file_is_made_anew_each_time);
	tcase_add_test(tc, symbolic_link_is_not_followed);
	tcase_add_test(tc, pipe_that_nobody_reads_is_no_file);
	tcase_add_test(tc, pipe_that_somebody_reads_gets_all);
	tcase_add_test(tc, standard_output_that_nobody_reads_holds_nothing_up);
	tcase_add_test(tc, standard_output_blocks_others_as_before);
	tcase_add_test(tc, dump_that_nobody_reads_is_given_up);
	tcase_add_test(tc, closed_reader_ends_a_dump);
	tcase_add_test(tc, nothing_is_begun_without_a_file_or_standard_output);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
