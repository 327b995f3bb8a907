#include <errno.h>
#include <stdlib.h>

#include "changes.h"
#include "nat64d/tables/tcp_fsm.h"

/* A ring of max entries. */
struct queue {
	struct change *all;
	size_t first;
	size_t n;
};

struct changes {
	size_t max;
	int64_t after_ms;
	struct queue fresh; /* new sessions, by their age */
	struct queue told;  /* to be told at once */
	bool lost;
};

struct changes *
changes_new(size_t max, int64_t after_ms)
{
	struct changes *c;

	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return (NULL);
	c->max = max;
	c->after_ms = after_ms;
	c->fresh.all = calloc(max, sizeof(c->fresh.all[0]));
	c->told.all = calloc(max, sizeof(c->told.all[0]));
	if (c->fresh.all != NULL && c->told.all != NULL)
		return (c);
	changes_free(c);
	errno = ENOMEM;
	return (NULL);
}

void
changes_free(struct changes *c)
{
	if (c == NULL)
		return;
	free(c->fresh.all);
	free(c->told.all);
	free(c);
}

static void
put(struct changes *c, struct queue *q, const struct change *ch)
{
	if (q->n == c->max) {
		changes_clear(c);
		c->lost = true;
		return;
	}
	q->all[(q->first + q->n) % c->max] = *ch;
	q->n++;
}

static void
drop(const struct changes *c, struct queue *q)
{
	q->first = (q->first + 1) % c->max;
	q->n--;
}

void
changes_note(struct changes *c, const struct session *s,
    enum nat64_change what, int64_t now_ms)
{
	struct change ch = {
		.place = { (enum l4proto)s->proto, { s->out4, s->peer } },
		.ended = what == NAT64_CHANGE_END,
		.is_new = what == NAT64_CHANGE_NEW,
		.due_ms = now_ms,
	};

	if (what == NAT64_CHANGE_NEW) {
		ch.due_ms += c->after_ms;
		put(c, &c->fresh, &ch);
	} else if (s->copied ||
	    (what == NAT64_CHANGE_STATE && s->proto == L4_TCP &&
		s->tcp_state == TCP_STATE_ESTABLISHED))
		put(c, &c->told, &ch);
}

bool
changes_next(struct changes *c, int64_t now_ms, bool all, struct change *out)
{
	struct queue *q = &c->told;

	if (q->n == 0)
		q = &c->fresh;
	if (q->n == 0)
		return (false);
	*out = q->all[q->first];
	if (!all && out->due_ms > now_ms)
		return (false);
	drop(c, q);
	return (true);
}

bool
changes_due(const struct changes *c, int64_t *when_ms)
{
	const struct queue *q = c->told.n > 0 ? &c->told : &c->fresh;

	if (q->n == 0)
		return (false);
	*when_ms = q->all[q->first].due_ms;
	return (true);
}

size_t
changes_count(const struct changes *c)
{
	return (c->fresh.n + c->told.n);
}

void
changes_clear(struct changes *c)
{
	c->fresh.first = c->fresh.n = 0;
	c->told.first = c->told.n = 0;
}

bool
changes_lost(struct changes *c)
{
	const bool lost = c->lost;

	c->lost = false;
	return (lost);
}
