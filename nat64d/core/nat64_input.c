/*
 * The top of the core: handles one packet from its arrival to its end, and
 * the passing of time. What is done in each step is in the files below.
 *
 *	    IPv6                      IPv4
 *	     |       pkt_parse()       |
 *	nat64_in6()               nat64_in4()       addresses, headers
 *	     |                         |
 *	     |               nat64_in4_checked() <-. fragments: frag.c
 *	     |                         |           |
 *	nat64_state6()          nat64_state4()     | bindings, sessions
 *	     |                         |           |
 *	xlat_6to4() --- PASS_HAIRPIN --------------'
 *	     |                    xlat_4to6()
 *	     '------ nat64_emit() -----'
 *
 * A stateless translator has nat64_siit.c instead of the first four.
 *
 * ICMP errors are translated by nat64_icmp.c instead. A packet that may not
 * pass ends in nat64_drop(), or is answered by nat64_error.c; if its sender is
 * an IPv6 host, nat64_error4() translates the ICMPv4 error (PASS_ERROR4).
 * follow() does what comes next in a loop; no passage begins inside another.
 */
#include "nat64_error.h"
#include "nat64_event.h"
#include "nat64_icmp.h"
#include "nat64_in4.h"
#include "nat64_in6.h"
#include "nat64_out.h"
#include "nat64_prefetch.h"
#include "nat64_siit.h"
#include "nat64_state.h"
#include "nat64_syn.h"
#include "nat64_threshold.h"

/*
 * An ICMPv4 error of ours about a packet that one IPv6 host sent to another:
 * it is translated like one that comes from IPv4 (RFC 6146, 3.8). The packet
 * counts as dropped, or as answered if the error was sent.
 */
static void
translate_error(struct passage *w)
{
	const enum nat64_reason reason = w->reason;

	if (w->n->eamt != NULL)
		nat64_siit_error4(w, w->next);
	else
		nat64_error4(w, w->next);
	passage_end(w,
	    w->verdict == NAT64_SENT ? NAT64_REPLIED : NAT64_DROPPED, reason);
}

/*
 * Do one step. The second passage of a packet is finished, with all that is
 * pending in it, before the first one continues.
 */
static enum pass
step(struct passage *w, enum pass pass)
{
	switch (pass) {
	case PASS_HAIRPIN:
		w->hairpin = true;
		if (w->n->eamt != NULL)
			return (nat64_siit_hairpin(w, w->next));
		return (nat64_in4_checked(w, w->next));
	case PASS_ERROR4:
		translate_error(w);
		return (PASS_DONE);
	case PASS_DONE:
		break;
	}
	return (w->pending == &w->pending4 ? nat64_pending4(w) :
					     nat64_pending6(w));
}

static inline void
follow(struct passage *w, enum pass pass)
{
	while (pass != PASS_DONE || w->pending != NULL)
		pass = step(w, pass);
}

/*
 * Answer the stored SYNs of IPv6 hosts whose time is over. This does not
 * change the verdict about the packet being handled.
 */
static void
answer_due(struct passage *w)
{
	struct stored_syn *syn;

	w->settled = true;
	while ((syn = TAILQ_FIRST(&w->due)) != NULL) {
		TAILQ_REMOVE(&w->due, syn, entry);
		follow(w, nat64_answer_syn(w, syn));
		nat64_syn_free(w->n, syn);
	}
}

/* The first passage of a packet. */
static enum pass
begin(struct passage *w, struct pkt *p)
{
	struct nat64_stats *stats = &w->n->stats;
	const uint32_t received = p->len;
	enum nat64_reason reason;

	reason = pkt_parse(p);
	if (reason != NAT64_NONE)
		return (nat64_drop(w, reason));
	if (p->family == PKT_V6) {
		stats->counters[NAT64_IN6]++;
		stats->counters[NAT64_IN6_BYTES] += received;
	} else {
		stats->counters[NAT64_IN4]++;
		stats->counters[NAT64_IN4_BYTES] += received;
	}
	/* No error: the other node answers, and its peers must not give up. */
	if (w->n->role == NAT64_ROLE_STANDBY)
		return (nat64_drop(w, NAT64_AT_STANDBY));
	if (w->n->eamt != NULL)
		return (p->family == PKT_V6 ? nat64_siit6(w, p) :
					      nat64_siit4(w, p));
	return (p->family == PKT_V6 ? nat64_in6(w, p) : nat64_in4(w, p));
}

/* Handle one packet to its end. w: new, or used for another packet. */
static void
serve(struct passage *w, struct pkt *p)
{
	passage_restart(w);
	follow(w, begin(w, p));
	if (!TAILQ_EMPTY(&w->due))
		answer_due(w);
	if (w->reason != NAT64_NONE)
		nat64_report_drop(w->n, p, w->reason);
}

enum nat64_verdict
nat64_input(struct nat64 *n, struct nat64_workspace *ws, struct pkt *p,
    struct monotime now, enum nat64_reason *reason)
{
	struct passage w;

	passage_init(&w, n, ws, now);
	serve(&w, p);
	if (reason != NULL)
		*reason = w.reason;
	return (w.verdict);
}

void
nat64_input_batch(struct nat64 *n, struct nat64_workspace *ws,
    struct pkt *pkts, unsigned n_pkts, struct monotime now)
{
	struct passage w;
	unsigned i, end;

	passage_init(&w, n, ws, now);
	for (; n_pkts > 0; pkts += end, n_pkts -= end) {
		end = n_pkts < NAT64_BATCH ? n_pkts : NAT64_BATCH;
		if (n->eamt == NULL)
			nat64_prefetch(n, pkts, end);
		for (i = 0; i < end; i++)
			serve(&w, &pkts[i]);
	}
}

static bool
time_out(void *arg, struct session *s)
{
	struct passage *w = arg;
	const bool gone = nat64_session_timeout(w, s);

	answer_due(w);
	return (gone);
}

bool
nat64_expire(struct nat64 *n, struct nat64_workspace *ws, struct monotime now,
    unsigned max)
{
	struct passage w;
	unsigned discarded = 0;
	enum l4proto proto;
	bool more;

	passage_init(&w, n, ws, now);
	more = frag_expire(n->frags, now, max, &discarded);
	n->stats.drops[NAT64_FRAG_TIMEOUT] += discarded;
	pool4_expire(n->pool, now, max);
	for (proto = L4_TCP; proto < L4_NPROTO; proto++)
		nat64_threshold_check(n, proto, NULL);
	subscribers_expire(&n->subs, now, max);
	if (n->role == NAT64_ROLE_STANDBY)
		return (more);
	more = nat64_mappings_expire(n, now, max) || more;
	return (session_expire(&n->sessions, now, max, time_out, &w) || more);
}
