#include <netinet/in.h>

#include <string.h>

#include "common/net/ip4class.h"

#include "nat64d/wire/icmp.h"
#include "nat64_error.h"
#include "nat64_event.h"
#include "nat64_in4.h"
#include "nat64_in6.h"
#include "nat64_map.h"
#include "nat64_out.h"
#include "nat64_pair.h"
#include "nat64_siit.h"

/* eam: false where RFC 7757, 4.2.1 forbids the mappings. */
static enum nat64_by
to6(const struct nat64 *n, struct in_addr addr, bool eam, struct in6_addr *out)
{
	return (eam ? nat64_map_4to6(n, addr, out) :
		      nat64_embed_4to6(n, addr, out));
}

static enum nat64_by
to4(const struct nat64 *n, const struct in6_addr *addr, struct in_addr *out)
{
	return (nat64_map_6to4(n, addr, out));
}

/*
 * Has p a header with ports or an identifier behind the IP header, which has to
 * be parsed?
 */
static bool
has_l4(const struct pkt *p)
{
	return (p->frag_off == 0 &&
	    (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP ||
		pkt_is_icmp(p)));
}

/*
 * The device may still owe a checksum to a packet of any protocol; its sum of
 * the old addresses has to be used now.
 */
static void
finish_other(struct pkt *p)
{
	if (!p->ofl.csum_partial)
		return;
	pkt_complete_cksum(p);
	memset(&p->ofl, 0, sizeof(p->ofl));
}

/* Without a checksum; after pkt_parse_l4(). */
static bool
is_unsummed(const struct pkt *p)
{
	return (p->proto == IPPROTO_UDP && p->frag_off == 0 &&
	    !p->ofl.csum_partial && get16(pkt_l4(p) + PKT_UDP_CKSUM) == 0);
}

/*
 * May a packet of this protocol get the other IP header? ICMP of the other
 * family would be taken for what it is not, and so would an IPv4 payload whose
 * protocol has the number of an IPv6 extension header.
 */
static bool
is_translatable(const struct pkt *p)
{
	switch (p->proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return (pkt_is_icmp(p));
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_DSTOPTS:
	case IPPROTO_IGMP:
		return (false);
	default:
		return (true);
	}
}

/*
 * The datagram of an ICMP fragment, once it is whole. NULL: it is not yet, or
 * never will be, and *pass is what comes next.
 */
static struct pkt *
collect(struct passage *w, struct pkt *p, enum pass *pass)
{
	struct nat64 *n = w->n;
	struct frag_result r;

	switch (frag_input(n->frags, p, w->now, &r)) {
	case FRAG_WHOLE:
		n->stats.drops[NAT64_FRAG_LIMIT] += r.evicted;
		w->reassembled = true;
		return (r.whole);
	case FRAG_HELD:
		n->stats.drops[NAT64_FRAG_LIMIT] += r.evicted;
		*pass = passage_end(w, NAT64_HELD, NAT64_NONE);
		return (NULL);
	case FRAG_FIRST: /* ICMP is always collected */
	case FRAG_KNOWN:
		*pass = nat64_drop(w, NAT64_FRAG_ICMP);
		return (NULL);
	case FRAG_DROP:
		break;
	}
	n->stats.drops[NAT64_FRAG_LIMIT] += r.evicted;
	*pass = nat64_drop_fragment(w, p, &r);
	return (NULL);
}

/*
 * Make p ready for translation: a fragment of ICMP becomes its datagram, and
 * ports are read where there are any. NULL: *pass is what comes next.
 */
static struct pkt *
open_l4(struct passage *w, struct pkt *p, enum pass *pass)
{
	enum nat64_reason reason;

	if (p->is_frag && pkt_is_icmp(p)) {
		p = collect(w, p, pass);
		if (p == NULL)
			return (NULL);
	}
	if (!has_l4(p)) {
		finish_other(p);
		return (p);
	}
	reason = pkt_parse_l4(p);
	if (reason == NAT64_NONE)
		return (p);
	*pass = nat64_drop(w, reason);
	return (NULL);
}

