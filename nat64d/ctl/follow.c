/*
 * monitor and drops: what happens, line by line, until the user ends it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/ctl/table.h"

#include "commands.h"

/*
 * "NAME VALUE" for each member but the first ones, which have no name. jansson
 * wants a non-const object to iterate over, and does not change it.
 */
static void
print_event(void *arg, const json_t *event)
{
	json_t *o = (json_t *)(uintptr_t)event;
	const char *name;
	json_t *value;

	(void)arg;
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

int
run_monitor(struct ctl *ctl, const struct ctl_command *c)
{
	return (ctl_each(ctl, c->method, c->path, print_event, NULL));
}

static int
save(struct ctl *ctl, const char *path)
{
	FILE *f = fopen(path, "w");
	int rc;

	if (f == NULL) {
		fprintf(stderr, "nat64ctl: %s: %s\n", path, strerror(errno));
		return (CTL_USAGE);
	}
	rc = ctl_copy(ctl, "GET", "/v1/drops", f);
	if (fclose(f) != 0 && rc == CTL_DONE) {
		fprintf(stderr, "nat64ctl: %s: %s\n", path, strerror(errno));
		rc = CTL_REFUSED;
	}
	return (rc);
}

/* Packets are no text. */
static int
print_pcap(struct ctl *ctl)
{
	if (!isatty(STDOUT_FILENO))
		return (ctl_copy(ctl, "GET", "/v1/drops", stdout));
	fputs("nat64ctl: --pcap -: standard output is a terminal: write to a "
	      "file, or to \"tcpdump -r -\"\n",
	    stderr);
	return (CTL_USAGE);
}

int
run_drops(struct ctl *ctl, const struct ctl_command *c)
{
	static const char json[] = "/v1/drops?format=json";
	const char *path = ctl_value(ctl, "pcap");

	(void)c;
	if (path != NULL && strcmp(path, "-") != 0)
		return (save(ctl, path));
	if (path != NULL)
		return (print_pcap(ctl));
	if (ctl_wants_json(ctl))
		return (ctl_copy(ctl, "GET", json, stdout));
	return (ctl_each(ctl, "GET", json, print_event, NULL));
}
