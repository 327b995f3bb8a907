/*
 * Arrays that grow while they are filled. Their room is doubled, so that
 * adding n elements moves an array log n times.
 */
#ifndef COMMON_ARRAY_H
#define COMMON_ARRAY_H

#include <stddef.h>

/*
 * Make room for one more element in an array of n, which is NULL when n is 0.
 * The room is a function of n, so callers need not keep it.
 *
 * Returns the array, which may have moved, or NULL with errno ENOMEM; then
 * the array is unchanged. What is in the new element is undefined.
 */
void *array_grow(void *array, size_t n, size_t size);

/*
 * Make room for need elements in an array that has *room. For callers that
 * keep the room: when there is enough, nothing is called.
 * Returns as above; *room is changed only when the array is returned.
 */
void *array_reserve(void *array, size_t *room, size_t need, size_t size);

#endif
