/*
 * The n items with the greatest keys of any number of items, in memory for n
 * items: a heap whose root is the least of those that are kept. Pure.
 */
#ifndef COMMON_TOPN_H
#define COMMON_TOPN_H

#include <stddef.h>
#include <stdint.h>

struct topn_slot;

struct topn {
	struct topn_slot *slots;
	unsigned char *items; /* max of them, in no order */
	size_t size;	      /* of an item, in bytes */
	size_t max;
	size_t n;
};

/* Returns 0, or -1 with errno ENOMEM. max: at least 1. */
int topn_init(struct topn *t, size_t max, size_t size);

/* May be called for one that is all zero. */
void topn_clear(struct topn *t);

/* Offer an item, which is copied if it is kept. O(log n). */
void topn_add(struct topn *t, uint64_t key, const void *item);

/* Sort them, the greatest key first. Nothing is added afterwards. */
void topn_sort(struct topn *t);

/* After topn_sort(): the item of rank i < t->n. */
const void *topn_at(const struct topn *t, size_t i);

#endif
