/*
 * dns64d: a DNS64 proxy (RFC 6147). Owns the process: options, order of
 * starting, signals, reload, end.
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

#include "common/os/dumpfile.h"
#include "common/os/log.h"
#include "common/conf/files.h"
#include "common/os/pidfile.h"
#include "common/os/reader.h"
#include "common/os/reload.h"
#include "common/os/sandbox.h"
#include "common/os/startup.h"
#include "common/os/watch.h"

#include "dns64d/conf/conf.h"
#include "dns64d/client/connected.h"
#include "dns64d/client/presence.h"
#include "loader.h"
#include "refuselog.h"
#include "resolve.h"
#include "dns64d/synth/synth.h"
#include "dns64d/upstream/upstream_tcp.h"
#include "workers.h"

#define CONF_PATH "/etc/dns64d.conf"

/* Descriptors of a worker beside those of questions and connections. */
#define SPARE_DESCRIPTORS 256

struct daemon {
	struct startup start;
	struct conf *conf; /* in use */
	struct workers *workers;
	struct watch *watch; /* NULL: the host's network is not followed */
	struct connected *connected;
	struct refuselog *refuselog;
	struct presence *presence;
	struct dumpfile *dumpfile;
	struct event *signals[4];
	struct reader *reader; /* while starting */
	struct reload *reload;
	struct loader *loader;
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

/* What a start reads and a reload will not. */
static void
warn_of_reload(const char *path)
{
	if (!reader_can_read(path))
		log_warn("%s is no regular file: a reload will be refused",
		    path);
}

/* An upstream that is this host itself, which the file does not show. */
static void
check_host(const struct conf *conf)
{
	struct hostwatch *host = hostwatch_open(HOSTWATCH_ADDR);

	if (presence_prepare(host, conf) == -1)
		exit(1);
	hostwatch_close(host);
}

/* What keeps a start with this file from succeeding ends the process. */
static int
check_only(struct startup *s)
{
	struct conf *conf;

	if ((conf = conf_load(s->conf_file, NULL, NULL)) == NULL)
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
	}
	conf_unref(conf);
	return (0);
}

/*
 * A question has two lookups, and when answers are lost two sockets or more for
 * each, unless it shares them with others of its moment. Where descriptors do
 * run out a try fails like one that was lost.
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

/* All of it: a few lines for each worker, upstream and translator. */
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

/* The name of a statement that needs another start, or NULL. */
static const char *
needs_restart(const struct conf *old, const struct conf *new)
{
	if (!same_text(old->user, new->user))
		return ("user");
	if (!same_text(old->pidfile, new->pidfile))
		return ("pidfile");
	if (!same_text(old->dump, new->dump))
		return ("dump");
	if (old->workers != new->workers)
		return ("workers");
	/* The right to do so is gone. */
	if (conf_opens_late(new) && !conf_opens_late(old))
		return ("listen on");
	return (NULL);
}

static void
report_to_log(void *arg, bool warning, const char *msg)
{
	(void)arg;
	if (warning)
		log_warn("%s", msg);
	else
		log_err("%s", msg);
}

/* To look things up; NULL where the system does not tell. */
static struct hostwatch *
host_of(const struct daemon *d)
{
	return (d->watch != NULL ? watch_host(d->watch) : NULL);
}

/* Use another configuration, whose reference is ours then, or return -1. */
static int
use(struct daemon *d, struct conf *conf)
{
	const char *fixed;

	fixed = needs_restart(d->conf, conf);
	if (fixed != NULL)
		log_err("reload: \"%s\" has changed, which needs a restart",
		    fixed);
	if (fixed != NULL || presence_prepare(host_of(d), conf) == -1 ||
	    workers_reload(d->workers, conf) == -1)
		return (-1);
	conf_unref(d->conf);
	d->conf = conf;
	log_set_level(startup_log_level(&d->start, conf->log_level));
	conf_warn(conf);
	connected_look(d->connected);
	presence_use(d->presence, conf);
	return (0);
}

/* conf: NULL when it could not be loaded. */
static void
reload(struct daemon *d, struct conf *conf)
{
	if (conf != NULL && use(d, conf) == 0) {
		log_info("reload: done");
		return;
	}
	if (conf != NULL)
		conf_unref(conf);
	log_err("reload: refused, the old configuration stays");
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
	reload_request(d->reload);
}

