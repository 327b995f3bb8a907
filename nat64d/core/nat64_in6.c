/*
 * The passage of a packet from IPv6. RFC 6146, 3.3 allows any order that has
 * the same outward result. Ours, where a packet that fails in 1 to 9 changes
 * no state:
 *
 *  1	headers sound: pkt_parse()
 *  2	source and destination: possible unicast hosts
 *  3	destination is our own address
 *  4	source in no Pref64 (a loop), destination in one
 *  5	source may use the translator, destination may be embedded
 *  6	hop limit
 *  7	routing header, other extension headers, protocol
 *  8	fragments: held, or translated as the first one was
 *  9	L4 header sound; ICMP errors go to nat64_icmp.c
 * 10	binding and session (nat64_state.c)
 * 11	size: translate, cut, or answer "too big"
 * 12	hairpin, or emit
 */
#include <netinet/icmp6.h>

#include "common/net/ip4class.h"

#include "nat64d/xlat/fragment.h"
#include "nat64_alg.h"
#include "nat64_error.h"
#include "nat64_event.h"
#include "nat64_icmp.h"
#include "nat64_in6.h"
#include "nat64_out.h"
#include "nat64_policy.h"
#include "nat64_state.h"

/* ICMPv6 parameter problem: first fragment cuts the headers (RFC 7112, 5). */
#define PARAM_INCOMPLETE_CHAIN 3

/* A destination inside a Pref64. */
struct target {
	unsigned prefix;
	struct in_addr addr4;
};

/* A source that cannot be one host (RFC 7915, 5.1; RFC 4291, 2.5.6). */
static bool
is_martian6(const struct in6_addr *a)
{
	/* Fast path: global unicast, 2000::/3. */
	if (a->s6_addr[0] >> 5 == 1)
		return (false);
	return (IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_LOOPBACK(a) ||
	    IN6_IS_ADDR_MULTICAST(a) || IN6_IS_ADDR_LINKLOCAL(a) ||
	    IN6_IS_ADDR_V4MAPPED(a));
}

static bool
is_self4(const struct nat64 *n, struct in_addr addr)
{
	return (addr.s_addr == n->conf.self4.s_addr &&
	    pool4_index(n->pool, addr) == -1);
}

/*
 * Translate a packet that is too big for the IPv4 side: cut it into fragments
 * (RFC 7915, 5.1.1). The segments of a super-packet become pending.
 */
static enum pass
forward_cut(struct passage *w, struct pkt *p, const struct tuple4 *out)
{
	struct nat64 *n = w->n;

	if (p->ofl.seg != PKT_SEG_NONE) {
		w->pending6.out.t4 = *out;
		nat64_push_segments(w, &w->pending6, p);
		return (PASS_DONE);
	}
	xlat_6to4(p, out, &n->conf.xlat, &n->ids, false);
	fragment_ipv4(p, n->conf.xlat.mtu4, nat64_buffer(w, BUFFER_PIECE),
	    nat64_emit_piece, n);
	return (passage_sent(w));
}

/* Step 11. To a hairpin the MTU of its second passage applies, not mtu4. */
static enum xlat_fit
fit6(const struct passage *w, const struct pkt *p, bool hairpin, uint32_t *mtu)
{
	const bool too_long = PKT_IP4_HLEN + pkt_l4len(p) > UINT16_MAX;
	enum xlat_fit fit;

	fit = xlat_fit_6to4(p, &w->n->conf.xlat, mtu);
	if (too_long && p->ofl.seg == PKT_SEG_NONE)
		return (XLAT_TOO_BIG); /* exceeds an IPv4 total length */
	if (hairpin)
		return (too_long ? XLAT_FRAGMENT : XLAT_FITS);
	if (fit == XLAT_TOO_BIG && w->reassembled)
		return (XLAT_FRAGMENT); /* its fragments did fit */
	return (fit);
}

