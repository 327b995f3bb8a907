#include <string.h>

#include "nat64_binding.h"
#include "nat64_mapping.h"
#include "nat64_struct.h"

/*
 * The port of a mapping rests at least so long, for TCP as well: connections
 * to it may not have been closed (RFC 6887, 15).
 */
#define REST_SECS 120

/* Order: the bindings in any order, of one MAP before PEER. */
static int
cmp_flow(const struct nat64_mapping *a, const struct nat64_mapping *b)
{
	int d;

	if (a->proto != b->proto)
		return ((int)a->proto - (int)b->proto);
	if (a->in6.port != b->in6.port)
		return ((int)a->in6.port - (int)b->in6.port);
	d = addr6_compare(&a->in6.addr, &b->in6.addr);
	if (d != 0)
		return (d);
	if (a->peered != b->peered)
		return ((int)a->peered - (int)b->peered);
	return (taddr4_compare(&a->peer, &b->peer));
}

static int
cmp_end(const struct nat64_mapping *a, const struct nat64_mapping *b)
{
	if (a->end.ns != b->end.ns)
		return (a->end.ns < b->end.ns ? -1 : 1);
	return (cmp_flow(a, b));
}

RB_GENERATE_STATIC(nat64_mapping_flows, nat64_mapping, by_flow, cmp_flow)
RB_GENERATE_STATIC(nat64_mapping_ends, nat64_mapping, by_end, cmp_end)

/* --- finding --- */

/* Copied, as the functions of the tree take no const head. */
static struct nat64_mapping_flows
flows(const struct nat64 *n)
{
	return (n->mappings.by_flow);
}

static struct nat64_mapping
key_of(const struct bib_entry *e, const struct taddr4 *peer)
{
	struct nat64_mapping key = { .proto = e->proto, .in6 = e->in6 };

	if (peer != NULL) {
		key.peered = true;
		key.peer = *peer;
	}
	return (key);
}

struct nat64_mapping *
nat64_mapping_find(const struct nat64 *n, const struct bib_entry *e,
    const struct taddr4 *peer)
{
	struct nat64_mapping_flows all = flows(n);
	struct nat64_mapping key = key_of(e, peer);

	if (!e->held)
		return (NULL);
	return (RB_FIND(nat64_mapping_flows, &all, &key));
}

/* The first one of e at key or after it. */
static struct nat64_mapping *
find_of(const struct nat64 *n, const struct bib_entry *e,
    struct nat64_mapping *key)
{
	struct nat64_mapping_flows all = flows(n);
	struct nat64_mapping *m;

	m = RB_NFIND(nat64_mapping_flows, &all, key);
	return (m != NULL && m->bib == e ? m : NULL);
}

static struct nat64_mapping *
first_of(const struct nat64 *n, const struct bib_entry *e)
{
	struct nat64_mapping key = key_of(e, NULL);

	return (find_of(n, e, &key));
}

const struct nat64_mapping *
nat64_mapping_next(const struct nat64 *n, const struct bib_entry *e,
    const struct nat64_mapping *m)
{
	if (m == NULL)
		return (first_of(n, e));
	m = nat64_mapping_after(n, m);
	return (m != NULL && m->bib == e ? m : NULL);
}

const struct nat64_mapping *
nat64_mapping_after(const struct nat64 *n, const struct nat64_mapping *m)
{
	struct nat64_mapping_flows all = flows(n);
	struct nat64_mapping key, *next;

	if (m == NULL)
		return (RB_MIN(nat64_mapping_flows, &all));
	key = *m;
	next = RB_NFIND(nat64_mapping_flows, &all, &key);
	if (next != NULL && cmp_flow(next, &key) == 0)
		next = RB_NEXT(nat64_mapping_flows, &all, next);
	return (next);
}

bool
nat64_mapping_opens(const struct nat64 *n, const struct bib_entry *e,
    struct in_addr peer)
{
	const struct taddr4 lowest = { .addr = peer };
	struct nat64_mapping key;
	const struct nat64_mapping *m;

	if (!e->held || e->open)
		return (e->open);
	/* Any port of the peer, as for the filter (RFC 6146, 3.5.1). */
	key = key_of(e, &lowest);
	m = find_of(n, e, &key);
	return (m != NULL && m->peer.addr.s_addr == peer.s_addr);
}

/* --- adding and ending --- */

void
nat64_mappings_init(struct nat64 *n, size_t max)
{
	RB_INIT(&n->mappings.by_flow);
	RB_INIT(&n->mappings.by_end);
	slab_init(&n->mappings.slab, sizeof(struct nat64_mapping), max);
}

void
nat64_mappings_clear(struct nat64 *n)
{
	RB_INIT(&n->mappings.by_flow);
	RB_INIT(&n->mappings.by_end);
	slab_clear(&n->mappings.slab);
}

