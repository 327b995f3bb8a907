/*
 * The upstream servers: which one to ask next, how long to wait for it,
 * whether it supports EDNS, whether it is up. Only decides; fetch.c owns the
 * sockets and reports what happened. Pure: time and randomness are arguments.
 *
 * Health has three states, the same on all routes of a server:
 *
 * up        common->down is false. UPSTREAM_SUSPECT_LOST losses in a row lead
 *           to suspect.
 * suspect   Up, but lost >= UPSTREAM_SUSPECT_LOST and no answer came since
 *           lost_at; known to the worker that lost the queries. It probes the
 *           server with a question that every resolver can answer. An answer
 *           to anything leads to up, an unanswered probe to down.
 * down      common->down is true, since down_ns. The server is asked after
 *           those that are up, and probed until an answer to anything leads
 *           to up. When all are down they are asked as if they were up.
 *
 * A query counts as lost only if the server has answered no other query since
 * it was sent. So names that cannot be resolved do not mark a server down.
 *
 * EDNS (RFC 6891, 6.2.2 and 7) has three states:
 *
 * supported   edns_missing_ns and edns_doubt_ns are 0. Queries have OPT.
 * doubtful    edns_doubt_ns is set: queries with OPT were lost and one
 *             without was answered. Any answer to a query with OPT leads to
 *             supported; UPSTREAM_EDNS_LOST more losses with OPT, and then an
 *             answer without, lead to missing.
 * missing     edns_missing_ns is set: queries have no OPT until then. Then one
 *             query at a time tries OPT again. An answer with OPT leads to
 *             supported, another failure stays here for twice the time.
 *
 * A server that refuses OPT and answers the same query without it goes from
 * supported to missing at once. Lost queries alone prove nothing.
 *
 * Routes: a question goes to the servers of the longest domain that contains
 * its name.
 *
 * Workers share what they learn about a server in struct upstream_common,
 * whose fields are read and written one by one. Two workers that write at the
 * same time do no harm: both write what they have just seen.
 */
#ifndef DNS64D_UPSTREAM_UPSTREAM_H
#define DNS64D_UPSTREAM_UPSTREAM_H

#include <sys/socket.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/rng.h"
#include "common/net/scoped_addr.h"

#include "dns64d/wire/msg_name.h"

#define UPSTREAMS_MAX 64
#define UPSTREAM_ROUTES_MAX 256

#define UPSTREAM_RTO_FIRST_MS 400 /* before the first measurement */
#define UPSTREAM_RTO_MIN_MS 100
#define UPSTREAM_RTO_MAX_MS 1000
#define UPSTREAM_RTO_DOWN_MS 500 /* of a server that is down */

/*
 * RFC 9520, 3.1: after three UDP queries for one question a server counts as
 * unresponsive for that question, which is remembered for at least a second.
 * Then another round of three follows, as long as the client waits.
 */
#define UPSTREAM_TRIES_EACH 3
#define UPSTREAM_ROUND_MS 1000
#define UPSTREAM_LAST_TRY_MS 3800 /* since the first one */

#define UPSTREAM_SUSPECT_LOST 3
/* From one probe to the next, plus a random time up to the jitter. */
#define UPSTREAM_PROBE_MS 700
#define UPSTREAM_PROBE_JITTER_MS 100
/* For this time after a probe was begun, other workers do not probe. */
#define UPSTREAM_PROBE_HELD_MS 1000
/* "down" and "up" of a server are logged at most once in this time. */
#define UPSTREAM_LOG_SECS 10

/* How long a server counts as one without EDNS before OPT is tried again. */
#define UPSTREAM_NOEDNS_FIRST_SECS 60
#define UPSTREAM_NOEDNS_MAX_SECS 900
/* How long the query that tries it may take. */
#define UPSTREAM_NOEDNS_TRY_SECS 5
/*
 * After this many lost queries with OPT for a question, a query without OPT is
 * sent.
 */
