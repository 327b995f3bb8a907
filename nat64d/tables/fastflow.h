/*
 * What a fast path outside of the translator (nat64d/os/fastpath.h) gets to
 * know of a session, and what it notes about it. A fast path translates plain
 * packets of sessions that the translator has admitted, without the translator
 * seeing them. The session table remains the table of record.
 */
#ifndef NAT64D_TABLES_FASTFLOW_H
#define NAT64D_TABLES_FASTFLOW_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "nat64d/base/tuple.h"

/*
 * A session: (X',x) -> (Y',y) becomes (T,t) -> (Z,z), and back. y is z, the
 * port of peer4. ICMP: x and t are identifiers of echo messages, z is 0. Ports
 * are in host order, as everywhere.
 */
struct fastflow {
	struct taddr6 in6;     /* (X',x) */
	struct in6_addr peer6; /* Y' = P(Z) */
	struct taddr4 out4;    /* (T,t) */
	struct taddr4 peer4;   /* (Z,z) */
	uint8_t proto;	       /* enum l4proto */
	uint16_t id_counter;   /* ipid_index() of (T, Z, proto) */
};

/*
 * What a stateless translator makes of TCP, UDP or echo messages from one
 * address to another: ports and identifiers stay. from6: packets from src6 to
 * dst6, else from src4 to dst4. id_counter: from6 only, as above.
 */
struct fastpair {
	struct in6_addr src6, dst6;
	struct in_addr src4, dst4;
	uint8_t proto; /* enum l4proto */
	bool from6;
	uint16_t id_counter;
};

/*
 * Notes of the packets that the fast path has translated since the session
 * was handed to it. last6 and last4: the time (struct monotime) of the last
 * packet from either side, 0: there was none. ack6 and ack4: the
 * acknowledgment number of that packet, in host order; TCP only.
 */
struct fastnotes {
	int64_t last6;
	int64_t last4;
	uint32_t ack6;
	uint32_t ack4;
};

/*
 * The fast path, as the translator uses it. A handle of 0 is none.
 */
struct fastpath_ops {
	/*
	 * Translate packets of f soon. Its notes are empty when this returns.
	 * No flow with the same tuple of either family is there. Returns the
	 * handle, or 0: there is no room.
	 */
	uint32_t (*add)(void *arg, const struct fastflow *f);
	/*
	 * Translate no more packets of it from now on. Its notes can be read
	 * until the next call of add().
	 */
	void (*remove)(void *arg, uint32_t handle);
	void (*read)(void *arg, uint32_t handle, struct fastnotes *notes);
	/*
	 * For a stateless translator, instead of the three above; NULL: it
	 * translates packets of sessions only. Translate packets of the pair
	 * soon. It may be there already. There need not be room for it.
	 */
	void (*add_pair)(void *arg, const struct fastpair *pair);
	/* Translate no packets of any pair from now on. */
	void (*forget_pairs)(void *arg);
	/*
	 * IPID_NCOUNTERS counters of IPv4 identifications, which both
	 * increment atomically (ipid_share()); only the lower 16 bits count.
	 */
	uint32_t *ids;
	void *arg;
};

#endif
