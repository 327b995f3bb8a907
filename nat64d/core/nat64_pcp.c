#include <netinet/in.h>

#include <string.h>

#include "nat64_binding.h"
#include "nat64_event.h"
#include "nat64_pcp.h"
#include "nat64_policy.h"
#include "nat64_struct.h"
#include "nat64d/pcp/pcp_server.h"
#include "nat64d/pcp/pcp_wire.h"

/* Ports that no mapping may have (RFC 6887, 11.3), with UDP. */
#define IS_OF_PCP(port) ((port) == PCP_PORT || (port) == PCP_CLIENT_PORT)

/* Ports that are tried instead of them. */
#define MAX_TRIES 64

/* A request. */
struct asked {
	struct nat64 *n;
	struct monotime now;
};

/* A flow as the tables know it. */
struct place {
	struct bib *bib;
	struct taddr6 in6;
	const struct taddr4 *peer; /* NULL, or: */
	struct taddr4 peer4;
	struct bib_entry *e; /* NULL: there is no binding */
};

static bool
may_use(void *arg, const struct in6_addr *host)
{
	const struct asked *a = arg;

	return (permit_allows(a->n->permit, host) &&
	    nat64_find_prefix(a->n, host) == -1 &&
	    !IN6_IS_ADDR_MULTICAST(host) && !IN6_IS_ADDR_UNSPECIFIED(host) &&
	    !IN6_IS_ADDR_LOOPBACK(host) && !IN6_IS_ADDR_LINKLOCAL(host) &&
	    !IN6_IS_ADDR_V4MAPPED(host));
}

/* Other protocols are refused before (pcp_server.h). */
static enum l4proto
proto_of(const struct pcp_flow *f)
{
	return (f->proto == IPPROTO_TCP ? L4_TCP : L4_UDP);
}

/* The peer as its host sees it: in a Pref64 (RFC 6887, 12.2). */
static int
peer_of(const struct nat64 *n, const struct pcp_flow *f, struct taddr4 *peer)
{
	const int prefix = nat64_find_prefix(n, &f->peer_addr);

	if (prefix == -1 ||
	    pref64_extract(&n->prefixes[prefix].prefix, &f->peer_addr,
		&peer->addr) == -1)
		return (-1);
	peer->port = f->peer_port;
	return (prefix);
}

/* As for packets (RFC 6887, 12.3). */
static bool
has_peer(void *arg, const struct pcp_flow *f)
{
	const struct asked *a = arg;
	const enum l4proto proto = proto_of(f);
	struct taddr4 peer;
	const int prefix = peer_of(a->n, f, &peer);

	return (prefix != -1 &&
	    nat64_may_embed(a->n, (unsigned)prefix, peer.addr) &&
	    !nat64_excluded(a->n, proto, peer.addr, peer.port));
}

static void
look_up(struct nat64 *n, const struct pcp_flow *f, struct place *p)
{
	p->bib = &n->bibs[proto_of(f)];
	p->in6 = (struct taddr6){ f->addr, f->port };
	p->peer = NULL;
	if (f->peer) {
		(void)peer_of(n, f, &p->peer4);
		p->peer = &p->peer4;
	}
	p->e = bib_find6(p->bib, &p->in6);
}

/* Whole seconds until then, at least one. */
static uint32_t
secs_until(struct monotime end, struct monotime now)
{
	const int64_t ms = monotime_diff_ms(end, now);

	if (ms <= 1000)
		return (1);
	return (ms / 1000 < UINT32_MAX ? (uint32_t)(ms / 1000) : UINT32_MAX);
}

/* When the session with the peer ends, if there is one that is not over. */
static bool
session_end(const struct asked *a, const struct place *p, struct monotime *end)
{
	const struct session_table *t = &a->n->sessions;
	const struct session *s = session_find_peer(t, p->e, p->peer);

	if (s == NULL || s->bib == NULL || session_is_stale(t, s) ||
	    session_is_over(t, s, a->now))
		return (false);
	*end = session_expires(t, s);
	return (true);
}

static void
find(void *arg, const struct pcp_flow *f, struct pcp_mapping *m)
{
	const struct asked *a = arg;
	const struct nat64_mapping *mapping;
	struct monotime end;
	struct place p;

	*m = (struct pcp_mapping){ .kind = PCP_NOTHING };
	look_up(a->n, f, &p);
	if (p.e == NULL)
		return;
	m->addr = p.e->out4.addr;
	m->port = p.e->out4.port;
	if (p.peer == NULL)
		m->kind = p.e->is_static ? PCP_STATIC : PCP_IMPLICIT;
	else if (session_end(a, &p, &end)) {
		m->kind = PCP_IMPLICIT;
		m->secs = secs_until(end, a->now);
	}
	mapping = nat64_mapping_find(a->n, p.e, p.peer);
	if (mapping == NULL || m->kind == PCP_STATIC)
		return;
	m->kind = PCP_EXPLICIT;
	memcpy(m->nonce, mapping->nonce, sizeof(m->nonce));
	if (m->secs < secs_until(mapping->end, a->now))
		m->secs = secs_until(mapping->end, a->now);
}

