#include <stdbool.h>
#include <stdlib.h>

#include <event2/event.h>

#include "common/monotime.h"
#include "common/os/log.h"

#include "dns64d/client/frontend.h"
#include "dns64d/os/activation.h"
#include "drain.h"
#include "query.h"
#include "worker.h"
#include "workers.h"

#define LOOK_MS 10 /* from one look at the open queries to the next */

_Static_assert(DRAIN_MS > QUERY_DEADLINE_MS, "all queries can be answered");

struct drain {
	struct workers *workers;
	struct event *look;
	bool draining;
	struct monotime until;
};

/* An answer over TCP is in progress until the kernel has taken all of it. */
static void
count(void *arg, struct worker *w)
{
	unsigned *open = arg;

	*open += queries_open(w->queries) + frontend_unsent(w->frontend);
}

static void
stop(void *arg, struct worker *w)
{
	frontend_stop(w->frontend);
	count(arg, w);
}

static void
leave(const struct drain *d)
{
	event_base_loopbreak(workers_base(d->workers));
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval soon = { 0, LOOK_MS * 1000 };
	struct drain *d = arg;
	unsigned open = 0;

	(void)fd;
	(void)what;
	workers_each(d->workers, count, &open);
	if (open == 0 || monotime_reached(d->until, monotime_now()))
		leave(d);
	else
		event_add(d->look, &soon);
}

struct drain *
drain_new(struct workers *ws)
{
	struct drain *d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (NULL);
	d->workers = ws;
	d->look = evtimer_new(workers_base(ws), on_look, d);
	if (d->look == NULL) {
		free(d);
		return (NULL);
	}
	return (d);
}

void
drain_begin(struct drain *d)
{
	unsigned open = 0;

	if (d->draining || !activation_is_used()) {
		leave(d);
		return;
	}
	d->draining = true;
	d->until = monotime_add_ms(monotime_now(), DRAIN_MS);
	workers_each(d->workers, stop, &open);
	log_info("queries in progress, which are answered first: %u", open);
	on_look(-1, 0, d);
}

void
drain_free(struct drain *d)
{
	if (d == NULL)
		return;
	event_free(d->look);
	free(d);
}