/* Is an ICMP message that is no error one that has a counterpart? */
static bool
is_echo(const struct pkt *p)
{
	if (p->family == PKT_V6)
		return (p->icmp_type == ICMP6_ECHO_REQUEST ||
		    p->icmp_type == ICMP6_ECHO_REPLY);
	return (p->icmp_type == ICMP_ECHO || p->icmp_type == ICMP_ECHOREPLY);
}

/* --- from IPv6 --- */

/*
 * The source of a translated error, which may come from a router whose address
 * has no counterpart (draft-ietf-v6ops-icmpext-xlat-v6only-source, 4.1). One
 * that the Pref64 may not embed has none, either. Returns its address to be
 * told, or NULL.
 */
static const struct in6_addr *
error_source4(const struct nat64 *n, const struct pkt *p, struct in_addr *src)
{
	if (to4(n, &p->ip6.src, src) != NAT64_BY_NOTHING)
		return (NULL);
	*src = n->conf.router4;
	return (n->conf.node_id ? &p->ip6.src : NULL);
}

/* An ICMPv6 error. */
static enum pass
error6(struct passage *w, struct pkt *p)
{
	struct nat64 *n = w->n;
	struct icmp_inner in;
	struct tuple4 inner;
	struct in_addr src, dst;
	const struct in6_addr *node;
	enum nat64_reason reason;
	struct in6_addr mapped;
	enum nat64_by by_src;
	struct pkt *out;
	bool turns;

	reason = xlat_icmp_parse(p, n->conf.check_inner_ip, &in);
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	by_src = to4(n, &in.t6.src.addr, &inner.src.addr);
	if (by_src == NAT64_BY_NOTHING ||
	    to4(n, &in.t6.dst.addr, &inner.dst.addr) == NAT64_BY_NOTHING)
		return (nat64_drop(w, NAT64_ICMP_INNER));
	inner.src.port = in.t6.src.port;
	inner.dst.port = in.t6.dst.port;
	if (to4(n, &p->ip6.dst, &dst) == NAT64_BY_NOTHING)
		return (nat64_drop(w, NAT64_UNMAPPED6));
	node = error_source4(n, p, &src);

	turns = by_src == NAT64_BY_PREFIX &&
	    eamt_4to6(n->eamt, inner.src.addr, &mapped);
	out = nat64_buffer(w, BUFFER_ICMP4);
	reason = xlat_icmp_6to4(p, &in, src, dst, node, &inner, &n->conf.xlat,
	    &n->ids, turns, out);
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	if (turns) {
		n->stats.counters[NAT64_HAIRPIN]++;
		w->next = out;
		return (PASS_HAIRPIN);
	}
	nat64_emit_fitting(w, out);
	return (passage_sent(w));
}

/*
 * A packet whose addresses have counterparts, out, and whose headers are sound.
 */
static enum pass
pass6(struct passage *w, struct pkt *p, struct tuple4 *out)
{
	enum pass pass = PASS_DONE;

	p = open_l4(w, p, &pass);
	if (p == NULL)
		return (pass);
	out->src.port = out->dst.port = 0;
	if (has_l4(p)) {
		if (xlat_icmp_is_error(p))
			return (error6(w, p));
		if (pkt_is_icmp(p) && !is_echo(p))
			return (nat64_drop(w, NAT64_ICMP_TYPE));
		if (is_unsummed(p))
			return (nat64_drop(w, NAT64_UDP_ZERO_CKSUM));
		out->src.port = p->sport;
		out->dst.port = p->dport;
		if (!p->is_frag && !w->turns)
			nat64_pair_seen6(w->n, p, out);
	}
	return (nat64_forward6(w, p, out));
}

/* An error that has no type yet, for it is a fragment, is none here. */
static bool
may_be_error6(const struct pkt *p)
{
	return (p->proto == IPPROTO_ICMPV6 && p->frag_off == 0 &&
	    pkt_l4len(p) > 0 && xlat_icmp_type_is_error(PKT_V6, pkt_l4(p)[0]));
}

