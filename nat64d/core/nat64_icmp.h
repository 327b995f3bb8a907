/*
 * ICMP errors that pass through (RFC 6146, 3.4 to 3.7).
 */
#ifndef NAT64D_CORE_NAT64_ICMP_H
#define NAT64D_CORE_NAT64_ICMP_H

#include "nat64_passage.h"

/*
 * Translate an ICMP error; p is whole, its L4 header parsed. That of a hairpin
 * from IPv6 returns PASS_AGAIN4.
 */
enum pass nat64_error6(struct passage *w, struct pkt *p);
enum pass nat64_error4(struct passage *w, struct pkt *p);

#endif
