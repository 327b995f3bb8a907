/*
 * The addresses of a pool: ranges, the index of each address, and the groups of
 * clients that the addresses are for. Part of pool4.c; nobody else includes
 * this.
 *
 * Ranges with the same prefix of clients are a group; those without one are a
 * group, too. A client uses the addresses of one group only.
 */
#ifndef NAT64D_POOL_POOL4_ADDRS_H
#define NAT64D_POOL_POOL4_ADDRS_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/addr.h"

#include "bitset.h"
#include "pool4.h"
#include "portplan.h"
#include "portset.h"
#include "nat64d/base/tuple.h"

/* Port classes: system ports, and all others (RFC 6335, 6). */
enum { CLASS_SYSTEM, CLASS_USER, NCLASSES };

/* A pool4_range in host order; base is the index of its first address. */
struct addr_range {
	uint32_t first;
	uint32_t last;
	uint32_t base;
	uint32_t group;
	struct port_range ports[L4_NPROTO]; /* without port 0 of TCP, UDP */
	struct portlist holes[L4_NPROTO];
	struct prefix clients;
	/* With blocks the ports and holes of all protocols are the same. */
	struct portplan plan;
	uint16_t max_blocks;
};

struct addr_group {
	struct prefix clients; /* family 0: clients without another group */
	uint32_t n_addrs;
	bool has_blocks;
	const struct addr_range *computed; /* of deterministic ports, or NULL;
					      it is the only one then */
	/*
	 * Set by pool4.c: by index, the addresses that have a free port; with
	 * blocks those that have a free block, of the user ports of each
	 * protocol.
	 */
	struct bitset usable[L4_NPROTO][NCLASSES];
	/* Set by pool4.c: has any range ports of the class? */
	bool has_class[L4_NPROTO][NCLASSES];
};

struct pool4_addrs {
	struct addr_range *ranges; /* ascending, disjoint */
	size_t n_ranges;
	size_t n_addrs;
	struct addr_group *groups;
	uint32_t n_groups;
};

/*
 * Copy ranges that pool4_check() accepts, and make their groups. Returns 0,
 * or -1 with errno ENOMEM; pool4_addrs_clear() is to be called in either
 * case.
 */
int pool4_addrs_init(struct pool4_addrs *a, const struct pool4_range *ranges,
    size_t n_ranges, unsigned subscriber_len);
void pool4_addrs_clear(struct pool4_addrs *a);

/* Index of an address, or -1. */
int32_t pool4_addrs_index(const struct pool4_addrs *a, struct in_addr addr);

/* The range of an address; index < n_addrs. */
const struct addr_range *pool4_addrs_range(const struct pool4_addrs *a,
    uint32_t index);

/* Is port one of r for dynamic allocation? */
bool pool4_addrs_has_port(const struct addr_range *r, enum l4proto proto,
    uint16_t port);

/* Number of ports of r for dynamic allocation within first .. last. */
uint32_t pool4_addrs_n_ports(const struct addr_range *r, enum l4proto proto,
    uint16_t first, uint16_t last);

/* Make the set of all ports of r for dynamic allocation. */
void pool4_addrs_fill(struct portset *ports, const struct addr_range *r,
    enum l4proto proto);

/* Number of the group of a client, the one with the longest prefix; or -1. */
int32_t pool4_addrs_find_group(const struct pool4_addrs *a,
    const struct in6_addr *client);

/* Index of address number n of a group, n < its n_addrs. */
uint32_t pool4_addrs_of_group(const struct pool4_addrs *a, uint32_t group,
    uint32_t n);

#endif