/* Steps 11 and 12. */
enum pass
nat64_forward6(struct passage *w, struct pkt *p, const struct tuple4 *out)
{
	struct nat64 *n = w->n;
	const bool hairpin = n->eamt != NULL ?
	    w->turns :
	    pool4_index(n->pool, out->dst.addr) != -1;
	uint32_t mtu;

	switch (fit6(w, p, hairpin, &mtu)) {
	case XLAT_TOO_BIG:
		return (nat64_refuse6(w, p, NAT64_TOO_BIG,
		    ICMP6_PACKET_TOO_BIG, 0, mtu));
	case XLAT_FRAGMENT:
		return (forward_cut(w, p, out));
	case XLAT_FITS:
		break;
	}
	xlat_6to4(p, out, &n->conf.xlat, &n->ids, hairpin);
	if (hairpin) { /* RFC 6146, 3.8 */
		n->stats.counters[NAT64_HAIRPIN]++;
		w->next = p;
		return (PASS_HAIRPIN);
	}
	nat64_emit(n, p);
	return (passage_sent(w));
}

/*
 * A new identification for p's datagram: hosts that share an IPv4 address must
 * not use the same ones (RFC 6864, 5.3.1; RFC 7857, 10).
 */
static uint16_t
new_frag_id(struct nat64 *n, const struct pkt *p, const struct tuple4 *out)
{
	const uint8_t proto =
	    p->proto == IPPROTO_ICMPV6 ? IPPROTO_ICMP : p->proto;

	return (ipid_take(&n->ids, out->src.addr, out->dst.addr, proto, 1));
}

/*
 * nat64_forward6() for a segment that a gateway has changed. One that was put
 * together from fragments may have become several: each is a datagram.
 */
static enum pass
forward_changed(struct passage *w, struct pkt *p, const void *out)
{
	if (p->has_fh)
		p->frag_id = new_frag_id(w->n, p, out);
	return (nat64_forward6(w, p, out));
}

/* Step 10 failed: drop or answer (RFC 6146, 3.5). */
static enum pass
refuse_state(struct passage *w, struct pkt *p, enum nat64_reason reason)
{
	switch (reason) {
	case NAT64_NO_POOL:
	case NAT64_POOL_EXHAUSTED:
	case NAT64_SESSION_LIMIT:
	case NAT64_SUBSCRIBER_LIMIT:
	case NAT64_NO_MEMORY:
		return (nat64_refuse6(w, p, reason, ICMP6_DST_UNREACH,
		    ICMP6_DST_UNREACH_ADDR, 0));
	case NAT64_EXCLUDED:
		return (nat64_refuse6(w, p, reason, ICMP6_DST_UNREACH,
		    ICMP6_DST_UNREACH_ADMIN, 0));
	case NAT64_NO_SESSION:
		if (w->n->conf.reset_unknown_tcp && !w->n->awaiting)
			return (nat64_reset6(w, p));
		return (nat64_drop(w, reason));
	default:
		return (nat64_drop(w, reason));
	}
}

/*
 * Does the packet go back to its sender? With a forged source, a server would
 * answer itself for ever. ICMP is exempt: a reply ends the exchange.
 */
static bool
goes_to_itself(const struct pkt *p, const struct tuple4 *out)
{
	return (p->l4 != L4_ICMP && out->src.port == out->dst.port &&
	    out->src.addr.s_addr == out->dst.addr.s_addr);
}

/* Step 10 for a packet with an L4 header: NAT64_NONE, or why it ends here. */
static enum nat64_reason
admit6(struct passage *w, const struct pkt *p, const struct target *t,
    struct tuple4 *out)
{
	const struct nat64 *n = w->n;
	enum nat64_reason reason;
	bool echo;

	if (p->l4 == L4_ICMP) {
		echo = p->icmp_type == ICMP6_ECHO_REQUEST ||
		    p->icmp_type == ICMP6_ECHO_REPLY;
		if (!echo)
			return (NAT64_ICMP_TYPE);
		if (n->conf.refuse_echo6)
			return (NAT64_ICMP_QUERY);
	}
	if (p->l4 == L4_UDP && !p->ofl.csum_partial &&
	    get16(pkt_l4(p) + PKT_UDP_CKSUM) == 0)
		return (NAT64_UDP_ZERO_CKSUM);
	if (nat64_excluded(n, p->l4, t->addr4, p->dport))
		return (NAT64_EXCLUDED);
	reason = nat64_state6(w, p, t->addr4, t->prefix, out);
	if (reason == NAT64_NONE && goes_to_itself(p, out))
		reason = NAT64_TO_ITSELF;
	if (reason == NAT64_NONE && p->is_frag && nat64_alg_wants(w))
		reason = NAT64_GATEWAY_FRAGMENT;
	return (reason);
}

