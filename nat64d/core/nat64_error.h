/*
 * What the translator answers itself: ICMP errors (ERR-14, ERR-20), RSTs, and
 * echo requests to its own addresses.
 */
#ifndef NAT64D_CORE_NAT64_ERROR_H
#define NAT64D_CORE_NAT64_ERROR_H

#include "nat64d/xlat/icmp_error.h"
#include "nat64_passage.h"

/*
 * Drop p for a reason and tell its sender with an ICMP error, if ERR-14 and
 * the rate allow. In the second passage of a hairpin the sender is an IPv6
 * host: refuse4 may return PASS_TURN4 (HPN-06).
 */
enum pass nat64_refuse6(struct passage *w, struct pkt *p,
    enum nat64_reason reason, uint8_t type, uint8_t code, uint32_t param);
enum pass nat64_refuse4(struct passage *w, struct pkt *p,
    enum nat64_reason reason, uint8_t type, uint8_t code, uint32_t param);

/*
 * The time of a stored SYN has come: answer it with port unreachable (ERR-09),
 * as refuse4 does; its drop was counted when it was stored.
 */
enum pass nat64_answer_syn(struct passage *w, struct stored_syn *syn);

/*
 * Drop a TCP segment of no session and answer it with an RST, when one is
 * allowed (tcp_segment.h) and the rate of the ICMPv6 errors leaves room.
 */
enum pass nat64_reset6(struct passage *w, const struct pkt *p);

/* A packet to one of our own addresses (LOC-01, LOC-02). */
enum pass nat64_local(struct passage *w, struct pkt *p);

#endif
