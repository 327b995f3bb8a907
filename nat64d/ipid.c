/*
 * The generator of IPv4 identifications. Knows triples and counters, not
 * when RFC 7915 wants a number generated.
 */
#include <netinet/in.h>

#include <stdint.h>
#include <string.h>

#include "ipid.h"

void
ipid_init(struct ipid *g, const struct siphash_key *key,
    const struct rng *rng)
{
	unsigned i;

	g->key = *key;
	for (i = 0; i < IPID_NCOUNTERS; i++)
		g->next[i] = (uint16_t)rng_next(rng);
}

void
ipid_init_fixed(struct ipid *g, uint16_t value)
{
	unsigned i;

	memset(&g->key, 0, sizeof(g->key));
	for (i = 0; i < IPID_NCOUNTERS; i++)
		g->next[i] = value;
}

uint16_t
ipid_take(struct ipid *g, struct in_addr src, struct in_addr dst,
    uint8_t proto, unsigned n)
{
	uint8_t triple[9];
	uint16_t *next, first;

	memcpy(triple, &src, 4);
	memcpy(triple + 4, &dst, 4);
	triple[8] = proto;
	next = &g->next[siphash24(&g->key, triple, sizeof(triple)) %
	    IPID_NCOUNTERS];
	first = *next;
	*next = (uint16_t)(first + n);
	return (first);
}
