/*
 * Lists of nat64d, and lookup. A list may be very long, so each row is printed
 * when it arrives, in columns of a fixed width.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ctl/table.h"

#include "commands.h"

struct column {
	const char *heading;
	int width; /* negative: to the left; 0: the last one */
	const char *member;
	const char *port; /* a member that follows ":", or NULL */
};

static const struct column session_columns[] = {
	{ "PROTO", -5, "transport-protocol", NULL },
	{ "HOST", -44, "internal-src-address", "internal-src-port" },
	{ "POOL", -21, "external-src-address", "external-src-port" },
	{ "PEER", -21, "external-dst-address", "external-dst-port" },
	{ "LEFT", 6, "lifetime", NULL },
	{ "STATE", -13, "state", NULL },
	{ "BY", 0, "opened-by", NULL },
	{ NULL, 0, NULL, NULL },
};

static const struct column binding_columns[] = {
	{ "PROTO", -5, "transport-protocol", NULL },
	{ "HOST", -44, "internal-src-address", "internal-src-port" },
	{ "POOL", -21, "external-src-address", "external-src-port" },
	{ "SESSIONS", 8, "sessions", NULL },
	{ "TYPE", 0, "type", NULL },
	{ NULL, 0, NULL, NULL },
};

static const struct column subscriber_columns[] = {
	{ "SUBSCRIBER", -43, "subscriber", NULL },
	{ "POOL", -15, "external-src-address", NULL },
	{ "SESSIONS", 8, "sessions", NULL },
	{ "MAX", 8, "sessions-max", NULL },
	{ "TCP", 6, "tcp", NULL },
	{ "UDP", 6, "udp", NULL },
	{ "ICMP", 6, "icmp", NULL },
	{ "MAX", 6, "port-limit", NULL },
	{ "BLOCKS", 6, "blocks", NULL },
	{ NULL, 0, NULL, NULL },
};

static const struct column pool_columns[] = {
	{ "POOL", -15, "external-src-address", NULL },
	{ "TCP FREE", 8, "tcp-ports-free", NULL },
	{ "UDP FREE", 8, "udp-ports-free", NULL },
	{ "ICMP FREE", 9, "icmp-identifiers-free", NULL },
	{ "BLOCKS", 8, "blocks", NULL },
	{ "FREE", 8, "blocks-free", NULL },
	{ "IDLE", 8, "blocks-idle", NULL },
	{ NULL, 0, NULL, NULL },
};

static const struct column block_columns[] = {
	{ "SUBSCRIBER", -43, "subscriber", NULL },
	{ "POOL", -15, "external-src-address", NULL },
	{ "FIRST", 5, "start-port-number", NULL },
	{ "LAST", 5, "end-port-number", NULL },
	{ "IN USE", 6, "ports", NULL },
	{ NULL, 0, NULL, NULL },
};

static const struct {
	const char *path;
	const struct column *columns;
} lists[] = {
	{ "/v1/sessions", session_columns },
	{ "/v1/bindings", binding_columns },
	{ "/v1/subscribers", subscriber_columns },
	{ "/v1/pool", pool_columns },
	{ "/v1/blocks", block_columns },
};

/* --- rows --- */

#define CELL_SIZE 80

/* "2001:db8::1", or "[2001:db8::1]:80". */
static const char *
print_end(const json_t *o, const char *member, const char *port,
    char text[CELL_SIZE])
{
	const char *addr = table_text(o, member);
	const bool is6 = strchr(addr, ':') != NULL;

	if (port == NULL || json_object_get(o, port) == NULL)
		snprintf(text, CELL_SIZE, "%s", addr);
	else
		snprintf(text, CELL_SIZE, "%s%s%s:%" JSON_INTEGER_FORMAT,
		    is6 ? "[" : "", addr, is6 ? "]" : "",
		    table_number(o, port));
	return (text);
}

