/*
 * The upstream servers: which of them to ask next, how long to wait, whether
 * it speaks EDNS, whether it is up. Decides only; leg.c owns the sockets and
 * reports what happened. Pure: time and randomness are arguments.
 *
 * Health: UPSTREAM_DOWN_LOST queries lost in a row mark a server down, but
 * only when they concerned two different names or more: a name that the
 * whole world cannot resolve is not the server's fault. Any answer marks it
 * up. A server that is down is asked after the others only, and probed after
 * a delay that doubles. When all are down they are asked all the same.
 *
 * EDNS (RFC 6891, 6.2.2 and 7): a server that refuses queries with OPT, or
 * leaves them unanswered, and answers without, is asked without for a time
 * that doubles each time. Then one query at a time is sent with OPT again;
 * the others need not wait for what becomes of it. Silence counts for less
 * than a refusal: not against a server that spoke EDNS lately.
 *
 * Routes: a question goes to the servers of the longest domain that its name
 * lies in. The state of a server is the same on all its routes.
 */
#ifndef DNS64D_UPSTREAM_H
#define DNS64D_UPSTREAM_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/rng.h"

#include "msg_name.h"

#define UPSTREAMS_MAX 64
#define UPSTREAM_ROUTES_MAX 256

#define UPSTREAM_RTO_FIRST_MS 400 /* before anything was measured */
#define UPSTREAM_RTO_MIN_MS 100
#define UPSTREAM_RTO_MAX_MS 1500
#define UPSTREAM_DOWN_LOST 4
#define UPSTREAM_PROBE_FIRST_MS 1000
#define UPSTREAM_PROBE_MAX_MS 32000

/* RFC 9520, 3.1: queries for one question to one server. */
#define UPSTREAM_TRIES_EACH 3

/* How long a server counts as one without EDNS before it is tried again. */
#define UPSTREAM_NOEDNS_FIRST_SECS 60
#define UPSTREAM_NOEDNS_MAX_SECS 3840
/* How long the one query that tries it may take to tell. */
#define UPSTREAM_NOEDNS_TRY_SECS 5
/* A server that answered with EDNS so recently does speak it. */
#define UPSTREAM_EDNS_SECS 900
/* Queries with OPT lost in a row, behind which one goes without. */
#define UPSTREAM_EDNS_LOST 2

/* Among servers that are as good otherwise. */
enum upstream_order {
	UPSTREAM_ORDERED,	    /* the first of the route */
	UPSTREAM_ROUND_ROBIN,	    /* the one that rested longest */
	UPSTREAM_LEAST_OUTSTANDING, /* with the fewest queries unanswered */
	UPSTREAM_FASTEST	    /* with the lowest smoothed round trip */
};

struct upstream {
	struct sockaddr_storage addr;

	/* RFC 6298, in microseconds; 0: nothing measured yet. */
	int64_t srtt_us;
	int64_t rttvar_us;

	/*
	 * UPSTREAM_FASTEST compares this: srtt_us, which losses double, and
	 * which shrinks while others are chosen. So a server that was slow
	 * once is measured again some day. 0: not asked yet.
	 */
	int64_t score_us;
	uint64_t turn; /* UPSTREAM_ROUND_ROBIN: the highest was chosen last */
	unsigned outstanding;

	unsigned lost;	    /* in a row */
	uint64_t lost_name; /* hash of the first name of the row */
	bool lost_names;    /* the row concerns more than one name */
	bool down;
	unsigned backoff_ms;
	struct monotime probe_at; /* when down */

	/* Points in time only when their flag is set. */
	bool edns_seen;
	bool edns_missing;
	struct monotime edns_seen_at;
	struct monotime edns_missing_until;
	unsigned edns_missing_secs; /* for so long the last time */
	unsigned edns_lost;	    /* with OPT, since a loss without */

	uint64_t n_sent;
	uint64_t n_answered;
	uint64_t n_lost;
};

/* The servers for a domain, in the order of preference. */
struct upstream_route {
	uint8_t domain[MSG_NAME_MAX]; /* wire form; the root for all others */
	size_t domain_len;
	uint8_t member[UPSTREAMS_MAX]; /* which of the servers */
	size_t n;
};

/* What is configured; borrowed for as long as the servers are used. */
struct upstreams_conf {
	const struct sockaddr_storage *addrs;
	size_t n; /* 1 to UPSTREAMS_MAX */
	const struct upstream_route *routes;
	size_t n_routes;
	enum upstream_order order;
	unsigned tcp_max; /* connections to each at a time */
};

struct upstreams {
	struct upstream *v;
	size_t n;
	struct upstreams_conf conf;
};

/*
 * Set up the servers of a configuration. One that is in old as well keeps
 * what is known of it; old may be NULL and is not changed.
 * Returns 0, or -1 with errno ENOMEM.
 */
int upstreams_init(struct upstreams *ups, const struct upstreams_conf *conf,
    const struct upstreams *old);

void upstreams_clear(struct upstreams *ups);

/*
 * The route of the longest domain that holds a name, in wire form without
 * pointers; NULL when no route does.
 */
const struct upstream_route *upstreams_route(const struct upstreams *ups,
    const uint8_t *name);

/*
 * Choose a server of a route for a question that was sent tries[i] times to
 * server i before: the one that is up, then the one with the fewest tries,
 * then the one that the order prefers. untried_only: only one that is up and
 * was not tried yet. Returns NULL when there is none: every server has had
 * its UPSTREAM_TRIES_EACH.
 */
struct upstream *upstream_choose(const struct upstreams *ups,
    const struct upstream_route *route, const unsigned *tries,
    bool untried_only);

/* How long to wait for the answer to the try-th query, from 0. */
unsigned upstream_rto_ms(const struct upstream *u, unsigned try);

/* Whether a query that is about to be sent has OPT. */
bool upstream_wants_edns(struct upstream *u, struct monotime now);

/* False while it is known not to. */
bool upstream_speaks_edns(const struct upstream *u, struct monotime now);

/* A query has left, and is no longer waited for. */
void upstream_sent(struct upstream *u);
void upstream_ended(struct upstream *u);

/* An answer came rtt_us after the query (RFC 6298, 2). */
void upstream_measured(struct upstream *u, int64_t rtt_us);

/*
 * A query was answered. asked_edns: the query had OPT; edns: the answer has.
 * Returns true when the server was down until now.
 */
bool upstream_answered(struct upstream *u, bool asked_edns, bool edns,
    struct monotime now);

/*
 * It gave an answer to a query without OPT that would not have come with it.
 * refused: the query with OPT was refused; otherwise those before may have
 * been left unanswered. Returns true when this shows that the server does
 * not speak EDNS, and that was not known.
 */
bool upstream_answered_plain(struct upstream *u, bool refused,
    struct monotime now);

/*
 * A query was not answered within its time, or rejected by the network.
 * name: any hash of the name. edns: the query had OPT. Returns true when
 * this marked the server down.
 */
bool upstream_lost(struct upstream *u, uint64_t name, bool edns,
    struct monotime now, const struct rng *rng);

/* A server that is down and due for a probe, or NULL. */
struct upstream *upstream_probe_due(const struct upstreams *ups,
    struct monotime now);

/* Whether any server is down. */
bool upstreams_any_down(const struct upstreams *ups);

/* The probe was not answered: the next one comes later, by jittered steps. */
void upstream_probe_failed(struct upstream *u, struct monotime now,
    const struct rng *rng);

#endif
