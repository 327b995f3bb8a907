/*
 * Which sessions use the fast path: a table of what bars a session from it.
 */
#include "nat64_fast.h"
#include "nat64_policy.h"
#include "nat64d/tables/tcp_fsm.h"

static bool
is_off(const struct nat64 *n, const struct session *s)
{
	(void)s;
	return (n->fastpath == NULL);
}

static bool
is_there(const struct nat64 *n, const struct session *s)
{
	(void)n;
	return (s->fast != 0);
}

static bool
is_refused_echo(const struct nat64 *n, const struct session *s)
{
	return (s->proto == L4_ICMP && n->conf.refuse_echo6);
}

static bool
is_unbound(const struct nat64 *n, const struct session *s)
{
	(void)n;
	return (s->bib == NULL);
}

static bool
is_not_established(const struct nat64 *n, const struct session *s)
{
	(void)n;
	return (s->proto == L4_TCP && s->tcp_state != TCP_STATE_ESTABLISHED);
}

static bool
is_one_sided(const struct nat64 *n, const struct session *s)
{
	(void)n;
	return (s->sides != FAST_BOTH);
}

static bool
has_few(const struct nat64 *n, const struct session *s)
{
	(void)n;
	return (s->data < FAST_AFTER);
}

static bool
is_hairpin(const struct nat64 *n, const struct session *s)
{
	return (pool4_index(n->pool, s->peer.addr) != -1);
}

static bool
has_gateway(const struct nat64 *n, const struct session *s)
{
	(void)n;
	return (s->gateway);
}

static bool (*const bars[FAST_NBARS])(const struct nat64 *n,
    const struct session *s) = {
	[FAST_OFF] = is_off,
	[FAST_ALREADY] = is_there,
	[FAST_ECHO] = is_refused_echo,
	[FAST_UNBOUND] = is_unbound,
	[FAST_STATE] = is_not_established,
	[FAST_ONE_SIDE] = is_one_sided,
	[FAST_FEW] = has_few,
	[FAST_HAIRPIN] = is_hairpin,
	[FAST_GATEWAY] = has_gateway,
};

enum fast_bar
nat64_fast_bar(const struct nat64 *n, const struct session *s)
{
	unsigned i;

	for (i = FAST_NO_BAR + 1; i < FAST_NBARS; i++)
		if (bars[i](n, s))
			return ((enum fast_bar)i);
	return (FAST_NO_BAR);
}

static bool
enter(struct nat64 *n, struct session *s)
{
	const struct fastflow f = {
		.in6 = s->in6,
		.peer6 = nat64_peer6(n, s),
		.out4 = s->out4,
		.peer4 = s->peer,
		.proto = s->proto,
		.id_counter = ipid_index(&n->ids, s->out4.addr, s->peer.addr,
		    l4proto_number(s->proto)),
	};

	n->stats.counters[NAT64_FAST_OFFERED]++;
	if (session_enter_fast(&n->sessions, s, &f))
		return (true);
	n->stats.counters[NAT64_FAST_FULL]++;
	return (false);
}

void
nat64_fast_offer(struct nat64 *n, struct session *s)
{
	if (nat64_fast_bar(n, s) != FAST_NO_BAR || !enter(n, s))
		s->data = FAST_AFTER - FAST_RETRY;
}

void
nat64_fast_recheck(struct nat64 *n, struct session *s)
{
	if (is_hairpin(n, s) || is_refused_echo(n, s))
		session_leave_fast(&n->sessions, s);
}
