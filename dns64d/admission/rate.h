/*
 * How often a client may ask: token buckets, one for each prefix of client
 * addresses, in a table of fixed size. Pure: time is an argument.
 *
 * A bucket is found by a keyed hash of the prefix; prefixes that meet in one
 * share its tokens. So the table never grows and cannot be made to fail.
 */
#ifndef DNS64D_ADMISSION_RATE_H
#define DNS64D_ADMISSION_RATE_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/siphash.h"

#define RATE_BUCKETS 4096

struct rate_bucket {
	int64_t full_at_ns; /* when it will have all its tokens again */
	uint32_t n_refused; /* in a row */
};

/* All zero but for the key is a table whose buckets are full. */
struct rate_table {
	struct siphash_key key;
	struct rate_bucket bucket[RATE_BUCKETS];
};

struct rate_limit {
	unsigned per_sec; /* > 0; as many at once */
	unsigned prefix4; /* bits of an address that count */
	unsigned prefix6;
};

/*
 * Take a token of the client's bucket.
 * Returns 0, or how many were refused in a row, this one included.
 */
unsigned rate_take(struct rate_table *t, const struct rate_limit *limit,
    const struct sockaddr_storage *peer, struct monotime now);

#endif
