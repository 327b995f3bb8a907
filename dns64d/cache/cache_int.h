/*
 * Private to cache.c, which has the table of entries, and cache_wire.c, which
 * reads and writes the messages in them.
 */
#ifndef DNS64D_CACHE_CACHE_INT_H
#define DNS64D_CACHE_CACHE_INT_H

#include "cache.h"
#include "lru.h"

/* Written by begin_failure() and its callers only. */
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
 * An entry has a reply, a failure, or both. The states of its reply:
 *
 * none      wire_len is 0: it was made for a failure. cache_store() for the
 *           same key replaces the entry by a new one, whose reply is fresh.
 * fresh     Until cache_expires_at(). Then it is expired.
 * expired   Used as CACHE_STALE only. cache_store() replaces the entry. After
 *           ttl_stale the reply is of no use.
 *
 * The states of its failure:
 *
 * none      failure is NULL. get_failing() leads out, to failing.
 * failing   Until failure->until. Upstreams are not asked, unless silence is
 *           set (struct cache_hit).
 * over      Until is_failure_forgotten(). A new failure leads to failing, for
 *           twice the time unless silence is set.
 * forgotten Then. A new failure leads to failing, for the initial time.
 *
 * find_key() frees an entry that is found when neither is of any use, and
 * lru_make_room() frees it in any state. Only failure and hits change after
 * the entry was inserted. There may be millions of entries, hence the short
 * members.
 */
struct cache_entry {
	struct lru_link link;	       /* first */
	struct cache_failure *failure; /* owned, NULL: none */
	struct monotime stored_at;     /* when the entry was made */
	uint32_t life_secs;
	uint32_t ttl_cap; /* secs: upper bound of all TTLs */
	uint32_t hash;
	uint16_t prefetch_permille; /* of life_secs, after which to prefetch */
	uint16_t type; /* of the question; the key of NXDOMAIN has none */
	uint16_t key_len;
	uint16_t wire_len;
	uint8_t hits;	/* up to CACHE_PREFETCH_HITS */
	bool has_scope; /* the question had a client subnet */
	uint8_t scope;
	uint8_t data[]; /* the key, then the reply */
};

static inline struct monotime
cache_expires_at(const struct cache_entry *e)
{
	return (monotime_add_secs(e->stored_at, e->life_secs));
}

/* The offset of SCOPE PREFIX-LENGTH in an ECS option (RFC 7871, 6). */
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
