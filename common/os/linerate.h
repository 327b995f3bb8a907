/*
 * A bound on what is written to the log of one kind: so many lines in each
 * second, and of the rest their number. Knows nothing of what is said.
 */
#ifndef COMMON_OS_LINERATE_H
#define COMMON_OS_LINERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

#define LINERATE_MAX 100 /* in a second */

/* All zero: nothing was said yet. */
struct linerate {
	struct monotime until; /* the end of this second */
	unsigned said;	       /* lines in it */
	uint64_t left_out;     /* lines not said */
};

/*
 * One more line now: may it be said? *before, when it is not 0, is the
 * number of lines left out in a second that is over: to be said first.
 */
bool linerate_take(struct linerate *r, struct monotime now, uint64_t *before);

/* At until or later: lines left out, to be said now; or 0. */
uint64_t linerate_due(struct linerate *r, struct monotime now);

#endif
