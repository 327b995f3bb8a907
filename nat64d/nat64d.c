/*
 * nat64d: a stateful NAT64 over a tun device (RFC 6146).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/http/control.h"
#include "common/http/metrics.h"
#include "common/os/log.h"
#include "common/os/notify.h"
#include "common/os/pidfile.h"
#include "common/os/reader.h"
#include "common/os/sandbox.h"
#include "common/os/starter.h"
#include "common/os/startup.h"
#include "common/os/watch.h"
#include "common/os/watchdog.h"

#include "admin.h"
#include "nat64d/conf/conf.h"
#include "nat64d/host/clataddr.h"
#include "nat64d/host/clatif.h"
#include "nat64d/host/divert.h"
#include "engine.h"
#include "eventlog.h"
#include "eventlog_out.h"
#include "fastuse.h"
#include "nat64d/host/hostreport.h"
#include "nat64d/host/ifwatch.h"
#include "nat64d/os/largepage.h"
#include "pcpsock.h"
#include "nat64d/host/poolif.h"
#include "nat64d/host/pref64find.h"
#include "nat64d/host/routes.h"
#include "reconf.h"
#include "role.h"
#include "replicate.h"
#include "nat64d/host/self6.h"
#include "nat64d/os/tun.h"
#include "stored.h"
#include "takeover.h"

#define CONF_FILE "/etc/nat64d.conf"

/* Where syslog(3) finds the logger. */
#ifndef _PATH_LOG
#define _PATH_LOG "/dev/log"
#endif

struct options {
	struct startup start;
	bool routes;	      /* -R */
	unsigned take_over;   /* -U; twice: asked for by the other one */
	const char *commands; /* -s: "begin" or "end" of a shared address */
};

/* What the engine uses and follows while it runs. */
struct follow {
	struct watch *watch;
	struct hostreport *report;
	struct self6 *self6;	   /* NULL: the address is configured */
	struct clataddr *clataddr; /* NULL: that of a map is configured */
	struct pref64find *pref64; /* NULL: the prefix is configured */
	struct poolif *pool;	   /* NULL: the pool is configured */
	struct divert *divert;
	struct ifwatch *ifwatch;
	struct fastuse fast;
	struct pcpsock *pcp;	   /* port control */
	struct takeover *takeover; /* NULL: the start is an ordinary one */
	struct stored stored;
	bool handed_over; /* another process has it all */
	struct conf *conf;
	struct reader *reader; /* until struct reconf owns it */
	struct engine *engine; /* gets the changes */
};

/* What operators use. Each may be NULL. */
struct servers {
	struct control *control;
	struct metrics *metrics;
	struct starter *starter; /* for an upgrade */
};

static bool
take_option(void *arg, int ch, const char *value)
{
	struct options *o = arg;

	if (ch == 'R')
		o->routes = true;
	else if (ch == 'U')
		o->take_over++;
	else
		o->commands = value;
	return (o->commands == NULL || strcmp(o->commands, "begin") == 0 ||
	    strcmp(o->commands, "end") == 0);
}

static void
parse_options(struct options *o, int argc, char *argv[])
{
	const struct version_lib libs[] = { { "libevent", LIBEVENT_VERSION,
						event_get_version() },
		{ NULL, NULL, NULL } };
	const struct startup_program program = {
		.name = "nat64d",
		.usage = "[-dnRUVv] [-f file] [-s begin | end]",
		.conf_file = CONF_FILE,
		.options = "Rs:U",
		.libs = libs,
		.option = take_option,
		.arg = o,
	};

	*o = (struct options){ .commands = NULL };
	startup_parse(&o->start, &program, argc, argv);
	if (o->take_over > 1)
		takeover_begin_report();
}

static void
configure(struct options *o, const struct conf *c)
{
	const struct startup_conf sc = {
		.user = c->user,
		.standard_user = CONF_USER,
		.pidfile = c->pidfile,
		.dump = c->dump,
		.log_level = c->log_level,
	};

	startup_configure(&o->start, &sc);
}

/* The file of the event log, or NULL when it has none. */
static const char *
eventlog_file(const struct conf *c)
{
	if (c->log_events == 0 || c->log_syslog)
		return (NULL);
	return (c->log_file);
}

