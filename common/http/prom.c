#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prom.h"

#define FIRST_SIZE 4096
#define LINE_MAX 512 /* longer ones are cut */

static void
append(struct prom *p, const char *text, size_t len)
{
	size_t size = p->size > 0 ? p->size : FIRST_SIZE;
	char *bigger;

	while (size < p->len + len + 1)
		size *= 2;
	if (size != p->size) {
		bigger = realloc(p->text, size);
		if (bigger == NULL) {
			p->failed = true;
			return;
		}
		p->text = bigger;
		p->size = size;
	}
	memcpy(p->text + p->len, text, len);
	p->len += len;
	p->text[p->len] = '\0';
}

static void __attribute__((__format__(printf, 2, 3)))
line(struct prom *p, const char *fmt, ...)
{
	char text[LINE_MAX];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text) - 1, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if (len >= LINE_MAX - 1)
		len = LINE_MAX - 2;
	text[len] = '\n';
	append(p, text, (size_t)len + 1);
}

/* The value of a label. */
static const char *
escape(const char *text, char out[LINE_MAX])
{
	size_t n = 0;

	for (; *text != '\0' && n < LINE_MAX - 3; text++) {
		if (*text == '\\' || *text == '"' || *text == '\n')
			out[n++] = '\\';
		out[n++] = *text == '\n' ? 'n' : *text;
	}
	out[n] = '\0';
	return (out);
}

void
prom_metric(struct prom *p, enum prom_type type, const char *prefix,
    const char *name, const char *help)
{
	char *c;

	snprintf(p->name, sizeof(p->name), "%s_%s%s", prefix, name,
	    type == PROM_COUNTER ? "_total" : "");
	for (c = p->name; *c != '\0'; c++)
		if (*c == '-')
			*c = '_';
	line(p, "# HELP %s %s", p->name, help);
	line(p, "# TYPE %s %s", p->name,
	    type == PROM_COUNTER ? "counter" : "gauge");
}

void
prom_value(struct prom *p, uint64_t value)
{
	line(p, "%s %llu", p->name, (unsigned long long)value);
}

void
prom_labelled(struct prom *p, const char *label, const char *text,
    uint64_t value)
{
	char escaped[LINE_MAX];

	line(p, "%s{%s=\"%s\"} %llu", p->name, label, escape(text, escaped),
	    (unsigned long long)value);
}

void
prom_labelled_us(struct prom *p, const char *label, const char *text,
    uint64_t us)
{
	char escaped[LINE_MAX];

	line(p, "%s{%s=\"%s\"} %llu.%06u", p->name, label,
	    escape(text, escaped), (unsigned long long)(us / 1000000),
	    (unsigned)(us % 1000000));
}

void
prom_clear(struct prom *p)
{
	free(p->text);
	memset(p, 0, sizeof(*p));
}
