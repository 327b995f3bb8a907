/*
 * Segments of a connection that has a gateway (nat64d/alg): its bytes go
 * through stream.c, and the segments that result are translated instead.
 */
#ifndef NAT64D_CORE_NAT64_ALG_H
#define NAT64D_CORE_NAT64_ALG_H

#include "nat64_passage.h"

/* Translate and emit one packet. out: what the caller gave. */
typedef enum pass nat64_forward_fn(struct passage *w, struct pkt *p,
    const void *out);

/*
 * p, whole and parsed, belongs to w->session, which has a gateway. Calls
 * forward for every segment that is sent in its place. Super-packets are cut
 * into segments; a segment is never larger than that of the sender, or than
 * 512 bytes of data. Errors: a segment whose checksum is wrong is dropped, as
 * it would get a right one.
 */
enum pass nat64_alg_forward(struct passage *w, struct pkt *p, const void *out,
    nat64_forward_fn *forward);

/*
 * Does a first fragment, its L4 header parsed, belong to a connection with a
 * gateway? Its datagram is put together then. IPv6: addr4 and prefix are those
 * of the destination.
 */
bool nat64_alg_wants_whole6(const struct nat64 *n, const struct pkt *p,
    struct in_addr addr4, unsigned prefix);
bool nat64_alg_wants_whole4(const struct nat64 *n, const struct pkt *p);

/* Has w->session a gateway? For a SYN from IPv6 see nat64_alg_open(). */
static inline bool
nat64_alg_wants(const struct passage *w)
{
	return (w->session != NULL && w->session->gateway);
}

#endif
