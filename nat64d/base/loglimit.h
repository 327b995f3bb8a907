/*
 * Limit of a log message to one a minute: the first occurrence is logged at
 * once, those that follow within the minute are counted, and their number is
 * logged at its end. Knows nothing of the message.
 *
 * States of a limit:
 * idle     "running" is false; the other fields mean nothing. The next
 *          loglimit_allow() is logged and leads to running.
 * running  A message was logged; "until" is the end of its minute, "n_muted"
 *          the number of occurrences since. loglimit_due() after the end
 *          leads to idle if there was none; else it returns their number,
 *          which is logged, and a new minute begins.
 */
#ifndef NAT64D_BASE_LOGLIMIT_H
#define NAT64D_BASE_LOGLIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

#define LOGLIMIT_SECS 60

/* All zero: idle. */
struct loglimit {
	bool running;
	struct monotime until;
	uint64_t n_muted;
};

/* Count an occurrence. Returns true when it is to be logged now. */
bool loglimit_allow(struct loglimit *l, struct monotime now);

/*
 * Call this at "until" or later. Returns the number of occurrences to be
 * logged now, or 0 when there is none or the minute has not ended.
 */
uint64_t loglimit_due(struct loglimit *l, struct monotime now);

/*
 * For a message that gives a total, so that the number of those that were not
 * logged does not matter: in place of both functions above. Returns true when
 * it is to be logged now.
 */
bool loglimit_total(struct loglimit *l, struct monotime now);

#endif
