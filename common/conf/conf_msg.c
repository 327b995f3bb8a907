/*
 * Messages about a configuration, and the spelling of what they quote.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf_impl.h"

/* Quotes longer than this are cut: a line of the file can be very long. */
#define QUOTE_MAX 60

__attribute__((__format__(printf, 4, 0))) static void
print(struct conf_file *cf, const struct conf_where *where, bool warning,
    const char *fmt, va_list ap)
{
	char text[CONF_MESSAGE_MAX], msg[PATH_MAX + CONF_MESSAGE_MAX];
	const unsigned n = warning ? cf->warnings : cf->errors;
	const char *last =
	    warning ? " (too many warnings)" : " (too many errors)";
	char line[16] = "";

	vsnprintf(text, sizeof(text), fmt, ap);
	if (where->line > 0)
		snprintf(line, sizeof(line), ":%u", where->line);
	snprintf(msg, sizeof(msg), "%s%s: %s%s%s", where->file, line,
	    warning ? "warning: " : "", text,
	    n == CONF_MAX_ERRORS ? last : "");
	if (cf->report != NULL)
		cf->report(cf->report_arg, warning, msg);
	else
		fprintf(stderr, "%s\n", msg);
}

__attribute__((__format__(printf, 3, 0))) static void
report(struct conf_file *cf, const struct conf_where *where, const char *fmt,
    va_list ap)
{
	cf->errors++;
	if (cf->errors > CONF_MAX_ERRORS)
		return;
	if (cf->errors == CONF_MAX_ERRORS)
		cf->stopped = true;
	print(cf, where, false, fmt, ap);
}

void
conf_warning_at(struct conf_file *cf, const struct conf_where *where,
    const char *fmt, ...)
{
	va_list ap;

	if (++cf->warnings > CONF_MAX_ERRORS)
		return;
	va_start(ap, fmt);
	print(cf, where, true, fmt, ap);
	va_end(ap);
}

void
conf_error(struct conf_file *cf, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(cf, &cf->last.where, fmt, ap);
	va_end(ap);
}

void
conf_error_at(struct conf_file *cf, const struct conf_where *where,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(cf, where, fmt, ap);
	va_end(ap);
}

/* Print a text in quotes, cut when it is long. */
static void
print_quoted(FILE *f, const char *text)
{
	size_t len = strlen(text);

	if (len <= QUOTE_MAX)
		fprintf(f, "\"%s\"", text);
	else
		fprintf(f, "\"%.*s...\"", QUOTE_MAX, text);
}

void
conf_print_found(FILE *f, const struct conf_value *v)
{
	switch (v->kind) {
	case CONF_EOF:
		fputs("end of file", f);
		break;
	case CONF_EOL:
		fputs("end of line", f);
		break;
	case CONF_STRING:
		fputs("string ", f);
		print_quoted(f, v->text);
		break;
	case CONF_NUMBER:
	case CONF_RANGE:
	case CONF_WORD:
	case CONF_PUNCT:
	case CONF_ERROR:
		print_quoted(f, v->text);
		break;
	}
	if (v->macro != NULL)
		fprintf(f, " (from $%s)", v->macro);
}

void
conf_print_string(FILE *f, const char *text)
{
	putc('"', f);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', f);
		putc(*text, f);
	}
	putc('"', f);
}
