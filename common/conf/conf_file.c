/*
 * The scanner reads a stack of sources: the first file, the files included from
 * it, and the value of a macro while that is being expanded. Macros in a value
 * are not expanded again, and the total number of bytes is bounded, so reading
 * ends whatever the files contain.
 */
#include <sys/queue.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/addr_hint.h"
#include "conf_file.h"
#include "conf_impl.h"
#include "conf_text.h"
#include "files.h"
#include "scan.h"

/* A file, or the value of a macro at the place of its use. */
struct source {
	SLIST_ENTRY(source) below;
	struct scan scan;
	struct conf_text text;
	const char *file;
	const struct macro *macro; /* NULL for a file */
	unsigned macro_line;	   /* where the macro is used */
};

struct macro {
	SLIST_ENTRY(macro) next;
	const char *name;
	const char *value;
	struct conf_where where;
};

/*
 * Sources.
 */

static void
source_pop(struct conf_file *cf)
{
	struct source *src = SLIST_FIRST(&cf->sources);

	SLIST_REMOVE_HEAD(&cf->sources, below);
	scan_close(&src->scan);
	free(src->text.buf);
	free(src);
}

/* Owns text from now on, also when it fails; on NULL cf is stopped. */
static struct source *
source_push(struct conf_file *cf, const struct conf_text *text,
    const char *file)
{
	struct source *src;

	src = calloc(1, sizeof(*src));
	if (src == NULL || scan_open(&src->scan, text->buf, text->len) == -1) {
		conf_stop(cf, "out of memory");
		free(src);
		free(text->buf);
		return (NULL);
	}
	src->text = *text;
	src->file = file;
	SLIST_INSERT_HEAD(&cf->sources, src, below);
	return (src);
}

/* Begin to read a file. where: the place of error messages. */
static int
file_push(struct conf_file *cf, const char *path,
    const struct conf_where *where)
{
	struct conf_text text;
	struct source *src;
	unsigned depth = 0;
	const char *why;

	why = conf_text_load(&text, cf->files, path, cf->n_paths == 0);
	if (why != NULL) {
		conf_error_at(cf, where, "cannot read \"%s\": %s", path, why);
		return (-1);
	}
	SLIST_FOREACH(src, &cf->sources, below) {
		depth++;
		if (src->text.dev == text.dev && src->text.ino == text.ino) {
			conf_error_at(cf, where, "\"%s\" includes itself",
			    path);
			goto fail;
		}
	}
	if (depth == CONF_MAX_DEPTH) {
		conf_error_at(cf, where,
		    "more than %d files inside one "
		    "another",
		    CONF_MAX_DEPTH);
		goto fail;
	}
	if (cf->n_paths == CONF_MAX_FILES) {
		conf_error_at(cf, where, "more than %d files", CONF_MAX_FILES);
		goto fail;
	}
	if (conf_spend(cf, text.len) == -1)
		goto fail;
	conf_text_check(&text, cf, path);
	cf->paths[cf->n_paths++] = path;
	return (source_push(cf, &text, path) != NULL ? 0 : -1);

fail:
	free(text.buf);
	return (-1);
}

struct conf_file *
conf_file_open(const char *path, struct files *files, conf_report_fn *report,
    void *arg)
{
	struct conf_file *cf;
	struct conf_where where = { .line = 0 };

	cf = calloc(1, sizeof(*cf));
	if (cf == NULL) {
		if (report != NULL)
			report(arg, false, strerror(errno));
		else
			perror(path);
		return (NULL);
	}
	cf->report = report;
	cf->report_arg = arg;
	cf->last.where.file = path;
	where.file = path;
	if (files == NULL)
		files = cf->own_files = files_new(true);
	if (files == NULL)
		conf_stop(cf, "out of memory");
	cf->files = files;
	path = conf_text_copy(cf, path, strlen(path));
	if (path == NULL || files == NULL ||
	    file_push(cf, path, &where) == -1) {
		conf_file_close(cf);
		return (NULL);
	}
	cf->last.where.file = path;
	return (cf);
}