static unsigned
n_collectors(const struct conf *c)
{
	return (c->log_events != 0 ? c->n_log_targets : 0);
}

/* Fail now rather than later when the user cannot write the event log. */
static void
check_eventlog(const struct conf *c, const struct privs *privs)
{
	const char *events = eventlog_file(c);
	char text[PRIVS_TEXT_SIZE];

	if (events != NULL && privs_can_write(privs, events, text) == -1)
		fatalx("event log: %s", text);
	if (c->log_events != 0 && c->log_syslog &&
	    access(_PATH_LOG, F_OK) == -1)
		fatalx(
		    "event log: %s: no logger is there: start one, give "
		    "the container its socket (-v /dev/log:/dev/log), or say "
		    "\"log events to PATH\"",
		    _PATH_LOG);
}

/* Likewise the state file. */
static void
check_state(const struct conf *c, const struct privs *privs)
{
	char text[PRIVS_TEXT_SIZE];

	if (c->state != NULL && privs_can_replace(privs, c->state, text) == -1)
		fatalx("state: %s", text);
}

/* A failure while starting: close the tun, with its routes, and report it. */
static void __attribute__((__noreturn__))
tun_fatal(struct tun *tun, const char *what)
{
	char name[IF_NAMESIZE];

	strlcpy(name, tun_name(tun), sizeof(name));
	tun_close(tun);
	fatal("%s: %s", name, what);
}

static int
add_route(void *arg, const struct prefix *dst)
{
	char text[PREFIX_STRLEN], message[PREFIX_STRLEN + 32];
	struct tun *tun = arg;
	const char *what;

	if (tun_route(tun, dst, &what) == 0)
		return (0);
	snprintf(message, sizeof(message), "route to %s: %s",
	    prefix_print(dst, text, sizeof(text)), what);
	tun_fatal(tun, message);
}

static int
print_route(void *arg, const struct prefix *dst)
{
	char text[PREFIX_STRLEN];

	fprintf(arg, "%s\n", prefix_print(dst, text, sizeof(text)));
	return (0);
}

static struct tun *
open_tun(struct conf *c, struct follow *f)
{
	struct tun *tun;
	const char *what;

	if (c->map_ifname[0] != '\0') {
		f->clataddr = clataddr_new(f->watch, c, &what);
		if (f->clataddr == NULL)
			fatal("%s: %s", c->map_ifname, what);
	}
	if (f->takeover != NULL)
		tun = takeover_tun(f->takeover, c, &what);
	else if ((tun = stored_tun(&f->stored, c)) == NULL)
		tun = tun_open(c->tun, c->offload, &what);
	if (tun == NULL)
		fatal("%s: %s", c->tun, what);
	if (tun_up(tun, c->tun_mtu, &what) == -1)
		tun_fatal(tun, what);
	if (c->routes)
		routes_each(&c->nat64, add_route, tun);
	if (c->routes && c->nat64.mode == NAT64_CLAT &&
	    clatif_up(tun_name(tun), &c->nat64, watch_host(f->watch), &what) ==
		-1)
		tun_fatal(tun, what);
	log_info("%s: mtu %u, offloads:%s%s%s%s", tun_name(tun), tun_mtu(tun),
	    tun_offloads(tun) == 0 ? " none" : "",
	    tun_offloads(tun) & TUN_CSUM ? " checksum" : "",
	    tun_offloads(tun) & TUN_TSO ? " tcp" : "",
	    tun_offloads(tun) & TUN_USO ? " udp" : "");
	return (tun);
}

/*
 * Find the address of "pool interface", our interface with its routes, and the
 * source of ICMPv6 errors unless that is configured.
 */
