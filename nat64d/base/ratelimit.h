/*
 * The rate limit of ICMP errors that we originate (RFC 4443, 2.4(f);
 * RFC 1812, 4.3.2.8).
 */
#ifndef NAT64D_BASE_RATELIMIT_H
#define NAT64D_BASE_RATELIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bucket.h"
#include "common/monotime.h"
#include "common/siphash.h"

#define RATELIMIT_NDEST 256

/*
 * Token buckets: "all" for every error; "dest" for single destinations; and
 * "net" for their networks (an IPv6 /56, an IPv4 /24), with half of the rate
 * and burst of "all". A keyed hash selects the bucket in "dest" and in "net".
 * A host or a network that causes many errors thus cannot use up the tokens
 * of the others.
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

/* Use other rates from now on. */
void ratelimit_set_rates(struct ratelimit *r, struct bucket_rate all,
    struct bucket_rate per_dest);

/*
 * May an error be sent to this destination now? Takes a token from all three
 * of its buckets; when one is empty, returns false and takes none.
 *
 * dest: the address in network order, of len 4 or 16 bytes.
 */
bool ratelimit_allow(struct ratelimit *r, const void *dest, size_t len,
    struct monotime now);

#endif
