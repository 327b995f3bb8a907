#include <stdio.h>

#include "ctl_common.h"
#include "table.h"

static const char *const levels[] = { "err", "warn", "info", "debug", NULL };

const struct ctl_arg ctl_level_args[] = {
	{ .param = "level", .kind = CTL_WORD, .values = levels },
	{ .param = NULL },
};

int
ctl_print_config(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	fputs(table_text(answer, "config"), stdout);
	return (CTL_DONE);
}

int
ctl_print_level(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	printf("log level %s\n", table_text(answer, "level"));
	return (CTL_DONE);
}

void
ctl_print_since(const json_t *status)
{
	char text[TABLE_TIME_SIZE];

	printf("%s %s, pid %" JSON_INTEGER_FORMAT ", up %s since %s\n",
	    table_text(status, "name"), table_text(status, "version"),
	    table_number(status, "pid"),
	    table_time(table_number(status, "uptime"), text),
	    table_text(status, "since"));
}

void
ctl_print_warnings(const json_t *status)
{
	const json_t *warning;
	size_t i;

	json_array_foreach(json_object_get(status, "warnings"), i, warning) {
		printf("warning    %s\n", json_string_value(warning));
	}
}
