/*
 * Something that is said at most once a minute however often it happens:
 * the first time at once, what follows within the minute as one number at
 * its end. Knows nothing of what is said.
 */
#ifndef NAT64D_BASE_LOGLIMIT_H
#define NAT64D_BASE_LOGLIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

#define LOGLIMIT_SECS 60

/* All zero: it never happened. */
struct loglimit {
	bool quiet;	       /* something was said, until is set */
	struct monotime until; /* nothing is said before that */
	uint64_t unsaid;       /* times since */
};

/* It happens now. Returns true when it is to be said; else it is counted. */
bool loglimit_allow(struct loglimit *r, struct monotime now);

/*
 * At until or later: how often it happened unsaid, which is to be said now
 * and begins a new minute; or 0, and then nothing is pending any more.
 */
uint64_t loglimit_due(struct loglimit *r, struct monotime now);

#endif
