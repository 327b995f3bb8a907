/*
 * The timing wheel, and what session.h says of expiry. Owns the slots;
 * refuses to know why a session ends and what becomes of it then.
 */
#include "session.h"

void
session_wheel_init(struct session_wheel *w)
{
	unsigned i;

	w->tick = 0;
	w->first = INT64_MAX;
	for (i = 0; i < SESSION_NSLOTS; i++)
		LIST_INIT(&w->slots[i]);
}

struct session_slot *
session_wheel_slot(struct session_wheel *w, int64_t tick)
{
	return (&w->slots[(uint64_t)tick % SESSION_NSLOTS]);
}

void
session_wheel_wind(struct session_wheel *w, struct monotime now)
{
	if (w->first == INT64_MAX)
		w->tick = session_tick(now);
}

void
session_wheel_add(struct session_wheel *w, struct session *s,
    struct monotime end)
{
	const int64_t horizon = w->tick + SESSION_NSLOTS - 1;

	s->tick = session_tick(end);
	if (s->tick > horizon)
		s->tick = horizon;
	if (s->tick < w->tick)
		s->tick = w->tick;
	if (s->tick < w->first)
		w->first = s->tick;
	LIST_INSERT_HEAD(session_wheel_slot(w, s->tick), s, slot);
}

void
session_wheel_remove(struct session *s)
{
	LIST_REMOVE(s, slot);
}

void
session_wheel_touch(struct session_wheel *w, struct session *s,
    struct monotime end)
{
	if (session_tick(end) >= s->tick)
		return;
	session_wheel_remove(s);
	session_wheel_add(w, s, end);
}

/*
 * It is the tick last by now. When that is more than a round ahead, one round
 * up to it meets every session, and none of them twice.
 */
static void
catch_up(struct session_wheel *w, int64_t last)
{
	if (w->tick <= last - SESSION_NSLOTS)
		w->tick = last - SESSION_NSLOTS + 1;
}

/* Find out anew where the first session is. */
static void
seek(struct session_wheel *w)
{
	int64_t tick;

	w->first = INT64_MAX;
	for (tick = w->tick; tick < w->tick + SESSION_NSLOTS; tick++)
		if (!LIST_EMPTY(session_wheel_slot(w, tick))) {
			w->first = tick;
			break;
		}
}

/*
 * Look at the sessions of the slot that the wheel is at: those that are due
 * end, which sets *any, the others go where they belong. Returns false when
 * max was too low.
 */
static bool
turn_slot(struct session_table *t, struct session_wheel *w,
    struct monotime now, unsigned *max, session_fn *fn, void *arg, bool *any)
{
	struct session *s, *next;
	struct monotime end;

	LIST_FOREACH_SAFE(s, session_wheel_slot(w, w->tick), slot, next) {
		if (*max == 0)
			return (false);
		(*max)--;
		if (monotime_reached(session_expires(t, s), now)) {
			*any = true;
			if (fn(arg, s))
				continue;
		}
		end = session_expires(t, s);
		if (session_tick(end) != w->tick) {
			session_wheel_remove(s);
			session_wheel_add(w, s, end);
		}
	}
	return (true);
}

static bool
expire(struct session_table *t, struct session_wheel *w, struct monotime now,
    unsigned *max, session_fn *fn, void *arg)
{
	const int64_t last = session_tick(now);
	bool any = false;

	catch_up(w, last);
	for (;;) {
		if (w->tick < w->first)
			w->tick = w->first < last ? w->first : last;
		/* Of this tick's slot not all need be due yet. */
		if (!turn_slot(t, w, now, max, fn, arg, &any))
			return (any || w->tick < last);
		if (w->tick >= last)
			break;
		w->tick++;
	}
	seek(w);
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
	when->ns = (first + 1) * SESSION_TICK_NS;
	return (true);
}

static bool
drain(struct session_wheel *w, unsigned *max, session_fn *fn, void *arg)
{
	struct session *s;
	int64_t tick;

	for (tick = w->tick; tick < w->tick + SESSION_NSLOTS; tick++)
		while ((s = LIST_FIRST(session_wheel_slot(w, tick))) != NULL) {
			if (*max == 0)
				return (true);
			(*max)--;
			fn(arg, s);
		}
	return (false);
}

bool
session_drain(struct session_table *t, unsigned max, session_fn *fn, void *arg)
{
	return (drain(&t->wheel, &max, fn, arg) ||
	    drain(&t->inbound.wheel, &max, fn, arg));
}

/* The first session from w->first on, which is moved up to it. */
static struct session *
front(struct session_wheel *w)
{
	struct session *s;
	unsigned i;

	if (w->first == INT64_MAX)
		return (NULL);
	for (i = 0; i < SESSION_NSLOTS; i++, w->first++) {
		s = LIST_FIRST(session_wheel_slot(w, w->first));
		if (s != NULL)
			return (s);
	}
	w->first = INT64_MAX;
	return (NULL);
}

/* So many are looked at for one that was not refreshed. */
#define MAX_LOOKS 64

struct session *
session_oldest_inbound(struct session_table *t, bool *sure)
{
	struct session_wheel *w = &t->inbound.wheel;
	struct session *s;
	struct monotime end;
	unsigned i;

	*sure = true;
	for (i = 0; (s = front(w)) != NULL; i++) {
		end = session_expires(t, s);
		if (session_tick(end) <= s->tick)
			return (s);
		if (i == MAX_LOOKS)
			break;
		session_wheel_remove(s);
		session_wheel_add(w, s, end);
	}
	*sure = false;
	return (s);
}
