#include <stddef.h>
#include <string.h>

#include "quantity.h"

struct unit {
	const char *name;
	uint64_t factor;
};

#define UNITS_MAX 6

static const struct {
	const char *names;
	struct unit units[UNITS_MAX]; /* the last one has no name */
} quantities[] = {
	[QUANTITY_SECS] = { "s, m, h or d",
	    { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 },
		{ "d", 86400 } } },
	[QUANTITY_MSECS] = { "ms or s",
	    { { "", 1 }, { "ms", 1 }, { "s", 1000 } } },
	[QUANTITY_BYTES] = { "k, M or G",
	    { { "", 1 }, { "k", 1024 }, { "K", 1024 }, { "M", 1024 * 1024 },
		{ "G", 1024 * 1024 * 1024 } } },
};

static uint64_t
multiply(uint64_t a, uint64_t b)
{
	return (a > UINT64_MAX / b ? UINT64_MAX : a * b);
}

int
quantity_parse(const char *text, enum quantity what, uint64_t *value)
{
	const struct unit *u;
	const char *p = text;
	uint64_t n = 0, digit;

	for (; *p >= '0' && *p <= '9'; p++) {
		digit = (uint64_t)(*p - '0');
		n = multiply(n, 10);
		n = n > UINT64_MAX - digit ? UINT64_MAX : n + digit;
	}
	if (p == text)
		return (-1);
	for (u = quantities[what].units; u->name != NULL; u++) {
		if (strcmp(p, u->name) == 0) {
			*value = multiply(n, u->factor);
			return (0);
		}
	}
	return (-1);
}

const char *
quantity_units(enum quantity what)
{
	return (quantities[what].names);
}
