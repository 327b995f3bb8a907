/*
 * What the translator tells of its tables, and of what it refuses. Knows no
 * text, no rate and no reader.
 */
#include <errno.h>

#include "nat64_int.h"

void
nat64_tell(struct nat64 *n, enum nat64_event_type type,
    const struct bib_entry *e, const struct session *s)
{
	struct nat64_event ev = { .type = type, .session = s };

	if (type == NAT64_EV_BIB_CREATE)
		n->stats.counters[NAT64_BIB_CREATED]++;
	else if (type == NAT64_EV_SESSION_CREATE)
		n->stats.counters[NAT64_SESSIONS_CREATED]++;
	if (n->sink.event == NULL)
		return;
	if (s != NULL) {
		ev.proto = (enum l4proto)s->proto;
		ev.in6 = s->bib != NULL ? &s->in6 : NULL;
		ev.peer6 = nat64_peer6(n, s);
		ev.out4 = &s->out4;
	} else {
		ev.proto = (enum l4proto)e->proto;
		ev.in6 = &e->in6;
		ev.out4 = &e->out4;
	}
	n->sink.event(n->sink.arg, &ev);
}

void
nat64_tell_address(struct nat64 *n, enum nat64_event_type type,
    const struct subscriber *sub)
{
	const struct taddr6 prefix = { .addr = sub->prefix };
	const struct taddr4 out4 = {
		.addr = pool4_addr(n->pool, sub->pool_index)
	};
	const struct nat64_event ev = { .type = type, .in6 = &prefix,
		.out4 = &out4, .subscriber_len = n->subs.prefix_len };

	if (n->sink.event != NULL)
		n->sink.event(n->sink.arg, &ev);
}

/* No port for in6: its paired address has none, or no address has. */
static void
tell_exhausted(struct nat64 *n, enum l4proto proto, const struct taddr6 *in6)
{
	const struct subscriber *sub = subscriber_find(&n->subs, &in6->addr);
	struct nat64_event ev = { .type = NAT64_EV_POOL_EXHAUSTED,
		.proto = proto, .in6 = in6, .reason = NAT64_POOL_EXHAUSTED };
	struct taddr4 out4 = { .port = 0 };

	if (sub != NULL && !subscriber_is_idle(sub) &&
	    !n->conf.soft_pooling) {
		out4.addr = pool4_addr(n->pool, sub->pool_index);
		ev.out4 = &out4;
	}
	n->sink.event(n->sink.arg, &ev);
}

/* Which table is full (ENOBUFS)? */
static void
find_full_table(const struct nat64 *n, const struct bib_entry *e,
    struct nat64_event *ev)
{
	if (n->sessions.slab.used >= n->sessions.slab.max) {
		ev->quota = NAT64_QUOTA_SESSIONS;
		ev->statement = "limit sessions";
		ev->limit = n->sessions.slab.max;
	} else if (e != NULL) {
		ev->quota = NAT64_QUOTA_SUBSCRIBER;
		ev->statement = "limit binding-sessions";
		ev->limit = n->sessions.max_per_bib;
	} else if (n->bib_slab.used >= n->bib_slab.max) {
		ev->quota = NAT64_QUOTA_BINDINGS;
		ev->statement = "limit bindings";
		ev->limit = n->bib_slab.max;
	} else {
		ev->quota = NAT64_QUOTA_SUBSCRIBERS;
		ev->statement = "limit bindings";
		ev->limit = n->subs.slab.max;
	}
}

/* Which limit has a subscriber reached, or a prefix? */
static void
find_subscriber_limit(const struct nat64 *n, struct nat64_event *ev)
{
	static const char *const statements[] = {
		[SUBSCRIBER_PORTS] = "limit subscriber ports",
		[SUBSCRIBER_SESSIONS] = "limit subscriber sessions",
		[SUBSCRIBER_NEW_BINDINGS] = "limit subscriber new-bindings",
		[SUBSCRIBER_FAIR_SHARE] = "fair-share",
	};
	const struct subscriber_refusal *r = &n->subs.refusal;

	ev->statement = statements[r->limit];
	ev->subscriber_len = r->prefix_len;
	ev->limit = r->value;
}

