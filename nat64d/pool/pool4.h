/*
 * The pool of IPv4 transport addresses (RFC 6146, 3.5.1.1; RFC 6888 REQ-3).
 *
 * Each address has a port space for each protocol, which is made at its first
 * use. A new port is chosen at random, with equal probability, among the free
 * ports of the wanted class and parity (RFC 6056, 3.3; RFC 4787, REQ-3a and
 * REQ-4), in constant time however many are free. A released port stays in
 * quarantine before another owner gets it (RFC 6888, REQ-8).
 *
 * Callers use the index of an address, 0 .. pool4_n_addrs() - 1, in ascending
 * order, and keep it no longer than until pool4_change(). "owner" is the IPv6
 * transport address that is bound to a port. The pool knows nothing of
 * bindings: bib.c allocates and releases a port for each.
 *
 * An address may be divided into blocks of ports. Then owner's subscriber, the
 * prefix of opts.subscriber_len bits that owner is in, gets blocks, and its
 * bindings get the ports of these (blocks.h).
 * Time never goes back from one call to the next.
 */
#ifndef NAT64D_POOL_POOL4_H
#define NAT64D_POOL_POOL4_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/addr.h"
#include "common/monotime.h"
#include "common/rng.h"
#include "common/siphash.h"

#include "portlist.h"
#include "nat64d/base/tuple.h"

/*
 * Addresses first .. last, both included. Dynamic allocation uses the ports
 * that are not in holes; holes may have ports outside of "ports". With a prefix
 * of clients, only they get ports of the range, and they get no others; a
 * client in several prefixes gets those of the longest one.
 */
struct pool4_range {
	struct in_addr first;
	struct in_addr last;
	struct port_range ports[L4_NPROTO];
	struct portlist holes[L4_NPROTO];
	struct prefix clients; /* IPv6; family 0: all other clients */
	/*
	 * Ports of a block; 0: no blocks. With blocks all protocols use the
	 * same ports from POOL4_FIRST_BLOCK on: those that all of them have.
	 * What does not make up a block at the end is not used.
	 */
	uint16_t block_size;
	uint16_t max_blocks; /* of a subscriber, on all addresses */
	/*
	 * Each subscriber of clients has one block by computation (portplan.h),
	 * which is not reported, and max_blocks at most beside it.
	 */
	bool deterministic;
};

/* Blocks have no system ports (RFC 7422, 2). */
#define POOL4_FIRST_BLOCK 1024

/* Least and most ports of a block, and most blocks of a subscriber. */
#define POOL4_BLOCK_MIN 16
#define POOL4_BLOCK_MAX 32768
#define POOL4_MAX_BLOCKS 64

enum pool4_select { POOL4_RANDOM, POOL4_PRESERVE };

struct pool4_opts {
	enum pool4_select select;
	bool parity;	     /* UDP: keep ports odd or even if possible */
	bool range_fallback; /* a port of the other class if need be */
	uint32_t quarantine_secs[L4_NPROTO]; /* 0: no quarantine */
	/*
	 * Most ports of an address in quarantine, in percent; above it the
	 * oldest leave before their time.
	 */
	unsigned quarantine_max_percent;
	/*
	 * A block of which no port is taken or in quarantine stays with its
	 * subscriber for so long (RFC 7768, 5).
	 */
	uint32_t block_rest_secs;
	/*
	 * The node of a pair: 1 or 2, which give only ports of their part
	 * (part.h); 0: it is alone. It never changes.
	 */
	unsigned node;
	unsigned subscriber_len;   /* bits; it never changes */
	struct siphash_key secret; /* of the hashes of the quarantine */
};

struct pool4;

/* A block, and whose it is. */
struct pool4_block {
	struct in_addr addr;
	struct port_range ports; /* of each protocol */
	struct in6_addr holder;	 /* prefix of the subscriber */
	uint32_t n_ports;	 /* bound or in quarantine, all protocols */
	bool fixed;		 /* by computation */
};

/* A subscriber has got a block, or has it no longer. */
typedef void (*pool4_block_fn)(void *arg, const struct pool4_block *block,
    bool allocated);

/* Most addresses of a pool, as many as a /16 has. */
#define POOL4_MAX_ADDRS 65536

