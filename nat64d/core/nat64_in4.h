/*
 * The passage from IPv4 to IPv6.
 */
#ifndef NAT64D_CORE_NAT64_IN4_H
#define NAT64D_CORE_NAT64_IN4_H

#include "nat64_passage.h"

/* PIP-02 for a packet that pkt_parse() has accepted. */
enum pass nat64_in4(struct passage *w, struct pkt *p);

/*
 * The same for the second passage of a hairpin, from step 7 on: fragments,
 * errors, sessions, translation.
 */
enum pass nat64_again4(struct passage *w, struct pkt *p);

/* The next packet of w->rest4. */
enum pass nat64_rest4(struct passage *w);

#endif
