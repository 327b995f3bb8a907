/*
 * Tests of refuselog.c with workers, a clock and a log that are made up here.
 */
#include <check.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/net/addr.h"
#include "common/os/log.h"
#include "common/monotime.h"
#include "dns64d/refuselog.h"
#include "dns64d/workers.h"

#include "tests/unit/suite.h"

static struct event_base *base;
static struct refusals refusals;
static struct refuselog *refuselog;
static struct monotime now;
static char logged[4096];

struct event_base *
workers_base(const struct workers *ws)
{
	(void)ws;
	return (base);
}

void
workers_watch_refusals(struct workers *ws, refusals_fn *fn, void *arg)
{
	(void)ws;
	refusals.first = fn;
	refusals.arg = arg;
}

void
workers_take_refusals(struct workers *ws, struct refusals *sum)
{
	(void)ws;
	refusals_move(sum, &refusals);
}

struct monotime
monotime_now(void)
{
	return (now);
}

void
log_err(const char *fmt, ...)
{
	ck_abort_msg("%s", fmt);
}

void
log_info(const char *fmt, ...)
{
	const size_t len = strlen(logged);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(logged + len, sizeof(logged) - len, fmt, ap);
	va_end(ap);
	strlcat(logged, "\n", sizeof(logged));
	event_base_loopbreak(base);
}

static void
setup(void)
{
	base = event_base_new();
	memset(&refusals, 0, sizeof(refusals));
	now.ns = 0;
	logged[0] = '\0';
	refuselog = refuselog_new(NULL);
	ck_assert_ptr_nonnull(refuselog);
}

static void
teardown(void)
{
	refuselog_free(refuselog);
	event_base_free(base);
}

static void
refuse(const char *text, unsigned times)
{
	struct sockaddr_storage ss;
	socklen_t len;

	ck_assert_int_eq(sockaddr_parse(text, 53, &ss, &len), 0);
	while (times-- > 0)
		refusals_note(&refusals, &ss);
}

/* What is logged in this time, if anything is. */
static const char *
log_within(long secs)
{
	const struct timeval tv = { .tv_sec = secs };

	logged[0] = '\0';
	event_base_loopexit(base, &tv);
	event_base_dispatch(base);
	return (logged);
}

START_TEST(refused_network_is_told_of_with_the_statement)
{
	refuse("2001:db8:1:2::3", 7);
	ck_assert_str_eq(log_within(10),
	    "refused: 2001:db8:1:2::/64 is neither connected nor allowed, "
	    "7 queries; to answer it: allow from 2001:db8:1:2::/64\n");
}
END_TEST

START_TEST(refused_network_is_told_of_once_a_minute)
{
	refuse("192.0.2.1", 1);
	ck_assert_str_eq(log_within(10),
	    "refused: 192.0.2.0/24 is neither connected nor allowed, "
	    "1 query; to answer it: allow from 192.0.2.0/24\n");
	now = monotime_add_secs(now, 1);
	refuse("192.0.2.1", 1000);
	ck_assert_str_eq(log_within(1), "");
	ck_assert_uint_eq(refusals.queries, 1000);
}
END_TEST

START_TEST(what_came_meanwhile_is_told_of_after_the_minute)
{
	refuse("192.0.2.1", 1);
	log_within(10);
	now = monotime_add_secs(now, REFUSELOG_SECS);
	refuse("192.0.2.1", 2);
	ck_assert_ptr_nonnull(strstr(log_within(10), " 2 queries; "));
}
END_TEST

START_TEST(many_networks_are_a_few_lines)
{
	char text[PREFIX_STRLEN];
	const char *line;
	unsigned i, lines = 0;

	refuse("198.51.100.1", 5000);
	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "2001:db8:%x::1", i);
		refuse(text, 1);
	}
	log_within(10);
	for (line = logged; (line = strchr(line, '\n')) != NULL; line++)
		lines++;
	ck_assert_uint_eq(lines, REFUSELOG_LINES + 1);
	ck_assert_ptr_nonnull(strstr(logged, "198.51.100.0/24 is "));
	ck_assert_ptr_nonnull(strstr(logged, "refused: other networks, "));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("refuselog");
	Suite *s = suite_create("refuselog");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, refused_network_is_told_of_with_the_statement);
	tcase_add_test(tc, refused_network_is_told_of_once_a_minute);
	tcase_add_test(tc, what_came_meanwhile_is_told_of_after_the_minute);
	tcase_add_test(tc, many_networks_are_a_few_lines);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
