/*
 * Monotonic time: the only type for points in time in the pure layers. They
 * do not read a clock; the process layer passes the time.
 */
#ifndef COMMON_MONOTIME_H
#define COMMON_MONOTIME_H

#include <stdbool.h>
#include <stdint.h>

/* A point on a clock that never steps; the zero point has no meaning. */
struct monotime {
	int64_t ns;
};

/* Read CLOCK_MONOTONIC. For the process layer only. */
struct monotime monotime_now(void);

/*
 * Milliseconds since the beginning of 1970, UTC: for timestamps in
 * logs only, since this clock may step. For the process layer only.
 */
int64_t wallclock_ms(void);

static inline struct monotime
monotime_add_ms(struct monotime t, int64_t ms)
{
	return ((struct monotime){ .ns = t.ns + ms * 1000000 });
}

static inline struct monotime
monotime_add_secs(struct monotime t, int64_t secs)
{
	return (monotime_add_ms(t, secs * 1000));
}

/* Milliseconds from b to a; negative when a is the earlier one. */
static inline int64_t
monotime_diff_ms(struct monotime a, struct monotime b)
{
	return ((a.ns - b.ns) / 1000000);
}

/* Whether the time a has been reached at the time b. */
static inline bool
monotime_reached(struct monotime a, struct monotime b)
{
	return (a.ns <= b.ns);
}

#endif
