#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "rates.h"

/* Returns false when there is no rate. */
static bool
rate(const json_t *before, const json_t *now, double secs, double *r)
{
	const json_int_t grown =
	    json_integer_value(now) - json_integer_value(before);

	if (!json_is_integer(before) || !json_is_integer(now) || grown < 0 ||
	    secs <= 0)
		return (false);
	*r = (double)grown / secs;
	return (true);
}

/* jansson wants a non-const object to iterate over, and does not change it. */
json_t *
rates_of(const json_t *before, const json_t *now, double secs)
{
	json_t *o = (json_t *)(uintptr_t)now;
	const char *name;
	json_t *value, *rates;
	double r;

	if (before == NULL)
		return (NULL);
	rates = json_object();
	json_object_foreach(o, name, value) {
		if (rate(json_object_get(before, name), value, secs, &r))
			json_object_set_new(rates, name, json_real(r));
	}
	return (rates);
}

void
rates_set(const json_t *before, json_t *now, const char *member, double secs)
{
	char name[64];
	double r;

	snprintf(name, sizeof(name), "%s-per-second", member);
	if (rate(json_object_get(before, member), json_object_get(now, member),
		secs, &r))
		json_object_set_new(now, name, json_real(r));
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return (text != NULL ? text : "");
}

/* The object of a list with this text, or NULL. */
static const json_t *
find(const json_t *list, const char *key, const char *text)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		if (strcmp(text_of(o, key), text) == 0)
			return (o);
	}
	return (NULL);
}

void
rates_set_each(const json_t *before, json_t *now, const char *key,
    const char *member, double secs)
{
	json_t *o;
	size_t i;

	json_array_foreach(now, i, o) {
		rates_set(find(before, key, text_of(o, key)), o, member, secs);
	}
}

static double
number_of(const json_t *list, size_t i, const char *member)
{
	return (json_number_value(
	    json_object_get(json_array_get(list, i), member)));
}

/* By insertion: lists are short, and equal ones keep their order. */
void
rates_sort(json_t *list, const char *member)
{
	const size_t n = json_array_size(list);
	json_t *o;
	size_t i, k;

	for (i = 1; i < n; i++) {
		for (k = i; k > 0; k--)
			if (number_of(list, k - 1, member) >=
			    number_of(list, i, member))
				break;
		if (k == i)
			continue;
		o = json_incref(json_array_get(list, i));
		json_array_remove(list, i);
		json_array_insert_new(list, k, o);
	}
}
