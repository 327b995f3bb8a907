/*
 * Whose turn it is to lose when something that clients share is used up: the
 * client who has most of it. A client is an IPv4 address or an IPv6 /64; what
 * it has are items, each embedded in whatever is shared. Pure.
 *
 * Joining, leaving and finding the heaviest client take a bounded time,
 * however many clients and items there are: clients are kept in lists by how
 * many items they have. Those with CROWD_LEVELS or more count as equal.
 */
#ifndef DNS64D_ADMISSION_CROWD_H
#define DNS64D_ADMISSION_CROWD_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <stdint.h>

#include "common/siphash.h"

#define CROWD_LEVELS 512

struct crowd;
struct crowd_member;

/* Of a client; all zero is nobody in particular. */
struct crowd_key {
	uint8_t data[16];
};

/* To be embedded; all zero is one that has not joined. */
struct crowd_item {
	TAILQ_ENTRY(crowd_item) next;
	struct crowd_member *member; /* NULL: has not joined */
};

struct crowd_key crowd_key_of(const struct sockaddr_storage *peer);

/*
 * key: of the hash, kept secret from the clients. Returns NULL when memory
 * is short.
 */
struct crowd *crowd_new(const struct siphash_key *key);

/* All items must have left. c may be NULL. */
void crowd_free(struct crowd *c);

/* Returns 0, or -1 when memory is short; then the item is nobody's. */
int crowd_join(struct crowd *c, struct crowd_item *item,
    const struct crowd_key *client);

/* Harmless when it has not joined. */
void crowd_leave(struct crowd *c, struct crowd_item *item);

/* How many a client has, how many an item's client, how many the heaviest. */
unsigned crowd_count(const struct crowd *c, const struct crowd_key *client);
unsigned crowd_count_of(const struct crowd_item *item);
unsigned crowd_most(const struct crowd *c);

/* The oldest item of a client that has most; NULL when there is none. */
struct crowd_item *crowd_heaviest(const struct crowd *c);

#endif