static void
look_at_host(struct follow *f, struct tun *tun, struct conf *c)
{
	struct nat64_config *n = &c->nat64;

	if (c->pool_ifname[0] != '\0') {
		f->pool = poolif_new(f->watch, c);
		if (f->pool == NULL)
			tun_fatal(tun,
			    "cannot look at the addresses of this host");
	}
	f->conf = c;
	f->ifwatch =
	    ifwatch_new(f->watch, tun_name(tun), c->routes ? n : NULL);
	if (f->ifwatch == NULL)
		tun_fatal(tun, "cannot look at it");
	if (c->pref64_follows) {
		f->pref64 = pref64find_new(f->watch);
		if (f->pref64 == NULL)
			tun_fatal(tun, "cannot look for the Pref64");
	}
	if (!c->self6_follows)
		return;
	f->self6 = self6_new(f->watch, tun_name(tun), n);
	if (f->self6 == NULL)
		tun_fatal(tun, "cannot look at the addresses of this host");
}

/* Warn if connections of the host can use ports of the pool. */
static void
warn_unreserved(const struct conf *c)
{
	const int port = divert_unreserved(c);

	if (port > 0)
		log_warn("pool: connections of this host can take port %d: "
			 "put the pool's ports into "
			 "net.ipv4.ip_local_reserved_ports",
		    port);
}

/* Let the kernel route packets to us that are for our ports of its address. */
static void
share_address(struct follow *f, struct tun *tun, const struct conf *c)
{
	if (c->pool_ifname[0] == '\0')
		return;
	if (c->routes) {
		f->divert = divert_start(c, tun_name(tun));
		if (f->divert == NULL)
			tun_fatal(tun,
			    "cannot share an address with the "
			    "host (try the commands of nat64d -s begin)");
	}
	warn_unreserved(c);
}

/* -s: for an administrator who runs or reads the commands. */
static int
print_commands(struct conf *c, const struct options *o)
{
	char *text;

	if (c->pool_ifname[0] == '\0')
		fatalx("%s: no pool interface", o->start.conf_file);
	text = o->commands[0] == 'b' ? divert_begin_commands(c, c->tun) :
				       divert_end_commands(c, c->tun);
	if (text == NULL)
		fatal("commands for a shared address");
	fputs(text, stdout);
	free(text);
	conf_free(c);
	return (fflush(stdout) == 0 ? 0 : 1);
}

/* May bindings go on that a process or another node had? */
static bool
resumes(const struct conf *c, const struct options *o, const struct stored *s)
{
	return (c->state != NULL || o->take_over > 0 || stored_has_state(s) ||
	    c->replicate.n_stores > 0);
}

/* Create its file for the user that we change to, who opens it later. */
static struct eventlog *
new_eventlog(const struct conf *c, const struct options *o,
    const struct stored *s)
{
	const struct eventlog_opts lo = {
		.file = eventlog_file(c),
		.logger =
		    c->log_events != 0 && c->log_syslog ? _PATH_LOG : NULL,
		.json = c->log_json,
		.resumes = resumes(c, o, s),
		.targets = c->log_targets,
		.n_targets = n_collectors(c),
		.kinds = c->log_events,
		.destination = c->log_destination,
	};
	struct eventlog *log;

	privs_require_made(&o->start.privs, lo.file);
	log = eventlog_new(&lo);
	if (log == NULL)
		fatal("event log");
	eventlog_set_plans(log, &c->nat64);
	return (log);
}

/*
 * Create the directory of the state file for the user, and the process that
 * writes it.
 */
static struct statefile *
new_state(const struct conf *c, const struct privs *privs, struct tun *tun)
{
	struct statefile *state;

	if (c->state == NULL)
		return (NULL);
	if (privs_make_dir(privs, c->state) == -1)
		tun_fatal(tun, "cannot make the directory of the state file");
	state = statefile_new(c->state, c->state_secs, privs);
	if (state == NULL)
		tun_fatal(tun, "cannot start the writer of the state file");
	return (state);
}

/* Where another program will say the role. */
static void
make_role_dir(const struct conf *c, const struct privs *privs, struct tun *tun)
{
	if (c->role_file != NULL && privs_make_dir(privs, c->role_file) == -1)
		tun_fatal(tun, "cannot make the directory of the role file");
}

