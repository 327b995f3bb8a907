/*
 * The timing wheel. Owns the slots; refuses to know why a session ends.
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

void
session_wheel_catch_up(struct session_wheel *w, int64_t last)
{
	if (w->tick <= last - SESSION_NSLOTS)
		w->tick = last - SESSION_NSLOTS + 1;
}

void
session_wheel_seek(struct session_wheel *w)
{
	int64_t tick;

	w->first = INT64_MAX;
	for (tick = w->tick; tick < w->tick + SESSION_NSLOTS; tick++)
		if (!LIST_EMPTY(session_wheel_slot(w, tick))) {
			w->first = tick;
			break;
		}
}
