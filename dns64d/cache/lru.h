/*
 * A hash table of bounded size, used by both caches of this folder: when it is
 * full, the least recently used entries are removed. It has chains, and a list
 * of all entries in the order of their last use. Pure.
 *
 * An entry begins with a struct lru_link and belongs to the table while it is
 * in it. The caller hashes and compares keys, and says how many octets an
 * entry takes. A closed table is not searched any more; it is freed in steps.
 */
#ifndef DNS64D_CACHE_LRU_H
#define DNS64D_CACHE_LRU_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LRU_MALLOC_OVERHEAD 16 /* octets of the allocator for each entry */

struct lru_link {
	LIST_ENTRY(lru_link) chain;
	TAILQ_ENTRY(lru_link) order;
};

LIST_HEAD(lru_chain, lru_link);
TAILQ_HEAD(lru_order, lru_link);

struct lru_counts {
	size_t bytes;
	size_t entries;
	uint64_t evicted; /* removed to make room, expired or not */
};

struct lru {
	struct lru_chain *buckets; /* NULL: nothing is kept */
	size_t mask;		   /* their number, a power of two, minus 1 */
	size_t bytes_max;
	bool closed;
	struct lru_order order; /* the least recently used one first */
	struct lru_counts counts;
	size_t (*size)(const struct lru_link *);
	void (*free)(struct lru_link *);
};

/*
 * Begin a table of at most so many bytes, buckets included; 0: nothing is
 * kept. bytes_per_bucket affects the length of chains only. size: all octets
 * that an entry takes; lru_grown tells when they change. free:
 * frees an entry.
 * Returns 0, or -1 with errno ENOMEM.
 */
int lru_init(struct lru *l, size_t bytes, size_t bytes_per_bucket,
    size_t (*size)(const struct lru_link *), void (*free)(struct lru_link *));

/* Free all entries and the buckets. */
void lru_clear(struct lru *l);

/*
 * Free up to max entries of a closed table. Returns true while there are
 * more.
 */
bool lru_free_some(struct lru *l, unsigned max);

/* Add an entry, then make room. */
void lru_insert(struct lru *l, uint64_t hash, struct lru_link *e);

/* Remove and free an entry. */
void lru_remove(struct lru *l, struct lru_link *e);

/* Remove entries until bytes_max suffices. */
void lru_make_room(struct lru *l);

/* Whether entries can neither be found nor added. */
static inline bool
lru_is_off(const struct lru *l)
{
	return (l->buckets == NULL || l->closed);
}

/* The chain that has the entries with this hash, among others. */
static inline struct lru_chain *
lru_bucket(const struct lru *l, uint64_t hash)
{
	return (&l->buckets[hash & l->mask]);
}

/* Make an entry the most recently used one. */
static inline void
lru_use(struct lru *l, struct lru_link *e)
{
	TAILQ_REMOVE(&l->order, e, order);
	TAILQ_INSERT_TAIL(&l->order, e, order);
}

/* An entry takes more octets now. The caller calls lru_make_room. */
static inline void
lru_grown(struct lru *l, size_t bytes)
{
	l->counts.bytes += bytes;
}

#endif
