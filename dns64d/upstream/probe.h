/*
 * Probes of upstream servers that are suspect or down (upstream.h): a query
 * to each about once a second, until it answers. Only one of all workers
 * probes a server at a time.
 */
#ifndef DNS64D_UPSTREAM_PROBE_H
#define DNS64D_UPSTREAM_PROBE_H

#include <event2/event_struct.h>

#include "fetch.h"
#include "upstream.h"

#define PROBES_MAX 8 /* at a time */

struct probe;

/*
 * A probe. Private to probe.c. Its states:
 *
 * free      asked is NULL, timer is off and fetch is idle. step() leads to
 *           probing, when upstream_probe_due() returns a server.
 * probing   asked is set and timer is the timeout. on_done() and on_timer()
 *           lead to free, as do probe_watch() and probe_stop().
 *
 * Only ask() sets the members; route does not change while probing.
 */
struct probe_slot {
	struct probe *probe;
	struct upstream *asked;	     /* NULL: the slot is free */
	struct upstream_route route; /* to this server only */
	struct monotime began;
	struct fetch fetch;
	struct event timer;
};

struct probe {
	struct fetch_env *env;
	const struct upstreams *ups;
	struct event tick;
	struct probe_slot slots[PROBES_MAX];
};

/* p: all zero. Sets env->on_silence. */
void probe_init(struct probe *p, struct fetch_env *env);

/* Probe these servers from now on. Borrowed until the next call or the stop. */
void probe_watch(struct probe *p, const struct upstreams *ups);

/* Stop all probes. */
void probe_stop(struct probe *p);

#endif
