/*
 * ICMP errors: those that pass through (RFC 6146, 3.4 to 3.7), those that we
 * send ourselves and the RSTs beside them, and echo requests to our own
 * addresses.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <string.h>

#include "fragment.h"
#include "nat64_int.h"
#include "tcp_reset.h"

/* Emit a packet of ours, in pieces if the side it goes to wants that. */
static void
emit_fitting(struct nat64 *n, struct pkt *p)
{
	const struct xlat_conf *c = &n->conf.xlat;
	struct pkt *piece = nat64_scratch(n, SCRATCH_PIECE);

	if (p->family == PKT_V4 && p->len > c->mtu4)
		fragment_ipv4(p, c->mtu4, piece, nat64_emit_piece, n);
	else if (p->family == PKT_V6 && p->len > c->mtu6)
		fragment_ipv6(p, c->mtu6, rng_next(&n->rng), piece,
		    nat64_emit_piece, n);
	else
		nat64_emit(n, p);
}

enum nat64_verdict
nat64_error6(struct nat64 *n, struct pkt *p)
{
	struct icmp_inner in;
	struct bib_entry *e;
	struct tuple4 inner;
	enum nat64_reason reason;
	struct pkt *out;
	bool hairpin;
	int i;

	reason = xlat_icmp_parse(p, n->conf.check_inner_ip, &in);
	if (reason != NAT64_NONE)
		return (nat64_drop(n, reason));
	/* Quoted is a packet that went (Y',y) -> (X',x). */
	e = bib_find6(&n->bibs[in.l4], &in.t6.dst);
	if (!nat64_binding_lives(n, e))
		return (nat64_drop(n, NAT64_NO_BINDING));
	i = pref64_find(n->conf.prefixes, n->conf.nprefixes,
	    &in.t6.src.addr);
	if (i == -1 ||
	    pref64_extract(&n->conf.prefixes[i], &in.t6.src.addr,
		&inner.src.addr) == -1)
		return (nat64_drop(n, NAT64_ICMP_INNER));
	inner.dst = e->out4;
	inner.src.port = in.l4 == L4_ICMP ? e->out4.port : in.t6.src.port;

	hairpin = pool4_index(n->pool, inner.src.addr) != -1;
	out = nat64_scratch(n, SCRATCH_ICMP);
	reason = xlat_icmp_6to4(p, &in, e->out4.addr, inner.src.addr, &inner,
	    &n->conf.xlat, &n->ids, hairpin, out);
	if (reason != NAT64_NONE)
		return (nat64_drop(n, reason));
	if (hairpin) {
		n->stats.counters[NAT64_HAIRPIN]++;
		n->hairpin = true;
		return (nat64_dispatch4(n, out));
	}
	emit_fitting(n, out);
	return (NAT64_SENT);
}

/*
 * Who speaks, seen from IPv6: the router that sent the error, so that
 * traceroute works (RFC 7915, 4.1). Where its address may not be embedded,
 * we speak ourselves: the translator is a hop on the way, while any other
 * address would say that the packet got to where it did not. An error of
 * self4 is our own in any case. False if we have no address to speak from.
 */
static bool
error_source6(const struct nat64 *n, const struct pkt *p, unsigned prefix,
    struct in6_addr *src)
{
	if (nat64_may_embed(n, prefix, p->ip4.src)) {
		pref64_embed(&n->conf.prefixes[prefix], p->ip4.src, src);
		return (true);
	}
	*src = n->conf.self6;
	return (!IN6_IS_ADDR_UNSPECIFIED(src));
}

enum nat64_verdict
nat64_error4(struct nat64 *n, struct pkt *p)
{
	struct icmp_inner in;
	struct bib_entry *e;
	struct session *s;
	struct tuple4 key;
	struct tuple6 inner;
	struct in6_addr src;
	enum nat64_reason reason;
	struct pkt *out;
	int prefix;

	reason = xlat_icmp_parse(p, n->conf.check_inner_ip, &in);
	if (reason != NAT64_NONE)
		return (nat64_drop(n, reason));
	/* Quoted is a packet that went (T,t) -> (Z,z). */
	e = bib_find4(&n->bibs[in.l4], &in.t4.src);
	if (!nat64_binding_lives(n, e))
		return (nat64_drop(n, NAT64_NO_BINDING));
	key = in.t4;
	if (in.l4 == L4_ICMP)
		key.dst.port = 0;
	s = session_find4(&n->sessions, in.l4, &key);
	prefix = s != NULL && s->bib != NULL ? s->prefix :
	    nat64_prefix_for(n, e, in.t4.dst.addr);
	if (prefix == -1)
		return (nat64_drop(n, NAT64_WKP_NONGLOBAL));
	inner.src = e->in6;
	pref64_embed(&n->conf.prefixes[prefix], in.t4.dst.addr,
	    &inner.dst.addr);
	inner.dst.port = in.l4 == L4_ICMP ? e->in6.port : in.t4.dst.port;

	if (!error_source6(n, p, (unsigned)prefix, &src))
		return (nat64_drop(n, NAT64_ICMP_SOURCE));
	out = nat64_scratch(n, n->hairpin ? SCRATCH_HAIRPIN : SCRATCH_ICMP);
	reason = xlat_icmp_4to6(p, &in, &src, &e->in6.addr, &inner,
	    &n->conf.xlat, out);
	if (reason != NAT64_NONE)
		return (nat64_drop(n, reason));
	nat64_emit(n, out);
	return (NAT64_SENT);
}

