/*
 * A worker: an event loop with listeners, queries, lookups, caches and
 * counters. Workers share the configuration, which is only read, and some
 * atomic numbers for each upstream (struct upstream_common); nothing else, so
 * they need no locks.
 *
 * Therefore each worker fills a cache of its own, and several workers may ask
 * an upstream the same question at the same time, which gives an attacker who
 * forges answers as many chances (RFC 5452, 9.3).
 *
 * Knows nothing of threads. The functions below must be called from within
 * the worker's event loop, or while that does not run.
 */
#ifndef DNS64D_WORKER_H
#define DNS64D_WORKER_H

#include <stdbool.h>
#include <stdio.h>

#include "dns64d/base/stats.h"

struct conf;
struct event_base;
struct frontend;
struct context;
struct queries;
struct siphash_key;

struct worker {
	struct event_base *base;
	struct frontend *frontend;
	struct queries *queries;
	struct context *next; /* from worker_prepare on; else NULL */
	struct stats stats;
};

/*
 * Initialise a worker, which must be all zero.
 * first: it is the first of the process, as for frontend_new.
 * cookie_seed: the same for all workers. Returns 0, or -1 with errno.
 */
int worker_init(struct worker *w, bool first,
    const struct siphash_key *cookie_seed);

/*
 * Open the listeners, but receive nothing yet. To be called while root, and
 * before a fork. Returns 0, or -1 after a log message.
 */
int worker_listen(struct worker *w, const struct conf *conf);

/*
 * Make the event loop, and the context from conf, to which this takes a
 * reference. To be called after all forks. Returns 0, or -1 if memory is
 * short.
 */
int worker_begin(struct worker *w, struct conf *conf);

/*
 * The first step of a reload: everything that can fail. Returns 0, or -1 after
 * a log message; then nothing has changed.
 */
int worker_prepare(struct worker *w, struct conf *conf);

/*
 * The second step: use what was prepared, or discard it. keep: take over what
 * is cached, see context_keep_cache().
 */
void worker_commit(struct worker *w, bool keep);
void worker_abandon(struct worker *w);

/* See translators_hurry. */
void worker_hurry(struct worker *w);

/* Print the queries, caches, upstreams and translators. */
void worker_print(const struct worker *w, FILE *f);

/*
 * Answer all open queries with SERVFAIL, and free everything but the event
 * loop.
 */
void worker_end(struct worker *w);

/* Free the event loop, after worker_end and when it has no more events. */
void worker_clear(struct worker *w);

#endif
