/*
 * The timing wheel. Owns the slots and the order of the entries in time.
 */
#include "wheel.h"

void
wheel_init(struct wheel *w)
{
	unsigned i;

	w->tick = 0;
	w->first = INT64_MAX;
	for (i = 0; i < WHEEL_NSLOTS; i++)
		TAILQ_INIT(&w->slots[i]);
}

void
wheel_wind(struct wheel *w, struct monotime now)
{
	if (w->first == INT64_MAX)
		w->tick = wheel_tick(now);
}

void
wheel_add(struct wheel *w, struct wheel_entry *e, struct monotime end)
{
	const int64_t horizon = w->tick + WHEEL_NSLOTS - 1;

	e->tick = wheel_tick(end);
	if (e->tick > horizon)
		e->tick = horizon;
	if (e->tick < w->tick)
		e->tick = w->tick;
	if (e->tick < w->first)
		w->first = e->tick;
	TAILQ_INSERT_HEAD(wheel_slot(w, e->tick), e, link);
}

void
wheel_remove(struct wheel *w, struct wheel_entry *e)
{
	TAILQ_REMOVE(wheel_slot(w, e->tick), e, link);
}

void
wheel_move(struct wheel *w, struct wheel_entry *e, struct monotime end)
{
	wheel_remove(w, e);
	wheel_add(w, e, end);
}

void
wheel_catch_up(struct wheel *w, int64_t last)
{
	if (w->tick <= last - WHEEL_NSLOTS)
		w->tick = last - WHEEL_NSLOTS + 1;
}

void
wheel_seek(struct wheel *w)
{
	int64_t tick;

	w->first = INT64_MAX;
	for (tick = w->tick; tick < w->tick + WHEEL_NSLOTS; tick++)
		if (!TAILQ_EMPTY(wheel_slot(w, tick))) {
			w->first = tick;
			break;
		}
}

struct wheel_entry *
wheel_front(struct wheel *w)
{
	struct wheel_entry *e;
	unsigned i;

	if (w->first == INT64_MAX)
		return (NULL);
	for (i = 0; i < WHEEL_NSLOTS; i++, w->first++) {
		e = TAILQ_FIRST(wheel_slot(w, w->first));
		if (e != NULL)
			return (e);
	}
	w->first = INT64_MAX;
	return (NULL);
}
