/*
 * The pairs of addresses of a stateless translator in the maps of the fast path
 * (fastpath_pair.bpf.h says why pairs). Owns the queue of those that are to be
 * inserted. Only fastpath_*.c include this. System calls while the daemon runs:
 * bpf(2) with BPF_MAP_UPDATE_ELEM, of which nothing is expected: a pair that is
 * not there is offered again.
 */
#ifndef NAT64D_OS_FASTPAIR_H
#define NAT64D_OS_FASTPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "nat64d/tables/fastflow.h"
#include "fastpath_abi.h"

struct fastpairs;

/*
 * For these maps, by descriptor, and settings; all are borrowed. NULL with
 * errno ENOMEM.
 */
struct fastpairs *fastpairs_new(int map6, int map4, struct fast_settings *s);

/* As add_pair of struct fastpath_ops. */
void fastpairs_add(struct fastpairs *fp, const struct fastpair *pair);

/* As forget_pairs of struct fastpath_ops. */
void fastpairs_forget(struct fastpairs *fp);

bool fastpairs_is_waiting(const struct fastpairs *fp);

/*
 * Insert those before which no packet is waiting in the device any more; see
 * fastpath_commit(). n_read: packets that were read and written so far, wraps.
 * queue_len: packets that the device can hold.
 */
void fastpairs_commit(struct fastpairs *fp, uint32_t n_read,
    uint32_t queue_len, bool drained);

/* Can the maps still be changed? Returns 0, or -1 with errno. */
int fastpairs_check(struct fastpairs *fp);

void fastpairs_free(struct fastpairs *fp);

#endif
