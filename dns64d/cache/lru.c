#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lru.h"

int
lru_init(struct lru *l, size_t bytes, size_t bytes_per_bucket,
    size_t (*size)(const struct lru_link *),
    void (*free_entry)(struct lru_link *))
{
	size_t n = 1;

	memset(l, 0, sizeof(*l));
	l->bytes_max = bytes;
	l->size = size;
	l->free = free_entry;
	TAILQ_INIT(&l->order);
	if (bytes == 0)
		return (0);
	while (n <= bytes / bytes_per_bucket / 2)
		n *= 2;
	if ((l->buckets = calloc(n, sizeof(*l->buckets))) == NULL)
		return (-1);
	l->mask = n - 1;
	l->counts.bytes = n * sizeof(*l->buckets);
	return (0);
}

/* Free an entry. The caller has removed it from its chain, or needs none. */
static void
drop(struct lru *l, struct lru_link *e)
{
	TAILQ_REMOVE(&l->order, e, order);
	l->counts.bytes -= l->size(e);
	l->counts.entries--;
	l->free(e);
}

/* A closed table is not searched, so entries need not leave their chains. */
bool
lru_free_some(struct lru *l, unsigned max)
{
	struct lru_link *e;

	for (; max > 0 && (e = TAILQ_FIRST(&l->order)) != NULL; max--)
		drop(l, e);
	return (!TAILQ_EMPTY(&l->order));
}

void
lru_clear(struct lru *l)
{
	while (lru_free_some(l, UINT_MAX))
		continue;
	free(l->buckets);
}

void
lru_remove(struct lru *l, struct lru_link *e)
{
	LIST_REMOVE(e, chain);
	drop(l, e);
}

void
lru_make_room(struct lru *l)
{
	struct lru_link *e;

	while (l->counts.bytes > l->bytes_max &&
	    (e = TAILQ_FIRST(&l->order)) != NULL) {
		lru_remove(l, e);
		l->counts.evicted++;
	}
}

void
lru_insert(struct lru *l, uint64_t hash, struct lru_link *e)
{
	LIST_INSERT_HEAD(lru_bucket(l, hash), e, chain);
	TAILQ_INSERT_TAIL(&l->order, e, order);
	l->counts.bytes += l->size(e);
	l->counts.entries++;
	lru_make_room(l);
}
