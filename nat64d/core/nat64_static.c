/*
 * Static bindings that are added and deleted while the translator runs.
 */
#include <errno.h>

#include "nat64_binding.h"
#include "nat64_event.h"
#include "nat64_mapping.h"
#include "nat64_state.h"
#include "nat64_static.h"
#include "nat64_struct.h"

/* Identifiers of ICMP may be 0, ports may not. */
static bool
is_valid(const struct nat64 *n, const struct nat64_static *st)
{
	const struct in6_addr *addr = &st->in6.addr;

	if (st->proto != L4_ICMP && (st->in6.port == 0 || st->out4.port == 0))
		return (false);
	/* A packet from there would be dropped as a loop (RFC 6146, 3.5). */
	return (nat64_find_prefix(n, addr) == -1 &&
	    !IN6_IS_ADDR_MULTICAST(addr) && !IN6_IS_ADDR_UNSPECIFIED(addr) &&
	    !IN6_IS_ADDR_LOOPBACK(addr) && !IN6_IS_ADDR_LINKLOCAL(addr));
}

/* End a dynamic binding with all its sessions. */
static int
end_binding(struct nat64 *n, struct bib_entry *e, struct monotime now)
{
	unsigned max = NAT64_STATIC_MAX_ENDED;

	if (e->n_sessions > max) {
		errno = EBUSY;
		return (-1);
	}
	if (!nat64_mappings_lose(n, e, now))
		(void)nat64_sessions_end(n, e, now, &max);
	return (0);
}

/* Make e (may be NULL) get out of the way. */
static int
make_way(struct nat64 *n, struct bib_entry *e, bool end_dynamic,
    struct monotime now, const struct bib_entry **other)
{
	if (e == NULL)
		return (0);
	*other = e;
	if (e->is_static || !end_dynamic) {
		errno = EEXIST;
		return (-1);
	}
	return (end_binding(n, e, now));
}

int
nat64_static_add(struct nat64 *n, const struct nat64_static *st,
    bool end_dynamic, struct monotime now, const struct bib_entry **other)
{
	struct bib *bib = &n->bibs[st->proto];
	const struct bib_entry *same;
	struct bib_entry *e;

	*other = NULL;
	if (!is_valid(n, st)) {
		errno = EINVAL;
		return (-1);
	}
	if (pool4_index(n->pool, st->out4.addr) == -1) {
		errno = EADDRNOTAVAIL;
		return (-1);
	}
	same = bib_find6(bib, &st->in6);
	if (same == NULL || same->is_static ||
	    same != bib_find4(bib, &st->out4)) {
		same = NULL;
		if (make_way(n, bib_find6(bib, &st->in6), end_dynamic, now,
			other) == -1 ||
		    make_way(n, bib_find4(bib, &st->out4), end_dynamic, now,
			other) == -1)
			return (-1);
	}
	e = bib_add_static(bib, &st->in6, &st->out4, now);
	if (e == NULL)
		return (-1);
	if (same != NULL) /* reported when it was made */
		return (0);
	nat64_binding_report(n, e);
	return (0);
}

int
nat64_static_delete(struct nat64 *n, const struct nat64_static *st,
    struct monotime now)
{
	struct bib *bib = &n->bibs[st->proto];
	struct bib_entry *e = bib_find6(bib, &st->in6);
	unsigned max = NAT64_STATIC_MAX_ENDED;
	bool may_stay;

	if (e == NULL || !e->is_static || e != bib_find4(bib, &st->out4)) {
		errno = ENOENT;
		return (-1);
	}
	may_stay =
	    pool4_may_claim(n->pool, st->proto, &st->out4, &st->in6.addr);
	if (!may_stay && e->n_sessions > max) {
		errno = EBUSY;
		return (-1);
	}
	if (!nat64_static_end(n, e, now) && !may_stay &&
	    !nat64_mappings_lose(n, e, now))
		(void)nat64_sessions_end(n, e, now, &max);
	return (0);
}
