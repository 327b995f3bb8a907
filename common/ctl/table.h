/*
 * Tables for people: aligned columns, and lines of a name and its value.
 */
#ifndef COMMON_CTL_TABLE_H
#define COMMON_CTL_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

/* A column: the member of each object, and its heading. */
struct table_column {
	const char *member;
	const char *heading;
};

/*
 * Print the objects of list as rows below a line of headings. Numbers are to
 * the right, everything else to the left; a missing member is "-". Returns 0,
 * or -1 when memory is short.
 */
int table_print(const json_t *list, const struct table_column *columns,
    size_t n_columns, FILE *f);

/* Print the members of an object whose values are numbers, a line each. */
void table_print_members(const json_t *object, FILE *f);

/* Member of an object as text or number; "" or 0 when it is missing. */
const char *table_text(const json_t *object, const char *member);
json_int_t table_number(const json_t *object, const char *member);

/* "3 d 4 h", "4 h 12 min", "12 min 3 s", "3 s". */
#define TABLE_TIME_SIZE 64
const char *table_time(json_int_t secs, char text[TABLE_TIME_SIZE]);

#endif
