#include "nat64d/pool/range.h"
#include "routes.h"

static int
each_of_range(const struct pool4_range *r, routes_fn fn, void *arg)
{
	struct in_addr first = r->first, last;
	struct prefix head;

	do {
		head = range4_head(first, r->last);
		if (fn(arg, &head) == -1)
			return (-1);
		last = range4_last(&head);
		first = range4_next(last);
	} while (last.s_addr != r->last.s_addr);
	return (0);
}

/* The side of the mappings that our own hosts do not have. */
static int
each_map(const struct nat64_config *n, routes_fn fn, void *arg)
{
	struct prefix dst;
	const struct eam *m;

	for (m = n->maps; m < n->maps + n->n_maps; m++) {
		if (IN6_IS_ADDR_UNSPECIFIED(&m->addr6))
			continue; /* not known yet */
		if (n->mode == NAT64_CLAT)
			dst = (struct prefix){ .family = AF_INET6,
				.len = m->len6,
				.v6 = m->addr6 };
		else
			dst = (struct prefix){ .family = AF_INET,
				.len = m->len4,
				.v4 = m->addr4 };
		if (fn(arg, &dst) == -1)
			return (-1);
	}
	return (0);
}

int
routes_each(const struct nat64_config *n, routes_fn fn, void *arg)
{
	struct prefix dst = { .family = AF_INET6 };
	size_t i;

	if (n->mode != NAT64_STATEFUL && each_map(n, fn, arg) == -1)
		return (-1);
	for (i = 0; i < n->n_prefixes && n->mode != NAT64_CLAT; i++) {
		dst.len = n->prefixes[i].len;
		dst.v6 = n->prefixes[i].addr;
		if (fn(arg, &dst) == -1)
			return (-1);
	}
	for (i = 0; i < n->n_pool; i++)
		if (each_of_range(&n->pool[i], fn, arg) == -1)
			return (-1);
	return (0);
}
