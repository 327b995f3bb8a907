#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

#define NAME_WIDTH 11	  /* of names before items, and the indent below */
#define NARROW_COLUMNS 50 /* where the indent is smaller */
#define INDENT_NARROW 2
#define ITEM_SIZE 256
#define TABLE_HEAD 2 /* lines before the rows of a table */
#define GAP 2	     /* blanks between two columns or items */

void
page_init(struct page *p, unsigned columns, unsigned rows)
{
	memset(p, 0, sizeof(*p));
	p->columns = columns > 0 ? columns : 1;
	p->rows = rows;
}

void
page_clear(struct page *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(p->lines[i].text);
	free(p->lines);
	free(p->flow);
	p->lines = NULL;
	p->flow = NULL;
	p->n = 0;
}

unsigned
page_rows_left(const struct page *p, unsigned unlimited)
{
	if (p->rows == 0)
		return (unlimited);
	return (p->n < p->rows ? p->rows - (unsigned)p->n : 0);
}

unsigned
page_half(const struct page *p, unsigned rows)
{
	const unsigned half = page_rows_left(p, UINT_MAX) / 2;
	const unsigned n = half > TABLE_HEAD ? half - TABLE_HEAD : 0;

	return (n < rows ? n : rows);
}

/* --- text --- */

/* Octets of the first n characters. */
static size_t
octets(const char *text, size_t n)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	return (i);
}

static size_t
width(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return (n);
}

/* Takes text, which may be NULL: memory was short. */
static void
add(struct page *p, enum page_style style, char *text)
{
	struct page_line *more;
	size_t len;

	if (text == NULL || page_rows_left(p, 1) == 0 ||
	    (more = reallocarray(p->lines, p->n + 1, sizeof(*more))) == NULL) {
		free(text);
		return;
	}
	len = octets(text, p->columns);
	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	p->lines = more;
	p->lines[p->n++] = (struct page_line){ style, text };
}

void
page_line(struct page *p, enum page_style style, const char *text)
{
	add(p, style, strdup(text));
}

/* A text of n blanks that can be written to. */
static char *
blanks(size_t n)
{
	char *text = malloc(n + 1);

	if (text != NULL) {
		memset(text, ' ', n);
		text[n] = '\0';
	}
	return (text);
}

/* Append; *text may be NULL. */
static void
append(char **text, const char *more)
{
	const size_t size =
	    (*text != NULL ? strlen(*text) : 0) + strlen(more) + 1;
	char *longer = *text != NULL ? realloc(*text, size) : NULL;

	if (longer == NULL) {
		free(*text);
		*text = NULL;
		return;
	}
	strlcat(longer, more, size);
	*text = longer;
}

static void
append_blanks(char **text, size_t n)
{
	char *more = blanks(n);

	append(text, more != NULL ? more : "");
	free(more);
}

void
page_ends(struct page *p, enum page_style style, const char *left,
    const char *right)
{
	const size_t used = width(left) + width(right);
	char *text = strdup(left);

	if (used + GAP <= p->columns) {
		append_blanks(&text, p->columns - used);
		append(&text, right);
	}
	add(p, style, text);
}

/* --- items --- */

static void
begin(struct page *p, enum page_style style, const char *name, unsigned gap)
{
	const size_t used = width(name);

	free(p->flow);
	p->flow = strdup(name);
	append_blanks(&p->flow, used < NAME_WIDTH ? NAME_WIDTH - used : 1);
	p->flow_style = style;
	p->gap = gap;
	p->begun = false;
}

void
page_begin(struct page *p, enum page_style style, const char *name)
{
	begin(p, style, name, GAP);
}

/* An item that is too long for any line is cut. */
static void
put(struct page *p, const char *item)
{
	const size_t indent =
	    p->columns < NARROW_COLUMNS ? INDENT_NARROW : NAME_WIDTH;
	const size_t gap = p->begun ? p->gap : 0;
	size_t used;

	if (p->flow == NULL)
		return;
	used = width(p->flow);
	if (used > indent && used + gap + width(item) > p->columns) {
		add(p, p->flow_style, p->flow);
		p->flow = blanks(indent);
		p->begun = false;
	}
	if (p->begun)
		append_blanks(&p->flow, p->gap);
	append(&p->flow, item);
	p->begun = true;
}

