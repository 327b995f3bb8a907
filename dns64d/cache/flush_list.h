/*
 * What an operator wants forgotten: names, and zones with all that is below
 * them. A flush takes effect at once, although a large cache cannot be searched
 * at once: until the search has come round, each entry that is found is
 * compared with the list. Pure.
 *
 * It concerns what was stored before it. When the list is full, everything
 * that was stored so far is flushed instead.
 */
#ifndef DNS64D_CACHE_FLUSH_LIST_H
#define DNS64D_CACHE_FLUSH_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

#include "dns64d/wire/msg_scan.h"

#define FLUSH_MAX 16

struct flush_mark {
	uint8_t name[MSG_NAME_MAX]; /* wire form */
	bool below;		    /* and all names below it */
	struct monotime at;
};

struct flush_list {
	struct flush_mark v[FLUSH_MAX];
	unsigned n;
};

/* An entry of a cache. */
struct flush_entry {
	struct monotime stored_at;
	const uint8_t *name; /* of the question, without pointers */
	const uint8_t *wire; /* the reply; NULL: none */
	size_t len;
	bool cut; /* it denies all names below its own (RFC 8020, 2) */
};

/* The root with below is everything. */
void flush_add(struct flush_list *list, const uint8_t *name, bool below,
    struct monotime now);

/*
 * Whether an entry is to be forgotten: its name or that of a record of its
 * answer, as at the end of a chain of aliases, is flushed, or it denies one
 * that is.
 */
bool flush_concerns(const struct flush_list *list,
    const struct flush_entry *e);

#endif