/* May this error be sent? Counts one that the rate forbids. */
static bool
may_send(struct nat64 *n, struct ratelimit *limit, const struct pkt *offender,
    const void *dest, size_t len)
{
	if (!icmp_error_allowed(offender))
		return (false);
	if (ratelimit_allow(limit, dest, len, n->now))
		return (true);
	n->stats.counters[NAT64_ERRORS_LIMITED]++;
	if (n->sink.trace != NULL)
		nat64_trace_limited(n, offender);
	return (false);
}

enum nat64_verdict
nat64_refuse6(struct nat64 *n, struct pkt *p, enum nat64_reason reason,
    uint8_t type, uint8_t code, uint32_t param)
{
	const struct icmp_error e = { type, code, param };
	struct pkt *out;
	struct ratelimit *limit = type == ICMP6_PACKET_TOO_BIG ?
	    &n->too_big6 : &n->errors6;

	nat64_drop(n, reason);
	if (IN6_IS_ADDR_UNSPECIFIED(&n->conf.self6) ||
	    !may_send(n, limit, p, &p->ip6.src, sizeof(p->ip6.src)))
		return (NAT64_DROPPED);
	out = nat64_scratch(n, SCRATCH_ERROR);
	icmp_error_build6(out, p, &n->conf.self6, &e);
	n->stats.counters[NAT64_ERRORS6]++;
	if (n->sink.trace != NULL)
		nat64_trace_error(n, p, &e);
	nat64_emit(n, out);
	return (NAT64_REPLIED);
}

enum nat64_verdict
nat64_reset6(struct nat64 *n, const struct pkt *p)
{
	struct pkt *out;

	nat64_drop(n, NAT64_NO_SESSION);
	if (!tcp_reset_allowed(p) ||
	    !may_send(n, &n->errors6, p, &p->ip6.src, sizeof(p->ip6.src)))
		return (NAT64_DROPPED);
	out = nat64_scratch(n, SCRATCH_ERROR);
	tcp_reset_build6(out, p);
	n->stats.counters[NAT64_RESETS6]++;
	if (n->sink.trace != NULL)
		nat64_trace_reset(n, p);
	nat64_emit(n, out);
	return (NAT64_REPLIED);
}

/*
 * An IPv4 error for a packet that an IPv6 host sent to another one: it is
 * translated by the rules for those that pass through (HPN-06).
 */
static enum nat64_verdict
turn_error(struct nat64 *n, struct pkt *error)
{
	const enum nat64_reason reason = n->reason;
	enum nat64_verdict verdict;

	verdict = nat64_error4(n, error);
	n->reason = reason;
	return (verdict == NAT64_SENT ? NAT64_REPLIED : NAT64_DROPPED);
}

enum nat64_verdict
nat64_answer4(struct nat64 *n, struct pkt *p, uint8_t type, uint8_t code,
    uint32_t param)
{
	const struct icmp_error e = { type, code, param };
	const bool inside = pool4_index(n->pool, p->ip4.src) != -1;
	struct ratelimit *limit = &n->errors4;
	struct pkt *out;

	if (type == ICMP_UNREACH && code == ICMP_UNREACH_NEEDFRAG)
		limit = &n->too_big4;
	if (n->conf.self4.s_addr == INADDR_ANY ||
	    !may_send(n, limit, p, &p->ip4.src, sizeof(p->ip4.src)))
		return (NAT64_DROPPED);
	out = nat64_scratch(n, SCRATCH_ERROR);
	icmp_error_build4(out, p, n->conf.self4, &e, inside, &n->ids);
	n->stats.counters[NAT64_ERRORS4]++;
	if (n->sink.trace != NULL)
		nat64_trace_error(n, p, &e);
	if (inside)
		return (turn_error(n, out));
	nat64_emit(n, out);
	return (NAT64_REPLIED);
}

enum nat64_verdict
nat64_refuse4(struct nat64 *n, struct pkt *p, enum nat64_reason reason,
    uint8_t type, uint8_t code, uint32_t param)
{
	nat64_drop(n, reason);
	return (nat64_answer4(n, p, type, code, param));
}

/* Is p an echo request of its family? */
static bool
is_echo_request(const struct pkt *p)
{
	if (p->family == PKT_V6)
		return (p->proto == IPPROTO_ICMPV6 &&
		    p->icmp_type == ICMP6_ECHO_REQUEST);
	return (p->proto == IPPROTO_ICMP && p->icmp_type == ICMP_ECHO);
}

enum nat64_verdict
nat64_local(struct nat64 *n, struct pkt *p)
{
	bool icmp = p->proto ==
	    (p->family == PKT_V6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

	/* With hops still to go, it is not for us after all. */
	if (!icmp || p->is_frag || p->truncated || p->rh_off != 0 ||
	    p->source_route)
		return (nat64_drop(n, NAT64_SELF_OTHER));
	if (pkt_parse_l4(p) != NAT64_NONE)
		return (nat64_drop(n, NAT64_BAD_L4));
	if (!is_echo_request(p))
		return (nat64_drop(n, NAT64_SELF_OTHER));
	icmp_echo_answer(p, &n->ids);
	n->stats.counters[NAT64_ECHO_ANSWERED]++;
	emit_fitting(n, p);
	return (NAT64_REPLIED);
}
