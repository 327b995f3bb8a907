#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/os/dumpfile.h"
#include "common/os/log.h"
#include "common/os/rng_os.h"
#include "common/os/timer.h"

#include "dump.h"
#include "engine.h"
#include "nat64d/os/fastpath.h"
#include "tracelog.h"

/*
 * Bounds of a slice, so that each takes less than one or two milliseconds. A
 * larger batch of packets lets more packets of a flow be joined (gro.h) when
 * many flows are mixed. The bound in bytes is for super-packets, which take ten
 * times as long as packets. Packets that come during a dump wait for a slice of
 * it, which takes less than a tenth of a millisecond.
 */
#define MAX_PACKETS 256
#define MAX_BYTES (1 << 20)
#define MAX_ENTRIES 128
#define MAX_LINES 32

/*
 * Granularity of the translator's timer: entries that expire within this time
 * are removed in one wakeup. Lookups ignore an entry that has expired but is
 * not removed yet.
 */
#define TICK_MS 10

/* Interval of the warnings about packets that the device refuses. */
#define REFUSAL_LOG_SECS 60

enum { SIG_TERM, SIG_INT, SIG_HUP, SIG_USR1, SIG_USR2, NSIGNALS };

struct engine {
	struct event_base *base;
	struct tun *tun;
	struct fastpath *fastpath; /* NULL: none */
	struct nat64 *nat64;
	struct nat64_workspace *workspace;
	struct rng rng;
	struct rng_os random; /* the source of rng */
	struct engine_opts opts;
	struct tracelog *trace;
	struct engine_watcher watcher; /* all NULL: none */

	struct event *packets;
	struct event *timer;
	bool timer_set;
	struct monotime timer_at;
	uint64_t refusals;	     /* of the device, at the last look */
	struct monotime refused_at;  /* time of the last one */
	struct monotime refusal_log; /* no warning before */
	struct event *signals[NSIGNALS];
	bool flushing;
	bool settling; /* after engine_reconfigure() */
	bool failed;
	bool handed_over;

	struct dumpfile *dumpfile;
	struct dump *dump; /* the one being printed, or NULL */
};

/*
 * Packets.
 */

static void
emit(void *arg, struct pkt *p)
{
	struct engine *e = arg;

	tun_send(e->tun, p);
}

static void
on_event(void *arg, const struct nat64_event *ev)
{
	struct engine *e = arg;

	if (log_get_level() == LOG_LEVEL_DEBUG)
		tracelog_event(e->trace, ev);
	if (e->watcher.event != NULL)
		e->watcher.event(e->watcher.arg, ev);
	eventlog_event(e->opts.log, ev, monotime_now(), wallclock_ms());
}

static void
trace(void *arg, const struct nat64_event *ev)
{
	struct engine *e = arg;

	if (log_get_level() == LOG_LEVEL_DEBUG)
		tracelog_packet(e->trace, ev);
	if (e->watcher.drop != NULL && ev->type == NAT64_EV_PACKET_DROPPED)
		e->watcher.drop(e->watcher.arg, ev);
}

static void
send_all(struct engine *e, struct monotime now)
{
	const struct tun_refusal *r = tun_refusal(e->tun);
	unsigned n;

	for (n = tun_flush(e->tun); n > 0; n--)
		nat64_count_device_drop(e->nat64);
	if (r->count == e->refusals)
		return;
	e->refusals = r->count;
	e->refused_at = now;
	if (!monotime_reached(e->refusal_log, now))
		return;
	log_warn("%s: packet refused by the device: %s (%s)", tun_name(e->tun),
	    strerror(r->error), r->packet);
	e->refusal_log = monotime_add_secs(now, REFUSAL_LOG_SECS);
}

/*
 * Set the timer to the next expiry. A timer that fires too early is not
 * changed: nearly every packet extends a lifetime, and setting the timer for
 * each costs more than one needless wakeup per lifetime. A timer that is due is
 * not changed either, so that packets do not delay the rest of the last slice.
 */
