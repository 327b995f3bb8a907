#include <string.h>

#include "linejson.h"

static const char *
skip(const char *p, const char *end, const char *these)
{
	while (p < end && *p != '\0' && strchr(these, *p) != NULL)
		p++;
	return (p);
}

/* The string behind the quote at p; returns what is behind it, or NULL. */
static const char *
take_string(const char *p, const char *end, const char **s, size_t *len)
{
	for (*s = ++p; p < end && *p != '"'; p++)
		if (*p == '\\' && ++p == end)
			break;
	*len = (size_t)(p - *s);
	return (p < end ? p + 1 : NULL);
}

/* A number, true, false or null. */
static const char *
take_plain(const char *p, const char *end, const char **s, size_t *len)
{
	for (*s = p;
	     p < end && *p != '\0' && strchr(",:{}[]\" \t", *p) == NULL;)
		p++;
	*len = (size_t)(p - *s);
	return (*len > 0 ? p : NULL);
}

static const char *
take_value(const char *p, const char *end, struct word *w)
{
	w->quoted = *p == '"';
	if (w->quoted)
		return (take_string(p, end, &w->value, &w->value_len));
	return (take_plain(p, end, &w->value, &w->value_len));
}

/*
 * The key that ends at p, if it is one: then *pos is moved behind its colon,
 * and the value is still to be read.
 */
static bool
take_key(const char **pos, const char *p, const char *end, struct word *w)
{
	p = skip(p, end, " \t");
	if (!w->quoted || p == end || *p != ':')
		return (false);
	w->key = w->value;
	w->key_len = w->value_len;
	*pos = skip(p + 1, end, " \t");
	return (true);
}

enum linejson_item
linejson_next(const char **pos, const char *end, struct word *w)
{
	const char *p;

	for (;;) {
		w->key_len = 0;
		*pos = p = skip(*pos, end, " \t,:[]");
		if (p == end)
			return (LINEJSON_STOP);
		if (*p == '{' || *p == '}') {
			*pos = p + 1;
			return (*p == '{' ? LINEJSON_BEGIN : LINEJSON_END);
		}
		p = take_value(p, end, w);
		if (p != NULL && take_key(pos, p, end, w)) {
			p = *pos;
			if (p < end && strchr("{[]", *p) != NULL)
				continue;
			p = p < end ? take_value(p, end, w) : NULL;
		}
		if (p == NULL)
			return (LINEJSON_STOP);
		*pos = p;
		return (LINEJSON_MEMBER);
	}
}

/* --- escapes --- */

static int
hex_value(const char *p)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found;
	int i, v = 0;

	for (i = 0; i < 4; i++) {
		found = p[i] != '\0' ? strchr(digits, p[i]) : NULL;
		if (found == NULL)
			return (-1);
		v = v * 16 + (int)((found - digits) % 16);
	}
	return (v);
}

/* The character behind the backslash at p; *len: of the escape. */
static char
unescaped(const char *p, const char *end, size_t *len)
{
	int v;

	*len = 2;
	if (p + 1 == end)
		return ('?');
	switch (p[1]) {
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return (' ');
	case 'u':
		v = end - p >= 6 ? hex_value(p + 2) : -1;
		if (v != -1)
			*len = 6;
		return (v > 0 && v < 0x7f ? (char)v : '?');
	default:
		return (p[1]);
	}
}

size_t
linejson_unescape(const struct word *w, char *buf, size_t size)
{
	const char *p = w->value, *const end = p + w->value_len;
	size_t n, len = 0;

	for (; p < end; p += n, len++) {
		if (len == size)
			return (0);
		n = 1;
		buf[len] = *p == '\\' ? unescaped(p, end, &n) : *p;
	}
	return (len);
}