static enum pass
whole6(struct passage *w, struct pkt *p, const struct target *t)
{
	struct nat64 *n = w->n;
	struct tuple4 out;
	enum nat64_reason reason;

	reason = pkt_parse_l4(p);
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	if (xlat_icmp_is_error(p))
		return (nat64_error6(w, p));
	reason = admit6(w, p, t, &out);
	if (reason != NAT64_NONE)
		return (refuse_state(w, p, reason));
	if (p->has_fh && n->conf.remap_fragment_id)
		p->frag_id = new_frag_id(n, p, &out);
	if (nat64_alg_wants(w))
		return (nat64_alg_forward(w, p, &out, forward_changed));
	return (nat64_forward6(w, p, &out));
}

static enum pass
forward_fragment6(struct passage *w, struct pkt *p,
    const union frag_target *out)
{
	const struct tuple4 t4 = out->t4;

	if (w->n->conf.remap_fragment_id)
		p->frag_id = out->id;
	return (nat64_forward6(w, p, &t4));
}

/* The fragment with the L4 header decides where all of them go. */
static enum pass
first_fragment6(struct passage *w, struct pkt *p, const struct target *t,
    struct frag_datagram *d)
{
	struct nat64 *n = w->n;
	struct pending *r = &w->pending6;
	enum nat64_reason reason;

	reason = admit6(w, p, t, &r->out.t4);
	if (reason != NAT64_NONE) {
		n->stats.drops[reason] += frag_refuse(n->frags, d, reason);
		return (refuse_state(w, p, reason));
	}
	if (n->conf.remap_fragment_id)
		r->out.id = new_frag_id(n, p, &r->out.t4);
	frag_resolve(n->frags, d, &r->out);
	r->kind = PENDING_FRAGMENTS;
	r->held = d;
	passage_push(w, r);
	return (forward_fragment6(w, p, &r->out));
}

enum pass
nat64_pending6(struct passage *w)
{
	const struct pending *r = &w->pending6;
	struct pkt *p = nat64_next_pending(w);

	if (p == NULL)
		return (PASS_DONE);
	if (r->kind == PENDING_FRAGMENTS)
		return (forward_fragment6(w, p, &r->out));
	return (nat64_forward6(w, p, &r->out.t4));
}

/* Step 8 (RFC 6146, 3.4). */
static enum pass
fragment6(struct passage *w, struct pkt *p, const struct target *t)
{
	struct nat64 *n = w->n;
	struct frag_result r;
	enum frag_verdict verdict;

	verdict = frag_input(n->frags, p, w->now, &r);
	n->stats.drops[NAT64_FRAG_LIMIT] += r.evicted;
	if (verdict == FRAG_FIRST &&
	    nat64_alg_wants_whole6(n, p, t->addr4, t->prefix)) {
		verdict = frag_want_whole(n->frags, r.datagram, p, &r);
		n->stats.drops[NAT64_FRAG_LIMIT] += r.evicted;
	}
	switch (verdict) {
	case FRAG_FIRST:
		return (first_fragment6(w, p, t, r.datagram));
	case FRAG_KNOWN:
		return (forward_fragment6(w, p, r.target));
	case FRAG_WHOLE:
		w->reassembled = true;
		return (whole6(w, r.whole, t));
	case FRAG_HELD:
		return (passage_end(w, NAT64_HELD, NAT64_NONE));
	case FRAG_DROP:
		break;
	}
	if (r.reason == NAT64_FRAG_TINY && n->conf.first_frag_errors) {
		n->stats.drops[r.reason] += r.discarded;
		return (nat64_refuse6(w, p, r.reason, ICMP6_PARAM_PROB,
		    PARAM_INCOMPLETE_CHAIN, 0));
	}
	return (nat64_drop_fragment(w, p, &r));
}

