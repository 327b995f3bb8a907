/*
 * Does the store still have what the active node has given it? A server whose
 * maxmemory-policy is not noeviction drops keys when it is full, and somebody
 * may flush it. The next command makes a key of the same name, which has less
 * in it. So the hash of an epoch has a mark, the field "head", which is written
 * once, before any session: a hash without it was dropped. The stream has to be
 * there as soon as something has been put into it; that a part of it is missing
 * is noticed by the standby, by the sequence of its values.
 *
 * Both are looked at with each beat, which also renews their time to live.
 */
#ifndef NAT64D_STATE_KEPT_H
#define NAT64D_STATE_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"

#include "store.h"

struct kept {
	struct store *store; /* borrowed, as are the names of the keys */
	const char *state;
	const char *log;
	void (*dropped)(void *arg); /* everything has to be written again */
	void *arg;
	bool logged; /* something is in the stream */
	struct monotime since;
	int64_t pause_ms; /* before it is written again */
	struct monotime warned_until;
	uint64_t times; /* that it was dropped */
};

/* An epoch begins: write its mark, a value of len bytes. */
void kept_begin(struct kept *k, const uint8_t *mark, size_t len);

void kept_look(struct kept *k);

/* Has something been dropped in the last minute? */
bool kept_is_warned(const struct kept *k);

/* Let the store forget a key by itself after so many seconds. */
void kept_expire(struct store *s, const char *key, const char *secs);

#endif
