#include "keyhash.h"

void
keyhash_init(struct keyhash *h, const struct siphash_key *secret)
{
	uint32_t i;

	for (i = 0; i < KEYHASH_NKEYS; i++)
		h->keys[i] = (uint32_t)siphash24(secret, &i, sizeof(i));
	h->spread = siphash24(secret, &i, sizeof(i)) | 1;
}

unsigned
keyhash_shift(size_t n, unsigned max_bits)
{
	unsigned bits = 1;

	while (bits < max_bits && (size_t)1 << bits < n)
		bits++;
	return (64 - bits);
}
