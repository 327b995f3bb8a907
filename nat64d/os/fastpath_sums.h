/*
 * Sums as fastpath_abi.h wants them: folded, as they are in memory. For
 * fastpath_*.c only.
 */
#ifndef NAT64D_OS_FASTPATH_SUMS_H
#define NAT64D_OS_FASTPATH_SUMS_H

#include <netinet/in.h>

#include <stdint.h>

#include "nat64d/wire/cksum.h"
#include "fastpath_abi.h"

static inline uint16_t
fast_folded(uint64_t sum)
{
	return (htons(cksum_fold(sum)));
}

/* ~m + m' of sums (RFC 1624, eqn. 3), never 0. */
static inline uint16_t
fast_diff(uint64_t old, uint64_t new)
{
	const uint16_t d = cksum_fold((uint64_t)cksum_finish(old) + new);

	return (d == 0 ? FAST_NO_DIFF : htons(d));
}

#endif
