/*
 * Between the clients' questions and the upstreams: from the cache, by
 * joining the same question of somebody else that is on its way, or by
 * asking. Owns the questions that are on their way and the rules by which
 * they outlive those who asked them; knows nothing of clients or of DNS64.
 *
 * One question is on its way once only, however many wait for it
 * (RFC 5452, 9.3); who waits is bounded by the clients' questions. When
 * nobody waits any more it goes on: its answer, or that there is none, is
 * worth knowing. The number of such orphans is bounded, the oldest makes
 * room.
 *
 * An expired reply is used when the upstreams fail, or when the caller
 * thinks that it has waited for long enough (RFC 8767, 5).
 */
#ifndef DNS64D_RESOLVE_H
#define DNS64D_RESOLVE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdio.h>

#include "common/monotime.h"

#include "dns64d/admission/fairness.h"
#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_scan.h"

struct event_base;
struct context;
struct resolver;
struct resolve_fetch;
struct resolve_reply;
struct stats;
struct upstream;

/* How long a question is on its way at most. */
#define RESOLVE_DEADLINE_MS 4500

/* For so many questions of clients there may be one orphan. */
#define RESOLVE_ORPHANS 4

/* How long a client is to wait for more than a stale answer (RFC 8767, 5). */
#define RESOLVE_STALE_MS 1800

enum resolve_source {
	RESOLVE_UPSTREAM,
	RESOLVE_CACHE,
	RESOLVE_STALE,
	RESOLVE_CACHED_FAILURE
};

typedef void resolve_done_fn(void *arg);

/* To be embedded; all zero is one at rest. */
struct resolve {
	/* To be set before resolve_ask. */
	struct msg_question question;
	bool own_type; /* as of cache_find */
	bool stale_ok; /* the caller has waited for long enough already */
	struct fairness_client
	    asker; /* the client; that of the first one counts */

	/* The result: valid from resolve_ask's true, or done, to the cancel. */
	const struct msg_scan *reply; /* NULL: nobody has answered */
	enum resolve_source source;
	unsigned trouble; /* FETCH_TROUBLE_, when nobody has answered */
	bool prefetch;	  /* resolve_refresh is due */
	struct monotime steady_until; /* of RESOLVE_CACHE: as of cache_hit */
	const struct upstream *from;  /* of RESOLVE_UPSTREAM; may be NULL */
	struct monotime asked_at;     /* of RESOLVE_UPSTREAM, its servers */

	/* Private to resolve.c. */
	struct resolver *resolver;
	struct resolve_fetch *fetch; /* NULL: not waiting */
	TAILQ_ENTRY(resolve) next;   /* of those who wait for it */
	struct resolve_reply *held;
	struct context *ctx;
	resolve_done_fn *done;
	void *arg;
};

/* Returns NULL when memory is short. */
struct resolver *resolver_new(struct event_base *base, struct stats *stats);

/* Nobody may wait any more. */
void resolver_free(struct resolver *r);

/* The context of now: the one whose upstreams are watched and probed. */
void resolver_use(struct resolver *r, struct context *ctx);

/*
 * Ask the upstreams and the cache of a context, which must live until the
 * cancel. Returns true when the result is there already; otherwise done is
 * called once, from the event loop. A deadline shorter than
 * RESOLVE_DEADLINE_MS is the caller's. done may cancel and ask again.
 */
bool resolve_ask(struct resolver *r, struct resolve *q, struct context *ctx,
    resolve_done_fn *done, void *arg);

/*
 * Give the one that waits a stale reply, if there is any. Returns true when
 * it has its result now; done will not be called then.
 */
bool resolve_take_stale(struct resolve *q);

/* Ask the upstreams anew for the benefit of the cache, unless they are. */
void resolve_refresh(struct resolver *r, const struct msg_question *question,
    struct context *ctx);

/* Stop waiting and forget the result; harmless at rest. */
void resolve_cancel(struct resolve *q);

/* Print what is on its way, the cache, and the state of each upstream. */
void resolver_print(const struct resolver *r, FILE *f);

#endif
