/*
 * The passage from IPv6 to IPv4.
 */
#ifndef NAT64D_CORE_NAT64_IN6_H
#define NAT64D_CORE_NAT64_IN6_H

#include "nat64_passage.h"

/* p: a packet that pkt_parse() has accepted. */
enum pass nat64_in6(struct passage *w, struct pkt *p);

/* Handle the next packet of w->pending6. */
enum pass nat64_pending6(struct passage *w);

#endif