void
page_item(struct page *p, const char *fmt, ...)
{
	char item[ITEM_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(item, sizeof(item), fmt, ap);
	va_end(ap);
	put(p, item);
}

void
page_end(struct page *p)
{
	add(p, p->flow_style, p->flow);
	p->flow = NULL;
}

void
page_words(struct page *p, enum page_style style, const char *name,
    const char *text)
{
	char *copy = strdup(text), *word, *rest = copy;

	begin(p, style, name, 1);
	while (rest != NULL && *rest != '\0') {
		word = rest;
		rest = strchr(word, ' ');
		if (rest != NULL)
			*rest++ = '\0';
		put(p, word);
	}
	page_end(p);
	free(copy);
}

/* --- numbers --- */

/* So that there are three digits. */
static int
decimals(double v)
{
	if (v < 9.995)
		return (2);
	return (v < 99.95 ? 1 : 0);
}

const char *
page_double(double v, char text[PAGE_NUMBER_SIZE])
{
	static const char units[] = "kMGTPE";
	size_t i = 0;

	if (!(v >= 0 && v < 1e20)) {
		strlcpy(text, "-", PAGE_NUMBER_SIZE);
		return (text);
	}
	if (v < 9999.5) {
		snprintf(text, PAGE_NUMBER_SIZE, "%.*f",
		    v > 0 && v < 9.95 ? 1 : 0, v);
		return (text);
	}
	for (v /= 1000; v >= 999.5 && units[i + 1] != '\0'; v /= 1000)
		i++;
	snprintf(text, PAGE_NUMBER_SIZE, "%.*f%c", decimals(v), v, units[i]);
	return (text);
}

const char *
page_number(const json_t *value, char text[PAGE_NUMBER_SIZE])
{
	const json_int_t n = json_integer_value(value);

	if (json_is_integer(value) && n >= 0 && n < 100000)
		snprintf(text, PAGE_NUMBER_SIZE, "%d", (int)n);
	else
		page_double(json_is_number(value) ? json_number_value(value) :
						    -1,
		    text);
	return (text);
}

/* --- tables --- */

#define COLUMNS_MAX 16
#define WORD_MIN 8 /* a word is cut to this, but not more */

/* "12/4000" */
#define CELL_SIZE (2 * PAGE_NUMBER_SIZE)

struct table {
	const struct page_column *columns;
	size_t n;
	size_t widths[COLUMNS_MAX]; /* 0: left out */
};

static const char *
cell(const json_t *row, const struct page_column *c, char text[CELL_SIZE])
{
	const json_t *value = json_object_get(row, c->member);
	const json_t *limit =
	    c->limit != NULL ? json_object_get(row, c->limit) : NULL;
	char number[PAGE_NUMBER_SIZE];

	if (c->kind == PAGE_WORD)
		return (
		    json_is_string(value) ? json_string_value(value) : "-");
	if (c->kind == PAGE_USEC)
		page_double(json_is_number(value) ?
			json_number_value(value) / 1000 :
			-1,
		    number);
	else
		page_number(value, number);
	strlcpy(text, number, CELL_SIZE);
	if (limit != NULL) {
		strlcat(text, "/", CELL_SIZE);
		strlcat(text, page_number(limit, number), CELL_SIZE);
	}
	return (text);
}

static void
measure(struct table *t, const json_t *list, size_t rows)
{
	char text[CELL_SIZE];
	size_t i, k, w;

	for (k = 0; k < t->n; k++)
		t->widths[k] = width(t->columns[k].heading);
	for (i = 0; i < rows; i++) {
		for (k = 0; k < t->n; k++) {
			w = width(cell(json_array_get(list, i), &t->columns[k],
			    text));
			if (w > t->widths[k])
				t->widths[k] = w;
		}
	}
}

static size_t
total(const struct table *t)
{
	size_t k, sum = 0;

	for (k = 0; k < t->n; k++)
		if (t->widths[k] > 0)
			sum += t->widths[k] + (sum > 0 ? GAP : 0);
	return (sum);
}

/* Leave out the column with the greatest rank. Returns false without one. */
static bool
leave_out(struct table *t)
{
	size_t k, last = t->n;

	for (k = 0; k < t->n; k++)
		if (t->widths[k] > 0 && t->columns[k].rank > 0 &&
		    (last == t->n ||
			t->columns[k].rank > t->columns[last].rank))
			last = k;
	if (last == t->n)
		return (false);
	t->widths[last] = 0;
	return (true);
}

static void
fit(struct table *t, size_t columns)
{
	size_t k, over;

	while (total(t) > columns && leave_out(t))
		continue;
	for (k = 0; k < t->n && total(t) > columns; k++) {
		over = total(t) - columns;
		if (t->columns[k].kind != PAGE_WORD ||
		    t->widths[k] <= WORD_MIN)
			continue;
		t->widths[k] = t->widths[k] > WORD_MIN + over ?
		    t->widths[k] - over :
		    WORD_MIN;
	}
}

/* A cell of exactly w columns. */
static void
append_cell(char **line, const char *text, size_t w, bool right)
{
	const size_t used = width(text);
	char *copy = strdup(text);

	if (copy != NULL)
		copy[octets(copy, w)] = '\0';
	if (right && used < w)
		append_blanks(line, w - used);
	append(line, copy != NULL ? copy : "");
	if (!right && used < w)
		append_blanks(line, w - used);
	free(copy);
}

/* row NULL: the headings. */
static void
add_row(struct page *p, const struct table *t, const json_t *row)
{
	const struct page_column *c;
	char text[CELL_SIZE], *line = strdup("");
	bool first = true;
	size_t k;

	for (k = 0; k < t->n; k++) {
		if (t->widths[k] == 0)
			continue;
		c = &t->columns[k];
		append_blanks(&line, first ? 0 : GAP);
		append_cell(&line,
		    row != NULL ? cell(row, c, text) : c->heading,
		    t->widths[k], c->kind != PAGE_WORD);
		first = false;
	}
	add(p, row != NULL ? PAGE_TEXT : PAGE_HEADING, line);
}

void
page_table(struct page *p, const json_t *list,
    const struct page_column *columns, size_t n_columns, unsigned rows)
{
	struct table t = { .columns = columns, .n = n_columns };
	size_t n = json_array_size(list), i;

	if (n > rows)
		n = rows;
	if (n_columns > COLUMNS_MAX || n == 0 ||
	    page_rows_left(p, UINT_MAX) <= TABLE_HEAD)
		return;
	measure(&t, list, n);
	fit(&t, p->columns);
	page_line(p, PAGE_TEXT, "");
	add_row(p, &t, NULL);
	for (i = 0; i < n; i++)
		add_row(p, &t, json_array_get(list, i));
}
