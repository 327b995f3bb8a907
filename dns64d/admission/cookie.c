#include <netinet/in.h>

#include <string.h>

#include "cookie.h"
#include "dns64d/wire/wire.h"

#define VERSION 1
#define OFF_VERSION 8
#define OFF_TIME 12
#define OFF_HASH 16
#define HASH_LEN 8

/* The hash in the order of SipHash output, low octet first (RFC 9018, 4.4). */
static void
make_hash(const struct siphash_key *secret, const uint8_t *cookie,
    const struct sockaddr_storage *peer, uint8_t *out)
{
	const struct sockaddr_in *sin = (const void *)peer;
	const struct sockaddr_in6 *sin6 = (const void *)peer;
	uint8_t input[OFF_HASH + sizeof(sin6->sin6_addr)];
	size_t len = OFF_HASH, i;
	uint64_t hash;

	memcpy(input, cookie, OFF_HASH);
	if (peer->ss_family == AF_INET) {
		memcpy(input + len, &sin->sin_addr, sizeof(sin->sin_addr));
		len += sizeof(sin->sin_addr);
	} else {
		memcpy(input + len, &sin6->sin6_addr, sizeof(sin6->sin6_addr));
		len += sizeof(sin6->sin6_addr);
	}
	hash = siphash24(secret, input, len);
	for (i = 0; i < HASH_LEN; i++)
		out[i] = (uint8_t)(hash >> 8 * i);
}

void
cookie_make(const struct siphash_key *secret, const uint8_t *client,
    const struct sockaddr_storage *peer, uint32_t now, uint8_t *out)
{
	memcpy(out, client, OFF_VERSION);
	out[OFF_VERSION] = VERSION;
	memset(out + OFF_VERSION + 1, 0, OFF_TIME - OFF_VERSION - 1);
	put32(out + OFF_TIME, now);
	make_hash(secret, out, peer, out + OFF_HASH);
}

/* In constant time, so that a forger cannot find the hash octet by octet. */
static bool
hash_is_good(const struct siphash_key *secret, const uint8_t *cookie,
    const struct sockaddr_storage *peer)
{
	uint8_t hash[HASH_LEN], diff = 0;
	size_t i;

	make_hash(secret, cookie, peer, hash);
	for (i = 0; i < HASH_LEN; i++)
		diff |= hash[i] ^ cookie[OFF_HASH + i];
	return (diff == 0);
}

enum cookie_verdict
cookie_check(const struct siphash_key *secrets, size_t n,
    const uint8_t *cookie, size_t len, const struct sockaddr_storage *peer,
    uint32_t now)
{
	int32_t age;
	size_t i;

	if (len <= OFF_VERSION)
		return (COOKIE_NONE);
	if (len != COOKIE_LEN || cookie[OFF_VERSION] != VERSION)
		return (COOKIE_BAD);
	age = (int32_t)(now - get32(cookie + OFF_TIME));
	if (age > COOKIE_PAST_SECS || age < -COOKIE_FUTURE_SECS)
		return (COOKIE_BAD);
	for (i = 0; i < n && !hash_is_good(&secrets[i], cookie, peer); i++)
		continue;
	if (i == n)
		return (COOKIE_BAD);
	/* The cookie of an old secret is replaced before that secret ends. */
	return (i > 0 || age > COOKIE_RENEW_SECS ? COOKIE_RENEW : COOKIE_GOOD);
}