static void
set_timer(struct engine *e, struct monotime now)
{
	struct monotime when;
	int64_t ms;

	if (!nat64_next_expiry(e->nat64, &when))
		return;
	if (e->timer_set &&
	    (monotime_reached(e->timer_at, when) ||
		monotime_reached(e->timer_at, now)))
		return;
	ms = monotime_diff_ms(when, now) + 1;
	timer_start(e->timer, ms > TICK_MS ? ms : TICK_MS);
	e->timer_set = true;
	e->timer_at = when;
}

static void
set_timer_at_once(struct engine *e, struct monotime now)
{
	timer_start(e->timer, 0);
	e->timer_set = true;
	e->timer_at = now;
}

struct batch {
	struct engine *engine;
	struct monotime now;
};

static void
packets_received(void *arg, struct pkt *pkts, unsigned n)
{
	struct batch *b = arg;

	nat64_input_batch(b->engine->nat64, b->engine->workspace, pkts, n,
	    b->now);
}

static void
packets_waiting(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	struct batch b = { .engine = e, .now = monotime_now() };
	int n;

	(void)fd;
	(void)what;
	n = tun_recv_batch(e->tun, MAX_PACKETS, MAX_BYTES, packets_received,
	    &b);
	if (n == -1) {
		log_err("%s: %s", tun_name(e->tun), tun_why(errno));
		engine_fail(e);
		return;
	}
	send_all(e, b.now);
	if (e->fastpath != NULL && fastpath_is_waiting(e->fastpath))
		fastpath_commit(e->fastpath, (unsigned)n,
		    tun_is_drained(e->tun));
	set_timer(e, b.now);
}

/* Go on with what follows from another configuration. */
static void
settle(struct engine *e, struct monotime now)
{
	size_t n_refused;

	if (!e->settling)
		return;
	e->settling = nat64_settle(e->nat64, now, MAX_ENTRIES);
	n_refused = nat64_statics_refused(e->nat64);
	if (!e->settling && n_refused > 0)
		log_err("%zu static bindings could not be made: out of memory",
		    n_refused);
}

static void
timer_expired(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	const struct monotime now = monotime_now();
	bool more;

	(void)fd;
	(void)what;
	e->timer_set = false;
	more = nat64_expire(e->nat64, e->workspace, now, MAX_ENTRIES);
	if (e->flushing) {
		e->flushing = nat64_flush(e->nat64, now, MAX_ENTRIES);
		if (!e->flushing)
			log_info("flushed");
	}
	settle(e, now);
	send_all(e, now);
	if (more || e->flushing || e->settling)
		set_timer_at_once(e, now);
	else
		set_timer(e, now);
}

void
engine_flush(struct engine *e)
{
	nat64_flush_begin(e->nat64);
	e->flushing = true;
	set_timer_at_once(e, monotime_now());
}

static void
flush_wanted(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	engine_flush(arg);
}

/*
 * Dumps.
 */

static int
dump_begin(void *arg, struct evbuffer *out)
{
	struct engine *e = arg;
	struct fastpath_count count;

	e->dump = dump_new(e->nat64, e->opts.verbose);
	if (e->dump == NULL)
		return (-1);
	if (e->opts.dump_first != NULL)
		e->opts.dump_first(e->opts.dump_first_arg, out);
	if (e->fastpath != NULL) {
		fastpath_counters(e->fastpath, &count);
		dump_fastpath(out, &count);
	}
	if (e->refusals > 0)
		dump_refusals(out, tun_refusal(e->tun), e->refused_at,
		    monotime_now());
	return (0);
}

static bool
dump_more(void *arg, struct evbuffer *out)
{
	struct engine *e = arg;

	return (dump_slice(e->dump, out, MAX_LINES, monotime_now()));
}

static void
dump_end(void *arg)
{
	struct engine *e = arg;

	dump_free(e->dump);
	e->dump = NULL;
}

static void
dump_wanted(evutil_socket_t sig, short what, void *arg)
{
	struct engine *e = arg;

	(void)sig;
	(void)what;
	dumpfile_print(e->dumpfile);
}

/*
 * Begin and end.
 */

