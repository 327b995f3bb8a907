/*
 * A rate limit on log lines of one kind: LINERATE_MAX lines in a second, and a
 * count of the others. It does not know their text.
 */
#ifndef COMMON_OS_LINERATE_H
#define COMMON_OS_LINERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

#define LINERATE_MAX 100 /* in a second */

/* All zero: no line was written yet. */
struct linerate {
	struct monotime until; /* the end of this second */
	unsigned said;	       /* lines in it */
	uint64_t left_out;     /* lines suppressed */
};

/*
 * May one more line be written now? *before, when not 0, is the number of lines
 * left out in an earlier second, which is to be logged first.
 */
bool linerate_take(struct linerate *r, struct monotime now, uint64_t *before);

/* At until or later: the number of lines left out, to be logged now; or 0. */
uint64_t linerate_due(struct linerate *r, struct monotime now);

#endif
