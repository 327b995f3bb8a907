/*
 * An event loop and all that it needs to serve clients: listeners, questions,
 * what is asked of the upstreams, a cache, counters. Workers share nothing
 * but the configuration, which is only read, and what is known of each
 * upstream, a few atomic numbers (struct upstream_common). So none ever waits
 * for another and none of what they do needs a lock.
 *
 * The price: a cache in parts is filled more slowly, and one question may be
 * on its way once for each worker, so that who forges answers has as many
 * queries to hit (RFC 5452, 9.3).
 *
 * Knows nothing of threads. Whoever calls does so from within the event loop,
 * or sees to it that the loop stands still meanwhile.
 */
#ifndef DNS64D_WORKER_H
#define DNS64D_WORKER_H

#include <stdbool.h>
#include <stdio.h>

#include "dns64d/base/stats.h"

struct acl;
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
	struct context *next; /* prepared */
	struct stats stats;
};

/*
 * first: of all workers, as of frontend_new; cookie_seed: the same for all.
 * w: all zero. Returns 0, or -1 with errno.
 */
int worker_init(struct worker *w, bool first,
    const struct siphash_key *cookie_seed);

/*
 * Open the listeners; nothing is received yet. Before a fork and while root,
 * if any. Returns 0, or -1 after a log message.
 */
int worker_listen(struct worker *w, const struct conf *conf);

/*
 * Make the event loop and what belongs to it; after all forks. Takes a
 * reference of conf. Returns 0, or -1 when memory is short.
 */
int worker_begin(struct worker *w, struct conf *conf);

/* As frontend_connect. */
void worker_connect(struct worker *w, const struct acl *connected);

/* As frontend_follow. */
void worker_follow(struct worker *w);

/* Begin to receive. Returns 0, or -1 with errno ENOMEM. */
int worker_receive(struct worker *w);

/*
 * A new configuration: do all that can fail. Returns 0, or -1 after a log
 * message; then nothing has changed.
 */
int worker_prepare(struct worker *w, struct conf *conf);

/* Work by what was prepared, or forget it. */
void worker_commit(struct worker *w);
void worker_abandon(struct worker *w);

/* As translators_hurry. */
void worker_hurry(struct worker *w);

/* Print what is going on, and the state of upstreams and translators. */
void worker_print(const struct worker *w, FILE *f);

/*
 * Answer all questions that are left with SERVFAIL, and close everything but
 * the event loop.
 */
void worker_end(struct worker *w);

/* After the end, and that of all other events of the loop. */
void worker_clear(struct worker *w);

#endif
