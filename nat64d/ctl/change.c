/*
 * Answers to flush, kill, static add, static delete and upgrade.
 */
#include <stdio.h>

#include "common/ctl/table.h"

#include "commands.h"

int
print_ended(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	printf("%" JSON_INTEGER_FORMAT " sessions ended\n",
	    table_number(answer, "sessions-ended"));
	return (CTL_DONE);
}

int
print_static(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	printf("static binding %s\n", table_text(answer, "static"));
	return (CTL_DONE);
}

static void
print_left(const json_t *answer)
{
	const json_int_t left = table_number(answer, "left-out");

	printf("%" JSON_INTEGER_FORMAT " bindings and %" JSON_INTEGER_FORMAT
	       " sessions go on",
	    table_number(answer, "bindings"),
	    table_number(answer, "sessions"));
	if (left > 0)
		printf(", %" JSON_INTEGER_FORMAT
		       " are left out by the configuration",
		    left);
	putchar('\n');
}

int
print_upgrade(struct ctl *ctl, const json_t *answer)
{
	const json_t *from = json_object_get(answer, "from");
	const json_t *to = json_object_get(answer, "to");
	json_t *status;
	int rc;

	if (ctl_value(ctl, "check") != NULL) {
		printf("%s: now %s, then %s\n", table_text(answer, "result"),
		    table_text(from, "version"), table_text(to, "version"));
		return (CTL_DONE);
	}
	printf("upgraded from %s, pid %" JSON_INTEGER_FORMAT
	       ", to %s, pid %" JSON_INTEGER_FORMAT "\n",
	    table_text(from, "version"), table_number(from, "pid"),
	    table_text(to, "version"), table_number(to, "pid"));
	print_left(answer);
	/* It has to answer at the socket that it has taken over. */
	rc = ctl_get(ctl, "GET", "/v1/status", &status);
	json_decref(status);
	return (rc);
}
