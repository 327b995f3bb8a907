/*
 * Fetching of the table entries that packets will need into the CPU cache.
 */
#ifndef NAT64D_CORE_NAT64_PREFETCH_H
#define NAT64D_CORE_NAT64_PREFETCH_H

#include "nat64.h"

/* For at most NAT64_BATCH packets, which need not be parsed. */
void nat64_prefetch(const struct nat64 *n, const struct pkt *pkts,
    unsigned n_pkts);

#endif
