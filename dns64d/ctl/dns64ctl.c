/*
 * dns64ctl: the client of dns64d's control socket.
 */
#include <stdio.h>

#include "common/ctl/ctl.h"
#include "common/ctl/ctl_common.h"
#include "common/ctl/table.h"

#include "dns64d/conf/conf.h"

static void
print_cache(const json_t *status)
{
	const json_int_t hits = table_number(status, "cache-hits");
	const json_int_t whole = table_number(status, "answer-hits");
	const json_int_t misses = table_number(status, "cache-misses");
	const json_int_t sum = hits + whole + misses;

	printf("cache      %" JSON_INTEGER_FORMAT
	       " %% of %" JSON_INTEGER_FORMAT " questions answered from it\n",
	    sum > 0 ? (hits + whole) * 100 / sum : 0, sum);
}

static int
print_status(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	ctl_print_since(answer);
	printf("queries    %" JSON_INTEGER_FORMAT
	       " over UDP, %" JSON_INTEGER_FORMAT
	       " over TCP; %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
	       " in progress; workers %" JSON_INTEGER_FORMAT "\n",
	    table_number(answer, "queries-udp"),
	    table_number(answer, "queries-tcp"),
	    table_number(answer, "queries"),
	    table_number(answer, "queries-max"),
	    table_number(answer, "workers"));
	printf("answers    %" JSON_INTEGER_FORMAT
	       " synthesised, %" JSON_INTEGER_FORMAT
	       " failed, %" JSON_INTEGER_FORMAT " refused\n",
	    table_number(answer, "synthesised"),
	    table_number(answer, "servfail"), table_number(answer, "refused"));
	print_cache(answer);
	ctl_print_warnings(answer);
	return (CTL_DONE);
}

static int
print_counters(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	table_print_members(json_object_get(answer, "counters"), stdout);
	return (CTL_DONE);
}

static const struct ctl_command commands[] = {
	{ .words = "status",
	    .help = "How it is: queries, answers, cache, warnings",
	    .method = "GET",
	    .path = "/v1/status",
	    .print = print_status },
	{ .words = "show counters",
	    .help = "All counters",
	    .method = "GET",
	    .path = "/v1/counters",
	    .print = print_counters },
	CTL_COMMON_COMMANDS,
};

int
main(int argc, char *argv[])
{
	static const struct ctl_program program = {
		.name = "dns64ctl",
		.daemon = "dns64d",
		.socket = CONF_CONTROL,
		.commands = commands,
		.n_commands = sizeof(commands) / sizeof(commands[0]),
	};

	return (ctl_main(&program, argc, argv));
}
