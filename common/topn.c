#include <stdlib.h>
#include <string.h>

#include "topn.h"

struct topn_slot {
	uint64_t key;
	size_t item; /* index in items */
};

int
topn_init(struct topn *t, size_t max, size_t size)
{
	memset(t, 0, sizeof(*t));
	t->max = max;
	t->size = size;
	t->slots = calloc(max, sizeof(*t->slots));
	t->items = calloc(max, size);
	if (t->slots != NULL && t->items != NULL)
		return (0);
	topn_clear(t);
	return (-1);
}

void
topn_clear(struct topn *t)
{
	free(t->slots);
	free(t->items);
	memset(t, 0, sizeof(*t));
}

static void
swap(struct topn *t, size_t i, size_t k)
{
	const struct topn_slot slot = t->slots[i];

	t->slots[i] = t->slots[k];
	t->slots[k] = slot;
}

static void
sift_up(struct topn *t, size_t i)
{
	for (; i > 0 && t->slots[i].key < t->slots[(i - 1) / 2].key;
	     i = (i - 1) / 2)
		swap(t, i, (i - 1) / 2);
}

/* Restore the heap of the first n slots, whose root may be too great. */
static void
sift_down(struct topn *t, size_t n)
{
	size_t i = 0, child;

	for (;;) {
		child = 2 * i + 1;
		if (child + 1 < n &&
		    t->slots[child + 1].key < t->slots[child].key)
			child++;
		if (child >= n || t->slots[i].key <= t->slots[child].key)
			return;
		swap(t, i, child);
		i = child;
	}
}

void
topn_add(struct topn *t, uint64_t key, const void *item)
{
	struct topn_slot *slot = &t->slots[0];

	if (t->n < t->max) {
		slot = &t->slots[t->n];
		slot->item = t->n++;
	} else if (key <= slot->key)
		return;
	slot->key = key;
	memcpy(t->items + slot->item * t->size, item, t->size);
	if (slot != &t->slots[0])
		sift_up(t, t->n - 1);
	else
		sift_down(t, t->n);
}

/* The least key goes to the end, then the least of the others, and so on. */
void
topn_sort(struct topn *t)
{
	size_t n;

	for (n = t->n; n > 1; n--) {
		swap(t, 0, n - 1);
		sift_down(t, n - 1);
	}
}

const void *
topn_at(const struct topn *t, size_t i)
{
	return (t->items + t->slots[i].item * t->size);
}
