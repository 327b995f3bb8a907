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

/* Private to probe.c. */
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
