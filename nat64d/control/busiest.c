#include <stdlib.h>
#include <string.h>

#include "common/monotime.h"
#include "common/os/timer.h"
#include "common/topn.h"

#include "busiest.h"
#include "list.h"
#include "row.h"

/* Between two slices. */
#define PAUSE_MS 1

struct busiest {
	const struct nat64 *n;
	struct event *timer; /* of the next slice; pending during a walk */
	struct subscriber_walk walk;
	struct topn top;
	uint64_t number;
	struct monotime begun; /* the last walk */
	struct monotime next;  /* walk, not before then */
	json_t *found;	       /* NULL: no walk has ended */
};

/* The walk has ended. Without memory, the list before it stays. */
static void
finish(struct busiest *b)
{
	const struct monotime now = monotime_now();
	const int64_t ms = monotime_diff_ms(now, b->begun);
	json_t *list = json_array(), *o;
	size_t i;

	b->next = ms < BUSIEST_MS / 2 ? monotime_add_ms(b->begun, BUSIEST_MS) :
					monotime_add_ms(now, ms);
	topn_sort(&b->top);
	for (i = 0; i < b->top.n; i++)
		json_array_append_new(list,
		    row_subscriber(b->n, topn_at(&b->top, i)));
	topn_clear(&b->top);
	memset(&b->top, 0, sizeof(b->top));
	o = json_pack("{s:I, s:o}", "number", (json_int_t)b->number,
	    "subscribers", list);
	if (o == NULL)
		return;
	json_decref(b->found);
	b->found = o;
}

/* Returns false at the end of the walk. */
static bool
walk(struct busiest *b)
{
	struct row_subscriber row;
	const struct subscriber *s;
	unsigned steps = LIST_STEPS;

	while ((s = subscriber_walk_next(nat64_subscribers(b->n), &b->walk,
		    &steps)) != NULL) {
		if (subscriber_is_idle(s))
			continue;
		b->number++;
		row.sub = *s;
		row.addr = s->pool_addr;
		topn_add(&b->top, s->n_sessions, &row);
	}
	return (steps == 0);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct busiest *b = arg;

	(void)fd;
	(void)what;
	if (!walk(b) || timer_start(b->timer, PAUSE_MS) == -1)
		finish(b);
}

static void
begin(struct busiest *b)
{
	const struct monotime now = monotime_now();

	if (event_pending(b->timer, EV_TIMEOUT, NULL) ||
	    !monotime_reached(b->next, now) ||
	    topn_init(&b->top, BUSIEST_N, sizeof(struct row_subscriber)) == -1)
		return;
	b->begun = now;
	memset(&b->walk, 0, sizeof(b->walk));
	b->number = 0;
	on_timer(-1, 0, b);
}

json_t *
busiest_get(struct busiest *b)
{
	begin(b);
	return (json_incref(b->found));
}

struct busiest *
busiest_new(struct event_base *base, const struct nat64 *n)
{
	struct busiest *b;

	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return (NULL);
	b->n = n;
	b->timer = event_new(base, -1, 0, on_timer, b);
	if (b->timer == NULL) {
		free(b);
		return (NULL);
	}
	return (b);
}

void
busiest_free(struct busiest *b)
{
	if (b == NULL)
		return;
	event_free(b->timer);
	topn_clear(&b->top);
	json_decref(b->found);
	free(b);
}
