/*
 * Reading a file: the defaults, then its statements, then the checks.
 */
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

struct conf *
conf_load(const char *path)
{
	struct conf_build b = { .conf = NULL };
	struct conf_file *cf;

	cf = conf_file_open(path, NULL, NULL, NULL);
	if (cf == NULL)
		return (NULL);
	b.conf = conf_new();
	if (b.conf == NULL)
		conf_error(cf, "out of memory");
	else {
		conf_parse(&b, cf);
		conf_check(&b, cf);
	}
	if (conf_file_errors(cf) > 0) {
		conf_free(b.conf);
		b.conf = NULL;
	}
	conf_file_close(cf);
	free(b.prefix_at);
	free(b.pool_at);
	free(b.permit_at);
	return (b.conf);
}
