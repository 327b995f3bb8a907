/*
 * What the tests of pool4.c share: a pool whose first address is 192.0.2.1,
 * and one client.
 */
#ifndef TESTS_UNIT_POOL4_UTIL_H
#define TESTS_UNIT_POOL4_UTIL_H

#include <check.h>
#include <stdint.h>

#include "nat64d/pool/pool4.h"
#include "tests/unit/tables.h"

/* Initialises struct pool4_range.ports: the same for all protocols. */
#define PORTS(a, b)                 \
	{                           \
		{ a, b }, { a, b }, \
		{                   \
			a, b        \
		}                   \
	}

static struct seeded seeded;
static struct rng rng;
static struct pool4 *pool;
static struct in6_addr client;
static struct in_addr first;

static inline void
setup(void)
{
	rng = seeded_rng(&seeded, 1);
	client = ip6("2001:db8::1");
	first = ip4("192.0.2.1");
}

static inline void
teardown(void)
{
	pool4_free(pool);
	pool = NULL;
}

static inline int32_t
alloc(enum l4proto proto, uint32_t index, uint16_t x, int64_t secs)
{
	const struct taddr6 owner = { .addr = client, .port = x };

	return (pool4_alloc(pool, proto, index, &owner, &rng, at(secs)));
}

static inline void
release(enum l4proto proto, uint16_t t, uint16_t x, int64_t secs)
{
	const struct taddr4 out = { .addr = first, .port = t };
	const struct taddr6 owner = { .addr = client, .port = x };

	pool4_release(pool, proto, &out, &owner, at(secs));
}

static inline enum pool4_state
state(enum l4proto proto, uint16_t t)
{
	const struct taddr4 out = { .addr = first, .port = t };

	return (pool4_port_state(pool, proto, &out));
}

/* Make the pool anew, of one range. */
static inline void
new_pool(const struct pool4_range *r, const struct pool4_opts *opts)
{
	ck_assert_ptr_null(pool4_check(r, 1));
	pool4_free(pool);
	pool = pool4_new(r, 1, opts);
	ck_assert_ptr_nonnull(pool);
}

#endif
