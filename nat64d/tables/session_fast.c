/*
 * Sessions on the fast path (fastflow.h). Owns their handles. Which sessions
 * go there is decided by the core.
 *
 * Nothing is copied while a session is there: whoever wants to know when it
 * ends reads the notes of the fast path (session_expires()). So the wheel
 * finds out that a session has been used when it comes to its slot, as it
 * does with packets that the translator has handled.
 */
#include "session.h"

void
session_table_set_fastpath(struct session_table *t,
    const struct fastpath_ops *ops, bool inbound_refresh)
{
	t->fastpath = ops;
	t->note4_refreshes = inbound_refresh;
	t->n_fast = 0;
}

void
session_table_set_refresh(struct session_table *t, bool inbound_refresh)
{
	t->note4_refreshes = inbound_refresh;
}

static struct fastnotes
notes_of(const struct session_table *t, const struct session *s)
{
	struct fastnotes notes;

	t->fastpath->read(t->fastpath->arg, s->fast, &notes);
	return (notes);
}

static struct monotime
last_use(const struct session_table *t, const struct session *s,
    const struct fastnotes *notes)
{
	struct monotime last = s->stamp;

	if (last.ns < notes->last6)
		last.ns = notes->last6;
	if ((s->proto == L4_TCP || t->note4_refreshes) &&
	    last.ns < notes->last4)
		last.ns = notes->last4;
	return (last);
}

struct monotime
session_last_use(const struct session_table *t, const struct session *s)
{
	const struct fastnotes notes = notes_of(t, s);

	return (last_use(t, s, &notes));
}

bool
session_enter_fast(struct session_table *t, struct session *s,
    const struct fastflow *f)
{
	const uint32_t handle = t->fastpath->add(t->fastpath->arg, f);

	if (handle == 0)
		return (false);
	s->fast = handle;
	t->n_fast++;
	return (true);
}

/* An acknowledgment number of the time last is newer than one of stamp. */
static void
take_ack(const struct session *s, uint32_t *ack, int64_t last, uint32_t noted)
{
	if (last > s->stamp.ns)
		*ack = noted;
}

void
session_read_notes(const struct session_table *t, struct session *s)
{
	const struct fastnotes notes = notes_of(t, s);

	if (s->proto == L4_TCP) {
		take_ack(s, &s->ack6, notes.last6, notes.ack6);
		take_ack(s, &s->ack4, notes.last4, notes.ack4);
	}
	s->stamp = last_use(t, s, &notes);
}

void
session_take_back(struct session_table *t, struct session *s)
{
	/* Notes are read when no packet can add to them any more. */
	t->fastpath->remove(t->fastpath->arg, s->fast);
	session_read_notes(t, s);
	s->fast = 0;
	s->sides = 0;
	s->data = 0;
	t->n_fast--;
}

static void
leave_fast(struct session_table *t, struct wheel *w)
{
	struct wheel_entry *e;
	int64_t tick;

	for (tick = 0; tick < WHEEL_NSLOTS && t->n_fast > 0; tick++)
		TAILQ_FOREACH(e, wheel_slot(w, tick), link)
			session_leave_fast(t, session_of(e));
}

void
session_leave_fast_all(struct session_table *t)
{
	leave_fast(t, &t->wheel);
	leave_fast(t, &t->inbound.wheel);
}
