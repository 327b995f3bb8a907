/*
 * "monitor": a line for each message of a client.
 */
#include <stdio.h>
#include <time.h>

#include "common/ctl/table.h"

#include "dns64ctl.h"

static const char *const actions[] = { "passed", "filtered", "synthesised",
	"nxdomain-synth", "no-data", "ptr", "local", "failed", "dropped",
	"rejected", NULL };

const struct ctl_arg monitor_args[] = {
	{ .param = "client", .kind = CTL_NAMED, .value = "PREFIX" },
	{ .param = "name", .kind = CTL_NAMED, .value = "NAME" },
	{ .param = "type", .kind = CTL_NAMED, .value = "TYPE" },
	{ .param = "rcode", .kind = CTL_NAMED, .value = "RCODE" },
	{ .param = "action", .kind = CTL_NAMED, .values = actions },
	{ .param = NULL },
};

static void
print_time(json_int_t ms)
{
	const time_t secs = (time_t)(ms / 1000);
	char text[sizeof("23:59:59")];
	struct tm tm;

	localtime_r(&secs, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("%s.%03d ", text, (int)(ms % 1000));
}

static void
print_event(void *arg, const json_t *e)
{
	static const char *const members[] = { "client", "over", "qname",
		"qtype", "action", "why", "rcode", "nat64-prefix", "from",
		"upstream" };
	size_t i;

	(void)arg;
	if (json_object_get(e, "lost") != NULL) {
		printf("lost: %" JSON_INTEGER_FORMAT " events\n",
		    table_number(e, "lost"));
		return;
	}
	print_time(table_number(e, "time-ms"));
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_object_get(e, members[i]) != NULL)
			printf("%s ", table_text(e, members[i]));
	printf("%" JSON_INTEGER_FORMAT " us\n", table_number(e, "usecs"));
}

int
run_monitor(struct ctl *ctl, const struct ctl_command *c)
{
	return (ctl_each(ctl, c->method, c->path, print_event, NULL));
}
