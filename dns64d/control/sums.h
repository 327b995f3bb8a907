/*
 * Numbers of all workers, which status, lists and metrics show.
 */
#ifndef DNS64D_CONTROL_SUMS_H
#define DNS64D_CONTROL_SUMS_H

#include <stdbool.h>

#include "dns64d/base/stats.h"
#include "dns64d/cache/lru.h"
#include "dns64d/upstream/upstream.h"

struct workers;

struct sums_server {
	bool suspect; /* for one worker, or more */
	uint64_t sent, answered, lost, outstanding;
};

struct sums {
	struct stats stats;
	unsigned queries; /* in progress */
	struct sums_server
	    servers[UPSTREAMS_MAX]; /* as in the configuration */
	struct lru_counts replies;  /* in the caches */
	struct lru_counts answers;  /* in the packet caches */
	size_t cache_bytes_max;
};

/* Stops the workers for the time of an addition. */
void sums_take(struct workers *ws, struct sums *s);

#endif
