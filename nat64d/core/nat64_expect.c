/*
 * Expectations: making and finding them.
 */
#include "nat64_binding.h"
#include "nat64_event.h"
#include "nat64_expect.h"
#include "nat64d/tables/tcp_fsm.h"

struct session *
nat64_expected(const struct passage *w, const struct bib_entry *e,
    struct in_addr peer)
{
	const struct taddr4 key = { .addr = peer };
	struct session *s;

	s = session_find_peer(&w->n->sessions, e, &key);
	if (s == NULL || session_is_over(&w->n->sessions, s, w->now))
		return (NULL);
	return (s);
}

/* The binding, and a session that keeps it. */
static struct session *
add(struct passage *w, struct bib_entry *e, const struct session *control,
    struct refusal *why)
{
	const struct taddr4 peer = { .addr = control->peer.addr };
	struct session_table *t = &w->n->sessions;
	struct session *s = session_find_peer(t, e, &peer);

	if (s != NULL && !session_is_stale(t, s)) {
		session_touch(t, s, SESSION_TCP_OPEN, w->now);
		return (s);
	}
	s = session_add(t, e, &peer, control->prefix, SESSION_TCP_OPEN, w->now,
	    why);
	if (s == NULL)
		return (NULL);
	s->tcp_state = TCP_STATE_V6_INIT;
	nat64_report(w->n, NAT64_EV_SESSION_CREATE, NULL, s);
	return (s);
}

bool
nat64_expect(struct passage *w, const struct session *control, uint16_t port,
    struct taddr4 *out4)
{
	const struct taddr6 in6 = { control->in6.addr, port };
	struct nat64 *n = w->n;
	struct bib_entry *e = NULL;
	struct session *s = NULL;
	struct refusal why;
	bool created = false;

	if (session_check_room(&n->sessions,
		subscriber_find(&n->subs, &in6.addr), &in6.addr, &why) == 0)
		e = bib_get6(&n->bibs[L4_TCP], &in6, &n->rng, w->now, &created,
		    &why);
	if (e == NULL) {
		(void)nat64_report_refused(n, L4_TCP, &in6, &why);
		return (false);
	}
	if (created) {
		e->expects = true;
		nat64_binding_report(n, e);
	}
	*out4 = e->out4;
	/* Servers refuse an address that is not that of the client. */
	if (e->out4.addr.s_addr == control->out4.addr.s_addr) {
		s = add(w, e, control, &why);
		if (s == NULL)
			(void)nat64_report_refused(n, L4_TCP, &in6, &why);
	}
	if (s == NULL)
		nat64_binding_release(n, e, w->now);
	else
		n->stats.counters[NAT64_GATEWAY_EXPECTED]++;
	return (s != NULL);
}
