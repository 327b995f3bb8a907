/*
 * For tests of what is drawn on a page.
 */
#ifndef TESTS_UNIT_COMMON_CTL_PAGE_UTIL_H
#define TESTS_UNIT_COMMON_CTL_PAGE_UTIL_H

#include <check.h>
#include <string.h>

#include "common/ctl/page.h"

/* The lines of a page, each with a newline; then the page is cleared. */
static inline const char *
page_text(struct page *p)
{
	static char text[16384];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < p->n; i++) {
		strlcat(text, p->lines[i].text, sizeof(text));
		strlcat(text, "\n", sizeof(text));
	}
	page_clear(p);
	return (text);
}

static inline json_t *
page_load(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(value);
	return (value);
}

#endif
