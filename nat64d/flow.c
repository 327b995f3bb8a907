/*
 * The flow cache: buckets and their hash. Refuses to know what a session is.
 */
#include <stdlib.h>
#include <string.h>

#include "flow.h"

/*
 * Two entries per session, one for each direction, when all buckets are
 * full to the last; few tables are, and few sessions use both at once.
 */
#define SESSIONS_PER_BUCKET 4
#define MIN_BITS 6
#define MAX_BITS 26

_Static_assert(sizeof(struct flow_bucket) == 64, "a bucket is a cache line");

static void
derive_keys(struct flow_cache *c, const struct siphash_key *secret)
{
	uint64_t word;
	uint32_t i;

	for (i = 0; i < FLOW_NKEYS; i++) {
		word = siphash24(secret, &i, sizeof(i));
		c->keys[i] = (uint32_t)word;
	}
	c->spread = siphash24(secret, &i, sizeof(i)) | 1;
}

void
flow_cache_init(struct flow_cache *c, size_t nsessions,
    const struct siphash_key *secret)
{
	unsigned bits = MIN_BITS;

	while (bits < MAX_BITS &&
	    (size_t)SESSIONS_PER_BUCKET << bits < nsessions)
		bits++;
	derive_keys(c, secret);
	c->shift = 64 - bits;
	/* Room to begin with a cache line. */
	c->memory = calloc(((size_t)1 << bits) + 1, sizeof(*c->buckets));
	c->buckets = (struct flow_bucket *)(((uintptr_t)c->memory +
	    sizeof(*c->buckets) - 1) / sizeof(*c->buckets) *
	    sizeof(*c->buckets));
}

void
flow_cache_clear(struct flow_cache *c)
{
	free(c->memory);
	c->memory = NULL;
}

static uint32_t
load32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return (v);
}

/* One step of NH: two words of the message, two keys. */
static uint64_t
nh(const struct flow_cache *c, unsigned i, uint32_t a, uint32_t b)
{
	return ((uint64_t)(a + c->keys[i]) * (b + c->keys[i + 1]));
}

static struct flow_place
place(const struct flow_cache *c, uint64_t hash)
{
	struct flow_place p;

	/* The upper bits of the product depend on all bits of the hash. */
	hash = (hash ^ hash >> 32) * c->spread;
	p.bucket = &c->buckets[hash >> c->shift];
	p.tag = (uint16_t)(hash >> (c->shift - 16));
	return (p);
}

struct flow_place
flow_place6(const struct flow_cache *c, enum l4proto proto,
    const struct tuple6 *tuple)
{
	const uint8_t *src = tuple->src.addr.s6_addr;
	const uint8_t *dst = tuple->dst.addr.s6_addr;
	uint64_t hash;
	unsigned i;

	if (c->memory == NULL)
		return ((struct flow_place){ .bucket = NULL });
	hash = nh(c, 8, (uint32_t)tuple->src.port << 16 | tuple->dst.port,
	    6U << 8 | proto);
	for (i = 0; i < 4; i += 2) {
		hash += nh(c, i, load32(src + 4 * i), load32(src + 4 * i + 4));
		hash += nh(c, i + 4, load32(dst + 4 * i),
		    load32(dst + 4 * i + 4));
	}
	return (place(c, hash));
}

struct flow_place
flow_place4(const struct flow_cache *c, enum l4proto proto,
    const struct tuple4 *tuple)
{
	if (c->memory == NULL)
		return ((struct flow_place){ .bucket = NULL });
	return (place(c, nh(c, 0, tuple->src.addr.s_addr,
		tuple->dst.addr.s_addr) +
	    nh(c, 8, (uint32_t)tuple->src.port << 16 | tuple->dst.port,
		4U << 8 | proto)));
}

void
flow_remember(const struct flow_place *p, struct session *s)
{
	const uint64_t pointer = (uintptr_t)s;
	uint64_t *entries;
	unsigned i;

	/* An address that is too long for us is looked up in the tree. */
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