void
conf_file_close(struct conf_file *cf)
{
	struct macro *m;

	if (cf == NULL)
		return;
	while (!SLIST_EMPTY(&cf->sources))
		source_pop(cf);
	while ((m = SLIST_FIRST(&cf->macros)) != NULL) {
		SLIST_REMOVE_HEAD(&cf->macros, next);
		free(m);
	}
	conf_text_free(cf);
	files_free(cf->own_files);
	free(cf);
}

unsigned
conf_file_errors(const struct conf_file *cf)
{
	return (cf->errors);
}

const char *
conf_file_load(struct conf_file *cf, const char *path, size_t max,
    const struct bundle_file **out)
{
	return (files_load(cf->files, path, max, false, out));
}

const char *
conf_file_path(const struct conf_file *cf, size_t i)
{
	return (i < cf->n_paths ? cf->paths[i] : NULL);
}

/*
 * Tokens.
 */

static struct conf_where
token_where(const struct source *src)
{
	return ((struct conf_where){ .file = src->file,
	    .line =
		src->macro != NULL ? src->macro_line : src->scan.token_line });
}

static enum conf_token
bad_token(struct conf_file *cf, const struct source *src, const char *why)
{
	struct conf_where where = token_where(src);

	conf_error_at(cf, &where, "%s", why);
	return (CONF_ERROR);
}

/* An invalid token may be an address in another notation. */
static enum conf_token
bad_address(struct conf_file *cf, const struct source *src)
{
	const struct scan *s = &src->scan;
	size_t len = strcspn(s->text, " \t\n");
	struct conf_where where = token_where(src);
	char hint[ADDR_HINT_MAX];

	if (addr_hint(s->text, len, hint) == NULL)
		return (bad_token(cf, src, s->why));
	conf_error_at(cf, &where, "\"%.*s\" is no address: write %s", (int)len,
	    s->text, hint);
	return (CONF_ERROR);
}

/* Take the quotes and escapes off, in place. */
static void
unquote(char *text, size_t len)
{
	const char *from = text + 1, *end = text + len - 1;

	while (from < end) {
		if (*from == '\\')
			from++;
		*text++ = *from++;
	}
	*text = '\0';
}

/* "5" or "5 - 7". */
static enum conf_token
number_token(struct conf_file *cf, const struct source *src,
    struct conf_value *v, enum conf_token kind)
{
	char *end;

	/* Too large a number becomes UINT64_MAX, which is out of all bounds. */
	v->number = v->last = strtoull(v->text, &end, 10);
	if (kind == CONF_RANGE)
		v->last = strtoull(end + strspn(end, " \t-"), NULL, 10);
	if (v->last < v->number)
		return (bad_token(cf, src, "range ends before it begins"));
	return (kind);
}

/* Convert the token that src has read. SCAN_MACRO: an error was reported. */
static enum conf_token
plain_token(struct conf_file *cf, const struct source *src,
    enum scan_token token, struct conf_value *v)
{
	const struct scan *s = &src->scan;
	char *text;

	*v = (struct conf_value){ .text = "", .where = token_where(src) };
	if (src->macro != NULL)
		v->macro = src->macro->name;
	if (token == SCAN_EOL)
		return (CONF_EOL);
	if (token == SCAN_MACRO)
		return (CONF_ERROR);
	text = conf_text_copy(cf, s->text, s->len);
	if (text == NULL)
		return (CONF_ERROR);
	v->text = text;
	switch (token) {
	case SCAN_WORD:
		return (CONF_WORD);
	case SCAN_STRING:
		unquote(text, s->len);
		return (CONF_STRING);
	case SCAN_NUMBER:
		return (number_token(cf, src, v, CONF_NUMBER));
	case SCAN_RANGE:
		return (number_token(cf, src, v, CONF_RANGE));
	case SCAN_PUNCT:
		v->punct = (unsigned char)text[0];
		return (CONF_PUNCT);
	default:
		return (bad_address(cf, src));
	}
}

/*
 * Macros.
 */

static const struct macro *
macro_find(const struct conf_file *cf, const char *name)
{
	const struct macro *m;

	SLIST_FOREACH(m, &cf->macros, next) {
		if (strcmp(m->name, name) == 0)
			return (m);
	}
	return (NULL);
}

