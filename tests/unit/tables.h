/*
 * What the tests of the tables share: addresses, points in time, random
 * numbers that are the same in every run.
 */
#ifndef TESTS_UNIT_TABLES_H
#define TESTS_UNIT_TABLES_H

#include <arpa/inet.h>

#include <check.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/monotime.h"
#include "common/rng.h"
#include "nat64d/base/tuple.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static inline struct in_addr
ip4(const char *text)
{
	struct in_addr addr;

	ck_assert_int_eq(inet_pton(AF_INET, text, &addr), 1);
	return (addr);
}

static inline struct in6_addr
ip6(const char *text)
{
	struct in6_addr addr;

	ck_assert_int_eq(inet_pton(AF_INET6, text, &addr), 1);
	return (addr);
}

static inline struct taddr4
ta4(const char *text, uint16_t port)
{
	return ((struct taddr4){ .addr = ip4(text), .port = port });
}

static inline struct taddr6
ta6(const char *text, uint16_t port)
{
	return ((struct taddr6){ .addr = ip6(text), .port = port });
}

static inline struct monotime
at(int64_t secs)
{
	return ((struct monotime){ .ns = secs * 1000000000 });
}

/* A generator with a seed (splitmix64), which counts what it gives. */
struct seeded {
	uint64_t state;
	unsigned long n_calls;
};

static inline uint32_t
seeded_next(void *arg)
{
	struct seeded *s = arg;
	uint64_t z;

	s->n_calls++;
	z = s->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return ((uint32_t)(z >> 32));
}

static inline struct rng
seeded_rng(struct seeded *s, uint64_t seed)
{
	s->state = seed;
	s->n_calls = 0;
	return ((struct rng){ .next = seeded_next, .arg = s });
}

/* Pearson's sum: how far counts are from all being alike. */
static inline double
chi_square(const unsigned *counts, size_t n)
{
	double expected, sum = 0, total = 0;
	size_t i;

	for (i = 0; i < n; i++)
		total += counts[i];
	expected = total / (double)n;
	for (i = 0; i < n; i++)
		sum +=
		    (counts[i] - expected) * (counts[i] - expected) / expected;
	return (sum);
}

#endif
