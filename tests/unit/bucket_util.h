/*
 * What the tests of token buckets share.
 */
#ifndef TESTS_UNIT_BUCKET_UTIL_H
#define TESTS_UNIT_BUCKET_UTIL_H

#include "common/bucket.h"

/* Take until refused, at most limit times. */
static inline int
drain(struct bucket *b, struct bucket_rate rate, struct monotime now,
    int limit)
{
	int n;

	for (n = 0; n < limit && bucket_take(b, rate, now); n++)
		;
	return (n);
}

#endif
