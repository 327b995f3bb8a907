/*
 * Lists of port ranges. Keeps them ordered and disjoint; knows nothing of the
 * use of the ports.
 */
#include <string.h>

#include "portlist.h"

bool
portlist_add(struct portlist *l, struct port_range r)
{
	unsigned from = 0, to;

	/* Ranges from .. to - 1 overlap r or are adjacent to it. */
	while (from < l->n && l->ranges[from].last + 1 < r.first)
		from++;
	for (to = from; to < l->n && l->ranges[to].first <= r.last + 1; to++)
		;
	if (from == to && l->n == PORTLIST_MAX)
		return (false);
	if (from < to && l->ranges[from].first < r.first)
		r.first = l->ranges[from].first;
	if (from < to && l->ranges[to - 1].last > r.last)
		r.last = l->ranges[to - 1].last;
	memmove(&l->ranges[from + 1], &l->ranges[to], (l->n - to) * sizeof(r));
	l->ranges[from] = r;
	l->n += 1 - (to - from);
	return (true);
}

/* The intersection of two ranges, which may be empty. */
static struct port_range
intersection(struct port_range a, struct port_range b)
{
	return ((struct port_range){ a.first > b.first ? a.first : b.first,
	    a.last < b.last ? a.last : b.last });
}

uint32_t
portlist_count(const struct portlist *l, struct port_range r)
{
	struct port_range s;
	uint32_t n = 0;
	unsigned i;

	for (i = 0; i < l->n; i++) {
		s = intersection(l->ranges[i], r);
		if (s.first <= s.last)
			n += s.last - s.first + 1u;
	}
	return (n);
}

bool
portlist_meets(const struct portlist *l, struct port_range r)
{
	return (portlist_count(l, r) > 0);
}

bool
portlist_has(const struct portlist *l, uint16_t port)
{
	return (portlist_meets(l, (struct port_range){ port, port }));
}
