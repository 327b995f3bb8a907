/*
 * The event log: who had which address and port at what time (RFC 6888, 4).
 *
 * Lines of event_text.h with the time before them go to a file or to the
 * system's logger. They are buffered and written from the event loop, so
 * that no packet waits for a disk or a reader; when the buffer is full,
 * lines are lost and counted, and a line in the log says how many:
 *
 *	time=... event=started
 *	time=... event=lines-lost count=N
 *	time=... event=stopped
 *
 * Bindings that were logged before "started" have ended.
 *
 * Packets refused or dropped (EVENT_TROUBLE) are reported in the daemon's log
 * instead, at most one line per minute and cause, with a count.
 */
#ifndef NAT64D_EVENTLOG_H
#define NAT64D_EVENTLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

#include "nat64d/core/event_text.h"

struct event_base;
struct eventlog;

/* Where to and which events. Both paths NULL: only trouble is logged. */
struct eventlog_opts {
	const char *file;
	const char *logger; /* path of the system logger's socket */
	unsigned kinds;	    /* EVENT_BINDINGS ... */
	bool destination;   /* with the peers of sessions (RFC 6888, 4) */
};

/* Opens nothing yet; NULL with errno ENOMEM. */
struct eventlog *eventlog_new(const struct eventlog_opts *o);

/* Writes what can be written without waiting. */
void eventlog_free(struct eventlog *l);

/* Call it as the user who will write. Returns 0, or -1 with errno. */
int eventlog_open(struct eventlog *l);

/*
 * Open again, after the file was renamed. When that fails, it is logged and
 * the old file remains in use.
 */
void eventlog_reopen(struct eventlog *l);

/*
 * Let base write the lines. Returns 0, or -1 with errno ENOMEM. Events are
 * accepted before. Call eventlog_detach() before base is freed.
 */
int eventlog_attach(struct eventlog *l, struct event_base *base);
void eventlog_detach(struct eventlog *l);

/* unix_ms: the time of the event in milliseconds since 1970. */
void eventlog_event(struct eventlog *l, const struct nat64_event *ev,
    struct monotime now, int64_t unix_ms);

/* Keep these events from now on, if there is a file or a logger. */
void eventlog_set_kinds(struct eventlog *l, unsigned kinds, bool destination);

/* Does the file, or the logger, get this event? */
bool eventlog_keeps(const struct eventlog *l, const struct nat64_event *ev);

#endif
