/*
 * POST /v1/reload.
 */
#include <string.h>

#include "dns64d/admin.h"
#include "routes.h"

void
post_reload(void *arg, struct httpd_request *rq)
{
	static const char *const names[] = { "check", NULL };
	const struct admin *a = arg;
	const char *check = httpd_param(rq, "check");

	if (httpd_only_params(rq, names) == -1)
		return;
	if (check != NULL && strcmp(check, "1") != 0) {
		httpd_error(rq, 400, "check=%s: possible is 1", check);
		return;
	}
	a->reload(a->reload_arg, rq, check != NULL);
}
