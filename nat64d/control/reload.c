/*
 * POST /v1/reload and POST /v1/confirm.
 */
#include <errno.h>
#include <stdlib.h>

#include "nat64d/admin.h"
#include "nat64d/reconf.h"
#include "routes.h"

/* Longest time to confirm. */
#define CONFIRM_MAX_SECS 86400

/* error: NULL, or why it was refused. */
static void
answer(struct httpd_request *rq, const char *error, const char *done)
{
	if (error != NULL)
		httpd_error(rq, 409, "%s", error);
	else
		httpd_json(rq, 200, json_pack("{s:s}", "result", done));
}

static void
checked(void *arg, const char *error)
{
	answer(arg, error, "the configuration can be used");
}

static void
reloaded(void *arg, const char *error)
{
	answer(arg, error, "reloaded");
}

/* Returns -1 for what is no time. NULL: 0. */
static int
parse_secs(const char *text, unsigned *secs)
{
	unsigned long n;
	char *end;

	*secs = 0;
	if (text == NULL)
		return (0);
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' ||
	    n == 0 || n > CONFIRM_MAX_SECS)
		return (-1);
	*secs = (unsigned)n;
	return (0);
}

void
post_reload(void *arg, struct httpd_request *rq)
{
	static const char *const names[] = { "check", "confirm", NULL };
	const struct admin *a = arg;
	const bool check = httpd_param(rq, "check") != NULL;
	const char *refused;
	unsigned secs;

	if (httpd_only_params(rq, names) == -1)
		return;
	if (parse_secs(httpd_param(rq, "confirm"), &secs) == -1) {
		httpd_error(rq, 400,
		    "confirm: a number of seconds from 1 to %d is needed",
		    CONFIRM_MAX_SECS);
		return;
	}
	httpd_defer(rq);
	refused = reconf_request(a->reconf, check, secs,
	    check ? checked : reloaded, rq);
	if (refused != NULL)
		httpd_error(rq, 409, "%s", refused);
}

void
post_confirm(void *arg, struct httpd_request *rq)
{
	static const char *const names[] = { NULL };
	const struct admin *a = arg;

	if (httpd_only_params(rq, names) == 0)
		answer(rq, reconf_confirm(a->reconf), "confirmed");
}
