/*
 * dns64d: a DNS64 proxy (RFC 6147). Owns the process: options, the order of
 * the start, signals, reload and end.
 */
#include <sys/resource.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <ldns/ldns.h>

#include "common/http/control.h"
#include "common/http/metrics.h"
#include "common/os/dumpfile.h"
#include "common/os/log.h"
#include "common/os/notify.h"
#include "common/conf/files.h"
#include "common/os/pidfile.h"
#include "common/os/reader.h"
#include "common/os/reload.h"
#include "common/os/sandbox.h"
#include "common/os/startup.h"
#include "common/os/watch.h"
#include "common/os/watchdog.h"

#include "admin.h"
#include "change.h"
#include "dns64d/conf/conf.h"
#include "dns64d/client/connected.h"
#include "dns64d/client/presence.h"
#include "dns64d/os/activation.h"
#include "drain.h"
#include "loader.h"
#include "refuselog.h"
#include "resolve.h"
#include "dns64d/synth/synth.h"
#include "dns64d/upstream/upstream_tcp.h"
#include "workers.h"

#define CONF_PATH "/etc/dns64d.conf"

/* Descriptors of a worker that are not for queries or connections. */
#define SPARE_DESCRIPTORS 256

struct daemon {
	struct startup start;
	struct conf *conf; /* in use */
	struct workers *workers;
	struct watch *watch;	/* NULL: changes are not reported */
	struct hostwatch *host; /* for look-ups without watch; or NULL */
	struct connected *connected;
	struct refuselog *refuselog;
	struct presence *presence;
	struct dumpfile *dumpfile;
	struct event *signals[4];
	struct event *watchdog; /* or NULL */
	struct reader *reader;	/* until reload owns it */
	struct reload *reload;
	struct loader *loader;
	struct control *control;
	struct metrics *metrics;
	struct admin admin;
	struct change change;
	struct drain *drain;
};

static void
parse_options(struct startup *s, int argc, char *argv[])
{
	const struct version_lib libs[] = { { "libevent", LIBEVENT_VERSION,
						event_get_version() },
		{ "libldns", LDNS_VERSION, ldns_version() },
		{ NULL, NULL, NULL } };
	const struct startup_program program = {
		.name = "dns64d",
		.usage = "[-dnVv] [-f file]",
		.conf_file = CONF_PATH,
		.options = "",
		.libs = libs,
	};

	startup_parse(s, &program, argc, argv);
}

static void
configure(struct startup *s, const struct conf *conf)
{
	const struct startup_conf sc = {
		.user = conf->user,
		.standard_user = CONF_USER,
		.pidfile = conf->pidfile,
		.dump = conf->dump,
		.log_level = conf->log_level,
	};

	startup_configure(s, &sc);
}

/* A start also reads pipes and devices, a reload only regular files. */
static void
warn_of_reload(const char *path)
{
	if (!reader_can_read(path))
		log_warn("%s is no regular file: a reload will be refused",
		    path);
}

/* Check for upstreams that are addresses of this host. */
static void
check_host(const struct conf *conf)
{
	struct hostwatch *host = hostwatch_open(HOSTWATCH_ADDR);

	if (presence_prepare(host, conf) == -1)
		exit(1);
	hostwatch_close(host);
}

/* -n: fail where a start would fail, -nn: only on errors of the file. */
static int
check_only(struct startup *s)
{
	struct conf *conf;

	if ((conf = conf_load(s->conf_file, NULL, NULL, NULL)) == NULL)
		return (1);
	configure(s, conf);
	conf_warn(conf);
	if (s->verbose)
		conf_print(conf, stdout);
	if (s->check_only == 1) {
		fflush(stdout);
		warn_of_reload(s->conf_file);
		check_host(conf);
		startup_check(s);
		control_check(&conf->control, CONF_CONTROL, &s->privs);
	}
	conf_unref(conf);
	return (0);
}

/*
 * Enough for the worst case: two lookups for each query, and two sockets for
 * each lookup, as when an upstream does not answer. (Usually many queries
 * share a socket.) A query to an upstream for which there is no descriptor
 * counts as lost.
 */
