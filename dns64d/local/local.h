/*
 * Names that are answered without an upstream: those of hosts files, `host`
 * and `local-data` statements, with AAAA synthesised for names that have IPv4
 * addresses only, and the special-use zones that resolvers should answer
 * themselves. Pure.
 *
 * ipv4only.arpa, and reverse names below a Pref64, are answered by synth.
 * A reverse name below a Pref64 whose IPv4 address is that of a local host is
 * answered here.
 */
#ifndef DNS64D_LOCAL_LOCAL_H
#define DNS64D_LOCAL_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns64d/wire/msg_scan.h"

#define LOCAL_TTL 60 /* secs: short, since hosts files get edited */

struct balance_pick;
struct dns64_policy;
struct hosts;
struct records;

/* Which special-use zones are answered. */
enum local_zones {
	LOCAL_ZONES_NONE,    /* none: an upstream is configured for the name */
	LOCAL_ZONES_NOWHERE, /* those in which no site has a use for names */
	LOCAL_ZONES_ALL
};

/* What is local. A name in both has the addresses and CNAME of records. */
struct local_names {
	const struct hosts *hosts;
	const struct records *records;
	enum local_zones zones;
};

/*
 * Answer a query for a local name. Of a host only A, AAAA and ANY are
 * answered: records of other types may exist upstream. A name in records has
 * no other data than that and a host's addresses; but DS, which belongs to the
 * parent zone (RFC 4035, 3.1.4.1), is the upstream's.
 *
 * policy, pick: of the client's view, for the synthesis. limit: as for
 * msg_build_begin. buf: room for it. *n_synthesised: AAAA in the answer.
 *
 * Returns the length, or 0 when the query is to go upstream.
 */
size_t local_answer(const struct local_names *names,
    const struct dns64_policy *policy, struct balance_pick *pick,
    const struct msg_scan *query, size_t limit, uint8_t *buf,
    unsigned *n_synthesised);

/* The special-use zone that a name is in; for local.c. */
enum local_zone_kind {
	LOCAL_ZONE_NONE,
	LOCAL_ZONE_ABSENT,   /* neither the zone nor anything in it exists */
	LOCAL_ZONE_EMPTY,    /* the zone exists, with SOA and NS only */
	LOCAL_ZONE_LOCALHOST /* every name in it has the loopback addresses */
};

/* *apex: the name of the zone, as a part of name. */
enum local_zone_kind local_zone_find(const uint8_t *name,
    enum local_zones which, const uint8_t **apex);

#endif
