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
 * LEG_MISMATCHES have been ignored somebody may be guessing: the question
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
#ifndef DNS64D_UPSTREAM_LEG_H
#define DNS64D_UPSTREAM_LEG_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/monotime.h"
#include "common/rng.h"
#include "common/os/rng_os.h"

#include "dns64d/admission/crowd.h"
#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_scan.h"
#include "dns64d/base/stats.h"
#include "upstream_tcp.h"
#include "upstream_udp.h"

struct upstream;
struct upstream_route;
struct upstreams;

#define LEG_TRIES 12
#define LEG_DELAYS 9
/* Legs at a time, beyond which the later rounds are of one query each. */
#define LEG_CROWD 500
/*
 * A question to servers that are all down waits no longer, once they have
 * been down for that time: until then it may be a short silence.
 */
#define LEG_DOWN_MS 2000
#define LEG_DOWN_SURE_MS 2500

#define LEG_TCP_MS 2500 /* from the query to the answer */
#define LEG_MISMATCHES 8

/* What all legs share; one per event loop. */
struct leg_env {
	struct event_base *base;
	struct stats *stats;
	struct rng rng;
	void (*on_silence)(void *arg); /* a server wants a probe */
	void *on_silence_arg;
	unsigned n_legs; /* that are not at rest */

	/* Private: common timeouts, and the ways to the servers. */
	struct rng_os random; /* behind rng */
	const struct timeval *delays[LEG_DELAYS];
	const struct timeval *tcp_delay;
	struct upstream_udp udp;
	struct upstream_pool pool;
};

struct leg;

/* The question's name, type and so on have their answer; NULL: none came. */
typedef void leg_done_fn(void *arg, const struct msg_scan *reply);

struct leg_try {
	struct upstream_udp_query udp;
	struct leg *leg;
	struct upstream *up;
	bool edns;
	bool refused; /* without OPT, after a refusal with it */
	bool tcp;     /* has been sent over TCP as well, or instead */
	struct monotime sent_at;
};

/* What went wrong on the way, to be told to the client (RFC 8914). */
#define LEG_TROUBLE_NETWORK 0x01 /* a socket failed, or the way was shut */
#define LEG_TROUBLE_DATA 0x02	 /* an answer did not parse */

/* To be embedded; all zero is a leg at rest. */
struct leg {
	struct msg_question question; /* this and the next: before leg_ask */
	struct crowd_key asker;	      /* the client that it is for */

	/* Private. */
	struct leg_env *env;
	const struct upstreams *ups;
	const struct upstream_route *route;
	leg_done_fn *done;
	void *arg;
	struct leg_try tries[LEG_TRIES];
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
	unsigned trouble;	     /* LEG_TROUBLE_, of all tries */
	unsigned n_mismatches;
	bool tcp_only;
	struct upstream_tcp *tcp;
	struct leg_try *tcp_try; /* that waits for tcp; NULL: none does */
	struct msg_scan reply;
	uint8_t *kept; /* the octets of a reply to fall back upon, or NULL */
};

/*
 * on_silence is the caller's to set afterwards.
 * Returns 0, or -1 when memory is short.
 */
int leg_env_init(struct leg_env *env, struct event_base *base,
    struct stats *stats);

/* Close what is kept for other legs; all must be at rest. */
void leg_env_clear(struct leg_env *env);

/*
 * Ask the servers on the route of the name. ups must outlive the leg. done
 * is called once, from the event loop and never from within this call; the
 * reply that it gets is valid until it returns or cancels the leg. Without an
 * answer the leg waits for one until it is cancelled: the deadline is the
 * caller's.
 * done(NULL) is early news that there is nothing left to wait for.
 */
void leg_ask(struct leg *l, struct leg_env *env, const struct upstreams *ups,
    leg_done_fn *done, void *arg);

/* The same on a given route, which must outlive the leg. */
void leg_ask_route(struct leg *l, struct leg_env *env,
    const struct upstreams *ups, const struct upstream_route *route,
    leg_done_fn *done, void *arg);

/*
 * Of a leg that got no answer, before it is cancelled: whether no server of
 * its route answered anything between the first and the last query for it.
 * *asked_at: when that was sent.
 */
bool leg_met_silence(const struct leg *l, struct monotime *asked_at);

/* Stop asking and forget the reply; harmless at rest. */
void leg_cancel(struct leg *l);

#endif
