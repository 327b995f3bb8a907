#include <stdlib.h>

#include <event2/event.h>

#include "common/monotime.h"

#include "rates.h"

struct sample {
	struct monotime at;
	struct nat64_stats stats;
};

struct rates {
	const struct nat64_stats *stats;
	struct event *timer;
	struct sample last;
	struct sample before;
};

static void
take(struct rates *r)
{
	r->before = r->last;
	r->last.at = monotime_now();
	r->last.stats = *r->stats;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	take(arg);
}

struct rates *
rates_new(struct event_base *base, const struct nat64_stats *stats)
{
	const struct timeval every = { .tv_sec = RATES_SECS };
	struct rates *r;

	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return (NULL);
	r->stats = stats;
	take(r);
	r->before = r->last;
	r->timer = event_new(base, -1, EV_PERSIST, on_timer, r);
	if (r->timer == NULL || event_add(r->timer, &every) == -1) {
		rates_free(r);
		return (NULL);
	}
	return (r);
}

void
rates_free(struct rates *r)
{
	if (r == NULL)
		return;
	if (r->timer != NULL)
		event_free(r->timer);
	free(r);
}

double
rates_drops(const struct rates *r, enum nat64_reason *top)
{
	const int64_t ms = monotime_diff_ms(monotime_now(), r->before.at);
	uint64_t grown, most = 0, sum = 0;
	int i;

	*top = NAT64_NONE;
	for (i = NAT64_NONE + 1; i < NAT64_NREASONS; i++) {
		grown = r->stats->drops[i] - r->before.stats.drops[i];
		sum += grown;
		if (grown > most) {
			most = grown;
			*top = (enum nat64_reason)i;
		}
	}
	return (ms > 0 ? (double)sum * 1000 / (double)ms : 0);
}
