/*
 * nat64ctl: the client of nat64d's control socket.
 */
#include <stdio.h>

#include "common/ctl/ctl.h"
#include "common/ctl/ctl_common.h"
#include "common/ctl/table.h"

#include "nat64d/conf/conf.h"

#include "commands.h"

static void
print_pool(const json_t *status)
{
	const json_t *use;
	size_t i;

	json_array_foreach(json_object_get(status, "pool"), i, use) {
		printf("pool %-6s %" JSON_INTEGER_FORMAT
		       " %% in use: %" JSON_INTEGER_FORMAT
		       " of %" JSON_INTEGER_FORMAT
		       " ports available, %" JSON_INTEGER_FORMAT
		       " bindings, %" JSON_INTEGER_FORMAT " sessions\n",
		    table_text(use, "transport-protocol"),
		    table_number(use, "percent"),
		    table_number(use, "ports-free"),
		    table_number(use, "ports"), table_number(use, "bindings"),
		    table_number(use, "sessions"));
	}
}

static void
print_blocks(const json_t *b)
{
	if (b != NULL)
		printf("blocks     %" JSON_INTEGER_FORMAT
		       " of %" JSON_INTEGER_FORMAT
		       " held, %" JSON_INTEGER_FORMAT
		       " of these without a port in use\n",
		    table_number(b, "held"), table_number(b, "total"),
		    table_number(b, "idle"));
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

static void
print_replication(const json_t *r)
{
	if (r == NULL)
		return;
	printf("store      %s: %s, lost %" JSON_INTEGER_FORMAT " times\n",
	    table_text(r, "store"), table_text(r, "state"),
	    table_number(r, "losses"));
}

static void
print_event_log(const json_t *log)
{
	const json_int_t lost = table_number(log, "lost-lines");
	const json_t *c;
	size_t i;

	if (lost > 0)
		printf("event log  %" JSON_INTEGER_FORMAT " lines lost\n",
		    lost);
	json_array_foreach(json_object_get(log, "collectors"), i, c) {
		printf("collector  %s: %" JSON_INTEGER_FORMAT
		       " events sent, %" JSON_INTEGER_FORMAT " lost%s\n",
		    table_text(c, "collector"), table_number(c, "sent"),
		    table_number(c, "lost"),
		    json_is_true(json_object_get(c, "reached")) ?
			"" :
			", not reached");
	}
}

static void
print_port_control(const json_t *o)
{
	if (o == NULL)
		return;
	printf("mappings   %" JSON_INTEGER_FORMAT
	       " of port control, %" JSON_INTEGER_FORMAT
	       " requests, %" JSON_INTEGER_FORMAT " refused\n",
	    table_number(o, "mappings"), table_number(o, "requests"),
	    table_number(o, "refused"));
}

static int
print_status(struct ctl *ctl, const json_t *answer)
{
	ctl_print_since(answer);
	fputs("role       ", stdout);
	print_role(ctl, answer);
	printf("sessions   %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
	       "\n",
	    table_number(answer, "sessions"),
	    table_number(answer, "sessions-max"));
	print_pool(answer);
	print_blocks(json_object_get(answer, "blocks"));
	print_port_control(json_object_get(answer, "port-control"));
	print_fast_path(json_object_get(answer, "fast-path"));
	print_replication(json_object_get(answer, "replication"));
	print_dropped(json_object_get(answer, "dropped"));
	print_event_log(json_object_get(answer, "event-log"));
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

static const struct ctl_arg upgrade_args[] = {
	{ .param = "check", .kind = CTL_FLAG, .name = "--check" },
	{ .param = NULL },
};

static const char *const protos[] = { "tcp", "udp", "icmp", NULL };

/* Which sessions. */
#define FILTER                                                 \
	{ "addr", CTL_NAMED, NULL, "ADDRESS", NULL },          \
	    { "host", CTL_NAMED, NULL, "ADDRESS", NULL },      \
	    { "peer", CTL_NAMED, NULL, "ADDRESS", NULL },      \
	    { "port", CTL_NAMED, NULL, "PORT", NULL },         \
	    { "proto", CTL_NAMED, NULL, NULL, protos },        \
	    { "state", CTL_NAMED, NULL, "STATE", NULL },       \
	{                                                      \
		"subscriber", CTL_NAMED, NULL, "ADDRESS", NULL \
	}
#define TOP                                                \
	{ "sort", CTL_NAMED, "--sort", "KEY", NULL },      \
	    { "top", CTL_NAMED, "--top", "NUMBER", NULL }, \
	{                                                  \
		NULL, CTL_WORD, NULL, NULL, NULL           \
	}

static const struct ctl_arg session_args[] = { FILTER, TOP };
static const struct ctl_arg binding_args[] = { { "addr", CTL_NAMED, NULL,
						   "ADDRESS", NULL },
	{ "host", CTL_NAMED, NULL, "ADDRESS", NULL },
	{ "port", CTL_NAMED, NULL, "PORT", NULL },
	{ "proto", CTL_NAMED, NULL, NULL, protos },
	{ "subscriber", CTL_NAMED, NULL, "ADDRESS", NULL }, TOP };
static const struct ctl_arg subscriber_args[] = { { "addr", CTL_NAMED, NULL,
						      "ADDRESS", NULL },
	{ "subscriber", CTL_NAMED, NULL, "ADDRESS", NULL }, TOP };
static const struct ctl_arg pool_args[] = {
	{ "addr", CTL_NAMED, NULL, "ADDRESS", NULL }, TOP
};
static const struct ctl_arg lookup_args[] = {
	{ "addr", CTL_WORD, NULL, "ADDRESS:PORT", NULL },
	{ "proto", CTL_OPTIONAL, NULL, NULL, protos },
	{ NULL, CTL_WORD, NULL, NULL, NULL },
};
static const struct ctl_arg translate_args[] = {
	{ "addr", CTL_WORD, NULL, "ADDRESS", NULL },
	{ NULL, CTL_WORD, NULL, NULL, NULL },
};
static const struct ctl_arg flush_args[] = {
	FILTER,
	{ NULL, CTL_WORD, NULL, NULL, NULL },
};
static const struct ctl_arg kill_args[] = {
	{ "host", CTL_WORD, NULL, "HOST", NULL },
	{ "peer", CTL_OPTIONAL, NULL, "PEER", NULL },
	{ "proto", CTL_NAMED, NULL, NULL, protos },
	{ NULL, CTL_WORD, NULL, NULL, NULL },
};
static const struct ctl_arg add_args[] = {
	{ "proto", CTL_WORD, NULL, NULL, protos },
	{ "host", CTL_WORD, NULL, "[ADDRESS6]:PORT", NULL },
	{ "out", CTL_WORD, NULL, "ADDRESS4:PORT", NULL },
	{ "force", CTL_FLAG, "--force", NULL, NULL },
	{ NULL, CTL_WORD, NULL, NULL, NULL },
};
static const struct ctl_arg delete_args[] = {
	{ "proto", CTL_WORD, NULL, NULL, protos },
	{ "host", CTL_WORD, NULL, "[ADDRESS6]:PORT", NULL },
	{ "out", CTL_WORD, NULL, "ADDRESS4:PORT", NULL },
	{ NULL, CTL_WORD, NULL, NULL, NULL },
};

static const struct ctl_arg whohad_args[] = {
	{ "addr", CTL_WORD, NULL, "ADDRESS:PORT", NULL },
	{ "time", CTL_WORD, NULL, "TIME", NULL },
	{ "proto", CTL_NAMED, NULL, NULL, protos },
	{ "conf", CTL_LOCAL, "-f", "FILE", NULL },
	{ "file", CTL_REST, NULL, "FILE", NULL },
	{ NULL, CTL_WORD, NULL, NULL, NULL },
};

static const struct ctl_arg deterministic_args[] = {
	{ "addr", CTL_WORD, NULL, "ADDRESS[:PORT]", NULL },
	{ "file", CTL_WORD, NULL, "FILE", NULL },
	{ NULL, CTL_WORD, NULL, NULL, NULL },
};

static const struct ctl_arg drops_args[] = {
	{ "pcap", CTL_LOCAL, "--pcap", "FILE", NULL },
	{ NULL, CTL_WORD, NULL, NULL, NULL },
};

/* Rows of the table below. */
#define SHOW(list, args_, help_)                                      \
	{                                                             \
		.words = "show " list, .help = help_, .args = args_,  \
		.method = "GET", .path = "/v1/" list, .run = run_list \
	}
#define PREF64(daemon)                                                   \
	{                                                                \
		.words = "pref64 " #daemon,                              \
		.help = "How " #daemon " announces the prefix (PREF64)", \
		.method = "GET", .path = "/v1/prefixes",                 \
		.print = print_pref64_##daemon                           \
	}

#define ROLE(words_, method_, path_, print_, help_)                \
	{                                                          \
		.words = words_, .help = help_, .method = method_, \
		.path = path_, .print = print_                     \
	}

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
	ROLE("role active", "POST", "/v1/role?role=active", print_role,
	    "Translate from now on"),
	ROLE("role check", "GET", "/v1/role", print_role_check,
	    "May this node be the master? The exit status says so"),
	ROLE("role standby", "POST", "/v1/role?role=standby", print_role,
	    "Leave the packets to the other node of the pair"),
	ROLE("role", "GET", "/v1/role", print_role,
	    "What this node of a pair does"),
	ROLE("drain", "POST", "/v1/drain", print_role,
	    "Let others give this translator no new clients"),
	ROLE("undrain", "POST", "/v1/undrain", print_role, "End drain"),
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
	SHOW("sessions", session_args, "Sessions that match"),
	SHOW("bindings", binding_args, "Bindings that match"),
	SHOW("subscribers", subscriber_args, "Who holds how much"),
	SHOW("pool", pool_args, "Free ports of each address of the pool"),
	SHOW("blocks", subscriber_args, "Who has which block of ports"),
	{ .words = "show fragments",
	    .help = "Fragmented datagrams that are known",
	    .method = "GET",
	    .path = "/v1/fragments",
	    .print = print_fragments },
	{ .words = "show maps",
	    .help = "Mappings of addresses (mode clat, mode siit)",
	    .method = "GET",
	    .path = "/v1/maps",
	    .print = print_maps },
	{ .words = "translate",
	    .help = "What an address is on the other side (the same)",
	    .args = translate_args,
	    .method = "GET",
	    .path = "/v1/translate",
	    .print = print_translation },
	{ .words = "lookup",
	    .help = "Who holds an address and port of either family",
	    .args = lookup_args,
	    .method = "GET",
	    .path = "/v1/lookup",
	    .print = print_lookup },
	{ .words = "flush",
	    .help = "End the sessions that match, or all",
	    .args = flush_args,
	    .method = "POST",
	    .path = "/v1/flush",
	    .print = print_ended },
	{ .words = "kill",
	    .help = "End the sessions of a host, or those with a peer",
	    .args = kill_args,
	    .method = "POST",
	    .path = "/v1/flush",
	    .print = print_ended },
	{ .words = "static add",
	    .help = "Add a static binding until the next start or reload",
	    .args = add_args,
	    .method = "POST",
	    .path = "/v1/statics",
	    .print = print_static },
	{ .words = "static delete",
	    .help = "Delete a static binding until the next start or reload",
	    .args = delete_args,
	    .method = "DELETE",
	    .path = "/v1/statics",
	    .print = print_static },
	{ .words = "monitor",
	    .help = "Bindings and sessions as they begin and end",
	    .method = "GET",
	    .path = "/v1/monitor",
	    .run = run_monitor },
	{ .words = "drops",
	    .help = "Dropped packets with the reason, as they come",
	    .args = drops_args,
	    .run = run_drops },
	{ .words = "top",
	    .help = "Rates, drops by reason and subscribers, live",
	    .args = top_args,
	    .run = run_top },
	{ .words = "whohad",
	    .help = "Who had an address and port, from files of the event log",
	    .args = whohad_args,
	    .run = run_whohad },
	{ .words = "deterministic",
	    .help = "Who has a port by a configuration file, or the reverse",
	    .args = deterministic_args,
	    .run = run_deterministic },
	PREF64(radvd),
	PREF64(networkd),
	PREF64(bird),
	PREF64(odhcpd),
	{ .words = "upgrade",
	    .help =
		"Hand over to the installed program, without a lost packet",
	    .args = upgrade_args,
	    .method = "POST",
	    .path = "/v1/upgrade",
	    .print = print_upgrade },
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