enum nat64_reason
nat64_tell_refused(struct nat64 *n, enum l4proto proto,
    const struct taddr6 *in6, const struct bib_entry *e)
{
	struct nat64_event ev = { .type = NAT64_EV_QUOTA, .proto = proto,
		.in6 = in6, .reason = NAT64_SUBSCRIBER_LIMIT,
		.quota = NAT64_QUOTA_SUBSCRIBER };
	const int error = errno;

	if (error == ENOMEM)
		return (NAT64_NO_MEMORY);
	if (pool4_naddrs(n->pool) == 0)
		return (NAT64_NO_POOL);
	if (error == ENOSPC)
		ev.reason = NAT64_POOL_EXHAUSTED;
	else if (error != EDQUOT && error != EAGAIN)
		ev.reason = NAT64_SESSION_LIMIT;
	if (n->sink.event == NULL)
		return (ev.reason);

	if (error == ENOSPC) {
		tell_exhausted(n, proto, in6);
		return (ev.reason);
	}
	ev.subscriber_len = n->subs.prefix_len;
	if (error == EDQUOT || error == EAGAIN)
		find_subscriber_limit(n, &ev);
	else
		find_full_table(n, e, &ev);
	n->sink.event(n->sink.arg, &ev);
	return (ev.reason);
}

enum nat64_reason
nat64_tell_refused4(struct nat64 *n, enum l4proto proto, struct in_addr peer)
{
	const struct nat64_event ev = { .type = NAT64_EV_QUOTA,
		.proto = proto, .peer4 = &peer, .reason = NAT64_INBOUND_LIMIT,
		.quota = NAT64_QUOTA_INBOUND,
		.statement = "limit inbound-sessions",
		.limit = n->sessions.inbound.max };

	if (errno == ENOMEM)
		return (NAT64_NO_MEMORY);
	if (n->sink.event != NULL)
		n->sink.event(n->sink.arg, &ev);
	return (NAT64_INBOUND_LIMIT);
}

/*
 * RFC 7915, 4.5 and 5.1.1, RFC 1812, 5.3.7. What the kernel sends into
 * every new tun device is not among these (FLT-06).
 */
static bool
is_logged(enum nat64_reason reason)
{
	switch (reason) {
	case NAT64_MARTIAN6:
	case NAT64_MARTIAN4:
	case NAT64_EXT_HEADERS:
	case NAT64_UDP_ZERO_CKSUM:
		return (true);
	default:
		return (false);
	}
}

void
nat64_tell_dropped(struct nat64 *n, const struct pkt *p)
{
	struct nat64_event ev = { .type = NAT64_EV_PACKET_DROPPED,
		.reason = n->reason };
	struct pkt copy;

	if (!is_logged(n->reason) || n->sink.event == NULL)
		return;
	copy = *p;
	ev.pkt = &copy;
	ev.pkt_ports = p->frag_off == 0 && !p->truncated &&
	    (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP) &&
	    pkt_parse_l4(&copy) == NAT64_NONE;
	n->sink.event(n->sink.arg, &ev);
}

enum nat64_verdict
nat64_drop_fragment(struct nat64 *n, const struct pkt *p,
    const struct frag_result *r)
{
	struct nat64_event ev = { .type = NAT64_EV_QUOTA,
		.reason = r->reason, .quota = NAT64_QUOTA_FRAGMENTS,
		.statement = "limit fragments",
		.limit = n->conf.frag.max_datagrams };
	struct taddr6 in6 = { .port = 0 };

	n->stats.drops[r->reason] += r->discarded;
	if (r->reason == NAT64_FRAG_LIMIT && n->sink.event != NULL) {
		if (p->family == PKT_V6) {
			in6.addr = p->ip6.src;
			ev.in6 = &in6;
		} else {
			ev.peer4 = &p->ip4.src;
		}
		n->sink.event(n->sink.arg, &ev);
	}
	return (nat64_drop(n, r->reason));
}
