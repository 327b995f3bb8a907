/*
 * What has happened to sessions and has not been told to the store yet. Three
 * queues of places of sessions, each in the order of time: those that are new,
 * and wait until they are old enough, as most sessions are short (RFC 7269,
 * 4.2.3); those whose gateway has other numbers, which wait CHANGES_NUMBERS_MS,
 * so that a busy one is told five times per second at most; and those that have
 * changed otherwise or ended, which are told at once. What a session looks like
 * is found out when it is told.
 *
 * All have bounds. When one is full the queues are emptied: changes_lost()
 * says so once, and everything has to be told again.
 */
#ifndef NAT64D_STATE_CHANGES_H
#define NAT64D_STATE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat64d/core/nat64.h"
#include "replica.h"

#define CHANGES_NUMBERS_MS 200

struct change {
	struct replica_place place;
	bool ended;
	bool is_new; /* it need not be told if it has been meanwhile */
	int64_t due_ms;
};

struct changes;

/*
 * max: of each queue. after_ms: how old a new session must be. Returns NULL
 * with errno ENOMEM.
 */
struct changes *changes_new(size_t max, int64_t after_ms);
void changes_free(struct changes *c);

/* A nat64_change_fn has been called at now_ms, by any steady clock. */
void changes_note(struct changes *c, const struct session *s,
    enum nat64_change what, int64_t now_ms);

/* The next one that is due. all: new ones need not be old. */
bool changes_next(struct changes *c, int64_t now_ms, bool all,
    struct change *out);

/* When the next one is due; false: there is none. */
bool changes_due(const struct changes *c, int64_t *when_ms);

size_t changes_count(const struct changes *c);

/* Forget all. */
void changes_clear(struct changes *c);

/* Has a queue been full since the last call? */
bool changes_lost(struct changes *c);

#endif