static enum pcp_result
result_of(const struct refusal *why)
{
	switch (why->by) {
	case REFUSED_NO_POOL:
		return (PCP_NETWORK_FAILURE);
	case REFUSED_SUBSCRIBER_PORTS:
	case REFUSED_SUBSCRIBER_BLOCKS:
	case REFUSED_NEW_BINDINGS:
	case REFUSED_FAIR_SHARE:
		return (PCP_USER_EX_QUOTA);
	case REFUSED_EXISTS:
		return (PCP_CANNOT_PROVIDE_EXTERNAL);
	default:
		return (PCP_NO_RESOURCES);
	}
}

static bool
is_forbidden(const struct place *p, uint16_t port)
{
	return (p->bib->proto == L4_UDP && IS_OF_PCP(port));
}

/* Another binding than e, whose port is one of those of PCP. */
static struct bib_entry *
replace_forbidden(const struct asked *a, const struct place *p,
    struct bib_entry *e, struct refusal *why)
{
	struct taddr4 wish = e->out4;
	unsigned i;

	bib_release(p->bib, e, a->now);
	for (i = 0, e = NULL; i < MAX_TRIES && e == NULL; i++) {
		wish.port = (uint16_t)(PCP_PORT + 1 + i);
		e = bib_create6(p->bib, &p->in6, &wish, &a->n->rng, a->now,
		    why);
	}
	if (e == NULL)
		refuse(why, REFUSED_POOL, 0);
	return (e);
}

/* A binding with the port that is suggested, if that is possible, or any. */
static struct bib_entry *
create(const struct asked *a, const struct place *p, const struct pcp_wish *w,
    struct refusal *why)
{
	struct taddr4 wish = { .addr = w->addr, .port = w->port };
	struct bib_entry *e = NULL;
	bool created;

	refuse(why, REFUSED_EXISTS, 0);
	if (w->port != 0 && !is_forbidden(p, w->port)) {
		e = bib_create6(p->bib, &p->in6, &wish, &a->n->rng, a->now,
		    why);
		/* The right port counts for more than the address. */
		if (e == NULL && why->by == REFUSED_EXISTS && !w->must) {
			wish.addr.s_addr = INADDR_ANY;
			e = bib_create6(p->bib, &p->in6, &wish, &a->n->rng,
			    a->now, why);
		}
	}
	if (e != NULL || why->by != REFUSED_EXISTS ||
	    (w->must && w->port != 0))
		return (e);
	e = bib_get6(p->bib, &p->in6, &a->n->rng, a->now, &created, why);
	if (e != NULL && is_forbidden(p, e->out4.port))
		e = replace_forbidden(a, p, e, why);
	return (e);
}

/* Is e, which need not be what is suggested, good enough? */
static bool
is_met(const struct bib_entry *e, const struct pcp_wish *w)
{
	return (!w->must ||
	    ((w->addr.s_addr == INADDR_ANY ||
		 w->addr.s_addr == e->out4.addr.s_addr) &&
		(w->port == 0 || w->port == e->out4.port)));
}

/* The binding of the place, or a new one; NULL with *result. */
static struct bib_entry *
get_binding(const struct asked *a, const struct place *p,
    const struct pcp_wish *w, enum pcp_result *result)
{
	struct bib_entry *e = p->e;
	struct refusal why;

	if (e == NULL) {
		e = create(a, p, w, &why);
		if (e == NULL) {
			*result = result_of(&why);
			if (why.by != REFUSED_EXISTS)
				(void)nat64_report_refused(a->n, p->bib->proto,
				    &p->in6, &why);
			return (NULL);
		}
		nat64_binding_report(a->n, e);
	}
	/* One that ends just now, or that may not be given. */
	*result = PCP_NO_RESOURCES;
	if (is_forbidden(p, e->out4.port) ||
	    (a->n->settling.on && !nat64_binding_allowed(a->n, e)))
		return (NULL);
	*result = PCP_CANNOT_PROVIDE_EXTERNAL;
	if (is_met(e, w))
		return (e);
	nat64_binding_release(a->n, e, a->now);
	return (NULL);
}