static void
on_term(evutil_socket_t sig, short what, void *arg)
{
	struct daemon *d = arg;

	(void)what;
	log_info("leaving on signal %d", (int)sig);
	event_base_loopbreak(workers_base(d->workers));
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

	/* A client or the reader of our output may go away. */
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		d->signals[i] = evsignal_new(base, list[i].sig, list[i].fn, d);
		if (d->signals[i] == NULL ||
		    evsignal_add(d->signals[i], NULL) == -1)
			fatalx("signals: not enough memory");
	}
}

static void
use_networks(void *arg, const struct acl *networks)
{
	struct daemon *d = arg;

	workers_connect(d->workers, networks);
}

/* What was lost for want of a way to it may be there again. */
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

/* Addresses come and go at any time. Where that is not told, a reload looks. */
static void
look_at_host(struct daemon *d)
{
	d->watch = watch_new(HOSTWATCH_ADDR | HOSTWATCH_LINK);
	if (d->watch == NULL)
		log_warn("connected networks, addresses: %s: changes are "
			 "seen at a reload only",
		    strerror(errno));
	if ((d->connected = connected_new(use_networks, d)) == NULL)
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
}

static void
make_loops(struct daemon *d)
{
	const struct dumpfile_ops dump_ops = { .begin = print_dump, .arg = d };

	if (workers_begin(d->workers, d->conf) == -1 ||
	    (d->watch != NULL &&
		watch_attach(d->watch, workers_base(d->workers)) == -1))
		fatalx("event loop: not enough memory");
	d->reload =
	    reload_new(workers_base(d->workers), d->reader, on_files, d);
	d->loader = loader_new(workers_base(d->workers), d->start.conf_file,
	    report_to_log, on_conf, d);
	if (d->loader == NULL)
		fatal("loader");
	d->dumpfile = dumpfile_new(workers_base(d->workers), "dns64d",
	    d->conf->dump, d->start.foreground, &dump_ops);
	if (d->reload == NULL || d->dumpfile == NULL)
		fatalx("event loop: not enough memory");
	if ((d->refuselog = refuselog_new(d->workers)) == NULL)
		fatal("log of refused clients");
	catch_signals(d);
}

static void
start_workers(const struct daemon *d)
{
	const struct conf *conf = d->conf;
	const char *write_files[] = { conf->dump, NULL };
	const struct sandbox sb = {
		.write_files = write_files,
		.pid_file = startup_pidfile(&d->start),
		.inet = true,
	};

	loader_start(d->loader, &sb);
	workers_start(d->workers, &sb);
}

static void
clean_up(struct daemon *d)
{
	size_t i;

	workers_end(d->workers);
	if (d->watch != NULL)
		watch_detach(d->watch);
	watch_free(d->watch);
	dumpfile_free(d->dumpfile);
	for (i = 0; i < sizeof(d->signals) / sizeof(d->signals[0]); i++)
		event_free(d->signals[i]);
	loader_free(d->loader);
	reload_free(d->reload);
	refuselog_free(d->refuselog);
	workers_free(d->workers);
	connected_free(d->connected);
	presence_free(d->presence);
	conf_unref(d->conf);
	pidfile_end();
}

int
main(int argc, char *argv[])
{
	static struct daemon d;

	parse_options(&d.start, argc, argv);
	if (d.start.check_only > 0)
		return (check_only(&d.start));

	d.reader = reader_start(d.start.conf_file, conf_gather);
	if ((d.conf = conf_load(d.start.conf_file, NULL, NULL)) == NULL)
		return (1);
	configure(&d.start, d.conf);
	startup_log(&d.start);
	conf_warn(d.conf);
	warn_of_reload(d.start.conf_file);
	startup_check(&d.start);
	d.start.privs.ports = conf_opens_late(d.conf);
	raise_descriptor_limit(d.conf);
	startup_claim(&d.start);
	open_listeners(&d);
	startup_background(&d.start);

	make_loops(&d);
	privs_drop(&d.start.privs);
	start_workers(&d);
	log_info("running");
	event_base_dispatch(workers_base(d.workers));
	clean_up(&d);
	return (0);
}
