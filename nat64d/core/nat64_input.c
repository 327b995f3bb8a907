/*
 * The top of the core: what a packet and the passing of time do to a
 * translator. Knows the order of things; refuses to know what is done in each.
 *
 *	    IPv6                      IPv4
 *	     |       pkt_parse()       |
 *	nat64_in6()               nat64_in4()       addresses, headers
 *	     |                         |
 *	     |                  nat64_again4() <--. fragments: frag.c
 *	     |                         |          |
 *	nat64_state6()          nat64_state4()    | bindings, sessions
 *	     |                         |          |
 *	xlat_6to4() --- PASS_AGAIN4 --------------' (hairpin)
 *	     |                    xlat_4to6()
 *	     '------ nat64_emit() -----'
 *
 * ICMP errors that pass are translated by nat64_icmp.c instead. What may not
 * pass ends in nat64_drop() or is answered by nat64_error.c; where the sender
 * is behind us, too, nat64_error4() translates the answer (PASS_TURN4).
 * follow() sees to what comes next; no passage begins inside of another.
 */
#include "nat64_error.h"
#include "nat64_event.h"
#include "nat64_icmp.h"
#include "nat64_in4.h"
#include "nat64_in6.h"
#include "nat64_out.h"
#include "nat64_prefetch.h"
#include "nat64_state.h"
#include "nat64_syn.h"

/*
 * An IPv4 error for a packet that an IPv6 host sent to another one: it is
 * translated by the rules for those that pass through (HPN-06). The packet
 * has been dropped; if the error gets through, it has been answered.
 */
static void
turn_error(struct passage *w)
{
	const enum nat64_reason reason = w->reason;

	nat64_error4(w, w->next);
	passage_end(w,
	    w->verdict == NAT64_SENT ? NAT64_REPLIED : NAT64_DROPPED, reason);
}

/*
 * One step of what is left to do. The second passage is done with all of a
 * packet before the first one goes on with its rest.
 */
static enum pass
step(struct passage *w, enum pass pass)
{
	switch (pass) {
	case PASS_AGAIN4:
		w->hairpin = true;
		return (nat64_again4(w, w->next));
	case PASS_TURN4:
		turn_error(w);
		return (PASS_DONE);
	case PASS_DONE:
		break;
	}
	return (w->rest == &w->rest4 ? nat64_rest4(w) : nat64_rest6(w));
}

static inline void
follow(struct passage *w, enum pass pass)
{
	while (pass != PASS_DONE || w->rest != NULL)
		pass = step(w, pass);
}

/*
 * Answer stored SYNs of hosts behind us, which is no matter of the packet
 * being served.
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
		return (nat64_in6(w, p));
	}
	stats->counters[NAT64_IN4]++;
	stats->counters[NAT64_IN4_BYTES] += received;
	return (nat64_in4(w, p));
}

/* All that becomes of a packet; w is as passage_init() made it, or used. */
static void
serve(struct passage *w, struct pkt *p)
{
	passage_restart(w);
	follow(w, begin(w, p));
	if (!TAILQ_EMPTY(&w->due))
		answer_due(w);
	if (w->reason != NAT64_NONE)
		nat64_tell_dropped(w->n, p, w->reason);
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
	bool more;

	passage_init(&w, n, ws, now);
	more = frag_expire(n->frags, now, max, &discarded);
	n->stats.drops[NAT64_FRAG_TIMEOUT] += discarded;
	pool4_expire(n->pool, now, max);
	subscribers_expire(&n->subs, now, max);
	return (session_expire(&n->sessions, now, max, time_out, &w) || more);
}
