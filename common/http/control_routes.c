/*
 * The routes that both daemons have.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/os/log.h"
#include "common/os/version.h"

#include "control.h"

static const char *const none[] = { NULL };

void
control_config(struct httpd_request *rq, control_print print, const void *conf)
{
	char *text = NULL;
	size_t len;
	FILE *f;

	if (httpd_only_params(rq, none) == -1)
		return;
	f = open_memstream(&text, &len);
	if (f != NULL)
		print(conf, f);
	if (f == NULL || fclose(f) != 0)
		httpd_error(rq, 500, "out of memory");
	else
		httpd_json(rq, 200, json_pack("{s:s}", "config", text));
	free(text);
}

void
control_log(void *arg, struct httpd_request *rq)
{
	static const char *const names[] = { "level", NULL };
	const char *name = httpd_param(rq, "level");
	enum log_level level;

	(void)arg;
	if (httpd_only_params(rq, names) == -1)
		return;
	if (name == NULL || log_level_parse(name, &level) == -1) {
		httpd_error(rq, 400,
		    "level=%s: possible are err, warn, info "
		    "and debug",
		    name != NULL ? name : "");
		return;
	}
	log_set_level(level);
	log_info("log level %s, by the control socket", name);
	httpd_json(rq, 200, json_pack("{s:s}", "level", name));
}

json_t *
control_status(const char *name, struct monotime started, int64_t started_ms)
{
	const time_t since = (time_t)(started_ms / 1000);
	char stamp[sizeof("2026-11-29T10:24:07Z") + 8];
	struct tm tm;

	gmtime_r(&since, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return (json_pack("{s:s, s:s, s:I, s:s, s:I}", "name", name, "version",
	    version(), "pid", (json_int_t)getpid(), "since", stamp, "uptime",
	    (json_int_t)monotime_diff_ms(monotime_now(), started) / 1000));
}

void
control_version(void *arg, struct httpd_request *rq)
{
	(void)arg;
	if (httpd_only_params(rq, none) == 0)
		httpd_json(rq, 200, json_pack("{s:s}", "version", version()));
}