static void
raise_descriptor_limit(const struct conf *conf)
{
	struct rlimit rl;
	rlim_t need;

	need = (rlim_t)conf->limit_queries * SYNTH_N_LOOKUPS;
	need += conf->limit_queries / RESOLVE_ORPHANS;
	need = need * 2 + conf->limit_tcp_clients +
	    conf->workers * (UPSTREAM_TCP_CONNS + SPARE_DESCRIPTORS);
	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur >= need)
		return;
	if (rl.rlim_max < need)
		log_warn("descriptors: %ju allowed, up to %ju may be needed",
		    (uintmax_t)rl.rlim_max, (uintmax_t)need);
	rl.rlim_cur = rl.rlim_max < need ? rl.rlim_max : need;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		log_warn("descriptors: the limit cannot be raised");
}

static void
on_usr1(evutil_socket_t sig, short what, void *arg)
{
	struct daemon *d = arg;

	(void)sig;
	(void)what;
	dumpfile_print(d->dumpfile);
}

/* For dumpfile.h: the whole dump in one piece. */
static int
print_dump(void *arg, struct evbuffer *out)
{
	struct daemon *d = arg;

	return (workers_print(d->workers, out));
}

static bool
same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a == b);
	return (strcmp(a, b) == 0);
}

/* A statement that has changed and that a reload cannot change, or NULL. */
static const char *
needs_restart(const struct conf *old, const struct conf *new)
{
	if (!same_text(old->user, new->user))
		return ("user");
	if (!same_text(old->pidfile, new->pidfile))
		return ("pidfile");
	if (!same_text(old->dump, new->dump))
		return ("dump");
	if (!control_conf_equal(&old->control, &new->control))
		return ("control");
	if (!metrics_conf_equal(&old->metrics, &new->metrics))
		return ("metrics listen on");
	if (old->workers != new->workers)
		return ("workers");
	/* The capability to bind ports below 1024 was dropped. */
	if (conf_opens_late(new) && !conf_opens_late(old))
		return ("listen on");
	return (NULL);
}

/* For loader.h, in its thread; the other ones do not report meanwhile. */
static void
report(void *arg, bool warning, const char *msg)
{
	struct daemon *d = arg;

	change_report(&d->change, warning, msg);
}

/* For look-ups of the host's addresses; NULL: they are not possible. */
static struct hostwatch *
host_of(const struct daemon *d)
{
	return (d->watch != NULL ? watch_host(d->watch) : d->host);
}

/* Whether a reload can change to conf; if not, the reason is reported. */
static bool
may_use(struct daemon *d, const struct conf *conf)
{
	const char *fixed = needs_restart(d->conf, conf);
	char text[128];

	if (fixed == NULL)
		return (true);
	snprintf(text, sizeof(text),
	    "reload: \"%s\" has changed, which needs a restart", fixed);
	change_report(&d->change, false, text);
	return (false);
}

/* Whether this host allows use(). Returns 0, or -1 after a log message. */
static int
try_out(struct daemon *d, struct conf *conf)
{
	if (presence_prepare(host_of(d), conf) == -1)
		return (-1);
	return (workers_check(d->workers, conf));
}

/*
 * Switch to another configuration. Returns 0, and then the reference is taken
 * over; or -1 after a log message, and then nothing has changed.
 */
static int
use(struct daemon *d, struct conf *conf)
{
	const bool keep = d->change.rq != NULL;

	if (presence_prepare(host_of(d), conf) == -1 ||
	    workers_reload(d->workers, conf, keep) == -1)
		return (-1);
	conf_unref(d->conf);
	d->conf = conf;
	d->admin.conf = conf;
	log_set_level(startup_log_level(&d->start, conf->log_level));
	conf_warn(conf);
	connected_look(d->connected);
	presence_use(d->presence, conf);
	return (0);
}

/*
 * Check, or use, what was loaded; conf: NULL if it could not be, which has been
 * reported.
 */
static void
reload(struct daemon *d, struct conf *conf)
{
	const bool check = d->change.check;
	bool done = conf != NULL && may_use(d, conf);

	if (done)
		done = (check ? try_out(d, conf) : use(d, conf)) == 0;
	if (conf != NULL && (check || !done))
		conf_unref(conf);
	if (!done)
		log_err("reload: refused, the old configuration stays");
	else
		log_info("reload: %s", check ? "checked, not done" : "done");
	if (change_end(&d->change, done))
		reload_request(d->reload);
}

