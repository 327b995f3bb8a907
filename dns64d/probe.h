/*
 * Asks upstreams that are down whether they are back. One probe at a time;
 * at rest while none is down.
 */
#ifndef DNS64D_PROBE_H
#define DNS64D_PROBE_H

#include <event2/event_struct.h>

#include "leg.h"
#include "upstream.h"

/* Private to probe.c. */
struct probe {
	struct leg_env *env;
	const struct upstreams *ups;
	struct upstream *asked;	     /* NULL at rest */
	struct upstream_route route; /* to it alone */
	struct leg leg;
	struct event timer;
};

/* Becomes env's on_down. */
void probe_init(struct probe *p, struct leg_env *env);

/* Watch these from now on; they must live until the next call or the stop. */
void probe_watch(struct probe *p, const struct upstreams *ups);

void probe_stop(struct probe *p);

#endif
