/*
 * What query.c, which owns the questions, and query_tell.c share. Nobody else
 * includes this.
 */
#ifndef DNS64D_QUERY_INT_H
#define DNS64D_QUERY_INT_H

#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/os/rng_os.h"

#include "dns64d/policy/balance.h"
#include "dns64d/admission/fairness.h"
#include "dns64d/client/frontend.h"
#include "dns64d/admission/admission.h"
#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_scan.h"
#include "resolve.h"
#include "dns64d/synth/synth.h"

struct context;
struct context_view;
struct querylog;

#define QUERY_CHUNK 32 /* questions allocated at a time, for good */

struct query_lookup {
	struct query *query;
	enum synth_lookup which;
	bool asked;
	bool pending;
	struct resolve resolve;
};

struct query {
	TAILQ_ENTRY(query) next;
	struct fairness_item place; /* among those of its client */
	struct queries *qs;
	struct context *ctx;
	struct context_view *view;
	const struct dns64_policy *policy;
	uint16_t policy_number;
	struct balance_pick pick;
	struct client client;
	struct admission_pass pass;
	struct msg_scan scan; /* of wire */
	uint8_t wire[MSG_QUERY_MAX];
	struct synth synth;
	struct query_lookup lookups[SYNTH_N_LOOKUPS];
	struct event deadline;
	struct event aaaa_timer;
	struct event a_timer;
	struct event stale_timer;
	bool stale_ok; /* it has run out */
};

TAILQ_HEAD(query_list, query);

/* A message on its way to become one, or to be answered at once. */
struct arrival {
	const struct client *client;
	struct msg_scan scan;
	struct admission_pass pass;
	struct context_view *view; /* these once it has passed the admission */
	const struct dns64_policy *policy;
	uint16_t policy_number; /* among those of the context */
};

struct query_chunk {
	struct query_chunk *next;
	struct query v[QUERY_CHUNK];
};

struct queries {
	struct event_base *base;
	struct stats *stats;
	struct context *ctx;
	struct query_list open; /* oldest first */
	struct query_list free;
	struct query_chunk *chunks;
	unsigned n_open;
	const struct timeval *deadline;
	const struct timeval *stale_delay;
	uint32_t turn; /* of next_turn */
	struct rng rng;
	struct rng_os random; /* behind rng */
	struct admission *admission;
	struct fairness *fairness; /* of the open questions */
	struct resolver *resolver;
	struct querylog *log;
};

/* --- query_tell.c: each only where querylog_is_on() says so --- */

/* A question ends in an error of ours, or in its answer. */
void query_tell_error(const struct query *q, const char *why, unsigned rcode);
void query_tell_answer(const struct query *q, const uint8_t *answer,
    size_t len);

/*
 * A message ends at once: unanswered, answered, or rejected by the admission. from:
 * where the answer came from, or NULL. question: it has one that is sound.
 */
void query_tell_dropped(const struct queries *qs, const struct arrival *a,
    const char *why, bool question);
void query_tell_at_once(const struct queries *qs, const struct arrival *a,
    enum synth_outcome outcome, const char *from, const uint8_t *answer,
    size_t len);
void query_tell_rejected(const struct queries *qs, const struct arrival *a,
    unsigned rcode, bool truncated, bool question);

#endif
