/*
 * Lines about deterministic ports (RFC 7422, 4): what the mapping of
 * subscribers to ports was computed from, and since when, so that a log alone
 * says who had a port before the configuration was changed:
 *
 *	event=deterministic-ports clients=2001:db8:100::/49 prefixlength=56
 *	    addr4=203.0.113.32 lastaddr4=203.0.113.33 firstport4=1024
 *	    lastport4=65607 block=936 fixed=64 overflow=4 max=4
 *	    algorithm=sequential except=5060,6000-6010
 *
 * The lengths of the inside prefix and of a subscriber, the outside addresses,
 * the ports of all blocks, the ports of a block, how many blocks of an address
 * are computed and how many are left over, how many of these a subscriber may
 * have, and the reserved ports. "event=deterministic-ended" has the same words.
 */
#ifndef NAT64D_LOG_PLANLINE_H
#define NAT64D_LOG_PLANLINE_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "logline.h"
#include "nat64d/core/event_text.h"
#include "nat64d/pool/portplan.h"

/*
 * The words of a line; p->n_fixed > 0. max_blocks: see struct pool4_range.
 * Reserved ports that there is no room for are
 * left out, with "..." behind the others.
 */
void planline_text(const struct portplan *p, unsigned max_blocks,
    char buf[EVENT_TEXT_SIZE]);

/*
 * From a line of the kind LOGLINE_PLAN, the block that a port is in: of the
 * kind LOGLINE_BLOCK, with computed set. Returns false when the port is in none
 * that has a subscriber, or the line contradicts itself.
 */
bool planline_block(const struct logline *l, struct in_addr addr,
    uint16_t port, struct logline *block);

#endif
