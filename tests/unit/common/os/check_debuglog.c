/*
 * Tests of debuglog.c: standard error is a file, time is real.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/os/debuglog.h"
#include "common/os/linerate.h"
#include "common/os/log.h"

#include "tests/unit/suite.h"

static FILE *errors;
static struct event_base *base;
static struct debuglog *l;
static char text[256];

static void
setup(void)
{
	errors = tmpfile();
	ck_assert_ptr_nonnull(errors);
	ck_assert_int_ne(dup2(fileno(errors), STDERR_FILENO), -1);
	log_init("x", true, LOG_LEVEL_DEBUG);
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	l = debuglog_new(base);
	ck_assert_ptr_nonnull(l);
}

static void
teardown(void)
{
	debuglog_free(l);
	event_base_free(base);
	fclose(errors);
}

/* All that was logged. */
static const char *
logged(void)
{
	ssize_t n;

	n = pread(fileno(errors), text, sizeof(text) - 1, 0);
	ck_assert_int_ne(n, -1);
	text[n] = '\0';
	return (text);
}

/* Ask for lines until seven are left out of one second. */
static void
flood(void)
{
	unsigned refused = 0, asked;

	/* A machine that stops for a second begins another one. */
	for (asked = 0; refused < 7 && asked < 100 * LINERATE_MAX; asked++)
		refused += !debuglog_take(l);
	ck_assert_uint_eq(refused, 7);
}

START_TEST(number_of_lines_left_out_is_said_when_nothing_else_is)
{
	flood();
	ck_assert_int_eq(event_base_dispatch(base), 1); /* nothing pending */
	ck_assert_str_eq(logged(), "x: debug: 7 lines left out\n");
}
END_TEST

START_TEST(number_of_lines_left_out_is_said_at_the_end)
{
	flood();
	ck_assert_str_eq(logged(), "");
	debuglog_free(l);
	l = NULL;
	ck_assert_str_eq(logged(), "x: debug: 7 lines left out\n");
}
END_TEST

/* Ask for one more; *arg: how many of these were left out, too. */
static void
ask_again(evutil_socket_t fd, short what, void *arg)
{
	unsigned *refused = arg;

	(void)fd;
	(void)what;
	*refused += !debuglog_take(l);
}

/*
 * libevent adds a timeout to the time at which it began to handle events, so
 * that one of a second may come less than a second later.
 */
static void
flood_late(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval soon = { .tv_usec = 1000 };
	const struct timeval later = { .tv_sec = 1, .tv_usec = 200000 };

	(void)fd;
	(void)what;
	usleep(400000);
	flood();
	event_base_once(base, -1, EV_TIMEOUT, ask_again, arg, &soon);
	event_base_once(base, -1, EV_TIMEOUT, ask_again, arg, &later);
}

START_TEST(number_of_lines_left_out_is_said_once_in_a_second)
{
	const struct timeval at_once = { .tv_sec = 0 };
	unsigned refused = 0;
	char want[64];

	ck_assert_int_eq(event_base_once(base, -1, EV_TIMEOUT, flood_late,
			     &refused, &at_once),
	    0);
	ck_assert_int_eq(event_base_dispatch(base), 1);
	/* A machine that stops meanwhile begins another second. */
	snprintf(want, sizeof(want), "x: debug: %u lines left out\n",
	    7 + refused);
	ck_assert_str_eq(logged(), want);
}
END_TEST

START_TEST(few_lines_leave_none_out)
{
	ck_assert(debuglog_take(l));
	ck_assert_int_eq(event_base_dispatch(base), 1);
	debuglog_free(l);
	l = NULL;
	ck_assert_str_eq(logged(), "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("debuglog");
	TCase *tc = tcase_create("debuglog");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
	    number_of_lines_left_out_is_said_when_nothing_else_is);
	tcase_add_test(tc, number_of_lines_left_out_is_said_at_the_end);
	tcase_add_test(tc, number_of_lines_left_out_is_said_once_in_a_second);
	tcase_add_test(tc, few_lines_leave_none_out);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
