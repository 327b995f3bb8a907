#include "bucket.h"

void
bucket_init(struct bucket *b, struct bucket_rate rate, struct monotime now)
{
	b->level = bucket_full(rate);
	b->since = now;
}

void
bucket_init_full(struct bucket *b)
{
	b->level = UINT64_MAX;
	b->since.ns = 0;
}

bool
bucket_is_full(const struct bucket *b, struct bucket_rate rate,
    struct monotime now)
{
	uint64_t earned;

	if (rate.per_sec == 0 || b->level >= bucket_full(rate))
		return (true);
	if (now.ns <= b->since.ns)
		return (false);
	return (__builtin_mul_overflow((uint64_t)(now.ns - b->since.ns),
		    rate.per_sec, &earned) ||
	    earned > bucket_full(rate) - b->level);
}
