#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nat64d/log/logline.h"

#include "whohad_time.h"

/* The end of the year 9999. */
#define SECONDS_MAX INT64_C(253402300799)

static const char no_time[] =
    "is no time, such as 2026-11-23T14:50:05Z, 2026-11-23T15:50:05+01:00, "
    "2026-11-23T15:50 (local) or @1795445405";
static const char was_twice[] =
    "was there twice, since clocks went back: add the offset of the time "
    "zone, as in +01:00";
static const char was_not[] =
    "was not there, since clocks went forward: add the offset of the time "
    "zone, as in +01:00";

/* Clocks were moved by no more, and by a multiple of the step. */
#define MOVED_MAX (3 * 60 * 60)
#define MOVED_STEP (15 * 60)

/* Do clocks here show these fields then? */
static bool
shows(time_t utc, const struct tm *fields)
{
	struct tm tm;

	localtime_r(&utc, &tm);
	return (tm.tm_year == fields->tm_year &&
	    tm.tm_yday == fields->tm_yday && tm.tm_hour == fields->tm_hour &&
	    tm.tm_min == fields->tm_min && tm.tm_sec == fields->tm_sec);
}

/*
 * Local time to UTC. When clocks go back, an hour is there twice, and one is
 * missing when they go forward. No flag is believed: C libraries differ, and
 * clocks are also moved for other reasons than daylight saving time.
 */
static const char *
from_local(int64_t *ms)
{
	const time_t local = (time_t)(*ms / 1000);
	time_t near, utc = 0;
	struct tm fields, tm;
	int moved, n = 0;

	/* The fields of that time of day, to be read as local ones. */
	gmtime_r(&local, &fields);
	tm = fields;
	tm.tm_isdst = -1;
	near = mktime(&tm);
	for (moved = -MOVED_MAX; moved <= MOVED_MAX; moved += MOVED_STEP)
		if (shows(near + moved, &fields)) {
			utc = near + moved;
			n++;
		}
	*ms = (int64_t)utc * 1000 + *ms % 1000;
	if (n == 0)
		return (was_not);
	return (n > 1 ? was_twice : NULL);
}

const char *
whohad_time(const char *text, int64_t *from_ms, int64_t *to_ms)
{
	struct logline_time t = { .span_ms = 1000, .has_zone = true };
	const char *error = NULL;

	if (text[0] == '@')
		t.unix_ms = strtonum(text + 1, 0, SECONDS_MAX, &error) * 1000;
	else if (!logline_time(text, strlen(text), &t))
		return (no_time);
	if (error != NULL)
		return (no_time);
	if (!t.has_zone)
		error = from_local(&t.unix_ms);
	*from_ms = t.unix_ms;
	*to_ms = t.unix_ms + t.span_ms - 1;
	return (error);
}
