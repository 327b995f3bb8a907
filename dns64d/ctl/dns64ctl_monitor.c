/*
 * "monitor": a line for each message of a client.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/ctl/table.h"

#include "dns64ctl.h"

#define LINE_SIZE 4096 /* dns64d's lines are shorter */

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

struct lines {
	char text[LINE_SIZE];
	size_t len;
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
print_event(const json_t *e)
{
	static const char *const members[] = { "client", "over", "qname",
		"qtype", "action", "why", "rcode", "prefix", "from",
		"upstream" };
	size_t i;

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

static void
print_line(const char *text, size_t len)
{
	json_t *e = json_loadb(text, len, 0, NULL);

	if (e != NULL)
		print_event(e);
	json_decref(e);
}

static bool
take(void *arg, const char *data, size_t len)
{
	struct lines *l = arg;
	size_t i;

	for (i = 0; i < len; i++) {
		if (data[i] == '\n') {
			print_line(l->text, l->len);
			l->len = 0;
		} else if (l->len < sizeof(l->text))
			l->text[l->len++] = data[i];
	}
	return (fflush(stdout) == 0);
}

static bool
pass_on(void *arg, const char *data, size_t len)
{
	(void)arg;
	return (fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0);
}

int
run_monitor(struct ctl *ctl, const struct ctl_command *c)
{
	struct lines l = { .len = 0 };

	return (ctl_follow(ctl, c->method, c->path,
	    ctl_wants_json(ctl) ? pass_on : take, &l));
}
