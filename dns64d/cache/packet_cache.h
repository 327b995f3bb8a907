/*
 * Answers kept as they were sent, for the next client who asks the same: a
 * hit is a copy with the client's id and its spelling of the name, the TTLs
 * counted down. Knows nothing of what made an answer; its caller vouches
 * that the same query would be given the same answer again. Pure: time is an
 * argument.
 *
 * The key is all of a query that an answer depends on: name without case,
 * type, class, the bits RD, Z, AD, CD and DO, whether there is an OPT, and
 * the number of the policy that the client is under. Options of EDNS are the
 * gate's, who adds them to the copy.
 *
 * TTLs count in full seconds of the clock, as those of the cache do: all that
 * is kept ages at the same moment, and an answer in place, once in a second
 * at most.
 *
 * Memory is bounded, and counted with all that it occupies; the answer that
 * was not used for the longest time, in seconds, makes room.
 */
#ifndef DNS64D_CACHE_PACKET_CACHE_H
#define DNS64D_CACHE_PACKET_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/siphash.h"

#include "dns64d/wire/msg_edns.h"
#include "dns64d/wire/msg_scan.h"

/* Of the memory of the cache, answers may take one part in so many. */
#define PACKET_CACHE_SHARE 4

/*
 * How long an answer is kept at most: what it was made of is then looked up
 * again, so that the cache knows it to be in use.
 */
#define PACKET_CACHE_LIFE_SECS 30

struct packet_cache;

/* What an answer is for. */
struct packet_cache_query {
	const struct msg_scan *scan; /* of a query that was accepted */
	uint16_t policy;	     /* any number, one for each policy */
	size_t limit;		     /* octets that the answer may have */
};

/* What goes with an answer and is not in its octets. */
struct packet_cache_note {
	uint8_t outcome; /* two numbers of the caller's */
	uint8_t n_hits;
	struct ede_set ede;
};

struct packet_cache_counts {
	size_t bytes;
	size_t entries;
	uint64_t evicted; /* to make room */
};

/*
 * bytes: of all memory; 0: nothing is kept. key: of the hash, kept secret
 * from those who ask. Returns NULL with errno ENOMEM.
 */
struct packet_cache *packet_cache_new(size_t bytes,
    const struct siphash_key *key);

void packet_cache_free(struct packet_cache *a);

/* As cache_close and cache_free_some. */
void packet_cache_close(struct packet_cache *a);
bool packet_cache_free_some(struct packet_cache *a, unsigned max);

/*
 * Write the answer to a query, without options, into buf, which has room for
 * limit octets, and its note.
 * Returns the length, or 0 when there is none.
 */
size_t packet_cache_find(struct packet_cache *a,
    const struct packet_cache_query *q, struct monotime now, uint8_t *buf,
    struct packet_cache_note *note);

/*
 * Keep an answer, without options, that was composed within the limit of q:
 * it is then good for every limit from its own length to that one, for what
 * did not fit there does not fit here. Truncated ones are not kept, nor is
 * what has a record without TTL. It must have been made of replies whose TTLs
 * can be changed (msg_ttls_are_apart), as those of the cache.
 *
 * until: it would be the same until then, but for its TTLs.
 */
void packet_cache_keep(struct packet_cache *a,
    const struct packet_cache_query *q, struct monotime now,
    struct monotime until, const uint8_t *wire, size_t len,
    const struct packet_cache_note *note);

void packet_cache_count(const struct packet_cache *a,
    struct packet_cache_counts *out);

#endif
