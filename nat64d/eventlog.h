/*
 * The event log: who had which address and port at what time (RFC 6888, 4).
 *
 * Lines of event_text.h with the time before them go to a file or to the
 * system's logger. They are buffered, and a thread writes the file, so that no
 * packet waits for a disk or a reader; when the buffer is full, lines are lost
 * and counted, and a line in the log says how many:
 *
 *	time=... event=started | resumed
 *	time=... event=lines-lost count=N
 *	time=... event=stopped | handed-over
 *
 * What deterministic ports are computed from is told by lines of planline.h: at
 * the start, after each change, when the file is opened again, and once a day.
 * Bindings that were logged before "started" have ended. Those before "resumed"
 * go on, since their state was kept; if one does not, its end is logged, unless
 * the state was older than the binding.
 *
 * The same events go to collectors in the network (collector.h), each of which
 * has a queue of its own.
 *
 * Packets refused or dropped (EVENT_TROUBLE) are reported in the daemon's log
 * instead, at most one line per minute and cause, with a count; and to the
 * collectors, one event per minute and cause (RFC 8158, 4.6.5).
 */
#ifndef NAT64D_EVENTLOG_H
#define NAT64D_EVENTLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

#include "nat64d/core/event_text.h"
#include "nat64d/log/target.h"

#include "collector.h"

struct event_base;
struct eventlog;
struct nat64_config;
struct sandbox;

/*
 * Where to and which events. Both paths NULL and no collectors: only trouble is
 * logged.
 */
struct eventlog_opts {
	const char *file;
	const char *logger; /* path of the system logger's socket */
	bool json;	    /* lines of the file are JSON */
	bool resumes;	    /* bindings of before may go on: see above */
	const struct log_target *targets; /* copied */
	unsigned n_targets;
	unsigned kinds;	  /* EVENT_BINDINGS ... */
	bool destination; /* with the peers of sessions (RFC 6888, 4) */
};

/* Opens nothing yet; NULL with errno ENOMEM. */
struct eventlog *eventlog_new(const struct eventlog_opts *o);

/* Writes what is left, for which a disk is waited for two seconds at most. */
void eventlog_free(struct eventlog *l);

/* At the end, say that another process goes on with the bindings. */
void eventlog_hand_over(struct eventlog *l);

/* Call it as the user who will write. Returns 0, or -1 after a message. */
int eventlog_open(struct eventlog *l);

/*
 * After that, before the caller enters it: let the thread that writes the
 * file call enter(sb), which is sandbox_enter().
 */
void eventlog_sandbox(struct eventlog *l,
    void (*enter)(const struct sandbox *sb), const struct sandbox *sb);

/*
 * Open again, after the file was renamed; done while the event loop runs. When
 * that fails, it is logged and the old file remains in use.
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

/*
 * Keep these events from now on, if there is anywhere to keep them. A change is
 * a line, event=events-changed kinds=none|LIST destination=yes|no.
 */
void eventlog_set_kinds(struct eventlog *l, unsigned kinds, bool destination);

/*
 * Tell the deterministic ports of a configuration, and which of before have
 * ended. Where no event is kept, the daemon's log gets the lines, with their
 * time in them. Call it after eventlog_new() and after each change.
 */
void eventlog_set_plans(struct eventlog *l, const struct nat64_config *c);

/*
 * Send to these collectors from now on. Those that were there before go on as
 * they are; what others have not sent yet is lost, if they cannot send it at
 * once.
 */
void eventlog_set_targets(struct eventlog *l, const struct log_target *targets,
    unsigned n);

/* Does the file, the logger or a collector get this event? */
bool eventlog_keeps(const struct eventlog *l, const struct nat64_event *ev);

/* Lines of the file, or of the logger, that were lost since the start. */
uint64_t eventlog_lost(const struct eventlog *l);

/* The collectors, 0 to eventlog_collectors() - 1. */
unsigned eventlog_collectors(const struct eventlog *l);
const struct collector *eventlog_collector(const struct eventlog *l,
    unsigned i);

#endif
