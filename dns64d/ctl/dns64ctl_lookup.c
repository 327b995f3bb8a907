/*
 * "lookup": why a client is answered what it is.
 */
#include <stdio.h>

#include "common/ctl/table.h"

#include "dns64ctl.h"

const struct ctl_arg lookup_args[] = {
	{ .param = "name", .kind = CTL_WORD, .value = "NAME" },
	{ .param = "type", .kind = CTL_OPTIONAL, .value = "TYPE" },
	{ .param = "from", .kind = CTL_NAMED, .value = "ADDRESS" },
	{ .param = NULL },
};

static void
line(const char *what)
{
	printf("  %-9s ", what);
}

/* Print strings, separated. */
static void
print_words(const json_t *list, const char *separator)
{
	const json_t *word;
	size_t i;

	json_array_foreach(list, i, word) {
		printf("%s%s", i > 0 ? separator : "",
		    json_string_value(word));
	}
}

/* ", from 192.0.2.0/24", if it has the member. */
static void
print_if(const json_t *o, const char *member, const char *before)
{
	if (json_object_get(o, member) != NULL)
		printf("%s%s", before, table_text(o, member));
}

static void
print_address(const json_t *a)
{
	line("");
	printf("%s: %s", table_text(a, "address"), table_text(a, "why"));
	print_if(a, "range", " ");
	if (json_array_size(json_object_get(a, "prefixes")) > 0) {
		fputs(", ", stdout);
		print_words(json_object_get(a, "prefixes"), " ");
	}
	putchar('\n');
}

static void
print_one(const json_t *l)
{
	const json_t *a;
	size_t i;

	line(table_text(l, "qtype"));
	if (json_object_get(l, "rcode") == NULL)
		fputs(table_text(l, "from"), stdout);
	else {
		fputs(table_text(l, "rcode"), stdout);
		print_if(l, "from", ", from ");
		print_if(l, "upstream", " ");
	}
	putchar('\n');
	json_array_foreach(json_object_get(l, "addresses"), i, a) {
		print_address(a);
	}
}

static void
print_outcome(const json_t *o)
{
	const json_t *ede = json_object_get(o, "ede"), *code;
	size_t i;

	line("action");
	fputs(table_text(o, "action"), stdout);
	print_if(o, "why", ": ");
	print_if(o, "rcode", ", ");
	print_if(o, "nat64-prefix", ", prefix ");
	json_array_foreach(ede, i, code) {
		printf("%s %" JSON_INTEGER_FORMAT, i == 0 ? ", ede" : "",
		    json_integer_value(code));
	}
	putchar('\n');
}

static void
print_records(const json_t *list)
{
	const json_t *rr;
	size_t i;

	json_array_foreach(list, i, rr) {
		line(i == 0 ? "answer" : "");
		printf("%s %" JSON_INTEGER_FORMAT " %s %s\n",
		    table_text(rr, "name"), table_number(rr, "ttl"),
		    table_text(rr, "type"), table_text(rr, "data"));
	}
}

int
print_lookup(struct ctl *ctl, const json_t *o)
{
	const json_t *l;
	size_t i;

	(void)ctl;
	printf("%s %s, asked from %s\n", table_text(o, "qname"),
	    table_text(o, "qtype"), table_text(o, "client"));
	line("access");
	puts(table_text(o, "access"));
	line("view");
	fputs(table_text(o, "view"), stdout);
	print_if(o, "match-from", ", from ");
	print_if(o, "match-on", ", on ");
	putchar('\n');
	line("dns64");
	puts(json_is_true(json_object_get(o, "dns64")) ? "yes" : "no");
	line("upstream");
	print_words(json_object_get(o, "upstreams"), ", ");
	print_if(o, "domain", " for ");
	putchar('\n');
	json_array_foreach(json_object_get(o, "lookups"), i, l) {
		print_one(l);
	}
	print_outcome(o);
	print_records(json_object_get(o, "answer"));
	return (CTL_DONE);
}
