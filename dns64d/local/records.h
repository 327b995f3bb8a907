/*
 * The records of `local-data` statements, filled once and then only read.
 * Pure. All records of a name are one scanned message with nothing but them
 * in its answer section, so they are read and copied into answers by the code
 * that does the same for the records of upstreams.
 *
 * Names are in wire form without pointers; their case is kept, and ignored
 * when they are compared.
 */
#ifndef DNS64D_LOCAL_RECORDS_H
#define DNS64D_LOCAL_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns64d/wire/msg_scan.h"

#define RECORDS_CHAIN_MAX 8 /* CNAMEs from a name to its other records */

struct hosts;
struct records;

/* Why a record was not added; then nothing has changed. */
enum records_verdict {
	RECORDS_ADDED,
	RECORDS_KNOWN, /* the name has this record already */
	RECORDS_TTL, /* the others of its type have another (RFC 2181, 5.2) */
	RECORDS_CNAME, /* a CNAME beside other records (RFC 1034, 3.6.2) */
	RECORDS_ONE,   /* the name has its one SOA already */
	RECORDS_FULL,  /* all of the name would not fit into an answer */
	RECORDS_NO_MEMORY
};

/* Returns NULL if memory is short. */
struct records *records_new(void);

void records_free(struct records *r);

/*
 * Add the only record of a scanned message, whose owner has no pointers.
 *
 * tag: a number of the caller. *other: set to the tag of the first record of
 * the name, with the verdicts from RECORDS_KNOWN to RECORDS_ONE.
 */
enum records_verdict records_add(struct records *r,
    const struct msg_scan *record, size_t tag, size_t *other);

/* The message with the records of a name, or NULL. */
const struct msg_scan *records_find(const struct records *r,
    const uint8_t *name);

/*
 * Find the record of a type: its first one after rr, whose msg is NULL at
 * first. Returns false if there is none.
 */
bool records_next(const struct msg_scan *m, uint16_t type, struct msg_rr *rr);

/*
 * Whether all CNAMEs lead to a name with other records or to a host, over
 * RECORDS_CHAIN_MAX of them at most. Otherwise *tag is set to that of one
 * that does not.
 */
bool records_check(struct records *r, const struct hosts *hosts, size_t *tag);

#endif
