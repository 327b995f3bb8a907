/*
 * Loads a configuration: defaults, what the grammar (parse.y) reads, and the
 * checks that depend on several statements.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/acl.h"
#include "common/conf/conf_file.h"
#include "common/net/pref64.h"
#include "common/siphash.h"

#include "conf.h"
#include "dns64d/local/hosts.h"
#include "dns64d/local/records.h"
#include "dns64d/os/reuseport.h"

static void
conf_free(struct conf *conf)
{
	control_conf_clear(&conf->control);
	free(conf->dump);
	free(conf->pidfile);
	free(conf->user);
	acl_free(conf->acl);
	free(conf->access);
	free(conf->prefix_lines);
	conf_clear_clients(conf);
	conf_clear_translators(conf);
	conf_clear_upstreams(conf);
	conf_clear_addrs(&conf->listens);
	conf_clear_addrs(&conf->upstreams);
	views_clear(&conf->views);
	free(conf);
}

static struct conf *
conf_new(void)
{
	struct siphash_key key;
	struct conf *conf;

	if ((conf = calloc(1, sizeof(*conf))) == NULL)
		return (NULL);
	if (views_init(&conf->views) == -1) {
		free(conf);
		return (NULL);
	}
	atomic_init(&conf->refs, 1);
	cache_rules_init(&conf->cache);
	conf->limit_queries = CONF_LIMIT_QUERIES;
	conf->limit_tcp_clients = CONF_LIMIT_TCP_CLIENTS;
	conf->limit_tcp_per_client = CONF_LIMIT_TCP_PER_CLIENT;
	conf->limit_tcp_per_upstream = CONF_LIMIT_TCP_PER_UPSTREAM;
	conf->tcp_idle_secs = CONF_TCP_IDLE_SECS;
	conf->workers = 1;
	conf->log_level = LOG_LEVEL_INFO;
	admission_rules_init(&conf->admission);
	conf->limit_hosts = CONF_LIMIT_HOSTS;
	arc4random_buf(&key, sizeof(key));
	conf->hosts = hosts_new(&key);
	conf->records = records_new();
	conf->acl = acl_new();
	conf->user = strdup(CONF_USER);
	conf->pidfile = strdup(CONF_PIDFILE);
	conf->upstream_common =
	    calloc(CONF_ADDRS_MAX, sizeof(*conf->upstream_common));
	if (conf->acl == NULL || conf->hosts == NULL ||
	    conf->records == NULL || conf->user == NULL ||
	    conf->pidfile == NULL || conf->upstream_common == NULL ||
	    control_conf_init(&conf->control, CONF_CONTROL) == -1) {
		conf_free(conf);
		return (NULL);
	}
	return (conf);
}

struct conf *
conf_ref(struct conf *conf)
{
	atomic_fetch_add_explicit(&conf->refs, 1, memory_order_relaxed);
	return (conf);
}

void
conf_unref(struct conf *conf)
{
	/* acq_rel: all accesses of other threads come before conf_free. */
	if (atomic_fetch_sub_explicit(&conf->refs, 1, memory_order_acq_rel) ==
	    1)
		conf_free(conf);
}

/* Every name needs a server. */
static bool
has_default_route(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->n_routes; i++) {
		if (*conf->routes[i].domain == 0)
			return (true);
	}
	return (false);
}

static void
check_matches(struct conf_file *cf, const struct conf *conf,
    const struct view *view)
{
	const struct scoped_addr *on;
	char buf[SCOPED_ADDR_STRLEN];
	size_t i;

	for (i = 0; i < view->n_matches; i++) {
		on = &view->matches[i].on;
		if (on->ss.ss_family != AF_UNSPEC &&
		    conf_find_addr(&conf->listens, on) == -1)
			conf_error(cf, "view \"%s\": nobody listens on %s",
			    view->name,
			    scoped_addr_print(on, buf, sizeof(buf)));
	}
}

/* Warn of a view that is used for no client. */
static void
check_reach(struct conf_file *cf, const struct conf *conf, size_t i)
{
	const size_t by = views_hidden_by(&conf->views, i);

	if (by != 0)
		conf_warning_at(cf, &conf->view_at[i],
		    "view \"%s\" is never "
		    "used: its clients have view \"%s\" of %s:%u",
		    conf->views.v[i].name, conf->views.v[by].name,
		    conf->view_at[by].file, conf->view_at[by].line);
}

