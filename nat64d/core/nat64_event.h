/*
 * What the core reports through its sink: to nat64_sink.event, what is added
 * to the tables, removed and refused; to nat64_sink.trace, each packet that
 * goes no further.
 */
#ifndef NAT64D_CORE_NAT64_EVENT_H
#define NAT64D_CORE_NAT64_EVENT_H

#include "nat64d/xlat/icmp_error.h"
#include "nat64_passage.h"

/* A binding or a session is created or deleted; one of e and s is NULL. */
void nat64_report(struct nat64 *n, enum nat64_event_type type,
    const struct bib_entry *e, const struct session *s);

/* A subscriber gets its pool address, or gives it back. */
void nat64_report_address(struct nat64 *n, enum nat64_event_type type,
    const struct subscriber *sub);

/* A subscriber has got a block of ports, or has it no longer. */
void nat64_report_block(struct nat64 *n, const struct pool4_block *block,
    unsigned subscriber_len, bool allocated);

/*
 * A table has refused a binding or session to the IPv6 host in6: report an
 * exhausted pool or quota (RFC 8158, 4.6.5 to 4.6.7), and return the reason
 * for the drop.
 */
enum nat64_reason nat64_report_refused(struct nat64 *n, enum l4proto proto,
    const struct taddr6 *in6, const struct refusal *why);

/* The same for a session that the IPv4 host peer tried to open. */
enum nat64_reason nat64_report_refused4(struct nat64 *n, enum l4proto proto,
    struct in_addr peer, const struct refusal *why);

/*
 * p was dropped for reason: report it to the trace, and to the event log
 * where an RFC asks for that (RFC 7915, 4.5 and 5.1.1; RFC 1812, 5.3.7).
 */
void nat64_report_drop(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason);

/*
 * The same for a held fragment, to nat64_sink.trace only, which must be set. A
 * frag_drop_fn.
 */
void nat64_trace_held(void *n, const struct pkt *p, enum nat64_reason reason);

/*
 * Drop a fragment as frag_input() decided, and report a limit that was
 * reached (RFC 8158, 4.6.7.5). Always PASS_DONE.
 */
enum pass nat64_drop_fragment(struct passage *w, const struct pkt *p,
    const struct frag_result *r);

/*
 * Report to nat64_sink.trace, which must be set, how the sender of p, a packet
 * dropped for reason, was answered: by an ICMP error; not, because of the rate
 * limit; by an RST.
 */
void nat64_trace_error(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason, const struct icmp_error *e);
void nat64_trace_limited(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason);
void nat64_trace_reset(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason);

#endif
