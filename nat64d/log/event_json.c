#include <string.h>

#include "event_json.h"
#include "nat64d/core/event_text.h"
#include "words.h"

/* An octet takes up to six characters: \u001f. */
#define ESCAPED_MAX 6
/* What a member has beside its key and value: ,"":"" */
#define MEMBER_MARKS 6

/* A number that JSON has, too: no zeros before it. */
static bool
is_number(const struct word *w)
{
	size_t i;

	if (w->quoted || w->value_len == 0 || w->value_len > 18 ||
	    (w->value[0] == '0' && w->value_len > 1))
		return (false);
	for (i = 0; i < w->value_len; i++)
		if (w->value[i] < '0' || w->value[i] > '9')
			return (false);
	return (true);
}

static char *
put_text(char *p, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char c;

	for (; len > 0; s++, len--) {
		c = (unsigned char)*s;
		if (c == '"' || c == '\\') {
			*p++ = '\\';
			*p++ = (char)c;
		} else if (c < 0x20 || c >= 0x7f) {
			*p++ = '\\';
			*p++ = 'u';
			*p++ = '0';
			*p++ = '0';
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
		} else
			*p++ = (char)c;
	}
	return (p);
}

static char *
put_string(char *p, const char *s, size_t len)
{
	*p++ = '"';
	p = put_text(p, s, len);
	*p++ = '"';
	return (p);
}

/* One member, if there is room for it and for the end of the object. */
static char *
put_member(char *p, const char *end, const struct word *w)
{
	const size_t most =
	    ESCAPED_MAX * (w->key_len + w->value_len) + MEMBER_MARKS;

	if ((size_t)(end - p) < most + sizeof("}"))
		return (p);
	*p++ = ',';
	p = put_string(p, w->key, w->key_len);
	*p++ = ':';
	if (!is_number(w))
		return (put_string(p, w->value, w->value_len));
	memcpy(p, w->value, w->value_len);
	return (p + w->value_len);
}

size_t
event_json(const char *text, int64_t unix_ms, char buf[EVENT_JSON_SIZE])
{
	const char *const text_end = text + strlen(text);
	const char *const end = buf + EVENT_JSON_SIZE;
	char time[EVENT_TIME_SIZE], *p = buf;
	const char *t = time;
	struct word w;

	(void)word_next(&t, time + event_time(unix_ms, time), &w);
	p = put_member(p, end, &w);
	buf[0] = '{';
	while (word_next(&text, text_end, &w))
		p = put_member(p, end, &w);
	*p++ = '}';
	*p = '\0';
	return ((size_t)(p - buf));
}
