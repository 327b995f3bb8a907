/*
 * The passage of a packet from IPv4, and the second one of a hairpin
 * (RFC 6146, 3.8). RFC 6146, 3.3 allows any order that has the same outward
 * result. Ours, where a packet that fails in 1 to 8 changes no state:
 *
 *  1	headers sound: pkt_parse()
 *  2	destination in the pool, or our own address
 *  3	source: not of the pool, a possible unicast host, may be embedded
 *  4	TTL
 *  5	source route
 *  6	protocol TCP, UDP or ICMP; a hairpin begins with 7
 *  7	fragments: held, or translated as the first one was
 *  8	L4 header sound; ICMP errors go to nat64_icmp.c
 *  9	binding and session (nat64_state.c)
 * 10	size: translate, cut, or answer "fragmentation needed"
 */
#include <netinet/in.h>

#include "common/net/ip4class.h"

#include "nat64d/wire/icmp.h"
#include "nat64d/xlat/fragment.h"
#include "nat64_alg.h"
#include "nat64_error.h"
#include "nat64_event.h"
#include "nat64_icmp.h"
#include "nat64_in4.h"
#include "nat64_out.h"
#include "nat64_policy.h"
#include "nat64_state.h"

/*
 * Translate a packet without DF that is too big for the IPv6 side: cut it into
 * fragments (RFC 7915, 4.1). The segments of a super-packet become pending.
 */
static enum pass
forward_cut(struct passage *w, struct pkt *p, const struct tuple6 *out)
{
	struct nat64 *n = w->n;
	uint32_t id = p->frag_id;

	if (p->ofl.seg != PKT_SEG_NONE) {
		w->pending4.out.t6 = *out;
		nat64_push_segments(w, &w->pending4, p);
		return (PASS_DONE);
	}
	xlat_4to6(p, out, &n->conf.xlat);
	fragment_ipv6(p, n->conf.xlat.lowest_mtu6, id,
	    nat64_buffer(w, BUFFER_PIECE), nat64_emit_piece, n);
	return (passage_sent(w));
}

/* Step 10. */
enum pass
nat64_forward4(struct passage *w, struct pkt *p, const struct tuple6 *out)
{
	struct nat64 *n = w->n;
	enum xlat_fit fit;
	uint32_t mtu;

	fit = xlat_fit_4to6(p, &n->conf.xlat, &mtu);
	if (fit == XLAT_TOO_BIG)
		return (nat64_refuse4(w, p, NAT64_TOO_BIG, ICMP_UNREACH,
		    ICMP_UNREACH_NEEDFRAG, mtu));
	if (fit == XLAT_FRAGMENT)
		return (forward_cut(w, p, out));
	xlat_4to6(p, out, &n->conf.xlat);
	nat64_emit(n, p);
	return (passage_sent(w));
}

/* nat64_forward4() for a segment that a gateway has changed. */
static enum pass
forward_changed(struct passage *w, struct pkt *p, const void *out)
{
	return (nat64_forward4(w, p, out));
}

/* Step 9 failed: drop or answer (RFC 6146, 3.5.1 and 3.5.3). */
static enum pass
refuse_state(struct passage *w, struct pkt *p, enum nat64_reason reason)
{
	const struct nat64_config *c = &w->n->conf;

	switch (reason) {
	case NAT64_FILTERED:
		return (nat64_refuse4(w, p, reason, ICMP_UNREACH,
		    ICMP_UNREACH_FILTER_PROHIB, 0));
	case NAT64_NO_BINDING:
		if (p->l4 == L4_ICMP && c->pool_echo &&
		    p->icmp_type == ICMP_ECHO && !w->hairpin &&
		    p->ip4.dst.s_addr == c->self4.s_addr)
			return (nat64_local(w, p));
		if (!c->unbound_errors || w->n->awaiting)
			return (nat64_drop(w, reason));
		return (nat64_refuse4(w, p, reason, ICMP_UNREACH,
		    p->l4 == L4_ICMP ? ICMP_UNREACH_HOST : ICMP_UNREACH_PORT,
		    0));
	case NAT64_SYN_STORED:
		/* Counted now, as it will never be translated. */
		nat64_drop(w, reason);
		return (passage_end(w, NAT64_HELD, reason));
	default:
		return (nat64_drop(w, reason));
	}
}

/* Step 9 for a packet with an L4 header. */
static enum nat64_reason
admit4(struct passage *w, struct pkt *p, struct tuple6 *out)
{
	enum nat64_reason reason;

	if (p->l4 == L4_ICMP && p->icmp_type != ICMP_ECHO &&
	    p->icmp_type != ICMP_ECHOREPLY)
		return (NAT64_ICMP_TYPE);
	if (nat64_excluded(w->n, p->l4, p->ip4.src, p->sport))
		return (NAT64_EXCLUDED);
	reason = nat64_state4(w, p, out);
	if (reason == NAT64_NONE && p->is_frag && nat64_alg_wants(w))
		reason = NAT64_GATEWAY_FRAGMENT;
	return (reason);
}

