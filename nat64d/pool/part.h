/*
 * The part of the pool that a node of a pair gives to hosts. Part of pool4.c;
 * nobody else includes this.
 *
 * A binding that is younger than its copy at the other node is lost when its
 * node dies, and the other node sees its port as free. If it gave that port to
 * another host, packets for the first one would reach the second one (RFC 6888,
 * REQ-8). So each node has a part of the ports and blocks of every address, and
 * gives no others. It has bindings with ports of the other part that were
 * copied; these go on.
 *
 *	port of an address without blocks, or of a block that is computed:
 *		node 1 if port / 2 is even, node 2 if it is odd (so that each
 *		part has ports of both parities)
 *	any other block of ports: node 1 if its number is even, node 2 if odd
 *
 * No port is given to two hosts without a rest between, by this argument. Let
 * port p be of the part of node N, and h the host that had it last.
 *
 *	1. Only N gives p. So, of two nodes that are active at once by mistake,
 *	   one does.
 *	2. N gives p only if it is free here. It is not while N knows the
 *	   binding of h, nor in the quarantine after it.
 *	3. What N does not know of p was given by an earlier process of N, or
 *	   by this one before its table was replaced by the copy of the other
 *	   node's; as only N gives p, there is nothing else. After a start, and
 *	   after standing by before all was published, N gives nothing of its
 *	   part for REST (pool4_quarantine_all()), which is the rest of p. REST
 *	   is "quarantine restart", and this is as good as that is long.
 *	4. While N was away or at standby, the other node may have kept the
 *	   binding of h alive. N knows it from the copy, if this was complete
 *	   once since N stood by: the other node made no new one of p meanwhile
 *	   (1), so a copy that is out of date has too many of them, not too few.
 *	   If N becomes active without a complete copy, 3 applies from the
 *	   moment on when the other node stops to be; that is taken to be
 *	   within another REST.
 *	5. If both are active, h may go on at the other node after its binding
 *	   has ended at N, and for longer than the rest of 3 and 4. As long as
 *	   N is told so, its released ports stay in quarantine, and the rest
 *	   goes on (pool4_hold()).
 *
 * What remains: both nodes active for longer than the shortest lifetime of a
 * session, or than REST if one of them has no complete copy, without being
 * told.
 */
#ifndef NAT64D_POOL_PART_H
#define NAT64D_POOL_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "pool4_addrs.h"

/*
 * Is a port of r of the part of a node, 1 or 2? node 0 is alone: all ports are
 * its part.
 */
bool part_has(const struct addr_range *r, unsigned node, uint16_t port);

/* Is a block that is not computed? */
static inline bool
part_has_block(unsigned node, unsigned number)
{
	return (node == 0 || number % 2 == node - 1);
}

/* Has r a block of the part that is not computed? */
bool part_has_blocks(const struct portplan *plan, unsigned node);

/*
 * Move those that are not of the part from own, a set of ports of r, to others,
 * which is emptied first and may be NULL.
 */
void part_divide(struct portset *own, struct portset *others,
    const struct addr_range *r, enum l4proto proto, unsigned node);

/*
 * Make the set of the ports of r of the part, for dynamic allocation; and
 * that of the other ones, unless others is NULL.
 */
void part_fill(struct portset *own, struct portset *others,
    const struct addr_range *r, enum l4proto proto, unsigned node);

#endif