/* "least-loaded" needs the load of each translator. */
static void
check_loads(struct conf_file *cf, const struct conf *conf,
    const struct dns64_policy *policy)
{
	char buf[PREF64_STRLEN];
	size_t i;

	if (policy->balance != POLICY_BALANCE_LEAST_LOADED)
		return;
	for (i = 0; i < policy->n_prefixes; i++) {
		if (policy_prefix_in_use(policy, i) &&
		    conf_find_translator(conf, &policy->prefixes[i]) == NULL)
			conf_error(cf,
			    "prefix %s has no \"translator\" for "
			    "\"balance least-loaded\"",
			    pref64_print(&policy->prefixes[i], buf,
				sizeof(buf)));
	}
}

/* The share of a worker must be large enough to work with. */
static void
check_workers(struct conf_file *cf, const struct conf *conf)
{
	if (conf->workers > 1 && !reuseport_is_possible())
		conf_error(cf,
		    "more than one of \"workers\": this system "
		    "does not share an address out among sockets");
	if (conf->each.queries < CONF_LIMIT_QUERIES_MIN)
		conf_error(cf,
		    "\"limit queries\" is less than %u for each "
		    "of %u workers",
		    CONF_LIMIT_QUERIES_MIN, conf->workers);
	if (conf->each.tcp_clients == 0)
		conf_error(cf,
		    "\"limit tcp-clients\" is less than 1 for "
		    "each of %u workers",
		    conf->workers);
}

/* What depends on several statements. */
static void
check_whole(struct conf_file *cf, const struct conf *conf)
{
	size_t i;

	if (conf->listens.n == 0)
		conf_error(cf, "no \"listen on\" in the configuration");
	if (conf->upstreams.n == 0)
		conf_error(cf, "no \"upstream\" in the configuration");
	else if (!has_default_route(conf))
		conf_error(cf, "no \"upstream\" for all domains");
	conf_check_loops(conf, cf);
	conf_check_records(conf, cf);
	check_workers(cf, conf);
	for (i = 0; i < conf->views.n; i++) {
		check_matches(cf, conf, &conf->views.v[i]);
		check_loads(cf, conf, &conf->views.v[i].policy);
		check_reach(cf, conf, i);
	}
}

static void
share_out(struct conf *conf)
{
	struct conf_each *each = &conf->each;

	each->cache = conf->cache;
	each->cache.bytes /= conf->workers;
	each->queries = conf->limit_queries / conf->workers;
	each->tcp_clients = conf->limit_tcp_clients / conf->workers;
	each->tcp_per_upstream = conf->limit_tcp_per_upstream / conf->workers;
	if (each->tcp_per_upstream == 0)
		each->tcp_per_upstream = 1;
}

/* After all statements and hosts files. */
static int
finish(struct conf *conf, struct conf_file *cf)
{
	hosts_finish(conf->hosts);
	conf->admission.keepalive_secs = conf->tcp_idle_secs;
	share_out(conf);
	if (views_finish(&conf->views) == -1) {
		conf_error(cf,
		    errno == ENOSPC ? "too many prefixes" : "out of memory");
		return (-1);
	}
	return (0);
}

static void
report_to_nobody(void *arg, bool warning, const char *msg)
{
	(void)arg;
	(void)warning;
	(void)msg;
}

void
conf_gather(const char *path, struct files *files)
{
	struct conf_file *cf;
	struct conf *conf;

	cf = conf_file_open(path, files, report_to_nobody, NULL);
	if (cf == NULL)
		return;
	if ((conf = conf_new()) != NULL) {
		conf_parse(cf, conf);
		conf_gather_hosts(conf, cf);
		conf_free(conf);
	}
	conf_file_close(cf);
}

struct conf *
conf_load(const char *path, struct files *files, conf_report_fn *report,
    void *arg)
{
	struct conf_file *cf;
	struct conf *conf;
	bool good;

	cf = conf_file_open(path, files, report, arg);
	if (cf == NULL)
		return (NULL);
	if ((conf = conf_new()) == NULL) {
		conf_error(cf, "out of memory");
		conf_file_close(cf);
		return (NULL);
	}
	conf_parse(cf, conf);
	conf_read_hosts(conf, cf);
	if (conf_file_errors(cf) == 0 && finish(conf, cf) == 0)
		check_whole(cf, conf);
	good = conf_file_errors(cf) == 0;
	conf_file_close(cf);
	if (good)
		return (conf);
	conf_free(conf);
	return (NULL);
}