static void
enter_sandbox(const struct conf *c, const struct options *o,
    const struct servers *servers, struct eventlog *log, bool fastpath)
{
	const char *files[3];
	const struct sandbox sb = {
		.write_files = files,
		/* A CLAT has no role. */
		.read_file =
		    c->pref64_follows ? PREF64FIND_RESOLV_CONF : c->role_file,
		.pid_file = startup_pidfile(&o->start),
		.bpf_entries = fastpath,
		.inet = c->n_pcp > 0,
		.socket = control_path(servers->control),
		/* The first one needs a restart: see reconf_fixed.c. */
		.connects = n_collectors(c) > 0 || c->pref64_follows ||
		    c->replicate.n_stores > 0,
		.accepts =
		    servers->control != NULL || servers->metrics != NULL,
	};
	unsigned n = 0;

	if (c->dump != NULL)
		files[n++] = c->dump;
	if (eventlog_file(c) != NULL)
		files[n++] = eventlog_file(c);
	files[n] = NULL;
	eventlog_sandbox(log, sandbox_enter, &sb);
	sandbox_enter(&sb);
}

static void
mtu_changed(void *arg, unsigned mtu)
{
	const struct follow *f = arg;

	engine_set_mtu(f->engine, f->conf->mtu4_follows ? mtu : 0,
	    f->conf->mtu6_follows ? mtu : 0);
}

/* The host has another address for ICMPv6 errors. */
static void
self6_changed(void *arg, const struct in6_addr *self6)
{
	const struct follow *f = arg;

	if (f->conf->self6_follows)
		engine_set_self6(f->engine, self6);
}

static void
pref64_changed(void *arg, const struct pref64 *p)
{
	const struct follow *f = arg;

	f->conf->nat64.n_prefixes = p != NULL ? 1 : 0;
	if (p != NULL)
		f->conf->nat64.prefixes[0] = *p;
	engine_set_prefix(f->engine, p);
}

static void
leave(void *arg)
{
	const struct follow *f = arg;

	engine_fail(f->engine);
}

static void
follow_host(struct follow *f, struct engine *engine)
{
	const struct ifwatch_ops ops = { .mtu = mtu_changed,
		.fail = leave,
		.arg = f };

	f->engine = engine;
	if (f->self6 != NULL)
		self6_follow(f->self6, self6_changed, f);
	if (f->clataddr != NULL)
		clataddr_follow(f->clataddr, leave, f);
	if (f->pref64 != NULL &&
	    pref64find_follow(f->pref64, pref64_changed, f) == -1)
		fatal("cannot look for the Pref64");
	ifwatch_follow(f->ifwatch, &ops);
	hostreport_follow(f->report, f->watch, leave, f);
	if (f->pool != NULL)
		poolif_follow(f->pool, engine_set_pool, engine);
}

/* Serve operators; to be called before the sandbox. */
static void
start_admin(struct admin *a, const struct servers *servers)
{
	const struct httpd_route *routes, *metrics;
	size_t n, n_metrics;

	a->started = monotime_now();
	a->started_ms = wallclock_ms();
	routes = admin_routes(&n);
	metrics = admin_metrics_routes(&n_metrics);
	if (admin_start(a) == -1 ||
	    control_start(servers->control, engine_base(a->engine), routes, n,
		a) == -1 ||
	    metrics_start(servers->metrics, engine_base(a->engine), metrics,
		n_metrics, a) == -1)
		fatal("control socket and metrics");
}

/* Let the configuration be changed from now on. */
static struct reconf *
start_reconf(struct follow *f, const struct options *o, struct eventlog *log)
{
	const struct reconf_opts opts = { .conf = f->conf,
		.start = &o->start,
		.reader = f->reader,
		.engine = f->engine,
		.log = log,
		.report = f->report,
		.ifwatch = f->ifwatch,
		.pool = f->pool,
		.self6 = f->self6,
		.pcp = f->pcp };
	struct reconf *r = reconf_new(&opts);

	if (r == NULL)
		fatal("reload");
	return (r);
}

/* The state of before, unless this is the first start; then the role. */
static struct role *
go_on(struct follow *f, struct engine *engine, struct servers *servers,
    const struct conf *c, const struct options *o)
{
	bool resumed = f->takeover != NULL;
	struct role *role;

	if (resumed)
		servers->control =
		    takeover_finish(f->takeover, engine, c, &o->start);
	else if ((resumed = stored_load(&f->stored, engine_nat64(engine))))
		engine_restored(engine);
	else
		engine_load_state(engine);
	role = role_new(engine, c, resumed);
	if (role == NULL)
		fatal("role");
	return (role);
}

