/*
 * The pool of IPv4 transport addresses (RFC 6146, 3.5.1.1; RFC 6888 REQ-3).
 *
 * Each address has one port space per protocol, made at its first use. A
 * free port is drawn with equal chances from all that will do (RFC 6056,
 * 3.3), in constant time however full the space is, with parity and range
 * class preserved where asked (RFC 4787, REQ-3a, REQ-4). A released port
 * rests before somebody else gets it (RFC 6888, REQ-8).
 *
 * Addresses are known outside by their index, 0 .. pool4_n_addrs() - 1, in
 * ascending order. The pool knows nothing of bindings: bib.c keeps the two
 * in step. Time never goes back from one call to the next.
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
 * without those in holes, which may be outside of them, too. With clients,
 * it is for their bindings alone, and they have no others: of several ranges
 * those with the longest prefix.
 */
struct pool4_range {
	struct in_addr first;
	struct in_addr last;
	struct port_range ports[L4_NPROTO];
	struct portlist holes[L4_NPROTO];
	struct prefix clients; /* IPv6; family 0: whoever has no other range */
};

enum pool4_select { POOL4_RANDOM, POOL4_PRESERVE };

struct pool4_opts {
	enum pool4_select select;
	bool parity;	     /* UDP keeps odd and even */
	bool range_fallback; /* system port for a user port, and back */
	uint32_t quarantine_secs
	    [L4_NPROTO]; /* released ports rest; 0: not at all */
	unsigned quarantine_max_percent; /* of an address's ports; above it the
				      oldest end their rest early */
	struct siphash_key secret;	 /* of the hashes of ports at rest */
};

struct pool4;

/* Most addresses of a pool: a /16. */
#define POOL4_MAX_ADDRS 65536

/* Most different prefixes of clients. */
#define POOL4_MAX_CLIENTS 64

/* Most ports at rest in all; about 136 bytes each. */
#define POOL4_MAX_QUARANTINED 1048576

/* What a port of a protocol is used for. */
enum pool4_state {
	POOL4_FREE, /* pool4_alloc() may give it out */
	POOL4_TAKEN,
	POOL4_QUARANTINED, /* only for whom it rests, or pool4_take() */
	POOL4_OUTSIDE /* not for pool4_alloc(), but pool4_take() may have it;
			  or no address of the pool, or port 0 */
};

/*
 * A pool of nranges ranges, which are copied; of none it has nothing to
 * give, and pool4_check() need not be asked. Overlapping ranges are the
 * caller's error, found by pool4_check(). Returns NULL with errno ENOMEM.
 */
struct pool4 *pool4_new(const struct pool4_range *ranges, size_t nranges,
    const struct pool4_opts *opts);
void pool4_free(struct pool4 *pool);

/*
 * Check ranges before pool4_new(): order, overlap, number of addresses,
 * addresses that cannot be a unicast host, holes that leave no port. Returns
 * NULL or the reason.
 */
const char *pool4_check(const struct pool4_range *ranges, size_t nranges);

size_t pool4_n_addrs(const struct pool4 *pool);

/* Index of an address, or -1 when it is not in the pool: O(log ranges). */
int32_t pool4_index(const struct pool4 *pool, struct in_addr addr);

struct in_addr pool4_addr(const struct pool4 *pool, uint32_t index);

/* Number of ports that dynamic allocation may use, over all addresses. */
uint64_t pool4_capacity(const struct pool4 *pool, enum l4proto proto);

/* Free ports of one address: dynamic, not taken, not at rest. */
uint32_t pool4_n_free(const struct pool4 *pool, enum l4proto proto,
    uint32_t index);

/* The same over all addresses. */
uint64_t pool4_n_free_all(const struct pool4 *pool, enum l4proto proto);

enum pool4_state pool4_port_state(const struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out);

/*
 * Where a client that has no address yet begins to look for one: an address
 * that it may use, any with equal chances when random is; or -1.
 */
int32_t pool4_first_choice(const struct pool4 *pool,
    const struct in6_addr *client, uint32_t random);

/* May a client use that address? */
bool pool4_serves(const struct pool4 *pool, uint32_t index,
    const struct in6_addr *client);

/*
 * Index of the address from which pool4_alloc() has a port for owner
 * (X',x): index itself if it has one, else the next that has, cyclically;
 * -1 when there is none (ALC-02). Those that are not for owner are passed
 * by. Any index will do for a pool without addresses. Constant time.
 */
int32_t pool4_find_addr(const struct pool4 *pool, enum l4proto proto,
    uint32_t index, const struct taddr6 *owner, struct monotime now);

/*
 * Take a free port of one address for owner (X',x): ALC-04 to ALC-08. A
 * port that rests for the same owner is given back to it first. Without
 * range_fallback a system port stays one, and a user port, as far as the
 * pool has such ports at all.
 *
 * Returns the port in host order, or -1 with errno ENOSPC (no free port in
 * this address's range) or ENOMEM; then nothing has changed.
 */
int32_t pool4_alloc(struct pool4 *pool, enum l4proto proto, uint32_t index,
    const struct taddr6 *owner, const struct rng *rng, struct monotime now);

/*
 * Take one given port, also outside the dynamic range and out of rest
 * (static bindings, ALC-08). Returns 0, or -1 with errno EADDRINUSE,
 * EADDRNOTAVAIL (address not in the pool, port 0 of TCP or UDP) or ENOMEM.
 */
int pool4_take(struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out);

/*
 * Give a port back; it rests, and owner may have it again meanwhile. One
 * outside the dynamic range does not rest. out was taken by pool4_alloc()
 * or pool4_take().
 */
void pool4_release(struct pool4 *pool, enum l4proto proto,
    const struct taddr4 *out, const struct taddr6 *owner, struct monotime now);

/* End the rest of at most max ports whose time has come. */
void pool4_expire(struct pool4 *pool, struct monotime now, unsigned max);

/*
 * Let every port rest for secs from now on, whoever had it: after a restart
 * without saved state (CGN-09). Until then pool4_alloc() gives nothing out.
 */
void pool4_quarantine_all(struct pool4 *pool, uint32_t secs,
    struct monotime now);

#endif
