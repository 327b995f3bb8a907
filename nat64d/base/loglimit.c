/*
 * Log limits: see loglimit.h for the states.
 */
#include "loglimit.h"

static void
begin_minute(struct loglimit *l, struct monotime now)
{
	l->running = true;
	l->until = monotime_add_secs(now, LOGLIMIT_SECS);
	l->n_muted = 0;
}

bool
loglimit_allow(struct loglimit *l, struct monotime now)
{
	/* After the minute, loglimit_due() has to return the number first. */
	if (l->running &&
	    (l->n_muted > 0 || !monotime_reached(l->until, now))) {
		l->n_muted++;
		return (false);
	}
	begin_minute(l, now);
	return (true);
}

uint64_t
loglimit_due(struct loglimit *l, struct monotime now)
{
	const uint64_t n = l->n_muted;

	if (!l->running || !monotime_reached(l->until, now))
		return (0);
	if (n > 0)
		begin_minute(l, now);
	else
		l->running = false;
	return (n);
}

bool
loglimit_total(struct loglimit *l, struct monotime now)
{
	return (loglimit_due(l, now) > 0 || loglimit_allow(l, now));
}
