#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define CELL_SIZE 128
#define GAP 2 /* blanks between two columns */

/* A value as it is shown. */
static const char *
cell(const json_t *value, char text[CELL_SIZE])
{
	if (json_is_string(value))
		return (json_string_value(value));
	if (json_is_integer(value))
		snprintf(text, CELL_SIZE, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	else if (json_is_real(value))
		snprintf(text, CELL_SIZE, "%.1f", json_real_value(value));
	else if (json_is_boolean(value))
		return (json_is_true(value) ? "yes" : "no");
	else
		return ("-");
	return (text);
}

static int
width(const char *text)
{
	return ((int)strlen(text));
}

static void
print_cell(const char *text, int columns, bool right, bool last, FILE *f)
{
	if (right)
		fprintf(f, "%*s", columns, text);
	else if (last)
		fputs(text, f);
	else
		fprintf(f, "%-*s", columns, text);
	if (!last)
		fprintf(f, "%*s", GAP, "");
}

/* The longest text of each column. */
static void
measure(const json_t *list, const struct table_column *columns, size_t n,
    int widths[], bool right[])
{
	char text[CELL_SIZE];
	const json_t *row, *value;
	size_t i, k;
	int w;

	for (k = 0; k < n; k++)
		widths[k] = width(columns[k].heading);
	json_array_foreach(list, i, row) {
		for (k = 0; k < n; k++) {
			value = json_object_get(row, columns[k].member);
			w = width(cell(value, text));
			if (w > widths[k])
				widths[k] = w;
			right[k] = right[k] || json_is_number(value);
		}
	}
}

int
table_print(const json_t *list, const struct table_column *columns,
    size_t n_columns, FILE *f)
{
	int *widths = calloc(n_columns, sizeof(*widths));
	bool *right = calloc(n_columns, sizeof(*right));
	char text[CELL_SIZE];
	const json_t *row;
	size_t i, k;
	int rc = -1;

	if (widths == NULL || right == NULL)
		goto out;
	measure(list, columns, n_columns, widths, right);
	for (k = 0; k < n_columns; k++)
		print_cell(columns[k].heading, widths[k], right[k],
		    k == n_columns - 1, f);
	putc('\n', f);
	json_array_foreach(list, i, row) {
		for (k = 0; k < n_columns; k++)
			print_cell(cell(json_object_get(row,
					    columns[k].member),
				       text),
			    widths[k], right[k], k == n_columns - 1, f);
		putc('\n', f);
	}
	rc = 0;
out:
	free(widths);
	free(right);
	return (rc);
}

/* jansson wants a non-const object to iterate over, and does not change it. */
void
table_print_members(const json_t *object, FILE *f)
{
	json_t *o = json_incref((json_t *)(uintptr_t)object);
	char text[CELL_SIZE];
	const char *name;
	json_t *value;
	int w = 0;

	json_object_foreach(o, name, value) {
		if (json_is_number(value) && width(name) > w)
			w = width(name);
	}
	json_object_foreach(o, name, value) {
		if (json_is_number(value))
			fprintf(f, "%-*s  %15s\n", w, name, cell(value, text));
	}
	json_decref(o);
}

const char *
table_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return (text != NULL ? text : "");
}

json_int_t
table_number(const json_t *object, const char *member)
{
	return (json_integer_value(json_object_get(object, member)));
}

const char *
table_time(json_int_t secs, char text[TABLE_TIME_SIZE])
{
	static const struct {
		json_int_t secs;
		const char *unit;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" },
		{ 1, "s" } };
	size_t i;

	for (i = 0; i < 3 && secs < units[i].secs; i++)
		continue;
	if (i == 3)
		snprintf(text, TABLE_TIME_SIZE, "%" JSON_INTEGER_FORMAT " s",
		    secs);
	else
		snprintf(text, TABLE_TIME_SIZE,
		    "%" JSON_INTEGER_FORMAT " %s %" JSON_INTEGER_FORMAT " %s",
		    secs / units[i].secs, units[i].unit,
		    secs % units[i].secs / units[i + 1].secs,
		    units[i + 1].unit);
	return (text);
}
