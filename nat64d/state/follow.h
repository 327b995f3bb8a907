/*
 * The standby of a pair: reads the sessions of the active node from the store
 * (publish.h) into a translator that translates nothing.
 *
 *	HEAD	which epoch is there, and is it complete?
 *	UNMARK	forget which sessions are known to be right
 *	NOTE	note where the stream of changes is
 *	COPY	take all sessions of the hash, and mark them
 *	FOLLOW	take the changes from the noted place on
 *	MARK	the first time that all of them have been taken: is the hash
 *		still the one that was copied?
 *	SWEEP	then: end what is not marked; then FOLLOW, or HEAD once more
 *		if that made room for sessions that were left out
 *
 * So sessions of an earlier epoch stay until those of the next one are there,
 * and the standby can become active at any time with what it has. All values
 * are sealed, of the epoch that "head" names, and those of the stream in their
 * order; other values are counted and left. When the stream has a gap, because
 * it was cut or because somebody has removed entries, everything is copied
 * again. Whether the pair drains is read from "head", too, each time.
 * A store that has been started with an older snapshot is not copied:
 * what is here is newer, until the active node has written everything again.
 *
 * A node that becomes active does not wait for what the store, or the way to
 * it, still holds of the other node. It goes on with COPY and FOLLOW, for ten
 * seconds at most, in small slices, and takes what conflicts with nothing that
 * has happened here since then (nat64_restore_late()). It ends before when the
 * other node turns out to be active as well.
 */
#ifndef NAT64D_STATE_FOLLOW_H
#define NAT64D_STATE_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "nat64d/core/nat64.h"
#include "replica.h"
#include "store.h"

struct event_base;
struct follower;

struct follow_count {
	uint64_t sessions; /* made, or brought up to date */
	uint64_t ends;
	uint64_t left; /* sessions that this configuration has no room for */
	uint64_t refused; /* values that are not what they should be */
	uint64_t gaps;	  /* in the stream */
	uint64_t copies;  /* of everything, completed */
	uint64_t drops;	  /* of the hash, while it was copied */
	uint64_t late;	  /* sessions and ends that came when it was active */
	/* Whose copy is complete, and is being followed; node 0: nobody's. */
	struct replica_origin origin;
};

/* n and store are borrowed. Returns NULL with errno. */
struct follower *follower_new(struct event_base *base, struct nat64 *n,
    struct store *store, const struct replica_seal *seal);
void follower_free(struct follower *f);

/*
 * This node is standby from now on, or no longer; if it is active then
 * (nat64_role()), the rest is taken late. written: the last epoch that it has
 * written itself, 0 if none: what it has is newer than a copy of that.
 */
void follower_start(struct follower *f, uint64_t written);
void follower_stop(struct follower *f);

/* The store is there, or is lost (struct store_ops). */
void follower_ready(struct follower *f);
void follower_lost(struct follower *f);

/*
 * NULL: all has been copied since it is standby, or there is nothing to copy
 * because no node has been active, or there has been none to be had for long
 * enough that this node is to translate without. Else why not; static.
 */
const char *follower_incomplete(const struct follower *f);

struct follow_count follower_count(const struct follower *f);

#endif
