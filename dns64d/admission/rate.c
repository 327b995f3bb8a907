/*
 * Token buckets by client prefix. Owns the table; refuses to know what
 * happens to whom it refuses.
 */
#include <netinet/in.h>

#include <string.h>

#include "common/net/addr.h"

#include "rate.h"

#define SECOND_NS INT64_C(1000000000)

/* Those octets of an address that have bits of its prefix. */
static size_t
copy_prefix(const void *addr, unsigned bits, uint8_t *out)
{
	const size_t n = (bits + 7) / 8;

	memcpy(out, addr, n);
	addr_clear_host(out, n, bits);
	return (n);
}

static struct rate_bucket *
find_bucket(struct rate_table *t, const struct rate_limit *limit,
    const struct sockaddr_storage *peer)
{
	const struct sockaddr_in *sin = (const void *)peer;
	const struct sockaddr_in6 *sin6 = (const void *)peer;
	uint8_t input[1 + sizeof(sin6->sin6_addr)];
	size_t n;

	input[0] = (uint8_t)peer->ss_family;
	if (peer->ss_family == AF_INET)
		n = copy_prefix(&sin->sin_addr, limit->prefix4, input + 1);
	else
		n = copy_prefix(&sin6->sin6_addr, limit->prefix6, input + 1);
	return (&t->bucket[siphash24(&t->key, input, 1 + n) % RATE_BUCKETS]);
}

/*
 * A bucket is the time at which it will be full: a token taken puts it off
 * by the time that a new one needs, and it may lie a second ahead.
 */
unsigned
rate_take(struct rate_table *t, const struct rate_limit *limit,
    const struct sockaddr_storage *peer, struct monotime now)
{
	struct rate_bucket *b = find_bucket(t, limit, peer);
	int64_t full_at = b->full_at_ns > now.ns ? b->full_at_ns : now.ns;

	full_at += SECOND_NS / limit->per_sec;
	if (full_at - now.ns > SECOND_NS)
		return (++b->n_refused);
	b->full_at_ns = full_at;
	b->n_refused = 0;
	return (0);
}
