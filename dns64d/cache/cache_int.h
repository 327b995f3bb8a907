/*
 * Private to cache*.c: an entry, and what its octets are made of.
 * cache.c owns the table, cache_wire.c the messages in it.
 */
#ifndef DNS64D_CACHE_CACHE_INT_H
#define DNS64D_CACHE_CACHE_INT_H

#include <sys/queue.h>

#include "cache.h"

struct cache_failure {
	struct monotime until;
	uint32_t secs;		  /* how long it lasts, recheck timer apart */
	struct monotime asked_at; /* of silence alone */
	bool silence;		  /* no server was there */
	bool replied;		  /* there was a reply, with this rcode */
	bool bogus;		  /* and it told of failed DNSSEC validation */
	uint16_t rcode;
	struct ede_set ede;
};

/*
 * Invariant: a reply (wire_len > 0), a failure, or both. There are millions
 * of them, hence the short fields.
 */
struct cache_entry {
	LIST_ENTRY(cache_entry) chain;
	TAILQ_ENTRY(cache_entry) lru;
	struct cache_failure *failure; /* owned, NULL: none */
	struct monotime stored_at; /* this and the next ones: of the reply */
	uint32_t life_secs;
	uint32_t ttl_cap; /* secs: no record has had more */
	uint32_t hash;
	uint16_t prefetch_permille; /* of its life, then it is due */
	uint16_t type;		    /* of its question; the key may hide it */
	uint16_t key_len;
	uint16_t wire_len;
	uint8_t hits;	/* up to CACHE_PREFETCH_HITS */
	bool has_scope; /* it came with a client subnet */
	uint8_t scope;
	uint8_t data[]; /* the key, then the reply */
};

static inline struct monotime
cache_expires_at(const struct cache_entry *e)
{
	return (monotime_add_secs(e->stored_at, e->life_secs));
}

/* Where the scope stands in an ECS option (RFC 7871, 6). */
#define CACHE_SCOPE_OFFSET 3

/*
 * Copy a reply without OPT, TSIG and what was of one exchange. buf: room for
 * cache_copy_size. Returns this length, or 0 when that cannot be done.
 */
size_t cache_copy_size(const struct msg_scan *reply);
size_t cache_copy_reply(const struct msg_scan *reply, uint8_t *buf);

/* The octets that cache_write needs for what is in hit so far. */
size_t cache_write_size(const struct cache_hit *hit,
    const struct msg_question *q);

/* The INFO-CODEs of a reply (RFC 8914, 2). */
void cache_read_ede(const struct msg_scan *reply, struct ede_set *out);

#endif
