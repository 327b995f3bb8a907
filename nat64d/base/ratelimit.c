#include <netinet/in.h>

#include "ratelimit.h"

/* Bytes of the prefix that is one network: an IPv6 /56, an IPv4 /24. */
#define NET6_BYTES 7
#define NET4_BYTES 3

void
ratelimit_set_rates(struct ratelimit *r, struct bucket_rate all,
    struct bucket_rate per_dest)
{
	r->rate = all;
	r->rate_dest = per_dest;
	r->rate_net.per_sec = all.per_sec - all.per_sec / 2;
	r->rate_net.burst = all.burst - all.burst / 2;
}

void
ratelimit_init(struct ratelimit *r, const struct siphash_key *key,
    struct bucket_rate all, struct bucket_rate per_dest, struct monotime now)
{
	unsigned i;

	r->key = *key;
	ratelimit_set_rates(r, all, per_dest);
	bucket_init(&r->all, all, now);
	for (i = 0; i < RATELIMIT_NDEST; i++) {
		bucket_init(&r->dest[i], per_dest, now);
		bucket_init(&r->net[i], r->rate_net, now);
	}
}

bool
ratelimit_allow(struct ratelimit *r, const void *dest, size_t len,
    struct monotime now)
{
	const size_t net_len =
	    len == sizeof(struct in6_addr) ? NET6_BYTES : NET4_BYTES;
	struct bucket *b, *net;

	b = &r->dest[siphash24(&r->key, dest, len) % RATELIMIT_NDEST];
	net = &r->net[siphash24(&r->key, dest, net_len) % RATELIMIT_NDEST];
	return (bucket_has_token(b, r->rate_dest, now) &&
	    bucket_has_token(net, r->rate_net, now) &&
	    bucket_take(&r->all, r->rate, now) &&
	    bucket_take(net, r->rate_net, now) &&
	    bucket_take(b, r->rate_dest, now));
}
