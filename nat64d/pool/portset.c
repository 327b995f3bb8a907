/*
 * Port sets. Owns the bits and counts; knows nothing of addresses, protocols
 * or users of ports.
 */
#include <string.h>

#include "portset.h"

static unsigned
half_of(uint32_t port)
{
	return (port & 1);
}

static unsigned
bit_of(uint32_t port)
{
	return (port >> 1);
}

/* Without a CPU option, __builtin_popcountll() is a slow library call. */
static unsigned
count_ones(uint64_t w)
{
	w -= w >> 1 & UINT64_C(0x5555555555555555);
	w = (w & UINT64_C(0x3333333333333333)) +
	    (w >> 2 & UINT64_C(0x3333333333333333));
	w = (w + (w >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return ((unsigned)(w * UINT64_C(0x0101010101010101) >> 56));
}

/* Add delta to the counts that include a bit of half h. */
static void
count(struct portset *set, unsigned h, unsigned bit, uint32_t delta)
{
	set->of8[h][bit / 512] += delta;
	set->of64[h][bit / 4096] += delta;
	set->half[h] += delta;
}

/* Add bits bit .. end - 1 of half h. */
static void
fill(struct portset *set, unsigned h, unsigned bit, unsigned end)
{
	unsigned n, next;

	for (; bit < end; bit = next) {
		next = (bit | 63) + 1;
		if (next > end)
			next = end;
		n = next - bit;
		set->words[h][bit / 64] |= UINT64_MAX >> (64 - n) << bit % 64;
		count(set, h, bit, n);
	}
}

void
portset_init(struct portset *set, uint32_t first, uint32_t last)
{
	memset(set, 0, sizeof(*set));
	/* Odd ports first .. last: bits first / 2 to (last - 1) / 2. */
	fill(set, 0, (first + 1) / 2, last / 2 + 1);
	fill(set, 1, first / 2, (last + 1) / 2);
}

bool
portset_has(const struct portset *set, uint16_t port)
{
	const unsigned bit = bit_of(port);

	return (set->words[half_of(port)][bit / 64] >> bit % 64 & 1);
}

void
portset_add(struct portset *set, uint16_t port)
{
	const unsigned bit = bit_of(port);

	set->words[half_of(port)][bit / 64] |= UINT64_C(1) << bit % 64;
	count(set, half_of(port), bit, 1);
}

void
portset_remove(struct portset *set, uint16_t port)
{
	const unsigned bit = bit_of(port);

	set->words[half_of(port)][bit / 64] &= ~(UINT64_C(1) << bit % 64);
	count(set, half_of(port), bit, UINT32_MAX);
}

/* Count part number i, bit i of a mask of parts: its half is i & 1. */
static uint32_t
count_part(const struct portset *set, unsigned i)
{
	const unsigned h = i & 1;

	if (1u << i & PORTSET_SYSTEM)
		return (set->of8[h][0]);
	return (set->half[h] - set->of8[h][0]);
}

uint32_t
portset_count(const struct portset *set, unsigned parts)
{
	uint32_t n = 0;
	unsigned i;

	for (i = 0; i < PORTSET_NPARTS; i++)
		if (1u << i & parts)
			n += count_part(set, i);
	return (n);
}

/* The port of the member of rank r of word i of half h. */
static uint16_t
member_of_word(unsigned h, unsigned i, uint64_t w, uint32_t r)
{
	for (; r > 0; r--)
		w &= w - 1;
	return ((uint16_t)((i * 64 + (unsigned)__builtin_ctzll(w)) * 2 + h));
}

/* The port of the member of half h with rank r, r < half[h]. */
static uint16_t
member(const struct portset *set, unsigned h, uint32_t r)
{
	unsigned i, n;

	for (i = 0; r >= set->of64[h][i]; i++)
		r -= set->of64[h][i];
	for (i *= 8; r >= set->of8[h][i]; i++)
		r -= set->of8[h][i];
	for (i *= 8; r >= (n = count_ones(set->words[h][i])); i++)
		r -= n;
	return (member_of_word(h, i, set->words[h][i], r));
}

int32_t
portset_pick(const struct portset *set, unsigned parts, const struct rng *rng)
{
	uint32_t n, r;
	unsigned i;

	n = portset_count(set, parts);
	if (n == 0)
		return (-1);
	r = rng_below(rng, n);
	for (i = 0;; i++) {
		if (!(1u << i & parts))
			continue;
		if (r < (n = count_part(set, i)))
			break;
		r -= n;
	}
	/* In a half the user ports are behind the system ports. */
	if (1u << i & PORTSET_USER)
		r += set->of8[i & 1][0];
	return (member(set, i & 1, r));
}

void
portset_subtract(struct portset *set, const struct portset *other)
{
	unsigned h, i, n;

	for (h = 0; h < 2; h++)
		for (i = 0; i < PORTSET_NWORDS; i++) {
			n = count_ones(set->words[h][i] & other->words[h][i]);
			set->words[h][i] &= ~other->words[h][i];
			count(set, h, i * 64, -(uint32_t)n);
		}
}

int32_t
portset_next_missing(const struct portset *all, const struct portset *some,
    unsigned *place)
{
	const unsigned n_bits = PORTSET_NWORDS * 64; /* of a half */
	unsigned h, i, bit;
	uint64_t w;

	for (; *place < 2 * n_bits; *place = (*place | 63) + 1) {
		h = *place / n_bits;
		i = *place / 64 % PORTSET_NWORDS;
		w = all->words[h][i] & ~some->words[h][i] &
		    UINT64_MAX << *place % 64;
		if (w == 0)
			continue;
		bit = i * 64 + (unsigned)__builtin_ctzll(w);
		*place = h * n_bits + bit + 1;
		return ((int32_t)(bit * 2 + h));
	}
	return (-1);
}

/* The bits of half h that stand for ports of first .. last: from .. end - 1. */
struct bits {
	unsigned from;
	unsigned end;
};

static struct bits
bits_of(unsigned h, uint16_t first, uint16_t last)
{
	return ((struct bits){ (first + 1u - h) / 2, (last + 2u - h) / 2 });
}

/* Word i of half h without the bits that are not in b. */
static uint64_t
word_within(const struct portset *set, unsigned h, unsigned i, struct bits b)
{
	uint64_t w = set->words[h][i];

	if (i == b.from / 64)
		w &= UINT64_MAX << b.from % 64;
	if (i == b.end / 64)
		w &= ~(UINT64_MAX << b.end % 64);
	return (w);
}

uint32_t
portset_count_within(const struct portset *set, unsigned parity,
    uint16_t first, uint16_t last)
{
	const struct bits b = bits_of(parity, first, last);
	uint32_t n = 0;
	unsigned i;

	for (i = b.from / 64; i * 64 < b.end; i++)
		n += count_ones(word_within(set, parity, i, b));
	return (n);
}

uint16_t
portset_nth_within(const struct portset *set, unsigned parity, uint16_t first,
    uint16_t last, uint32_t r)
{
	const struct bits b = bits_of(parity, first, last);
	unsigned i, n;
	uint64_t w;

	for (i = b.from / 64;; i++) {
		w = word_within(set, parity, i, b);
		n = count_ones(w);
		if (r < n)
			return (member_of_word(parity, i, w, r));
		r -= n;
	}
}
