/*
 * A timing wheel: a ring of slots, one for each tick, each a list of the
 * entries that have to be looked at during that tick. It knows nothing of
 * what an entry belongs to; session_expire.c decides what to do with one.
 *
 * An entry whose end moves to a later time stays in its slot. When the wheel
 * reaches that slot, the caller moves the entry to the slot of its new end.
 * So a packet that refreshes a session does not touch the wheel. An entry is
 * looked at once in its lifetime, or once a round of the ring when it lives
 * longer than that.
 *
 * Invariant: an entry is in the slot of its own tick, which is no later than
 * that of its end. It is not before wheel->tick either, except for entries
 * that a sweep running late has not reached yet. The slots of the ticks
 * before wheel->first are empty.
 */
#ifndef NAT64D_TABLES_WHEEL_H
#define NAT64D_TABLES_WHEEL_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/monotime.h"

#define WHEEL_TICK_SHIFT 28 /* 2^28 ns: about a quarter of a second */
#define WHEEL_TICK_NS (INT64_C(1) << WHEEL_TICK_SHIFT)
#define WHEEL_NSLOTS 2048 /* nine minutes */

struct wheel_entry {
	int64_t tick;
	TAILQ_ENTRY(wheel_entry) link;
};

/* The entry that was put into the slot last comes first. */
TAILQ_HEAD(wheel_slot, wheel_entry);

struct wheel {
	int64_t tick;  /* all ticks before it have been swept */
	int64_t first; /* see above; INT64_MAX: all slots are empty */
	struct wheel_slot slots[WHEEL_NSLOTS];
};

void wheel_init(struct wheel *w);

/* Set an empty wheel to now; does nothing when it has entries. */
void wheel_wind(struct wheel *w, struct monotime now);

/* Put e, which is in no slot, into the slot for its end. */
void wheel_add(struct wheel *w, struct wheel_entry *e, struct monotime end);
void wheel_remove(struct wheel *w, struct wheel_entry *e);

/* Move e to the slot for another end. */
void wheel_move(struct wheel *w, struct wheel_entry *e, struct monotime end);

/*
 * The sweep is late when the current tick, last, is more than a round ahead
 * of the wheel: start it one round before last, which reaches every entry
 * once.
 */
void wheel_catch_up(struct wheel *w, int64_t last);

/* Set w->first to the first slot that is not empty, from w->tick on. */
void wheel_seek(struct wheel *w);

/*
 * The first entry, or NULL when the wheel is empty. Moves w->first up to its
 * slot.
 */
struct wheel_entry *wheel_front(struct wheel *w);

static inline int64_t
wheel_tick(struct monotime t)
{
	return (t.ns >> WHEEL_TICK_SHIFT);
}

/* The entries that are looked at during a tick. */
static inline struct wheel_slot *
wheel_slot(struct wheel *w, int64_t tick)
{
	return (&w->slots[(uint64_t)tick % WHEEL_NSLOTS]);
}

/* The entry that has been in the slot for the longest time, or NULL. */
static inline struct wheel_entry *
wheel_slot_oldest(const struct wheel_slot *slot)
{
	return (TAILQ_LAST(slot, wheel_slot));
}

#endif
