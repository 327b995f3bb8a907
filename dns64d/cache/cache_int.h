/*
 * Private to cache.c, which has the table of entries, and cache_wire.c, which
 * reads and writes the messages in them.
 */
#ifndef DNS64D_CACHE_CACHE_INT_H
#define DNS64D_CACHE_CACHE_INT_H

#include "cache.h"
#include "lru.h"

struct cache_failure {
	struct monotime until;
	uint32_t secs;		  /* its length, without the recheck timer */
	struct monotime asked_at; /* valid with silence */
	bool silence;		  /* no server was reachable */
	bool replied;		  /* an upstream replied with rcode and ede */
	bool bogus;		  /* which mean failed DNSSEC validation */
	uint16_t rcode;
	struct ede_set ede;
};

/*
 * Invariant: an entry has a reply (wire_len > 0), a failure, or both. There
 * may be millions of entries, hence the short fields.
 */
struct cache_entry {
	struct lru_link link;	       /* first */
	struct cache_failure *failure; /* owned, NULL: none */
	struct monotime stored_at;     /* from here on: of the reply */
	uint32_t life_secs;
	uint32_t ttl_cap; /* secs: upper bound of all TTLs */
	uint32_t hash;
	uint16_t prefetch_permille; /* of life_secs, then prefetch is due */
	uint16_t type; /* of its question; not always in the key */
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
 * Copy a reply without its id, OPT and TSIG. buf: room for cache_copy_size.
 * Returns this length, or 0 when a name depends on the OPT.
 */
size_t cache_copy_size(const struct msg_scan *reply);
size_t cache_copy_reply(const struct msg_scan *reply, uint8_t *buf);

/* The octets that cache_write needs for what is in hit so far. */
size_t cache_write_size(const struct cache_hit *hit,
    const struct msg_question *q);

/* The INFO-CODEs of a reply (RFC 8914, 2). */
void cache_read_ede(const struct msg_scan *reply, struct ede_set *out);

#endif
