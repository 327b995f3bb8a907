#include <event2/buffer.h>

#include "common/http/page.css.h"
#include "common/http/page.js.h"
#include "common/http/page.svg.h"
#include "page.h"

/*
 * Only files and values of this server, no inline scripts or styles; no other
 * page may contain this one.
 */
#define POLICY                                                      \
	"default-src 'none'; script-src 'self'; style-src 'self'; " \
	"img-src 'self'; connect-src 'self'; base-uri 'none'; "     \
	"form-action 'none'; frame-ancestors 'none'"

void
page_answer(struct httpd_request *rq, const struct page_file *f)
{
	struct evbuffer *body = evbuffer_new();

	if (body == NULL ||
	    evbuffer_add_reference(body, f->data, f->size, NULL, NULL) == -1) {
		httpd_error(rq, 500, "out of memory");
	} else {
		httpd_header(rq, "Content-Security-Policy", POLICY);
		httpd_header(rq, "Cross-Origin-Resource-Policy",
		    "same-origin");
		httpd_header(rq, "Referrer-Policy", "no-referrer");
		httpd_header(rq, "X-Frame-Options", "DENY");
		httpd_text(rq, 200, f->content_type, body);
	}
	if (body != NULL)
		evbuffer_free(body);
}

void
page_icon(void *arg, struct httpd_request *rq)
{
	static const struct page_file file = { "image/svg+xml", page_svg,
		sizeof(page_svg) };

	(void)arg;
	page_answer(rq, &file);
}

void
page_script(void *arg, struct httpd_request *rq)
{
	static const struct page_file file = { PAGE_SCRIPT, page_js,
		sizeof(page_js) };

	(void)arg;
	page_answer(rq, &file);
}

void
page_style(void *arg, struct httpd_request *rq)
{
	static const struct page_file file = { "text/css; charset=utf-8",
		page_css, sizeof(page_css) };

	(void)arg;
	page_answer(rq, &file);
}
