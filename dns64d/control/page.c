/*
 * The page at the address of the metrics: GET / and GET /dns64d.js.
 */
#include "common/http/page.h"

#include "dns64d/control/page.html.h"
#include "dns64d/control/page.js.h"
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
