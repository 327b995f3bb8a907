/*
 * What the tests of the cache share: one cache with a clock and random
 * numbers of our own, messages written and read by libldns.
 *
 *	put("www.example. A", 0, "NOERROR\nAN www.example. 60 A 192.0.2.1\n");
 *	get("www.example. A", 20)	the verdict after 20 seconds; text is
 *					the reply as dns_text_read has it
 */
#ifndef TESTS_CACHE_UTIL_H
#define TESTS_CACHE_UTIL_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dns64d/cache/cache.h"
#include "dns64d/wire/msg.h"
#include "tests/unit/dns_text.h"

#define WIRE_MAX 65536

static const struct monotime start = { .ns = INT64_C(5000000000000) };
static const struct siphash_key key = { { 1, 2, 3 } };
static struct cache_rules rules;
static struct cache *cache;
static struct cache_hit hit;
static char text[DNS_TEXT_MAX];

static inline uint32_t
next_random(void *arg)
{
	uint32_t *state = arg;

	*state = *state * 1664525 + 1013904223;
	return (*state >> 4 | *state << 28);
}

static uint32_t seed;
static const struct rng rng = { next_random, &seed };

static inline struct monotime
at(int64_t secs)
{
	return (monotime_add_secs(start, secs));
}

static inline void
renew(void)
{
	cache_free(cache);
	cache = cache_new(&rules, &key);
	ck_assert_ptr_nonnull(cache);
}

static inline void
setup(void)
{
	cache_rules_init(&rules);
	renew();
}

static inline void
teardown(void)
{
	cache_free(cache);
	cache = NULL;
}

/* of: "www.example. AAAA". The question has RD=1. */
static inline struct msg_question
question(const char *of)
{
	static uint8_t wire[WIRE_MAX];
	struct msg_question q;
	struct msg_scan scan;
	char query[1100];
	size_t len;

	snprintf(query, sizeof(query), "NOERROR rd\n%s\n", of);
	len = dns_text_write(query, 1, false, wire);
	ck_assert_int_eq(msg_scan(wire, len, &scan), MSG_SCAN_OK);
	msg_question_from(&scan, &q);
	return (q);
}

/* A reply from text behind the question; in a buffer of its own. */
static inline struct msg_scan
reply_to(const struct msg_question *q, const char *rest)
{
	static uint8_t wire[WIRE_MAX];
	static char whole[DNS_TEXT_MAX];
	const char *records = strchr(rest, '\n') + 1;
	struct msg_scan reply;
	char name[1100];
	uint8_t query[MSG_QUERY_MAX];
	size_t len;

	len = msg_write_query(q, 1, false, query);
	dns_text_read(query, len, name);
	*strrchr(name, '\n') = '\0';
	snprintf(whole, sizeof(whole), "%.*s\n%s\n%s",
	    (int)(records - 1 - rest), rest, strrchr(name, '\n') + 1, records);
	len = dns_text_write(whole, 4711, true, wire);
	ck_assert_int_eq(msg_scan(wire, len, &reply), MSG_SCAN_OK);
	return (reply);
}

static inline void
store(const struct msg_question *q, int64_t secs, const char *rest)
{
	struct msg_scan reply = reply_to(q, rest);

	cache_store(cache, q, &reply, at(secs), &rng);
}

static inline void
put(const char *of, int64_t secs, const char *rest)
{
	struct msg_question q = question(of);

	store(&q, secs, rest);
}

static inline void
put_failure(const char *of, int64_t secs, const char *rest)
{
	struct msg_question q = question(of);
	struct msg_scan reply;

	if (rest != NULL)
		reply = reply_to(&q, rest);
	cache_store_failure(cache, &q, rest != NULL ? &reply : NULL, at(secs));
}

static inline enum cache_verdict
find(const struct msg_question *q, int64_t secs)
{
	static uint8_t wire[WIRE_MAX];
	struct msg_scan reply;

	text[0] = '\0';
	cache_find(cache, q, false, at(secs), &hit);
	if (hit.verdict == CACHE_MISS || !hit.replied)
		return (hit.verdict);
	ck_assert_int_eq(cache_write(&hit, q, at(secs), wire, &reply), 0);
	ck_assert_uint_le(reply.len, hit.len);
	ck_assert_uint_eq(reply.id, 0);
	ck_assert(msg_is_reply_to(&reply, q, 0));
	dns_text_read(wire, reply.len, text);
	return (hit.verdict);
}

static inline enum cache_verdict
get(const char *of, int64_t secs)
{
	struct msg_question q = question(of);

	return (find(&q, secs));
}

#endif
