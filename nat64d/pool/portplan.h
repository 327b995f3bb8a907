/*
 * The blocks that the ports of a pool range make up; and whose they are, where
 * the configuration alone says it: deterministic ports (RFC 7422, 2). Pure
 * computation, for the pool and for whoever reads a configuration.
 *
 * With deterministic ports, subscriber i of the prefix "clients", counted by
 * address, has block i mod C of address i / C of the range, where C is the
 * number of subscribers divided by that of addresses, rounded up. So the first
 * C blocks of an address are fixed, and those behind them are for subscribers
 * whose own block is full. For example, with blocks of 4032 ports, 14
 * subscribers and one address: ports 1024-5055, 5056-9087, ..., 53440-57471,
 * and two blocks are left.
 */
#ifndef NAT64D_POOL_PORTPLAN_H
#define NAT64D_POOL_PORTPLAN_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "pool4.h"
#include "portlist.h"

struct portplan {
	uint16_t block_size;	 /* ports; 0: no blocks */
	struct port_range ports; /* of all blocks, the same of each protocol */
	struct portlist holes;
	unsigned n_blocks; /* of an address */
	unsigned n_fixed;  /* C, of these; 0: ports are not deterministic */
	uint32_t first;	   /* address, host order */
	uint32_t n_addrs;
	struct prefix clients;
	unsigned subscriber_len; /* bits */
};

/*
 * Make the plan of a range whose addresses, ports and holes are in order.
 * subscriber_len 0: it is not known yet; then n_fixed is 0. Returns NULL, or a
 * static string that says what is wrong.
 */
const char *portplan_init(struct portplan *p, const struct pool4_range *r,
    unsigned subscriber_len);

/* The ports of block number < p->n_blocks. */
struct port_range portplan_ports(const struct portplan *p, unsigned number);

/*
 * The fixed block of a client's subscriber: address in host order and number.
 * Returns false if client is none of p->clients, or nothing is fixed.
 */
bool portplan_find(const struct portplan *p, const struct in6_addr *client,
    uint32_t *addr, unsigned *number);

/*
 * The subscriber that has fixed block number of an address in host order: its
 * prefix. Returns false if nobody has it: not all of the last blocks have a
 * subscriber.
 */
bool portplan_holder(const struct portplan *p, uint32_t addr, unsigned number,
    struct in6_addr *holder);

/* Do both give the same blocks to the same subscribers? */
bool portplan_same(const struct portplan *a, const struct portplan *b);

#endif
