/*
 * Values that statements of both daemons have: numbers, times, sizes. Each
 * is checked against its bounds; the message names the statement, the bound
 * and why it is there. And strings and paths.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/addr_hint.h"
#include "conf_file.h"
#include "quantity.h"

/* "mtu ipv6: 5 is ..." */
#define WHAT(v) (v)->what, (v)->what[0] != '\0' ? ": " : ""

static const struct {
	const char *name;
	const char *example;
	const char *suffix; /* behind the bounds */
} kinds[] = {
	[QUANTITY_SECS] = { "time", "90, 90s, 5m, 2h or 1d", " seconds" },
	[QUANTITY_MSECS] = { "time", "500, 500ms or 2s", " milliseconds" },
	[QUANTITY_BYTES] = { "size", "65536, 64k, 64M or 1G", " bytes" },
};

/* Within its bounds? Reports it otherwise. */
static bool
check(struct conf_file *cf, const struct conf_value *v, uint64_t n,
    const struct conf_bounds *b, const char *suffix)
{
	const char *open = b->why != NULL ? " (" : "";
	const char *why = b->why != NULL ? b->why : "";
	const char *close = b->why != NULL ? ")" : "";

	if (n >= b->min && n <= b->max)
		return (true);
	if (b->min == b->max)
		conf_error_at(cf, &v->where,
		    "%s%s%s is not %" PRIu64 "%s%s%s%s", WHAT(v), v->text,
		    b->min, suffix, open, why, close);
	else
		conf_error_at(cf, &v->where,
		    "%s%s%s is not between %" PRIu64 " and %" PRIu64
		    "%s%s%s%s",
		    WHAT(v), v->text, b->min, b->max, suffix, open, why,
		    close);
	return (false);
}

bool
conf_number(struct conf_file *cf, const struct conf_value *v,
    const struct conf_bounds *bounds, uint64_t *to)
{
	if (!check(cf, v, v->number, bounds, ""))
		return (false);
	*to = v->number;
	return (true);
}

bool
conf_quantity(struct conf_file *cf, const struct conf_value *v,
    enum quantity what, uint64_t *to)
{
	if (quantity_parse(v->text, what, to) == 0)
		return (true);
	conf_error_at(cf, &v->where,
	    "%s%s\"%s\" is no %s: expected a number "
	    "of%s, or one with %s behind it (%s)",
	    WHAT(v), v->text, kinds[what].name, kinds[what].suffix,
	    quantity_units(what), kinds[what].example);
	return (false);
}

bool
conf_quantity_within(struct conf_file *cf, const struct conf_value *v,
    enum quantity what, const struct conf_bounds *bounds, uint64_t *to)
{
	uint64_t n;

	if (!conf_quantity(cf, v, what, &n) ||
	    !check(cf, v, n, bounds, kinds[what].suffix))
		return (false);
	*to = n;
	return (true);
}

void
conf_refuse(struct conf_file *cf, const struct conf_value *v, const char *why)
{
	char hint[ADDR_HINT_MAX];

	if (strncmp(why, "is no ", 6) == 0 && strstr(why, "address") != NULL &&
	    strstr(why, "prefix") == NULL &&
	    addr_hint(v->text, strlen(v->text), hint) != NULL)
		conf_error_at(cf, &v->where, "\"%s\" %s: write %s", v->text,
		    why, hint);
	else
		conf_error_at(cf, &v->where, "\"%s\" %s", v->text, why);
}

void
conf_refuse_for(struct conf_file *cf, const struct conf_value *v,
    const char *why, const struct conf_where *other)
{
	conf_error_at(cf, &v->where, "\"%s\" %s %s:%u", v->text, why,
	    other->file, other->line);
}

void
conf_set_string(struct conf_file *cf, const struct conf_value *v, char **to)
{
	char *copy;

	if (*v->text == '\0')
		conf_refuse(cf, v, "is empty");
	else if ((copy = strdup(v->text)) == NULL)
		conf_refuse(cf, v, "cannot be stored: out of memory");
	else {
		free(*to);
		*to = copy;
	}
}

void
conf_set_path(struct conf_file *cf, const struct conf_value *v, char **to)
{
	if (*v->text == '/')
		conf_set_string(cf, v, to);
	else
		conf_refuse(cf, v, "is no absolute path");
}
