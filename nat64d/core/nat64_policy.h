/*
 * What the configuration allows: which Pref64 carries which IPv4 address,
 * which destinations are not translated.
 */
#ifndef NAT64D_CORE_NAT64_POLICY_H
#define NAT64D_CORE_NAT64_POLICY_H

#include "nat64.h"

/*
 * Index of a Pref64 that may embed addr, for a session that a packet from
 * IPv4 opens (ADR-08): the one used last by bib (may be NULL), else the
 * first configured. -1 when ADR-21 forbids all of them.
 */
int nat64_prefix_for(const struct nat64 *n, const struct bib_entry *bib,
    struct in_addr addr);

/* ADR-21 and ADR-22: may this prefix carry this address? */
bool nat64_may_embed(const struct nat64 *n, unsigned prefix,
    struct in_addr addr);

/* Is the IPv4 side of this packet excluded (CGN-06)? */
bool nat64_excluded(const struct nat64 *n, enum l4proto proto,
    struct in_addr addr, uint16_t port);

#endif
