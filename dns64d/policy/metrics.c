#include <string.h>

#include "metrics.h"

enum field {
	SESSIONS,
	SESSIONS_MAX,
	UP,
	DRAINING,
	PORTS,
	AVAILABLE = PORTS + METRICS_N_PROTO,
	N_FIELDS = AVAILABLE + METRICS_N_PROTO
};

static const char *const names[N_FIELDS] = {
	[SESSIONS] = "nat64d_sessions",
	[SESSIONS_MAX] = "nat64d_sessions_max",
	[UP] = "nat64d_up",
	[DRAINING] = "nat64d_draining",
	[PORTS] = "nat64d_pool_ports{protocol=\"tcp\"}",
	[PORTS + 1] = "nat64d_pool_ports{protocol=\"udp\"}",
	[PORTS + 2] = "nat64d_pool_ports{protocol=\"icmp\"}",
	[AVAILABLE] = "nat64d_pool_ports_available{protocol=\"tcp\"}",
	[AVAILABLE + 1] = "nat64d_pool_ports_available{protocol=\"udp\"}",
	[AVAILABLE + 2] = "nat64d_pool_ports_available{protocol=\"icmp\"}",
};

struct cursor {
	const char *p;
	const char *end; /* of the line */
};

static bool
is_blank(char c)
{
	return (c == ' ' || c == '\t');
}

static void
skip_blanks(struct cursor *c)
{
	while (c->p < c->end && is_blank(*c->p))
		c->p++;
}

/* The field with the name at the beginning of the line, or N_FIELDS. */
static enum field
read_name(struct cursor *c)
{
	const char *name = c->p;
	enum field i;
	size_t len;

	while (c->p < c->end && !is_blank(*c->p))
		c->p++;
	len = (size_t)(c->p - name);
	for (i = 0; i < N_FIELDS; i++) {
		if (strlen(names[i]) == len &&
		    memcmp(names[i], name, len) == 0)
			break;
	}
	return (i);
}

/* A number below 10^18; a timestamp may follow. */
static int
read_value(struct cursor *c, uint64_t *out)
{
	uint64_t value = 0;
	const char *first;

	skip_blanks(c);
	for (first = c->p; c->p < c->end && *c->p >= '0' && *c->p <= '9';
	     c->p++) {
		if (c->p - first == 18)
			return (-1);
		value = value * 10 + (uint64_t)(*c->p - '0');
	}
	if (c->p == first || (c->p < c->end && !is_blank(*c->p)))
		return (-1);
	*out = value;
	return (0);
}

static void
end_line(struct cursor *c, const char *end)
{
	const char *newline = memchr(c->p, '\n', (size_t)(end - c->p));

	c->end = newline != NULL ? newline : end;
	if (c->end > c->p && c->end[-1] == '\r')
		c->end--;
}

int
metrics_parse(const char *text, size_t len, struct metrics *m)
{
	const char *end = text + len, *next;
	uint64_t value[N_FIELDS] = { 0 };
	bool found[N_FIELDS] = { false };
	struct cursor c = { .p = text };
	enum field field;

	for (; c.p < end; c.p = next) {
		end_line(&c, end);
		next = c.end;
		while (next < end && (*next == '\r' || *next == '\n'))
			next++;
		skip_blanks(&c);
		if ((field = read_name(&c)) == N_FIELDS)
			continue;
		if (read_value(&c, &value[field]) == -1)
			return (-1);
		found[field] = true;
	}
	if (!found[SESSIONS] || !found[SESSIONS_MAX] || !found[UP] ||
	    value[SESSIONS_MAX] == 0 || value[UP] > 1 || value[DRAINING] > 1)
		return (-1);
	m->sessions = value[SESSIONS];
	m->sessions_max = value[SESSIONS_MAX];
	m->up = value[UP] == 1;
	m->draining = value[DRAINING] == 1;
	memcpy(m->ports, value + PORTS, sizeof(m->ports));
	memcpy(m->available, value + AVAILABLE, sizeof(m->available));
	return (0);
}
