/*
 * dns64ctl: the client of dns64d's control socket.
 */
#include <stdio.h>

#include "common/ctl/ctl.h"
#include "common/ctl/ctl_common.h"
#include "common/ctl/table.h"

#include "dns64d/conf/conf.h"
#include "dns64ctl.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

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

/* Lists in a table are shown in a cell, separated by blanks. */
static void
join(const json_t *list, const char *member)
{
	const json_t *word;
	char text[512];
	json_t *row;
	size_t i, j;
	int len;

	json_array_foreach(list, i, row) {
		len = 0;
		text[0] = '\0';
		json_array_foreach(json_object_get(row, member), j, word) {
			len += snprintf(text + len, sizeof(text) - (size_t)len,
			    "%s%s", j > 0 ? " " : "", json_string_value(word));
			if (len >= (int)sizeof(text))
				break;
		}
		json_object_set_new(row, member,
		    json_string(len > 0 ? text : "-"));
	}
}

static int
print_upstreams(struct ctl *ctl, const json_t *answer)
{
	static const struct table_column columns[] = {
		{ "address", "ADDRESS" },
		{ "state", "STATE" },
		{ "rtt-us", "RTT US" },
		{ "edns", "EDNS" },
		{ "sent", "SENT" },
		{ "answered", "ANSWERED" },
		{ "lost", "LOST" },
		{ "outstanding", "OPEN" },
		{ "domains", "DOMAINS" },
	};
	const json_t *list = json_object_get(answer, "upstreams");

	(void)ctl;
	join(list, "domains");
	return (table_print(list, columns, NITEMS(columns), stdout));
}

static int
print_prefixes(struct ctl *ctl, const json_t *answer)
{
	static const struct table_column columns[] = {
		{ "view", "VIEW" },
		{ "nat64-prefix", "PREFIX" },
		{ "translator", "TRANSLATOR" },
		{ "weight", "WEIGHT" },
		{ "share-percent", "SHARE %" },
		{ "destination-ipv4-prefix", "FOR" },
	};
	const json_t *list = json_object_get(answer, "nat64-prefixes");

	(void)ctl;
	join(list, "destination-ipv4-prefix");
	return (table_print(list, columns, NITEMS(columns), stdout));
}

static int
print_translators(struct ctl *ctl, const json_t *answer)
{
	static const struct table_column columns[] = {
		{ "nat64-prefix", "PREFIX" },
		{ "url", "URL" },
		{ "state", "STATE" },
		{ "load-percent", "LOAD %" },
		{ "share-percent", "SHARE %" },
		{ "answers", "ANSWERS" },
		{ "sessions", "SESSIONS" },
		{ "sessions-max", "OF" },
		{ "polls", "POLLS" },
		{ "lost", "LOST" },
		{ "other-url", "OTHER NODE" },
		{ "other-state", "IS" },
	};
	const json_t *list = json_object_get(answer, "translators"), *t;
	size_t i, n = NITEMS(columns) - 2;

	(void)ctl;
	json_array_foreach(list, i, t)
		if (json_object_get(t, "other-url") != NULL)
			n = NITEMS(columns);
	return (table_print(list, columns, n, stdout));
}

static int
print_cache_table(struct ctl *ctl, const json_t *answer)
{
	static const struct table_column columns[] = {
		{ "worker", "WORKER" },
		{ "replies", "REPLIES" },
		{ "reply-bytes", "BYTES" },
		{ "replies-evicted", "EVICTED" },
		{ "answers", "ANSWERS" },
		{ "answer-bytes", "BYTES" },
		{ "answers-evicted", "EVICTED" },
		{ "bytes-max", "BYTES MAX" },
		{ "cache-hits", "HITS" },
		{ "answer-hits", "ANSWER HITS" },
		{ "cache-misses", "MISSES" },
	};

	(void)ctl;
	return (table_print(json_object_get(answer, "cache"), columns,
	    NITEMS(columns), stdout));
}

