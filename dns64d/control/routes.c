/*
 * The table of routes of the control socket, and the short ones.
 */
#include "common/http/control.h"
#include "common/http/metrics.h"
#include "common/http/page.h"

#include "dns64d/admin.h"
#include "dns64d/conf/conf.h"
#include "routes.h"

/* Those of one path stand together. */
static const struct httpd_route routes[] = {
	{ "GET", "/v1/cache", get_cache },
	{ "GET", "/v1/clients", get_clients },
	{ "GET", "/v1/config", get_config },
	{ "GET", "/v1/counters", get_counters },
	{ "POST", "/v1/flush", post_flush },
	{ "POST", "/v1/log", control_log },
	{ "GET", "/v1/lookup", get_lookup },
	{ "GET", "/v1/monitor", get_monitor },
	{ "GET", "/v1/prefixes", get_prefixes },
	{ "POST", "/v1/reload", post_reload },
	{ "GET", "/v1/status", get_status },
	{ "GET", "/v1/translators", get_translators },
	{ "GET", "/v1/upstreams", get_upstreams },
	{ "GET", "/v1/version", control_version },
};

const struct httpd_route *
admin_routes(size_t *n)
{
	*n = sizeof(routes) / sizeof(routes[0]);
	return (routes);
}

/* What anybody may ask: nothing here changes the state. */
static const struct httpd_route metrics_routes[] = {
	{ "GET", "/", get_page },
	{ "GET", "/health", metrics_health },
	{ "GET", "/icon.svg", page_icon },
	{ "GET", "/metrics", get_metrics },
	{ "GET", "/dns64d.js", get_page_script },
	{ "GET", "/page.js", page_script },
	{ "GET", "/ready", get_ready },
	{ "GET", "/style.css", page_style },
};

const struct httpd_route *
admin_metrics_routes(size_t *n)
{
	*n = sizeof(metrics_routes) / sizeof(metrics_routes[0]);
	return (metrics_routes);
}

static void
print_config(const void *conf, FILE *f)
{
	conf_print(conf, f);
}

void
get_config(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;

	control_config(rq, print_config, a->conf);
}
