/*
 * Fair shares of what is short: the ports of the pool, and the places of the
 * session table. It is counted how much every host and every prefix around
 * it holds, and what it may hold depends on how much is still free: a host
 * as much as that, a /64, a /56 and a /48 eight times as much. So nobody is
 * limited while there is plenty, one host that takes all it can gets half,
 * two get a third each, and one customer, whatever prefix is delegated to
 * it, gets eight ninths at most: there is always something left for others.
 *
 * No prefix has an entry of its own, for there can be any number of them.
 * Each is counted in one cell of every row, which a keyed hash tells, and
 * the smallest of these cells is what it holds (a count-min sketch). That is
 * never less than the truth, and more only where two prefixes share a cell
 * in every row.
 */
#ifndef NAT64D_TABLES_FAIRSHARE_H
#define NAT64D_TABLES_FAIRSHARE_H

#include <netinet/in.h>

#include <stdint.h>

#include "common/siphash.h"

#include "nat64d/base/keyhash.h"
#include "nat64d/base/tuple.h"

/* What is shared: bindings of each protocol, then sessions. */
enum { FAIRSHARE_SESSIONS = L4_NPROTO, FAIRSHARE_NKINDS };

struct fairshare_cell {
	uint32_t held[FAIRSHARE_NKINDS];
};

struct fairshare {
	struct fairshare_cell *cells; /* NULL: nothing is counted or refused */
	struct keyhash hash;
};

/* Returns 0, or -1 with errno ENOMEM. */
int fairshare_init(struct fairshare *s, const struct siphash_key *secret);
void fairshare_clear(struct fairshare *s);

/*
 * May addr hold one more of a kind of which n_free are free? Returns 0, or
 * the bits of the prefix that has its share.
 */
unsigned fairshare_check(const struct fairshare *s,
    const struct in6_addr *addr, unsigned kind, uint64_t n_free);

/* addr holds one more, or one less. */
void fairshare_add(struct fairshare *s, const struct in6_addr *addr,
    unsigned kind);
void fairshare_remove(struct fairshare *s, const struct in6_addr *addr,
    unsigned kind);

#endif
