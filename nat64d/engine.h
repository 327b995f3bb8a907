/*
 * The event loop of nat64d: packets between the tun device and the
 * translator, its timer, signals, and dumps.
 *
 * All work is done in bounded slices (packets of a batch, entries that expire,
 * are flushed or are saved, lines of a dump), so that no kind of work delays
 * another.
 *
 *	SIGUSR1		print the mapping table; refused while one is printed
 *	SIGUSR2		open the file of the event log again
 *	SIGHUP		remove sessions and dynamic bindings
 *	SIGTERM SIGINT	leave
 */
#ifndef NAT64D_ENGINE_H
#define NAT64D_ENGINE_H

#include <netinet/in.h>

#include <stdbool.h>

#include "common/os/watch.h"

#include "eventlog.h"
#include "nat64d/core/nat64.h"
#include "nat64d/os/tun.h"
#include "nat64d/state/handover.h"
#include "nat64d/state/statefile.h"

struct engine;
struct evbuffer;
struct event_base;
struct fastpath;

/* Where dumps (common/os/dumpfile.h) and events go. */
struct engine_opts {
	const char *dump_file; /* borrowed; NULL: see foreground */
	bool foreground;       /* to standard output, without a file */
	bool verbose;	       /* print counters of drops that are zero too */
	struct eventlog *log;  /* borrowed; NULL: nowhere */
	struct watch *watch;   /* borrowed; NULL: changes are not followed */
	struct statefile *state; /* borrowed; NULL: no state is kept */
	/* Begins each dump with lines of its own; NULL: none. */
	void (*dump_first)(void *arg, struct evbuffer *out);
	void *dump_first_arg;
};

/*
 * An engine with a translator of its own, not running yet. To be called after
 * daemonise(). tun is borrowed; conf is not needed any more when this returns,
 * and its secret is set here. Returns NULL with errno.
 */
struct engine *engine_new(struct tun *tun, struct nat64_config *conf,
    const struct engine_opts *opts);

/* Its event loop and translator; valid as long as e. */
struct event_base *engine_base(const struct engine *e);
struct nat64 *engine_nat64(const struct engine *e);
struct fastpath *engine_fastpath(const struct engine *e); /* or NULL */

/* After log_set_level(): log the decisions about packets, or no longer. */
void engine_log_level_changed(struct engine *e);

/*
 * Restore bindings and sessions from the state file, if there is one. Before
 * engine_run(), with the rights of the daemon's user; see statefile_load().
 */
void engine_load_state(struct engine *e);

/*
 * Somebody else has restored them, the role has changed, or a host has asked
 * for a mapping.
 */
void engine_restored(struct engine *e);

/*
 * Restore them from another process, which stops; see heir_take(). Returns 0,
 * or -1 with a text: the other process goes on.
 */
int engine_take_over(struct engine *e, struct heir *heir, heir_fn *restored,
    void *arg, char text[HANDOVER_TEXT_SIZE]);

/*
 * Another process has all that this one has (nat64d/state/handover.h): leave,
 * without saving the state.
 */
void engine_hand_over(struct engine *e);
bool engine_is_handed_over(const struct engine *e);

/*
 * See the events of sink.event, and every dropped packet, as they happen. A
 * function that is NULL is not wanted. Replaces what was set before.
 */
struct engine_watcher {
	void (*event)(void *arg, const struct nat64_event *ev);
	void (*drop)(void *arg, const struct nat64_event *ev);
	void *arg;
};
void engine_watch(struct engine *e, const struct engine_watcher *w);

/*
 * Begin to remove all sessions and dynamic bindings, as SIGHUP does
 * (nat64_flush_begin()).
 */
void engine_flush(struct engine *e);

/*
 * Run until a signal ends it; then the state is saved. Returns 0, or -1 when
 * the device has failed, which has been logged.
 */
int engine_run(struct engine *e);

/*
 * Make engine_run() return -1. For callbacks of the watch, which have logged
 * the reason.
 */
void engine_fail(struct engine *e);

/* Use a fast path from now on; borrowed until engine_free(). */
void engine_set_fastpath(struct engine *e, struct fastpath *f);

/* See nat64_set_mtu(). */
void engine_set_mtu(struct engine *e, uint32_t mtu4, uint32_t mtu6);

/*
 * See nat64_reconfigure(), whose errors it has; the engine calls nat64_settle()
 * until that is done.
 */
int engine_reconfigure(struct engine *e, const struct nat64_config *n);
bool engine_is_settling(const struct engine *e);

/*
 * See nat64_set_pool(); if it fails, that is logged and ends the engine.
 * arg: the engine; a poolif_fn (poolif.h).
 */
void engine_set_pool(void *arg, const struct nat64_config *n);

/* See nat64_set_prefix(). */
void engine_set_prefix(struct engine *e, const struct pref64 *p);

/*
 * See nat64_set_self6(). arg: the engine; a self6_fn (self6.h).
 */
void engine_set_self6(void *arg, const struct in6_addr *self6);

void engine_free(struct engine *e);

#endif
