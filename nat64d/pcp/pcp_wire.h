/*
 * Messages of the Port Control Protocol as bytes (RFC 6887, 7).
 */
#ifndef NAT64D_PCP_PCP_WIRE_H
#define NAT64D_PCP_PCP_WIRE_H

#include <stddef.h>

#include "common/net/pref64.h"

#include "pcp.h"

/* What becomes of a datagram. */
enum pcp_parsed {
	PCP_IGNORED, /* nothing is sent back (RFC 6887, 8.2) */
	PCP_REFUSED, /* an error is, which *why has */
	PCP_PARSED
};

/*
 * Read a request, in the order of RFC 6887, 8.2. source: of the datagram, which
 * the request has to name. A refused request has not been understood, and *r
 * is not to be used.
 */
enum pcp_parsed pcp_parse(const uint8_t *data, size_t len,
    const struct in6_addr *source, struct pcp_request *r,
    enum pcp_result *why);

/* Mapping of an answer; secs is its lifetime. */
struct pcp_assigned {
	struct in6_addr addr;
	uint16_t port;
	uint32_t secs;
};

/*
 * Build an answer of at most PCP_MAX bytes in out, and return its length.
 * epoch: seconds (RFC 6887, 8.5).
 *
 * pcp_error() repeats the request, cut after PCP_MAX bytes and padded with
 * zeros to a multiple of four and to a whole header. parsed: the request was
 * understood, so that the reserved field is zero and not a part of the client's
 * address (RFC 6887, 7.2). data has at least two bytes.
 *
 * pcp_success() answers a request that was parsed; assigned is not looked at
 * for ANNOUNCE. pref64: the n_pref64 prefixes to be told (RFC 7225); of them as
 * many as there is room for.
 */
size_t pcp_error(uint8_t out[PCP_MAX], const uint8_t *data, size_t len,
    enum pcp_result why, uint32_t secs, uint32_t epoch, bool parsed);
size_t pcp_success(uint8_t out[PCP_MAX], const struct pcp_request *r,
    const struct pcp_assigned *assigned, uint32_t epoch,
    const struct pref64 *pref64, size_t n_pref64);

/* ANNOUNCE that nobody has asked for (RFC 6887, 14.1.3). */
size_t pcp_announcement(uint8_t out[PCP_MAX], uint32_t epoch);

#endif
