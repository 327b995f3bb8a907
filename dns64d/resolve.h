/*
 * Lookups: answers a question from the cache, by joining a fetch of the same
 * question that is in progress, or by starting one. Owns the fetches, and
 * decides how long they go on when no lookup waits for them any more; knows
 * nothing of clients or of DNS64.
 *
 * There is one fetch for a question, however many lookups wait for it
 * (RFC 5452, 9.3); their number is bounded by that of the clients' queries. A
 * fetch that no lookup waits for goes on as an orphan, since its result, a
 * failure too, is useful to the cache. The number of orphans is bounded; the
 * oldest is dropped first.
 *
 * An expired reply is used if the upstreams fail, or if the caller has waited
 * for long enough (RFC 8767, 5).
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

/* How long a fetch takes at most. */
#define RESOLVE_DEADLINE_MS 4500

/* The number of orphans is at most "limit queries" divided by this. */
#define RESOLVE_ORPHANS 4

/* When a client gets an expired answer, if there is one (RFC 8767, 5). */
#define RESOLVE_STALE_MS 1800

enum resolve_source {
	RESOLVE_UPSTREAM,
	RESOLVE_CACHE,
	RESOLVE_STALE,
	RESOLVE_CACHED_FAILURE
};

typedef void resolve_done_fn(void *arg);

/*
 * A lookup, to be embedded. Its states:
 *
 * unused    resolver is NULL, as after resolve_init(). resolve_ask() leads to
 *           waiting, or to done if the result is known at once.
 * waiting   fetch is set, and the lookup is in its list. The end of the fetch,
 *           which calls the function done, and resolve_take_stale() lead to
 *           done. The result must not be read.
 * done      fetch is NULL: the result may be read. resolve_ask() must not be
 *           called.
 *
 * resolve_cancel() leads from each of them to unused. What the caller sets may
 * be changed in unused only.
 */
struct resolve {
	/* Set by the caller before resolve_ask. */
	struct msg_question question;
	bool own_type; /* see cache_find */
	bool stale_ok; /* an expired reply will do */
	struct fairness_client
	    asker; /* a fetch is counted for the client that began it */

	/*
	 * The result: valid when resolve_ask or resolve_take_stale returned
	 * true or done was called, until resolve_cancel.
	 */
	const struct msg_scan *reply; /* NULL: no upstream has answered */
	enum resolve_source source;
	unsigned trouble; /* FETCH_TROUBLE_, if reply is NULL */
	bool prefetch;	  /* the caller should call resolve_refresh */
	struct monotime steady_until; /* RESOLVE_CACHE: see struct cache_hit */
	const struct upstream *from;  /* RESOLVE_UPSTREAM; may be NULL */
	struct monotime asked_at; /* RESOLVE_UPSTREAM: when the fetch began */

	/* Private to resolve.c. */
	struct resolver *resolver;   /* NULL: unused */
	struct resolve_fetch *fetch; /* NULL: not waiting */
	TAILQ_ENTRY(resolve) next;   /* of those that wait for it */
	struct resolve_reply *held;
	struct context *ctx;
	resolve_done_fn *done;
	void *arg;
};

static inline void
resolve_init(struct resolve *q)
{
	q->resolver = NULL;
}

/* Returns NULL if memory is short. */
struct resolver *resolver_new(struct event_base *base, struct stats *stats);

/* No lookup may be in use any more. Also of NULL. */
void resolver_free(struct resolver *r);

/*
 * Forget what is cached for a name, as cache_flush(), and all whole answers,
 * which are made again from what the cache still has. What it concerns is not
 * cached from replies to questions that were sent before, either.
 */
void resolver_flush(struct resolver *r, const uint8_t *name, bool below);

/* Use another context: its upstreams are watched and probed from now on. */
void resolver_use(struct resolver *r, struct context *ctx);

/*
 * Begin a lookup in a context, which must live until resolve_cancel.
 * Returns true if the result is known at once. Otherwise done is called once,
 * from the event loop, RESOLVE_DEADLINE_MS later at the latest; it may cancel
 * the lookup and begin it again.
 */
bool resolve_ask(struct resolver *r, struct resolve *q, struct context *ctx,
    resolve_done_fn *done, void *arg);

/*
 * Let a lookup that waits take an expired reply, if there is one. Returns true
 * if it has its result now; done will not be called then.
 */
bool resolve_take_stale(struct resolve *q);

/*
 * Ask the upstreams again for what is in the cache, unless that is in
 * progress already.
 */
void resolve_refresh(struct resolver *r, const struct msg_question *question,
    struct context *ctx);

/* End a lookup and release its result; harmless if it is not in use. */
void resolve_cancel(struct resolve *q);

/* Print the number of fetches, the caches, and the state of each upstream. */
void resolver_print(const struct resolver *r, FILE *f);

#endif
