/*
 * Answers to flush, kill, static add and static delete.
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
