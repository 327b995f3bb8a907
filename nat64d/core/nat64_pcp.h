/*
 * Port control (RFC 6887): hosts that may use the translator ask it for
 * mappings (nat64_mapping.h). The rules of the protocol are in nat64d/pcp; here
 * is what the translator does about them.
 */
#ifndef NAT64D_CORE_NAT64_PCP_H
#define NAT64D_CORE_NAT64_PCP_H

#include "nat64_mapping.h"

/* Answers a second, to all and to one subscriber; what is more is dropped. */
#define NAT64_PCP_RATE 5000
#define NAT64_PCP_RATE_SUBSCRIBER 20
#define NAT64_PCP_BURST_SUBSCRIBER 100

/* The limit of answers. key: of the hash that selects a bucket. */
void nat64_pcp_init(struct nat64 *n, const struct siphash_key *key,
    struct monotime now);

/*
 * Answer a datagram that came to our port from source. Returns the length of
 * the answer in out, or 0: nothing is to be sent.
 */
size_t nat64_pcp_input(struct nat64 *n, const struct in6_addr *source,
    const uint8_t *data, size_t len, uint8_t out[PCP_MAX],
    struct monotime now);

/* An announcement of our epoch that nobody has asked for (RFC 6887, 14.1.3). */
size_t nat64_pcp_announce(const struct nat64 *n, uint8_t out[PCP_MAX],
    struct monotime now);

/* Seconds since the epoch began. */
uint32_t nat64_pcp_epoch(const struct nat64 *n, struct monotime now);

/* How many mappings there are. */
size_t nat64_pcp_count(const struct nat64 *n);

/*
 * Call fn whenever another epoch begins, so that clients are told; NULL
 * (default): nobody wants to know.
 */
void nat64_pcp_set_restarted(struct nat64 *n, nat64_restart_fn *fn, void *arg);

#endif
