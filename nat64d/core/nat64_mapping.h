/*
 * Explicit mappings (RFC 6887): bindings that a host has asked for, with a
 * lifetime of their own.
 *
 * One of MAP is of a port of the host: any IPv4 host may send to it, whatever
 * the filter (RFC 6887, 11). One of PEER is of a port and an IPv4 peer: that
 * one may. A binding may have one of MAP and any number of PEER; as long as it
 * has one, it is held (bib_entry.held) and stays without sessions. Sessions
 * come and go as those of other bindings, and may outlive it.
 *
 * An ordinary binding may become held, and is an ordinary one again after the
 * last mapping. A static one may be held as well.
 *
 * The epoch (RFC 6887, 8.5) is the time since which no mapping was lost.
 * Whoever ends one before its time, but for its host, begins another one.
 */
#ifndef NAT64D_CORE_NAT64_MAPPING_H
#define NAT64D_CORE_NAT64_MAPPING_H

#include <stdbool.h>

#include "common/compat.h"

#include <sys/tree.h>

#include "nat64d/pcp/pcp.h"

#include "nat64.h"

typedef void nat64_restart_fn(void *arg);

/* In both trees, from nat64_mapping_add() to its end. */
struct nat64_mapping {
	RB_ENTRY(nat64_mapping) by_flow;
	RB_ENTRY(nat64_mapping) by_end;
	uint8_t proto;	    /* enum l4proto */
	bool peered;	    /* of PEER */
	struct taddr6 in6;  /* of the binding */
	struct taddr4 peer; /* of PEER; else zero */
	uint8_t nonce[PCP_NONCE_LEN];
	struct monotime end;
	struct bib_entry *bib;
};

RB_HEAD(nat64_mapping_flows, nat64_mapping);
RB_HEAD(nat64_mapping_ends, nat64_mapping);

/* In struct nat64. */
struct nat64_mappings {
	struct nat64_mapping_flows by_flow; /* those of a binding together */
	struct nat64_mapping_ends by_end;
	struct slab slab;
	struct monotime epoch; /* its begin */
	nat64_restart_fn *restarted;
	void *restarted_arg;
};

/* max: most mappings. nat64_mappings_clear() for all that is left. */
void nat64_mappings_init(struct nat64 *n, size_t max);
void nat64_mappings_clear(struct nat64 *n);

/* The mapping of PEER with a peer, of MAP without (NULL); or NULL. */
struct nat64_mapping *nat64_mapping_find(const struct nat64 *n,
    const struct bib_entry *e, const struct taddr4 *peer);

/*
 * Those of a binding: the first one (m is NULL), or the one after m. That of
 * MAP comes first.
 */
const struct nat64_mapping *nat64_mapping_next(const struct nat64 *n,
    const struct bib_entry *e, const struct nat64_mapping *m);

/*
 * Of all: the first one after the place of m, which may be gone; NULL: first.
 */
const struct nat64_mapping *nat64_mapping_after(const struct nat64 *n,
    const struct nat64_mapping *m);

/*
 * Add a mapping to e, of which it has none such, or change the end of m.
 * Returns NULL when there are too many, or memory is short.
 */
struct nat64_mapping *nat64_mapping_add(struct nat64 *n, struct bib_entry *e,
    const struct taddr4 *peer, const uint8_t nonce[PCP_NONCE_LEN],
    struct monotime end);
void nat64_mapping_set_end(struct nat64 *n, struct nat64_mapping *m,
    struct monotime end);

/*
 * End m, at its time or because its host has asked for that; its binding ends
 * as well if nothing else keeps it, and its port rests.
 */
void nat64_mapping_end(struct nat64 *n, struct nat64_mapping *m,
    struct monotime now);

/*
 * End all mappings of e, or all there are, and begin another epoch. The first
 * one returns true when e has been removed.
 */
bool nat64_mappings_lose(struct nat64 *n, struct bib_entry *e,
    struct monotime now);
void nat64_mappings_lose_all(struct nat64 *n, struct monotime now);

/* Does the configuration allow the mappings of e? */
bool nat64_mappings_allowed(const struct nat64 *n, const struct bib_entry *e);

/*
 * If the configuration that is being settled does not allow what keeps e, a
 * static binding or mappings, end that. Returns true when e has been removed.
 */
bool nat64_kept_is_gone(struct nat64 *n, struct bib_entry *e,
    struct monotime now);

/* May peer open a session of e, whatever the filter? */
bool nat64_mapping_opens(const struct nat64 *n, const struct bib_entry *e,
    struct in_addr peer);

/* Begin another epoch. */
void nat64_mappings_restart(struct nat64 *n, struct monotime now);

/* End at most max that are due. Returns true when there are more. */
bool nat64_mappings_expire(struct nat64 *n, struct monotime now, unsigned max);
bool nat64_mappings_next_expiry(const struct nat64 *n, struct monotime *when);

#endif
