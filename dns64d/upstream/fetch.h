/*
 * One question on its way to the upstreams and back: retries, fail-over,
 * EDNS fall-back and TCP after truncation. Knows the servers through
 * upstream.h and nothing of clients or of DNS64.
 *
 * Every UDP query leaves from a random port of its own round of the event
 * loop, with a random id (upstream_udp.h). An answer counts when it came
 * from the server's address and port to that socket with that id and
 * question (RFC 5452, 9.1); all others are counted and ignored. Earlier
 * tries go on waiting, so that a slow answer is still good. When
 * FETCH_MISMATCHES have been ignored somebody may be guessing: the question
 * goes on over TCP alone (RFC 5452, 9.3). Over TCP each server is asked
 * once, which may mean two connections.
 *
 * The tries are spread over the time that a client waits, in rounds with a
 * pause between them (upstream.h): a server or a network may be silent for a
 * few seconds, and each try may get lost.
 *
 * An answer that says the server cannot help (SERVFAIL, REFUSED, FORMERR,
 * NOTIMP) is kept while servers that are up and were not asked yet have
 * their turn, and is the result when they know no better. One that tells of
 * failed DNSSEC validation is final: a server that does not validate must
 * not overrule one that does.
 */
#ifndef DNS64D_UPSTREAM_FETCH_H
#define DNS64D_UPSTREAM_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/monotime.h"
#include "common/rng.h"
#include "common/os/rng_os.h"

#include "dns64d/admission/fairness.h"
#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_scan.h"
#include "dns64d/base/stats.h"
#include "upstream_tcp.h"
#include "upstream_udp.h"

struct upstream;
struct upstream_route;
struct upstreams;

#define FETCH_TRIES 12
#define FETCH_DELAYS 9
/* Fetches at a time, beyond which the later rounds are of one query each. */
#define FETCH_BUSY 500
/*
 * A question to servers that are all down waits no longer, once they have
 * been down for that time: until then it may be a short silence.
 */
#define FETCH_DOWN_MS 2000
#define FETCH_DOWN_SURE_MS 2500

#define FETCH_TCP_MS 2500 /* from the query to the answer */
#define FETCH_MISMATCHES 8

/* What all fetches share; one per event loop. */
struct fetch_env {
	struct event_base *base;
	struct stats *stats;
	struct rng rng;
	void (*on_silence)(void *arg); /* a server wants a probe */
	void *on_silence_arg;
	unsigned n_fetches; /* that are not at rest */

	/* Private: common timeouts, and the ways to the servers. */
	struct rng_os random; /* behind rng */
	const struct timeval *delays[FETCH_DELAYS];
	const struct timeval *tcp_delay;
	struct upstream_udp udp;
	struct upstream_pool pool;
};

struct fetch;

/* The question's name, type and so on have their answer; NULL: none came. */
typedef void fetch_done_fn(void *arg, const struct msg_scan *reply);

struct fetch_try {
	struct upstream_udp_query udp;
	struct fetch *fetch;
	struct upstream *up;
	bool edns;
	bool refused; /* without OPT, after a refusal with it */
	bool tcp;     /* has been sent over TCP as well, or instead */
	struct monotime sent_at;
};

/* What went wrong on the way, to be told to the client (RFC 8914). */
#define FETCH_TROUBLE_NETWORK 0x01 /* a socket failed, or the way was shut */
#define FETCH_TROUBLE_DATA 0x02	   /* an answer did not parse */

/* To be embedded; all zero is a fetch at rest. */
struct fetch {
	struct msg_question question; /* this and the next: before fetch_ask */
	struct fairness_client asker; /* the client that it is for */

	/* Private. */
	struct fetch_env *env;
	const struct upstreams *ups;
	const struct upstream_route *route;
	fetch_done_fn *done;
	void *arg;
	struct fetch_try tries[FETCH_TRIES];
	unsigned n_tries;
	unsigned round;
	bool pausing; /* the timer is of the pause between rounds */
	struct monotime began;
	struct monotime last_sent;
	struct event timer; /* of the last try, or of the one over TCP */
	bool heard;	    /* a server had answered others at the last try */
	bool over;	    /* the timer is to deliver the result */
	bool has_reply;	    /* reply is one to fall back upon, or final */
	const struct upstream *from; /* whose it is */
	unsigned trouble;	     /* FETCH_TROUBLE_, of all tries */
	unsigned n_mismatches;
	bool tcp_only;
	struct upstream_tcp *tcp;
	struct fetch_try *tcp_try; /* that waits for tcp; NULL: none does */
	struct msg_scan reply;
	uint8_t *kept; /* the octets of a reply to fall back upon, or NULL */
};

/*
 * on_silence is the caller's to set afterwards.
 * Returns 0, or -1 when memory is short.
 */
int fetch_env_init(struct fetch_env *env, struct event_base *base,
    struct stats *stats);

/* Close what is kept for other fetches; all must be at rest. */
void fetch_env_clear(struct fetch_env *env);

/*
 * Ask the servers on the route of the name. ups must outlive the fetch. done
 * is called once, from the event loop and never from within this call; the
 * reply that it gets is valid until it returns or cancels the fetch. Without an
 * answer the fetch waits for one until it is cancelled: the deadline is the
 * caller's.
 * done(NULL) is early news that there is nothing left to wait for.
 */
void fetch_ask(struct fetch *f, struct fetch_env *env,
    const struct upstreams *ups, fetch_done_fn *done, void *arg);

/* The same on a given route, which must outlive the fetch. */
void fetch_ask_route(struct fetch *f, struct fetch_env *env,
    const struct upstreams *ups, const struct upstream_route *route,
    fetch_done_fn *done, void *arg);

/*
 * Of a fetch that got no answer, before it is cancelled: whether no server of
 * its route answered anything between the first and the last query for it.
 * *asked_at: when that was sent.
 */
bool fetch_met_silence(const struct fetch *f, struct monotime *asked_at);

/* Stop asking and forget the reply; harmless at rest. */
void fetch_cancel(struct fetch *f);

#endif
