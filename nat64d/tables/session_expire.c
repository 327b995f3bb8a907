/*
 * The end of sessions: which ones are due, by the timing wheels of the
 * session table. Why a session ends and what follows from it is decided by
 * the caller's function.
 */
#include "session.h"

/*
 * Look at the sessions of the slot that the wheel is at. Hand those that are
 * due to fn, which sets *any; move the others to the slot of their end.
 * Returns false when max was too low.
 */
static bool
turn_slot(struct session_table *t, struct wheel *w, struct monotime now,
    unsigned *max, session_fn *fn, void *arg, bool *any)
{
	struct wheel_entry *e, *next;
	struct monotime end;

	LIST_FOREACH_SAFE(e, wheel_slot(w, w->tick), link, next) {
		if (*max == 0)
			return (false);
		(*max)--;
		if (monotime_reached(session_expires(t, session_of(e)), now)) {
			*any = true;
			if (fn(arg, session_of(e)))
				continue;
		}
		end = session_expires(t, session_of(e));
		if (wheel_tick(end) != w->tick)
			wheel_move(w, e, end);
	}
	return (true);
}

static bool
expire(struct session_table *t, struct wheel *w, struct monotime now,
    unsigned *max, session_fn *fn, void *arg)
{
	const int64_t last = wheel_tick(now);
	bool any = false;

	wheel_catch_up(w, last);
	for (;;) {
		if (w->tick < w->first)
			w->tick = w->first < last ? w->first : last;
		/* Sessions of the current tick need not be due yet. */
		if (!turn_slot(t, w, now, max, fn, arg, &any))
			return (any || w->tick < last);
		if (w->tick >= last)
			break;
		w->tick++;
	}
	wheel_seek(w);
	return (false);
}

bool
session_expire(struct session_table *t, struct monotime now, unsigned max,
    session_fn *fn, void *arg)
{
	bool more;

	more = expire(t, &t->wheel, now, &max, fn, arg);
	return (expire(t, &t->inbound.wheel, now, &max, fn, arg) || more);
}

bool
session_next_expiry(const struct session_table *t, struct monotime *when)
{
	int64_t first = t->wheel.first;

	if (t->inbound.wheel.first < first)
		first = t->inbound.wheel.first;
	if (first == INT64_MAX)
		return (false);
	when->ns = (first + 1) * WHEEL_TICK_NS;
	return (true);
}

static bool
drain(struct wheel *w, unsigned *max, session_fn *fn, void *arg)
{
	struct wheel_entry *e;
	int64_t tick;

	for (tick = w->tick; tick < w->tick + WHEEL_NSLOTS; tick++)
		while ((e = LIST_FIRST(wheel_slot(w, tick))) != NULL) {
			if (*max == 0)
				return (true);
			(*max)--;
			fn(arg, session_of(e));
		}
	return (false);
}

bool
session_drain(struct session_table *t, unsigned max, session_fn *fn, void *arg)
{
	return (drain(&t->wheel, &max, fn, arg) ||
	    drain(&t->inbound.wheel, &max, fn, arg));
}

/* Most sessions that are looked at to find one that was not refreshed. */
#define MAX_LOOKS 64

struct session *
session_oldest_inbound(struct session_table *t, bool *sure)
{
	struct wheel *w = &t->inbound.wheel;
	struct wheel_entry *e;
	struct monotime end;
	unsigned i;

	*sure = true;
	for (i = 0; (e = wheel_front(w)) != NULL; i++) {
		end = session_expires(t, session_of(e));
		if (wheel_tick(end) <= e->tick)
			return (session_of(e));
		if (i == MAX_LOOKS)
			break;
		wheel_move(w, e, end);
	}
	*sure = false;
	return (e != NULL ? session_of(e) : NULL);
}
