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

enum {
	TOLD,	 /* to be told at once */
	NUMBERS, /* of gateways */
	FRESH,	 /* new sessions */
	NQUEUES
};

/* The entries of each queue are due in their order. */
struct changes {
	size_t max;
	int64_t after_ms;
	struct queue queues[NQUEUES];
	bool lost;
};

struct changes *
changes_new(size_t max, int64_t after_ms)
{
	struct changes *c;
	unsigned i;

	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return (NULL);
	c->max = max;
	c->after_ms = after_ms;
	for (i = 0; i < NQUEUES; i++) {
		c->queues[i].all = calloc(max, sizeof(struct change));
		if (c->queues[i].all == NULL) {
			changes_free(c);
			errno = ENOMEM;
			return (NULL);
		}
	}
	return (c);
}

void
changes_free(struct changes *c)
{
	unsigned i;

	if (c == NULL)
		return;
	for (i = 0; i < NQUEUES; i++)
		free(c->queues[i].all);
	free(c);
}

static void
put(struct changes *c, unsigned which, const struct change *ch)
{
	struct queue *q = &c->queues[which];

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
		put(c, FRESH, &ch);
	} else if (what == NAT64_CHANGE_NUMBERS) {
		ch.due_ms += CHANGES_NUMBERS_MS;
		if (s->copied)
			put(c, NUMBERS, &ch);
	} else if (s->copied ||
	    (what == NAT64_CHANGE_STATE && s->proto == L4_TCP &&
		s->tcp_state == TCP_STATE_ESTABLISHED))
		put(c, TOLD, &ch);
}

static const struct change *
head(const struct queue *q)
{
	return (&q->all[q->first]);
}

/* The queue of which the first entry is due first; NQUEUES: none has any. */
static unsigned
first_due(const struct changes *c)
{
	const struct queue *q = c->queues;
	unsigned i, first = NQUEUES;

	for (i = 0; i < NQUEUES; i++)
		if (q[i].n > 0 &&
		    (first == NQUEUES ||
			head(&q[i])->due_ms < head(&q[first])->due_ms))
			first = i;
	return (first);
}

bool
changes_next(struct changes *c, int64_t now_ms, bool all, struct change *out)
{
	const unsigned i = first_due(c);

	if (i == NQUEUES || (!all && head(&c->queues[i])->due_ms > now_ms))
		return (false);
	*out = *head(&c->queues[i]);
	drop(c, &c->queues[i]);
	return (true);
}

bool
changes_due(const struct changes *c, int64_t *when_ms)
{
	const unsigned i = first_due(c);

	if (i == NQUEUES)
		return (false);
	*when_ms = head(&c->queues[i])->due_ms;
	return (true);
}

size_t
changes_count(const struct changes *c)
{
	size_t n = 0;
	unsigned i;

	for (i = 0; i < NQUEUES; i++)
		n += c->queues[i].n;
	return (n);
}

void
changes_clear(struct changes *c)
{
	unsigned i;

	for (i = 0; i < NQUEUES; i++)
		c->queues[i].first = c->queues[i].n = 0;
}

bool
changes_lost(struct changes *c)
{
	const bool lost = c->lost;

	c->lost = false;
	return (lost);
}