static void
print_cell(const struct column *c, const char *text)
{
	if (c->width == 0 || c[1].heading == NULL)
		printf("%*s\n", c->width > 0 ? c->width : 0, text);
	else
		printf("%*s ", c->width, text);
}

static void
print_heading(const struct column *c)
{
	for (; c->heading != NULL; c++)
		print_cell(c, c->heading);
}

/* What the last column has behind its value. */
static void
add_rest(const json_t *o, char text[CELL_SIZE])
{
	const size_t len = strlen(text);

	if (json_is_true(json_object_get(o, "gateway")))
		strlcat(text, " gateway", CELL_SIZE);
	/* An explicit mapping of a binding. */
	if (json_object_get(o, "mappings") != NULL)
		snprintf(text + len, CELL_SIZE - len,
		    " %" JSON_INTEGER_FORMAT " s left",
		    table_number(o, "lifetime"));
}

static void
print_row(const struct column *c, const json_t *o)
{
	const json_t *value;
	char text[CELL_SIZE];

	for (; c->heading != NULL; c++) {
		value = json_object_get(o, c->member);
		if (value == NULL)
			snprintf(text, sizeof(text), "-");
		else if (json_is_string(value))
			print_end(o, c->member, c->port, text);
		else
			snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
			    json_integer_value(value));
		if (c[1].heading == NULL)
			add_rest(o, text);
		print_cell(c, text);
	}
}

/* --- lists --- */

struct reader {
	const struct column *columns;
	bool heading; /* to be printed before the first row */
};

static void
begin(struct reader *r)
{
	if (r->heading)
		print_heading(r->columns);
	r->heading = false;
}

static void
print_element(void *arg, const json_t *o)
{
	struct reader *r = arg;

	begin(r);
	print_row(r->columns, o);
}

int
run_list(struct ctl *ctl, const struct ctl_command *c)
{
	struct reader r = { .heading = true };
	size_t i;
	int rc;

	for (i = 0; strcmp(lists[i].path, c->path) != 0; i++)
		continue;
	r.columns = lists[i].columns;
	rc = ctl_each(ctl, c->method, c->path, print_element, &r);
	if (rc == CTL_DONE)
		begin(&r); /* also above no row */
	return (rc);
}

/* --- the rest --- */

int
print_fragments(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	table_print_members(answer, stdout);
	return (CTL_DONE);
}

int
print_lookup(struct ctl *ctl, const json_t *answer)
{
	char host[CELL_SIZE], pool[CELL_SIZE];
	const json_t *o;
	size_t i;

	(void)ctl;
	json_array_foreach(json_object_get(answer, "bindings"), i, o) {
		printf("%-4s  %s is %s of subscriber %s, %" JSON_INTEGER_FORMAT
		       " sessions, %s\n",
		    table_text(o, "transport-protocol"),
		    print_end(o, "external-src-address", "external-src-port",
			pool),
		    print_end(o, "internal-src-address", "internal-src-port",
			host),
		    table_text(o, "subscriber"), table_number(o, "sessions"),
		    table_text(o, "type"));
	}
	json_array_foreach(json_object_get(answer, "unbound-ports"), i, o) {
		printf("%-4s  not bound: %s\n",
		    table_text(o, "transport-protocol"),
		    table_text(o, "state"));
	}
	if (json_array_size(json_object_get(answer, "bindings")) == 0 &&
	    json_array_size(json_object_get(answer, "unbound-ports")) == 0)
		puts("not bound");
	json_array_foreach(json_object_get(answer, "blocks"), i, o) {
		printf("block %s:%" JSON_INTEGER_FORMAT
		       "-%" JSON_INTEGER_FORMAT
		       " is of subscriber %s, %" JSON_INTEGER_FORMAT
		       " in use\n",
		    table_text(o, "external-src-address"),
		    table_number(o, "start-port-number"),
		    table_number(o, "end-port-number"),
		    table_text(o, "subscriber"), table_number(o, "ports"));
	}
	return (CTL_DONE);
}
