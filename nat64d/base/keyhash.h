/*
 * The hash function of the tables: NH (RFC 4418, 5.2.2) with secret keys,
 * multiplied by a secret odd number. An attacker who does not know the keys
 * cannot choose addresses and ports that collide more often than random
 * ones; keys that do collide are in a red-black tree. It is computed for
 * every packet, so it is faster than SipHash.
 *
 * The argument "use" separates kinds of keys that share a table: protocol,
 * family, kind of key.
 */
#ifndef NAT64D_BASE_KEYHASH_H
#define NAT64D_BASE_KEYHASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/siphash.h"

#include "tuple.h"

#define KEYHASH_NKEYS 8

struct keyhash {
	uint64_t spread; /* odd */
	uint32_t keys[KEYHASH_NKEYS];
};

void keyhash_init(struct keyhash *h, const struct siphash_key *secret);

/*
 * Size of a hash table for n entries: the number of bits by which a hash is
 * shifted to the right to get an index. The number of buckets is the lowest
 * power of two that is at least n, but not below 2 nor above 2^max_bits.
 */
unsigned keyhash_shift(size_t n, unsigned max_bits);

/* The number of buckets for a shift. */
static inline size_t
keyhash_n_buckets(unsigned shift)
{
	return ((size_t)1 << (64 - shift));
}

static inline uint32_t
keyhash_load(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return (v);
}

/* One step of NH: two words of the message with keys i and i + 1. */
static inline uint64_t
keyhash_step(const struct keyhash *h, unsigned i, uint32_t a, uint32_t b)
{
	return ((uint64_t)(a + h->keys[i]) * (b + h->keys[i + 1]));
}

static inline uint64_t
keyhash_steps6(const struct keyhash *h, const struct in6_addr *a)
{
	const uint8_t *p = a->s6_addr;

	return (keyhash_step(h, 0, keyhash_load(p), keyhash_load(p + 4)) +
	    keyhash_step(h, 2, keyhash_load(p + 8), keyhash_load(p + 12)));
}

/*
 * The upper bits of the product depend on all bits of the sum: indexes are
 * taken from there.
 */
static inline uint64_t
keyhash_mix(const struct keyhash *h, uint64_t sum)
{
	return ((sum ^ sum >> 32) * h->spread);
}

/* The hash of an IPv6 address. */
static inline uint64_t
keyhash_addr6(const struct keyhash *h, const struct in6_addr *a)
{
	return (keyhash_mix(h, keyhash_steps6(h, a)));
}

/* The hash of a transport address. */
static inline uint64_t
keyhash_taddr6(const struct keyhash *h, const struct taddr6 *a, uint32_t use)
{
	return (keyhash_mix(h,
	    keyhash_steps6(h, &a->addr) + keyhash_step(h, 6, a->port, use)));
}

static inline uint64_t
keyhash_taddr4(const struct keyhash *h, const struct taddr4 *a, uint32_t use)
{
	return (keyhash_mix(h,
	    keyhash_step(h, 4, a->addr.s_addr, a->port) +
		keyhash_step(h, 6, 0, use)));
}

/* The hash of a transport address and its peer. */
static inline uint64_t
keyhash_flow6(const struct keyhash *h, const struct taddr6 *a,
    const struct taddr4 *peer, uint32_t use)
{
	return (keyhash_mix(h,
	    keyhash_steps6(h, &a->addr) +
		keyhash_step(h, 4, peer->addr.s_addr,
		    (uint32_t)a->port << 16 | peer->port) +
		keyhash_step(h, 6, 0, use)));
}

static inline uint64_t
keyhash_flow4(const struct keyhash *h, const struct taddr4 *a,
    const struct taddr4 *peer, uint32_t use)
{
	return (keyhash_mix(h,
	    keyhash_step(h, 4, a->addr.s_addr, peer->addr.s_addr) +
		keyhash_step(h, 6, (uint32_t)a->port << 16 | peer->port,
		    use)));
}

/* The hash of two addresses. */
static inline uint64_t
keyhash_addrs4(const struct keyhash *h, struct in_addr a, struct in_addr b,
    uint32_t use)
{
	return (keyhash_mix(h,
	    keyhash_step(h, 4, a.s_addr, b.s_addr) +
		keyhash_step(h, 6, 0, use)));
}

#endif
