/*
 * role, drain and undrain.
 */
#include <stdio.h>

#include "common/ctl/table.h"

#include "commands.h"

/* Not on standard output, where scripts expect one word. */
static void
print_warning(const json_t *answer)
{
	if (json_object_get(answer, "warning") != NULL)
		fprintf(stderr, "warning: %s\n",
		    table_text(answer, "warning"));
}

int
print_role(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	print_warning(answer);
	printf("%s%s\n", table_text(answer, "role"),
	    json_is_true(json_object_get(answer, "draining")) ? ", draining" :
								"");
	return (CTL_DONE);
}

/* The exit status is what the vrrp_script of keepalived looks at. */
int
print_role_check(struct ctl *ctl, const json_t *answer)
{
	const bool fit = json_is_true(json_object_get(answer, "fit"));

	(void)ctl;
	printf("%s: %s\n", table_text(answer, "role"),
	    fit ? "may be the master" : table_text(answer, "unfit"));
	return (fit ? CTL_DONE : CTL_REFUSED);
}