static void
leave(evutil_socket_t sig, short what, void *arg)
{
	struct engine *e = arg;

	(void)what;
	log_info("signal %d: leaving", (int)sig);
	event_base_loopbreak(e->base);
}

static void
reopen_wanted(evutil_socket_t sig, short what, void *arg)
{
	struct engine *e = arg;

	(void)sig;
	(void)what;
	if (e->opts.log != NULL)
		eventlog_reopen(e->opts.log);
}

static int
new_events(struct engine *e)
{
	static const struct {
		int sig;
		event_callback_fn fn;
	} signals[NSIGNALS] = {
		[SIG_TERM] = { SIGTERM, leave },
		[SIG_INT] = { SIGINT, leave },
		[SIG_HUP] = { SIGHUP, flush_wanted },
		[SIG_USR1] = { SIGUSR1, dump_wanted },
		[SIG_USR2] = { SIGUSR2, reopen_wanted },
	};
	const struct dumpfile_ops dump_ops = { .begin = dump_begin,
		.more = dump_more,
		.end = dump_end,
		.arg = e };
	int i;

	e->packets = event_new(e->base, tun_fd(e->tun), EV_READ | EV_PERSIST,
	    packets_waiting, e);
	e->timer = event_new(e->base, -1, 0, timer_expired, e);
	e->dumpfile = dumpfile_new(e->base, "nat64d", e->opts.dump_file,
	    e->opts.foreground, &dump_ops);
	if (e->packets == NULL || e->timer == NULL || e->dumpfile == NULL ||
	    event_add(e->packets, NULL) == -1)
		return (-1);
	for (i = 0; i < NSIGNALS; i++) {
		e->signals[i] =
		    evsignal_new(e->base, signals[i].sig, signals[i].fn, e);
		if (e->signals[i] == NULL ||
		    event_add(e->signals[i], NULL) == -1)
			return (-1);
	}
	return (0);
}

void
engine_log_level_changed(struct engine *e)
{
	nat64_set_trace(e->nat64,
	    log_get_level() == LOG_LEVEL_DEBUG || e->watcher.drop != NULL);
}

void
engine_watch(struct engine *e, const struct engine_watcher *w)
{
	e->watcher = *w;
	engine_log_level_changed(e);
}

/* Events of static bindings are reported before this returns. */
static int
new_translator(struct engine *e, const struct nat64_config *conf)
{
	const struct nat64_sink sink = {
		.emit = emit,
		.trace = trace,
		.event = e->opts.log != NULL ? on_event : NULL,
		.arg = e,
	};

	/* The level may change later. */
	e->trace = tracelog_new(e->base, e->opts.log);
	if (e->trace == NULL)
		return (-1);
	e->rng = rng_os_source(&e->random);
	e->workspace = nat64_workspace_new();
	if (e->workspace == NULL)
		return (-1);
	e->nat64 = nat64_new(conf, &sink, &e->rng, monotime_now());
	if (e->nat64 == NULL)
		return (-1);
	engine_log_level_changed(e);
	return (0);
}

struct engine *
engine_new(struct tun *tun, struct nat64_config *conf,
    const struct engine_opts *opts)
{
	struct engine *e;

	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return (NULL);
	e->tun = tun;
	e->opts = *opts;
	arc4random_buf(&conf->secret, sizeof(conf->secret));
	errno = ENOMEM;
	e->base = event_base_new();
	if (e->base == NULL || new_translator(e, conf) == -1)
		goto fail;
	errno = ENOMEM;
	if (new_events(e) == -1)
		goto fail;
	if (e->opts.log != NULL && eventlog_attach(e->opts.log, e->base) == -1)
		goto fail;
	if (e->opts.watch != NULL &&
	    watch_attach(e->opts.watch, e->base) == -1)
		goto fail;
	if (e->opts.state != NULL &&
	    statefile_attach(e->opts.state, e->base, e->nat64) == -1)
		goto fail;
	/* A dump may be written into a closed pipe. */
	signal(SIGPIPE, SIG_IGN);
	return (e);

fail:
	engine_free(e);
	return (NULL);
}

