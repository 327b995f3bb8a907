/*
 * A token bucket: it is filled at a rate, up to a burst. Exact in integers: a
 * nanosecond at n tokens a second adds n units, and 10^9 units are a token, so
 * that no fraction is lost however often a bucket is used. Pure: time is an
 * argument.
 */
#ifndef COMMON_BUCKET_H
#define COMMON_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

#define BUCKET_TOKEN UINT64_C(1000000000)

struct bucket {
	uint64_t level;	       /* in units; above the burst: full */
	struct monotime since; /* the time of level */
};

/* A rate of 0 refuses everything. */
struct bucket_rate {
	uint32_t per_sec; /* tokens that are added */
	uint32_t burst;	  /* tokens in a full bucket */
};

/* Fill a bucket for this rate. */
void bucket_init(struct bucket *b, struct bucket_rate rate,
    struct monotime now);

/* Fill a bucket whose rate is not known yet. */
void bucket_init_full(struct bucket *b);

static inline uint64_t
bucket_full(struct bucket_rate rate)
{
	return (rate.burst * BUCKET_TOKEN);
}

/*
 * The level at a time. The product overflows only when the bucket has long
 * been full. Without branches on the level, which a CPU predicts badly.
 */
static inline uint64_t
bucket_level(const struct bucket *b, struct bucket_rate rate,
    struct monotime now)
{
	const uint64_t most = bucket_full(rate);
	const uint64_t level = b->level < most ? b->level : most;
	uint64_t earned;

	if (now.ns <= b->since.ns)
		return (level);
	if (__builtin_mul_overflow((uint64_t)(now.ns - b->since.ns),
		rate.per_sec, &earned))
		return (most);
	return (level + (earned < most - level ? earned : most - level));
}

/* Whether there is a token. */
static inline bool
bucket_has_token(const struct bucket *b, struct bucket_rate rate,
    struct monotime now)
{
	return (
	    rate.per_sec > 0 && bucket_level(b, rate, now) >= BUCKET_TOKEN);
}

/* Take one token; false when there is none, and nothing has changed. */
static inline bool
bucket_take(struct bucket *b, struct bucket_rate rate, struct monotime now)
{
	const uint64_t level = bucket_level(b, rate, now);

	if (rate.per_sec == 0 || level < BUCKET_TOKEN)
		return (false);
	b->level = level - BUCKET_TOKEN;
	b->since = now;
	return (true);
}

/* Whether the bucket has been full before now. Rate 0: true. */
bool bucket_is_full(const struct bucket *b, struct bucket_rate rate,
    struct monotime now);

#endif
