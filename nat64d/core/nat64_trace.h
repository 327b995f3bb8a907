/*
 * What becomes of packets that go no further, one by one, for who debugs: to
 * be called only where nat64_sink.trace is set.
 */
#ifndef NAT64D_CORE_NAT64_TRACE_H
#define NAT64D_CORE_NAT64_TRACE_H

#include "nat64d/xlat/icmp_error.h"
#include "nat64.h"

/* p goes no further. */
void nat64_trace_drop(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason);

/*
 * Because of p and for that reason its sender gets an ICMP error, gets none
 * since there were too many, or gets an RST.
 */
void nat64_trace_error(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason, const struct icmp_error *e);
void nat64_trace_limited(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason);
void nat64_trace_reset(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason);

#endif
