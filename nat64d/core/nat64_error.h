/*
 * Packets that the translator sends itself in reply: ICMP errors (RFC 4443,
 * 2.4; RFC 1812, 4.3.2.7 and 4.3.2.8), RSTs, and replies to echo requests to
 * its own addresses.
 */
#ifndef NAT64D_CORE_NAT64_ERROR_H
#define NAT64D_CORE_NAT64_ERROR_H

#include "nat64d/xlat/icmp_error.h"
#include "nat64_passage.h"

/*
 * Drop p for a reason and answer it with an ICMP error, if one may be sent
 * (icmp_error_allowed()) and the rate limit allows. In the second passage of
 * a hairpin the sender is an IPv6 host: nat64_refuse4() returns PASS_ERROR4
 * then.
 */
enum pass nat64_refuse6(struct passage *w, struct pkt *p,
    enum nat64_reason reason, uint8_t type, uint8_t code, uint32_t param);
enum pass nat64_refuse4(struct passage *w, struct pkt *p,
    enum nat64_reason reason, uint8_t type, uint8_t code, uint32_t param);

/*
 * Answer a stored SYN, whose time is over, with port unreachable (RFC 6146,
 * 3.5.2.2), as nat64_refuse4() does; it was counted as dropped when it was
 * stored.
 */
enum pass nat64_answer_syn(struct passage *w, struct stored_syn *syn);

/*
 * Drop a TCP segment without a session and answer it with an RST, if one may
 * be sent (tcp_reset_allowed()) and the rate limit of the ICMPv6 errors
 * allows.
 */
enum pass nat64_reset6(struct passage *w, const struct pkt *p);

/*
 * A packet to one of our own addresses: answer an echo request (RFC 4443, 4.2;
 * RFC 1812, 4.3.3.6), drop anything else.
 */
enum pass nat64_local(struct passage *w, struct pkt *p);

#endif
