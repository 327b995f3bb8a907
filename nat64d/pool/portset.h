/*
 * A set of port numbers, from which a uniformly random member is taken in
 * constant time, however many there are (RFC 6056, 3.3). The choice may be
 * limited to a port class and to a parity (RFC 4787, REQ-3a and REQ-4).
 *
 * Port 2n + p is bit n of half p, so ports of one parity are together. The
 * members of 8 words (512 bits), of 64 words and of a half are counted. The
 * member of rank r is found by three searches of at most eight steps each.
 * The system ports of one parity are the first 8 words of their half, so a
 * class needs no count of its own.
 */
#ifndef NAT64D_POOL_PORTSET_H
#define NAT64D_POOL_PORTSET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/rng.h"

/* First port that is not a system port (RFC 6335, 6). */
#define PORTSET_FIRST_USER 1024

/* The four parts of the port space; "parts" is a mask of them. */
#define PORTSET_EVEN_SYSTEM 0x1u
#define PORTSET_ODD_SYSTEM 0x2u
#define PORTSET_EVEN_USER 0x4u
#define PORTSET_ODD_USER 0x8u
#define PORTSET_NPARTS 4

#define PORTSET_SYSTEM (PORTSET_EVEN_SYSTEM | PORTSET_ODD_SYSTEM)
#define PORTSET_USER (PORTSET_EVEN_USER | PORTSET_ODD_USER)
#define PORTSET_EVEN (PORTSET_EVEN_SYSTEM | PORTSET_EVEN_USER)
#define PORTSET_ODD (PORTSET_ODD_SYSTEM | PORTSET_ODD_USER)
#define PORTSET_ALL (PORTSET_SYSTEM | PORTSET_USER)

#define PORTSET_NWORDS 512 /* of a half */

struct portset {
	uint64_t words[2][PORTSET_NWORDS];
	uint32_t of8[2][PORTSET_NWORDS / 8];   /* members in 8 words */
	uint32_t of64[2][PORTSET_NWORDS / 64]; /* members in 64 words */
	uint32_t half[2];
};

/* The set of first .. last, both included; empty when first > last. */
void portset_init(struct portset *set, uint32_t first, uint32_t last);

bool portset_has(const struct portset *set, uint16_t port);

/* Add a port that is not in the set. */
void portset_add(struct portset *set, uint16_t port);

/* Remove a port that is in the set. */
void portset_remove(struct portset *set, uint16_t port);

/* Number of members in parts. */
uint32_t portset_count(const struct portset *set, unsigned parts);

/* Remove all members of other from set. */
void portset_subtract(struct portset *set, const struct portset *other);

/*
 * The next member of all that is not in some, or -1: from *place on, which is 0
 * at first and is moved behind that member. In no particular order.
 */
int32_t portset_next_missing(const struct portset *all,
    const struct portset *some, unsigned *place);

/* A uniformly random member in parts; -1 when there is none. */
int32_t portset_pick(const struct portset *set, unsigned parts,
    const struct rng *rng);

/*
 * Number of members of one parity, 0 or 1, in first .. last; and the one of
 * rank r among these, r below that number. Takes a step for each word of the
 * range.
 */
uint32_t portset_count_within(const struct portset *set, unsigned parity,
    uint16_t first, uint16_t last);
uint16_t portset_nth_within(const struct portset *set, unsigned parity,
    uint16_t first, uint16_t last, uint32_t r);

#endif
