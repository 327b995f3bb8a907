/*
 * The page at the address of the metrics: GET /, GET /nat64d.js and GET
 * /subscribers.
 */
#include "common/http/page.h"

#include "nat64d/admin.h"
#include "nat64d/control/page.html.h"
#include "nat64d/control/page.js.h"
#include "busiest.h"
#include "routes.h"

void
get_page(void *arg, struct httpd_request *rq)
{
	static const struct page_file file = { PAGE_HTML, page_html,
		sizeof(page_html) };

	(void)arg;
	page_answer(rq, &file);
}

void
get_page_script(void *arg, struct httpd_request *rq)
{
	static const struct page_file file = { PAGE_SCRIPT, page_js,
		sizeof(page_js) };

	(void)arg;
	page_answer(rq, &file);
}

/*
 * The addresses of subscribers tell who uses the network: they are shown where
 * the configuration wants it, and nowhere else. "found" is null until the first
 * walk has ended.
 */
void
get_busiest(void *arg, struct httpd_request *rq)
{
	static const char *const none[] = { NULL };
	const struct admin *a = arg;
	json_t *found;

	if (httpd_only_params(rq, none) == -1)
		return;
	if (!httpd_is_private(rq)) {
		httpd_json(rq, 200, json_pack("{s:b}", "shown", 0));
		return;
	}
	found = busiest_get(a->busiest);
	if (found == NULL)
		found = json_null();
	httpd_json(rq, 200,
	    json_pack("{s:b, s:o}", "shown", 1, "found", found));
}
