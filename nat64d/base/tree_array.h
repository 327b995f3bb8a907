/*
 * Arrays of red-black trees. A keyed hash of the key (keyhash.h) selects the
 * tree that a key belongs to. With a million entries one tree would be twenty
 * cache misses deep; with about as many trees as entries each is one or two
 * deep. Entries whose keys collide are in a tree, not in a list, so that
 * nobody who finds colliding keys can make lookups slow.
 */
#ifndef NAT64D_BASE_TREE_ARRAY_H
#define NAT64D_BASE_TREE_ARRAY_H

#include <stdlib.h>

#include "keyhash.h"

/* tree: the struct of an RB_HEAD(). All zero: an array without memory. */
#define TREE_ARRAY_HEAD(name, tree)                              \
	struct name {                                            \
		struct tree *trees;                              \
		unsigned shift; /* 64 - log2(number of trees) */ \
	}

/*
 * Make as many trees as expected entries need, at most 2^max_bits. All zero
 * is an empty tree, so the memory is touched only as the trees fill. Returns
 * 0, or -1 with errno ENOMEM.
 */
#define TREE_ARRAY_INIT(array, expected, max_bits)                     \
	((array)->shift = keyhash_shift(expected, max_bits),           \
	    (array)->trees = calloc(keyhash_n_buckets((array)->shift), \
		sizeof(*(array)->trees)),                              \
	    (array)->trees != NULL ? 0 : -1)

/* Free the trees, not their entries. */
#define TREE_ARRAY_CLEAR(array) \
	(free((array)->trees), (void)((array)->trees = NULL))

#define TREE_ARRAY_COUNT(array) keyhash_n_buckets((array)->shift)

/* The tree of keys with that hash. */
#define TREE_ARRAY_AT(array, hash) (&(array)->trees[(hash) >> (array)->shift])

#endif