static enum pass
whole4(struct passage *w, struct pkt *p)
{
	struct tuple6 out;
	enum nat64_reason reason;

	reason = pkt_parse_l4(p);
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	if (xlat_icmp_is_error(p))
		return (nat64_error4(w, p));
	reason = admit4(w, p, &out);
	if (reason != NAT64_NONE)
		return (refuse_state(w, p, reason));
	if (nat64_alg_wants(w))
		return (nat64_alg_forward(w, p, &out, forward_changed));
	return (nat64_forward4(w, p, &out));
}

/* The fragment with the L4 header decides where all of them go. */
static enum pass
first_fragment4(struct passage *w, struct pkt *p, struct frag_datagram *d)
{
	struct nat64 *n = w->n;
	struct pending *r = &w->pending4;
	enum nat64_reason reason;

	reason = admit4(w, p, &r->out.t6);
	if (reason != NAT64_NONE) {
		n->stats.drops[reason] += frag_refuse(n->frags, d, reason);
		return (refuse_state(w, p, reason));
	}
	frag_resolve(n->frags, d, &r->out);
	r->kind = PENDING_FRAGMENTS;
	r->held = d;
	passage_push(w, r);
	return (nat64_forward4(w, p, &r->out.t6));
}

enum pass
nat64_pending4(struct passage *w)
{
	struct pkt *p = nat64_next_pending(w);

	if (p == NULL)
		return (PASS_DONE);
	return (nat64_forward4(w, p, &w->pending4.out.t6));
}

/* Step 7 (RFC 6146, 3.4). */
static enum pass
fragment4(struct passage *w, struct pkt *p)
{
	struct nat64 *n = w->n;
	struct frag_result r;
	struct tuple6 out;
	enum frag_verdict verdict;

	verdict = frag_input(n->frags, p, w->now, &r);
	n->stats.drops[NAT64_FRAG_LIMIT] += r.evicted;
	if (verdict == FRAG_FIRST && nat64_alg_wants_whole4(n, p)) {
		verdict = frag_want_whole(n->frags, r.datagram, p, &r);
		n->stats.drops[NAT64_FRAG_LIMIT] += r.evicted;
	}
	switch (verdict) {
	case FRAG_FIRST:
		return (first_fragment4(w, p, r.datagram));
	case FRAG_KNOWN:
		out = r.target->t6;
		return (nat64_forward4(w, p, &out));
	case FRAG_WHOLE:
		return (whole4(w, r.whole));
	case FRAG_HELD:
		return (passage_end(w, NAT64_HELD, NAT64_NONE));
	case FRAG_DROP:
		break;
	}
	return (nat64_drop_fragment(w, p, &r));
}

enum pass
nat64_in4_checked(struct passage *w, struct pkt *p)
{
	if (p->is_frag)
		return (fragment4(w, p));
	return (whole4(w, p));
}

bool
nat64_may_be_error4(const struct pkt *p)
{
	return (p->proto == IPPROTO_ICMP && p->frag_off == 0 &&
	    pkt_l4len(p) > 0 && xlat_icmp_type_is_error(PKT_V4, pkt_l4(p)[0]));
}

enum pass
nat64_in4(struct passage *w, struct pkt *p)
{
	const struct nat64 *n = w->n;

	if (pool4_index(n->pool, p->ip4.dst) == -1) {
		if (n->conf.self4.s_addr == INADDR_ANY ||
		    p->ip4.dst.s_addr != n->conf.self4.s_addr)
			return (nat64_drop(w, NAT64_NOT_OURS4));
		if (ip4_is_never_unicast(p->ip4.src))
			return (nat64_drop(w, NAT64_MARTIAN4));
		return (nat64_local(w, p));
	}
	/*
	 * Hairpinned packets never leave the translator, so this source is
	 * forged. Two servers behind us could be made to answer each other
	 * for ever.
	 */
	if (pool4_index(n->pool, p->ip4.src) != -1)
		return (nat64_drop(w, NAT64_SOURCE_IN_POOL));
	if (!nat64_may_be_error4(p)) {
		if (ip4_is_never_unicast(p->ip4.src))
			return (nat64_drop(w, NAT64_MARTIAN4));
		if (nat64_prefix_for(n, NULL, p->ip4.src) == -1)
			return (nat64_drop(w, NAT64_WKP_NONGLOBAL));
	}
	if (p->ttl <= 1)
		return (nat64_refuse4(w, p, NAT64_TTL_EXPIRED, ICMP_TIMXCEED,
		    ICMP_TIMXCEED_INTRANS, 0));
	if (p->source_route)
		return (nat64_refuse4(w, p, NAT64_SOURCE_ROUTE, ICMP_UNREACH,
		    ICMP_UNREACH_SRCFAIL, 0));
	if (p->proto == IPPROTO_IGMP)
		return (nat64_drop(w, NAT64_UNKNOWN_PROTO));
	if (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP &&
	    p->proto != IPPROTO_ICMP)
		return (nat64_refuse4(w, p, NAT64_UNKNOWN_PROTO, ICMP_UNREACH,
		    ICMP_UNREACH_PROTOCOL, 0));
	return (nat64_in4_checked(w, p));
}
