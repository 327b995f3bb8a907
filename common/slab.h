/*
 * Objects of one size from large blocks: no malloc() per packet or query, a
 * hard upper limit, and objects close together in memory. Blocks are kept until
 * the slab is cleared: a table that was full once is likely to be again.
 *
 * States of an object:
 * fresh    in the newest block, never used; to "used" by slab_get()
 * used     owned by the caller of slab_get(); to "free" by slab_put()
 * free     in the list "free" by its first bytes, the rest must not be
 *          touched; to "used" by slab_get(), before any fresh object
 */
#ifndef COMMON_SLAB_H
#define COMMON_SLAB_H

#include <stddef.h>
#include <stdint.h>

/*
 * Bytes of a cache line of most machines. Objects whose size is a multiple
 * of it are aligned to it.
 */
#define CACHE_LINE 64

/* For slab_init(): the caller bounds the number of objects. */
#define SLAB_NO_MAX SIZE_MAX

struct slab_block;
struct slab_free;

/*
 * Called with each large block before its first use. It may ask the
 * operating system for large pages: without them random access to a large
 * table spends half of its time on page tables.
 */
typedef void (*slab_hint_fn)(void *mem, size_t len);

struct slab {
	struct slab_block *blocks;
	struct slab_free *free; /* last in, first out */
	size_t objsize;
	size_t fresh; /* number of fresh objects */
	size_t used;  /* number of used objects */
	size_t max;
	slab_hint_fn hint; /* or NULL; set it after slab_init() */
};

/* objsize: bytes of an object. max: most objects used at a time. */
void slab_init(struct slab *s, size_t objsize, size_t max);

/* Free all memory; every object becomes invalid. */
void slab_clear(struct slab *s);

/*
 * Returns a zeroed object, which belongs to the caller until slab_put() or
 * slab_clear(); NULL with errno ENOSPC (max reached) or ENOMEM.
 */
void *slab_get(struct slab *s);

/*
 * The same, but what is in the object is undefined: for large objects, of
 * which the caller sets what he is going to read.
 */
void *slab_get_raw(struct slab *s);

/* Give an object back; its pointer becomes invalid. */
void slab_put(struct slab *s, void *obj);

#endif