/* Give up privileges and translate packets until a signal ends it. */
static int
serve(struct tun *tun, struct conf *c, const struct options *o,
    struct eventlog *log, struct follow *f, struct servers *servers)
{
	struct admin admin = { .conf = c,
		.report = f->report,
		.foreground = o->start.foreground,
		.starter = servers->starter,
		.tun_fd = tun_fd(tun),
		.metrics = servers->metrics };
	struct engine_opts eo = { .foreground = o->start.foreground,
		.dump_file = c->dump,
		.verbose = o->start.verbose,
		.log = log,
		.watch = f->watch,
		.dump_first = hostreport_print,
		.dump_first_arg = f->report };
	struct engine *engine;
	struct event *watchdog;
	int rc;

	admin.replicate = replicate_new(&c->replicate, o->start.privs.uid);
	eo.state = new_state(c, &o->start.privs, tun);
	make_role_dir(c, &o->start.privs, tun);
	engine = engine_new(tun, &c->nat64, &eo);
	if (engine == NULL)
		tun_fatal(tun, "cannot start");
	startup_take_signals();
	follow_host(f, engine);
	privs_drop(&o->start.privs);
	if (eventlog_open(log) == -1)
		tun_fatal(tun, "cannot open the event log");
	admin.role = go_on(f, engine, servers, c, o);
	admin.engine = engine;
	admin.log = log;
	admin.control = servers->control;
	f->pcp = pcpsock_new(engine, f->watch, c->pcp, c->n_pcp);
	if (f->pcp == NULL)
		tun_fatal(tun, "cannot listen for port control");
	admin.reconf = start_reconf(f, o, log);
	start_admin(&admin, servers);
	replicate_start(admin.replicate, engine, admin.role);
	stored_keep(&f->stored, tun);
	enter_sandbox(c, o, servers, log, f->fast.path != NULL);
	if (fastuse_begin(&f->fast, c, engine) == -1)
		tun_fatal(tun, f->fast.text);
	log_info("running");
	notify_send("READY=1\nSTATUS=running");
	watchdog = watchdog_start(engine_base(engine));
	rc = engine_run(engine);
	startup_leave_signals();
	if (watchdog != NULL)
		event_free(watchdog);
	f->handed_over = engine_is_handed_over(engine);
	if (!f->handed_over) {
		notify_send("STOPPING=1");
		stored_save(&f->stored, engine_nat64(engine));
	}
	control_stop(servers->control);
	metrics_stop(servers->metrics);
	admin_stop(&admin);
	reconf_free(admin.reconf);
	role_free(admin.role);
	pcpsock_free(f->pcp);
	pref64find_stop(f->pref64);
	replicate_free(admin.replicate);
	engine_free(engine);
	statefile_free(eo.state);
	return (rc);
}

/* What a start needs of the host's files and users. */
static void
check_start(const struct conf *c, struct options *o)
{
	startup_check(&o->start);
	check_eventlog(c, &o->start.privs);
	check_state(c, &o->start.privs);
	replicate_free(replicate_new(&c->replicate, o->start.privs.uid));
	control_check(&c->control, CONF_CONTROL, &o->start.privs);
}

/* -n given once: report what would make a start with this file fail. */
static int
check_host(const struct conf *c, struct options *o)
{
	struct hostreport *report = hostreport_new(&c->nat64, c->routes);
	int rc;

	rc = hostreport_log(report, c->tun, HOSTREPORT_CHECK);
	hostreport_free(report);
	if (c->pool_ifname[0] != '\0' && !c->routes)
		warn_unreserved(c);
	check_start(c, o);
	return (rc);
}

/* -n, -nn: the file has no errors. */
static int
check_only(struct conf *c, struct options *o)
{
	int rc = 0;

	conf_warn(c);
	if (o->start.verbose)
		conf_print(c, stdout);
	fflush(stdout);
	if (o->take_over > 0)
		takeover_check(c);
	if (o->start.check_only == 1) {
		conf_note(c);
		rc = check_host(c, o);
	}
	if (rc == 0)
		rc = takeover_report(NULL);
	conf_free(c);
	return (rc == 0 ? 0 : 1);
}