/* Most different prefixes of clients. */
#define POOL4_MAX_CLIENTS 64

/* Most ports in quarantine; about 136 bytes each. */
#define POOL4_MAX_QUARANTINED 1048576

/*
 * States of a port of a protocol.
 *
 * FREE         To TAKEN by pool4_alloc() for any owner, or by pool4_take();
 *              to QUARANTINED by pool4_rest().
 * TAKEN        To QUARANTINED by pool4_release(), or to FREE if there is no
 *              quarantine; to OUTSIDE if the port is not a dynamic one.
 * QUARANTINED  To TAKEN by pool4_alloc() for the last owner, or by
 *              pool4_take(); to FREE by pool4_expire(), or by
 *              pool4_release() of another port when there are too many.
 * OUTSIDE      Not in the range of dynamic allocation: to TAKEN by
 *              pool4_take() only. Also any port of an address that is not in
 *              the pool, and port 0 of TCP and UDP, which never change.
 */
enum pool4_state { POOL4_FREE, POOL4_TAKEN, POOL4_QUARANTINED, POOL4_OUTSIDE };

/*
 * Make a pool of n_ranges ranges, which are copied and have passed
 * pool4_check(). Without ranges, which need not be checked, nothing can be
 * allocated. Returns NULL with errno ENOMEM.
 */
struct pool4 *pool4_new(const struct pool4_range *ranges, size_t n_ranges,
    const struct pool4_opts *opts);
void pool4_free(struct pool4 *pool);

/* Call fn for blocks from now on; NULL: no longer. */
void pool4_set_block_fn(struct pool4 *pool, pool4_block_fn fn, void *arg);

/*
 * Use other ranges and options from now on, except for the secret; ranges as
 * for pool4_new(). A port that is taken stays taken, and one in quarantine
 * stays there, if its address is still in the pool and, for the quarantine,
 * the port is still one for dynamic allocation; it stays for the time that
 * applied when it was released. The indexes of addresses change.
 *
 * An address that is not in the pool any more is forgotten with its ports by
 * pool4_forget(), which is to be called until it returns false, and before
 * another pool4_change(). To release a port of it does nothing.
 *
 * The blocks of an address stay if their ports and size do. Otherwise each
 * binding has to be given its block by pool4_claim() before pool4_forget(),
 * which takes the old blocks from their holders; until then new blocks that
 * have a port which is not free are not allocated.
 *
 * Takes as long as pool4_new(), and some microseconds for each port space whose
 * ports have changed. Returns 0, or -1 with errno
 * ENOMEM, and nothing has changed.
 */
int pool4_change(struct pool4 *pool, const struct pool4_range *ranges,
    size_t n_ranges, const struct pool4_opts *opts);

/*
 * Forget at most about max ports in quarantine of such addresses, and old
 * blocks; true: there are more.
 */
bool pool4_forget(struct pool4 *pool, unsigned max);

/*
 * Check ranges for pool4_new(): order of first and last, overlap, number of
 * addresses, addresses that cannot be a unicast host, holes that leave no
 * port, blocks for which there are too few ports or which only a part of the
 * addresses for the same clients has. Returns NULL, or a static string with the
 * reason.
 */
const char *pool4_check(const struct pool4_range *ranges, size_t n_ranges);

/*
 * The same for what depends on the length of the subscribers' prefixes, in
 * bits: deterministic ports.
 */
const char *pool4_check_plans(const struct pool4_range *ranges,
    size_t n_ranges, unsigned subscriber_len);

size_t pool4_n_addrs(const struct pool4 *pool);

/* Index of an address, or -1 when it is not in the pool: O(log ranges). */
int32_t pool4_index(const struct pool4 *pool, struct in_addr addr);

/* The address of an index < pool4_n_addrs(). */
struct in_addr pool4_addr(const struct pool4 *pool, uint32_t index);

/* Is this a port of the pool for dynamic allocation? */
bool pool4_has_port(const struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out);

/* Number of ports for dynamic allocation by this node, of all addresses. */
uint64_t pool4_capacity(const struct pool4 *pool, enum l4proto proto);

/* The same by any node of the pair. */
uint64_t pool4_capacity_all(const struct pool4 *pool, enum l4proto proto);

