/*
 * A configuration with the state of its upstreams. Every question holds the
 * one that it began with, so that a reload takes nothing from under it; the
 * last one to let go frees it.
 */
#ifndef DNS64D_GENERATION_H
#define DNS64D_GENERATION_H

#include <sys/time.h>

#include "upstream.h"

struct conf;
struct event_base;

struct generation {
	struct conf *conf; /* owned */
	struct upstreams ups;
	unsigned refs;
	const struct timeval *aaaa_delay; /* of the policy, for event_add */
	const struct timeval *a_delay;
};

/*
 * What is known of upstreams is taken over from old, which may be NULL.
 * Returns one reference, and owns conf from now on; NULL when memory is
 * short, and then conf is still the caller's.
 */
struct generation *generation_new(struct event_base *base, struct conf *conf,
    const struct generation *old);

/* Take another reference; returns gen. */
struct generation *generation_ref(struct generation *gen);

/* Give a reference back. */
void generation_unref(struct generation *gen);

#endif