/* The macro whose $name src has just read; NULL has been reported. */
static const struct macro *
macro_used(struct conf_file *cf, const struct source *src)
{
	struct conf_where where = token_where(src);
	const struct macro *m;

	if (src->macro != NULL) {
		conf_error_at(cf, &where,
		    "\"%s\" in the value of $%s is not "
		    "expanded: write it outside the quotes",
		    src->scan.text, src->macro->name);
		return (NULL);
	}
	m = macro_find(cf, src->scan.text + 1);
	if (m == NULL)
		conf_error_at(cf, &where, "macro %s is not defined",
		    src->scan.text);
	return (m);
}

/* Expand the macro whose name src has just read. */
static int
macro_push(struct conf_file *cf, const struct source *src)
{
	const struct macro *m = macro_used(cf, src);
	struct conf_text text = { 0 };
	struct source *value;

	if (m == NULL)
		return (-1);
	text.len = strlen(m->value);
	if (conf_spend(cf, sizeof(*value) + text.len) == -1)
		return (-1);
	text.buf = calloc(1, text.len + 2);
	if (text.buf == NULL) {
		conf_stop(cf, "out of memory");
		return (-1);
	}
	memcpy(text.buf, m->value, text.len);
	value = source_push(cf, &text, src->file);
	if (value == NULL)
		return (-1);
	value->macro = m;
	value->macro_line = src->scan.token_line;
	return (0);
}

/* Returns what a token adds to a macro's value; NULL has been reported. */
static const char *
macro_piece(struct conf_file *cf, const struct source *src,
    enum scan_token token)
{
	const struct macro *m;
	struct conf_value v;

	if (token == SCAN_MACRO) {
		m = macro_used(cf, src);
		return (m != NULL ? m->value : NULL);
	}
	switch (plain_token(cf, src, token, &v)) {
	case CONF_ERROR:
		return (NULL);
	case CONF_PUNCT:
		conf_error_at(cf, &v.where,
		    "\"%s\" in the value of a macro "
		    "needs quotes",
		    v.text);
		return (NULL);
	default:
		return (v.text);
	}
}

/* Read the rest of the line into value, of CONF_MAX_MACRO_VALUE + 1 bytes. */
static int
macro_read(struct conf_file *cf, char *value)
{
	struct source *src = SLIST_FIRST(&cf->sources);
	enum scan_token token;
	const char *piece;
	size_t len = 0, n;
	unsigned pieces = 0;
	int rc = 0;

	while (
	    (token = scan_next(&src->scan)) != SCAN_EOL && token != SCAN_EOF) {
		piece = macro_piece(cf, src, token);
		if (piece == NULL) {
			rc = -1;
			continue;
		}
		n = strlen(piece) + (pieces > 0);
		if (len + n > CONF_MAX_MACRO_VALUE) {
			bad_token(cf, src, "value of a macro too long");
			return (-1);
		}
		snprintf(value + len, n + 1, "%s%s", pieces > 0 ? " " : "",
		    piece);
		len += n;
		pieces++;
	}
	if (pieces == 0 && rc == 0) {
		bad_token(cf, src, "macro without a value");
		rc = -1;
	}
	return (rc);
}

