/*
 * Quarantine of released ports (RFC 6888, REQ-8): for some time only the last
 * owner may have them again. Part of pool4.c; nobody else includes this.
 *
 * An entry is found by its port and by its owner, in an array of trees for
 * each (tree_array.h). It is also in the queue of its protocol and in that of
 * its port space. The time in quarantine is the same for all ports of a
 * protocol, so both queues are ordered by its end; only after a restart or
 * another configuration the first ones may have a longer time (pool4_rest(),
 * pool4_change()).
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
#include "common/slab.h"

#include "nat64d/base/keyhash.h"
#include "nat64d/base/tree_array.h"
#include "nat64d/base/tuple.h"

/* A port in quarantine; from quarantine_add() to quarantine_remove(). */
struct quarantined {
	RB_ENTRY(quarantined) by_port;
	RB_ENTRY(quarantined) by_owner;
	TAILQ_ENTRY(quarantined) of_proto;
	TAILQ_ENTRY(quarantined) of_space;
	struct quarantine_space *space;
	struct monotime until; /* free afterwards, unless removed before */
	struct taddr6 owner;   /* the last one */
	uint16_t port;
};

RB_HEAD(quarantine_by_port, quarantined);
RB_HEAD(quarantine_by_owner, quarantined);
TREE_ARRAY_HEAD(quarantine_ports, quarantine_by_port);
TREE_ARRAY_HEAD(quarantine_owners, quarantine_by_owner);
TAILQ_HEAD(quarantine_queue, quarantined);

/* The entries of a port space: those of an address and a protocol. */
struct quarantine_space {
	uint32_t addr; /* host order */
	enum l4proto proto;
	struct quarantine_queue queue; /* oldest first */
	uint32_t n_ports;
};

/* The entries of all port spaces of a pool. */
struct quarantine {
	struct quarantine_queue queues[L4_NPROTO]; /* oldest first */
	struct quarantine_ports ports;
	struct quarantine_owners owners;
	struct keyhash hash;
	struct slab slab;
};

/*
 * max: most ports in quarantine. secret: of the hashes. Returns 0, or -1 with
 * errno ENOMEM; quarantine_clear() is to be called in either case, and may be
 * called for a struct that is all zero.
 */
int quarantine_init(struct quarantine *q, size_t max,
    const struct siphash_key *secret);
void quarantine_clear(struct quarantine *q);

/* Make the empty port space of a protocol and an address, in host order. */
void quarantine_space_init(struct quarantine_space *sp, enum l4proto proto,
    uint32_t addr);

/* The entry of a port; the entry of an owner with the lowest port; or NULL. */
struct quarantined *quarantine_find_port(const struct quarantine *q,
    const struct quarantine_space *sp, uint16_t port);
struct quarantined *quarantine_find_owner(const struct quarantine *q,
    const struct quarantine_space *sp, const struct taddr6 *owner);

/*
 * Add a port that is not in quarantine. If until is before that of another
 * entry of the protocol, it stays as long as that one. Returns the entry, owned
 * by q; NULL with errno ENOSPC or ENOMEM.
 */
struct quarantined *quarantine_add(struct quarantine *q,
    struct quarantine_space *sp, uint16_t port, const struct taddr6 *owner,
    struct monotime until);

/* Remove e from q and free it. */
void quarantine_remove(struct quarantine *q, struct quarantined *e);

/* The oldest entry of a protocol if its time is over at now, or NULL. */
struct quarantined *quarantine_first_expired(const struct quarantine *q,
    enum l4proto proto, struct monotime now);

#endif
