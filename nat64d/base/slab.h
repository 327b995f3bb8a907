/*
 * Objects of one size from large blocks: no malloc per packet, a hard upper
 * limit, and neighbours in memory. Blocks are kept until the slab is
 * cleared, for a table that was once full will be again.
 */
#ifndef NAT64D_BASE_SLAB_H
#define NAT64D_BASE_SLAB_H

#include <stddef.h>

/* Of most machines; an object of whole lines begins with one. */
#define CACHE_LINE 64

struct slab_block;
struct slab_free;

/*
 * Is told of each large block of memory before its first use, and may ask
 * the operating system to put it in large pages: random access to a large
 * table otherwise spends half of its time on page tables.
 */
typedef void (*slab_hint_fn)(void *mem, size_t len);

struct slab {
	struct slab_block *blocks;
	struct slab_free *free; /* objects given back, last in first out */
	size_t objsize;
	size_t fresh; /* objects of the newest block never handed out */
	size_t used;  /* objects handed out */
	size_t max;
	slab_hint_fn hint; /* or NULL; to be set after slab_init() */
};

/* objsize in bytes; at most max objects are handed out at a time. */
void slab_init(struct slab *s, size_t objsize, size_t max);

/* Free all memory; every object becomes invalid. */
void slab_clear(struct slab *s);

/*
 * A zeroed object, owned by the slab; NULL with errno ENOSPC (max reached)
 * or ENOMEM.
 */
void *slab_get(struct slab *s);

/* Give an object back. */
void slab_put(struct slab *s, void *obj);

#endif
