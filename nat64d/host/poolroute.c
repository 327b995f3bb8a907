#include "nat64d/pool/range.h"
#include "poolroute.h"

static void
each_of_pool(const struct pool4_range *r, poolroute_fn *fn, void *arg)
{
	struct in_addr first = r->first, last;
	struct prefix head;

	do {
		head = range4_head(first, r->last);
		fn(arg, &head);
		last = range4_last(&head);
		first = range4_next(last);
	} while (last.s_addr != r->last.s_addr);
}

void
poolroute_each(const struct nat64_config *n, poolroute_fn *fn, void *arg)
{
	struct prefix dst = { .family = AF_INET6 };
	size_t i;

	for (i = 0; i < n->n_prefixes; i++) {
		dst.len = n->prefixes[i].len;
		dst.v6 = n->prefixes[i].addr;
		fn(arg, &dst);
	}
	for (i = 0; i < n->n_pool; i++)
		each_of_pool(&n->pool[i], fn, arg);
}
