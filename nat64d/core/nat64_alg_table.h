/*
 * Which TCP connections have a gateway (nat64d/alg/alg.h), and the state of
 * both. A connection gets one with the SYN of the IPv6 host, if the
 * configuration says so for its host and for the port of the peer, and keeps
 * it until the gateway has let go and no number has to be adjusted, or until
 * the session ends. As long as it has one, session.gateway is set and the fast
 * path does not get it.
 */
#ifndef NAT64D_CORE_NAT64_ALG_TABLE_H
#define NAT64D_CORE_NAT64_ALG_TABLE_H

#include "nat64d/alg/stream.h"
#include "nat64_restore.h"
#include "nat64_struct.h"

/*
 * The state of a gateway. Owned by n->algs as long as the session has
 * session.gateway set.
 */
struct nat64_alg {
	LIST_ENTRY(nat64_alg) entry;
	const struct session *session;
	const struct alg_gateway *gateway;
	bool lost;  /* the numbers are not known: to be ended */
	bool noted; /* NAT64_CHANGE_NUMBERS was told since the last copy */
	uint16_t window[ALG_NDIRS]; /* the newest in segments from there */
	struct stream streams[ALG_NDIRS];
	uint64_t state[ALG_MAX_STATE / 8];
};

/*
 * A SYN from IPv6 of s, which is not a hairpin: it begins a connection, so
 * what was there of the one before is forgotten. May set s->gateway, or clear
 * it.
 */
void nat64_alg_open(struct nat64 *n, struct session *s);

/* What is to be saved of the gateway of s, which has one. */
void nat64_alg_save(const struct nat64 *n, const struct session *s,
    struct nat64_saved_alg *saved);

/*
 * s existed before a restart, and had a gateway then. The connection goes on
 * with its numbers adjusted, and translated if it was idle. If that is not
 * possible, because it was not saved at the right moment, it is ended with its
 * next segment. Returns false when there is no room.
 */
bool nat64_alg_restore(struct nat64 *n, struct session *s,
    const struct nat64_saved_alg *saved);

/*
 * A segment of s, whose gateway is a, has been handled: its numbers may be
 * others than those that another node has. Tells it, once until s is copied.
 */
void nat64_alg_note(struct nat64 *n, const struct session *s,
    struct nat64_alg *a);

/* s, which has a gateway, has been copied to another node as saved. */
void nat64_alg_copied(const struct nat64 *n, const struct session *s,
    const struct nat64_saved_alg *saved);

/* The gateway of s, which has one. */
struct nat64_alg *nat64_alg_find(const struct nat64 *n,
    const struct session *s);

/*
 * The ICMP error p quotes a segment that s, which may be NULL, sent in that
 * direction: give it the number that the host that sent it knows. A host
 * ignores errors about numbers that it has not sent (RFC 5927, 4.1), and would
 * not learn the path MTU.
 */
void nat64_alg_quoted(const struct nat64 *n, const struct session *s,
    enum alg_dir dir, struct pkt *p, const struct icmp_inner *in);

/* s has no gateway any more, if it had one. */
void nat64_alg_close(struct nat64 *n, struct session *s);

/* Forget all of them; there are no sessions. */
void nat64_alg_clear(struct nat64 *n);

#endif
