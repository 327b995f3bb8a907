/*
 * The bindings and sessions of a running translator as a stream of records
 * (record.h), in slices, since packets cannot wait for a million sessions. The
 * tables change between slices: an entry that exists from the beginning to the
 * end is written exactly once, with the lifetime that it has then.
 */
#ifndef NAT64D_STATE_SNAPSHOT_H
#define NAT64D_STATE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat64d/core/nat64.h"
#include "nat64d/core/nat64_restore.h"

struct snapshot;

/*
 * Begin a stream. at: now; n is borrowed, program copied. whole: n does not
 * change until the end, nor is it used afterwards, and who reads the stream
 * knows that; so the epoch of its mappings goes on. NULL with errno ENOMEM.
 */
struct snapshot *snapshot_new(const struct nat64 *n,
    const struct nat64_clocks *at, const char *program, bool whole);
void snapshot_free(struct snapshot *s);

/*
 * The next bytes, of at most about max bindings and sessions and less than 64
 * KiB; at most one block. They belong to s until the next call; *len may be 0.
 * Returns true while there is more.
 */
bool snapshot_slice(struct snapshot *s, unsigned max, const uint8_t **bytes,
    size_t *len);

#endif
