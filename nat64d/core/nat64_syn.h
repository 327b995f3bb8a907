/*
 * IPv4 SYNs that are kept unanswered, as the IPv6 host may be opening the same
 * connection (RFC 6146, 3.5.2.2; RFC 5382, REQ-4). Their number is limited,
 * as anybody can send them (RFC 6146, 5.3).
 */
#ifndef NAT64D_CORE_NAT64_SYN_H
#define NAT64D_CORE_NAT64_SYN_H

#include "nat64_struct.h"

/* May one more SYN from that peer be kept (RFC 6146, 5.3)? */
bool nat64_syn_room(const struct nat64 *n, struct in_addr peer);

/*
 * Keep the SYN p for s, after nat64_syn_room() said yes: s is in state
 * V4_INIT_STORED then. False: no memory, and s is as before.
 */
bool nat64_syn_store(struct nat64 *n, struct session *s, struct pkt *p);

/* Forget the SYN of s, if it has one. */
void nat64_syn_discard(struct nat64 *n, const struct session *s);

/*
 * Take the SYN of s, or NULL if it has none. The caller owns it and calls
 * nat64_syn_free() when it has been answered.
 */
struct stored_syn *nat64_syn_take(struct nat64 *n, const struct session *s);
void nat64_syn_free(struct nat64 *n, struct stored_syn *syn);

#endif
