/*
 * Segmentation in software of super-packets, as the kernel does it: for a tun
 * device without offload, for a super-packet that is too large for the other
 * family, and for one whose segments have to be fragmented.
 *
 * A super-packet is a struct pkt with ofl.seg set that pkt_parse() and
 * pkt_parse_l4() accepted. It may have been translated since: of its fields
 * family, proto, l4off, l4hlen, tcp_flags and ofl are valid, other values are
 * read from its bytes.
 */
#ifndef NAT64D_WIRE_GSO_H
#define NAT64D_WIRE_GSO_H

#include "pkt.h"

/*
 * Number of segments of a super-packet, at least 1. In IPv4 each segment has
 * an identification of its own.
 */
unsigned gso_count(const struct pkt *p);

/*
 * Build segment number k of the super-packet p, 0 .. gso_count() - 1, in seg.
 * p is not changed.
 *
 * Of seg only buf and bufsize need be set: storage apart from that of p, for
 * PKT_HEADROOM bytes, the headers of p and its largest segment. The segment
 * is complete: lengths, IPv4 header checksum and full L4 checksum;
 * identification of p plus k; TCP sequence number advanced; FIN and PSH on
 * the last one only; CWR on the first one only, but on all with accurate ECN,
 * where it is part of a counter. Options and extension headers are copied.
 * seg gets all fields that parsing would set if p has them, and no offloads.
 */
void gso_build(const struct pkt *p, struct pkt *seg, unsigned k);

#endif