/* NAT64_NONE and *out without ports, or why the packet is dropped. */
static enum nat64_reason
addresses6(struct passage *w, const struct pkt *p, struct tuple4 *out)
{
	const struct nat64 *n = w->n;
	enum nat64_by by_src, by_dst;
	struct in6_addr mapped;

	by_src = to4(n, &p->ip6.src, &out->src.addr);
	by_dst = to4(n, &p->ip6.dst, &out->dst.addr);
	if (by_dst == NAT64_BY_NOTHING)
		return (NAT64_UNMAPPED6);
	if (ip4_is_never_unicast(out->dst.addr))
		return (NAT64_MARTIAN4);
	if (may_be_error6(p))
		return (NAT64_NONE);
	if (by_src == NAT64_BY_NOTHING)
		return (NAT64_UNMAPPED6);
	if (ip4_is_never_unicast(out->src.addr))
		return (NAT64_MARTIAN4);
	if (by_src == NAT64_BY_PREFIX && by_dst == NAT64_BY_PREFIX)
		return (NAT64_SOURCE_IN_PREF64);
	w->turns = by_dst == NAT64_BY_PREFIX &&
	    eamt_4to6(n->eamt, out->dst.addr, &mapped);
	return (NAT64_NONE);
}

enum pass
nat64_siit6(struct passage *w, struct pkt *p)
{
	enum nat64_reason reason;
	struct icmp_error e;
	struct tuple4 out;
	enum pass pass;

	if (nat64_is_not_for_hosts6(w, p, &pass))
		return (pass);
	reason = addresses6(w, p, &out);
	if (reason == NAT64_NONE && p->truncated)
		reason = NAT64_EXT_HEADERS;
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	reason = nat64_check_headers6(p, &e);
	if (reason != NAT64_NONE)
		return (nat64_refuse6(w, p, reason, e.type, e.code, e.param));
	if (!is_translatable(p))
		return (nat64_refuse6(w, p, NAT64_UNKNOWN_PROTO,
		    ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, 0));
	return (pass6(w, p, &out));
}

/* --- from IPv4 --- */

/*
 * An ICMPv4 error. Its sender may be a router whose address may not be
 * embedded; then self6 stands for it. RFC 7757, 4.2.1 has the numbers.
 */
enum pass
nat64_siit_error4(struct passage *w, struct pkt *p)
{
	struct nat64 *n = w->n;
	struct icmp_inner in;
	struct tuple6 inner;
	struct in6_addr src, dst;
	enum nat64_reason reason;
	struct pkt *out;
	bool peer; /* it comes from the host that the packet was for (3) */

	reason = xlat_icmp_parse(p, n->conf.check_inner_ip, &in);
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	if (to6(n, in.t4.src.addr, true, &inner.src.addr) ==
		NAT64_BY_NOTHING ||
	    to6(n, in.t4.dst.addr, !w->hairpin /* (2) */, &inner.dst.addr) ==
		NAT64_BY_NOTHING)
		return (nat64_drop(w, NAT64_ICMP_INNER));
	inner.src.port = in.t4.src.port;
	inner.dst.port = in.t4.dst.port;
	if (to6(n, p->ip4.dst, true, &dst) == NAT64_BY_NOTHING)
		return (nat64_drop(w, NAT64_UNMAPPED4));
	peer = p->ip4.src.s_addr == in.t4.dst.addr.s_addr;
	if (to6(n, p->ip4.src, !(w->hairpin && peer), &src) ==
	    NAT64_BY_NOTHING)
		src = n->conf.self6;
	if (IN6_IS_ADDR_UNSPECIFIED(&src))
		return (nat64_drop(w, NAT64_ICMP_SOURCE));

	out = nat64_buffer(w, BUFFER_ICMP6);
	reason =
	    xlat_icmp_4to6(p, &in, &src, &dst, &inner, &n->conf.xlat, out);
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	nat64_emit(n, out);
	return (passage_sent(w));
}

/* As pass6(). */
static enum pass
pass4(struct passage *w, struct pkt *p, struct tuple6 *out)
{
	enum pass pass = PASS_DONE;

	p = open_l4(w, p, &pass);
	if (p == NULL)
		return (pass);
	out->src.port = out->dst.port = 0;
	if (has_l4(p)) {
		if (xlat_icmp_is_error(p))
			return (nat64_siit_error4(w, p));
		if (pkt_is_icmp(p) && !is_echo(p))
			return (nat64_drop(w, NAT64_ICMP_TYPE));
		/* Nobody has all that the checksum covers (RFC 7915, 4.5). */
		if (p->is_frag && is_unsummed(p))
			return (nat64_drop(w, NAT64_UDP4_ZERO_CKSUM));
		out->src.port = p->sport;
		out->dst.port = p->dport;
		if (!p->is_frag && !w->hairpin)
			nat64_pair_seen4(w->n, p, out);
	}
	return (nat64_forward4(w, p, out));
}

