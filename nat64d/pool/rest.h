/*
 * Ports at rest (RFC 6888, REQ-8; CGN-08): released a short while ago, and
 * kept from everybody but their last owner. Part of pool4.c; nobody else
 * includes this.
 *
 * Every resting port is found by itself and by its owner: as in bib.h there
 * are many trees for either, and a keyed hash tells which one. It is in the
 * queue of its protocol and in that of its port space, too. The time of rest
 * is one for a protocol, so that both are in the order in which the rests
 * end.
 */
#ifndef NAT64D_POOL_REST_H
#define NAT64D_POOL_REST_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"

#include <sys/tree.h>

#include "common/monotime.h"
#include "common/siphash.h"

#include "nat64d/base/keyhash.h"
#include "nat64d/base/slab.h"
#include "nat64d/base/tuple.h"

struct rest {
	RB_ENTRY(rest) by_port;
	RB_ENTRY(rest) by_owner;
	TAILQ_ENTRY(rest) of_proto;
	TAILQ_ENTRY(rest) of_space;
	struct rest_space *space;
	struct monotime until;
	struct taddr6 owner;
	uint16_t port;
};

RB_HEAD(rest_by_port, rest);
RB_HEAD(rest_by_owner, rest);
TAILQ_HEAD(rest_queue, rest);

/* Of one port space, and which one it is. */
struct rest_space {
	uint32_t index; /* of the address */
	enum l4proto proto;
	struct rest_queue queue; /* oldest first */
	uint32_t count;
};

/* Of all port spaces of a pool. */
struct rest_book {
	struct rest_queue queues[L4_NPROTO]; /* oldest first */
	struct rest_by_port *ports;
	struct rest_by_owner *owners;
	unsigned shift; /* 64 - log2(number of trees of a kind) */
	struct keyhash hash;
	struct slab slab;
};

/*
 * max: most ports at rest in all. Returns 0, or -1 with errno ENOMEM;
 * rest_book_clear() is good for either, and for what is all zero.
 */
int rest_book_init(struct rest_book *book, size_t max,
    const struct siphash_key *secret);
void rest_book_clear(struct rest_book *book);

/* The port space of a protocol and the address of that index. */
void rest_space_init(struct rest_space *sp, enum l4proto proto,
    uint32_t index);

/* The rest of a port, or the one with the lowest port of an owner, or NULL. */
struct rest *rest_find_port(const struct rest_book *book,
    const struct rest_space *sp, uint16_t port);
struct rest *rest_find_owner(const struct rest_book *book,
    const struct rest_space *sp, const struct taddr6 *owner);

/* Let a port rest; NULL with errno ENOSPC or ENOMEM. */
struct rest *rest_add(struct rest_book *book, struct rest_space *sp,
    uint16_t port, const struct taddr6 *owner, struct monotime until);

/* Forget r. */
void rest_remove(struct rest_book *book, struct rest *r);

/* The rest of a protocol that has ended at now, or NULL. */
struct rest *rest_first_ended(const struct rest_book *book, enum l4proto proto,
    struct monotime now);

#endif
