/*
 * Whose turn it is to lose when something that clients share is used up: the
 * client who has most of it. A client is an IPv4 address or an IPv6 /64; what
 * it has are items, each embedded in whatever is shared. Pure.
 *
 * Joining, leaving and finding the heaviest client take a bounded time,
 * however many clients and items there are: clients are kept in lists by how
 * many items they have. Those with FAIRNESS_LEVELS or more count as equal.
 */
#ifndef DNS64D_ADMISSION_FAIRNESS_H
#define DNS64D_ADMISSION_FAIRNESS_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <stdint.h>

#include "common/siphash.h"

#define FAIRNESS_LEVELS 512

struct fairness;
struct fairness_member;

/* Of a client; all zero is nobody in particular. */
struct fairness_client {
	uint8_t data[16];
};

/* To be embedded; all zero is one that has not joined. */
struct fairness_item {
	TAILQ_ENTRY(fairness_item) next;
	struct fairness_member *member; /* NULL: has not joined */
};

struct fairness_client fairness_client_of(const struct sockaddr_storage *peer);

/*
 * key: of the hash, kept secret from the clients. Returns NULL when memory
 * is short.
 */
struct fairness *fairness_new(const struct siphash_key *key);

/* All items must have left. c may be NULL. */
void fairness_free(struct fairness *c);

/* Returns 0, or -1 when memory is short; then the item is nobody's. */
int fairness_join(struct fairness *c, struct fairness_item *item,
    const struct fairness_client *client);

/* Harmless when it has not joined. */
void fairness_leave(struct fairness *c, struct fairness_item *item);

/* How many a client has, how many an item's client, how many the heaviest. */
unsigned fairness_count(const struct fairness *c,
    const struct fairness_client *client);
unsigned fairness_count_of(const struct fairness_item *item);
unsigned fairness_most(const struct fairness *c);

/* The oldest item of a client that has most; NULL when there is none. */
struct fairness_item *fairness_heaviest(const struct fairness *c);

#endif
