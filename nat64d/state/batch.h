/*
 * Values of sessions on their way to the store: collected, and sent with three
 * commands (HSET, HDEL, XADD).
 */
#ifndef NAT64D_STATE_BATCH_H
#define NAT64D_STATE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publish.h"
#include "replica.h"
#include "store.h"

#define BATCH_MAX 100

struct batch {
	unsigned n;
	uint64_t ended; /* which of 64 classes of keys have an end in it */
	struct batch_value {
		bool is_end;
		bool logged; /* it goes to the stream, too */
		uint8_t key[REPLICA_KEY_LEN];
		uint8_t value[REPLICA_VALUE_MAX];
		size_t len;
	} values[BATCH_MAX];
};

static inline void
batch_clear(struct batch *b)
{
	b->n = 0;
	b->ended = 0;
}

/*
 * The next value, for its key; then is_end, logged, value and len are set, and
 * n is increased. NULL: the batch has to be sent before.
 */
struct batch_value *batch_place(struct batch *b,
    const uint8_t key[REPLICA_KEY_LEN], bool is_end);

/* Send all of it to these keys of the store, and clear it. As store_send(). */
int batch_send(struct batch *b, struct store *s, const char *state,
    const char *log);

#endif
