/*
 * Replies that are passed on with some records removed: A records where a
 * view filters them, ipv4hint of HTTPS and SVCB records (RFC 9460, 7.3), and
 * all but one RRset of an answer to ANY over UDP (RFC 8482, 4.1). Signatures
 * of what was changed are removed as well, and AD is cleared. Pure.
 */
#ifndef DNS64D_SYNTH_FILTER_H
#define DNS64D_SYNTH_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns64d/wire/msg_scan.h"

struct dns64_policy;

/* What is to be removed from one reply. */
struct filter {
	const struct msg_scan *reply; /* borrowed */
	bool a;
	bool ipv4hint;
	uint16_t only_type; /* of an answer to ANY; 0: all */
};

/*
 * Find out what has to be removed from a reply. minimise: the client asked
 * over UDP. Returns false when it can be relayed as it is.
 */
bool filter_begin(struct filter *f, const struct dns64_policy *policy,
    const struct msg_scan *query, const struct msg_scan *reply, bool minimise);

/* Write the answer; limit, buf and result as of msg_build_begin, _finish. */
size_t filter_answer(const struct filter *f, const struct msg_scan *query,
    size_t limit, uint8_t *buf);

#endif