#define UPSTREAM_EDNS_LOST 2
/* The same for a server that has answered with OPT before. */
#define UPSTREAM_EDNS_LOST_SEEN 5

/* The choice among servers that are equal otherwise. */
enum upstream_order {
	UPSTREAM_ORDERED,	    /* the first of the route */
	UPSTREAM_ROUND_ROBIN,	    /* the one chosen longest ago */
	UPSTREAM_LEAST_OUTSTANDING, /* with the fewest queries unanswered */
	UPSTREAM_FASTEST	    /* with the lowest smoothed round trip */
};

/* Points in time are those of struct monotime; 0: never. */
struct upstream_common {
	atomic_uint
	    ifindex; /* of the zone of its address; 0: no such interface now */
	atomic_bool down;
	_Atomic int64_t down_ns;     /* since when */
	atomic_bool logged_down;     /* "down" was logged last, not "up" */
	_Atomic int64_t logged_ns;   /* when "down" was logged last */
	_Atomic int64_t answered_ns; /* the last answer to anything */
	_Atomic int64_t probe_ns;    /* no probe before this time */

	/* For workers without a measurement of their own. */
	_Atomic int64_t srtt_us;
	_Atomic int64_t rttvar_us;

	_Atomic int64_t edns_seen_ns;  /* the last answer with OPT */
	_Atomic int64_t edns_doubt_ns; /* doubtful since; 0: not */
	atomic_uint edns_lost;	       /* with OPT, sent after edns_doubt_ns */
	_Atomic int64_t edns_missing_ns; /* missing until; 0: not */
	_Atomic int64_t edns_trial_ns;	 /* when OPT was tried again */
	atomic_uint edns_missing_secs;	 /* how long missing the last time */
};

struct upstream {
	struct scoped_addr addr;
	struct upstream_common *common; /* borrowed */

	/* RFC 6298, 2, in microseconds; 0: not measured yet. */
	int64_t srtt_us;
	int64_t rttvar_us;

	/*
	 * What UPSTREAM_FASTEST compares: srtt_us, doubled by each loss, and
	 * lowered each time another server is chosen, so that a server that
	 * was slow once is measured again. 0: not asked yet.
	 */
	int64_t score_us;
	uint64_t turn; /* UPSTREAM_ROUND_ROBIN: the highest was chosen last */
	unsigned outstanding;

	unsigned lost;		 /* in a row */
	struct monotime lost_at; /* when the last of them was sent */

	uint64_t n_sent;
	uint64_t n_answered;
	uint64_t n_lost;
};

/* The servers of a domain, in the order of preference. */
struct upstream_route {
	uint8_t domain[MSG_NAME_MAX]; /* wire form; the root for all others */
	size_t domain_len;
	uint8_t member[UPSTREAMS_MAX]; /* indices into upstreams.v */
	size_t n;
};

/* The configuration; borrowed as long as the servers are used. */
struct upstreams_conf {
	const struct scoped_addr *addrs;
	struct upstream_common *common; /* of each, all zero at first */
	size_t n;			/* 1 to UPSTREAMS_MAX */
	const struct upstream_route *routes;
	size_t n_routes;
	enum upstream_order order;
	unsigned tcp_max; /* connections to each server at a time */
};

struct upstreams {
	struct upstream *v;
	size_t n;
	struct upstreams_conf conf;
};

/*
 * Set up the servers of a configuration. What old knows about a server with
 * the same address is copied; old may be NULL and is not changed.
 * Returns 0, or -1 with errno ENOMEM.
 */
int upstreams_init(struct upstreams *ups, const struct upstreams_conf *conf,
    const struct upstreams *old);

void upstreams_clear(struct upstreams *ups);

/*
 * The address to send to now. When its interface does not exist the system
 * refuses to send there.
 */
void upstream_dest(const struct upstream *u, struct sockaddr_storage *to);

/*
 * The route of the longest domain that contains a name, which is in wire form
 * without compression; NULL: there is none.
 */
