/*
 * Parts of the daemon that want to know when this host's network changes,
 * and the event loop that tells them.
 *
 * Changes come in crowds: an interface that comes up brings addresses and
 * routes. So each part is told once of what happened within WATCH_SETTLE_MS,
 * and then looks up what it cares for (hostwatch.h); more often than that
 * nobody is disturbed, however many routes come and go.
 *
 *	starting	watch_new(), watch_add() ...	before privs_drop()
 *	loop is made	watch_attach()			all is looked at once
 *	running		fn(arg, HOSTWATCH_ bits) ...
 */
#ifndef COMMON_OS_WATCH_H
#define COMMON_OS_WATCH_H

#include "hostwatch.h"

#define WATCH_SETTLE_MS 100

/* Parts that watch_add() has room for. */
#define WATCH_MAX 8

struct event_base;
struct watch;

/*
 * Watch for HOSTWATCH_ kinds of change from now on: what happens between this
 * and watch_attach() is told later. Returns NULL with errno.
 */
struct watch *watch_new(unsigned kinds);
void watch_free(struct watch *w); /* after watch_detach() */

/* To look things up; at any time. */
struct hostwatch *watch_host(struct watch *w);

/*
 * Have fn called after changes of these kinds (HOSTWATCH_ bits); what: those
 * that may have happened. It may have been less, or be undone already. Also
 * once, with all kinds, when watch_attach() was called. Aborts when there
 * are more than WATCH_MAX.
 */
typedef void (*watch_fn)(void *arg, unsigned what);
void watch_add(struct watch *w, unsigned kinds, watch_fn fn, void *arg);

/* The event loop, for timers of a part. Between attach and detach. */
struct event_base *watch_base(struct watch *w);

/*
 * Tell of these kinds once more in WATCH_SETTLE_MS, as if something had
 * happened: for who wants to see whether a change lasts. While attached.
 */
void watch_again(struct watch *w, unsigned kinds);

/* Returns 0, or -1 with errno ENOMEM. watch_detach() before base is freed. */
int watch_attach(struct watch *w, struct event_base *base);
void watch_detach(struct watch *w);

#endif
