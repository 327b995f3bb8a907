/*
 * The Pref64 that a host has learnt from its network, and the one it uses: one
 * of router advertisements (RFC 8781) before one of DNS (RFC 7050), by RFC
 * 8781, 5.1; the one in use as long as it is valid, and then the one learnt
 * first.
 */
#ifndef COMMON_NET_PREF64_LIST_H
#define COMMON_NET_PREF64_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"

#include "pref64.h"

/* More are not remembered; a router has no use for as many. */
#define PREF64_LIST_MAX 8

enum pref64_source { PREF64_BY_RA, PREF64_BY_DNS };

struct pref64_learnt {
	struct pref64 prefix;
	enum pref64_source source;
	struct monotime until;
};

/* Zero: nothing is known. */
struct pref64_list {
	struct pref64_learnt learnt[PREF64_LIST_MAX];
	size_t n;
	bool has_current;
	struct pref64 current;
	enum pref64_source current_source;
};

/*
 * A prefix was announced for lifetime_secs; 0: it is not to be used any more.
 * When the list is full, a new one is ignored.
 */
void pref64_list_add(struct pref64_list *l, const struct pref64 *p,
    enum pref64_source source, uint32_t lifetime_secs, struct monotime now);

/* Forget all of one source. */
void pref64_list_clear(struct pref64_list *l, enum pref64_source source);

/*
 * Forget what is not valid any more, and choose. Returns true when l->current
 * or l->has_current is another one than before.
 */
bool pref64_list_choose(struct pref64_list *l, struct monotime now);

/* When the next one ends; false: none is there. */
bool pref64_list_next(const struct pref64_list *l, struct monotime *when);

/* Is one of that source there? */
bool pref64_list_has(const struct pref64_list *l, enum pref64_source source);

#endif
