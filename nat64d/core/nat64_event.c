/*
 * Events and traces: fills in struct nat64_event. How they are written, how
 * often and where to is left to the sink.
 */
#include <string.h>

#include "nat64_event.h"
#include "nat64_out.h"

/*
 * A standby does and undoes what the active node does, which has reported it.
 */
static bool
is_reported(const struct nat64 *n)
{
	return (n->sink.event != NULL && n->role != NAT64_ROLE_STANDBY &&
	    !n->quiet);
}

void
nat64_report(struct nat64 *n, enum nat64_event_type type,
    const struct bib_entry *e, const struct session *s)
{
	struct nat64_event ev = { .type = type, .session = s };

	if (type == NAT64_EV_BIB_CREATE)
		n->stats.counters[NAT64_BIB_CREATED]++;
	else if (type == NAT64_EV_SESSION_CREATE)
		n->stats.counters[NAT64_SESSIONS_CREATED]++;
	if (s != NULL)
		nat64_note_change(n, s,
		    type == NAT64_EV_SESSION_CREATE ? NAT64_CHANGE_NEW :
						      NAT64_CHANGE_END);
	if (!is_reported(n))
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
nat64_report_address(struct nat64 *n, enum nat64_event_type type,
    const struct subscriber *sub)
{
	const struct taddr6 prefix = { .addr = sub->prefix };
	const struct taddr4 out4 = { .addr = sub->pool_addr };
	const struct nat64_event ev = { .type = type,
		.in6 = &prefix,
		.out4 = &out4,
		.subscriber_len = n->subs.prefix_len };

	if (is_reported(n))
		n->sink.event(n->sink.arg, &ev);
}

void
nat64_report_block(struct nat64 *n, const struct pool4_block *block,
    unsigned subscriber_len, bool allocated)
{
	const struct taddr6 prefix = { .addr = block->holder };
	const struct taddr4 out4 = { .addr = block->addr };
	const struct nat64_event ev = { .type = allocated ?
		    NAT64_EV_BLOCK_ALLOCATE :
		    NAT64_EV_BLOCK_RELEASE,
		.in6 = &prefix,
		.out4 = &out4,
		.ports = block->ports,
		.subscriber_len = subscriber_len };

	n->stats.counters[allocated ? NAT64_BLOCKS_ALLOCATED :
				      NAT64_BLOCKS_RELEASED]++;
	if (is_reported(n))
		n->sink.event(n->sink.arg, &ev);
}

/* There is no port for in6: on its paired address, or on any address. */
static void
report_exhausted(struct nat64 *n, enum l4proto proto, const struct taddr6 *in6)
{
	const struct subscriber *sub = subscriber_find(&n->subs, &in6->addr);
	struct nat64_event ev = { .type = NAT64_EV_POOL_EXHAUSTED,
		.proto = proto,
		.in6 = in6,
		.reason = NAT64_POOL_EXHAUSTED };
	struct taddr4 out4 = { .port = 0 };

	if (sub != NULL && !subscriber_is_idle(sub) && !n->conf.soft_pooling) {
		out4.addr = sub->pool_addr;
		ev.out4 = &out4;
	}
	n->sink.event(n->sink.arg, &ev);
}

/* What each refusal of a table is called in a drop and in an event. */
static const struct {
	enum nat64_reason reason;
	enum nat64_quota quota; /* 0: not a configured limit */
	const char *statement;
} refusals[REFUSED_NREASONS] = {
	[REFUSED_MEMORY] = { .reason = NAT64_NO_MEMORY },
	[REFUSED_NO_POOL] = { .reason = NAT64_NO_POOL },
	[REFUSED_POOL] = { .reason = NAT64_POOL_EXHAUSTED },
	[REFUSED_BLOCKS] = { .reason = NAT64_POOL_EXHAUSTED },
	[REFUSED_BINDINGS] = { NAT64_SESSION_LIMIT, NAT64_QUOTA_BINDINGS,
	    "limit bindings" },
	[REFUSED_SUBSCRIBERS] = { NAT64_SESSION_LIMIT, NAT64_QUOTA_SUBSCRIBERS,
	    "limit bindings" },
	[REFUSED_SESSIONS] = { NAT64_SESSION_LIMIT, NAT64_QUOTA_SESSIONS,
	    "limit sessions" },
	[REFUSED_BINDING_SESSIONS] = { NAT64_SESSION_LIMIT,
	    NAT64_QUOTA_SUBSCRIBER, "limit binding-sessions" },
	[REFUSED_SUBSCRIBER_PORTS] = { NAT64_SUBSCRIBER_LIMIT,
	    NAT64_QUOTA_SUBSCRIBER, "limit subscriber ports" },
	[REFUSED_SUBSCRIBER_BLOCKS] = { NAT64_SUBSCRIBER_LIMIT,
	    NAT64_QUOTA_SUBSCRIBER, "pool blocks max" },
	[REFUSED_SUBSCRIBER_SESSIONS] = { NAT64_SUBSCRIBER_LIMIT,
	    NAT64_QUOTA_SUBSCRIBER, "limit subscriber sessions" },
	[REFUSED_NEW_BINDINGS] = { NAT64_SUBSCRIBER_LIMIT,
	    NAT64_QUOTA_SUBSCRIBER, "limit subscriber new-bindings" },
	[REFUSED_FAIR_SHARE] = { NAT64_SUBSCRIBER_LIMIT,
	    NAT64_QUOTA_SUBSCRIBER, "fair-share" },
	[REFUSED_INBOUND] = { NAT64_INBOUND_LIMIT, NAT64_QUOTA_INBOUND,
	    "limit inbound-sessions" },
	[REFUSED_INBOUND_PEER] = { NAT64_INBOUND_LIMIT, NAT64_QUOTA_INBOUND,
	    "limit inbound-sessions" },
	[REFUSED_EXISTS] = { .reason = NAT64_SESSION_LIMIT },
};

enum nat64_reason
nat64_report_refused(struct nat64 *n, enum l4proto proto,
    const struct taddr6 *in6, const struct refusal *why)
{
	const struct nat64_event ev = { .type = NAT64_EV_QUOTA,
		.proto = proto,
		.in6 = in6,
		.reason = refusals[why->by].reason,
		.quota = refusals[why->by].quota,
		.statement = refusals[why->by].statement,
		.limit = why->limit,
		.subscriber_len = why->prefix_len > 0 ? why->prefix_len :
							n->subs.prefix_len };

	if (n->sink.event == NULL)
		return (ev.reason);
	if (why->by == REFUSED_POOL || why->by == REFUSED_BLOCKS)
		report_exhausted(n, proto, in6);
	else if (ev.quota != 0)
		n->sink.event(n->sink.arg, &ev);
	return (ev.reason);
}

enum nat64_reason
nat64_report_refused4(struct nat64 *n, enum l4proto proto, struct in_addr peer,
    const struct refusal *why)
{
	const struct nat64_event ev = { .type = NAT64_EV_QUOTA,
		.proto = proto,
		.peer4 = &peer,
		.reason = NAT64_INBOUND_LIMIT,
		.quota = NAT64_QUOTA_INBOUND,
		.statement = refusals[REFUSED_INBOUND].statement,
		.limit = n->sessions.inbound.max };

	if (why->by == REFUSED_MEMORY)
		return (NAT64_NO_MEMORY);
	if (n->sink.event != NULL)
		n->sink.event(n->sink.arg, &ev);
	return (NAT64_INBOUND_LIMIT);
}

/*
 * Does an RFC ask to log a packet dropped for this reason (RFC 7915, 4.5 and
 * 5.1.1; RFC 1812, 5.3.7)? Multicast is not logged: the kernel sends MLD
 * reports and router solicitations to every new tun.
 */
static bool
is_logged(enum nat64_reason reason)
{
	switch (reason) {
	case NAT64_MARTIAN6:
	case NAT64_MARTIAN4:
	case NAT64_EXT_HEADERS:
	case NAT64_UDP_ZERO_CKSUM:
	case NAT64_UDP4_ZERO_CKSUM:
	case NAT64_GATEWAY_ENDED: /* RFC 6384, 12 */
		return (true);
	default:
		return (false);
	}
}

/*
 * A copy for the trace. It has the addresses also of a packet that pkt_parse()
 * refused, if it is long enough. A hairpinned packet is shown as the IPv4
 * packet that the first passage made.
 */
static struct pkt
copy_for_trace(const struct pkt *p)
{
	struct pkt copy = *p;
	const unsigned version = p->len > 0 ? p->data[0] >> 4 : 0;

	copy.family = 0;
	if (version == PKT_V6 && p->len >= PKT_IP6_HLEN) {
		copy.family = PKT_V6;
		memcpy(&copy.ip6.src, p->data + PKT_IP6_SRC,
		    sizeof(copy.ip6.src));
		memcpy(&copy.ip6.dst, p->data + PKT_IP6_DST,
		    sizeof(copy.ip6.dst));
		if (copy.proto == 0)
			copy.proto = p->data[PKT_IP6_NEXT];
	} else if (version == PKT_V4 && p->len >= PKT_IP4_HLEN) {
		copy.family = PKT_V4;
		memcpy(&copy.ip4.src, p->data + PKT_IP4_SRC,
		    sizeof(copy.ip4.src));
		memcpy(&copy.ip4.dst, p->data + PKT_IP4_DST,
		    sizeof(copy.ip4.dst));
		if (copy.proto == 0)
			copy.proto = p->data[PKT_IP4_PROTO];
	}
	return (copy);
}

static void
trace(struct nat64 *n, const struct pkt *p, enum nat64_reason reason,
    struct nat64_event ev)
{
	struct pkt copy = copy_for_trace(p);
	bool l4;

	if (n->trace_off)
		return;
	/* l4off is 0 where pkt_parse() refused the IP header. */
	l4 = p->l4off != 0 && p->frag_off == 0 && !p->truncated &&
	    pkt_parse_l4(&copy) == NAT64_NONE;
	ev.reason = reason;
	ev.pkt = &copy;
	ev.pkt_icmp = l4 && copy.l4 == L4_ICMP;
	ev.pkt_ports = l4 && copy.l4 != L4_ICMP;
	n->sink.trace(n->sink.arg, &ev);
}

static void
trace_drop(struct nat64 *n, const struct pkt *p, enum nat64_reason reason)
{
	const struct nat64_event ev = { .type = NAT64_EV_PACKET_DROPPED };

	trace(n, p, reason, ev);
}

void
nat64_trace_error(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason, const struct icmp_error *e)
{
	const struct nat64_event ev = { .type = NAT64_EV_ERROR_SENT,
		.icmp_type = e->type,
		.icmp_code = e->code };

	trace(n, p, reason, ev);
}

void
nat64_trace_limited(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason)
{
	const struct nat64_event ev = { .type = NAT64_EV_ERROR_LIMITED };

	trace(n, p, reason, ev);
}

void
nat64_trace_reset(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason)
{
	const struct nat64_event ev = { .type = NAT64_EV_RESET_SENT };

	trace(n, p, reason, ev);
}

void
nat64_trace_held(void *n, const struct pkt *p, enum nat64_reason reason)
{
	trace_drop(n, p, reason);
}

void
nat64_report_drop(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason)
{
	struct nat64_event ev = { .type = NAT64_EV_PACKET_DROPPED,
		.reason = reason };
	struct pkt copy;

	if (n->sink.trace != NULL)
		trace_drop(n, p, reason);
	if (!is_logged(reason) || n->sink.event == NULL)
		return;
	copy = *p;
	ev.pkt = &copy;
	ev.pkt_ports = p->frag_off == 0 && !p->truncated &&
	    (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP) &&
	    pkt_parse_l4(&copy) == NAT64_NONE;
	n->sink.event(n->sink.arg, &ev);
}

enum pass
nat64_drop_fragment(struct passage *w, const struct pkt *p,
    const struct frag_result *r)
{
	struct nat64 *n = w->n;
	struct nat64_event ev = { .type = NAT64_EV_QUOTA,
		.reason = r->reason,
		.quota = NAT64_QUOTA_FRAGMENTS,
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
	return (nat64_drop(w, r->reason));
}
