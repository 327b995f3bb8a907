/*
 * ICMP errors that are translated (RFC 6146, 3.4 to 3.7).
 */
#ifndef NAT64D_CORE_NAT64_ICMP_H
#define NAT64D_CORE_NAT64_ICMP_H

#include "nat64_passage.h"

/*
 * Translate the ICMP error p, which is no fragment, its L4 header parsed.
 * nat64_error6() returns PASS_HAIRPIN for one that is for an IPv6 host.
 */
enum pass nat64_error6(struct passage *w, struct pkt *p);
enum pass nat64_error4(struct passage *w, struct pkt *p);

#endif
