/*
 * Unit tests of log.c on standard error, which is a pipe here.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/os/log.h"

#include "tests/unit/suite.h"

static int reader;
static char text[1 << 20];

static void
setup(void)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_ne(dup2(fds[1], STDERR_FILENO), -1);
	close(fds[1]);
	reader = fds[0];
	ck_assert_int_eq(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
	log_init("check", true, LOG_LEVEL_INFO);
}

static void
teardown(void)
{
	close(reader);
}

/* What has been written so far, as a string. */
static const char *
read_all(void)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(reader, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return (text);
}

START_TEST(log_line_has_program_and_thread)
{
	log_info("one");
	log_set_thread("worker 2");
	log_info("two");
	ck_assert_str_eq(read_all(), "check: one\ncheck: worker 2: two\n");
}
END_TEST

/* A write that waits ends this test by its timeout. */
START_TEST(log_does_not_wait_for_who_reads_standard_error)
{
	int i;

	for (i = 0; i < 20000; i++)
		log_info("line %d", i);
	ck_assert_ptr_nonnull(strstr(read_all(), "check: line 0\n"));
	ck_assert_ptr_null(strstr(text, "line 19999"));
}
END_TEST

START_TEST(log_says_how_many_lines_were_lost)
{
	char expected[128];
	unsigned lines = 0;
	const char *s;
	int i;

	for (i = 0; i < 20000; i++)
		log_info("line %d", i);
	for (s = read_all(); (s = strchr(s, '\n')) != NULL; s++)
		lines++;
	log_info("next");
	log_info("after");
	snprintf(expected, sizeof(expected),
	    "check: log: %u lines lost\ncheck: next\ncheck: after\n",
	    20000 - lines);
	ck_assert_str_eq(read_all(), expected);
}
END_TEST

static Suite *
log_suite(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("log");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, log_line_has_program_and_thread);
	tcase_add_test(tc, log_does_not_wait_for_who_reads_standard_error);
	tcase_add_test(tc, log_says_how_many_lines_were_lost);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(log_suite()));
}
