#include "part.h"

bool
part_has(const struct addr_range *r, unsigned node, uint16_t port)
{
	const struct portplan *p = &r->plan;
	unsigned number;

	if (node == 0)
		return (true);
	if (p->block_size != 0 && port >= p->ports.first) {
		number = (unsigned)(port - p->ports.first) / p->block_size;
		if (number >= p->n_fixed)
			return (part_has_block(node, number));
	}
	return ((port / 2) % 2 == node - 1);
}

bool
part_has_blocks(const struct portplan *plan, unsigned node)
{
	const unsigned n = plan->n_blocks - plan->n_fixed;

	return (n > 1 || (n == 1 && part_has_block(node, plan->n_fixed)));
}

void
part_divide(struct portset *own, struct portset *others,
    const struct addr_range *r, enum l4proto proto, unsigned node)
{
	uint32_t port;

	if (others != NULL)
		portset_init(others, 1, 0);
	if (node == 0)
		return;
	for (port = r->ports[proto].first; port <= r->ports[proto].last;
	     port++) {
		if (part_has(r, node, (uint16_t)port) ||
		    !portset_has(own, (uint16_t)port))
			continue;
		portset_remove(own, (uint16_t)port);
		if (others != NULL)
			portset_add(others, (uint16_t)port);
	}
}

void
part_fill(struct portset *own, struct portset *others,
    const struct addr_range *r, enum l4proto proto, unsigned node)
{
	pool4_addrs_fill(own, r, proto);
	part_divide(own, others, r, proto, node);
}
