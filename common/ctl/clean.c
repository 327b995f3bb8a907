#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clean.h"

/* How many octets a character has, by its first one (RFC 3629, 3); or 0. */
static size_t
length_of(unsigned char first)
{
	if (first < 0x80)
		return (1);
	if (first >= 0xc2 && first <= 0xdf)
		return (2);
	if (first >= 0xe0 && first <= 0xef)
		return (3);
	return (first >= 0xf0 && first <= 0xf4 ? 4 : 0);
}

/* No shortest form, a surrogate, or beyond Unicode (RFC 3629, 3). */
static bool
is_forbidden(uint32_t code, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return (code < least[n] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff));
}

/*
 * Read a character of n octets of which len are there. Returns n, 0 when the
 * rest is missing, or 1 with *code -1 when it is none.
 */
static size_t
decode(const unsigned char *p, size_t len, int64_t *code)
{
	size_t n = length_of(p[0]), i;
	uint32_t c;

	*code = -1;
	if (n == 0)
		return (1);
	c = n == 1 ? p[0] : p[0] & (0x7fU >> n);
	for (i = 1; i < n; i++) {
		if (i == len)
			return (0);
		if ((p[i] & 0xc0) != 0x80)
			return (1);
		c = c << 6 | (p[i] & 0x3fU);
	}
	if (is_forbidden(c, n))
		return (1);
	*code = c;
	return (n);
}

static bool
is_control(uint32_t c, unsigned flags)
{
	if (c == '\n' || c == '\t')
		return ((flags & CLEAN_LINES) == 0);
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return (true);
	/* Line separators; marks, embeddings and isolates of direction. */
	return (c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069));
}

static void
escape(uint32_t c, char out[CLEAN_ONE_SIZE])
{
	if (c < 0x10000) {
		snprintf(out, CLEAN_ONE_SIZE, "\\u%04x", c & 0xffffU);
		return;
	}
	c -= 0x10000;
	snprintf(out, CLEAN_ONE_SIZE, "\\u%04x\\u%04x",
	    0xd800U | (c >> 10 & 0x3ffU), 0xdc00U | (c & 0x3ffU));
}

size_t
clean_one(const char *text, size_t len, unsigned flags,
    char out[CLEAN_ONE_SIZE])
{
	const unsigned char *p = (const unsigned char *)text;
	int64_t code;
	const size_t n = decode(p, len, &code);

	if (n == 0)
		return (0);
	if (code == -1)
		escape(p[0], out);
	else if (is_control((uint32_t)code, flags) ||
	    (code >= 0x80 && (flags & CLEAN_ASCII) != 0))
		escape((uint32_t)code, out);
	else {
		memcpy(out, text, n);
		out[n] = '\0';
	}
	return (n);
}

char *
clean_text(const char *text, unsigned flags)
{
	/* One octet becomes six, at most; four of a pair become twelve. */
	const size_t len = strlen(text);
	char *all = malloc(len * 6 + 1), *p = all;
	char one[CLEAN_ONE_SIZE];
	size_t i, n;

	if (all == NULL)
		return (NULL);
	for (i = 0; i < len; i += n) {
		n = clean_one(text + i, len - i, flags, one);
		if (n == 0) {
			escape((unsigned char)text[i], one);
			n = 1;
		}
		memcpy(p, one, strlen(one));
		p += strlen(one);
	}
	*p = '\0';
	return (all);
}

/* Does cleaning change a text? */
static bool
is_clean(const char *text, unsigned flags)
{
	char one[CLEAN_ONE_SIZE];
	size_t len = strlen(text), n;

	for (; len > 0; text += n, len -= n) {
		n = clean_one(text, len, flags, one);
		if (n == 0 || strlen(one) != n || memcmp(one, text, n) != 0)
			return (false);
	}
	return (true);
}

static int
clean_string(json_t *value, unsigned flags)
{
	const char *text = json_string_value(value);
	char *clean;
	int rc;

	if (is_clean(text, flags))
		return (0);
	clean = clean_text(text, flags);
	rc = clean != NULL ? json_string_set(value, clean) : -1;
	free(clean);
	return (rc);
}

/* The member goes to the end, with another name. */
static int
rename_member(json_t *o, const char *name, unsigned flags)
{
	char *clean = clean_text(name, flags);
	int rc = -1;

	if (clean != NULL &&
	    json_object_set(o, clean, json_object_get(o, name)) == 0)
		rc = json_object_del(o, name);
	free(clean);
	return (rc);
}

static int
clean_members(json_t *o, unsigned flags)
{
	const char *name;
	void *next;
	json_t *value;

	json_object_foreach_safe(o, next, name, value)
	{
		if (clean_json(value, flags) == -1)
			return (-1);
		if (!is_clean(name, flags) &&
		    rename_member(o, name, flags) == -1)
			return (-1);
	}
	return (0);
}

/* As deep as the parser of jansson lets it be. */
int
clean_json(json_t *value, unsigned flags)
{
	json_t *element;
	size_t i;

	if (json_is_string(value))
		return (clean_string(value, flags));
	if (json_is_object(value))
		return (clean_members(value, flags));
	json_array_foreach(value, i, element) {
		if (clean_json(element, flags) == -1)
			return (-1);
	}
	return (0);
}
