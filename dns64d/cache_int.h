/*
 * Private to cache*.c: an entry, and what its octets are made of.
 * cache.c owns the table, cache_wire.c the messages in it.
 */
#ifndef DNS64D_CACHE_INT_H
#define DNS64D_CACHE_INT_H

#include <sys/queue.h>

#include "cache.h"

/* Invariant: a reply (wire_len > 0), a failure (fail_secs > 0), or both. */
struct cache_entry {
	LIST_ENTRY(cache_entry) chain;
	TAILQ_ENTRY(cache_entry) lru;
	uint64_t hash;
	size_t size; /* all that it occupies */

	struct monotime stored_at; /* these of the reply */
	struct monotime expires_at;
	struct monotime prefetch_at;
	uint32_t ttl_cap; /* secs: no record has had more */
	unsigned hits;
	uint16_t type;  /* of its question; the key may hide it */
	bool has_scope; /* it came with a client subnet */
	uint8_t scope;

	struct monotime failed_until;
	uint32_t fail_secs; /* how long it lasts, recheck timer apart */
	bool fail_replied;  /* there was a reply, with this rcode */
	bool fail_bogus;    /* and it told of failed DNSSEC validation */
	unsigned fail_rcode;
	struct ede_set fail_ede;

	size_t key_len;
	size_t wire_len;
	uint8_t data[]; /* the key, then the reply */
};

/* Where the scope stands in an ECS option (RFC 7871, 6). */
#define CACHE_SCOPE_OFFSET 3

/*
 * Copy a reply without OPT, TSIG and what was of one exchange. buf: room for
 * reply->len. Returns the length, or 0 when that cannot be done.
 */
size_t cache_copy_reply(const struct msg_scan *reply, uint8_t *buf);

/* The octets that cache_write needs for what is in hit so far. */
size_t cache_write_size(const struct cache_hit *hit,
    const struct msg_question *q);

/* The INFO-CODEs of a reply (RFC 8914, 2). */
void cache_read_ede(const struct msg_scan *reply, struct ede_set *out);

#endif
