/*
 * GET and POST /v1/role, POST /v1/drain and POST /v1/undrain.
 */
#include <string.h>

#include "nat64d/admin.h"
#include "nat64d/engine.h"
#include "nat64d/replicate.h"
#include "nat64d/role.h"
#include "numbers.h"
#include "routes.h"

#define WHO "the control socket"

static const char *const none[] = { NULL };

/* "fit": may the packets of the pair be led here? */
static void
answer(const struct admin *a, struct httpd_request *rq)
{
	const struct nat64 *n = engine_nat64(a->engine);
	const char *unfit = role_unfit(a->role);
	json_t *o;

	if (unfit == NULL)
		unfit = numbers_no_pool(n);
	o = json_pack("{s:s, s:b, s:b}", "role",
	    nat64_role_name(nat64_role(n)), "draining",
	    (int)nat64_is_draining(n), "fit", (int)(unfit == NULL));
	if (unfit != NULL)
		json_object_set_new(o, "unfit", json_string(unfit));
	if (a->replicate != NULL &&
	    (replicate_published(a->replicate).rival != 0 ||
		replicate_published(a->replicate).dropped))
		json_object_set_new(o, "warning",
		    json_string(replicate_problem(a->replicate)));
	httpd_json(rq, 200, o);
}

void
get_role(void *arg, struct httpd_request *rq)
{
	if (httpd_only_params(rq, none) == 0)
		answer(arg, rq);
}

void
post_role(void *arg, struct httpd_request *rq)
{
	static const char *const names[] = { "role", NULL };
	const char *role = httpd_param(rq, "role");
	const struct admin *a = arg;

	if (httpd_only_params(rq, names) == -1)
		return;
	if (role != NULL && strcmp(role, "active") == 0)
		role_activate(a->role, WHO);
	else if (role != NULL && strcmp(role, "standby") == 0)
		role_leave(a->role, WHO);
	else {
		httpd_error(rq, 400,
		    "role=%s: possible are active and standby",
		    role != NULL ? role : "");
		return;
	}
	answer(a, rq);
}

static void
drain(const struct admin *a, struct httpd_request *rq, bool draining)
{
	const enum nat64_role role = nat64_role(engine_nat64(a->engine));

	if (httpd_only_params(rq, none) == -1)
		return;
	/* It would not last: the active one says whether the pair drains. */
	if (a->replicate != NULL && role != NAT64_ROLE_ACTIVE) {
		httpd_error(rq, 409, "%s: ask the node that is active",
		    nat64_role_name(role));
		return;
	}
	role_drain(a->role, draining);
	replicate_tell(a->replicate);
	answer(a, rq);
}

void
post_drain(void *arg, struct httpd_request *rq)
{
	drain(arg, rq, true);
}

void
post_undrain(void *arg, struct httpd_request *rq)
{
	drain(arg, rq, false);
}
