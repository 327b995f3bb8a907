/*
 * Text from elsewhere, made fit for a terminal. What a daemon says may have
 * parts that others have chosen, such as names in DNS queries or names of
 * interfaces. A terminal obeys control characters in them, so they are shown as
 * JSON would escape them: "\u001b". Pure.
 */
#ifndef COMMON_CTL_CLEAN_H
#define COMMON_CTL_CLEAN_H

#include <stddef.h>

#include <jansson.h>

enum clean_flags {
	CLEAN_LINES = 1, /* newlines and tabs stay */
	CLEAN_ASCII = 2	 /* the output has no UTF-8: escape all of it */
};

/* Longest text of one character, with its NUL: a surrogate pair. */
#define CLEAN_ONE_SIZE 13

/*
 * Take one character of len > 0 octets and write what stands for it: itself, or
 * its escaped form if it is a control character (C0, DEL, C1), sets the
 * direction of writing, or is no UTF-8. Returns how many octets it has; 0: they
 * are the beginning of a longer one.
 */
size_t clean_one(const char *text, size_t len, unsigned flags,
    char out[CLEAN_ONE_SIZE]);

/* The same for a whole text. To be freed; NULL: memory is short. */
char *clean_text(const char *text, unsigned flags);

/*
 * The same for all strings and names of members in value. Returns 0, or -1 when
 * memory is short.
 */
int clean_json(json_t *value, unsigned flags);

#endif
