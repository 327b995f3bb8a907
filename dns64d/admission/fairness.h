/*
 * Max-min fairness among clients that share a limited resource, such as
 * connections: when the resource is used up, the client that holds most of it
 * loses its oldest item. A client is an IPv4 address or an IPv6 /64. An item
 * is embedded in the object that it stands for. Pure.
 *
 * Every operation takes bounded time for any number of clients and items.
 * Clients with FAIRNESS_LEVELS items or more count as equal.
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

/* Identifies a client; all zero: no client, for our own queries. */
struct fairness_client {
	uint8_t data[16];
};

/* To be embedded; all zero: not joined. */
struct fairness_item {
	TAILQ_ENTRY(fairness_item) next;
	struct fairness_member *member; /* NULL: not joined */
};

struct fairness_client fairness_client_of(const struct sockaddr_storage *peer);

/*
 * key: of the hash table; must be unknown to clients.
 * Returns NULL with errno ENOMEM.
 */
struct fairness *fairness_new(const struct siphash_key *key);

/* All items must have left. c may be NULL. */
void fairness_free(struct fairness *c);

/* Returns 0, or -1 with errno ENOMEM; then the item has not joined. */
int fairness_join(struct fairness *c, struct fairness_item *item,
    const struct fairness_client *client);

/* Does nothing when the item has not joined. */
void fairness_leave(struct fairness *c, struct fairness_item *item);

/*
 * The number of items of a client, of the client of an item (0: not joined),
 * and of the client that has most.
 */
unsigned fairness_count(const struct fairness *c,
    const struct fairness_client *client);
unsigned fairness_count_of(const struct fairness_item *item);
unsigned fairness_most(const struct fairness *c);

/* The oldest item of a client that has most; NULL: there are no items. */
struct fairness_item *fairness_heaviest(const struct fairness *c);

#endif
