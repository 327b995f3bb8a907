/*
 * POST /v1/flush.
 */
#include <string.h>

#include "dns64d/admin.h"
#include "dns64d/query.h"
#include "dns64d/wire/msg_name.h"
#include "dns64d/wire/name_text.h"
#include "dns64d/worker.h"
#include "dns64d/workers.h"
#include "routes.h"

struct flush {
	uint8_t name[MSG_NAME_MAX];
	bool below;
};

static void
flush(void *arg, struct worker *w)
{
	const struct flush *f = arg;

	queries_flush(w->queries, f->name, f->below);
}

void
post_flush(void *arg, struct httpd_request *rq)
{
	static const char *const names[] = { "name", "zone", "all", NULL };
	const struct admin *a = arg;
	const char *name = httpd_param(rq, "name");
	const char *zone = httpd_param(rq, "zone");
	const char *all = httpd_param(rq, "all");
	const char *text = name != NULL ? name : zone;
	struct flush f = { .below = name == NULL };
	char printed[NAME_TEXT_MAX];

	if (httpd_only_params(rq, names) == -1)
		return;
	if ((name != NULL) + (zone != NULL) + (all != NULL) != 1) {
		httpd_error(rq, 400,
		    "say what to forget: name=NAME, zone=NAME with all names "
		    "below it, or all=1");
		return;
	}
	if (all != NULL)
		text = ".";
	if (name_from_text(text, f.name) == 0) {
		httpd_error(rq, 400,
		    "%s: is no name of letters, digits, \"-\" and \"_\"",
		    text);
		return;
	}
	workers_each(a->workers, flush, &f);
	httpd_json(rq, 200,
	    json_pack("{s:s, s:b}", "flushed", name_to_text(f.name, printed),
		"below", f.below));
}
