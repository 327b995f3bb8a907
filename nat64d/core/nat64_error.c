/*
 * Packets that the translator sends itself in reply: whether one may be sent,
 * rate limits and counters. Why a packet is refused is decided by the callers.
 */
#include <netinet/in.h>

#include "nat64d/wire/icmp.h"
#include "nat64_error.h"
#include "nat64_out.h"
#include "nat64_event.h"
#include "nat64d/xlat/tcp_segment.h"

/* May an error be sent? Counts one that the rate limit suppresses. */
static bool
may_send(struct passage *w, struct ratelimit *limit,
    const struct pkt *offender, const void *dest, size_t len,
    enum nat64_reason reason)
{
	struct nat64 *n = w->n;

	if (!icmp_error_allowed(offender))
		return (false);
	if (ratelimit_allow(limit, dest, len, w->now))
		return (true);
	n->stats.counters[NAT64_ERRORS_LIMITED]++;
	if (n->sink.trace != NULL)
		nat64_trace_limited(n, offender, reason);
	return (false);
}

enum pass
nat64_refuse6(struct passage *w, struct pkt *p, enum nat64_reason reason,
    uint8_t type, uint8_t code, uint32_t param)
{
	const struct icmp_error e = { type, code, param };
	struct nat64 *n = w->n;
	struct pkt *out;
	struct ratelimit *limit =
	    type == ICMP6_PACKET_TOO_BIG ? &n->too_big6 : &n->errors6;

	nat64_drop(w, reason);
	if (IN6_IS_ADDR_UNSPECIFIED(&n->conf.self6) ||
	    !may_send(w, limit, p, &p->ip6.src, sizeof(p->ip6.src), reason))
		return (PASS_DONE);
	out = nat64_buffer(w, BUFFER_ERROR);
	icmp_error_build6(out, p, &n->conf.self6, &e);
	n->stats.counters[NAT64_ERRORS6]++;
	if (n->sink.trace != NULL)
		nat64_trace_error(n, p, reason, &e);
	nat64_emit(n, out);
	return (passage_end(w, NAT64_REPLIED, reason));
}

enum pass
nat64_reset6(struct passage *w, const struct pkt *p)
{
	struct nat64 *n = w->n;
	struct pkt *out;

	nat64_drop(w, NAT64_NO_SESSION);
	if (!tcp_reset_allowed(p) ||
	    !may_send(w, &n->errors6, p, &p->ip6.src, sizeof(p->ip6.src),
		NAT64_NO_SESSION))
		return (PASS_DONE);
	out = nat64_buffer(w, BUFFER_ERROR);
	tcp_reset_build6(out, p);
	n->stats.counters[NAT64_RESETS6]++;
	if (n->sink.trace != NULL)
		nat64_trace_reset(n, p, NAT64_NO_SESSION);
	nat64_emit(n, out);
	return (passage_end(w, NAT64_REPLIED, NAT64_NO_SESSION));
}

/* Answer the IPv4 packet p, which was dropped for reason, with an error. */
static enum pass
answer4(struct passage *w, struct pkt *p, enum nat64_reason reason,
    const struct icmp_error *e)
{
	struct nat64 *n = w->n;
	const bool inside =
	    w->hairpin || pool4_index(n->pool, p->ip4.src) != -1;
	struct ratelimit *limit = &n->errors4;
	struct pkt *out;

	if (e->type == ICMP_UNREACH && e->code == ICMP_UNREACH_NEEDFRAG)
		limit = &n->too_big4;
	if (n->conf.self4.s_addr == INADDR_ANY ||
	    !may_send(w, limit, p, &p->ip4.src, sizeof(p->ip4.src), reason))
		return (PASS_DONE);
	out = nat64_buffer(w, BUFFER_ERROR);
	icmp_error_build4(out, p, n->conf.self4, e, inside, &n->ids);
	n->stats.counters[NAT64_ERRORS4]++;
	if (n->sink.trace != NULL)
		nat64_trace_error(n, p, reason, e);
	if (inside) {
		w->next = out;
		return (PASS_ERROR4);
	}
	nat64_emit(n, out);
	return (passage_end(w, NAT64_REPLIED, reason));
}

enum pass
nat64_refuse4(struct passage *w, struct pkt *p, enum nat64_reason reason,
    uint8_t type, uint8_t code, uint32_t param)
{
	const struct icmp_error e = { type, code, param };

	nat64_drop(w, reason);
	return (answer4(w, p, reason, &e));
}

enum pass
nat64_answer_syn(struct passage *w, struct stored_syn *syn)
{
	const struct icmp_error e = { ICMP_UNREACH, ICMP_UNREACH_PORT, 0 };

	return (answer4(w, &syn->pkt, NAT64_SYN_STORED, &e));
}

/* Is the ICMP message p an echo request? */
static bool
is_echo_request(const struct pkt *p)
{
	return (p->icmp_type ==
	    (p->family == PKT_V6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO));
}

enum pass
nat64_local(struct passage *w, struct pkt *p)
{
	/* A source route that is not used up has another destination. */
	if (!pkt_is_icmp(p) || p->is_frag || p->truncated || p->rh_off != 0 ||
	    p->source_route)
		return (nat64_drop(w, NAT64_SELF_OTHER));
	if (pkt_parse_l4(p) != NAT64_NONE)
		return (nat64_drop(w, NAT64_BAD_L4));
	if (!is_echo_request(p))
		return (nat64_drop(w, NAT64_SELF_OTHER));
	icmp_echo_answer(p, &w->n->ids);
	w->n->stats.counters[NAT64_ECHO_ANSWERED]++;
	nat64_emit_fitting(w, p);
	return (passage_end(w, NAT64_REPLIED, NAT64_NONE));
}
