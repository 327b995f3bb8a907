/*
 * Reading a file: the defaults, then its statements, then the checks.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_build.h"
#include "defaults.h"

static struct conf *
conf_new(void)
{
	struct conf *c;

	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return (NULL);
	strlcpy(c->tun, conf_defaults.tun, sizeof(c->tun));
	c->tun_mtu = CONF_TUN_MTU;
	c->routes = conf_defaults.routes;
	c->offload = true;
	c->fastpath = FASTPATH_AUTO;
	c->state_secs = CONF_STATE_SECS;
	conf_replicate_init(&c->replicate);
	c->log_level = LOG_LEVEL_INFO;
	c->log_events = EVENT_BINDINGS;
	nat64_config_init(&c->nat64);
	c->user = strdup(CONF_USER);
	c->pidfile = strdup(CONF_PIDFILE);
	if (c->user == NULL || c->pidfile == NULL ||
	    control_conf_init(&c->control, CONF_CONTROL) == -1) {
		conf_free(c);
		return (NULL);
	}
	return (c);
}

struct conf_load {
	struct conf_build build;
	struct conf_file *cf;
	struct yypstate *parser; /* NULL: memory was short */
};

struct conf_load *
conf_load_begin(const char *path, struct files *files, conf_report_fn *report,
    void *arg)
{
	struct conf_load *l;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return (NULL);
	l->cf = conf_file_open(path, files, report, arg);
	if (l->cf == NULL) {
		free(l);
		return (NULL);
	}
	l->build.conf = conf_new();
	if (l->build.conf != NULL)
		l->parser = conf_parse_new();
	if (l->parser == NULL)
		conf_error(l->cf, "out of memory");
	return (l);
}

bool
conf_load_more(struct conf_load *l, unsigned max)
{
	return (
	    l->parser != NULL && conf_parse(l->parser, &l->build, l->cf, max));
}

struct conf *
conf_load_end(struct conf_load *l)
{
	struct conf *conf = l->build.conf;

	if (l->parser != NULL)
		conf_check(&l->build, l->cf);
	if (conf_file_errors(l->cf) > 0) {
		conf_free(conf);
		conf = NULL;
	}
	conf_file_close(l->cf);
	conf_parse_free(l->parser);
	free(l->build.prefix_at);
	free(l->build.pool_at);
	free(l->build.permit_at);
	free(l->build.map_at);
	free(l);
	return (conf);
}

struct conf *
conf_load(const char *path, struct files *files, conf_report_fn *report,
    void *arg)
{
	struct conf_load *l = conf_load_begin(path, files, report, arg);

	if (l == NULL)
		return (NULL);
	(void)conf_load_more(l, UINT_MAX);
	return (conf_load_end(l));
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
	conf_free(conf_load(path, files, report_to_nobody, NULL));
}
