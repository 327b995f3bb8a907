/*
 * Replication, for status and metrics.
 */
#ifndef NAT64D_CONTROL_REPLICATION_H
#define NAT64D_CONTROL_REPLICATION_H

#include <jansson.h>

#include "common/http/prom.h"

#include "nat64d/replicate.h"

/* Nothing when r is NULL. */
void replication_metrics(struct prom *p, const struct replicate *r);

json_t *replication_status(const struct replicate *r);

#endif
