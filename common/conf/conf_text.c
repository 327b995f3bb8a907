#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "conf_file.h"
#include "conf_text.h"
#include "files.h"

/*
 * The end of a text: a newline that a "\" at the end of the file may continue,
 * another one that ends the last line, and two NULs for flex.
 */
#define TAIL 4
static const char tail[TAIL] = { '\n', '\n', '\0', '\0' };

const char *
conf_text_load(struct conf_text *t, struct files *files, const char *path,
    bool special)
{
	const struct bundle_file *f;
	const char *why;
	char *buf;

	why = files_load(files, path, CONF_MAX_FILE, special, &f);
	if (why != NULL)
		return (why);
	buf = malloc(f->len + TAIL);
	if (buf == NULL)
		return (strerror(errno));
	memcpy(buf, f->bytes, f->len);
	memcpy(buf + f->len, tail, TAIL);
	*t = (struct conf_text){
		.buf = buf,
		.len = f->len + TAIL - 2,
		.dev = f->dev,
		.ino = f->ino,
	};
	return (NULL);
}

static bool
is_control(unsigned char c)
{
	return ((c < 0x20 && c != '\t') || c == 0x7f);
}

static void
check_line(char *line, size_t len, struct conf_file *cf,
    const struct conf_where *where)
{
	unsigned char found = 0;
	bool bad = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!is_control((unsigned char)line[i]))
			continue;
		if (!bad)
			found = (unsigned char)line[i];
		bad = true;
		line[i] = ' ';
	}
	if (bad && found == '\r')
		conf_error_at(cf, where,
		    "carriage return: the file has DOS line ends");
	else if (bad)
		conf_error_at(cf, where, "control character 0x%02x", found);
	if (len > CONF_MAX_LINE)
		conf_error_at(cf, where, "line longer than %d bytes",
		    CONF_MAX_LINE);
}

void
conf_text_check(struct conf_text *t, struct conf_file *cf, const char *name)
{
	struct conf_where where = { .file = name, .line = 1 };
	char *line = t->buf, *end = t->buf + t->len, *newline;

	for (; line < end; line = newline + 1, where.line++) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (newline == NULL)
			newline = end;
		check_line(line, (size_t)(newline - line), cf, &where);
	}
}
