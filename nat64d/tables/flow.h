/*
 * A cache of sessions in front of the trees, for both families: buckets of a
 * few pointers, selected by a keyed hash of the tuple. An entry is only a
 * hint. The session that it points to is compared in full, and a tuple that
 * is not found here is looked up in the trees. When a session is removed, so
 * are its entries. The cache may be emptied at any time. If there is no
 * memory for the buckets all lookups use the trees, which is only slower.
 */
#ifndef NAT64D_TABLES_FLOW_H
#define NAT64D_TABLES_FLOW_H

#include <stddef.h>
#include <stdint.h>

struct session;

#define FLOW_WAYS 8

/*
 * One cache line, the newest entry first. An entry is a pointer and, in the
 * upper bits that no user address has, a tag of the tuple: most entries of
 * other tuples are skipped without reading their session. 0: free.
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
};

/* The bucket and the tag of a tuple. */
struct flow_place {
	struct flow_bucket *bucket; /* NULL: no cache */
	uint16_t tag;
};

/* A cache for n_sessions; its memory is touched only as it fills. */
void flow_cache_init(struct flow_cache *c, size_t n_sessions);
void flow_cache_clear(struct flow_cache *c);

/* The place of a tuple with that hash (keyhash.h). */
static inline struct flow_place
flow_place(const struct flow_cache *c, uint64_t hash)
{
	struct flow_place p = { .bucket = NULL };

	if (c->memory == NULL)
		return (p);
	p.bucket = &c->buckets[hash >> c->shift];
	p.tag = (uint16_t)(hash >> (c->shift - 16));
	return (p);
}

/*
 * The candidates of a place: the first one from index *i on with the right
 * tag, whose index is set in *i; NULL when there is none.
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
			return ((struct session *)(uintptr_t)(entry &
			    FLOW_POINTER));
	}
	return (NULL);
}

/* Put s there first. In a full bucket the oldest entry is lost. */
void flow_remember(const struct flow_place *place, struct session *s);

/* Remove all entries there that point to s. */
void flow_forget(const struct flow_place *place, const struct session *s);

#endif
