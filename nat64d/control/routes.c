/*
 * The table of routes of the control socket, and the short ones.
 */
#include "common/http/control.h"
#include "common/http/metrics.h"
#include "common/http/page.h"

#include "nat64d/admin.h"
#include "nat64d/conf/conf.h"
#include "nat64d/engine.h"
#include "busiest.h"
#include "follow.h"
#include "rates.h"
#include "routes.h"

/* Those of one path stand together. */
static const struct httpd_route routes[] = {
	{ "GET", "/v1/bindings", get_bindings },
	{ "GET", "/v1/blocks", get_blocks },
	{ "GET", "/v1/config", get_config },
	{ "POST", "/v1/confirm", post_confirm },
	{ "GET", "/v1/counters", get_counters },
	{ "POST", "/v1/drain", post_drain },
	{ "GET", "/v1/drops", get_drops },
	{ "POST", "/v1/flush", post_flush },
	{ "GET", "/v1/fragments", get_fragments },
	{ "POST", "/v1/log", post_log },
	{ "GET", "/v1/lookup", get_lookup },
	{ "GET", "/v1/maps", get_maps },
	{ "GET", "/v1/monitor", get_monitor },
	{ "GET", "/v1/pool", get_pool },
	{ "GET", "/v1/prefixes", get_prefixes },
	{ "POST", "/v1/reload", post_reload },
	{ "GET", "/v1/role", get_role },
	{ "POST", "/v1/role", post_role },
	{ "GET", "/v1/sessions", get_sessions },
	{ "POST", "/v1/statics", post_statics },
	{ "DELETE", "/v1/statics", delete_statics },
	{ "GET", "/v1/status", get_status },
	{ "GET", "/v1/subscribers", get_subscribers },
	{ "GET", "/v1/translate", get_translate },
	{ "POST", "/v1/undrain", post_undrain },
	{ "POST", "/v1/upgrade", post_upgrade },
	{ "GET", "/v1/version", control_version },
};

const struct httpd_route *
admin_routes(size_t *n)
{
	*n = sizeof(routes) / sizeof(routes[0]);
	return (routes);
}

int
admin_start(struct admin *a)
{
	a->rates = rates_new(engine_base(a->engine),
	    nat64_stats(engine_nat64(a->engine)));
	a->busiest =
	    busiest_new(engine_base(a->engine), engine_nat64(a->engine));
	a->followers = followers_new(a->engine);
	return (
	    a->rates == NULL || a->busiest == NULL || a->followers == NULL ?
		-1 :
		0);
}

void
admin_stop(struct admin *a)
{
	rates_free(a->rates);
	busiest_free(a->busiest);
	followers_free(a->followers);
	handover_free(a->handover);
	upgrade_free(a->upgrade);
}

/* What anybody may ask: nothing here changes the state. */
static const struct httpd_route metrics_routes[] = {
	{ "GET", "/", get_page },
	{ "GET", "/health", metrics_health },
	{ "GET", "/icon.svg", page_icon },
	{ "GET", "/metrics", get_metrics },
	{ "GET", "/nat64d.js", get_page_script },
	{ "GET", "/page.js", page_script },
	{ "GET", "/ready", get_ready },
	{ "GET", "/style.css", page_style },
	{ "GET", "/subscribers", get_busiest },
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

void
post_log(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;

	control_log(arg, rq);
	engine_log_level_changed(a->engine);
}
