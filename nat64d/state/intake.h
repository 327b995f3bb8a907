/*
 * Values of one epoch on their way from the store into the translator: those of
 * its hash, and those of its stream in their order (publish.h). What is not of
 * that epoch, or not sealed by its key, is counted and left.
 */
#ifndef NAT64D_STATE_INTAKE_H
#define NAT64D_STATE_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "nat64d/core/nat64.h"
#include "nat64d/core/nat64_restore.h"
#include "replica.h"
#include "store.h"

#define INTAKE_ID_MAX 42 /* of an entry: two numbers of 64 bits, "-" */

struct intake_count {
	uint64_t sessions; /* made, or brought up to date */
	uint64_t ends;
	uint64_t left; /* sessions that this configuration has no room for */
	uint64_t refused; /* values that are not what they should be */
};

struct intake {
	struct nat64 *n;	  /* borrowed */
	const struct store *from; /* borrowed; for messages */
	struct replica_reader reader;
	struct replica_origin origin; /* whose epoch it is; node 0: nobody's;
					 the last sequence that was taken */
	bool refused_told;
	struct nat64_restore restore; /* from intake_begin() to intake_end() */
	struct intake_count count;
};

void intake_init(struct intake *i, struct nat64 *n, const struct store *from,
    const struct replica_seal *seal);

/* From now on values of that epoch. */
void intake_set_origin(struct intake *i, const struct replica_origin *o);

/* Count a value, and log the first one of an epoch. */
void intake_refuse(struct intake *i, const char *why);

/* Values come between these two. late: see nat64_restore_late(). */
void intake_begin(struct intake *i, bool late);
void intake_end(struct intake *i);

/* The pairs of key and value of a hash. */
void intake_take_pairs(struct intake *i, const redisReply *pairs);

/* The id of an entry; false: it is none. */
bool intake_take_id(const redisReply *id, char text[INTAKE_ID_MAX + 1]);

/* The newest entry: from where to go on. False: it is none. */
bool intake_note_entry(struct intake *i, const redisReply *entry,
    char id[INTAKE_ID_MAX + 1]);

/* The next entry. False: it is none, or a value before it is missing. */
bool intake_take_entry(struct intake *i, const redisReply *entry,
    char id[INTAKE_ID_MAX + 1]);

#endif
