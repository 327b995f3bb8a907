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
	g->shared = NULL;
}

uint16_t
ipid_index(const struct ipid *g, struct in_addr src, struct in_addr dst,
    uint8_t proto)
{
	const uint64_t hash = keyhash_addrs4(&g->hash, src, dst, proto);

	return ((uint16_t)(hash >> (64 - IPID_BITS)));
}

uint16_t
ipid_take(struct ipid *g, struct in_addr src, struct in_addr dst,
    uint8_t proto, unsigned n)
{
	const uint16_t i = ipid_index(g, src, dst, proto);
	uint16_t first;

	if (g->shared != NULL)
		return ((uint16_t)__atomic_fetch_add(&g->shared[i], n,
		    __ATOMIC_RELAXED));
	first = g->next[i];
	g->next[i] = (uint16_t)(first + n);
	return (first);
}

void
ipid_share(struct ipid *g, uint32_t *counters)
{
	uint32_t value;
	unsigned i;

	for (i = 0; i < IPID_NCOUNTERS; i++) {
		value = g->next[i];
		if (g->shared != NULL)
			value =
			    __atomic_load_n(&g->shared[i], __ATOMIC_RELAXED);
		if (counters != NULL)
			__atomic_store_n(&counters[i], value,
			    __ATOMIC_RELAXED);
		g->next[i] = (uint16_t)value;
	}
	g->shared = counters;
}
