/*
 * What the core tells of through nat64_sink.event: what comes and goes in its
 * tables, and what is refused.
 */
#ifndef NAT64D_CORE_NAT64_EVENT_H
#define NAT64D_CORE_NAT64_EVENT_H

#include "nat64_passage.h"

/* A binding or a session comes or goes; e or s is NULL, not both. */
void nat64_tell(struct nat64 *n, enum nat64_event_type type,
    const struct bib_entry *e, const struct session *s);

/* A subscriber and its pool address. */
void nat64_tell_address(struct nat64 *n, enum nat64_event_type type,
    const struct subscriber *sub);

/*
 * A table has refused a binding or session to a host of ours, in6: returns
 * the reason for the drop, and tells of an exhausted pool or quota.
 */
enum nat64_reason nat64_tell_refused(struct nat64 *n, enum l4proto proto,
    const struct taddr6 *in6, const struct refusal *why);

/* The same where an IPv4 host, peer, may open no more. */
enum nat64_reason nat64_tell_refused4(struct nat64 *n, enum l4proto proto,
    struct in_addr peer, const struct refusal *why);

/* p was dropped for reason: tell when an RFC wants a log (LOG-30). */
void nat64_tell_dropped(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason);

/*
 * Drop a fragment as frag_input() decided, and tell of a limit (FRG-41).
 * Always PASS_DONE.
 */
enum pass nat64_drop_fragment(struct passage *w, const struct pkt *p,
    const struct frag_result *r);

#endif
