/*
 * IPv4 identifications with a known start, so that tests know their values.
 */
#ifndef TESTS_UNIT_IPID_UTIL_H
#define TESTS_UNIT_IPID_UTIL_H

#include "nat64d/wire/ipid.h"

/* Start every counter at value, with a known key. */
static inline void
ipid_init_fixed(struct ipid *g, uint16_t value)
{
	const struct siphash_key known = { "known as well" };
	unsigned i;

	keyhash_init(&g->hash, &known);
	for (i = 0; i < IPID_NCOUNTERS; i++)
		g->next[i] = value;
	g->shared = NULL;
}

#endif
