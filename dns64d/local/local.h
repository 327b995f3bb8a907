/*
 * Names that are answered here: those of hosts files and `host` statements,
 * with AAAA synthesised for hosts that have IPv4 only, and the special-use
 * zones that no resolver should ask the world about. Pure.
 *
 * What DNS64 itself answers (ipv4only.arpa, reverse names below a Pref64)
 * comes first; but a Pref64 address whose IPv4 address is a local host has
 * that host's name.
 */
#ifndef DNS64D_LOCAL_LOCAL_H
#define DNS64D_LOCAL_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns64d/wire/msg_scan.h"

#define LOCAL_TTL 60 /* secs: hosts files are edited by hand */

struct balance_pick;
struct dns64_policy;
struct hosts;

/* Which special-use zones are answered. */
enum local_zones {
	LOCAL_ZONES_NONE,    /* none: an upstream is configured for the name */
	LOCAL_ZONES_NOWHERE, /* those in which no site has a use for names */
	LOCAL_ZONES_ALL
};

/*
 * Answer a query that is about a local name. Of a host, that is its
 * addresses: its other types may well exist upstream.
 *
 * policy, pick: of the client's view, for the synthesis. limit: as for
 * msg_build_begin. buf: room for it. *n_synthesised: AAAA in the answer.
 *
 * Returns the length, or 0 when the query is to go upstream.
 */
size_t local_answer(const struct hosts *hosts, enum local_zones zones,
    const struct dns64_policy *policy, struct balance_pick *pick,
    const struct msg_scan *query, size_t limit, uint8_t *buf,
    unsigned *n_synthesised);

/* The special-use zone that a name is in; for local.c. */
enum local_zone_kind {
	LOCAL_ZONE_NONE,
	LOCAL_ZONE_ABSENT,   /* neither the zone nor anything in it exists */
	LOCAL_ZONE_EMPTY,    /* the zone does, with SOA and NS */
	LOCAL_ZONE_LOCALHOST /* every name in it is this host */
};

/* *apex: the part of name that is the zone's. */
enum local_zone_kind local_zone_find(const uint8_t *name,
    enum local_zones which, const uint8_t **apex);

#endif