const struct upstream_route *upstreams_route(const struct upstreams *ups,
    const uint8_t *name);

/*
 * Whether questions for a domain, in wire form, go to the same servers in both,
 * in whatever order.
 */
bool upstreams_same(const struct upstreams *a, const struct upstreams *b,
    const uint8_t *domain);

/*
 * Choose a server of a route for a question: one that is up before one that
 * is down, then the one with the fewest tries, then the first by conf.order.
 * tries: how often each server was asked this question, by its index in v.
 * round: from 0; a server gets UPSTREAM_TRIES_EACH tries in each.
 * untried_only: only a server that is up and has no try yet.
 * Returns NULL when there is none.
 */
struct upstream *upstream_choose(const struct upstreams *ups,
    const struct upstream_route *route, const unsigned *tries, unsigned round,
    bool untried_only);

/*
 * How long to wait for the answer to a query before the next one is sent.
 * try: how often the server was asked this question before.
 */
unsigned upstream_rto_ms(const struct upstream *u, unsigned try);

/* The queries for one question that a server was sent. */
struct upstream_asked {
	struct monotime since;	 /* when the first was sent */
	unsigned n_edns;	 /* how many had OPT */
	struct monotime edns_at; /* when the last with OPT was sent */
	bool last_plain;	 /* the last query had no OPT */
};

/*
 * Whether the next query of a question is to have OPT. asked: those before.
 */
bool upstream_wants_edns(struct upstream *u,
    const struct upstream_asked *asked, struct monotime now);

/* Whether EDNS is not missing. */
bool upstream_has_edns(const struct upstream *u, struct monotime now);

static inline bool
upstream_is_down(const struct upstream *u)
{
	return (atomic_load_explicit(&u->common->down, memory_order_relaxed));
}

/* Whether the server answered any query of any worker after a time. */
bool upstream_answered_since(const struct upstream *u, struct monotime since);

/* The same for at least one server of a route. */
bool upstreams_answered_since(const struct upstreams *ups,
    const struct upstream_route *route, struct monotime since);

/* Whether all servers of a route have been down since a time. */
bool upstreams_down_since(const struct upstreams *ups,
    const struct upstream_route *route, struct monotime since);

/* A query was sent; it was answered, or its answer is no longer waited for. */
void upstream_sent(struct upstream *u);
void upstream_ended(struct upstream *u);

/* An answer came rtt_us after the query (RFC 6298, 2). */
void upstream_measured(struct upstream *u, int64_t rtt_us);

/*
 * A query was answered. asked_edns: the query had OPT; edns: the answer has.
 * Returns true when "up" is to be logged.
 */
bool upstream_answered(struct upstream *u, bool asked_edns, bool edns,
    struct monotime now);

/*
 * A query without OPT was answered well. asked: the queries before it.
 * refused: the one with OPT was refused; otherwise those with OPT, if any,
 * were not answered. Returns true when EDNS is found missing for the first
 * time, which is to be logged.
 */
bool upstream_answered_plain(struct upstream *u, bool refused,
    const struct upstream_asked *asked, struct monotime now);

/*
 * A query timed out, or was rejected by the network. edns: it had OPT.
 * sent: when it was sent. Returns true when the server is suspect.
 */
bool upstream_lost(struct upstream *u, bool edns, struct monotime sent);

/*
 * Find the first server from index *i on that is to be probed now, and set *i
 * to the index after it; NULL: there is none. The caller must probe it; no
 * other worker does meanwhile.
 */
struct upstream *upstream_probe_due(const struct upstreams *ups, size_t *i,
    struct monotime now);

/* Whether any server is suspect or down. */
bool upstreams_any_silent(const struct upstreams *ups);

/*
 * A probe that was sent at began was not answered. Returns true when "down"
 * is to be logged.
 */
bool upstream_probe_failed(struct upstream *u, struct monotime began,
    struct monotime now, const struct rng *rng);

#endif
