/*
 * All segments of a super-packet, one after the other.
 */
#ifndef TESTS_UNIT_GSO_SPLIT_H
#define TESTS_UNIT_GSO_SPLIT_H

#include "nat64d/wire/gso.h"

/*
 * Build each segment of p in seg, which has storage for the largest, and
 * call emit, which may change it. Returns the number of segments.
 */
static inline unsigned
gso_split(const struct pkt *p, struct pkt *seg,
    void (*emit)(void *arg, struct pkt *seg), void *arg)
{
	const unsigned n = gso_count(p);
	unsigned k;

	for (k = 0; k < n; k++) {
		gso_build(p, seg, k);
		emit(arg, seg);
	}
	return (n);
}

#endif
