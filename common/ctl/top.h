/*
 * The command "top" of a client: samples of a running daemon, on a screen that
 * follows it, as blocks of text, or as JSON.
 *
 * A sample is one JSON object with the members of all answers to the program's
 * requests, and:
 *
 *	time-ms		time of day of the sample, in milliseconds
 *	sort		the order of its list
 *	seconds		since the sample that it is compared with; not in the
 *			first one, and the first one after a restart
 *
 * and with what compare() adds.
 */
#ifndef COMMON_CTL_TOP_H
#define COMMON_CTL_TOP_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "ctl.h"
#include "page.h"

/* Rows of a list when a page has no limit. */
#define TOP_ROWS 10

struct top_request {
	const char *path;
	bool sorted; /* takes sort=, one of sorts, and top= */
	bool cut;    /* takes top= */
};

struct top_program {
	const struct top_request *requests;
	size_t n_requests;
	const char *const *sorts; /* the first one is used first; ends with
				     NULL */
	/* Complete a sample. before: an earlier one, or NULL. */
	void (*compare)(json_t *now, const json_t *before, double secs,
	    const char *sort);
	/*
	 * Draw a sample, below its title and its "warnings". rows: of a
	 * list, at most.
	 */
	void (*draw)(struct page *p, const json_t *now, unsigned rows);
};

/* Run it with the arguments of CTL_TOP_ARGS. Returns a status. */
int ctl_top(struct ctl *ctl, const struct top_program *p);

/* For a table of arguments; sorts: those of the program. */
#define CTL_TOP_ARGS(sorts)                                   \
	{ .param = "batch", .kind = CTL_FLAG, .name = "-b" }, \
	    { .param = "interval",                            \
		    .kind = CTL_LOCAL,                        \
		    .name = "-d",                             \
		    .value = "SECONDS" },                     \
	    { .param = "count",                               \
		    .kind = CTL_LOCAL,                        \
		    .name = "-n",                             \
		    .value = "COUNT" },                       \
	    { .param = "sort",                                \
		    .kind = CTL_LOCAL,                        \
		    .name = "--sort",                         \
		    .values = sorts },                        \
	    { .param = "top",                                 \
		    .kind = CTL_LOCAL,                        \
		    .name = "--top",                          \
		    .value = "NUMBER" },                      \
	{                                                     \
		.param = NULL                                 \
	}

#endif
