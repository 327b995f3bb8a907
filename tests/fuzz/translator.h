/*
 * A small translator for fuzz targets: it sends nothing, and has little room.
 */
#ifndef TESTS_FUZZ_TRANSLATOR_H
#define TESTS_FUZZ_TRANSLATOR_H

#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "nat64d/core/nat64.h"

#define FUZZ_MAX_SESSIONS 64

static inline uint32_t
fuzz_random(void *arg)
{
	uint32_t *state = arg;

	return (*state = *state * 1664525 + 1013904223);
}

static inline void
fuzz_emit(void *arg, struct pkt *p)
{
	(void)arg;
	(void)p;
}

/* The configuration, which the caller may change. It refers to pool. */
static inline void
fuzz_config(struct nat64_config *c, struct pool4_range *pool)
{
	*pool = (struct pool4_range){ .first = { htonl(0xcb007105) },
		.last = { htonl(0xcb007106) },
		.ports = { { 1024, 2047 }, { 1024, 2047 }, { 0, 65535 } } };
	nat64_config_init(c);
	memcpy(&c->prefixes[0].addr, "\x20\x01\x0d\xb8\0\x64", 6);
	c->prefixes[0].len = 96;
	c->n_prefixes = 1;
	c->pool = pool;
	c->n_pool = 1;
	c->max_sessions = c->max_bindings = FUZZ_MAX_SESSIONS;
}

static inline struct nat64 *
fuzz_translator(const struct nat64_config *c, struct monotime now)
{
	static uint32_t seed = 1;
	const struct rng rng = { .next = fuzz_random, .arg = &seed };
	const struct nat64_sink sink = { .emit = fuzz_emit };
	struct nat64 *n;

	n = nat64_new(c, &sink, &rng, now);
	if (n == NULL)
		abort();
	return (n);
}

#endif