/* May the word v become a macro? */
static int
macro_check(struct conf_file *cf, const struct conf_value *v)
{
	const struct macro *m = macro_find(cf, v->text);

	if (v->text[strspn(v->text,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0') {
		conf_error_at(cf, &v->where, "\"%s\" is no name of a macro",
		    v->text);
		return (-1);
	}
	if (m != NULL) {
		conf_error_at(cf, &v->where,
		    "macro \"%s\" is defined "
		    "already, at %s:%u",
		    v->text, m->where.file, m->where.line);
		return (-1);
	}
	if (cf->n_macros == CONF_MAX_MACROS) {
		conf_error_at(cf, &v->where, "more than %d macros",
		    CONF_MAX_MACROS);
		return (-1);
	}
	return (0);
}

/* name = value; name and "=" have been read. */
static void
macro_define(struct conf_file *cf, const struct conf_value *name)
{
	char value[CONF_MAX_MACRO_VALUE + 1] = "";
	struct macro *m;
	int rc;

	rc = macro_check(cf, name);
	if (macro_read(cf, value) == -1 || rc == -1)
		return;
	m = calloc(1, sizeof(*m));
	if (m == NULL) {
		conf_stop(cf, "out of memory");
		return;
	}
	m->name = name->text;
	m->value = conf_text_copy(cf, value, strlen(value));
	m->where = name->where;
	if (m->value == NULL) {
		free(m);
		return;
	}
	SLIST_INSERT_HEAD(&cf->macros, m, next);
	cf->n_macros++;
}

/*
 * Reading: expands macros, and changes from one source to the next.
 */

static void
read_token(struct conf_file *cf, struct conf_value *v)
{
	struct source *src;
	enum scan_token token;

	if (cf->have_ahead) {
		*v = cf->ahead;
		cf->have_ahead = false;
		return;
	}
	while ((src = SLIST_FIRST(&cf->sources)) != NULL && !cf->stopped) {
		token = scan_next(&src->scan);
		if (token == SCAN_EOF) {
			source_pop(cf);
			continue;
		}
		if (token == SCAN_MACRO && macro_push(cf, src) == 0)
			continue;
		v->kind = plain_token(cf, src, token, v);
		return;
	}
	/* Reading may have stopped in the middle of a line. */
	*v = (struct conf_value){ .kind = cf->in_line ? CONF_EOL : CONF_EOF,
		.text = "",
		.where = cf->last.where };
}

/* Report that v is not the token that was expected, and skip the line. */
static void
refuse_line(struct conf_file *cf, struct conf_value *v, const char *what)
{
	cf->last = *v;
	cf->first_of_line = false;
	if (v->kind != CONF_ERROR)
		conf_unexpected(cf, &what, 1, false);
	while (v->kind != CONF_EOL && v->kind != CONF_EOF)
		read_token(cf, v);
}

/* Returns path as seen from the file base; NULL has stopped cf. */
static const char *
path_from(struct conf_file *cf, const char *base, const char *path)
{
	const char *slash = strrchr(base, '/');
	char *joined;
	size_t dir, size;

	if (path[0] == '/' || slash == NULL)
		return (path);
	dir = (size_t)(slash + 1 - base);
	size = dir + strlen(path) + 1;
	joined = conf_text_new(cf, size);
	if (joined != NULL)
		snprintf(joined, size, "%.*s%s", (int)dir, base, path);
	return (joined);
}

/* The rest of an include statement, whose first word has been read. */
static void
include(struct conf_file *cf)
{
	struct conf_value name, end;
	const char *path;

	read_token(cf, &name);
	if (name.kind != CONF_STRING && name.kind != CONF_WORD) {
		refuse_line(cf, &name, "<name of a file>");
		return;
	}
	read_token(cf, &end);
	if (end.kind != CONF_EOL) {
		refuse_line(cf, &end, "<end of line>");
		return;
	}
	path = path_from(cf, name.where.file, name.text);
	if (path != NULL)
		file_push(cf, path, &name.where);
}

/* True when the word v began a statement that is handled here. */
static bool
carry_out(struct conf_file *cf, const struct conf_value *v)
{
	if (v->kind != CONF_WORD || v->macro != NULL)
		return (false);
	if (strcmp(v->text, "include") == 0) {
		include(cf);
		return (true);
	}
	read_token(cf, &cf->ahead);
	if (cf->ahead.punct == '=' && cf->ahead.macro == NULL) {
		macro_define(cf, v);
		return (true);
	}
	cf->have_ahead = true;
	return (false);
}

enum conf_token
conf_file_next(struct conf_file *cf, struct conf_value *v)
{
	for (;;) {
		read_token(cf, v);
		if (cf->in_line)
			break;
		if (v->kind == CONF_EOL)
			continue;
		cf->last.where = v->where;
		if (!carry_out(cf, v))
			break;
	}
	cf->first_of_line = !cf->in_line;
	cf->in_line = v->kind != CONF_EOL && v->kind != CONF_EOF;
	cf->last = *v;
	return (v->kind);
}
