/*
 * All workers of the process, and the threads of all but the first, whose
 * event loop is the main thread's. So one worker alone needs no thread.
 *
 * What concerns all of them (start, reload, statistics, end) is the main
 * thread's to do, while the others stand still between two events. That takes
 * no longer than it would take one worker alone, is never half done, and
 * leaves every counter and table without a lock.
 */
#ifndef DNS64D_WORKERS_H
#define DNS64D_WORKERS_H

#include "dns64d/admission/refusals.h"

struct acl;
struct conf;
struct evbuffer;
struct event_base;
struct sandbox;
struct workers;

/* n: at least 1. Returns NULL with errno. */
struct workers *workers_new(unsigned n);

/* As worker_listen and worker_begin, in this order, for all of them. */
int workers_listen(struct workers *ws, const struct conf *conf);
int workers_begin(struct workers *ws, struct conf *conf);

/* The event loop that the main thread is to run; owned by ws. */
struct event_base *workers_base(const struct workers *ws);

/*
 * While starting, and the last thing before the main thread's event loop:
 * make the threads, enter the sandbox in each and in this one, begin to
 * receive. A failure ends the process through fatal().
 */
void workers_start(struct workers *ws, const struct sandbox *sb);

/*
 * Work by another configuration, of which every worker takes a reference.
 * Returns 0, or -1 after a log message; then nothing has changed.
 */
int workers_reload(struct workers *ws, struct conf *conf);

/* As frontend_connect, for all of them; also before they are started. */
void workers_connect(struct workers *ws, const struct acl *connected);

/*
 * Have fn called by the thread of a worker that has refused a query whose
 * client nothing allows, the first one since they were taken; and sum up what
 * all have noted, and forget it.
 */
void workers_watch_refusals(struct workers *ws, refusals_fn *fn, void *arg);
void workers_take_refusals(struct workers *ws, struct refusals *sum);

/* As translators_hurry, for all of them. */
void workers_hurry(struct workers *ws);

/* As frontend_follow, for all of them. */
void workers_follow(struct workers *ws);

/*
 * Append the counters of all together, then the state of each, and a last
 * line "end". Returns 0, or -1 when memory is short.
 */
int workers_print(struct workers *ws, struct evbuffer *out);

/* End the threads, and every worker. */
void workers_end(struct workers *ws);

/* After the end; the event loops go. */
void workers_free(struct workers *ws);

#endif