struct event_base *
engine_base(const struct engine *e)
{
	return (e->base);
}

struct nat64 *
engine_nat64(const struct engine *e)
{
	return (e->nat64);
}

int
engine_take_over(struct engine *e, struct heir *heir, heir_fn *restored,
    void *arg, char text[HANDOVER_TEXT_SIZE])
{
	if (heir_take(heir, e->nat64, restored, arg, text) == -1)
		return (-1);
	set_timer(e, monotime_now());
	return (0);
}

bool
engine_is_handed_over(const struct engine *e)
{
	return (e->handed_over);
}

void
engine_hand_over(struct engine *e)
{
	e->handed_over = true;
	event_base_loopbreak(e->base);
}

void
engine_restored(struct engine *e)
{
	set_timer(e, monotime_now());
}

void
engine_load_state(struct engine *e)
{
	if (e->opts.state == NULL)
		return;
	statefile_load(e->opts.state, e->nat64);
	engine_restored(e);
}

int
engine_run(struct engine *e)
{
	int rc;

	rc = event_base_dispatch(e->base);
	if (rc == -1)
		log_err("event loop: %s", strerror(errno));
	if (e->opts.state != NULL && !e->handed_over)
		statefile_save(e->opts.state);
	return (rc == -1 || e->failed ? -1 : 0);
}

void
engine_fail(struct engine *e)
{
	e->failed = true;
	event_base_loopbreak(e->base);
}

void
engine_set_pool(void *arg, const struct nat64_config *n)
{
	struct engine *e = arg;
	const struct monotime now = monotime_now();

	if (nat64_set_pool(e->nat64, n, now) == -1) {
		log_err("cannot change the pool: %s", strerror(errno));
		engine_fail(e);
		return;
	}
	set_timer(e, now);
}

struct fastpath *
engine_fastpath(const struct engine *e)
{
	return (e->fastpath);
}

int
engine_reconfigure(struct engine *e, const struct nat64_config *n)
{
	if (nat64_reconfigure(e->nat64, n) == -1)
		return (-1);
	if (e->fastpath != NULL)
		fastpath_set_xlat(e->fastpath, nat64_xlat(e->nat64));
	e->settling = true;
	set_timer_at_once(e, monotime_now());
	return (0);
}

bool
engine_is_settling(const struct engine *e)
{
	return (e->settling);
}

void
engine_set_fastpath(struct engine *e, struct fastpath *f)
{
	e->fastpath = f;
	nat64_set_fastpath(e->nat64, fastpath_ops(f));
}

void
engine_set_mtu(struct engine *e, uint32_t mtu4, uint32_t mtu6)
{
	nat64_set_mtu(e->nat64, mtu4, mtu6);
	if (e->fastpath != NULL)
		fastpath_set_xlat(e->fastpath, nat64_xlat(e->nat64));
}

void
engine_set_prefix(struct engine *e, const struct pref64 *p)
{
	nat64_set_prefix(e->nat64, p);
}

void
engine_set_self6(void *arg, const struct in6_addr *self6)
{
	struct engine *e = arg;

	nat64_set_self6(e->nat64, self6);
}

static void
free_event(struct event *ev)
{
	if (ev != NULL)
		event_free(ev);
}

void
engine_free(struct engine *e)
{
	int i, saved_errno = errno;

	if (e == NULL)
		return;
	dumpfile_free(e->dumpfile);
	if (e->opts.log != NULL)
		eventlog_detach(e->opts.log);
	if (e->opts.watch != NULL)
		watch_detach(e->opts.watch);
	if (e->opts.state != NULL)
		statefile_detach(e->opts.state);
	for (i = 0; i < NSIGNALS; i++)
		free_event(e->signals[i]);
	free_event(e->timer);
	free_event(e->packets);
	tracelog_free(e->trace);
	if (e->base != NULL)
		event_base_free(e->base);
	nat64_free(e->nat64);
	nat64_workspace_free(e->workspace);
	free(e);
	errno = saved_errno;
}
