/*
 * Which pairs of addresses of a stateless translator (nat64_siit.h) use the
 * fast path, and from when on.
 *
 * What becomes of the addresses of a whole packet of TCP, UDP or echo follows
 * from the two of them and the configuration; for the rest of the packet, the
 * fast path has its own checks. So once such a packet has been translated, any
 * other one from the same address to the same address may be translated without
 * a look at the rules. Each direction is a pair by itself, since mappings that
 * overlap need not be the reverse of each other. A hairpin is no pair: the fast
 * path translates once.
 *
 * A pair is offered with its packet of number PAIR_AFTER, so that a scan does
 * not fill the fast path. Only the last pair of each cell is counted, so the
 * memory is bounded; two that alternate in a cell, which nobody can choose as
 * the hash is keyed, stay with the translator.
 *
 * A pair that is there is not known here: the fast path forgets the oldest ones
 * by itself, and these are offered again. Packets of a pair that are never
 * plain offer it again, too, after PAIR_RETRY packets each.
 */
#ifndef NAT64D_CORE_NAT64_PAIR_H
#define NAT64D_CORE_NAT64_PAIR_H

#include "nat64_struct.h"

#define PAIR_AFTER 4
#define PAIR_RETRY 64

/* p is whole and about to be translated to out, and then sent. */
void nat64_pair_seen6(struct nat64 *n, const struct pkt *p,
    const struct tuple4 *out);
void nat64_pair_seen4(struct nat64 *n, const struct pkt *p,
    const struct tuple6 *out);

/*
 * What addresses become, or whether their packets may pass, has changed: no
 * pair is in the fast path any more. To be called before another packet is
 * handled. Does nothing for a stateful translator.
 */
void nat64_pairs_forget(struct nat64 *n);

#endif
