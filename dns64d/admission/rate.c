#include <netinet/in.h>

#include <string.h>

#include "common/net/addr.h"

#include "rate.h"

/* Copy the octets of a prefix. Returns how many. */
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

void
rate_table_init(struct rate_table *t, const struct siphash_key *key)
{
	size_t i;

	t->key = *key;
	for (i = 0; i < RATE_BUCKETS; i++) {
		bucket_init_full(&t->bucket[i].tokens);
		t->bucket[i].n_refused = 0;
	}
}

unsigned
rate_take(struct rate_table *t, const struct rate_limit *limit,
    const struct sockaddr_storage *peer, struct monotime now)
{
	const struct bucket_rate rate = { limit->per_sec, limit->per_sec };
	struct rate_bucket *b = find_bucket(t, limit, peer);

	if (!bucket_take(&b->tokens, rate, now))
		return (++b->n_refused);
	b->n_refused = 0;
	return (0);
}
