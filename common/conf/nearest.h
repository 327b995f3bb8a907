/*
 * Suggestions for a misspelt word: the nearest of a list by edit distance.
 */
#ifndef COMMON_CONF_NEAREST_H
#define COMMON_CONF_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX 32 /* longer words get no suggestion */

/*
 * How many letters must be inserted, deleted, replaced or swapped with their
 * neighbour to turn one word into the other. Both have at most NEAREST_MAX
 * letters.
 */
unsigned nearest_distance(const char *a, const char *b);

/*
 * Of n words the one nearest to word, if it is near: every third letter may
 * differ, three at most. ("on" is not "no".) Otherwise the only one that
 * begins with word, when that has three letters or more.
 *
 * Returns an element of words, the first of several as near, or NULL.
 */
const char *nearest_word(const char *word, const char *const *words, size_t n);

#endif
