/*
 * ICMP errors that are translated: the binding of the quoted packet, and the
 * source address that the translated error gets.
 */
#include <netinet/in.h>

#include "nat64_alg_table.h"
#include "nat64_binding.h"
#include "nat64_icmp.h"
#include "nat64_out.h"
#include "nat64_policy.h"
#include "nat64_state.h"

/*
 * The node that sent the error, to be told to the receiver: none if it is the
 * IPv6 host, whose address has a counterpart, and none if it is not wanted.
 */
static const struct in6_addr *
node_of(const struct nat64 *n, const struct pkt *p, const struct bib_entry *e)
{
	if (!n->conf.node_id || IN6_ARE_ADDR_EQUAL(&p->ip6.src, &e->in6.addr))
		return (NULL);
	return (&p->ip6.src);
}

enum pass
nat64_error6(struct passage *w, struct pkt *p)
{
	struct nat64 *n = w->n;
	struct icmp_inner in;
	struct bib_entry *e;
	struct tuple4 inner;
	enum nat64_reason reason;
	struct pkt *out;
	bool hairpin;
	int i;

	reason = xlat_icmp_parse(p, n->conf.check_inner_ip, &in);
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	/* The quoted packet went (Y',y) -> (X',x). */
	e = bib_find6(&n->bibs[in.l4], &in.t6.dst);
	if (!nat64_binding_lives(w, e))
		return (nat64_drop(w, NAT64_NO_BINDING));
	i = nat64_find_prefix(n, &in.t6.src.addr);
	if (i == -1 ||
	    pref64_extract(&n->prefixes[i].prefix, &in.t6.src.addr,
		&inner.src.addr) == -1)
		return (nat64_drop(w, NAT64_ICMP_INNER));
	inner.dst = e->out4;
	inner.src.port = in.l4 == L4_ICMP ? e->out4.port : in.t6.src.port;
	if (in.l4 == L4_TCP)
		nat64_alg_quoted(n,
		    session_find_peer(&n->sessions, e, &inner.src),
		    ALG_FROM_SERVER, p, &in);

	hairpin = pool4_index(n->pool, inner.src.addr) != -1;
	out = nat64_buffer(w, BUFFER_ICMP4);
	reason = xlat_icmp_6to4(p, &in, e->out4.addr, inner.src.addr,
	    node_of(n, p, e), &inner, &n->conf.xlat, &n->ids, hairpin, out);
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	if (hairpin) {
		n->stats.counters[NAT64_HAIRPIN]++;
		w->next = out;
		return (PASS_HAIRPIN);
	}
	nat64_emit_fitting(w, out);
	return (passage_sent(w));
}

/*
 * The source of the translated error: the router that sent it, so that
 * traceroute works (RFC 7915, 4.1). The text of RFC 6146, 3.7 would give the
 * destination of the quoted packet, which did not send the error. If the
 * Pref64 may not embed the router's address, the source is self6, because the
 * translator is a hop of the path, too. False when there is no self6.
 */
static bool
error_source6(const struct nat64 *n, const struct pkt *p, unsigned prefix,
    struct in6_addr *src)
{
	if (nat64_may_embed(n, prefix, p->ip4.src)) {
		pref64_embed(&n->prefixes[prefix].prefix, p->ip4.src, src);
		return (true);
	}
	*src = n->conf.self6;
	return (!IN6_IS_ADDR_UNSPECIFIED(src));
}

enum pass
nat64_error4(struct passage *w, struct pkt *p)
{
	struct nat64 *n = w->n;
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
		return (nat64_drop(w, reason));
	/* The quoted packet went (T,t) -> (Z,z). */
	e = bib_find4(&n->bibs[in.l4], &in.t4.src);
	if (!nat64_binding_lives(w, e))
		return (nat64_drop(w, NAT64_NO_BINDING));
	key = in.t4;
	if (in.l4 == L4_ICMP)
		key.dst.port = 0;
	s = session_find4(&n->sessions, in.l4, &key);
	prefix = s != NULL && s->bib != NULL && !nat64_forbids(n, s) ?
	    s->prefix :
	    nat64_prefix_for(n, e, in.t4.dst.addr);
	if (prefix == -1)
		return (nat64_drop(w, NAT64_WKP_NONGLOBAL));
	inner.src = e->in6;
	pref64_embed(&n->prefixes[prefix].prefix, in.t4.dst.addr,
	    &inner.dst.addr);
	inner.dst.port = in.l4 == L4_ICMP ? e->in6.port : in.t4.dst.port;
	nat64_alg_quoted(n, s, ALG_FROM_CLIENT, p, &in);

	if (!error_source6(n, p, (unsigned)prefix, &src))
		return (nat64_drop(w, NAT64_ICMP_SOURCE));
	out = nat64_buffer(w, BUFFER_ICMP6);
	reason = xlat_icmp_4to6(p, &in, &src, &e->in6.addr, &inner,
	    &n->conf.xlat, out);
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	nat64_emit(n, out);
	return (passage_sent(w));
}
