/*
 * IPv4 identification (RFC 7915, 5.1; RFC 6864, 4): not repeated for a
 * (source, destination, protocol) while avoidable, not guessable across
 * destinations. A keyed hash of the triple picks one of many counters, each
 * of which starts at a random point.
 */
#ifndef NAT64D_WIRE_IPID_H
#define NAT64D_WIRE_IPID_H

#include <netinet/in.h>

#include <stdint.h>

#include "common/rng.h"
#include "common/siphash.h"

#include "nat64d/base/keyhash.h"

#define IPID_BITS 11
#define IPID_NCOUNTERS (1u << IPID_BITS)

struct ipid {
	struct keyhash hash;
	uint16_t next[IPID_NCOUNTERS];
};

void ipid_init(struct ipid *g, const struct siphash_key *key,
    const struct rng *rng);

/*
 * Take n consecutive numbers and return the first, in host order. n > 1 is
 * for super-packets, whose segments count upward (GSO-15).
 */
uint16_t ipid_take(struct ipid *g, struct in_addr src, struct in_addr dst,
    uint8_t proto, unsigned n);

#endif
