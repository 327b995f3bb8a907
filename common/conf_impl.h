/*
 * The inside of struct conf_file, for conf_file.c (reading) and conf_msg.c
 * (messages) alone.
 */
#ifndef COMMON_CONF_IMPL_H
#define COMMON_CONF_IMPL_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>

#include "common/conf_file.h"

struct files;
struct source;
struct text;
struct macro;

struct conf_file {
	struct files *files; /* where they come from ... */
	struct files *own_files; /* ... when nobody gave us any */
	SLIST_HEAD(source_list, source) sources; /* being read: first */
	SLIST_HEAD(text_list, text) texts; /* handed out */
	SLIST_HEAD(macro_list, macro) macros;
	unsigned macro_count;
	const char *paths[CONF_MAX_FILES];
	size_t path_count;
	size_t total; /* bytes spent of CONF_MAX_TOTAL */

	conf_report_fn *report;
	void *report_arg;
	unsigned errors;
	bool stopped; /* a bound was passed: nothing more is read */

	struct conf_value ahead; /* read already, when have_ahead */
	bool have_ahead;
	struct conf_value last; /* handed out last */
	bool in_line;		/* last was no CONF_EOL */
	bool first_of_line;	/* last began its line */
};

#endif
