/*
 * What an operator sees and changes while dns64d runs. main() makes it; the
 * routes of the control socket and of the metrics, in control/, use it. They
 * run in the event loop of the main thread.
 */
#ifndef DNS64D_ADMIN_H
#define DNS64D_ADMIN_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http/httpd.h"
#include "common/monotime.h"

struct conf;
struct monitors;
struct workers;

/* All borrowed. The argument of all routes. */
struct admin {
	const struct conf *conf; /* in use; a reload changes it */
	struct workers *workers;
	struct monotime started;
	int64_t started_ms; /* time of day, for people */
	struct monitors *monitors;
	LIST_HEAD(, lookup) lookups; /* in progress; control/lookup.c */
	/* Reload, or only check; answers rq, later. */
	void (*reload)(void *reload_arg, struct httpd_request *rq, bool check);
	void *reload_arg;
};

/* Refuse the lookups in progress: dns64d ends. */
void lookups_end(struct admin *a);

/* Who watches the queries; control/monitors.c. NULL: out of memory. */
struct monitors *monitors_new(struct workers *ws);
void monitors_free(struct monitors *ms);

/* The routes of the control socket and of the metrics; control/routes.c. */
const struct httpd_route *admin_routes(size_t *n);
const struct httpd_route *admin_metrics_routes(size_t *n);

#endif
