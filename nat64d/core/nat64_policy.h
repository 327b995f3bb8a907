/*
 * What the configuration allows: which Pref64 carries which IPv4 address,
 * which destinations are not translated.
 */
#ifndef NAT64D_CORE_NAT64_POLICY_H
#define NAT64D_CORE_NAT64_POLICY_H

#include "nat64.h"

/*
 * Index of a Pref64 that may embed addr, for a session that a packet from
 * IPv4 opens (RFC 6146, 1.2.1 leaves the choice open): the one used last by
 * bib (may be NULL), else the first configured. -1 if none may.
 */
int nat64_prefix_for(const struct nat64 *n, const struct bib_entry *bib,
    struct in_addr addr);

/*
 * May this prefix embed this address? Not when it is not configured any more.
 * Not one that is never a unicast host
 * (RFC 1812, 5.3.7), nor, by default, 64:ff9b::/96 a non-global one
 * (RFC 6052, 3.1).
 */
bool nat64_may_embed(const struct nat64 *n, unsigned prefix,
    struct in_addr addr);

/* Is the IPv4 side of this packet excluded (RFC 6888, REQ-6)? */
bool nat64_excluded(const struct nat64 *n, enum l4proto proto,
    struct in_addr addr, uint16_t port);

/* A copy of the list of c; NULL with errno ENOMEM. */
struct nat64_exclude *nat64_copy_excludes(const struct nat64_config *c);

/*
 * Give each prefix of c its place in n->prefixes: the one that it has already,
 * or a free one. Nothing is being settled, so no session uses a free one.
 */
void nat64_place_prefixes(struct nat64 *n, const struct nat64_config *c);

#endif
