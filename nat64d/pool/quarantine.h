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
#ifndef NAT64D_POOL_QUARANTINE_H
#define NAT64D_POOL_QUARANTINE_H

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

struct quarantined {
	RB_ENTRY(quarantined) by_port;
	RB_ENTRY(quarantined) by_owner;
	TAILQ_ENTRY(quarantined) of_proto;
	TAILQ_ENTRY(quarantined) of_space;
	struct quarantine_space *space;
	struct monotime until;
	struct taddr6 owner;
	uint16_t port;
};

RB_HEAD(quarantine_by_port, quarantined);
RB_HEAD(quarantine_by_owner, quarantined);
TAILQ_HEAD(quarantine_queue, quarantined);

/* Of one port space, and which one it is. */
struct quarantine_space {
	uint32_t index; /* of the address */
	enum l4proto proto;
	struct quarantine_queue queue; /* oldest first */
	uint32_t count;
};

/* Of all port spaces of a pool. */
struct quarantine {
	struct quarantine_queue queues[L4_NPROTO]; /* oldest first */
	struct quarantine_by_port *ports;
	struct quarantine_by_owner *owners;
	unsigned shift; /* 64 - log2(number of trees of a kind) */
	struct keyhash hash;
	struct slab slab;
};

/*
 * max: most ports at rest in all. Returns 0, or -1 with errno ENOMEM;
 * quarantine_clear() is good for either, and for what is all zero.
 */
int quarantine_init(struct quarantine *q, size_t max,
    const struct siphash_key *secret);
void quarantine_clear(struct quarantine *q);

/* The port space of a protocol and the address of that index. */
void quarantine_space_init(struct quarantine_space *sp, enum l4proto proto,
    uint32_t index);

/* The rest of a port, or the one with the lowest port of an owner, or NULL. */
struct quarantined *quarantine_find_port(const struct quarantine *q,
    const struct quarantine_space *sp, uint16_t port);
struct quarantined *quarantine_find_owner(const struct quarantine *q,
    const struct quarantine_space *sp, const struct taddr6 *owner);

/* Let a port rest; NULL with errno ENOSPC or ENOMEM. */
struct quarantined *quarantine_add(struct quarantine *q,
    struct quarantine_space *sp, uint16_t port, const struct taddr6 *owner,
    struct monotime until);

/* Forget r. */
void quarantine_remove(struct quarantine *q, struct quarantined *r);

/* The rest of a protocol that has ended at now, or NULL. */
struct quarantined *quarantine_first_expired(const struct quarantine *q,
    enum l4proto proto, struct monotime now);

#endif
