/*
 * Numbers of all workers, which status and metrics both show.
 */
#ifndef DNS64D_CONTROL_SUMS_H
#define DNS64D_CONTROL_SUMS_H

#include "dns64d/base/stats.h"

struct workers;

struct sums {
	struct stats stats;
	unsigned queries; /* in progress */
};

/* Stops the workers for the time of an addition. */
void sums_take(struct workers *ws, struct sums *s);

#endif
