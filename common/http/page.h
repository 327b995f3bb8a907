/*
 * A page for web browsers, at the address of the metrics. Its files are in
 * the source tree as they are sent (page.html, page.css, page.js, page.svg),
 * and in the program as octets, so that it serves them from any sandbox. They
 * are fixed; scripts of the page fetch /metrics and show the values.
 *
 * Values may have been chosen by anybody, such as names of domains. Scripts
 * write them as text and never as HTML, and the headers of the page forbid the
 * browser everything that does not come from this server.
 */
#ifndef COMMON_HTTP_PAGE_H
#define COMMON_HTTP_PAGE_H

#include <stddef.h>

#include "httpd.h"

/* data: static, since answers refer to it. */
struct page_file {
	const char *content_type;
	const void *data;
	size_t size;
};

#define PAGE_HTML "text/html; charset=utf-8"
#define PAGE_SCRIPT "text/javascript; charset=utf-8"

void page_answer(struct httpd_request *rq, const struct page_file *f);

/* Routes: the parts that the pages of both daemons have. */
void page_icon(void *arg, struct httpd_request *rq);
void page_script(void *arg, struct httpd_request *rq);
void page_style(void *arg, struct httpd_request *rq);

#endif