static void
on_conf(void *arg, struct conf *conf)
{
	struct daemon *d = arg;

	reload(d, conf);
	reload_end(d->reload);
}

static void
on_files(void *arg, struct files *files)
{
	struct daemon *d = arg;

	if (files == NULL) {
		reload(d, NULL);
		return;
	}
	reload_keep(d->reload);
	loader_load(d->loader, files);
}

static void
on_hup(evutil_socket_t sig, short what, void *arg)
{
	struct daemon *d = arg;

	(void)sig;
	(void)what;
	if (change_signal(&d->change))
		reload_request(d->reload);
}

/* For admin.h. */
static void
reload_asked(void *arg, struct httpd_request *rq, bool check)
{
	struct daemon *d = arg;

	if (change_request(&d->change, rq, check))
		reload_request(d->reload);
}

static void
on_term(evutil_socket_t sig, short what, void *arg)
{
	struct daemon *d = arg;

	(void)what;
	log_info("signal %d: leaving", (int)sig);
	notify_send("STOPPING=1");
	drain_begin(d->drain);
}

static void
catch_signals(struct daemon *d)
{
	static const struct {
		int sig;
		event_callback_fn fn;
	} list[] = {
		{ SIGHUP, on_hup },
		{ SIGUSR1, on_usr1 },
		{ SIGTERM, on_term },
		{ SIGINT, on_term },
	};
	struct event_base *base = workers_base(d->workers);
	size_t i;

	/* A write to a closed connection or pipe fails with EPIPE. */
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		d->signals[i] = evsignal_new(base, list[i].sig, list[i].fn, d);
		if (d->signals[i] == NULL ||
		    evsignal_add(d->signals[i], NULL) == -1)
			fatalx("signals: out of memory");
	}
	startup_take_signals();
}

static void
use_networks(void *arg, const struct acl *networks)
{
	struct daemon *d = arg;

	workers_connect(d->workers, networks);
}

/* Translators that were unreachable may be reachable now. */
static void
network_changed(void *arg, unsigned what)
{
	struct daemon *d = arg;

	(void)what;
	workers_hurry(d->workers);
}

static void
follow_listeners(void *arg)
{
	struct daemon *d = arg;

	workers_follow(d->workers);
}

/*
 * Follow the addresses and interfaces of the host, or look at them once where
 * the system does not report changes; a reload looks again.
 */
static void
look_at_host(struct daemon *d)
{
	d->watch = watch_new(HOSTWATCH_ADDR | HOSTWATCH_LINK);
	if (d->watch == NULL) {
		log_warn("cannot watch the network of this host: %s: changes "
			 "are seen at a reload only",
		    strerror(errno));
		d->host = hostwatch_open(0);
	}
	d->connected = connected_new(host_of(d), use_networks, d);
	if (d->connected == NULL)
		fatal("connected networks");
	d->presence = presence_new(host_of(d), follow_listeners, d);
	if (d->presence == NULL)
		fatal("addresses");
	if (presence_prepare(host_of(d), d->conf) == -1)
		exit(1);
	presence_use(d->presence, d->conf);
	if (d->watch == NULL)
		return;
	connected_follow(d->connected, d->watch);
	presence_follow(d->presence, d->watch);
	watch_add(d->watch, HOSTWATCH_ADDR | HOSTWATCH_LINK, network_changed,
	    d);
}

static void
open_listeners(struct daemon *d)
{
	if ((d->workers = workers_new(d->conf->workers)) == NULL)
		fatal("workers");
	look_at_host(d);
	if (workers_listen(d->workers, d->conf) == -1)
		exit(1);
	activation_warn();
}

