/*
 * Slabs. Owns the memory of the objects; knows nothing of their contents.
 *
 * A block is a header and as many objects as fit. The newest block is used
 * from its end to its start, so "fresh" is the index of the next object
 * plus 1.
 */
#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "slab.h"

/*
 * AddressSanitizer reports any access to an object that was given back,
 * except to its link.
 */
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#endif

/*
 * Bytes of a block: little memory for a small table, but few allocations;
 * and for a large table the size of a large page of most machines.
 */
#define SMALL_BLOCK ((size_t)256 * 1024)
#define LARGE_BLOCK ((size_t)2 * 1024 * 1024)

struct slab_block {
	struct slab_block *next;
	alignas(CACHE_LINE) uint8_t objects[];
};

struct slab_free {
	struct slab_free *next;
};

void
slab_init(struct slab *s, size_t objsize, size_t max)
{
	const size_t align = alignof(struct slab_free);

	memset(s, 0, sizeof(*s));
	s->objsize = (objsize + align - 1) / align * align;
	if (s->objsize == 0)
		s->objsize = align;
	s->max = max;
}

void
slab_clear(struct slab *s)
{
	struct slab_block *block;

	while ((block = s->blocks) != NULL) {
		s->blocks = block->next;
		free(block);
	}
	s->free = NULL;
	s->fresh = 0;
	s->used = 0;
}

/* Allocate a block of *size bytes, in which at least one object fits. */
static struct slab_block *
new_block(const struct slab *s, size_t *size)
{
	const size_t least = sizeof(struct slab_block) + s->objsize;
	struct slab_block *block;

	if (s->used * s->objsize < LARGE_BLOCK || least > LARGE_BLOCK) {
		*size = least < SMALL_BLOCK ?
		    SMALL_BLOCK :
		    (least + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
		return (aligned_alloc(CACHE_LINE, *size));
	}
	*size = LARGE_BLOCK;
	block = aligned_alloc(LARGE_BLOCK, LARGE_BLOCK);
	if (block != NULL && s->hint != NULL)
		s->hint(block, LARGE_BLOCK);
	return (block);
}

static int
add_block(struct slab *s)
{
	struct slab_block *block;
	size_t size;

	block = new_block(s, &size);
	if (block == NULL)
		return (-1);
	block->next = s->blocks;
	s->blocks = block;
	s->fresh = (size - sizeof(*block)) / s->objsize;
	return (0);
}

void *
slab_get_raw(struct slab *s)
{
	void *obj;

	if (s->used >= s->max) {
		errno = ENOSPC;
		return (NULL);
	}
	if (s->free != NULL) {
		obj = s->free;
		s->free = s->free->next;
		ASAN_UNPOISON_MEMORY_REGION(obj, s->objsize);
	} else if (s->fresh > 0 || add_block(s) == 0)
		obj = s->blocks->objects + --s->fresh * s->objsize;
	else
		return (NULL);
	s->used++;
	return (obj);
}

void *
slab_get(struct slab *s)
{
	void *obj = slab_get_raw(s);

	return (obj != NULL ? memset(obj, 0, s->objsize) : NULL);
}

void
slab_put(struct slab *s, void *obj)
{
	struct slab_free *link = obj;

	link->next = s->free;
	s->free = link;
	s->used--;
	ASAN_POISON_MEMORY_REGION(link + 1, s->objsize - sizeof(*link));
}
