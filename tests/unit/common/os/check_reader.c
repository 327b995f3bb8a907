/*
 * Unit tests of reader.c and files.c: the reader is a real process, and what
 * it gathers is the test's. One that writes to the socket itself is a reader
 * that has been taken over.
 */
#include <sys/stat.h>
#include <sys/socket.h>

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf/bundle.h"
#include "common/conf/files.h"
#include "common/os/reader.h"

#include "tests/unit/suite.h"

#define SOCKET 3 /* in the reader */

/* A build with a sanitizer has no sandbox. */
#ifdef __SANITIZE_ADDRESS__
#define SANDBOX 0
#else
#define SANDBOX 1
#endif
#define MAX 4000000 /* of a file */

static char dir[32];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/check_reader.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
}

static void
teardown(void)
{
	static const char *const names[] = { "a", "secret", "fifo", "pipe",
		"large" };
	size_t i;

	ck_assert_int_eq(chdir(dir), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
write_file(const char *name, const char *text, size_t times)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	while (times-- > 0)
		fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* Wait for the answer to the request that is open. */
static enum reader_verdict
wait_for(struct reader *r, struct files **files)
{
	struct pollfd pfd = { .fd = reader_fd(r), .events = POLLIN };
	enum reader_verdict verdict;

	do {
		ck_assert_int_eq(poll(&pfd, 1, 60000), 1);
		verdict = reader_receive(r, files);
	} while (verdict == READER_MORE);
	return (verdict);
}

/* The text of a file, or why it cannot be read. */
static const char *
text_of(struct files *files, const char *path)
{
	static char text[64];
	const struct bundle_file *f;
	const char *why;

	why = files_load(files, path, MAX, false, &f);
	if (why != NULL)
		return (why);
	snprintf(text, sizeof(text), "%.*s", (int)f->len,
	    (const char *)f->bytes);
	return (text);
}

/*
 * Gatherers.
 */

static void
read_some(const char *path, struct files *files)
{
	static const char *const names[] = { "a", "secret", "none", ".",
		"fifo", "/dev/null", "large" };
	const struct bundle_file *f;
	size_t i;

	files_load(files, path, MAX, true, &f);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		files_load(files, names[i], MAX, false, &f);
}

static void
lie(const char *len, struct files *files)
{
	const uint64_t len64 = strtoull(len, NULL, 0);

	(void)files;
	if (write(SOCKET, &len64, sizeof(len64)) != sizeof(len64))
		_exit(1);
}

static void
die(const char *len, struct files *files)
{
	if (*len != '\0')
		lie(len, files);
	_exit(0);
}

static void
write_and_connect(const char *path, struct files *files)
{
	const struct bundle_file *f;

	files_load(files, path, MAX, true, &f);
	if (open("made", O_WRONLY | O_CREAT, 0600) != -1 ||
	    open("a", O_RDWR) != -1 || open("a", O_RDONLY | O_TRUNC) != -1 ||
	    socket(AF_INET6, SOCK_DGRAM, 0) != -1 || fork() != -1)
		_exit(1);
}

/*
 * Tests.
 */

START_TEST(reader_reads_as_at_the_start)
{
	struct files *files;
	struct reader *r;

	write_file("a", "first", 1);
	r = reader_start("./a", read_some);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	write_file("a", "second", 1);
	write_file("secret", "root's", 1);
	ck_assert_int_eq(chmod("secret", 0600), 0);
	write_file("large", "0123456789", 200000);
	ck_assert_int_eq(chdir("/"), 0);

	ck_assert_int_eq(reader_ask(r), 0);
	ck_assert_int_eq(wait_for(r, &files), READER_DONE);
	ck_assert_str_eq(text_of(files, "a"), "second");
	ck_assert_str_eq(text_of(files, "./a"), "second");
	ck_assert_str_eq(text_of(files, "secret"), "root's");
	ck_assert_str_eq(text_of(files, "none"), "No such file or directory");
	ck_assert_str_eq(text_of(files, "."), "Is a directory");
	ck_assert_str_eq(text_of(files, "fifo"), "it is no regular file");
	ck_assert_str_eq(text_of(files, "/dev/null"), "");
	ck_assert_uint_eq(strlen(text_of(files, "large")), 63);
	ck_assert_str_eq(text_of(files, "/etc/passwd"),
	    "too many files, or too large together");
	files_free(files);
	reader_free(r);
}
END_TEST

START_TEST(reader_answers_again_and_again)
{
	struct files *files;
	struct reader *r;
	char text[16];
	int i;

	r = reader_start("a", read_some);
	for (i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "%d", i);
		write_file("a", text, 1);
		ck_assert_int_eq(reader_ask(r), 0);
		ck_assert_int_eq(wait_for(r, &files), READER_DONE);
		ck_assert_str_eq(text_of(files, "a"), text);
		files_free(files);
	}
	reader_free(r);
}
END_TEST

START_TEST(reader_refuses_a_main_file_that_is_a_pipe)
{
	struct files *files;
	struct reader *r;

	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	ck_assert(!reader_can_read("pipe"));
	ck_assert(reader_can_read("/etc/passwd"));
	r = reader_start("pipe", read_some);
	ck_assert_int_eq(reader_ask(r), 0);
	ck_assert_int_eq(wait_for(r, &files), READER_DONE);
	ck_assert_str_eq(text_of(files, "pipe"), "it is no regular file");
	files_free(files);
	reader_free(r);
}
END_TEST

START_TEST(reader_can_do_nothing_but_read)
{
	struct files *files;
	struct reader *r;

	write_file("a", "text", 1);
	r = reader_start("a", write_and_connect);
	ck_assert_int_eq(reader_ask(r), 0);
	ck_assert_int_eq(wait_for(r, &files), READER_DONE);
	ck_assert_str_eq(text_of(files, "a"), "text");
	files_free(files);
	reader_free(r);
	ck_assert_int_eq(access("made", F_OK), -1);
}
END_TEST

/* A length beyond the bound, and one that what follows is no bundle for. */
static const char *const lengths[] = { "0xffffffffffffffff", "0x10000001", "1",
	"8", "16" };

START_TEST(reader_that_lies_is_never_asked_again)
{
	struct files *files;
	struct reader *r;

	r = reader_start(lengths[_i], lie);
	ck_assert_int_eq(reader_ask(r), 0);
	ck_assert_int_eq(wait_for(r, &files), READER_GONE);
	ck_assert_ptr_null(files);
	reader_free(r);
}
END_TEST

START_TEST(reader_that_could_not_says_so)
{
	struct files *files;
	struct reader *r;

	r = reader_start("0", lie);
	ck_assert_int_eq(reader_ask(r), 0);
	ck_assert_int_eq(wait_for(r, &files), READER_FAILED);
	ck_assert_ptr_null(files);
	reader_free(r);
}
END_TEST

/* Before it answers, and after it has begun to. */
static const char *const ends[] = { "", "1", "1000000", "0x10000000" };

START_TEST(reader_that_dies_is_gone)
{
	struct files *files;
	struct reader *r;

	r = reader_start(ends[_i], die);
	ck_assert_int_eq(reader_ask(r), 0);
	ck_assert_int_eq(wait_for(r, &files), READER_GONE);
	ck_assert_int_eq(reader_ask(r), -1);
	reader_free(r);
}
END_TEST

START_TEST(files_read_once_stay_as_they_were)
{
	struct files *files = files_new(true);

	write_file("a", "first", 1);
	ck_assert_str_eq(text_of(files, "a"), "first");
	write_file("a", "second", 1);
	ck_assert_str_eq(text_of(files, "a"), "first");
	files_free(files);
}
END_TEST

static const struct {
	size_t size, max;
	bool fits;
} sizes[] = {
	{ 0, 1, true },
	{ 1, 1, true },
	{ 2, 1, false },
	{ 4096, 4096, true },
	{ 4097, 4096, false },
	{ 4097, 5000, true },
	{ 100000, 99999, false },
	{ 100000, 100000, true },
};

START_TEST(files_are_bounded)
{
	struct files *files = files_new(true);
	const struct bundle_file *f;
	const char *why;

	write_file("a", "x", sizes[_i].size);
	why = files_load(files, "a", sizes[_i].max, false, &f);
	if (sizes[_i].fits) {
		ck_assert_ptr_null(why);
		ck_assert_uint_eq(f->len, sizes[_i].size);
	} else
		ck_assert_str_eq(why, "File too large");
	files_free(files);
}
END_TEST

static Suite *
suite(void)
{
	TCase *tc = tcase_create("reader");
	Suite *s = suite_create("reader");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reader_reads_as_at_the_start);
	tcase_add_test(tc, reader_answers_again_and_again);
	tcase_add_test(tc, reader_refuses_a_main_file_that_is_a_pipe);
	if (SANDBOX)
		tcase_add_test(tc, reader_can_do_nothing_but_read);
	tcase_add_loop_test(tc, reader_that_lies_is_never_asked_again, 0,
	    (int)(sizeof(lengths) / sizeof(lengths[0])));
	tcase_add_test(tc, reader_that_could_not_says_so);
	tcase_add_loop_test(tc, reader_that_dies_is_gone, 0,
	    (int)(sizeof(ends) / sizeof(ends[0])));
	tcase_add_test(tc, files_read_once_stay_as_they_were);
	tcase_add_loop_test(tc, files_are_bounded, 0,
	    (int)(sizeof(sizes) / sizeof(sizes[0])));
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(suite()));
}
