/*
 * Numbers of all workers, which status, lists and metrics show.
 */
#ifndef DNS64D_CONTROL_SUMS_H
#define DNS64D_CONTROL_SUMS_H

#include <stdbool.h>

#include "dns64d/base/stats.h"
#include "dns64d/cache/lru.h"
#include "dns64d/conf/conf.h"
#include "dns64d/policy/translator.h"
#include "dns64d/upstream/upstream.h"

struct workers;

struct sums_server {
	bool suspect; /* for one worker, or more */
	uint64_t sent, answered, lost, outstanding;
};

/* Each worker polls by itself: what the first one knows, and sums of all. */
struct sums_translator {
	enum balance_state state;
	size_t active; /* its node that translates, or did so last */
	enum pair_node_state node[PAIR_NODES];
	unsigned load;	/* of LOAD_FULL */
	unsigned share; /* in the first view that has it; balance_share() */
	uint64_t sessions, sessions_max;
	uint64_t answers, polls, lost; /* sums */
};

struct sums {
	struct stats stats;
	unsigned n_workers;
	unsigned queries; /* in progress */
	struct sums_server
	    servers[UPSTREAMS_MAX]; /* as in the configuration */
	struct sums_translator
	    translators[CONF_TRANSLATORS_MAX]; /* the same */
	struct lru_counts replies;	       /* in the caches */
	struct lru_counts answers;	       /* in the packet caches */
	size_t cache_bytes_max;
};

/* Stops the workers for the time of an addition. */
void sums_take(struct workers *ws, struct sums *s);

#endif
