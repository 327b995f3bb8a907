/*
 * Port blocks (RFC 6888, REQ-14; RFC 7768, 2): the ports of an address are
 * divided into blocks of consecutive ones, and a subscriber gets whole blocks,
 * so that the log needs a line for each block only. Part of pool4.c; nobody
 * else includes this.
 *
 * A block has the same ports of every protocol. A subscriber, here "holder", is
 * an IPv6 prefix. pool4_blocks.c decides who gets which block; the free ports
 * are in the portsets of the pool, and are counted here for each block.
 *
 * A port counts for its block if the holder's dynamic bindings have it, or had
 * it and it is in quarantine. Static bindings do not count: they may have ports
 * of anybody's block.
 *
 *	free	without a holder. In the list of its address, unless a protocol
 *		has no free port in it or it is set aside.
 *		Out:	blocks_hold(), which reports it.
 *	active	has a holder and ports that count.
 *		Out:	blocks_uncount() of the last one, to resting.
 *	resting	has a holder, and none of its ports counts (RFC 7768, 5). In the
 *		queue of the pool.
 *		Out:	blocks_count(), to active; blocks_expire() after
 *			rest_secs, to free, which reports it.
 *
 * A block that is computed (portplan.h) is never in the list; it has a holder
 * here only while ports of it count.
 *
 * After a change of the blocks of an address in use, the new ones that have
 * ports which are not free are set aside until blocks_space_settle(): their
 * bindings have to be given their blocks first. The old ones are "gone": they
 * only wait for their report.
 *
 * Memory: 32 bytes for each block of an address in use and three bits for each
 * of its ports, and 112 bytes for each block with a holder. Everything takes
 * constant time, except that blocks_pick() looks at every block of the holder,
 * whose number is limited, and at the words of one.
 */
#ifndef NAT64D_POOL_BLOCKS_H
#define NAT64D_POOL_BLOCKS_H

#include <sys/queue.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"

#include <sys/tree.h>

#include "common/monotime.h"
#include "common/rng.h"
#include "common/siphash.h"
#include "common/slab.h"

#include "nat64d/base/keyhash.h"
#include "nat64d/base/tree_array.h"
#include "nat64d/base/tuple.h"
#include "pool4.h"
#include "portplan.h"
#include "portset.h"

/* Even and odd ports; "parities" is a mask of 1 << parity. */
#define NPARITIES 2
#define PARITY_ANY 3u

/* A block that has a holder. */
struct block {
	RB_ENTRY(block) by_holder;
	TAILQ_ENTRY(block) resting; /* while resting */
	struct in6_addr holder;	    /* prefix, host bits zero */
	struct block_space *space;
	struct monotime until; /* while resting */
	uint32_t n_counted;
	uint16_t number;
	bool fixed;  /* by computation: never reported */
	bool silent; /* the end is not reported: the holder has the same
			ports in the new blocks */
};

/* Any block of an address. */
struct block_slot {
	struct block *held; /* or NULL */
	uint16_t n_free[L4_NPROTO][NPARITIES];
	uint16_t place; /* in the list, or BLOCKS_NO_PLACE */
	bool aside;
};

#define BLOCKS_NO_PLACE UINT16_MAX

/* The blocks of an address, by number. */
struct block_space {
	uint32_t addr;	     /* host order */
	uint32_t index;	     /* of the address in the pool, unless gone */
	uint32_t generation; /* of another space for the same address */
	uint16_t first;	     /* port of the first block */
	uint16_t size;	     /* ports of a block, holes included */
	uint32_t inverse;    /* 2^32 / size, rounded up; see blocks_number() */
	unsigned n_blocks;
	unsigned n_fixed; /* the first ones, which are computed */
	unsigned n_list;
	bool fresh; /* in blocks.fresh: the address had other blocks */
	bool gone;
	bool usable; /* as pool4_blocks.c has entered it in the pool */
	struct block_slot *slots;
	uint16_t *list;	   /* numbers of the free blocks, in no order */
	uint64_t *counted; /* L4_NPROTO bits for each port */
	struct block_space *before; /* fresh: those, which are gone; or NULL */
	TAILQ_ENTRY(block_space) entry; /* in one of blocks.fresh and .gone */
};

RB_HEAD(block_tree, block);
TREE_ARRAY_HEAD(block_trees, block_tree);
TAILQ_HEAD(block_queue, block);
TAILQ_HEAD(block_spaces, block_space);

/*
 * What blocks_first() found last. The choice of an address, of a block and of a
 * port all begin with it, for the same holder. No tree has changed since.
 */
struct block_memo {
	struct in6_addr holder;
	struct block *first; /* or NULL */
	bool known;
};

/* The blocks of a pool. */
struct blocks {
	struct block_trees trees; /* by holder */
	struct block_memo *memo;  /* apart: no state, it may always be lost */
	struct keyhash hash;
	struct slab slab;
	struct block_queue resting; /* oldest first */
	size_t n_resting;
	uint32_t generation;
	uint32_t rest_secs;
	unsigned holder_len;   /* bits */
	unsigned node;	       /* whose blocks are given (part.h) */
	pool4_block_fn report; /* or NULL */
	void *arg;
	struct block_spaces fresh;
	struct block_spaces gone;
};

