#include <stdlib.h>

#include "rng_os.h"

/* Numbers that were returned are erased from memory. */
static uint32_t
next(void *arg)
{
	struct rng_os *r = arg;
	uint32_t word;

	if (r->left == 0) {
		arc4random_buf(r->word, sizeof(r->word));
		r->left = RNG_OS_WORDS;
	}
	word = r->word[--r->left];
	r->word[r->left] = 0;
	return (word);
}

struct rng
rng_os_source(struct rng_os *r)
{
	return ((struct rng){ .next = next, .arg = r });
}
