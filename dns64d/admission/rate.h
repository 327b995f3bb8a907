/*
 * The rate of each client: a token bucket for each prefix of client
 * addresses. Pure: time is an argument.
 *
 * The table has a fixed size and is indexed by a keyed hash of the prefix.
 * Prefixes with the same index share a bucket.
 */
#ifndef DNS64D_ADMISSION_RATE_H
#define DNS64D_ADMISSION_RATE_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/bucket.h"
#include "common/monotime.h"
#include "common/siphash.h"

#define RATE_BUCKETS 4096

struct rate_bucket {
	struct bucket tokens;
	uint32_t n_refused; /* in a row */
};

struct rate_table {
	struct siphash_key key;
	struct rate_bucket bucket[RATE_BUCKETS];
};

struct rate_limit {
	unsigned per_sec; /* at least 1; a bucket holds as many */
	unsigned prefix4; /* bits of an address that identify a client */
	unsigned prefix6;
};

/* Fill all buckets. key: of the hash; must be unknown to clients. */
void rate_table_init(struct rate_table *t, const struct siphash_key *key);

/*
 * Take a token from a client's bucket. Returns 0, or, when there was none,
 * how many were refused in a row, including this one.
 */
unsigned rate_take(struct rate_table *t, const struct rate_limit *limit,
    const struct sockaddr_storage *peer, struct monotime now);

#endif
