/*
 * Token buckets, and the limit on ICMP errors that we originate (ERR-20;
 * RFC 4443, 2.4(f); RFC 1812, 4.3.2.8).
 */
#ifndef NAT64D_BASE_RATELIMIT_H
#define NAT64D_BASE_RATELIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/siphash.h"

struct bucket {
	uint64_t level;	       /* tokens times 10^9 */
	struct monotime since; /* when level was right */
};

/* Tokens per second, and how many may be saved up. A rate of 0 refuses. */
struct bucket_rate {
	uint32_t per_sec;
	uint32_t burst;
};

/* A full bucket. */
void bucket_init(struct bucket *b, struct bucket_rate rate,
    struct monotime now);

/* Take one token; false when there is none. */
bool bucket_take(struct bucket *b, struct bucket_rate rate,
    struct monotime now);

#define RATELIMIT_NDEST 256

/*
 * A bucket for all, one per hashed destination, and one of half the rate of
 * all per hashed network: an IPv6 /56, an IPv4 /24. So neither a host nor a
 * network that asks for errors can use up those of others.
 */
struct ratelimit {
	struct siphash_key key;
	struct bucket_rate rate;
	struct bucket_rate rate_dest;
	struct bucket_rate rate_net;
	struct bucket all;
	struct bucket dest[RATELIMIT_NDEST];
	struct bucket net[RATELIMIT_NDEST];
};

void ratelimit_init(struct ratelimit *r, const struct siphash_key *key,
    struct bucket_rate all, struct bucket_rate per_dest, struct monotime now);

/*
 * May an error go to this destination (its 4 or 16 bytes) now? Takes the
 * tokens when it may; a refusal by one bucket takes none from the other.
 */
bool ratelimit_allow(struct ratelimit *r, const void *dest, size_t len,
    struct monotime now);

#endif
