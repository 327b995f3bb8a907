/*
 * Short lists of port ranges: what somebody wrote, and the holes of a pool.
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
 * Add the ports of r, whose first is not above its last; what overlaps or
 * touches becomes one range. False, and nothing has changed, when that would
 * be more than PORTLIST_MAX ranges.
 */
bool portlist_add(struct portlist *l, struct port_range r);

bool portlist_has(const struct portlist *l, uint16_t port);

/* Is a port of r in the list? */
bool portlist_meets(const struct portlist *l, struct port_range r);

/* How many ports of r, which may be empty (first > last), are in the list. */
uint32_t portlist_count(const struct portlist *l, struct port_range r);

#endif
