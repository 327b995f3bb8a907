/*
 * The pool as its own files see it: pool4.c hands out ports, pool4_blocks.c
 * blocks of them, pool4_claim.c gives back those of before, pool4_change.c
 * changes the addresses. Nobody else includes this.
 *
 * A port space (an address and a protocol) has the set of its free ports. A
 * port of the dynamic range that is not free is in quarantine if there is a
 * struct quarantined for it, else it is taken. Ports outside of the dynamic
 * range can only have static bindings; the taken ones are in a bitmap, which
 * few spaces need.
 */
#ifndef NAT64D_POOL_POOL4_STRUCT_H
#define NAT64D_POOL_POOL4_STRUCT_H

#include <sys/queue.h>

#include "pool4.h"
#include "blocks.h"
#include "part.h"
#include "pool4_addrs.h"
#include "portset.h"
#include "quarantine.h"

/* Words of a bitmap with a bit for each port. */
#define SPACE_NWORDS (65536 / 64)

struct space {
	struct quarantine_space quarantine; /* first: see end_quarantine() */
	uint32_t index;			    /* of its address */
	const struct addr_range *range; /* of its address; NULL: it has left
					   the pool */
	struct portset free;		/* of the part of this node */
	struct portset *others; /* free ones of the other; NULL: alone */
	uint64_t *outside; /* taken ports outside the dynamic range, or NULL */
	uint32_t max_quarantined;
	TAILQ_ENTRY(space) left; /* in pool4.left, without a range */
};

TAILQ_HEAD(space_list, space);

struct pool4 {
	struct pool4_opts opts;
	struct pool4_addrs addrs;
	uint64_t capacity[L4_NPROTO]; /* of the part of this node */
	uint64_t capacity_all[L4_NPROTO];
	uint64_t n_free[L4_NPROTO];
	struct space **spaces[L4_NPROTO];  /* by index; NULL: never used */
	struct block_space **block_spaces; /* by index; NULL: never used, or
					      without blocks */
	struct blocks blocks;
	size_t n_blocks;	      /* of all addresses */
	struct monotime closed_until; /* pool4_quarantine_all() */
	struct monotime hold_until;   /* pool4_hold() */
	struct monotime now;	      /* of the last call that was given it */
	struct quarantine quarantine;
	struct space_list left; /* of addresses that are not in it any more */
};

/* The parts of a portset that are the ports of a class. */
extern const unsigned pool4_class_parts[NCLASSES];

/*
 * Set addresses, capacities and an array of no spaces for each protocol: the
 * fields of a pool in which no port was ever used. Returns 0, or -1 with errno
 * ENOMEM; pool4_clear_addrs() is to be called in either case.
 */
int pool4_init_addrs(struct pool4 *pool, const struct pool4_range *ranges,
    size_t n_ranges);

/* Free the addresses and the arrays; the spaces have been freed or moved. */
void pool4_clear_addrs(struct pool4 *pool);

/* Most ports in quarantine, of all addresses and protocols. */
size_t pool4_max_quarantined(const struct pool4 *pool);

/* Take a free port, or make a taken one free. */
void pool4_set_free(struct pool4 *pool, struct space *sp, uint16_t port,
    bool on);

/* --- pool4_blocks.c --- */

/*
 * Find or make the blocks of an address that has them; NULL with errno ENOMEM.
 */
struct block_space *pool4_get_blocks(struct pool4 *pool, uint32_t index);

/*
 * Make the blocks of an address of r, in host order, of which no port is in
 * use; NULL with errno ENOMEM.
 */
struct block_space *pool4_new_blocks(struct blocks *b,
    const struct addr_range *r, uint32_t addr);

/* Enter in the group of an address whether it has a free block. */
void pool4_note_blocks(struct pool4 *pool, struct block_space *sp);

/*
 * Index of the address of the computed block of a client of a group, and the
 * number of that; or -1: nothing is computed for it.
 */
int32_t pool4_computed(const struct pool4 *pool, uint32_t group,
    const struct in6_addr *client, unsigned *number);

/*
 * pool4_find_addr() for a client of a group that has blocks; and the port of
 * pool4_alloc(), which counts for its block already, or -1 with its errno.
 */
int32_t pool4_find_blocks(const struct pool4 *pool, enum l4proto proto,
    uint32_t index, const struct taddr6 *owner);
int32_t pool4_alloc_blocks(struct pool4 *pool, struct space *sp,
    const struct taddr6 *owner, const struct rng *rng, struct monotime now);

/*
 * A port that was taken or in quarantine does not count for its block any more,
 * if it has one and did.
 */
void pool4_uncount(struct pool4 *pool, enum l4proto proto, uint32_t index,
    uint16_t port, struct monotime now);

/* Set the most ports of a space that may be in quarantine. */
void pool4_limit_quarantine(const struct pool4 *pool, struct space *sp);

/* Make the bitmap of ports outside the dynamic range. -1: errno ENOMEM. */
int pool4_make_outside(struct space *sp);

void pool4_free_space(struct space *sp);

#endif
