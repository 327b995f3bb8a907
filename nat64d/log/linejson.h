/*
 * JSON in a line, item by item: as nat64d writes its events, and as programs
 * that ship lines put them into objects of their own. The text may come from
 * anywhere.
 */
#ifndef NAT64D_LOG_LINEJSON_H
#define NAT64D_LOG_LINEJSON_H

#include <stdbool.h>
#include <stddef.h>

#include "words.h"

enum linejson_item {
	LINEJSON_BEGIN,	 /* of an object */
	LINEJSON_MEMBER, /* with a value that is no object */
	LINEJSON_END,	 /* of an object */
	LINEJSON_STOP	 /* there is no more, or it is none */
};

/*
 * The next item between *pos and end, which *pos is moved behind. Sets w for a
 * member, whose strings keep their escapes; quoted: the value is a string. Each
 * value of an array is a member of its own.
 */
enum linejson_item linejson_next(const char **pos, const char *end,
    struct word *w);

/*
 * Copy the value of a string without its escapes: one of white space becomes a
 * blank, and one of what is not ASCII "?". Returns its length, or 0 if there is
 * no room for it.
 */
size_t linejson_unescape(const struct word *w, char *buf, size_t size);

#endif
