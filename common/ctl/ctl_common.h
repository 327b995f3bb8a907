/*
 * The commands that both clients have: rows for their tables, with what prints
 * the answers.
 */
#ifndef COMMON_CTL_CTL_COMMON_H
#define COMMON_CTL_CTL_COMMON_H

#include "ctl.h"

int ctl_print_config(struct ctl *ctl, const json_t *answer);
int ctl_print_level(struct ctl *ctl, const json_t *answer);

/* The first line of "status", and its last ones: the warnings. */
void ctl_print_since(const json_t *status);
void ctl_print_warnings(const json_t *status);

extern const struct ctl_arg ctl_level_args[];

#define CTL_COMMON_COMMANDS                                                  \
	{ .words = "show config",                                            \
		.help = "The configuration in use, with all defaults",       \
		.method = "GET",                                             \
		.path = "/v1/config",                                        \
		.print = ctl_print_config,                                   \
		.verbatim = true },                                          \
	{                                                                    \
		.words = "log level",                                        \
		.help = "Set the log level until the end of the "            \
			"process or a reload",                               \
		.args = ctl_level_args, .method = "POST", .path = "/v1/log", \
		.print = ctl_print_level                                     \
	}

#endif
