/*
 * The addresses of a pool: ranges, and the index that each address has.
 * Part of pool4.c; nobody else includes this.
 */
#ifndef NAT64D_POOL_POOL4_ADDRS_H
#define NAT64D_POOL_POOL4_ADDRS_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool4.h"

/* A pool4_range in host order; its first address has index base. */
struct addr_range {
	uint32_t first;
	uint32_t last;
	uint32_t base;
	struct port_range ports[L4_NPROTO]; /* without port 0 of TCP, UDP */
	struct portlist holes[L4_NPROTO];
	struct prefix clients;
	uint32_t group; /* pool4_group.h's */
};

struct pool4_addrs {
	struct addr_range *ranges; /* ascending */
	size_t nranges;
	size_t naddrs;
};

/* Copy ranges that pool4_check() has passed: 0, or -1 with errno ENOMEM. */
int pool4_addrs_init(struct pool4_addrs *a, const struct pool4_range *ranges,
    size_t nranges);
void pool4_addrs_clear(struct pool4_addrs *a);

/* Index of an address, or -1. */
int32_t pool4_addrs_index(const struct pool4_addrs *a, struct in_addr addr);

/* Is this a port of r for dynamic allocation? */
bool pool4_addrs_has_port(const struct addr_range *r, enum l4proto proto,
    uint16_t port);

/* How many ports within first .. last are. */
uint32_t pool4_addrs_nports(const struct addr_range *r, enum l4proto proto,
    uint16_t first, uint16_t last);

/* The range that an index belongs to; index < naddrs. */
const struct addr_range *pool4_addrs_range(const struct pool4_addrs *a,
    uint32_t index);

#endif
