/*
 * Whose pool addresses are whose: the ranges for one client prefix are a
 * group, and those for all others another one. Part of pool4.c; nobody else
 * includes this.
 */
#ifndef NAT64D_POOL_POOL4_GROUP_H
#define NAT64D_POOL_POOL4_GROUP_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/net/addr.h"

#include "bitset.h"
#include "pool4_addrs.h"
#include "nat64d/base/tuple.h"

/* System ports, and all others. */
enum { CLASS_SYSTEM, CLASS_USER, NCLASSES };

struct pool4_group {
	struct prefix clients; /* family 0: whom no other group is for */
	uint32_t naddrs;
	struct bitset usable[L4_NPROTO][NCLASSES]; /* has a free port */
	bool has_class[L4_NPROTO][NCLASSES];	   /* in any range */
};

struct pool4_groups {
	struct pool4_group *groups;
	uint32_t n;
};

/* The groups of ranges, whose group is set: 0, or -1 with errno ENOMEM. */
int pool4_groups_init(struct pool4_groups *gs, struct pool4_addrs *a);
void pool4_groups_clear(struct pool4_groups *gs);

/* Number of the group for a client: by the longest prefix; or -1. */
int32_t pool4_groups_find(const struct pool4_groups *gs,
    const struct in6_addr *client);

/* Index of the nth address of a group; n < naddrs. */
uint32_t pool4_groups_addr(const struct pool4_addrs *a, uint32_t group,
    uint32_t n);

#endif
