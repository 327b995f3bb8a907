/*
 * All workers of the process. The first runs in the main thread, the others
 * each in a thread of their own.
 *
 * What concerns all of them (start, reload, statistics, end) is done by the
 * main thread while the others are stopped between two events. So it takes no
 * longer than with one worker, applies to all at the same moment, and needs
 * no locks.
 */
#ifndef DNS64D_WORKERS_H
#define DNS64D_WORKERS_H

#include <stdbool.h>

#include "dns64d/admission/refusals.h"

struct acl;
struct conf;
struct evbuffer;
struct event_base;
struct sandbox;
struct worker;
struct workers;

/* n: at least 1. Returns NULL with errno. */
struct workers *workers_new(unsigned n);

/* worker_listen, and later worker_begin, for all of them. */
int workers_listen(struct workers *ws, const struct conf *conf);
int workers_begin(struct workers *ws, struct conf *conf);

/* The event loop of the first worker, which the main thread runs. */
struct event_base *workers_base(const struct workers *ws);

/*
 * Create the threads, enter the sandbox in each of them and in this one, and
 * start to receive. The last step of the start before the main thread runs
 * its event loop. A failure ends the process through fatal().
 */
void workers_start(struct workers *ws, const struct sandbox *sb);

/*
 * Use another configuration, to which every worker takes a reference. keep: as
 * for worker_commit(). Returns 0, or -1 after a log message; then nothing has
 * changed.
 */
int workers_reload(struct workers *ws, struct conf *conf, bool keep);

/*
 * Whether workers_reload() could use a configuration: its new listeners are
 * opened and closed again. Returns 0, or -1 after a log message.
 */
int workers_check(struct workers *ws, struct conf *conf);

/* frontend_connect for all of them; also before workers_start. */
void workers_connect(struct workers *ws, const struct acl *connected);

/*
 * workers_watch_refusals: call fn(arg), in a worker's thread, for the first
 * query that is refused because nothing allows its client since the refusals
 * were last taken. workers_take_refusals: add what all have noted to sum, and
 * clear it.
 */
void workers_watch_refusals(struct workers *ws, refusals_fn *fn, void *arg);
void workers_take_refusals(struct workers *ws, struct refusals *sum);

/* translators_hurry for all of them. */
void workers_hurry(struct workers *ws);

/* frontend_follow for all of them. */
void workers_follow(struct workers *ws);

/*
 * Append the sums of the counters, the state of each worker, and a last line
 * "end". Returns 0, or -1 if memory is short.
 */
int workers_print(struct workers *ws, struct evbuffer *out);

/*
 * Call fn for each worker in turn, from the first one on, while all are
 * stopped: fn may use everything that the worker owns, but must be quick.
 */
void workers_each(struct workers *ws, void (*fn)(void *arg, struct worker *w),
    void *arg);

/* The first worker, for what is done in the main thread only. */
struct worker *workers_first(struct workers *ws);

/* End the threads and every worker. */
void workers_end(struct workers *ws);

/* Free the event loops and ws, after workers_end. */
void workers_free(struct workers *ws);

#endif
