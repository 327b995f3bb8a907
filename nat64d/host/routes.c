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

int
routes_each(const struct nat64_config *n, routes_fn fn, void *arg)
{
	struct prefix dst = { .family = AF_INET6 };
	size_t i;

	for (i = 0; i < n->n_prefixes; i++) {
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
