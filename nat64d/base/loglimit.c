#include "loglimit.h"

static void
begin_minute(struct loglimit *r, struct monotime now)
{
	r->quiet = true;
	r->until = monotime_add_secs(now, LOGLIMIT_SECS);
	r->unsaid = 0;
}

bool
loglimit_allow(struct loglimit *r, struct monotime now)
{
	/* What is unsaid comes first, with loglimit_due(). */
	if (r->quiet && (r->unsaid > 0 || !monotime_reached(r->until, now))) {
		r->unsaid++;
		return (false);
	}
	begin_minute(r, now);
	return (true);
}

uint64_t
loglimit_due(struct loglimit *r, struct monotime now)
{
	const uint64_t n = r->unsaid;

	if (!r->quiet || !monotime_reached(r->until, now))
		return (0);
	if (n > 0)
		begin_minute(r, now);
	else
		r->quiet = false;
	return (n);
}
