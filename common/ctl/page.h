/*
 * A page of text of a given width: lines, and tables that leave out columns
 * where they do not fit. It does not know whether a terminal or a file shows
 * it. Pure.
 *
 * Texts must have no control characters (clean.h). A character takes one
 * column. When memory is short, lines are missing.
 */
#ifndef COMMON_CTL_PAGE_H
#define COMMON_CTL_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum page_style {
	PAGE_TEXT,
	PAGE_TITLE,
	PAGE_HEADING, /* of a table */
	PAGE_WARNING
};

struct page_line {
	enum page_style style;
	char *text; /* at most columns characters */
};

struct page {
	unsigned columns;
	unsigned rows; /* lines beyond them are left out; 0: no limit */
	struct page_line *lines;
	size_t n;
	/* page_begin() to page_end() */
	char *flow;
	enum page_style flow_style;
	unsigned gap; /* blanks between two items */
	bool begun;   /* the line of flow has an item */
};

void page_init(struct page *p, unsigned columns, unsigned rows);
void page_clear(struct page *p);

/* Lines that are left, or unlimited when rows is 0. */
unsigned page_rows_left(const struct page *p, unsigned unlimited);

/* Rows of a table that leaves half of what is left; at most rows. */
unsigned page_half(const struct page *p, unsigned rows);

/* A line. page_ends(): with a text at its right end, if there is room. */
void page_line(struct page *p, enum page_style style, const char *text);
void page_ends(struct page *p, enum page_style style, const char *left,
    const char *right);

/*
 * A name and items behind it, in as many lines as they need:
 *
 *	page_begin(p, PAGE_TEXT, "pool");
 *	page_item(p, "tcp %d %%", 12);
 *	page_item(p, "udp %d %%", 3);
 *	page_end(p);
 */
void page_begin(struct page *p, enum page_style style, const char *name);
void page_item(struct page *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void page_end(struct page *p);

/* A name and a text behind it, broken between words. */
void page_words(struct page *p, enum page_style style, const char *name,
    const char *text);

enum page_kind {
	PAGE_WORD,   /* a text, to the left */
	PAGE_NUMBER, /* as page_number() */
	PAGE_USEC    /* microseconds, shown as milliseconds */
};

struct page_column {
	const char *member; /* of each object */
	const char *heading;
	enum page_kind kind;
	/* NULL, or a member that is a limit: "12/4000" */
	const char *limit;
	/* If the table is too wide, the column with most goes first; 0: none */
	unsigned rank;
};

/*
 * An empty line, a heading, and one row for each object of list, but at most
 * rows of them. Without an object, or room for one, there is nothing.
 */
void page_table(struct page *p, const json_t *list,
    const struct page_column *columns, size_t n_columns, unsigned rows);

/*
 * "0", "0.3", "12", "4567", "12.3k", "1.05M": with three digits or four, and
 * integers below 100000 as they are. "-": value is no number, or negative.
 */
#define PAGE_NUMBER_SIZE 32
const char *page_number(const json_t *value, char text[PAGE_NUMBER_SIZE]);
const char *page_double(double value, char text[PAGE_NUMBER_SIZE]);

#endif
