/*
 * Fair shares. Owns the counters; knows neither subscribers nor bindings.
 */
#include <stdlib.h>

#include "common/net/addr.h"

#include "fairshare.h"

#define NROWS 2
#define COL_BITS 13
#define NCOLS (1u << COL_BITS)

/* The prefixes that have a share, and its size as a multiple of n_free. */
static const struct {
	unsigned len; /* bits */
	unsigned factor;
} levels[] = {
	{ 128, 1 },
	{ 64, 8 },
	{ 56, 8 },
	{ 48, 8 },
};

#define NLEVELS (sizeof(levels) / sizeof(levels[0]))

int
fairshare_init(struct fairshare *s, const struct siphash_key *secret)
{
	keyhash_init(&s->hash, secret);
	s->cells = calloc(NLEVELS * NROWS * NCOLS, sizeof(*s->cells));
	return (s->cells != NULL ? 0 : -1);
}

void
fairshare_clear(struct fairshare *s)
{
	free(s->cells);
	s->cells = NULL;
}

/* The cells of the prefix of addr at a level, one per row. */
static void
find_cells(const struct fairshare *s, const struct in6_addr *addr,
    unsigned level, struct fairshare_cell *cells[NROWS])
{
	const struct in6_addr prefix = addr6_prefix(addr, levels[level].len);
	const uint64_t hash = keyhash_addr6(&s->hash, &prefix);
	unsigned row, col;

	for (row = 0; row < NROWS; row++) {
		col = hash >> (64 - (row + 1) * COL_BITS) & (NCOLS - 1);
		cells[row] = &s->cells[(level * NROWS + row) * NCOLS + col];
	}
}

static uint32_t
held(struct fairshare_cell *const cells[NROWS], unsigned kind)
{
	const uint32_t a = cells[0]->held[kind], b = cells[1]->held[kind];

	return (a < b ? a : b);
}

unsigned
fairshare_check(const struct fairshare *s, const struct in6_addr *addr,
    unsigned kind, uint64_t n_free)
{
	struct fairshare_cell *cells[NROWS];
	unsigned level;

	if (s->cells == NULL)
		return (0);
	for (level = 0; level < NLEVELS; level++) {
		find_cells(s, addr, level, cells);
		if (held(cells, kind) > n_free * levels[level].factor)
			return (levels[level].len);
	}
	return (0);
}

/* by: 1, or UINT32_MAX (-1 modulo 2^32) to count one less. */
static void
count(struct fairshare *s, const struct in6_addr *addr, unsigned kind,
    uint32_t by)
{
	struct fairshare_cell *cells[NROWS];
	unsigned level, row;

	if (s->cells == NULL)
		return;
	for (level = 0; level < NLEVELS; level++) {
		find_cells(s, addr, level, cells);
		for (row = 0; row < NROWS; row++)
			cells[row]->held[kind] += by;
	}
}

void
fairshare_add(struct fairshare *s, const struct in6_addr *addr, unsigned kind)
{
	count(s, addr, kind, 1);
}

void
fairshare_remove(struct fairshare *s, const struct in6_addr *addr,
    unsigned kind)
{
	count(s, addr, kind, UINT32_MAX);
}
