/*
 * Generator of IPv4 identifications. When one is needed (RFC 7915, 5.1) is
 * decided by the callers.
 */
#include <netinet/in.h>

#include <stdint.h>
#include <string.h>

#include "ipid.h"

void
ipid_init(struct ipid *g, const struct siphash_key *key, const struct rng *rng)
{
	unsigned i;

	keyhash_init(&g->hash, key);
	for (i = 0; i < IPID_NCOUNTERS; i++)
		g->next[i] = (uint16_t)rng_next(rng);
}

uint16_t
ipid_take(struct ipid *g, struct in_addr src, struct in_addr dst,
    uint8_t proto, unsigned n)
{
	const uint64_t hash = keyhash_addrs4(&g->hash, src, dst, proto);
	uint16_t *next, first;

	next = &g->next[hash >> (64 - IPID_BITS)];
	first = *next;
	*next = (uint16_t)(first + n);
	return (first);
}
