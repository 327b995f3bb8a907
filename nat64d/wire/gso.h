/*
 * Segments of super-packets cut in software (GSO-30): for a tun device
 * without offload, and wherever each segment needs a treatment of its own
 * (GSO-18, GSO-23).
 *
 * A super-packet is a struct pkt with ofl.seg set that pkt_parse() and
 * pkt_parse_l4() accepted. It may have been translated since: family, proto,
 * l4off, l4hlen, tcp_flags and ofl describe it as it stands, the rest is
 * read from its bytes.
 */
#ifndef NAT64D_WIRE_GSO_H
#define NAT64D_WIRE_GSO_H

#include "pkt.h"

/*
 * Number of segments in a super-packet, at least 1: what IPv4 spends of
 * identifications (GSO-15) and what the kernel limits (GSO-25).
 */
unsigned gso_count(const struct pkt *p);

/*
 * Cut the super-packet p, which stays as it is, into its segments.
 *
 * The segments are built one after another in seg, which need not be
 * initialised but for its storage (buf, bufsize), apart from that of p:
 * PKT_HEADROOM bytes, the headers of p and ofl.seg_size. Each is complete:
 * lengths, IPv4 header checksum and full L4 checksum; identification of p
 * plus its number; TCP sequence number advanced; FIN and PSH on the last
 * one only; CWR on the first one only, but on all with accurate ECN, where
 * it is part of a counter. Options and extension headers are copied. seg has
 * all fields that parsing would find if p has, no offloads, and is emit's to
 * change until it returns.
 *
 * Returns the number of segments, or 0 when seg has too little storage, and
 * then nothing was emitted.
 */
unsigned gso_split(const struct pkt *p, struct pkt *seg,
    void (*emit)(void *arg, struct pkt *seg), void *arg);

/*
 * Build the segment number k of p alone, 0 .. gso_count() - 1, for who takes
 * one at a time; seg has storage enough.
 */
void gso_build(const struct pkt *p, struct pkt *seg, unsigned k);

#endif