/* Number of free ports of all addresses, of those of this node. */
uint64_t pool4_n_free_all(const struct pool4 *pool, enum l4proto proto);

/*
 * For tests, which compare the pool with a model: number of free ports of an
 * address, and the state of one port.
 */
uint32_t pool4_n_free(const struct pool4 *pool, enum l4proto proto,
    uint32_t index);
enum pool4_state pool4_port_state(const struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out);

/*
 * Index of an address for the first binding of a client, or -1 when it may use
 * none. The 32 bits of random choose one of its addresses, each with equal
 * probability.
 */
int32_t pool4_first_choice(const struct pool4 *pool,
    const struct in6_addr *client, uint32_t random);

/* May a client use the address of an index? */
bool pool4_serves(const struct pool4 *pool, uint32_t index,
    const struct in6_addr *client);

/*
 * Index of an address from which pool4_alloc() has a port for owner: index
 * itself if it has one, else the next one in cyclic order that owner may use,
 * with blocks one of which the subscriber has a block, before others. index <
 * pool4_n_addrs(); any index for a pool without addresses. Constant time.
 *
 * Returns -1 with errno when there is none: ENOSPC (no port or block is free)
 * or EDQUOT (the subscriber has as many blocks as it may have).
 */
int32_t pool4_find_addr(const struct pool4 *pool, enum l4proto proto,
    uint32_t index, const struct taddr6 *owner, struct monotime now);

/*
 * Take a port of an address for owner. A port in quarantine whose last owner
 * this was is preferred. Else a free port is chosen (RFC 6146, 3.5.1.1 and
 * 3.5.2.3; RFC 4787, REQ-3a and REQ-4):
 * - of the class of owner's port, system (0-1023) or user; the other class
 *   only with range_fallback, or if the pool has no port of the class;
 * - for UDP with opts.parity, of the parity of owner's port if possible;
 * - for POOL4_PRESERVE, owner's port itself if it is free; else any of these
 *   with equal probability.
 * An ICMP identifier has no class and no parity (RFC 6146, 3.5.3), and the
 * owner's is preferred.
 *
 * With blocks it is a port of the subscriber's blocks of the address: owner's
 * port itself where it is preferred, else one of its parity, else any of them.
 * Only if no port of them is free, the subscriber gets another block, each with
 * equal probability.
 *
 * Returns the port in host order, or -1 with errno ENOSPC (no free port of
 * this address) or ENOMEM, and then nothing has changed.
 */
int32_t pool4_alloc(struct pool4 *pool, enum l4proto proto, uint32_t index,
    const struct taddr6 *owner, const struct rng *rng, struct monotime now);

/*
 * Take a port that owner had before a restart. With blocks the subscriber gets
 * the block, if it is free. Returns 0, or -1 with errno as pool4_take() does,
 * EADDRINUSE also for another's block, or EDQUOT, and then nothing has changed.
 */
int pool4_retake(struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, const struct taddr6 *owner, struct monotime now);

/*
 * May owner have this very port, for which it asks? It is free, of the part of
 * this node, or rests since owner had it; with blocks, it is in one that the
 * subscriber has. pool4_retake() takes it.
 */
bool pool4_may_give(const struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, const struct taddr6 *owner, struct monotime now);

/*
 * Take a given port for a static binding; it may be outside of the dynamic
 * range, or in quarantine. Returns 0, or -1 with errno EADDRINUSE (taken),
 * EADDRNOTAVAIL (address not in the pool, port 0 of TCP or UDP) or ENOMEM.
 */
int pool4_take(struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out);

/*
 * Release a port taken by pool4_alloc() or pool4_take(). A port of the dynamic
 * range goes into quarantine, where owner can have it again.
 */
void pool4_release(struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, const struct taddr6 *owner, struct monotime now);

/* --- blocks --- */

/* Has any address of the clients that an address is among blocks? */
bool pool4_has_blocks(const struct pool4 *pool, const struct in6_addr *client);

/* Most blocks of a subscriber that uses the address of an index. */
unsigned pool4_max_blocks(const struct pool4 *pool, uint32_t index);

/*
 * Ports of a protocol in all blocks that a subscriber which uses an address may
 * have, reserved ones included; 0: it has no blocks.
 */
