/*
 * Which word was meant: the nearest of some by the number of letters that
 * differ. Knows no configuration.
 */
#ifndef COMMON_CONF_NEAREST_H
#define COMMON_CONF_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX 32 /* longer words are near to none */

/*
 * How many letters must be put in, taken out, replaced or swapped with
 * their neighbour to make one word of the other. Both at most NEAREST_MAX
 * long.
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
