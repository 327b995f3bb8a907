/*
 * Which bindings and sessions the configuration allows, and the end of a
 * binding.
 */
#include <limits.h>
#include <string.h>

#include "nat64_binding.h"
#include "nat64_event.h"
#include "nat64_policy.h"
#include "nat64_threshold.h"

bool
nat64_binding_allowed(const struct nat64 *n, const struct bib_entry *e)
{
	const enum l4proto proto = (enum l4proto)e->proto;
	const int32_t index = pool4_index(n->pool, e->out4.addr);

	if (e->is_static)
		return (index >= 0);
	return (index >= 0 && pool4_has_port(n->pool, proto, &e->out4) &&
	    pool4_serves(n->pool, (uint32_t)index, &e->in6.addr) &&
	    pool4_may_claim(n->pool, proto, &e->out4, &e->in6.addr) &&
	    permit_allows(n->permit, &e->in6.addr) &&
	    nat64_find_prefix(n, &e->in6.addr) == -1);
}

bool
nat64_session_allowed(const struct nat64 *n, const struct session *s)
{
	/* A stored SYN has no binding yet, and ends within seconds. */
	if (s->bib == NULL)
		return (true);
	return (nat64_may_embed(n, s->prefix, s->peer.addr) &&
	    !nat64_excluded(n, (enum l4proto)s->proto, s->peer.addr,
		s->peer.port) &&
	    nat64_binding_allowed(n, s->bib));
}

void
nat64_binding_report(struct nat64 *n, const struct bib_entry *e)
{
	if (subscriber_count_bindings(e->sub) == 1)
		nat64_report_address(n, NAT64_EV_ADDRESS_CREATE, e->sub);
	nat64_report(n, NAT64_EV_BIB_CREATE, e, NULL);
	nat64_threshold_check(n, (enum l4proto)e->proto, e->sub);
}

void
nat64_binding_release(struct nat64 *n, struct bib_entry *e,
    struct monotime now)
{
	const enum l4proto proto = (enum l4proto)e->proto;
	struct subscriber *sub = e->sub;

	if (e->n_sessions > 0 || bib_is_kept(e))
		return;
	nat64_report(n, NAT64_EV_BIB_DELETE, e, NULL);
	bib_release(&n->bibs[e->proto], e, now);
	if (subscriber_is_idle(sub))
		nat64_report_address(n, NAT64_EV_ADDRESS_DELETE, sub);
	nat64_threshold_check(n, proto, sub);
}

bool
nat64_static_end(struct nat64 *n, struct bib_entry *e, struct monotime now)
{
	bib_make_dynamic(&n->bibs[e->proto], e, now);
	if (e->n_sessions > 0 || bib_is_kept(e))
		return (false);
	nat64_binding_release(n, e, now);
	return (true);
}

void
nat64_statics_end(struct nat64 *n, struct monotime now)
{
	const struct subscriber *sub;
	struct bib_walk w;
	struct bib_entry *e;
	unsigned steps;
	struct bib *b;

	for (b = n->bibs; b < n->bibs + L4_NPROTO; b++) {
		memset(&w, 0, sizeof(w));
		steps = UINT_MAX;
		while ((e = bib_walk_at(b, &w, &steps)) != NULL) {
			sub = e->sub;
			bib_walk_past(&w, e);
			if (bib_remove_static(b, e, now) &&
			    subscriber_is_idle(sub))
				nat64_report_address(n,
				    NAT64_EV_ADDRESS_DELETE, sub);
		}
	}
}
