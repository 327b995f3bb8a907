/*
 * The passage from IPv6 to IPv4.
 */
#ifndef NAT64D_CORE_NAT64_IN6_H
#define NAT64D_CORE_NAT64_IN6_H

#include "nat64_passage.h"

/* PIP-01 for a packet that pkt_parse() has accepted. */
enum pass nat64_in6(struct passage *w, struct pkt *p);

/* The next packet of w->rest6. */
enum pass nat64_rest6(struct passage *w);

#endif