/* -R: for scripts that add routes for the time when nat64d does not run. */
static int
print_routes(struct conf *c)
{
	routes_each(&c->nat64, print_route, stdout);
	conf_free(c);
	return (fflush(stdout) == 0 ? 0 : 1);
}

/* Refuse a configuration that does harm, before anything is changed. */
static struct hostreport *
fit_host(const struct conf *c)
{
	struct hostreport *report = hostreport_new(&c->nat64, c->routes);

	if (hostreport_log(report, c->tun, HOSTREPORT_START) == -1)
		fatalx("the configuration does not fit this host");
	return (report);
}

/* The control socket is handed over at the end only. */
static void
open_servers(struct servers *servers, const struct conf *c,
    const struct options *o, struct takeover *takeover)
{
	servers->control = NULL;
	if (takeover != NULL) {
		servers->metrics = takeover_metrics(takeover, c);
		return;
	}
	servers->control =
	    control_open(&c->control, CONF_CONTROL, &o->start.privs);
	servers->metrics = metrics_open(&c->metrics, NULL, 0);
}

/* Another process uses the device, the control socket and the pid file. */
static void
leave_to_heir(const struct servers *servers, struct tun *tun)
{
	tun_leave(tun);
	control_leave(servers->control);
	pidfile_leave();
}

int
main(int argc, char *argv[])
{
	struct options o;
	struct servers servers;
	struct eventlog *log;
	struct follow follow = { 0 };
	struct conf *conf;
	struct tun *tun;
	int rc;

	stored_begin(&follow.stored);
	parse_options(&o, argc, argv);
	if (o.start.check_only == 0 && !o.routes && o.commands == NULL)
		follow.reader = reader_start(o.start.conf_file, conf_gather);
	conf = conf_load(o.start.conf_file, NULL, takeover_conf_message, NULL);
	if (conf == NULL)
		return (1);
	configure(&o, conf);
	if (o.start.check_only > 0)
		return (check_only(conf, &o));
	if (o.routes)
		return (print_routes(conf));
	if (o.commands != NULL)
		return (print_commands(conf, &o));

	startup_log(&o.start);
	conf_warn(conf);
	check_start(conf, &o);
	notify_begin();
	follow.report = fit_host(conf);
	conf->nat64.memory_hint = largepage_hint;
	servers.starter = takeover_starter(conf, &o.start, argv);
	if (o.take_over > 0)
		follow.takeover = takeover_begin(conf, &o.start);
	startup_claim(&o.start);
	open_servers(&servers, conf, &o, follow.takeover);
	log = new_eventlog(conf, &o, &follow.stored);
	follow.watch = watch_new(HOSTWATCH_ALL);
	if (follow.watch == NULL)
		fatal("cannot watch the network of this host");
	tun = open_tun(conf, &follow);
	(void)hostreport_log(follow.report, tun_name(tun), HOSTREPORT_RUN);
	share_address(&follow, tun, conf);
	look_at_host(&follow, tun, conf);
	if (fastuse_open(&follow.fast, conf, tun, follow.watch) == -1)
		tun_fatal(tun, follow.fast.text);
	startup_background(&o.start);
	rc = serve(tun, conf, &o, log, &follow, &servers);

	fastuse_close(&follow.fast);
	poolif_free(follow.pool);
	ifwatch_free(follow.ifwatch);
	self6_free(follow.self6);
	pref64find_free(follow.pref64);
	clataddr_free(follow.clataddr);
	divert_stop(follow.divert);
	watch_free(follow.watch);
	if (follow.handed_over)
		eventlog_hand_over(log);
	eventlog_free(log);
	if (follow.handed_over)
		leave_to_heir(&servers, tun);
	else if (follow.stored.kept)
		tun_leave(tun);
	else
		tun_close(tun);
	hostreport_free(follow.report);
	control_close(servers.control);
	starter_free(servers.starter);
	pidfile_end();
	conf_free(conf);
	return (rc == 0 ? 0 : 1);
}
