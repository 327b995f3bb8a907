/*
 * Times and sizes in a configuration: a number and an optional unit.
 */
#ifndef COMMON_CONF_QUANTITY_H
#define COMMON_CONF_QUANTITY_H

#include <stdint.h>

enum quantity {
	QUANTITY_SECS,	/* 90, 90s, 5m, 2h, 1d */
	QUANTITY_MSECS, /* 500, 500ms, 2s */
	QUANTITY_BYTES	/* 65536, 64k, 64M, 1G: powers of 1024 */
};

/*
 * Read text, which is digits and at most one unit, into *value: in seconds,
 * milliseconds or bytes. What is too large for *value becomes UINT64_MAX.
 *
 * Returns 0, or -1 when it is anything else.
 */
int quantity_parse(const char *text, enum quantity what, uint64_t *value);

/* The units, for a message: "s, m, h or d". */
const char *quantity_units(enum quantity what);

#endif
