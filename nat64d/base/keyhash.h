/*
 * The hash of the tables: NH (RFC 4418, 5.2.2) with secret keys, mixed by a
 * secret odd factor. Who does not know the keys cannot choose addresses and
 * ports that meet more often than others do (LIM-05); and where they do
 * meet there is a red-black tree behind it. Fast, for every packet pays.
 *
 * "use" keeps apart what must not meet: protocol, family, kind of key.
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
 * By how much a hash is shifted to the right to choose one of so many places
 * that there is about one for each of n things: two, or up to 2^max_bits.
 */
unsigned keyhash_shift(size_t n, unsigned max_bits);

/* The number of places. */
static inline size_t
keyhash_nplaces(unsigned shift)
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

/* One step of NH: two words of the message, two keys. */
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

/* The upper bits of the product depend on all bits of the sum. */
static inline uint64_t
keyhash_mix(const struct keyhash *h, uint64_t sum)
{
	return ((sum ^ sum >> 32) * h->spread);
}

/* 64 bits of an IPv6 address. The upper ones are the best, as below. */
static inline uint64_t
keyhash_addr6(const struct keyhash *h, const struct in6_addr *a)
{
	return (keyhash_mix(h, keyhash_steps6(h, a)));
}

/*
 * 64 bits of an IPv6 address and a port, of an IPv4 address and a port, of
 * either with a peer.
 */
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

/* The same of two addresses. */
static inline uint64_t
keyhash_addrs4(const struct keyhash *h, struct in_addr a, struct in_addr b,
    uint32_t use)
{
	return (keyhash_mix(h,
	    keyhash_step(h, 4, a.s_addr, b.s_addr) +
		keyhash_step(h, 6, 0, use)));
}

#endif
