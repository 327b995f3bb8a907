/*
 * TCP segments that the translator makes itself: the RST for a segment that
 * belongs to no connection (RFC 9293, 3.10.7.1), and the probe of an idle
 * session (RFC 6146, 3.5.2.2), and those without data of a gateway. The caller
 * decides when to send one.
 */
#ifndef NAT64D_XLAT_TCP_SEGMENT_H
#define NAT64D_XLAT_TCP_SEGMENT_H

#include <stdbool.h>

#include "nat64d/wire/pkt.h"

/*
 * May p, parsed by pkt_parse_l4(), be answered with an RST? Not if it is an
 * RST itself, not if it is a fragment (its length and checksum are not
 * known), and not if its checksum is wrong, which a TCP would drop silently.
 */
bool tcp_reset_allowed(const struct pkt *p);

/*
 * Build the RST for p, a segment from IPv6 that tcp_reset_allowed() allows
 * one, into out, initialised storage of PKT_BUFSIZE. Its source is the
 * destination of p. A super-packet counts as one segment. out is parsed when
 * this returns.
 */
void tcp_reset_build6(struct pkt *out, const struct pkt *p);

/*
 * Build a probe from t->src to t->dst into out, initialised storage for at
 * least PKT_HEADROOM and 60 bytes: an empty segment with a sequence number
 * below what t->dst has acknowledged (received), as in a keep-alive
 * (RFC 9293, 3.8.4), so that t->dst must answer it. It acknowledges what
 * the peer had (acked), so that a firewall on the path accepts it. out is
 * parsed when this returns.
 */
void tcp_probe_build6(struct pkt *out, const struct tuple6 *t,
    uint32_t received, uint32_t acked);

/* The header of a segment without data; all in host order. */
struct tcp_plain {
	uint32_t seq;
	uint32_t ack;
	uint16_t window; /* as the header has it, scaled or not */
	uint8_t flags;	 /* PKT_TH_ */
	bool stamped;	 /* with timestamps (RFC 7323, 3) */
	uint32_t tsval;
	uint32_t tsecr;
};

/*
 * Build that segment from t->src to t->dst into out, initialised storage for
 * at least PKT_HEADROOM and 72 bytes. out is parsed when this returns.
 */
void tcp_plain_build6(struct pkt *out, const struct tuple6 *t,
    const struct tcp_plain *plain);

#endif