/*
 * max: most blocks with a holder. secret: of the hashes. Returns 0, or -1 with
 * errno ENOMEM; blocks_clear() is to be called in either case.
 */
int blocks_init(struct blocks *b, size_t max,
    const struct siphash_key *secret);

/* Free all blocks and the spaces that are gone, without a report. */
void blocks_clear(struct blocks *b);

/*
 * The blocks of an address. all: the set of its dynamic ports, all of which are
 * free. Returns NULL with errno ENOMEM.
 */
struct block_space *blocks_space_new(struct blocks *b, uint32_t addr,
    const struct portplan *plan, const struct portset *all);

/* Free it; it holds no blocks, and is in no list. */
void blocks_space_free(struct block_space *sp);

/*
 * Of the ports of a protocol these are free; blocks with ports that are not,
 * are set aside. all as above; for a space in which nothing has happened yet.
 */
void blocks_space_refill(struct block_space *sp, enum l4proto proto,
    const struct portset *all, const struct portset *free_ports);

/* Its address has other blocks now, or has left the pool. */
void blocks_space_leave(struct blocks *b, struct block_space *sp);

/* Blocks of sp, which is in b->fresh, are set aside no longer. */
void blocks_space_settle(struct blocks *b, struct block_space *sp);

/*
 * Release the blocks of spaces that are gone, at most max, and free these.
 * Returns true when there are more.
 */
bool blocks_forget(struct blocks *b, unsigned max);

/*
 * The block of a port of sp, or -1 for a port outside. A multiplication takes
 * less time than a division, and is as exact: the inverse is too large by less
 * than 1, so the product by less than 2^16, and 2^32 / size is at least that.
 */
static inline int32_t
blocks_number(const struct block_space *sp, uint16_t port)
{
	const uint32_t offset = (uint32_t)port - sp->first;
	uint32_t number;

	if (port < sp->first)
		return (-1);
	number = sp->size == 1 ?
	    offset :
	    (uint32_t)((uint64_t)offset * sp->inverse >> 32);
	return (number < sp->n_blocks ? (int32_t)number : -1);
}

/* The ports of a block. */
struct port_range blocks_ports(const struct block_space *sp, unsigned number);

/* A port of a block has become free, or is not free any more. */
void blocks_set_free(struct block_space *sp, enum l4proto proto, uint16_t port,
    bool is_free);

/* The holder that an address belongs to. */
struct in6_addr blocks_holder(const struct blocks *b,
    const struct in6_addr *addr);

/*
 * The first block of a holder, and the next one of the same holder, in the
 * order of addresses and numbers; or NULL. Blocks that are gone are left out.
 */
struct block *blocks_first(const struct blocks *b,
    const struct in6_addr *holder);
struct block *blocks_next(const struct blocks *b, struct block *e);

/* How many blocks of our part a holder has, without a computed one. */
unsigned blocks_count_held(const struct blocks *b,
    const struct in6_addr *holder);

/* Has the block a free port of the protocol? */
static inline bool
blocks_has_free(const struct block *e, enum l4proto proto)
{
	const uint16_t *n = e->space->slots[e->number].n_free[proto];

	return (n[0] + n[1] > 0);
}

/* A random free block, or -1. All have the same probability. */
int32_t blocks_choose(const struct block_space *sp, const struct rng *rng);

/*
 * Give a block without a holder to one, and report it unless silent. It rests
 * until a port of it is counted. Returns NULL with errno ENOMEM.
 */
struct block *blocks_hold(struct blocks *b, struct block_space *sp,
    unsigned number, const struct in6_addr *holder, bool silent,
    struct monotime now);

/*
 * A random free port of the holder's blocks of sp, or -1. If the block that is
 * computed has one, it is of that block. Else in this order: one of
 * these parities of active blocks; of resting blocks, which are used only if
 * need be, so that they may become free (RFC 7768, 5); one of the other parity
 * likewise. Each of the ports has the same probability.
 */
int32_t blocks_pick(const struct blocks *b, const struct block_space *sp,
    const struct in6_addr *holder, enum l4proto proto, unsigned parities,
    const struct portset *free_ports, const struct rng *rng);

/* Does a port count for its block? */
bool blocks_is_counted(const struct block_space *sp, enum l4proto proto,
    uint16_t port);

/* Count a port of a held block that does not count yet. */
void blocks_count(struct blocks *b, struct block_space *sp, enum l4proto proto,
    uint16_t port);

/*
 * Count it no longer, if it does. Its block rests from now on if it was the
 * last one.
 */
void blocks_uncount(struct blocks *b, struct block_space *sp,
    enum l4proto proto, uint16_t port, struct monotime now);

/*
 * The block that has rested longest, if its time is over at now; or NULL. The
 * caller passes it to blocks_release().
 */
struct block *blocks_first_rested(const struct blocks *b, struct monotime now);

/* Take a block from its holder, and report it. */
void blocks_release(struct blocks *b, struct block *e);

#endif