/* May this subscriber have one more? */
static bool
has_room(const struct nat64 *n, const struct place *p)
{
	const struct subscriber *sub = subscriber_find(&n->subs, &p->in6.addr);
	const uint32_t max = n->conf.pcp.per_subscriber;

	return (max == 0 || sub == NULL || sub->n_mappings < max);
}

static enum pcp_result
map(void *arg, const struct pcp_flow *f, const struct pcp_wish *w,
    struct pcp_mapping *m)
{
	const struct asked *a = arg;
	const struct monotime end = monotime_add_secs(a->now, w->secs);
	struct nat64_mapping *mapping;
	enum pcp_result result;
	struct place p;

	look_up(a->n, f, &p);
	mapping = p.e == NULL ? NULL : nat64_mapping_find(a->n, p.e, p.peer);
	if (mapping != NULL) {
		nat64_mapping_set_end(a->n, mapping, end);
	} else {
		if (!has_room(a->n, &p))
			return (PCP_USER_EX_QUOTA);
		p.e = get_binding(a, &p, w, &result);
		if (p.e == NULL)
			return (result);
		mapping = nat64_mapping_add(a->n, p.e, p.peer, w->nonce, end);
		if (mapping == NULL) {
			nat64_binding_release(a->n, p.e, a->now);
			return (PCP_NO_RESOURCES);
		}
		a->n->stats.counters[NAT64_PCP_MAPPED]++;
	}
	*m = (struct pcp_mapping){ .kind = PCP_EXPLICIT,
		.addr = mapping->bib->out4.addr,
		.port = mapping->bib->out4.port,
		.secs = w->secs };
	return (PCP_SUCCESS);
}

static void
end(void *arg, const struct pcp_flow *f)
{
	const struct asked *a = arg;
	struct nat64_mapping *m;
	struct place p;

	look_up(a->n, f, &p);
	m = p.e == NULL ? NULL : nat64_mapping_find(a->n, p.e, p.peer);
	if (m != NULL)
		nat64_mapping_end(a->n, m, a->now);
}

/* --- for others --- */

void
nat64_pcp_init(struct nat64 *n, const struct siphash_key *key,
    struct monotime now)
{
	const struct bucket_rate all = { NAT64_PCP_RATE, NAT64_PCP_RATE };
	const struct bucket_rate each = { NAT64_PCP_RATE_SUBSCRIBER,
		NAT64_PCP_BURST_SUBSCRIBER };

	n->mappings.epoch = now;
	ratelimit_init(&n->pcp_answers, key, all, each, now);
}

size_t
nat64_pcp_input(struct nat64 *n, const struct in6_addr *source,
    const uint8_t *data, size_t len, uint8_t out[PCP_MAX], struct monotime now)
{
	struct asked asked = { n, now };
	const struct pcp_translator translator = { may_use, has_peer, find,
		map, end, &asked };
	const struct pcp_server server = {
		.translator = &translator,
		.min_secs = n->conf.pcp.min_secs,
		.max_secs = n->conf.pcp.max_secs,
		.epoch = nat64_pcp_epoch(n, now),
		.pref64 = n->conf.prefixes,
		.n_pref64 = n->conf.n_prefixes,
	};
	const struct in6_addr subscriber = subscriber_prefix(&n->subs, source);
	enum pcp_result result;

	/* At standby the active node answers, or will after its start. */
	if (!n->conf.pcp.on || n->role == NAT64_ROLE_STANDBY)
		return (0);
	n->stats.counters[NAT64_PCP_REQUESTS]++;
	if (!ratelimit_allow(&n->pcp_answers, &subscriber, sizeof(subscriber),
		now)) {
		n->stats.counters[NAT64_PCP_LIMITED]++;
		return (0);
	}
	len = pcp_serve(&server, source, data, len, out, &result);
	if (len > 0 && result != PCP_SUCCESS)
		n->stats.counters[NAT64_PCP_REFUSED]++;
	return (len);
}

size_t
nat64_pcp_announce(const struct nat64 *n, uint8_t out[PCP_MAX],
    struct monotime now)
{
	return (pcp_announcement(out, nat64_pcp_epoch(n, now)));
}

uint32_t
nat64_pcp_epoch(const struct nat64 *n, struct monotime now)
{
	return ((uint32_t)(monotime_diff_ms(now, n->mappings.epoch) / 1000));
}

size_t
nat64_pcp_count(const struct nat64 *n)
{
	return (n->mappings.slab.used);
}

void
nat64_pcp_set_restarted(struct nat64 *n, nat64_restart_fn *fn, void *arg)
{
	n->mappings.restarted = fn;
	n->mappings.restarted_arg = arg;
}
