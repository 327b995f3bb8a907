/*
 * nat64ctl: the client of nat64d's control socket.
 */
#include <stdio.h>

#include "common/ctl/ctl.h"
#include "common/ctl/ctl_common.h"
#include "common/ctl/table.h"

#include "nat64d/conf/conf.h"

static void
print_pool(const json_t *status)
{
	const json_t *use;
	size_t i;

	/* Braces for cppcheck, which does not know the macro. */
	json_array_foreach(json_object_get(status, "pool"), i, use)
	{
		printf("pool %-6s %" JSON_INTEGER_FORMAT
		       " %% in use: %" JSON_INTEGER_FORMAT
		       " of %" JSON_INTEGER_FORMAT
		       " ports available, %" JSON_INTEGER_FORMAT
		       " bindings, %" JSON_INTEGER_FORMAT " sessions\n",
		    table_text(use, "transport-protocol"),
		    table_number(use, "percent"),
		    table_number(use, "available"), table_number(use, "ports"),
		    table_number(use, "bindings"),
		    table_number(use, "sessions"));
	}
}

static void
print_dropped(const json_t *dropped)
{
	const char *top = table_text(dropped, "top-reason");

	printf("dropped    %" JSON_INTEGER_FORMAT " packets, %.1f per second",
	    table_number(dropped, "packets"),
	    json_real_value(json_object_get(dropped, "packets-per-second")));
	if (*top != '\0')
		printf(", most of them: %s", top);
	putchar('\n');
}

static void
print_fast_path(const json_t *f)
{
	if (f == NULL)
		puts("fast path  none");
	else
		printf("fast path  %" JSON_INTEGER_FORMAT
		       " flows, %" JSON_INTEGER_FORMAT " packets\n",
		    table_number(f, "flows"), table_number(f, "packets"));
}

static int
print_status(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	ctl_print_since(answer);
	printf("sessions   %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
	       "\n",
	    table_number(answer, "sessions"),
	    table_number(answer, "sessions-max"));
	print_pool(answer);
	print_fast_path(json_object_get(answer, "fast-path"));
	print_dropped(json_object_get(answer, "dropped"));
	ctl_print_warnings(answer);
	return (CTL_DONE);
}

static int
print_counters(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	table_print_members(json_object_get(answer, "counters"), stdout);
	puts("\ndropped packets");
	table_print_members(json_object_get(answer, "dropped-packets"),
	    stdout);
	return (CTL_DONE);
}

static int
print_result(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	puts(table_text(answer, "result"));
	return (CTL_DONE);
}

static const struct ctl_arg reload_args[] = {
	{ .param = "check", .kind = CTL_FLAG, .name = "--check" },
	{ .param = "confirm",
	    .kind = CTL_NAMED,
	    .name = "--confirm",
	    .value = "SECONDS" },
	{ .param = NULL },
};

static const struct ctl_command commands[] = {
	{ .words = "confirm",
	    .help = "Keep what reload --confirm has changed",
	    .method = "POST",
	    .path = "/v1/confirm",
	    .print = print_result },
	{ .words = "reload",
	    .help = "Use the configuration file as it is now",
	    .args = reload_args,
	    .method = "POST",
	    .path = "/v1/reload",
	    .print = print_result },
	{ .words = "status",
	    .help = "How it is: sessions, use of the pool, drops, warnings",
	    .method = "GET",
	    .path = "/v1/status",
	    .print = print_status },
	{ .words = "show counters",
	    .help = "All counters, and dropped packets by reason",
	    .method = "GET",
	    .path = "/v1/counters",
	    .print = print_counters },
	CTL_COMMON_COMMANDS,
};

int
main(int argc, char *argv[])
{
	static const struct ctl_program program = {
		.name = "nat64ctl",
		.daemon = "nat64d",
		.socket = CONF_CONTROL,
		.commands = commands,
		.n_commands = sizeof(commands) / sizeof(commands[0]),
	};

	return (ctl_main(&program, argc, argv));
}
