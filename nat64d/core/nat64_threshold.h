/*
 * Thresholds (RFC 8158, 4.5): a report when the use of the pool, or of what a
 * subscriber may have, reaches a share of its limit, before anybody is refused.
 * It is reported again only after use was NAT64_THRESHOLD_GAP percent below the
 * threshold, which is reported as well.
 */
#ifndef NAT64D_CORE_NAT64_THRESHOLD_H
#define NAT64D_CORE_NAT64_THRESHOLD_H

#include "nat64_struct.h"

#define NAT64_THRESHOLD_GAP 10

/* The use of ports of a protocol has changed, by bindings of sub or NULL. */
void nat64_threshold_check(struct nat64 *n, enum l4proto proto,
    struct subscriber *sub);

#endif
