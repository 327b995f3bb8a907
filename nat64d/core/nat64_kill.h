/*
 * Ending the sessions that a filter matches, in slices. Bindings that are not
 * static go with their last session (RFC 6146, 3.1), and their ports go into
 * quarantine.
 *
 * What exists from the beginning to the end and matches is ended. A session
 * that is opened meanwhile may be ended or not.
 */
#ifndef NAT64D_CORE_NAT64_KILL_H
#define NAT64D_CORE_NAT64_KILL_H

#include <stdbool.h>
#include <stdint.h>

#include "nat64_filter.h"
#include "nat64_walk.h"

struct nat64_kill {
	struct nat64_filter filter;
	struct nat64_walk walk; /* all zero: at the beginning */
	uint64_t n_ended;
};

/*
 * Look at about max entries; to end a session counts as much as to look at
 * several. Returns true while there is more.
 */
bool nat64_kill(struct nat64 *n, struct nat64_kill *k, struct monotime now,
    unsigned max);

#endif