static void
make_loops(struct daemon *d)
{
	const struct dumpfile_ops dump_ops = { .begin = print_dump, .arg = d };

	if (workers_begin(d->workers, d->conf) == -1 ||
	    (d->watch != NULL &&
		watch_attach(d->watch, workers_base(d->workers)) == -1))
		fatalx("event loop: out of memory");
	d->reload =
	    reload_new(workers_base(d->workers), d->reader, on_files, d);
	d->loader = loader_new(workers_base(d->workers), d->start.conf_file,
	    report, on_conf, d);
	if (d->loader == NULL)
		fatal("loader");
	d->dumpfile = dumpfile_new(workers_base(d->workers), "dns64d",
	    d->conf->dump, d->start.foreground, &dump_ops);
	d->drain = drain_new(d->workers);
	if (d->reload == NULL || d->dumpfile == NULL || d->drain == NULL)
		fatalx("event loop: out of memory");
	if ((d->refuselog = refuselog_new(d->workers)) == NULL)
		fatal("log of refused clients");
	catch_signals(d);
}

/* Serve operators; to be called before the sandbox. */
static void
start_admin(struct daemon *d)
{
	const struct httpd_route *routes, *metrics;
	size_t n, n_metrics;

	d->admin = (struct admin){ .conf = d->conf,
		.workers = d->workers,
		.reload = reload_asked,
		.reload_arg = d,
		.started = monotime_now(),
		.started_ms = wallclock_ms() };
	if ((d->admin.monitors = monitors_new(d->workers)) == NULL)
		fatal("control socket");
	routes = admin_routes(&n);
	metrics = admin_metrics_routes(&n_metrics);
	if (control_start(d->control, workers_base(d->workers), routes, n,
		&d->admin) == -1 ||
	    metrics_start(d->metrics, workers_base(d->workers), metrics,
		n_metrics, &d->admin) == -1)
		fatal("control socket and metrics");
}

static void
start_workers(const struct daemon *d)
{
	const struct conf *conf = d->conf;
	const char *write_files[] = { conf->dump, NULL };
	const struct sandbox sb = {
		.write_files = write_files,
		.pid_file = startup_pidfile(&d->start),
		.socket = control_path(d->control),
		.accepts = true,
		.inet = true,
	};

	loader_start(d->loader, &sb);
	workers_start(d->workers, &sb);
}

static void
clean_up(struct daemon *d)
{
	size_t i;

	lookups_end(&d->admin);
	change_abandon(&d->change);
	control_stop(d->control);
	metrics_stop(d->metrics);
	workers_end(d->workers);
	if (d->watch != NULL)
		watch_detach(d->watch);
	watch_free(d->watch);
	hostwatch_close(d->host);
	dumpfile_free(d->dumpfile);
	for (i = 0; i < sizeof(d->signals) / sizeof(d->signals[0]); i++)
		event_free(d->signals[i]);
	if (d->watchdog != NULL)
		event_free(d->watchdog);
	monitors_free(d->admin.monitors);
	loader_free(d->loader);
	drain_free(d->drain);
	reload_free(d->reload);
	refuselog_free(d->refuselog);
	workers_free(d->workers);
	connected_free(d->connected);
	presence_free(d->presence);
	conf_unref(d->conf);
	control_close(d->control);
	pidfile_end();
}

int
main(int argc, char *argv[])
{
	static struct daemon d;

	parse_options(&d.start, argc, argv);
	if (d.start.check_only > 0)
		return (check_only(&d.start));

	activation_begin();
	d.reader = reader_start(d.start.conf_file, conf_gather);
	if ((d.conf = conf_load(d.start.conf_file, NULL, NULL, NULL)) == NULL)
		return (1);
	configure(&d.start, d.conf);
	startup_log(&d.start);
	notify_begin();
	conf_warn(d.conf);
	warn_of_reload(d.start.conf_file);
	startup_check(&d.start);
	control_check(&d.conf->control, CONF_CONTROL, &d.start.privs);
	d.start.privs.ports = conf_opens_late(d.conf);
	raise_descriptor_limit(d.conf);
	startup_claim(&d.start);
	d.control =
	    control_open(&d.conf->control, CONF_CONTROL, &d.start.privs);
	d.metrics = metrics_open(&d.conf->metrics, NULL, 0);
	open_listeners(&d);
	startup_background(&d.start);

	make_loops(&d);
	privs_drop(&d.start.privs);
	start_admin(&d);
	start_workers(&d);
	log_info("running");
	notify_send("READY=1\nSTATUS=running");
	d.watchdog = watchdog_start(workers_base(d.workers));
	event_base_dispatch(workers_base(d.workers));
	startup_leave_signals();
	clean_up(&d);
	return (0);
}
