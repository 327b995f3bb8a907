#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "eventlog_plans.h"
#include "nat64d/core/nat64.h"
#include "nat64d/log/planline.h"

void
eventlog_plans_clear(struct eventlog_plans *p)
{
	while (p->n > 0)
		free(p->texts[--p->n]);
	free(p->texts);
	p->texts = NULL;
}

static int
add(struct eventlog_plans *p, const struct portplan *plan, unsigned max_blocks)
{
	char text[EVENT_TEXT_SIZE];

	planline_text(plan, max_blocks, text);
	p->texts[p->n] = strdup(text);
	if (p->texts[p->n] == NULL)
		return (-1);
	p->n++;
	return (0);
}

static int
take(struct eventlog_plans *p, const struct nat64_config *c)
{
	struct portplan plan;
	size_t i;

	*p = (struct eventlog_plans){ calloc(c->n_pool + 1, sizeof(*p->texts)),
		0 };
	if (p->texts == NULL)
		return (-1);
	for (i = 0; i < c->n_pool; i++) {
		if (portplan_init(&plan, &c->pool[i], c->subscriber_len) !=
			NULL ||
		    plan.n_fixed == 0)
			continue;
		if (add(p, &plan, c->pool[i].max_blocks) == -1) {
			eventlog_plans_clear(p);
			return (-1);
		}
	}
	return (0);
}

static bool
has(const struct eventlog_plans *p, const char *text)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->texts[i], text) == 0)
			return (true);
	return (false);
}

/* The words behind the event are the same. */
static void
tell_end(const char *text, eventlog_plans_fn fn, void *arg)
{
	static const char now[] = "event=deterministic-ports";
	char ended[EVENT_TEXT_SIZE] = "event=deterministic-ended";

	strlcat(ended, text + strlen(now), sizeof(ended));
	fn(arg, ended);
}

int
eventlog_plans_use(struct eventlog_plans *p, const struct nat64_config *c,
    eventlog_plans_fn fn, void *arg)
{
	struct eventlog_plans next;
	size_t i;

	if (take(&next, c) == -1)
		return (-1);
	for (i = 0; i < p->n; i++)
		if (!has(&next, p->texts[i]))
			tell_end(p->texts[i], fn, arg);
	for (i = 0; i < next.n; i++)
		if (!has(p, next.texts[i]))
			fn(arg, next.texts[i]);
	eventlog_plans_clear(p);
	*p = next;
	return (0);
}

void
eventlog_plans_each(const struct eventlog_plans *p, eventlog_plans_fn fn,
    void *arg)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		fn(arg, p->texts[i]);
}
