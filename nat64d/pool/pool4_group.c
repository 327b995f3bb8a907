#include <stdlib.h>

#include "pool4_group.h"

static bool
same_clients(const struct prefix *a, const struct prefix *b)
{
	if (a->family != b->family)
		return (false);
	return (a->family == 0 ||
	    (a->len == b->len && IN6_ARE_ADDR_EQUAL(&a->v6, &b->v6)));
}

int
pool4_groups_init(struct pool4_groups *gs, struct pool4_addrs *a)
{
	struct addr_range *r;
	uint32_t i;

	gs->n = 0;
	gs->groups = calloc(a->nranges + 1, sizeof(*gs->groups));
	if (gs->groups == NULL)
		return (-1);
	for (r = a->ranges; r < a->ranges + a->nranges; r++) {
		for (i = 0; i < gs->n; i++)
			if (same_clients(&gs->groups[i].clients, &r->clients))
				break;
		if (i == gs->n)
			gs->groups[gs->n++].clients = r->clients;
		r->group = i;
		gs->groups[i].naddrs += r->last - r->first + 1;
	}
	return (0);
}

void
pool4_groups_clear(struct pool4_groups *gs)
{
	free(gs->groups);
	gs->groups = NULL;
}

int32_t
pool4_groups_find(const struct pool4_groups *gs, const struct in6_addr *client)
{
	const struct prefix *p;
	int32_t best = -1;
	int len = -1;
	uint32_t i;

	for (i = 0; i < gs->n; i++) {
		p = &gs->groups[i].clients;
		if (p->family == 0) {
			if (best == -1)
				best = (int32_t)i;
		} else if (p->len > len && prefix_match6(p, client)) {
			best = (int32_t)i;
			len = p->len;
		}
	}
	return (best);
}

uint32_t
pool4_groups_addr(const struct pool4_addrs *a, uint32_t group, uint32_t n)
{
	const struct addr_range *r;
	uint32_t naddrs;

	for (r = a->ranges; r < a->ranges + a->nranges; r++) {
		if (r->group != group)
			continue;
		naddrs = r->last - r->first + 1;
		if (n < naddrs)
			return (r->base + n);
		n -= naddrs;
	}
	return (0);
}
