/*
 * Token buckets. Owns the arithmetic of time and tokens; knows nothing of
 * the packets that take them.
 */
#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "ratelimit.h"

/*
 * The level counts billionths of a token: in a nanosecond at n tokens per
 * second it grows by n. The arithmetic is exact, so frequent calls lose
 * nothing to rounding.
 */
#define TOKEN UINT64_C(1000000000)

/* Bytes of an address that are its network: an IPv6 /56, an IPv4 /24. */
#define NET6_BYTES 7
#define NET4_BYTES 3

static uint64_t
full(struct bucket_rate rate)
{
	return (rate.burst * TOKEN);
}

/* Bring the level up to date; true when there is a token. */
static bool
refill(struct bucket *b, struct bucket_rate rate, struct monotime now)
{
	uint64_t elapsed, missing;

	if (rate.per_sec == 0)
		return (false);
	missing = b->level < full(rate) ? full(rate) - b->level : 0;
	elapsed = now.ns > b->since.ns ? (uint64_t)(now.ns - b->since.ns) : 0;
	/* Divide first: the product overflows after a long time. */
	if (elapsed > missing / rate.per_sec)
		b->level = full(rate);
	else
		b->level += elapsed * rate.per_sec;
	b->since = now;
	return (b->level >= TOKEN);
}

void
bucket_init(struct bucket *b, struct bucket_rate rate, struct monotime now)
{
	b->level = full(rate);
	b->since = now;
}

bool
bucket_take(struct bucket *b, struct bucket_rate rate, struct monotime now)
{
	if (!refill(b, rate, now))
		return (false);
	b->level -= TOKEN;
	return (true);
}

void
ratelimit_init(struct ratelimit *r, const struct siphash_key *key,
    struct bucket_rate all, struct bucket_rate per_dest, struct monotime now)
{
	unsigned i;

	r->key = *key;
	r->rate = all;
	r->rate_dest = per_dest;
	r->rate_net.per_sec = all.per_sec - all.per_sec / 2;
	r->rate_net.burst = all.burst - all.burst / 2;
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
	if (!refill(b, r->rate_dest, now) || !refill(net, r->rate_net, now) ||
	    !refill(&r->all, r->rate, now))
		return (false);
	b->level -= TOKEN;
	net->level -= TOKEN;
	r->all.level -= TOKEN;
	return (true);
}
