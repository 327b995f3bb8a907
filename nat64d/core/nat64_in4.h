/*
 * The passage from IPv4 to IPv6.
 */
#ifndef NAT64D_CORE_NAT64_IN4_H
#define NAT64D_CORE_NAT64_IN4_H

#include "nat64_passage.h"

/* p: a packet that pkt_parse() has accepted. */
enum pass nat64_in4(struct passage *w, struct pkt *p);

/*
 * The same without the checks of addresses and headers: fragments, errors,
 * sessions, translation. The second passage of a hairpin begins here.
 */
enum pass nat64_in4_checked(struct passage *w, struct pkt *p);

/* Handle the next packet of w->pending4. */
enum pass nat64_pending4(struct passage *w);

/* --- also for nat64_siit.c --- */

/*
 * An ICMP error may come from a router with an address that no host can have;
 * nat64_error4() gives it another source then.
 */
bool nat64_may_be_error4(const struct pkt *p);

/* Translate p, whose outgoing tuple is known, and emit it. */
enum pass nat64_forward4(struct passage *w, struct pkt *p,
    const struct tuple6 *out);

#endif
