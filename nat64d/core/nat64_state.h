/*
 * Finding and making the binding and session of a packet (RFC 6146, 3.5), and
 * their end.
 */
#ifndef NAT64D_CORE_NAT64_STATE_H
#define NAT64D_CORE_NAT64_STATE_H

#include "nat64_passage.h"

/*
 * Find or make binding and session for a packet from IPv6 and give the
 * outgoing tuple. dst4: the address embedded in its destination, by the
 * Pref64 of that index. Returns NAT64_NONE, or why the packet ends here.
 */
enum nat64_reason nat64_state6(struct passage *w, const struct pkt *p,
    struct in_addr dst4, unsigned prefix, struct tuple4 *out);

/* The same for a packet from IPv4. */
enum nat64_reason nat64_state4(struct passage *w, struct pkt *p,
    struct tuple6 *out);

/*
 * Is e (may be NULL) static or held, or does it have a session that is not over
 * or for which a probe will be sent? Otherwise the caller has to treat it as
 * removed. Nothing is removed here: an ICMP error changes no state (RFC 5508,
 * REQ-6).
 */
bool nat64_binding_lives(const struct passage *w, const struct bib_entry *e);

/*
 * The lifetime of s is over: delete it, or send the TCP probe (RFC 6146,
 * 3.5.2.2), or answer its stored SYN. If s is stale or forbidden: just delete
 * it. Returns true when s was deleted, and with it a binding whose last session
 * it was. A session that uses the fast path until the last moment stays as it
 * is.
 */
bool nat64_session_timeout(struct passage *w, struct session *s);

/* Remove a session, its stored SYN, and its binding if it was the last. */
void nat64_session_end(struct nat64 *n, struct session *s,
    struct monotime now);

/*
 * Remove the sessions of e, and e with the last one unless it is kept. *max
 * is counted down for each. Returns false when it was too low: call it again.
 */
bool nat64_sessions_end(struct nat64 *n, struct bib_entry *e,
    struct monotime now, unsigned *max);

#endif
