/*
 * A cache of sessions in front of their trees: buckets of a few pointers,
 * for both families, found by a keyed hash of the tuple. An entry is a hint
 * and nothing more: what it points to is compared in full, whatever is not
 * found is looked up in the tree, and a session that goes takes its hints
 * with it. The cache can be emptied at any time.
 *
 * The hash is NH (RFC 4418, 5.2.2) with secret keys: who does not know them
 * cannot choose tuples that meet (LIM-05). Without memory for the buckets
 * everything works, only slower.
 */
#ifndef NAT64D_FLOW_H
#define NAT64D_FLOW_H

#include <stddef.h>
#include <stdint.h>

#include "common/siphash.h"

#include "tuple.h"

struct session;

#define FLOW_NKEYS 10
#define FLOW_WAYS 8

/*
 * One cache line, the newest entry first. An entry is a pointer and, in the
 * bits that no address of a process uses, a tag that tells most strangers
 * apart without a look at them. 0: free.
 */
struct flow_bucket {
	uint64_t entries[FLOW_WAYS];
};

#define FLOW_TAG_SHIFT 48
#define FLOW_POINTER ((UINT64_C(1) << FLOW_TAG_SHIFT) - 1)

struct flow_cache {
	void *memory;		     /* NULL: no cache */
	struct flow_bucket *buckets; /* in memory, aligned */
	unsigned shift;		     /* 64 - log2(number of buckets) */
	uint64_t spread;	     /* odd */
	uint32_t keys[FLOW_NKEYS];
};

/* Where a tuple belongs. */
struct flow_place {
	struct flow_bucket *bucket; /* NULL: no cache */
	uint16_t tag;
};

/* A cache for so many sessions; the memory is touched as it fills. */
void flow_cache_init(struct flow_cache *c, size_t nsessions,
    const struct siphash_key *secret);
void flow_cache_clear(struct flow_cache *c);

/* The place of a tuple of either family; always the same for the same. */
struct flow_place flow_place6(const struct flow_cache *c, enum l4proto proto,
    const struct tuple6 *tuple);
struct flow_place flow_place4(const struct flow_cache *c, enum l4proto proto,
    const struct tuple4 *tuple);

/*
 * The candidates of a place: the one at or behind index i whose tag is
 * right, and its index in *i; NULL when there is none.
 */
static inline struct session *
flow_candidate(const struct flow_place *place, unsigned *i)
{
	uint64_t entry;

	if (place->bucket == NULL)
		return (NULL);
	for (; *i < FLOW_WAYS; (*i)++) {
		entry = place->bucket->entries[*i];
		if (entry >> FLOW_TAG_SHIFT == place->tag &&
		    (entry & FLOW_POINTER) != 0)
			return ((struct session *)(uintptr_t)
			    (entry & FLOW_POINTER));
	}
	return (NULL);
}

/* Put s there, in place of the oldest one if need be. */
void flow_remember(const struct flow_place *place, struct session *s);

/* Let nothing there point to s any more. */
void flow_forget(const struct flow_place *place, const struct session *s);

#endif
