/*
 * IPv4 identifications (RFC 7915, 5.1; RFC 6864, 4). A keyed hash of source,
 * destination and protocol chooses one of many counters, each with a random
 * start. So a value is repeated for a triple as late as possible, and the
 * values sent to one destination do not reveal those sent to another.
 *
 * The counters may be shared with a fast path (fastflow.h), which takes
 * numbers from them at any time, on any processor.
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
	uint32_t *shared; /* used instead of next; NULL: not shared */
};

void ipid_init(struct ipid *g, const struct siphash_key *key,
    const struct rng *rng);

/*
 * Take n consecutive identifications and return the first, in host order.
 * n > 1 is for super-packets: the kernel numbers their segments upwards.
 */
uint16_t ipid_take(struct ipid *g, struct in_addr src, struct in_addr dst,
    uint8_t proto, unsigned n);

/* The counter of a triple: below IPID_NCOUNTERS. */
uint16_t ipid_index(const struct ipid *g, struct in_addr src,
    struct in_addr dst, uint8_t proto);

/*
 * Use these IPID_NCOUNTERS counters, of which the lower 16 bits count, from
 * now on; they go on where the present ones are. They are borrowed. NULL: use
 * own ones again.
 */
void ipid_share(struct ipid *g, uint32_t *counters);

#endif