uint32_t pool4_block_ports(const struct pool4 *pool, struct in_addr addr);

/*
 * Index of an address of which client's subscriber has a block and that client
 * may use, first the one that is computed; or -1.
 */
int32_t pool4_block_addr(const struct pool4 *pool,
    const struct in6_addr *client);

/*
 * A static binding of owner with the port out becomes dynamic, or the blocks of
 * its address have changed: the subscriber gets the block of out if it does not
 * have it and it is free. Nothing is to be done without blocks, for a port
 * outside of the dynamic range, or one that has been claimed before. Returns
 * false when the port cannot be in a block of the subscriber; then it is taken
 * all the same.
 */
bool pool4_claim(struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, const struct in6_addr *owner,
    struct monotime now);

/* Would pool4_claim() return true, unless memory is short? */
bool pool4_may_claim(const struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, const struct in6_addr *owner);

/* A dynamic binding with the port out becomes static: the opposite. */
void pool4_disclaim(struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, struct monotime now);

/*
 * Give a block back to its holder, which had it before a restart; this is not
 * reported. It rests from now on. Returns 0, or -1 when there is no such block
 * any more, it is not free, or memory is short.
 */
int pool4_restore_block(struct pool4 *pool, const struct pool4_block *block,
    struct monotime now);

/* Take all blocks from their holders; the pool is about to be freed. */
void pool4_release_blocks(struct pool4 *pool);

/* Blocks of all addresses, those with a holder, and those that rest. */
struct pool4_block_count {
	uint64_t total;
	uint64_t held;
	uint64_t resting;
};

struct pool4_block_count pool4_count_blocks(const struct pool4 *pool);

/* The same for one address. */
struct pool4_block_count pool4_count_blocks_of(const struct pool4 *pool,
    uint32_t index);

/*
 * The block of a port, if it has a holder; false: it has none. A block that is
 * computed has one even if it has never been used.
 */
bool pool4_block_of(const struct pool4 *pool, const struct taddr4 *out,
    struct pool4_block *block);

/* A place in a walk. All zero: before the first block. */
struct pool4_block_walk {
	uint32_t index;
	uint32_t number;
};

/*
 * Walk through all blocks that have a holder, of the computed ones those with
 * ports in use; false: there is no further one,
 * or *steps is 0, which is counted down by one for each address and each block
 * passed. A pool4_change() meanwhile may let it skip some, or meet some twice.
 */
bool pool4_block_walk_next(const struct pool4 *pool,
    struct pool4_block_walk *w, unsigned *steps, struct pool4_block *block);

/*
 * Copy at most max blocks of the subscriber of an address, first the one that
 * is computed, even if it has never been used. Returns how many it has.
 */
unsigned pool4_blocks_of(const struct pool4 *pool,
    const struct in6_addr *client, struct pool4_block *blocks, unsigned max);

/* --- quarantine --- */

/*
 * Put a free port of the dynamic range in quarantine for secs, as if owner had
 * released it; otherwise, or when there is no room, do nothing. Ports of the
 * protocol that are released meanwhile stay there as long at least.
 */
void pool4_rest(struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, const struct taddr6 *owner, uint32_t secs,
    struct monotime now);

/*
 * Free at most max ports whose time in quarantine is over, and at most max
 * blocks that have rested.
 */
void pool4_expire(struct pool4 *pool, struct monotime now, unsigned max);

/*
 * When pool4_expire() has something to do for blocks, whose end is reported in
 * time; false: never. Ports alone can wait until somebody needs one.
 */
bool pool4_next_expiry(const struct pool4 *pool, struct monotime *when);

/*
 * Let no port leave the quarantine before its time from now on, nor after it,
 * because another node may use it as well (part.h); or (on is false) let them
 * leave after another rest. If pool4_quarantine_all() holds, it does until
 * then.
 */
void pool4_hold(struct pool4 *pool, bool on, struct monotime now);

/*
 * Put every port in quarantine for secs from now on, because after a restart
 * without saved state the last owners are not known (RFC 6888, REQ-8).
 * Meanwhile pool4_alloc() allocates no free port.
 */
void pool4_quarantine_all(struct pool4 *pool, uint32_t secs,
    struct monotime now);

#endif
