/*
 * Bit sets as trees of words. Knows nothing of what the numbers are.
 */
#include "bitset.h"

#define NLEVELS 3

static void
put_bit(uint64_t *words, uint32_t n, bool on)
{
	if (on)
		words[n / 64] |= UINT64_C(1) << n % 64;
	else
		words[n / 64] &= ~(UINT64_C(1) << n % 64);
}

void
bitset_put(struct bitset *set, uint32_t n, bool on)
{
	put_bit(set->words, n, on);
	put_bit(set->level1, n / 64, set->words[n / 64] != 0);
	put_bit(set->level2, n / 64 / 64, set->level1[n / 64 / 64] != 0);
}

/* The first member >= n, or -1. */
static int32_t
next_from(const struct bitset *set, uint32_t n)
{
	const uint64_t *const level[NLEVELS] = { set->words, set->level1,
		set->level2 };
	const uint32_t n_bits[NLEVELS] = { BITSET_NBITS, BITSET_NBITS / 64,
		BITSET_NBITS / 64 / 64 };
	uint64_t bits = 0;
	unsigned k;

	/* Go up to the first word with a bit at or behind n ... */
	for (k = 0; k < NLEVELS && n < n_bits[k]; k++) {
		bits = level[k][n / 64] & UINT64_MAX << n % 64;
		if (bits != 0)
			break;
		n = n / 64 + 1;
	}
	if (bits == 0)
		return (-1);
	/* ... and down to the first member below that bit. */
	n = n / 64 * 64 + (uint32_t)__builtin_ctzll(bits);
	while (k-- > 0)
		n = n * 64 + (uint32_t)__builtin_ctzll(level[k][n]);
	return ((int32_t)n);
}

int32_t
bitset_next(const struct bitset *set, uint32_t n)
{
	const int32_t next = next_from(set, n);

	return (next >= 0 ? next : next_from(set, 0));
}
