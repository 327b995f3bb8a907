/*
 * monitor and drops: what happens, line by line, until the user ends it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/ctl/table.h"

#include "commands.h"

#define LINE_SIZE 2048

struct reader {
	char line[LINE_SIZE];
	size_t len;
};

/* "NAME VALUE" for each member but the first ones, which have no name. */
static void
print_members(json_t *o)
{
	const char *name;
	json_t *value;

	printf("%s %s", table_text(o, "time"), table_text(o, "event"));
	json_object_foreach(o, name, value) {
		if (strcmp(name, "time") == 0 || strcmp(name, "event") == 0 ||
		    strcmp(name, "natevent") == 0)
			continue;
		if (json_is_string(value))
			printf(" %s %s", name, json_string_value(value));
		else
			printf(" %s %" JSON_INTEGER_FORMAT, name,
			    json_integer_value(value));
	}
	putchar('\n');
}

static bool
take(void *arg, const char *data, size_t len)
{
	struct reader *r = arg;
	json_t *o;
	size_t i;

	for (i = 0; i < len; i++) {
		if (data[i] != '\n') {
			if (r->len < sizeof(r->line))
				r->line[r->len++] = data[i];
			continue;
		}
		o = json_loadb(r->line, r->len, 0, NULL);
		if (o != NULL)
			print_members(o);
		json_decref(o);
		r->len = 0;
	}
	return (fflush(stdout) == 0);
}

static bool
pass_on(void *arg, const char *data, size_t len)
{
	return (fwrite(data, 1, len, arg) == len && fflush(arg) == 0);
}

static int
follow(struct ctl *ctl, const char *path)
{
	struct reader r = { .len = 0 };

	if (ctl_wants_json(ctl))
		return (ctl_follow(ctl, "GET", path, pass_on, stdout));
	return (ctl_follow(ctl, "GET", path, take, &r));
}

int
run_monitor(struct ctl *ctl, const struct ctl_command *c)
{
	return (follow(ctl, c->path));
}

int
run_drops(struct ctl *ctl, const struct ctl_command *c)
{
	const char *path = ctl_value(ctl, "pcap");
	FILE *f;
	int rc;

	if (path == NULL)
		return (follow(ctl, "/v1/drops?format=json"));
	f = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
	if (f == NULL) {
		fprintf(stderr, "nat64ctl: %s: %s\n", path, strerror(errno));
		return (CTL_USAGE);
	}
	rc = ctl_follow(ctl, "GET", c->path, pass_on, f);
	if (f != stdout)
		fclose(f);
	return (rc);
}
