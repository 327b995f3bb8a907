/*
 * Asks upstreams that are silent, or known to be down, whether they are
 * there: about once a second each, until they answer. Of all workers one asks
 * at a time. At rest while none is silent.
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
	struct upstream *asked;	     /* NULL at rest */
	struct upstream_route route; /* to it alone */
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

/* p: all zero. Becomes env's on_silence. */
void probe_init(struct probe *p, struct fetch_env *env);

/* Watch these from now on; they must live until the next call or the stop. */
void probe_watch(struct probe *p, const struct upstreams *ups);

void probe_stop(struct probe *p);

#endif
