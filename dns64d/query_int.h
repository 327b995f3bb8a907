/*
 * The structures that query.c, which owns the queries, shares with
 * query_tell.c. Nothing else includes this.
 */
#ifndef DNS64D_QUERY_INT_H
#define DNS64D_QUERY_INT_H

#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/os/rng_os.h"
#include "common/slab.h"

#include "dns64d/policy/balance.h"
#include "dns64d/admission/fairness.h"
#include "dns64d/client/frontend.h"
#include "dns64d/admission/admission.h"
#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_scan.h"
#include "querylog.h"
#include "resolve.h"
#include "dns64d/synth/synth.h"

struct context;
struct context_view;
struct monitor_ring;

/*
 * A lookup of a query, in one of three states:
 *
 *	not asked	!asked. ask() leads to pending, or to done if the
 *			result is known at once.
 *	pending		asked and pending. on_lookup_done(), on_aaaa_timer()
 *			and on_stale_timer() lead to done, through
 *			take_result(). end_query() cancels it.
 *	done		asked, not pending: the result is in resolve. Nothing
 *			leads out until the query is free.
 *
 * ask() sets the members of resolve that resolve_ask() reads. The results in
 * resolve may be read in the state done only.
 */
struct query_lookup {
	struct query *query;
	enum synth_lookup which;
	bool asked;
	bool pending;
	struct resolve resolve;
};

/*
 * A query that could not be answered at once, in one of three states:
 *
 *	free	in queries.slab; nothing may be used. begin_query() leads to
 *		begun.
 *	begun	in queries.open, deadline is not armed: begin_query() and
 *		execute() are running. begin_waiting() leads to waiting, when
 *		the first lookup is pending. If all replies are in the cache,
 *		answer() leads to free before begin_query() returns.
 *	waiting	in queries.open, deadline is armed. Results of lookups and
 *		timers call execute(), whose answer() leads to free.
 *		on_deadline() does the same, with an answer or an error;
 *		shed() and queries_free() do it with an error.
 *
 * begin_query() sets the members down to wire, which do not change until the
 * query is free, except for pick (written by balance.h for synth) and
 * pass.ede (extended errors are added). synth is changed through synth.h
 * only. stale_ok is set by on_stale_timer(). After answer() and
 * end_with_error(), which call end_query(), the query must not be used.
 */
struct query {
	TAILQ_ENTRY(query) next;
	struct fairness_item place; /* among the queries of its client */
	struct queries *qs;
	struct context *ctx;
	struct context_view *view;
	const struct dns64_policy *policy;
	uint16_t policy_number;
	struct balance_pick pick;
	struct client client;
	struct admission_pass pass;
	struct monotime since; /* when it was received */
	struct msg_scan scan;  /* of wire, see keep_query */
	uint8_t wire[MSG_QUERY_MAX];
	struct synth synth;
	struct query_lookup lookups[SYNTH_N_LOOKUPS];
	struct event deadline;
	struct event aaaa_timer;
	struct event a_timer;
	struct event stale_timer;
	bool stale_ok; /* stale_timer has run out */
};

TAILQ_HEAD(query_list, query);

/* A client's message before it is answered at once or becomes a query. */
struct arrival {
	const struct client *client;
	struct msg_scan scan;
	struct admission_pass pass;
	struct monotime since; /* when it was received */
	/* Set when it has been admitted. */
	struct context_view *view;
	const struct dns64_policy *policy;
	uint16_t policy_number; /* see select_policy */
};

struct queries {
	struct event_base *base;
	struct stats *stats;
	struct context *ctx;
	struct query_list open; /* oldest first */
	struct slab slab;	/* the memory of all queries */
	unsigned n_open;
	const struct timeval *deadline;
	const struct timeval *stale_delay;
	uint32_t turn; /* state of next_turn() */
	struct rng rng;
	struct rng_os random; /* the source of rng */
	struct admission *admission;
	struct fairness *fairness; /* of the open queries */
	struct resolver *resolver;
	struct querylog *log;
	struct monitor_ring *monitor; /* borrowed; NULL: nobody monitors */
};

/* Whether somebody wants to know what is done with a message. */
static inline bool
query_is_told(const struct queries *qs, const struct client *client)
{
	return (
	    querylog_is_on() || qs->monitor != NULL || client->inside != NULL);
}

/* --- query_tell.c: to be called only if query_is_told() --- */

/* Log the end of a query: an error without synth's answer; its answer. */
void query_tell_error(const struct query *q, const char *why, unsigned rcode);
void query_tell_answer(const struct query *q, const uint8_t *answer,
    size_t len);

/*
 * Log a message that did not become a query: dropped, answered at once, or
 * rejected by the admission checks. from: the cache that the answer is from,
 * or NULL. question: a->scan has a question.
 */
void query_tell_dropped(const struct queries *qs, const struct arrival *a,
    const char *why, bool question);
void query_tell_at_once(const struct queries *qs, const struct arrival *a,
    enum synth_outcome outcome, const char *from, const uint8_t *answer,
    size_t len);
void query_tell_rejected(const struct queries *qs, const struct arrival *a,
    unsigned rcode, bool truncated, bool question);

#endif