struct nat64_mapping *
nat64_mapping_add(struct nat64 *n, struct bib_entry *e,
    const struct taddr4 *peer, const uint8_t nonce[PCP_NONCE_LEN],
    struct monotime end)
{
	struct nat64_mapping *m = slab_get(&n->mappings.slab);

	if (m == NULL)
		return (NULL);
	*m = key_of(e, peer);
	memcpy(m->nonce, nonce, sizeof(m->nonce));
	m->end = end;
	m->bib = e;
	RB_INSERT(nat64_mapping_flows, &n->mappings.by_flow, m);
	RB_INSERT(nat64_mapping_ends, &n->mappings.by_end, m);
	e->held = true;
	if (!m->peered)
		e->open = true;
	e->sub->n_mappings++;
	return (m);
}

void
nat64_mapping_set_end(struct nat64 *n, struct nat64_mapping *m,
    struct monotime end)
{
	RB_REMOVE(nat64_mapping_ends, &n->mappings.by_end, m);
	m->end = end;
	RB_INSERT(nat64_mapping_ends, &n->mappings.by_end, m);
}

/* Remove m alone. */
static void
remove_mapping(struct nat64 *n, struct nat64_mapping *m)
{
	struct bib_entry *e = m->bib;

	RB_REMOVE(nat64_mapping_flows, &n->mappings.by_flow, m);
	RB_REMOVE(nat64_mapping_ends, &n->mappings.by_end, m);
	if (!m->peered)
		e->open = false;
	e->sub->n_mappings--;
	slab_put(&n->mappings.slab, m);
	e->held = first_of(n, e) != NULL;
}

/* Remove e, which was held until now, unless something else keeps it. */
static bool
release(struct nat64 *n, struct bib_entry *e, struct monotime now)
{
	const enum l4proto proto = (enum l4proto)e->proto;
	const struct taddr6 in6 = e->in6;
	const struct taddr4 out4 = e->out4;

	if (bib_is_kept(e) || e->n_sessions > 0)
		return (false);
	nat64_binding_release(n, e, now);
	/* With a filter by address no port rests (RFC 6888, REQ-8c). */
	if (!n->conf.adf[proto])
		pool4_rest(n->pool, proto, &out4, &in6, REST_SECS, now);
	return (true);
}

void
nat64_mapping_end(struct nat64 *n, struct nat64_mapping *m,
    struct monotime now)
{
	struct bib_entry *e = m->bib;

	remove_mapping(n, m);
	(void)release(n, e, now);
}

bool
nat64_mappings_lose(struct nat64 *n, struct bib_entry *e, struct monotime now)
{
	if (!e->held)
		return (false);
	while (e->held)
		remove_mapping(n, first_of(n, e));
	nat64_mappings_restart(n, now);
	return (release(n, e, now));
}

void
nat64_mappings_lose_all(struct nat64 *n, struct monotime now)
{
	struct nat64_mapping *m;

	m = RB_ROOT(&n->mappings.by_flow);
	if (m == NULL)
		return;
	for (; m != NULL; m = RB_ROOT(&n->mappings.by_flow))
		nat64_mapping_end(n, m, now);
	nat64_mappings_restart(n, now);
}

/* --- time --- */

void
nat64_mappings_restart(struct nat64 *n, struct monotime now)
{
	n->mappings.epoch = now;
	if (n->mappings.restarted != NULL)
		n->mappings.restarted(n->mappings.restarted_arg);
}

bool
nat64_mappings_expire(struct nat64 *n, struct monotime now, unsigned max)
{
	struct nat64_mapping *m;

	for (;;) {
		m = RB_MIN(nat64_mapping_ends, &n->mappings.by_end);
		if (m == NULL || !monotime_reached(m->end, now))
			return (false);
		if (max-- == 0)
			return (true);
		nat64_mapping_end(n, m, now);
	}
}

bool
nat64_mappings_next_expiry(const struct nat64 *n, struct monotime *when)
{
	struct nat64_mapping_ends all = n->mappings.by_end;
	const struct nat64_mapping *m = RB_MIN(nat64_mapping_ends, &all);

	if (m != NULL)
		*when = m->end;
	return (m != NULL);
}

/* --- another configuration --- */

bool
nat64_mappings_allowed(const struct nat64 *n, const struct bib_entry *e)
{
	return (n->conf.pcp.on && nat64_binding_allowed(n, e));
}

bool
nat64_kept_is_gone(struct nat64 *n, struct bib_entry *e, struct monotime now)
{
	if (!n->settling.on)
		return (false);
	if (e->held && !nat64_mappings_allowed(n, e) &&
	    nat64_mappings_lose(n, e, now))
		return (true);
	return (e->is_static && !nat64_binding_allowed(n, e) &&
	    nat64_static_end(n, e, now));
}
