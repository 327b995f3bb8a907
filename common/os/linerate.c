#include "linerate.h"

uint64_t
linerate_due(struct linerate *r, struct monotime now)
{
	const uint64_t n = r->left_out;

	if (!monotime_reached(r->until, now))
		return (0);
	r->left_out = 0;
	return (n);
}

bool
linerate_take(struct linerate *r, struct monotime now, uint64_t *before)
{
	*before = linerate_due(r, now);
	if (monotime_reached(r->until, now)) {
		r->until = monotime_add_secs(now, 1);
		r->said = 0;
	}
	if (r->said == LINERATE_MAX) {
		r->left_out++;
		return (false);
	}
	r->said++;
	return (true);
}