/* Step 4. NAT64_NONE with *t filled in, or why the packet is dropped. */
static enum nat64_reason
check_addresses6(const struct nat64 *n, const struct pkt *p, struct target *t)
{
	int i;

	if (nat64_find_prefix(n, &p->ip6.src) != -1)
		return (NAT64_SOURCE_IN_PREF64);
	i = nat64_find_prefix(n, &p->ip6.dst);
	if (i == -1)
		return (NAT64_NOT_OURS6);
	t->prefix = (unsigned)i;
	if (pref64_extract(&n->prefixes[i].prefix, &p->ip6.dst, &t->addr4) ==
	    -1)
		return (NAT64_BAD_U_OCTET);
	return (NAT64_NONE);
}

enum nat64_reason
nat64_check_headers6(const struct pkt *p, struct icmp_error *e)
{
	if (p->ttl <= 1) {
		*e = (struct icmp_error){ ICMP6_TIME_EXCEEDED,
			ICMP6_TIME_EXCEED_TRANSIT, 0 };
		return (NAT64_TTL_EXPIRED);
	}
	if (p->rh_off != 0) {
		*e = (struct icmp_error){ ICMP6_PARAM_PROB,
			ICMP6_PARAMPROB_HEADER, p->rh_off + 3U };
		return (NAT64_ROUTING_HEADER);
	}
	if (p->fh_ext) {
		*e = (struct icmp_error){ ICMP6_DST_UNREACH,
			ICMP6_DST_UNREACH_ADMIN, 0 };
		return (NAT64_EXT_HEADERS);
	}
	return (NAT64_NONE);
}

/* Steps 6 and 7. NAT64_NONE, or why the packet is refused with *e. */
static enum nat64_reason
check_headers6(const struct pkt *p, struct icmp_error *e)
{
	const enum nat64_reason reason = nat64_check_headers6(p, e);

	if (reason != NAT64_NONE)
		return (reason);
	if (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP &&
	    p->proto != IPPROTO_ICMPV6) {
		*e = (struct icmp_error){ ICMP6_DST_UNREACH,
			ICMP6_DST_UNREACH_NOPORT, 0 };
		return (NAT64_UNKNOWN_PROTO);
	}
	return (NAT64_NONE);
}

bool
nat64_is_not_for_hosts6(struct passage *w, struct pkt *p, enum pass *pass)
{
	const struct in6_addr *dst = &p->ip6.dst;

	if (IN6_IS_ADDR_MULTICAST(dst) || IN6_IS_ADDR_LINKLOCAL(dst))
		*pass = nat64_drop(w, NAT64_MULTICAST6);
	else if (is_martian6(&p->ip6.src))
		*pass = nat64_drop(w, NAT64_MARTIAN6);
	else if (!IN6_IS_ADDR_UNSPECIFIED(dst) &&
	    IN6_ARE_ADDR_EQUAL(dst, &w->n->conf.self6))
		*pass = nat64_local(w, p);
	else
		return (false);
	return (true);
}

enum pass
nat64_in6(struct passage *w, struct pkt *p)
{
	const struct nat64 *n = w->n;
	struct target t;
	struct icmp_error e;
	enum nat64_reason reason;
	enum pass pass;

	if (nat64_is_not_for_hosts6(w, p, &pass))
		return (pass);
	reason = check_addresses6(n, p, &t);
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	if (p->truncated)
		return (nat64_drop(w, NAT64_EXT_HEADERS));
	if (ip4_is_never_unicast(t.addr4))
		return (nat64_drop(w, NAT64_MARTIAN4));
	if (!permit_allows(n->permit, &p->ip6.src))
		return (nat64_refuse6(w, p, NAT64_DENIED, ICMP6_DST_UNREACH,
		    ICMP6_DST_UNREACH_ADMIN, 0));
	if (!nat64_may_embed(n, t.prefix, t.addr4))
		return (nat64_refuse6(w, p, NAT64_WKP_NONGLOBAL,
		    ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, 0));
	/* Not forwarded, so its hop limit does not matter. */
	if (is_self4(n, t.addr4))
		return (nat64_local(w, p));
	reason = check_headers6(p, &e);
	if (reason != NAT64_NONE)
		return (nat64_refuse6(w, p, reason, e.type, e.code, e.param));
	if (p->is_frag)
		return (fragment6(w, p, &t));
	return (whole6(w, p, &t));
}
