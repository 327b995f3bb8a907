/*
 * The timing wheel of the sessions: a ring of slots, one for each tick, of
 * the sessions that have to be looked at during that tick. Part of the
 * session tables: session.h says when a session ends.
 *
 * A session that is refreshed stays where it is, for its new end is later:
 * when its slot's turn comes it is put where it belongs by then. So packets
 * do not touch the wheel, and each session is looked at once in its
 * lifetime, or once in a round of the ring when it lives longer than that.
 *
 * Invariant: a session is in the slot of its own tick, which is no later
 * than that of its end, and at least wheel->tick but for those that a late
 * sweep has not met yet; slots of ticks before wheel->first are empty.
 */
#ifndef NAT64D_TABLES_SESSION_WHEEL_H
#define NAT64D_TABLES_SESSION_WHEEL_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/monotime.h"

struct session;

#define SESSION_TICK_SHIFT 28 /* a quarter of a second, of nanoseconds */
#define SESSION_TICK_NS (INT64_C(1) << SESSION_TICK_SHIFT)
#define SESSION_NSLOTS 2048 /* nine minutes */

LIST_HEAD(session_slot, session);

struct session_wheel {
	int64_t tick;  /* what is due before it has been looked at */
	int64_t first; /* see above; INT64_MAX: all slots are empty */
	struct session_slot slots[SESSION_NSLOTS];
};

void session_wheel_init(struct session_wheel *w);

/* Time goes on; an empty wheel need not turn to be where it is. */
void session_wheel_wind(struct session_wheel *w, struct monotime now);

/* Put s, which is in no slot, into the one for its end. */
void session_wheel_add(struct session_wheel *w, struct session *s,
    struct monotime end);
void session_wheel_remove(struct session *s);

/* s has another end: move it if it would be looked at too late. */
void session_wheel_touch(struct session_wheel *w, struct session *s,
    struct monotime end);

/* The sessions that are looked at during a tick. */
struct session_slot *session_wheel_slot(struct session_wheel *w, int64_t tick);

static inline int64_t
session_tick(struct monotime t)
{
	return (t.ns >> SESSION_TICK_SHIFT);
}

#endif
