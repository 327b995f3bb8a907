/*
 * How much the counters grow per second, from a sample every RATES_SECS.
 */
#ifndef NAT64D_CONTROL_RATES_H
#define NAT64D_CONTROL_RATES_H

#include "nat64d/base/stats.h"

#define RATES_SECS 5

struct event_base;
struct rates;

/* stats: borrowed. Returns NULL with errno ENOMEM. */
struct rates *rates_new(struct event_base *base,
    const struct nat64_stats *stats);
void rates_free(struct rates *r);

/*
 * Dropped packets per second since the sample before the last one, so within
 * the last RATES_SECS to 2 * RATES_SECS seconds. *top: the reason of most of
 * them, or NAT64_NONE.
 */
double rates_drops(const struct rates *r, enum nat64_reason *top);

#endif
