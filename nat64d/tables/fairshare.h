/*
 * Fair shares of the ports of the pool and of the session table. The entries
 * that each host and each prefix of it holds are counted. A host may hold as
 * many as are free, a /64, a /56 and a /48 eight times as many. So the limit
 * is high while many are free, and some are always left for others: a single
 * host gets at most half of all, two hosts get a third each, and one
 * customer, whatever prefix is delegated to it, gets at most eight ninths.
 *
 * There can be any number of prefixes, so they have no entries of their own.
 * A keyed hash selects one cell in each row for a prefix, in which it is
 * counted, and the smallest of these cells is taken for what it holds (a
 * count-min sketch). This is never too low, and too high only when other
 * prefixes share its cells in every row.
 */
#ifndef NAT64D_TABLES_FAIRSHARE_H
#define NAT64D_TABLES_FAIRSHARE_H

#include <netinet/in.h>

#include <stdint.h>

#include "common/siphash.h"

#include "nat64d/base/keyhash.h"
#include "nat64d/base/tuple.h"

/* The kinds that are counted: bindings of each protocol, then sessions. */
enum { FAIRSHARE_SESSIONS = L4_NPROTO, FAIRSHARE_NKINDS };

struct fairshare_cell {
	uint32_t held[FAIRSHARE_NKINDS];
};

struct fairshare {
	struct fairshare_cell *cells; /* NULL: fair shares are off */
	struct keyhash hash;
};

/* Returns 0, or -1 with errno ENOMEM. */
int fairshare_init(struct fairshare *s, const struct siphash_key *secret);
void fairshare_clear(struct fairshare *s);

/*
 * May addr hold one more of a kind of which n_free are free? Returns 0, or
 * the length in bits of the prefix that has reached its share.
 */
unsigned fairshare_check(const struct fairshare *s,
    const struct in6_addr *addr, unsigned kind, uint64_t n_free);

/* Count one more, or one less, for addr. */
void fairshare_add(struct fairshare *s, const struct in6_addr *addr,
    unsigned kind);
void fairshare_remove(struct fairshare *s, const struct in6_addr *addr,
    unsigned kind);

#endif
