/*
 * The cache of upstreams' replies (RFC 1034, 5.3.2; RFC 2308). Replies are
 * kept as they were before synthesis, by the question that went upstream, so
 * all views share them whatever their prefixes. Pure: time and randomness are
 * arguments.
 *
 * An answer may depend on the name (without case), type, class, the bits DO,
 * CD, AD and Z and the client subnet: these are the key. RD is not in it,
 * since only replies to RD=1 are kept. NODATA is kept by type, NXDOMAIN
 * without CNAMEs by name (RFC 2308, 5). OPT and TSIG belong to one hop and
 * are not kept. A reply is not kept when it is truncated, has a TTL of 0, is
 * a denial without an SOA, or has names with pointers to TTLs.
 *
 * An entry has a reply, a failure to resolve (RFC 9520, 3.2), or both. Until
 * a failure has ended, upstreams are not asked. Consecutive failures of a
 * question double in length, up to a bound. A failure because no server was
 * reachable does not depend on the name, so it is always as short as the
 * first.
 *
 * Memory is bounded: all memory of an entry is counted, and the least recently
 * used ones are removed to make room. Expired entries are removed when a
 * lookup finds them; the table is never scanned.
 *
 * TTLs count down at full seconds of the clock, so that those of several
 * replies change at the same moment. The TTL of a reply that has not expired
 * is shown as at least 1.
 */
#ifndef DNS64D_CACHE_CACHE_H
#define DNS64D_CACHE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/rng.h"
#include "common/siphash.h"

#include "dns64d/cache/lru.h"
#include "dns64d/wire/msg.h"

#define CACHE_BYTES 33554432
#define CACHE_TTL_MAX 86400
#define CACHE_TTL_NEGATIVE 10800 /* RFC 2308, 5 */
#define CACHE_TTL_FAILURE 5	 /* RFC 9520, 3.2: 1 to 300 */
#define CACHE_TTL_FAILURE_MAX 300
#define CACHE_TTL_FAILURE_TOP 30 /* default of ttl_failure_max */
#define CACHE_TTL_STALE 86400	 /* RFC 8767, 5: 1 to 3 days */
#define CACHE_TTL_STALE_MAX 259200
#define CACHE_STALE_TTL 30    /* of records that are stale; RFC 8767, 4 */
#define CACHE_RECHECK_SECS 30 /* failure recheck timer; RFC 8767, 5 */
#define CACHE_PREFETCH_HITS 2

struct cache;
struct cache_entry;

/* What the configuration says; times in secs. */
struct cache_rules {
	size_t bytes; /* of all memory; 0: nothing is kept */
	uint32_t ttl_max;
	uint32_t ttl_negative;
	uint32_t ttl_failure;	  /* of the first of consecutive ones */
	uint32_t ttl_failure_max; /* of later ones, if above ttl_failure */
	uint32_t ttl_stale;	  /* after expiry, if serve_stale */
	bool serve_stale;
	bool prefetch;
	bool answers;	   /* use the packet cache: packet_cache.h */
	bool nxdomain_cut; /* NXDOMAIN denies what is below (RFC 8020, 2) */
};

void cache_rules_init(struct cache_rules *rules);

enum cache_verdict {
	CACHE_MISS,
	CACHE_FRESH,
	CACHE_STALE, /* expired: only if no upstream answers (RFC 8767) */
	CACHE_FAILED /* a failure: no upstream is to be asked */
};

/* The result of a lookup; valid until the next call with the same cache. */
struct cache_hit {
	enum cache_verdict verdict;
	bool recheck; /* CACHE_STALE: use it, do not ask an upstream */
	bool
	    prefetch; /* CACHE_FRESH: ask an upstream now, before it expires */
	bool replied; /* CACHE_FAILED: cache_write has a reply */
	/*
	 * CACHE_FAILED, and recheck: no server answered the question, which
	 * was last asked at asked_at. It may be asked again as soon as one of
	 * them has answered any query since.
	 */
	bool silence;
	struct monotime asked_at;
	size_t len; /* octets that cache_write needs */
	/*
	 * CACHE_FRESH: before this time, a lookup of the question finds the
	 * same reply, apart from TTLs, and needs no prefetch. It is now when
	 * that is not certain.
	 */
	struct monotime steady_until;

	/* Private to cache.c. */
	const struct cache_entry *entry;
	size_t below; /* octets of labels below the name of the entry */
};

/*
 * key: of the hash; clients must not know it.
 * Returns NULL with errno ENOMEM.
 */
struct cache *cache_new(const struct cache_rules *rules,
    const struct siphash_key *key);

void cache_free(struct cache *c);

/*
 * Close the cache: from now on nothing is found or kept. Freeing a large
 * cache takes long, so cache_free_some does it in steps.
 */
void cache_close(struct cache *c);

/*
 * Free up to max entries of a closed cache. Returns true while there are
 * more.
 */
bool cache_free_some(struct cache *c, unsigned max);

/*
 * Let entries take only rules.bytes - bytes from now on; the packet cache
 * uses the rest.
 */
void cache_reserve(struct cache *c, size_t bytes);

/*
 * Look up a question; what is found becomes the most recently used entry.
 * own_type: ignore NXDOMAIN that was the reply to a question of another type.
 */
void cache_find(struct cache *c, const struct msg_question *q, bool own_type,
    struct monotime now, struct cache_hit *hit);

/*
 * Write what cache_find has found as the reply to the same question, with
 * TTLs counted down (RFC 1035, 3.2.1) or, when stale, CACHE_STALE_TTL. It has
 * an OPT if it has extended errors or the scope of a subnet.
 *
 * buf: room for hit->len octets; reply is a view of it.
 * Returns 0, or -1 when a name cannot be moved (RFC 8020: the question may
 * have a longer name than the entry), or for a failure without a reply.
 */
int cache_write(const struct cache_hit *hit, const struct msg_question *q,
    struct monotime now, uint8_t *buf, struct msg_scan *reply);

/*
 * Keep the reply to a question if it may be kept. When memory is short it is
 * not.
 */
void cache_store(struct cache *c, const struct msg_question *q,
    const struct msg_scan *reply, struct monotime now, const struct rng *rng);

/*
 * Keep the failure of a question. reply: SERVFAIL or the like, or NULL when
 * no upstream replied. An earlier reply in the cache stays.
 */
void cache_store_failure(struct cache *c, const struct msg_question *q,
    const struct msg_scan *reply, struct monotime now);

/*
 * Keep the failure of a question for which no server was reachable; asked_at:
 * when it was asked last. An earlier reply in the cache stays.
 */
void cache_store_silence(struct cache *c, const struct msg_question *q,
    struct monotime asked_at, struct monotime now);

/*
 * Forget what was stored so far for a name, in wire form, and with below for
 * all names below it; the root with below is everything. Nothing of it is
 * found from now on. Replies in which a record of the name answers the question
 * for another one are forgotten as well.
 *
 * The memory is freed by cache_flush_some, which looks at up to max chains of
 * entries. It returns true while there are more.
 */
void cache_flush(struct cache *c, const uint8_t *name, bool below,
    struct monotime now);
bool cache_flush_some(struct cache *c, unsigned max);

void cache_count(const struct cache *c, struct lru_counts *out);

#endif
