/*
 * Times of RFC 3339, for logline.c and for people who ask.
 */
#include <string.h>

#include "logline.h"

#define MS_OF_DAY INT64_C(86400000)

/* What is left of a text. */
struct rest {
	const char *p;
	const char *end;
};

/* A number of just n digits, from min to max. */
static bool
take_number(struct rest *r, unsigned n, int min, int max, int *value)
{
	int v = 0;

	if ((size_t)(r->end - r->p) < n)
		return (false);
	for (; n > 0; n--, r->p++) {
		if (*r->p < '0' || *r->p > '9')
			return (false);
		v = v * 10 + (*r->p - '0');
	}
	*value = v;
	return (v >= min && v <= max);
}

static bool
take_char(struct rest *r, const char *any_of)
{
	if (r->p == r->end || *r->p == '\0' || strchr(any_of, *r->p) == NULL)
		return (false);
	r->p++;
	return (true);
}

/* Days from 1 January 1970, of the Gregorian calendar. */
static int64_t
days_from_civil(int year, int month, int day)
{
	const int64_t y = month > 2 ? year : year - 1;
	const int64_t era = y / 400, of_era = y % 400;
	const int64_t of_year =
	    (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return (era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	    of_year - 719468);
}

static int
days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	const bool leap =
	    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return (days[month - 1] + (month == 2 && leap ? 1 : 0));
}

static bool
take_date(struct rest *r, int64_t *ms)
{
	int year, month, day;

	if (!take_number(r, 4, 1970, 9999, &year) || !take_char(r, "-") ||
	    !take_number(r, 2, 1, 12, &month) || !take_char(r, "-") ||
	    !take_number(r, 2, 1, days_of_month(year, month), &day))
		return (false);
	*ms = days_from_civil(year, month, day) * MS_OF_DAY;
	return (true);
}

/* The digits behind the point: their number is not limited. */
static bool
take_fraction(struct rest *r, struct logline_time *t)
{
	int scale = 100, digit;

	if (!take_number(r, 1, 0, 9, &digit))
		return (false);
	t->span_ms = 1000;
	do {
		t->unix_ms += digit * scale;
		if (scale > 0)
			t->span_ms = scale;
		scale /= 10;
	} while (take_number(r, 1, 0, 9, &digit));
	return (true);
}

/* A leap second counts as the first one of the next minute. */
static bool
take_clock(struct rest *r, struct logline_time *t)
{
	int hour, minute, second;

	if (!take_number(r, 2, 0, 23, &hour) || !take_char(r, ":") ||
	    !take_number(r, 2, 0, 59, &minute))
		return (false);
	t->unix_ms += (hour * 60 + minute) * INT64_C(60000);
	t->span_ms = 60000;
	if (!take_char(r, ":"))
		return (true);
	if (!take_number(r, 2, 0, 60, &second))
		return (false);
	t->unix_ms += second * INT64_C(1000);
	t->span_ms = 1000;
	return (!take_char(r, ".") || take_fraction(r, t));
}

static bool
take_zone(struct rest *r, struct logline_time *t)
{
	int hours, minutes, sign;

	t->has_zone = true;
	if (take_char(r, "Zz"))
		return (true);
	sign = r->p < r->end && *r->p == '-' ? -1 : 1;
	if (!take_char(r, "+-")) {
		t->has_zone = false;
		return (true);
	}
	if (!take_number(r, 2, 0, 23, &hours))
		return (false);
	(void)take_char(r, ":");
	if (!take_number(r, 2, 0, 59, &minutes))
		return (false);
	t->unix_ms -= sign * (hours * 60 + minutes) * INT64_C(60000);
	return (true);
}

bool
logline_time(const char *text, size_t len, struct logline_time *t)
{
	struct rest r = { text, text + len };

	return (take_date(&r, &t->unix_ms) && take_char(&r, "Tt ") &&
	    take_clock(&r, t) && take_zone(&r, t) && r.p == r.end);
}