/* Why the destination of p has no counterpart. */
static enum pass
refuse_destination4(struct passage *w, struct pkt *p)
{
	if (ip4_is_never_unicast(p->ip4.dst))
		return (nat64_drop(w, NAT64_MARTIAN4));
	if (w->n->conf.n_prefixes == 0)
		return (nat64_refuse4(w, p, NAT64_NO_PREF64, ICMP_UNREACH,
		    ICMP_UNREACH_NET, 0));
	return (nat64_refuse4(w, p, NAT64_WKP_NONGLOBAL, ICMP_UNREACH,
	    ICMP_UNREACH_FILTER_PROHIB, 0));
}

/* TTL, source route and protocol are sound, or the packet is refused. */
static enum pass
check4(struct passage *w, struct pkt *p, struct tuple6 *out)
{
	if (p->ttl <= 1)
		return (nat64_refuse4(w, p, NAT64_TTL_EXPIRED, ICMP_TIMXCEED,
		    ICMP_TIMXCEED_INTRANS, 0));
	if (p->source_route)
		return (nat64_refuse4(w, p, NAT64_SOURCE_ROUTE, ICMP_UNREACH,
		    ICMP_UNREACH_SRCFAIL, 0));
	if (!is_translatable(p))
		return (nat64_refuse4(w, p, NAT64_UNKNOWN_PROTO, ICMP_UNREACH,
		    ICMP_UNREACH_PROTOCOL, 0));
	return (pass4(w, p, out));
}

enum pass
nat64_siit4(struct passage *w, struct pkt *p)
{
	const struct nat64 *n = w->n;
	enum nat64_by by_src, by_dst;
	struct tuple6 out;

	by_src = to6(n, p->ip4.src, true, &out.src.addr);
	by_dst = to6(n, p->ip4.dst, true, &out.dst.addr);
	if (nat64_may_be_error4(p)) {
		if (by_dst == NAT64_BY_NOTHING)
			return (nat64_drop(w, NAT64_UNMAPPED4));
		return (check4(w, p, &out));
	}
	if (ip4_is_never_unicast(p->ip4.src))
		return (nat64_drop(w, NAT64_MARTIAN4));
	if (n->conf.self4.s_addr != INADDR_ANY && by_dst != NAT64_BY_EAM &&
	    p->ip4.dst.s_addr == n->conf.self4.s_addr)
		return (nat64_local(w, p));
	if (by_src != NAT64_BY_EAM && by_dst != NAT64_BY_EAM)
		return (nat64_refuse4(w, p, NAT64_UNMAPPED4, ICMP_UNREACH,
		    ICMP_UNREACH_FILTER_PROHIB, 0));
	if (by_dst == NAT64_BY_NOTHING)
		return (refuse_destination4(w, p));
	if (by_src == NAT64_BY_NOTHING)
		return (nat64_drop(w,
		    n->conf.n_prefixes == 0 ? NAT64_NO_PREF64 :
					      NAT64_WKP_NONGLOBAL));
	return (check4(w, p, &out));
}

enum pass
nat64_siit_hairpin(struct passage *w, struct pkt *p)
{
	const struct nat64 *n = w->n;
	struct tuple6 out;

	if (to6(n, p->ip4.dst, true, &out.dst.addr) == NAT64_BY_NOTHING)
		return (nat64_drop(w, NAT64_UNMAPPED4));
	/* The source of an error is not used: see nat64_siit_error4(). */
	if (to6(n, p->ip4.src, false, &out.src.addr) == NAT64_BY_NOTHING &&
	    !nat64_may_be_error4(p))
		return (nat64_drop(w, NAT64_WKP_NONGLOBAL));
	return (pass4(w, p, &out));
}
