/*
 * Short lists of port ranges: ports given in the configuration, and ports of
 * a pool range that are excluded from dynamic allocation.
 */
#ifndef NAT64D_POOL_PORTLIST_H
#define NAT64D_POOL_PORTLIST_H

#include <stdbool.h>
#include <stdint.h>

/* Ports first .. last, both included. */
struct port_range {
	uint16_t first;
	uint16_t last;
};

#define PORTLIST_MAX 16

/* Ascending; between two ranges there is at least one port. */
struct portlist {
	unsigned n;
	struct port_range ranges[PORTLIST_MAX];
};

/*
 * Add the ports of r, r.first <= r.last. Ranges that overlap or are adjacent
 * become one. Returns false when the list would have more than PORTLIST_MAX
 * ranges, and then nothing has changed.
 */
bool portlist_add(struct portlist *l, struct port_range r);

bool portlist_has(const struct portlist *l, uint16_t port);

/* Is any port of r, which may be empty, in the list? */
bool portlist_meets(const struct portlist *l, struct port_range r);

/* Number of ports of r, which may be empty (first > last), in the list. */
uint32_t portlist_count(const struct portlist *l, struct port_range r);

#endif
