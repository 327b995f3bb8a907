/*
 * The flow cache. Owns the buckets; does not look into sessions.
 */
#include <stdlib.h>
#include <string.h>

#include "flow.h"

/*
 * With FLOW_WAYS entries in a bucket, a full table has two entries for each
 * session, one for each direction. Tables are rarely full.
 */
#define SESSIONS_PER_BUCKET 4
#define MIN_BITS 6
#define MAX_BITS 26

_Static_assert(sizeof(struct flow_bucket) == 64, "a bucket is a cache line");

void
flow_cache_init(struct flow_cache *c, size_t n_sessions)
{
	unsigned bits = MIN_BITS;

	while (bits < MAX_BITS &&
	    (size_t)SESSIONS_PER_BUCKET << bits < n_sessions)
		bits++;
	c->shift = 64 - bits;
	/* One more, so that buckets can be aligned to a cache line. */
	c->memory = calloc(((size_t)1 << bits) + 1, sizeof(*c->buckets));
	c->buckets = (struct flow_bucket *)(((uintptr_t)c->memory +
						sizeof(*c->buckets) - 1) /
	    sizeof(*c->buckets) * sizeof(*c->buckets));
}

void
flow_cache_clear(struct flow_cache *c)
{
	free(c->memory);
	c->memory = NULL;
}

void
flow_remember(const struct flow_place *p, struct session *s)
{
	const uint64_t pointer = (uintptr_t)s;
	uint64_t *entries;
	unsigned i;

	/* A pointer too large for an entry is not cached. */
	if (p->bucket == NULL || (pointer & FLOW_POINTER) != pointer)
		return;
	entries = p->bucket->entries;
	for (i = 0; i < FLOW_WAYS - 1; i++)
		if (entries[i] == 0)
			break;
	memmove(entries + 1, entries, i * sizeof(*entries));
	entries[0] = (uint64_t)p->tag << FLOW_TAG_SHIFT | pointer;
}

void
flow_forget(const struct flow_place *p, const struct session *s)
{
	const uint64_t pointer = (uintptr_t)s;
	unsigned i;

	if (p->bucket == NULL)
		return;
	for (i = 0; i < FLOW_WAYS; i++)
		if ((p->bucket->entries[i] & FLOW_POINTER) == pointer)
			p->bucket->entries[i] = 0;
}
