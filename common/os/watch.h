/*
 * Callbacks of an event loop for changes of this host's network.
 *
 * Changes come in bursts: with an interface come addresses and routes.
 * Therefore each callback is called once for all changes within
 * WATCH_SETTLE_MS. It then looks up what it needs (hostwatch.h).
 *
 *	starting	watch_new(), watch_add() ...	before privs_drop()
 *	loop is made	watch_attach()			all callbacks are called
 *	running		fn(arg, HOSTWATCH_ bits) ...
 */
#ifndef COMMON_OS_WATCH_H
#define COMMON_OS_WATCH_H

#include "hostwatch.h"

#define WATCH_SETTLE_MS 100

/* The most callbacks that watch_add() takes. */
#define WATCH_MAX 8

struct event_base;
struct watch;

/*
 * Watch for HOSTWATCH_ kinds of change from now on; changes before
 * watch_attach() are reported after it. Returns NULL with errno.
 */
struct watch *watch_new(unsigned kinds);
void watch_free(struct watch *w); /* after watch_detach() */

/* For lookups, at any time. */
struct hostwatch *watch_host(struct watch *w);

/*
 * Call fn after changes of these kinds (HOSTWATCH_ bits); its argument has the
 * kinds that may have changed, perhaps more than did. It is also called once,
 * with all kinds, after watch_attach(). Aborts after WATCH_MAX callbacks.
 */
typedef void (*watch_fn)(void *arg, unsigned what);
void watch_add(struct watch *w, unsigned kinds, watch_fn fn, void *arg);

/* The event loop, for timers of a callback. Between attach and detach. */
struct event_base *watch_base(struct watch *w);

/*
 * Report these kinds again in WATCH_SETTLE_MS, for a caller that checks
 * whether a change lasts. While attached.
 */
void watch_again(struct watch *w, unsigned kinds);

/* Returns 0, or -1 with errno ENOMEM. Call watch_detach() before
 * base is freed. */
int watch_attach(struct watch *w, struct event_base *base);
void watch_detach(struct watch *w);

#endif
