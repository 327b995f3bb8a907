/*
 * The routes of dns64d, one function each: GET /v1/status is get_status(). All
 * have the type of httpd_route.fn; arg is the struct admin (admin.h). /metrics,
 * /health and /ready are those of the metrics, and the page is there, too.
 */
#ifndef DNS64D_CONTROL_ROUTES_H
#define DNS64D_CONTROL_ROUTES_H

#include "common/http/httpd.h"

void get_cache(void *arg, struct httpd_request *rq);
void get_clients(void *arg, struct httpd_request *rq);
void get_config(void *arg, struct httpd_request *rq);
void get_counters(void *arg, struct httpd_request *rq);
void get_lookup(void *arg, struct httpd_request *rq);
void get_metrics(void *arg, struct httpd_request *rq);
void get_monitor(void *arg, struct httpd_request *rq);
void get_prefixes(void *arg, struct httpd_request *rq);
void get_page(void *arg, struct httpd_request *rq);
void get_page_script(void *arg, struct httpd_request *rq);
void get_ready(void *arg, struct httpd_request *rq);
void get_status(void *arg, struct httpd_request *rq);
void get_translators(void *arg, struct httpd_request *rq);
void get_upstreams(void *arg, struct httpd_request *rq);
void post_flush(void *arg, struct httpd_request *rq);
void post_reload(void *arg, struct httpd_request *rq);

#endif
