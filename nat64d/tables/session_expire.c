/*
 * The end of sessions: which ones are due or stale, by the timing wheels of
 * the session table. Why a session ends and what follows from it is decided
 * by the caller's function.
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

	TAILQ_FOREACH_SAFE(e, wheel_slot(w, w->tick), link, next) {
		if (*max == 0)
			return (false);
		(*max)--;
		if (session_is_over(t, session_of(e), now)) {
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
		while ((e = TAILQ_FIRST(wheel_slot(w, tick))) != NULL) {
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

/*
 * All stale sessions are found by looking at the last entry of each slot until
 * that is not stale:
 *
 *	1. A session gets to the front of a slot when it is added, and when
 *	   it moves to another slot.
 *	2. A stale session does not move. session_touch(), session_claim() and
 *	   session_adopt() are not called for it (session.h). session_expire()
 *	   hands it to fn, which removes it; session_oldest_inbound() returns
 *	   it.
 *	3. By 1 and 2, all that got to the front of a slot since the flush
 *	   began is not stale, and is in front of all that is.
 *
 * t->flush_slot is the slot where this has got to. It goes round the slots of
 * both wheels, and goes on from where it is when another flush begins.
 */
struct session *
session_next_stale(struct session_table *t)
{
	struct wheel_entry *e;
	struct wheel *w;
	unsigned i;

	for (i = 0; i < 2 * WHEEL_NSLOTS && t->n_stale > 0; i++) {
		w = t->flush_slot < WHEEL_NSLOTS ? &t->wheel :
						   &t->inbound.wheel;
		e = wheel_slot_oldest(wheel_slot(w, t->flush_slot));
		if (e != NULL && session_is_stale(t, session_of(e)))
			return (session_of(e));
		t->flush_slot = (t->flush_slot + 1) % (2 * WHEEL_NSLOTS);
	}
	return (NULL);
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
		if (wheel_tick(end) <= e->tick ||
		    session_is_stale(t, session_of(e)))
			return (session_of(e));
		if (i == MAX_LOOKS)
			break;
		wheel_move(w, e, end);
	}
	*sure = false;
	return (e != NULL ? session_of(e) : NULL);
}
