/*
 * Tests of whohad_time.c: times with and without a zone, and those that local
 * clocks showed twice or not at all.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nat64d/ctl/whohad_time.h"

#include "tests/unit/suite.h"

/* Rules of their own: a system may have no database of time zones. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define LORD_HOWE "LHST-10:30LHDT-11,M10.1.0,M4.1.0"

static const struct {
	const char *zone;
	const char *text;
	const char *error; /* a part of it */
	int64_t from_ms;
	int64_t span_ms;
} rows[] = {
	{ "UTC0", "2026-11-23T14:50:05Z", NULL, 1795445405000, 1000 },
	{ BERLIN, "2026-11-23T14:50:05Z", NULL, 1795445405000, 1000 },
	{ BERLIN, "2026-11-23T15:50:05.123", NULL, 1795445405123, 1 },
	{ BERLIN, "2026-11-23 15:50", NULL, 1795445400000, 60000 },
	{ BERLIN, "2026-07-01T12:00:00", NULL, 1782900000000, 1000 },
	{ BERLIN, "@1795445405", NULL, 1795445405000, 1000 },
	{ BERLIN, "2024-02-29T00:00:00", NULL, 1709161200000, 1000 },
	{ BERLIN, "2026-10-25T01:59:59", NULL, 1792886399000, 1000 },
	{ BERLIN, "2026-10-25T02:00", "was there twice", 0, 0 },
	{ BERLIN, "2026-10-25T02:59:59", "was there twice", 0, 0 },
	{ BERLIN, "2026-10-25T02:30+02:00", NULL, 1792888200000, 60000 },
	{ BERLIN, "2026-10-25T02:30+01:00", NULL, 1792891800000, 60000 },
	{ BERLIN, "2026-10-25T03:00:00", NULL, 1792893600000, 1000 },
	{ BERLIN, "2026-03-29T01:59:59", NULL, 1774745999000, 1000 },
	{ BERLIN, "2026-03-29T02:30", "was not there", 0, 0 },
	{ BERLIN, "2026-03-29T03:00:00", NULL, 1774746000000, 1000 },
	{ LORD_HOWE, "2026-04-05T01:45", "was there twice", 0, 0 },
	{ LORD_HOWE, "2026-04-05T01:15", NULL, 1775312100000, 60000 },
	{ "IST-5:30", "2026-11-23T20:20:05", NULL, 1795445405000, 1000 },
	{ "UTC0", "2026-11-23", "is no time", 0, 0 },
	{ "UTC0", "2026-02-29T00:00", "is no time", 0, 0 },
	{ "UTC0", "@", "is no time", 0, 0 },
	{ "UTC0", "@-1", "is no time", 0, 0 },
	{ "UTC0", "@1x", "is no time", 0, 0 },
	{ "UTC0", "", "is no time", 0, 0 },
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

START_TEST(whohad_time_reads_what_people_write)
{
	int64_t from_ms, to_ms;
	const char *error;

	setenv("TZ", rows[_i].zone, 1);
	tzset();
	error = whohad_time(rows[_i].text, &from_ms, &to_ms);
	if (rows[_i].error != NULL) {
		ck_assert_ptr_nonnull(error);
		ck_assert_msg(strstr(error, rows[_i].error) != NULL, "%s: %s",
		    rows[_i].text, error);
		return;
	}
	ck_assert_msg(error == NULL, "%s: %s", rows[_i].text, error);
	ck_assert_msg(from_ms == rows[_i].from_ms, "%s: %lld", rows[_i].text,
	    (long long)from_ms);
	ck_assert_int_eq(to_ms - from_ms + 1, rows[_i].span_ms);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("whohad_time");
	TCase *tc = tcase_create("whohad_time");

	tcase_add_loop_test(tc, whohad_time_reads_what_people_write, 0,
	    (int)NROWS);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
