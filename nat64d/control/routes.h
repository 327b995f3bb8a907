/*
 * The routes of nat64d, one function each: GET /v1/status is get_status(). All
 * have the type of httpd_route.fn; arg is the struct admin (admin.h). /metrics,
 * /health and /ready are those of the metrics, and the page is there, too.
 */
#ifndef NAT64D_CONTROL_ROUTES_H
#define NAT64D_CONTROL_ROUTES_H

#include "common/http/httpd.h"

void delete_statics(void *arg, struct httpd_request *rq);
void get_bindings(void *arg, struct httpd_request *rq);
void get_blocks(void *arg, struct httpd_request *rq);
void get_busiest(void *arg, struct httpd_request *rq);
void get_config(void *arg, struct httpd_request *rq);
void get_counters(void *arg, struct httpd_request *rq);
void get_metrics(void *arg, struct httpd_request *rq);
void get_page(void *arg, struct httpd_request *rq);
void get_page_script(void *arg, struct httpd_request *rq);
void get_ready(void *arg, struct httpd_request *rq);
void get_drops(void *arg, struct httpd_request *rq);
void get_fragments(void *arg, struct httpd_request *rq);
void get_lookup(void *arg, struct httpd_request *rq);
void get_monitor(void *arg, struct httpd_request *rq);
void get_pool(void *arg, struct httpd_request *rq);
/* maps.c */
void get_maps(void *arg, struct httpd_request *rq);
void get_translate(void *arg, struct httpd_request *rq);

void get_prefixes(void *arg, struct httpd_request *rq);
void get_role(void *arg, struct httpd_request *rq);
void get_sessions(void *arg, struct httpd_request *rq);
void get_status(void *arg, struct httpd_request *rq);
void get_subscribers(void *arg, struct httpd_request *rq);
void post_confirm(void *arg, struct httpd_request *rq);
void post_drain(void *arg, struct httpd_request *rq);
void post_flush(void *arg, struct httpd_request *rq);
void post_log(void *arg, struct httpd_request *rq);
void post_reload(void *arg, struct httpd_request *rq);
void post_role(void *arg, struct httpd_request *rq);
void post_statics(void *arg, struct httpd_request *rq);
void post_undrain(void *arg, struct httpd_request *rq);
void post_upgrade(void *arg, struct httpd_request *rq);

/* After the end of the server: an upgrade that is going on; NULL: none. */
struct upgrade;
void upgrade_free(struct upgrade *u);

#endif
