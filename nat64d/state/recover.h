/*
 * A stream of records (record.h) into a translator: what is read goes to
 * nat64_restore.h. Pure; where the bytes come from is known to others.
 */
#ifndef NAT64D_STATE_RECOVER_H
#define NAT64D_STATE_RECOVER_H

#include "record.h"

struct recover {
	struct record_reader reader;
	struct nat64_restore restore;
	int64_t saved_ms;    /* when the stream was begun; 1970, UTC */
	uint64_t n_bindings; /* in the stream */
};

/* See nat64_restore_begin(). Then record_read() for r->reader. */
void recover_begin(struct recover *r, struct nat64 *n,
    const struct nat64_clocks *at, bool ports_only);

/*
 * All bytes have been read. Returns 0, or -1 with r->reader.fault, when the
 * stream was not complete; what it held is restored in either case.
 */
int recover_end(struct recover *r);

#endif
