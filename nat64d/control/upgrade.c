/*
 * POST /v1/upgrade: hand over to the process that listens at the abstract Unix
 * socket "socket", which nat64d -U asks for.
 */
#include "common/http/control.h"
#include "common/http/metrics.h"
#include "common/os/log.h"
#include "common/os/pidfile.h"

#include "nat64d/admin.h"
#include "nat64d/engine.h"
#include "routes.h"

static void
ended(void *arg, bool taken, const char *text)
{
	struct admin *a = arg;

	handover_free(a->handover);
	a->handover = NULL;
	if (taken) {
		log_info("handed over to another process: leaving");
		engine_hand_over(a->engine);
	} else
		log_warn("not handed over to another process: %s", text);
}

static struct handover_fds
descriptors(const struct admin *a)
{
	struct handover_fds fds = { .tun = a->tun_fd,
		.control = control_fd(a->control),
		.pidfile = pidfile_fd() };
	const int *metrics;
	size_t i, n = metrics_fds(a->metrics, &metrics);

	for (i = 0; i < n && i < HANDOVER_MAX_METRICS; i++)
		fds.metrics[fds.n_metrics++] = metrics[i];
	return (fds);
}

void
post_upgrade(void *arg, struct httpd_request *rq)
{
	static const char *const names[] = { "socket", NULL };
	struct admin *a = arg;
	const struct handover_opts opts = {
		.fds = descriptors(a),
		.n = engine_nat64(a->engine),
		.end = ended,
		.arg = a,
	};
	char text[HANDOVER_TEXT_SIZE];
	const char *name;

	if (httpd_only_params(rq, names) == -1)
		return;
	name = httpd_param(rq, "socket");
	if (name == NULL) {
		httpd_error(rq, 400,
		    "no parameter \"socket\": nat64d -U "
		    "takes over");
		return;
	}
	if (a->handover != NULL) {
		httpd_error(rq, 409, "another process is taking over");
		return;
	}
	a->handover =
	    handover_offer(engine_base(a->engine), name, &opts, text);
	if (a->handover == NULL)
		httpd_error(rq, 409, "%s", text);
	else
		httpd_json(rq, 202, json_pack("{s:s}", "upgrade", "offered"));
}
