/*
 * Numbers about the translator that status and metrics both show.
 */
#ifndef NAT64D_CONTROL_NUMBERS_H
#define NAT64D_CONTROL_NUMBERS_H

#include <stdint.h>

#include "nat64d/core/nat64.h"
#include "nat64d/core/nat64_role.h"

/* "tcp", "udp" or "icmp". */
const char *numbers_proto(enum l4proto proto);

uint64_t numbers_sessions(const struct nat64 *n);
uint64_t numbers_proto_sessions(const struct nat64 *n, enum l4proto proto);
uint64_t numbers_bindings(const struct nat64 *n, enum l4proto proto);

/* Of the pool, for dynamic allocation; those that are free. */
uint64_t numbers_ports(const struct nat64 *n, enum l4proto proto);
uint64_t numbers_available(const struct nat64 *n, enum l4proto proto);

uint64_t numbers_drops(const struct nat64_stats *stats);

/* NULL, or that nothing is translated because the pool is empty. */
const char *numbers_no_pool(const struct nat64 *n);

/* NULL when new sessions are accepted; else why they are not. */
const char *numbers_not_up(const struct nat64 *n);

/*
 * NULL when new clients may be led here; else why not: as above, or because
 * the translator drains or another node will take its place.
 */
const char *numbers_not_ready(const struct nat64 *n);

#endif