static int
print_clients(struct ctl *ctl, const json_t *answer)
{
	static const struct table_column columns[] = {
		{ "client", "CLIENT" },
		{ "queries", "QUERIES" },
		{ "connections", "CONNECTIONS" },
	};

	(void)ctl;
	return (table_print(json_object_get(answer, "clients"), columns,
	    NITEMS(columns), stdout));
}

static int
print_flushed(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	printf("forgotten: %s%s\n", table_text(answer, "flushed"),
	    json_is_true(json_object_get(answer, "below")) ?
		" and all names below it" :
		"");
	return (CTL_DONE);
}

static int
print_reloaded(struct ctl *ctl, const json_t *answer)
{
	const char *warnings = table_text(answer, "warnings");

	(void)ctl;
	if (*warnings != '\0')
		printf("%s\n", warnings);
	puts(json_object_get(answer, "checked") != NULL ?
		"the configuration can be used" :
		"reloaded");
	return (CTL_DONE);
}

static int
print_counters(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	table_print_members(json_object_get(answer, "counters"), stdout);
	return (CTL_DONE);
}

static const struct ctl_arg clients_args[] = {
	{ .param = "top", .kind = CTL_NAMED, .name = "--top", .value = "N" },
	{ .param = NULL },
};

static const struct ctl_arg flush_name_args[] = {
	{ .param = "name", .kind = CTL_WORD, .value = "NAME" },
	{ .param = NULL },
};

static const struct ctl_arg flush_zone_args[] = {
	{ .param = "zone", .kind = CTL_WORD, .value = "NAME" },
	{ .param = NULL },
};

static const struct ctl_arg reload_args[] = {
	{ .param = "check", .kind = CTL_FLAG, .name = "--check" },
	{ .param = NULL },
};

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
	{ .words = "show upstreams",
	    .help = "The upstreams: state, round trip, queries, domains",
	    .method = "GET",
	    .path = "/v1/upstreams",
	    .print = print_upstreams },
	{ .words = "show prefixes",
	    .help = "The prefixes of each view, and the ranges that they "
		    "are for",
	    .method = "GET",
	    .path = "/v1/prefixes",
	    .print = print_prefixes },
	{ .words = "show translators",
	    .help = "The translators that are polled",
	    .method = "GET",
	    .path = "/v1/translators",
	    .print = print_translators },
	{ .words = "show cache",
	    .help = "The caches of each worker",
	    .method = "GET",
	    .path = "/v1/cache",
	    .print = print_cache_table },
	{ .words = "show clients",
	    .help = "Clients with queries in progress or TCP connections",
	    .args = clients_args,
	    .method = "GET",
	    .path = "/v1/clients",
	    .print = print_clients },
	{ .words = "flush name",
	    .help = "Forget a name",
	    .args = flush_name_args,
	    .method = "POST",
	    .path = "/v1/flush",
	    .print = print_flushed },
	{ .words = "flush zone",
	    .help = "Forget a name and all names below it",
	    .args = flush_zone_args,
	    .method = "POST",
	    .path = "/v1/flush",
	    .print = print_flushed },
	{ .words = "flush all",
	    .help = "Empty the cache",
	    .method = "POST",
	    .path = "/v1/flush?all=1",
	    .print = print_flushed },
	{ .words = "lookup",
	    .help = "What a client would be answered, and why",
	    .args = lookup_args,
	    .method = "GET",
	    .path = "/v1/lookup",
	    .print = print_lookup },
	{ .words = "monitor",
	    .help = "Print what is done with each query, as it happens",
	    .args = monitor_args,
	    .method = "GET",
	    .path = "/v1/monitor",
	    .run = run_monitor },
	{ .words = "top",
	    .help = "Rates, upstreams and clients, live",
	    .args = top_args,
	    .run = run_top },
	{ .words = "reload",
	    .help = "Read the configuration again, keeping the cache",
	    .args = reload_args,
	    .method = "POST",
	    .path = "/v1/reload",
	    .print = print_reloaded },
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
		.n_commands = NITEMS(commands),
	};

	return (ctl_main(&program, argc, argv));
}
