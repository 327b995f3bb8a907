/*
 * The mapping table as text: counters, then every binding with its sessions,
 * and "end" on the last line, which shows that it is complete.
 *
 * It is made in slices, since packets cannot wait for a million sessions to be
 * printed. The table changes between slices: an entry that exists from the
 * beginning of the dump to its end is printed exactly once.
 */
#ifndef NAT64D_DUMP_H
#define NAT64D_DUMP_H

#include <stdbool.h>

#include "common/monotime.h"

#include "nat64d/core/nat64.h"
#include "nat64d/os/fastpath.h"
#include "nat64d/os/tun.h"

struct evbuffer;
struct dump;

/*
 * nat64 is borrowed. verbose: also print drop counters that are 0. NULL with
 * errno ENOMEM.
 */
struct dump *dump_new(const struct nat64 *nat64, bool verbose);
void dump_free(struct dump *d);

/*
 * Append the next slice, of about max lines, to out. Returns true while
 * there is more. Lines are left out when memory is short.
 */
bool dump_slice(struct dump *d, struct evbuffer *out, unsigned max,
    struct monotime now);

/*
 * Append a line about the packets that the device refused, at least one; the
 * last one was refused at the time "at".
 */
void dump_refusals(struct evbuffer *out, const struct tun_refusal *r,
    struct monotime at, struct monotime now);

/* Append a line about the packets that the fast path has translated. */
void dump_fastpath(struct evbuffer *out, const struct fastpath_count *c);

#endif
