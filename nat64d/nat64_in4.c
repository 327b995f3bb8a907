/*
 * The way of a packet from IPv4 (RFC 6146, 3.3, in the order of PIP-02),
 * and of one that comes back from IPv6 (hairpinning, RFC 6146, 3.8).
 */
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "common/ip4class.h"

#include "fragment.h"
#include "gso.h"
#include "nat64_int.h"

struct forward {
	struct nat64 *n;
	const struct tuple6 *out;
	enum nat64_verdict verdict;
};

static enum nat64_verdict forward4(struct nat64 *n, struct pkt *p,
    const struct tuple6 *out);

static void
forward_segment(void *arg, struct pkt *segment)
{
	struct forward *f = arg;

	f->verdict = forward4(f->n, segment, f->out);
}

/* Translate a packet that must be cut for the IPv6 side (XLT-12, GSO-23). */
static enum nat64_verdict
forward_cut(struct nat64 *n, struct pkt *p, const struct tuple6 *out)
{
	struct forward f = { .n = n, .out = out, .verdict = NAT64_SENT };
	uint32_t id = p->frag_id;

	if (p->ofl.seg != PKT_SEG_NONE) {
		gso_split(p, nat64_scratch(n, SCRATCH_SEGMENT),
		    forward_segment, &f);
		return (f.verdict);
	}
	xlat_4to6(p, out, &n->conf.xlat);
	fragment_ipv6(p, n->conf.xlat.lowest_mtu6, id,
	    nat64_scratch(n, SCRATCH_PIECE), nat64_emit_piece, n);
	return (NAT64_SENT);
}

/* Steps 11 and 12: size, emit. */
static enum nat64_verdict
forward4(struct nat64 *n, struct pkt *p, const struct tuple6 *out)
{
	enum xlat_fit fit;
	uint32_t mtu;

	fit = xlat_fit_4to6(p, &n->conf.xlat, &mtu);
	if (fit == XLAT_TOO_BIG)
		return (nat64_refuse4(n, p, NAT64_TOO_BIG, ICMP_UNREACH,
		    ICMP_UNREACH_NEEDFRAG, mtu));
	if (fit == XLAT_FRAGMENT)
		return (forward_cut(n, p, out));
	xlat_4to6(p, out, &n->conf.xlat);
	nat64_emit(n, p);
	return (NAT64_SENT);
}

/* Step 10 failed: is the sender told (ERR-07, ERR-08)? */
static enum nat64_verdict
refuse_state(struct nat64 *n, struct pkt *p, enum nat64_reason reason)
{
	switch (reason) {
	case NAT64_FILTERED:
		return (nat64_refuse4(n, p, reason, ICMP_UNREACH,
		    ICMP_UNREACH_FILTER_PROHIB, 0));
	case NAT64_NO_BINDING:
		if (p->l4 == L4_ICMP && n->conf.pool_echo &&
		    p->icmp_type == ICMP_ECHO && !n->hairpin &&
		    p->ip4.dst.s_addr == n->conf.self4.s_addr)
			return (nat64_local(n, p));
		if (!n->conf.unbound_errors)
			return (nat64_drop(n, reason));
		return (nat64_refuse4(n, p, reason, ICMP_UNREACH,
		    p->l4 == L4_ICMP ? ICMP_UNREACH_HOST : ICMP_UNREACH_PORT,
		    0));
	case NAT64_SYN_STORED:
		/* Whatever becomes of it, it will not pass. */
		nat64_drop(n, reason);
		return (NAT64_HELD);
	default:
		return (nat64_drop(n, reason));
	}
}

/* Steps 9 and 10 for a packet with an L4 header. */
static enum nat64_reason
admit4(struct nat64 *n, struct pkt *p, struct tuple6 *out)
{
	if (p->l4 == L4_ICMP && p->icmp_type != ICMP_ECHO &&
	    p->icmp_type != ICMP_ECHOREPLY)
		return (NAT64_ICMP_TYPE);
	if (nat64_excluded(n, p->l4, p->ip4.src, p->sport))
		return (NAT64_EXCLUDED);
	return (nat64_state4(n, p, out));
}

static enum nat64_verdict
whole4(struct nat64 *n, struct pkt *p)
{
	struct tuple6 out;
	enum nat64_reason reason;

	reason = pkt_parse_l4(p);
	if (reason != NAT64_NONE)
		return (nat64_drop(n, reason));
	if (xlat_icmp_is_error(p))
		return (nat64_error4(n, p));
	reason = admit4(n, p, &out);
	if (reason != NAT64_NONE)
		return (refuse_state(n, p, reason));
	return (forward4(n, p, &out));
}

