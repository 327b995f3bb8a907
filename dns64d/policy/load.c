#include "load.h"

#define GAIN 4		/* a poll counts 1/4 */
#define LEAST_CHANGE 10 /* of LOAD_FULL */

static unsigned
share(uint64_t used, uint64_t of)
{
	/* Divided first if the product might not fit. */
	if (used >= of)
		return (LOAD_FULL);
	if (of > UINT64_MAX / LOAD_FULL)
		return ((unsigned)(used / (of / LOAD_FULL)));
	return ((unsigned)(used * LOAD_FULL / of));
}

unsigned
load_of_metrics(const struct metrics *m)
{
	unsigned load = share(m->sessions, m->sessions_max), ports;
	size_t i;

	for (i = 0; i < METRICS_N_PROTO; i++) {
		if (m->ports[i] == 0 || m->available[i] > m->ports[i])
			continue;
		ports = share(m->ports[i] - m->available[i], m->ports[i]);
		if (ports > load)
			load = ports;
	}
	return (load);
}

/* Rounded towards now, so that the mean gets there. */
static unsigned
mean(unsigned old, unsigned now)
{
	if (now > old)
		return (old + (now - old + GAIN - 1) / GAIN);
	return (old - (old - now + GAIN - 1) / GAIN);
}

void
load_observe(struct load *l, const struct metrics *m)
{
	unsigned now = load_of_metrics(m), change;

	l->last = now;
	l->mean = !l->known || now >= LOAD_FAILING ? now : mean(l->mean, now);
	change = l->mean > l->used ? l->mean - l->used : l->used - l->mean;
	if (!l->known || change >= LEAST_CHANGE)
		l->used = l->mean;
	l->known = true;
}
