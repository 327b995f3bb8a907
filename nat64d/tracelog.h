/*
 * The decisions of the translator in the daemon's log, with "log level debug":
 * lines of event_text.h, as many as debuglog.h allows.
 */
#ifndef NAT64D_TRACELOG_H
#define NAT64D_TRACELOG_H

#include "eventlog.h"
#include "nat64d/core/nat64.h"

struct event_base;
struct tracelog;

/* base and events must outlive it. Returns NULL with errno ENOMEM. */
struct tracelog *tracelog_new(struct event_base *base,
    const struct eventlog *events);
void tracelog_free(struct tracelog *t);

/*
 * Log a refusal, or a binding, session or address unless it is in the event
 * log. For sink.event. Dropped packets are ignored here, as sink.trace reports
 * them.
 */
void tracelog_event(struct tracelog *t, const struct nat64_event *ev);

/* Log a packet that goes no further. For sink.trace. */
void tracelog_packet(struct tracelog *t, const struct nat64_event *ev);

#endif