/* The fragment that has the L4 header opens the way for the others. */
static enum nat64_verdict
first_fragment4(struct nat64 *n, struct pkt *p, struct frag_datagram *d)
{
	union frag_target out;
	enum nat64_reason reason;
	enum nat64_verdict verdict;
	struct pkt *held;

	reason = admit4(n, p, &out.t6);
	if (reason != NAT64_NONE) {
		n->stats.drops[reason] += frag_refuse(n->frags, d, reason);
		return (refuse_state(n, p, reason));
	}
	frag_resolve(n->frags, d, &out);
	verdict = forward4(n, p, &out.t6);
	while ((held = frag_next_held(n->frags, d)) != NULL)
		forward4(n, held, &out.t6);
	return (verdict);
}

/* Step 7 (RFC 6146, 3.4). */
static enum nat64_verdict
fragment4(struct nat64 *n, struct pkt *p)
{
	struct frag_result r;
	struct tuple6 out;
	enum frag_verdict verdict;

	verdict = frag_input(n->frags, p, n->now, &r);
	n->stats.drops[NAT64_FRAG_LIMIT] += r.evicted;
	switch (verdict) {
	case FRAG_FIRST:
		return (first_fragment4(n, p, r.datagram));
	case FRAG_KNOWN:
		out = r.target->t6;
		return (forward4(n, p, &out));
	case FRAG_WHOLE:
		return (whole4(n, r.whole));
	case FRAG_HELD:
		return (NAT64_HELD);
	case FRAG_DROP:
		break;
	}
	return (nat64_drop_fragment(n, p, &r));
}

enum nat64_verdict
nat64_dispatch4(struct nat64 *n, struct pkt *p)
{
	if (p->is_frag)
		return (fragment4(n, p));
	return (whole4(n, p));
}

/*
 * An ICMP error may come from a router with an address that no host can
 * have; it is let in and gets another source (FLT-07, ICM-30).
 */
static bool
may_be_error4(const struct pkt *p)
{
	uint8_t type;

	if (p->proto != IPPROTO_ICMP || p->frag_off != 0 || pkt_l4len(p) == 0)
		return (false);
	type = pkt_l4(p)[0];
	return (type == ICMP_UNREACH || type == ICMP_TIMXCEED ||
	    type == ICMP_PARAMPROB);
}

enum nat64_verdict
nat64_in4(struct nat64 *n, struct pkt *p)
{
	if (pool4_index(n->pool, p->ip4.dst) == -1) {
		if (n->conf.self4.s_addr == INADDR_ANY ||
		    p->ip4.dst.s_addr != n->conf.self4.s_addr)
			return (nat64_drop(n, NAT64_NOT_OURS4));
		if (ip4_is_never_unicast(p->ip4.src))
			return (nat64_drop(n, NAT64_MARTIAN4));
		return (nat64_local(n, p));
	}
	/*
	 * A hairpin never leaves us, so whoever uses an address of the pool
	 * out there is not its owner. Two services behind us could be made
	 * to answer each other for ever.
	 */
	if (pool4_index(n->pool, p->ip4.src) != -1)
		return (nat64_drop(n, NAT64_SOURCE_IN_POOL));
	if (!may_be_error4(p)) {
		if (ip4_is_never_unicast(p->ip4.src))
			return (nat64_drop(n, NAT64_MARTIAN4));
		if (nat64_prefix_for(n, NULL, p->ip4.src) == -1)
			return (nat64_drop(n, NAT64_WKP_NONGLOBAL));
	}
	if (p->ttl <= 1)
		return (nat64_refuse4(n, p, NAT64_TTL_EXPIRED, ICMP_TIMXCEED,
		    ICMP_TIMXCEED_INTRANS, 0));
	if (p->source_route)
		return (nat64_refuse4(n, p, NAT64_SOURCE_ROUTE, ICMP_UNREACH,
		    ICMP_UNREACH_SRCFAIL, 0));
	if (p->proto == IPPROTO_IGMP)
		return (nat64_drop(n, NAT64_UNKNOWN_PROTO));
	if (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP &&
	    p->proto != IPPROTO_ICMP)
		return (nat64_refuse4(n, p, NAT64_UNKNOWN_PROTO, ICMP_UNREACH,
		    ICMP_UNREACH_PROTOCOL, 0));
	return (nat64_dispatch4(n, p));
}
