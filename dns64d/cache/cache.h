/*
 * What upstreams answered, until it expires (RFC 1034, 5.3.2; RFC 2308).
 * Holds replies as they were before synthesis, by the question that went
 * upstream, so that all views share them whatever their prefixes. Pure: time
 * and randomness are arguments.
 *
 * The key is name without case, type, class, the bits DO, CD, AD and Z and
 * the client subnet, for an answer may depend on all of them; not RD, since
 * only answers to RD=1 are kept. NODATA is kept by type, NXDOMAIN without a
 * chain by name (RFC 2308, 5). OPT and TSIG are of the hop and are not kept;
 * nor is what is truncated, has no TTL, denies without an SOA, or has names
 * that would change with the TTLs.
 *
 * Beside or in place of a reply stands the memory of a failure (RFC 9520,
 * 3.2): no upstream is to be asked before it has passed, and each one in a
 * row lasts twice as long as the last, up to a bound. What failed because no
 * server was there has another cause than the name, and ends with it: it is
 * always as short as the first.
 *
 * Memory is bounded: entries are counted with all that they occupy, and the
 * one that was not used for the longest time makes room. Whether an entry
 * has expired is seen when it is asked for; nothing ever scans the table.
 *
 * TTLs count down at the full seconds of the clock, so that those of several
 * replies do at the same moment. What lives shows one second at least.
 */
#ifndef DNS64D_CACHE_CACHE_H
#define DNS64D_CACHE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/rng.h"
#include "common/siphash.h"

#include "dns64d/wire/msg.h"

#define CACHE_BYTES 33554432
#define CACHE_TTL_MAX 86400
#define CACHE_TTL_NEGATIVE 10800 /* RFC 2308, 5 */
#define CACHE_TTL_FAILURE 5	 /* RFC 9520, 3.2: 1 to 300 */
#define CACHE_TTL_FAILURE_MAX 300
#define CACHE_TTL_FAILURE_TOP 30 /* of the last one in a row */
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
	uint32_t ttl_failure;	  /* of the first one in a row */
	uint32_t ttl_failure_max; /* of the last one, or of the first */
	uint32_t ttl_stale;	  /* beyond their end, if serve_stale */
	bool serve_stale;
	bool prefetch;
	bool answers;	   /* finished ones are kept as well: packet_cache.h */
	bool nxdomain_cut; /* NXDOMAIN denies what is below (RFC 8020, 2) */
};

void cache_rules_init(struct cache_rules *rules);

enum cache_verdict {
	CACHE_MISS,
	CACHE_FRESH,
	CACHE_STALE, /* expired: good when no upstream answers (RFC 8767) */
	CACHE_FAILED /* nothing to answer, and none is to be asked */
};

/* What was found; good until the next call with the same cache. */
struct cache_hit {
	enum cache_verdict verdict;
	bool recheck;  /* CACHE_STALE: none is to be asked yet */
	bool prefetch; /* CACHE_FRESH: it is popular and about to expire */
	bool replied;  /* CACHE_FAILED: there is a reply to be written */
	/*
	 * CACHE_FAILED, and recheck: no server was there when the question
	 * was asked, the last time at asked_at. It may be asked again as soon
	 * as one of them has answered anything since.
	 */
	bool silence;
	struct monotime asked_at;
	size_t len; /* octets that cache_write needs */
	/*
	 * CACHE_FRESH: until then this question finds the same, but for the
	 * TTLs, and causes nothing. In the past when that is not sure.
	 */
	struct monotime steady_until;

	/* Private to cache.c. */
	const struct cache_entry *entry;
	size_t below; /* octets of labels below the name of the entry */
};

struct cache_counts {
	size_t bytes;
	size_t entries;
	uint64_t evicted; /* to make room, expired ones too */
};

/*
 * key: of the hash, kept secret from those who ask.
 * Returns NULL with errno ENOMEM.
 */
struct cache *cache_new(const struct cache_rules *rules,
    const struct siphash_key *key);

void cache_free(struct cache *c);

/*
 * Forget everything, for good and at once: from now on nothing is found or
 * kept. The memory of a large cache takes long to be given back, and
 * cache_free_some does that in steps.
 */
void cache_close(struct cache *c);

/*
 * Give back the memory of up to max entries of one that is closed. Returns
 * true while there are more.
 */
bool cache_free_some(struct cache *c, unsigned max);

/*
 * So much of the memory that the rules allow is used for something else: it
 * counts as if entries took it.
 */
void cache_reserve(struct cache *c, size_t bytes);

/*
 * Look a question up, and count it as a use of the entry.
 * own_type: no NXDOMAIN that was the answer for another type.
 */
void cache_find(struct cache *c, const struct msg_question *q, bool own_type,
    struct monotime now, struct cache_hit *hit);

/*
 * Write what cache_find has found as the reply to the same question, TTLs
 * counted down (RFC 1035, 3.2.1) or, when stale, those of RFC 8767. An OPT
 * is there when there is an extended error or a subnet's scope to tell.
 *
 * buf: room for hit->len octets; reply is a view of it.
 * Returns 0, or -1 when the names make no sense at their new place, or for a
 * failure without a reply.
 */
int cache_write(const struct cache_hit *hit, const struct msg_question *q,
    struct monotime now, uint8_t *buf, struct msg_scan *reply);

/*
 * Keep the reply to a question, as far as it may be kept. Short of memory
 * it is not.
 */
void cache_store(struct cache *c, const struct msg_question *q,
    const struct msg_scan *reply, struct monotime now, const struct rng *rng);

/*
 * Remember that a question has failed: with this reply, or with none when
 * it is NULL. What is kept of earlier replies stays.
 */
void cache_store_failure(struct cache *c, const struct msg_question *q,
    const struct msg_scan *reply, struct monotime now);

/*
 * Remember that no server was there for a question, which was asked for the
 * last time at asked_at. What is kept of earlier replies stays.
 */
void cache_store_silence(struct cache *c, const struct msg_question *q,
    struct monotime asked_at, struct monotime now);

/* Whether a reply tells of a failure to resolve (RFC 9520, 2). */
bool cache_is_failure(const struct msg_scan *reply);

void cache_count(const struct cache *c, struct cache_counts *out);

#endif
