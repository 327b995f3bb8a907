#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "array.h"

void *
array_grow(void *array, size_t n, size_t size)
{
	size_t room = 1;

	while (room <= n)
		room *= 2;
	return (reallocarray(array, room, size));
}

void *
array_reserve(void *array, size_t *room, size_t need, size_t size)
{
	size_t larger = *room == 0 ? 16 : *room;
	void *grown;

	if (need <= *room)
		return (array);
	if (need > SIZE_MAX / 2 / size) {
		errno = ENOMEM;
		return (NULL);
	}
	while (larger < need)
		larger *= 2;
	if ((grown = reallocarray(array, larger, size)) != NULL)
		*room = larger;
	return (grown);
}
