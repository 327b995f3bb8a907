/*
 * The packet cache: answers as they were sent. A hit is a copy with the id of
 * the query and its spelling of the name, and with TTLs counted down. The
 * caller keeps only answers that the same query would get again. Pure: time
 * is an argument.
 *
 * The key is all of a query that an answer depends on: name (without case),
 * type, class, the bits RD, Z, AD, CD and DO, whether there is an OPT, and
 * the number of the client's policy. Answers are kept without EDNS options;
 * the caller adds them to the copy.
 *
 * TTLs count down at full seconds of the clock, as in cache.h. They are
 * changed in the kept answer, at most once in a second.
 *
 * Memory is bounded: all memory of an answer is counted, and the least
 * recently used ones are removed to make room. The order of use has the
 * accuracy of a second.
 */
#ifndef DNS64D_CACHE_PACKET_CACHE_H
#define DNS64D_CACHE_PACKET_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/siphash.h"

#include "dns64d/cache/lru.h"
#include "dns64d/wire/msg_edns.h"
#include "dns64d/wire/msg_scan.h"

/* The packet cache takes 1/PACKET_CACHE_SHARE of the memory of the cache. */
#define PACKET_CACHE_SHARE 4

/*
 * The longest time that an answer is kept. After it, the replies are looked up
 * in the cache again, so that the cache counts them as used.
 */
#define PACKET_CACHE_LIFE_SECS 30

struct packet_cache;

/* The query of an answer. */
struct packet_cache_query {
	const struct msg_scan *scan; /* of an accepted query */
	uint16_t policy;	     /* a number that identifies the policy */
	size_t limit;		     /* most octets of the answer */
};

/* What is kept with an answer, outside of its octets. */
struct packet_cache_note {
	uint8_t outcome; /* this and n_hits: for the caller's statistics */
	uint8_t n_hits;
	struct ede_set ede;
};

/*
 * bytes: of all memory; 0: nothing is kept. key: of the hash; clients must
 * not know it. Returns NULL with errno ENOMEM.
 */
struct packet_cache *packet_cache_new(size_t bytes,
    const struct siphash_key *key);

void packet_cache_free(struct packet_cache *a);

/* As cache_close and cache_free_some. */
void packet_cache_close(struct packet_cache *a);
bool packet_cache_free_some(struct packet_cache *a, unsigned max);

/*
 * Write the answer to a query, without options, into buf, which has room for
 * q->limit octets, and its note.
 * Returns the length, or 0 when there is none.
 */
size_t packet_cache_find(struct packet_cache *a,
    const struct packet_cache_query *q, struct monotime now, uint8_t *buf,
    struct packet_cache_note *note);

/*
 * Keep an answer, without options, that was composed within q->limit. It
 * serves every limit from its own length to that one, since records that did
 * not fit the larger limit do not fit a smaller one. Answers that are
 * truncated, or have a TTL of 0, are not kept. It must have been made of
 * replies whose TTLs can be changed (msg_ttls_are_apart), as those of the
 * cache can.
 *
 * until: until then it would be the same, apart from TTLs.
 */
void packet_cache_keep(struct packet_cache *a,
    const struct packet_cache_query *q, struct monotime now,
    struct monotime until, const uint8_t *wire, size_t len,
    const struct packet_cache_note *note);

/*
 * Find no answer that was kept so far. They make room when they are the least
 * recently used ones, or when they are found. PACKET_CACHE_LIFE_SECS is too
 * short for 65536 flushes, after which they would be found again.
 */
void packet_cache_flush(struct packet_cache *a);

void packet_cache_count(const struct packet_cache *a, struct lru_counts *out);

#endif
