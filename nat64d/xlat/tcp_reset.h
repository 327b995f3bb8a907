/*
 * The RST for a segment that belongs to no connection (RFC 9293, 3.10.7.1).
 * Whether one is to be sent at all, and when, is decided by others.
 */
#ifndef NAT64D_XLAT_TCP_RESET_H
#define NAT64D_XLAT_TCP_RESET_H

#include <stdbool.h>

#include "nat64d/wire/pkt.h"

/*
 * May p, parsed by pkt_parse_l4(), be answered with an RST? Never when it is
 * one itself, when it is no whole segment (its length and checksum cannot be
 * known), or when its checksum is wrong: a TCP that received it would not
 * have looked at it.
 */
bool tcp_reset_allowed(const struct pkt *p);

/*
 * Build the RST for p, a segment from IPv6 that is allowed one, into out,
 * initialised storage of PKT_BUFSIZE. It comes from where p was sent to. A
 * super-packet counts as the one segment that its sender made. out is
 * parsed when this returns.
 */
void tcp_reset_build6(struct pkt *out, const struct pkt *p);

#endif
