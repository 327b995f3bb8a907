/*
 * Another node that is active although this one is: what is known of it.
 *
 * Who became active later writes "head", and the other one writes "other"
 * (publish.h), so that each sees what the other one writes. That a value is
 * there says nothing, as it may be from before its node left or died; that its
 * beat goes on does.
 */
#ifndef NAT64D_STATE_RIVAL_H
#define NAT64D_STATE_RIVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

#include "replica.h"

/* A node whose beat does not change for so many looks is gone. */
#define RIVAL_LOOKS 5

/* Between two lines in the log, however often it comes and goes. */
#define RIVAL_LOG_MS (60 * 1000)

/* All zero: none has been seen. */
struct rival {
	struct replica_origin origin; /* node 0: nobody */
	uint64_t beat;
	unsigned silent; /* looks since the beat has changed */
	bool present;
	struct monotime quiet_until;
	uint64_t times; /* that one was present */
};

/* Another one may begin; what was logged is remembered. */
void rival_forget(struct rival *r);

/* A look at the store begins: once for each beat of our own. */
void rival_look(struct rival *r);

/* It was found in the store. own: who we are. */
void rival_note(struct rival *r, const struct replica_item *item,
    const struct replica_origin *own, struct monotime now);

/* Has it not been heard of for long? */
static inline bool
rival_is_silent(const struct rival *r)
{
	return (r->silent >= RIVAL_LOOKS);
}

#endif
