/*
 * A fetch: one question to the upstream servers, with retries, fail-over to
 * other servers, EDNS fallback and TCP after truncation. Knows the servers
 * through upstream.h; knows nothing of clients or of DNS64.
 *
 * Validation of answers (RFC 5452, 9.1): every UDP query has a random source
 * port and a random id (upstream_udp.h). An answer is accepted when it came
 * from the server's address and port to that socket with that id and
 * question; others are counted and ignored. Earlier queries of the fetch
 * remain valid while later ones are sent, so that a slow answer is used. After
 * FETCH_MISMATCHES ignored answers somebody may be guessing, and the fetch
 * goes on over TCP only (RFC 5452, 9.3). Over TCP each server is asked once,
 * on up to two connections (upstream_tcp.h).
 *
 * Schedule: queries are spread over the time that a client waits, in rounds
 * with a pause between them (upstream.h), because a server or a network may
 * be unreachable for a few seconds and each query may be lost.
 *
 * Error answers: SERVFAIL, REFUSED, FORMERR and NOTIMP are kept while the
 * servers that are up and not asked yet are asked, and are the result when
 * none of them answers better. One with an extended error about DNSSEC
 * validation is the result at once: a server that does not validate must not
 * overrule one that does.
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
/* With more fetches at a time, later rounds send only one query each. */
#define FETCH_BUSY 500
/*
 * A fetch ends after FETCH_DOWN_MS when all its servers have been down for
 * FETCH_DOWN_SURE_MS. Before that they may only be unreachable for a moment.
 */
#define FETCH_DOWN_MS 2000
#define FETCH_DOWN_SURE_MS 2500

#define FETCH_TCP_MS 2500 /* for connecting, query and answer */
#define FETCH_MISMATCHES 8

/* What all fetches of an event loop share. */
struct fetch_env {
	struct event_base *base;
	struct stats *stats;
	struct rng rng;
	void (*on_silence)(void *arg); /* a server should be probed */
	void *on_silence_arg;
	unsigned n_fetches; /* not idle */

	/* Private: common timeouts and the sockets. */
	struct rng_os random; /* state of rng */
	const struct timeval *delays[FETCH_DELAYS];
	const struct timeval *tcp_delay;
	struct upstream_udp udp;
	struct upstream_pool pool;
};

struct fetch;

/* reply: the answer, or an error answer; NULL: no answer came. */
typedef void fetch_done_fn(void *arg, const struct msg_scan *reply);

/* A query of a fetch to one server. */
struct fetch_try {
	struct upstream_udp_query udp;
	struct fetch *fetch;
	struct upstream *up;
	bool edns;
	bool refused; /* sent without OPT: the server had refused OPT */
	bool tcp;     /* sent over TCP, perhaps after UDP */
	struct monotime sent_at;
};

/* What failed, for the extended errors of the reply (RFC 8914). */
#define FETCH_TROUBLE_NETWORK 0x01 /* error of a socket or the network */
#define FETCH_TROUBLE_DATA 0x02	   /* an answer did not parse */

/*
 * To be embedded; all zero: idle. The states of a fetch:
 *
 * idle         env is NULL. Only question and asker may be touched.
 *              fetch_ask() leads to one of the others.
 * waiting for  The timer is the timeout of the last try; earlier tries wait
 *   UDP        as well. Timeout: another server is asked, or pausing when all
 *              have had their queries of the round. Error answer: the next
 *              server at once. Truncated answer or too many mismatches:
 *              waiting for TCP, and the tries over UDP end. Answer: finished.
 * pausing      pausing is set and the timer is the pause between two rounds;
 *              the tries still wait. Timeout: the next round.
 * waiting for  tcp and tcp_try are set; no try waits for UDP. Timeout or a
 *   TCP        useless answer: another server. Answer: finished.
 * exhausted    All FETCH_TRIES were used: no timer, the tries still wait. An
 *              answer leads to finished; when all tries have failed: over.
 * over         over is set: done will be called by the timer, which is active.
 *              Entered when the result is known before fetch_ask() returns,
 *              and when there is no server left to ask.
 * finished     done has been called with reply. Nothing happens any more.
 *
 * fetch_cancel() leads from each of them to idle.
 */
struct fetch {
	struct msg_question question; /* this and asker: set by the caller */
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
	bool pausing; /* the timer is the pause between rounds */
	struct monotime began;
	struct monotime last_sent;
	struct event timer; /* see above */
	bool heard;	    /* a server answered some query since began */
	bool over;	    /* the timer delivers the result */
	bool has_reply;	    /* reply is set: kept, or the result */
	const struct upstream *from; /* the sender of reply */
	unsigned trouble;	     /* FETCH_TROUBLE_, of all tries */
	unsigned n_mismatches;
	bool tcp_only;
	struct upstream_tcp *tcp;
	struct fetch_try *tcp_try; /* waits for tcp; or NULL */
	struct msg_scan reply;
	uint8_t *kept; /* the octets of a kept reply, or NULL */
};

/*
 * Set up all but on_silence, which the caller sets before the first fetch
 * (probe.h). Returns 0, or -1 with errno ENOMEM.
 */
int fetch_env_init(struct fetch_env *env, struct event_base *base,
    struct stats *stats);

/* Close idle connections. All fetches must be idle. */
void fetch_env_clear(struct fetch_env *env);

/*
 * Ask the servers on the route of the name. ups must outlive the fetch. done
 * is called once, from the event loop and never during this call. Its reply
 * is valid until it returns or cancels the fetch. When servers may still
 * answer the fetch waits until it is cancelled: the caller sets the deadline.
 * done(arg, NULL): no answer can come any more.
 */
void fetch_ask(struct fetch *f, struct fetch_env *env,
    const struct upstreams *ups, fetch_done_fn *done, void *arg);

/* The same on a given route, which must outlive the fetch. */
void fetch_ask_route(struct fetch *f, struct fetch_env *env,
    const struct upstreams *ups, const struct upstream_route *route,
    fetch_done_fn *done, void *arg);

/*
 * For a fetch that got no answer, before it is cancelled: whether no server
 * of its route answered anything between its first and its last query.
 * *asked_at: when the last query was sent.
 */
bool fetch_met_silence(const struct fetch *f, struct monotime *asked_at);

/* Stop asking and free the reply. Does nothing when idle. */
void fetch_cancel(struct fetch *f);

#endif
