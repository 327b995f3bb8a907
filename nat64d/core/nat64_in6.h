/*
 * The passage from IPv6 to IPv4.
 */
#ifndef NAT64D_CORE_NAT64_IN6_H
#define NAT64D_CORE_NAT64_IN6_H

#include "nat64d/xlat/icmp_error.h"
#include "nat64_passage.h"

/* p: a packet that pkt_parse() has accepted. */
enum pass nat64_in6(struct passage *w, struct pkt *p);

/* Handle the next packet of w->pending6. */
enum pass nat64_pending6(struct passage *w);

/* --- also for nat64_siit.c --- */

/*
 * Its destination is not an address that hosts are behind, or its source cannot
 * be one host (RFC 7915, 5.1; RFC 4291, 2.5.6): it is dropped, or answered if
 * it is for ourselves, and *pass is the result.
 */
bool nat64_is_not_for_hosts6(struct passage *w, struct pkt *p,
    enum pass *pass);

/*
 * Hop limit and extension headers: NAT64_NONE, or why p is to be refused with
 * the error *e.
 */
enum nat64_reason nat64_check_headers6(const struct pkt *p,
    struct icmp_error *e);

/* Translate p, whose outgoing tuple is known, and emit it or turn it back. */
enum pass nat64_forward6(struct passage *w, struct pkt *p,
    const struct tuple4 *out);

#endif
