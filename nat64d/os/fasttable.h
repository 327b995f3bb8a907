/*
 * The table of flows that the programs of the fast path read
 * (fastpath_abi.h), as the daemon writes it: where keys are placed, and in
 * which order a slot is written so that a program that reads it at the same
 * time never takes a part of one key for another. Memory is shared with the
 * kernel; no system calls. It knows no sessions, no clock and nothing of BPF.
 *
 * A key is in one of the slots from its home on, most often in the first, and
 * its home says where its keys are, at most FAST_PER_HOME of them. So a program
 * reads one or two cache lines near each other; a key that has been removed
 * leaves nothing behind; and one that is not there is not looked for.
 *
 * A slot that has become empty rests before it gets another key, if there are
 * others, because a processor that has found the old one may still write its
 * time and acknowledgment number.
 */
#ifndef NAT64D_OS_FASTTABLE_H
#define NAT64D_OS_FASTTABLE_H

#include <stddef.h>
#include <stdint.h>

#include "fastpath_abi.h"

struct fasttable {
	struct fast_slot *slots; /* fasttable_n_slots(hash->n_homes) */
	const struct fast_hash *hash;
};

/*
 * A key: the packets of a session from one side. kind: FAST_TCP, FAST_UDP or
 * FAST_ICMP, with FAST_FROM6 or not. flow: its addresses and ports; the rest is
 * not read.
 */
struct fasttable_key {
	uint32_t kind;
	struct fast_slot flow;
};

/* No slot. */
#define FASTTABLE_NONE UINT32_MAX

#define FASTTABLE_MAX_KEYS (UINT32_MAX / 4)

/*
 * The number of homes for n keys, three for two and some more, and of slots for
 * n homes. n <= FASTTABLE_MAX_KEYS. Of very many keys one in a thousand finds
 * that its home has FAST_PER_HOME already; of a thousand none.
 */
uint32_t fasttable_n_homes(uint32_t n);
uint32_t fasttable_n_slots(uint32_t n_homes);

/* For how many keys these bytes are enough, at least 2. */
uint32_t fasttable_n_keys(uint64_t bytes);

/*
 * Insert the key. id_counter: < FAST_NIDS. now: the time (fast_passed()).
 * Returns its slot, where it stays, or FASTTABLE_NONE with errno EEXIST: the
 * key is there already; ENOSPC: its home has no place for it.
 */
uint32_t fasttable_insert(struct fasttable *t, const struct fasttable_key *k,
    uint16_t id_counter, uint16_t now);

/*
 * Remove the key at that slot. What was noted there can be read until the next
 * insertion.
 */
void fasttable_remove(struct fasttable *t, uint32_t at, uint16_t now);

/* The slot of the key; FASTTABLE_NONE: it has none. */
uint32_t fasttable_find(const struct fasttable *t,
    const struct fasttable_key *k);

#endif
