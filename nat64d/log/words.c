#include <string.h>

#include "words.h"

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return (p);
}

static const char *
find(const char *p, const char *end, char what)
{
	const char *found = memchr(p, what, (size_t)(end - p));

	return (found != NULL ? found : end);
}

/* The value from p on; returns what is behind it. */
static const char *
take_value(const char *p, const char *end, struct word *w)
{
	const char *last;

	w->quoted = p < end && *p == '"';
	if (w->quoted)
		p++;
	last = find(p, end, w->quoted ? '"' : ' ');
	w->value = p;
	w->value_len = (size_t)(last - p);
	return (w->quoted && last < end ? last + 1 : last);
}

bool
word_next(const char **pos, const char *end, struct word *w)
{
	const char *p = *pos, *blank, *equals;

	for (;;) {
		p = skip_blanks(p, end);
		if (p == end)
			break;
		blank = find(p, end, ' ');
		equals = find(p, blank, '=');
		if (equals < blank && equals > p) {
			w->key = p;
			w->key_len = (size_t)(equals - p);
			*pos = take_value(equals + 1, end, w);
			return (true);
		}
		p = blank;
	}
	*pos = end;
	return (false);
}

bool
word_has_key(const struct word *w, const char *key)
{
	return (
	    strlen(key) == w->key_len && memcmp(key, w->key, w->key_len) == 0);
}
