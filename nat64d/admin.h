/*
 * What an operator sees and changes while nat64d runs. main() makes it; the
 * routes of the control socket and of the metrics, in control/, use it.
 */
#ifndef NAT64D_ADMIN_H
#define NAT64D_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http/httpd.h"
#include "common/monotime.h"

#include "nat64d/state/handover.h"

struct busiest;
struct conf;
struct control;
struct engine;
struct eventlog;
struct hostreport;
struct followers;
struct metrics;
struct rates;
struct reconf;
struct role;
struct replicate;
struct starter;
struct upgrade;

/* All borrowed. The argument of all routes. */
struct admin {
	const struct conf *conf; /* in use */
	struct engine *engine;
	struct eventlog *log;
	struct hostreport *report;
	struct reconf *reconf;
	struct role *role;
	struct replicate *replicate; /* NULL: it is not configured */
	struct monotime started;
	int64_t started_ms; /* time of day, for people */
	struct rates *rates;
	struct busiest *busiest;     /* subscribers */
	struct followers *followers; /* of monitor and drops */
	bool foreground;
	struct starter *starter; /* NULL: there is none */
	int tun_fd;
	struct control *control;
	struct metrics *metrics;
	struct handover *handover; /* NULL: nobody takes over */
	struct upgrade *upgrade;   /* NULL: none has been asked for */
};

/* The routes of the control socket and of the metrics; control/routes.c. */
const struct httpd_route *admin_routes(size_t *n);
const struct httpd_route *admin_metrics_routes(size_t *n);

/*
 * Begin to measure rates (control/rates.h), in the event loop of the engine,
 * and make what looks for the busiest subscribers (control/busiest.h) and the
 * list of followers (control/follow.h); sets all three. Returns 0, or -1 with
 * errno ENOMEM. admin_stop() is called after the end of all streams.
 */
int admin_start(struct admin *a);
void admin_stop(struct admin *a);

#endif
