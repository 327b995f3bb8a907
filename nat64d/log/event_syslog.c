#include <stdio.h>
#include <string.h>

#include "event_syslog.h"
#include "nat64d/core/event_text.h"
#include "words.h"

/* RFC 5424, 6.2.1: facility * 8 + severity. */
#define DAEMON_INFORMATIONAL (3 * 8 + 6)
#define DAEMON_WARNING (3 * 8 + 4)

#define MSGID_MAX 32

/* What a parameter has beside its name and value. */
#define PARAM_MARKS 4

void
event_syslog_host(struct event_syslog_sender *s, const char *name)
{
	size_t i;

	for (i = 0; i < EVENT_SYSLOG_HOST_MAX && name[i] != '\0'; i++)
		s->host[i] = name[i] > 0x20 && name[i] < 0x7f ? name[i] : '-';
	if (i == 0)
		s->host[i++] = '-'; /* NILVALUE */
	s->host[i] = '\0';
}

/* RFC 5424, 6.3.3: these characters are escaped in a value. */
static char *
put_value(char *p, const char *s, size_t len)
{
	for (; len > 0; s++, len--) {
		if (*s == '"' || *s == '\\' || *s == ']')
			*p++ = '\\';
		*p++ = *s;
	}
	return (p);
}

/* One parameter, if there is room for it and for the end of the element. */
static char *
put_param(char *p, const char *end, const struct word *w)
{
	const size_t most = w->key_len + 2 * w->value_len + PARAM_MARKS;

	if ((size_t)(end - p) < most + sizeof("]"))
		return (p);
	*p++ = ' ';
	memcpy(p, w->key, w->key_len);
	p += w->key_len;
	*p++ = '=';
	*p++ = '"';
	p = put_value(p, w->value, w->value_len);
	*p++ = '"';
	return (p);
}

size_t
event_syslog(const struct event_syslog_sender *s, const char *text,
    int64_t unix_ms, bool warning, char buf[EVENT_SYSLOG_SIZE])
{
	const char *const text_end = text + strlen(text);
	const char *const end = buf + EVENT_SYSLOG_SIZE;
	struct word event = { .value = "-", .value_len = 1 }, w;
	char time[EVENT_TIME_SIZE], *p;

	(void)event_time(unix_ms, time);
	(void)word_next(&text, text_end, &event);
	p = buf +
	    snprintf(buf, EVENT_SYSLOG_SIZE,
		"<%d>1 %s %s nat64d %ld %.*s [" EVENT_SYSLOG_ID,
		warning ? DAEMON_WARNING : DAEMON_INFORMATIONAL,
		time + strlen("time="), s->host, s->pid,
		event.value_len < MSGID_MAX ? (int)event.value_len : MSGID_MAX,
		event.value);
	while (word_next(&text, text_end, &w))
		p = put_param(p, end, &w);
	*p++ = ']';
	*p = '\0';
	return ((size_t)(p - buf));
}
