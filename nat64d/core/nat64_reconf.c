/*
 * Another configuration for a translator in use. Whatever can fail is done
 * first. What follows for bindings and sessions is done by nat64_settle.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "nat64_event.h"
#include "nat64_pair.h"
#include "nat64_policy.h"
#include "nat64_settle.h"
#include "nat64_struct.h"

static bool
is_valid(const struct nat64 *n, const struct nat64_config *c)
{
	if (c->mode != n->conf.mode ||
	    (c->n_prefixes == 0 && c->mode != NAT64_CLAT) ||
	    c->n_prefixes > NAT64_MAX_PREFIXES)
		return (false);
	if (c->n_pool > 0 && pool4_check(c->pool, c->n_pool) != NULL)
		return (false);
	if (pool4_check_plans(c->pool, c->n_pool, c->subscriber_len) != NULL)
		return (false);
	if (c->max_bindings > 0 && c->max_bindings < c->n_statics)
		return (false);
	return (c->subscriber_len == n->conf.subscriber_len &&
	    (!c->subscriber.fair_share || n->subs.fairshare.cells != NULL));
}

static bool
same_frag_limits(const struct frag_limits *a, const struct frag_limits *b)
{
	return (a->max_bytes == b->max_bytes &&
	    a->max_datagrams == b->max_datagrams &&
	    a->source_datagrams == b->source_datagrams &&
	    a->source_bytes == b->source_bytes &&
	    a->per_datagram == b->per_datagram &&
	    a->timeout_secs == b->timeout_secs &&
	    a->source6_len == b->source6_len && a->drop_icmp == b->drop_icmp);
}

/* May more fragments of a datagram leave with these addresses? */
static bool
keep_fragments(void *arg, enum pkt_family from,
    const union frag_target *target)
{
	const struct nat64 *n = arg;

	if (from == PKT_V6)
		return (pool4_index(n->pool, target->t4.src.addr) != -1);
	return (nat64_find_prefix(n, &target->t6.src.addr) != -1 &&
	    permit_allows(n->permit, &target->t6.dst.addr));
}

/* Other limits need another table, which forgets the fragments of before. */
static void
use_frags(struct nat64 *n, struct frag_table *frags)
{
	if (frags == n->frags) {
		frag_keep(frags, keep_fragments, n);
		return;
	}
	frag_table_free(n->frags);
	n->frags = frags;
	if (n->sink.trace != NULL)
		frag_table_set_drop(frags, nat64_trace_held, n);
}

/* The pool of n is that of c already. */
static void
use_limits(struct nat64 *n, const struct nat64_config *c)
{
	const size_t n_bindings = nat64_max_bindings(c, n->pool);
	struct session_table *t = &n->sessions;
	unsigned i;

	n->bib_slab.max = n_bindings;
	n->mappings.slab.max = n_bindings;
	(void)subscribers_set_limits(&n->subs, &c->subscriber, n_bindings);
	for (i = 0; i < L4_NPROTO; i++)
		n->bibs[i].soft_pooling = c->soft_pooling;
	session_table_set_max(t, c->max_sessions, c->max_sessions_per_binding);
	session_table_set_inbound(t, c->max_inbound);
	session_table_set_lifetimes(t, c->lifetime_secs);
	session_table_set_ports(t, c->lifetime_ports, c->n_lifetime_ports);
	session_table_set_refresh(t, c->inbound_refresh);
	ratelimit_set_rates(&n->errors6, c->errors, c->errors_dest);
	ratelimit_set_rates(&n->errors4, c->errors, c->errors_dest);
	ratelimit_set_rates(&n->too_big6, c->errors, c->errors_dest);
	ratelimit_set_rates(&n->too_big4, c->errors, c->errors_dest);
	n->syn_slab.max = (size_t)c->max_stored_syns * 2;
}

static void
use_conf(struct nat64 *n, const struct nat64_config *c)
{
	const struct siphash_key secret = n->conf.secret;
	slab_hint_fn memory_hint = n->conf.memory_hint;

	nat64_copy_conf(n, c);
	n->conf.secret = secret;
	n->conf.memory_hint = memory_hint;
}

void
nat64_set_prefix(struct nat64 *n, const struct pref64 *p)
{
	n->conf.n_prefixes = p != NULL ? 1 : 0;
	if (p != NULL)
		n->conf.prefixes[0] = *p;
	nat64_place_prefixes(n, &n->conf);
	nat64_pairs_forget(n);
}

int
nat64_reconfigure(struct nat64 *n, const struct nat64_config *c)
{
	const struct pool4_opts pool_opts = nat64_pool_opts(c);
	struct frag_table *frags = n->frags;
	struct nat64_exclude *excludes;
	struct eamt *eamt = NULL;
	struct permit *permit;

	if (n->settling.on || !is_valid(n, c)) {
		errno = n->settling.on ? EBUSY : EINVAL;
		return (-1);
	}
	excludes = nat64_copy_excludes(c);
	permit = permit_new(c->permits, c->n_permits);
	if (!same_frag_limits(&c->frag, &n->conf.frag))
		frags = frag_table_new(&c->frag);
	if (c->mode != NAT64_STATEFUL)
		eamt = eamt_new(c->maps, c->n_maps);
	if (excludes == NULL || permit == NULL || frags == NULL ||
	    (c->mode != NAT64_STATEFUL && eamt == NULL) ||
	    pool4_change(n->pool, c->pool, c->n_pool, &pool_opts) == -1)
		goto fail;

	free(n->excludes);
	n->excludes = excludes;
	permit_free(n->permit);
	n->permit = permit;
	eamt_free(n->eamt);
	n->eamt = eamt;
	nat64_place_prefixes(n, c);
	use_limits(n, c);
	use_conf(n, c);
	use_frags(n, frags);
	nat64_pairs_forget(n);
	nat64_settle_begin(n, c->statics, c->n_statics);
	return (0);
fail:
	free(excludes);
	permit_free(permit);
	eamt_free(eamt);
	if (frags != n->frags)
		frag_table_free(frags);
	errno = ENOMEM;
	return (-1);
}
