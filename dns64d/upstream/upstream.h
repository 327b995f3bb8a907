/*
 * The upstream servers: which of them to ask next, how long to wait, whether
 * it speaks EDNS, whether it is up. Decides only; fetch.c owns the sockets and
 * reports what happened. Pure: time and randomness are arguments.
 *
 * Health: a server is judged by what it answers. A query counts as lost when
 * nothing at all came from the server since it was sent, whatever it was
 * about; UPSTREAM_SUSPECT_LOST such losses in a row call for a probe, a
 * question that every resolver can answer. When that is left unanswered too
 * the server is down. So names that nobody can resolve mark no server down,
 * however many. One that is down is asked after the others only, and probed
 * until it answers. When all are down they are asked all the same.
 *
 * EDNS (RFC 6891, 6.2.2 and 7): a server that refuses queries with OPT, and
 * answers without, is asked without for a time that doubles each time. Then
 * one query at a time is sent with OPT again; the others need not wait for
 * what becomes of it. Silence alone proves nothing. Where queries with OPT
 * are lost one without it goes out as well; its answer raises a doubt, and
 * when later queries with OPT are lost and those without answered, then the
 * server is one that drops OPT. Any answer to OPT ends the doubt.
 *
 * Routes: a question goes to the servers of the longest domain that its name
 * lies in. The state of a server is the same on all its routes.
 *
 * What a worker learns of a server the others use as well: it is in struct
 * upstream_common, whose fields are read and written one by one. Two that
 * write at once do no harm: each writes what it has just seen.
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

#define UPSTREAM_RTO_FIRST_MS 400 /* before anything was measured */
#define UPSTREAM_RTO_MIN_MS 100
#define UPSTREAM_RTO_MAX_MS 1000
#define UPSTREAM_RTO_DOWN_MS 500 /* of one that is down */

/*
 * RFC 9520, 3.1: after three queries for one question over UDP a server
 * counts as unresponsive for that question, and this is to be remembered for
 * a second at least. Then follows another round of three, as long as the
 * client waits.
 */
#define UPSTREAM_TRIES_EACH 3
#define UPSTREAM_ROUND_MS 1000
#define UPSTREAM_LAST_TRY_MS 3800 /* since the first one */

#define UPSTREAM_SUSPECT_LOST 3
/* From one probe to the next, and a little chance. */
#define UPSTREAM_PROBE_MS 700
#define UPSTREAM_PROBE_JITTER_MS 100
/* So long one that was begun keeps the other workers from probing. */
#define UPSTREAM_PROBE_HELD_MS 1000
/* "down" and "up" of one server are told so often at most. */
#define UPSTREAM_TELL_SECS 10

/* How long a server counts as one without EDNS before it is tried again. */
#define UPSTREAM_NOEDNS_FIRST_SECS 60
#define UPSTREAM_NOEDNS_MAX_SECS 900
/* How long the one query that tries it may take to tell. */
#define UPSTREAM_NOEDNS_TRY_SECS 5
/* Queries of one question with OPT lost, behind which one goes without. */
#define UPSTREAM_EDNS_LOST 2
/* The same with a server that has answered with OPT. */
#define UPSTREAM_EDNS_LOST_SEEN 5

/* Among servers that are as good otherwise. */
enum upstream_order {
	UPSTREAM_ORDERED,	    /* the first of the route */
	UPSTREAM_ROUND_ROBIN,	    /* the one that rested longest */
	UPSTREAM_LEAST_OUTSTANDING, /* with the fewest queries unanswered */
	UPSTREAM_FASTEST	    /* with the lowest smoothed round trip */
};

/* Points in time are those of struct monotime; 0: never. */
struct upstream_common {
	atomic_uint ifindex; /* of the zone of its address; 0: none now */
	atomic_bool down;
	_Atomic int64_t down_ns;     /* since then */
	atomic_bool told_down;	     /* in the log */
	_Atomic int64_t told_ns;     /* when, the last time */
	_Atomic int64_t answered_ns; /* the last answer to anything */
	_Atomic int64_t probe_ns;    /* none before this time */

	/* For a worker that has not measured yet. */
	_Atomic int64_t srtt_us;
	_Atomic int64_t rttvar_us;

	_Atomic int64_t edns_seen_ns;	 /* the last answer with OPT */
	_Atomic int64_t edns_doubt_ns;	 /* the first one to no OPT only */
	atomic_uint edns_lost;		 /* with OPT, sent since the doubt */
	_Atomic int64_t edns_missing_ns; /* it has none until then */
	_Atomic int64_t edns_trial_ns;	 /* when it was tried again */
	atomic_uint edns_missing_secs;	 /* for so long the last time */
};

struct upstream {
	struct scoped_addr addr;
	struct upstream_common *common; /* borrowed */

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

	unsigned lost;		 /* in a row */
	struct monotime lost_at; /* when the last of the row was sent */

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
	const struct scoped_addr *addrs;
	struct upstream_common *common; /* of each, all zero at first */
	size_t n;			/* 1 to UPSTREAMS_MAX */
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
 * Where it is to be sent to now. On an interface that does not exist the
 * system has no way there, and says so.
 */
void upstream_dest(const struct upstream *u, struct sockaddr_storage *to);

/*
 * The route of the longest domain that holds a name, in wire form without
 * pointers; NULL when no route does.
 */
const struct upstream_route *upstreams_route(const struct upstreams *ups,
    const uint8_t *name);

/*
 * Choose a server of a route for a question that was sent tries[i] times to
 * server i before: the one that is up, then the one with the fewest tries,
 * then the one that the order prefers. round: from 0; a server may have had
 * UPSTREAM_TRIES_EACH tries in each. untried_only: only one that is up and
 * was not tried yet. Returns NULL when there is none.
 */
struct upstream *upstream_choose(const struct upstreams *ups,
    const struct upstream_route *route, const unsigned *tries, unsigned round,
    bool untried_only);

/*
 * How long to wait for the answer to the try-th query for a question, from
 * 0, before the next one is sent.
 */
unsigned upstream_rto_ms(const struct upstream *u, unsigned try);

/* The queries for one question that a server has had so far. */
struct upstream_asked {
	struct monotime since;	 /* when the first was sent */
	unsigned n_edns;	 /* of those before the next, with OPT */
	struct monotime edns_at; /* the last of them */
	bool last_plain;	 /* the last of all had no OPT */
};

/* Whether a query that is about to be sent has OPT. */
bool upstream_wants_edns(struct upstream *u,
    const struct upstream_asked *asked, struct monotime now);

/* False while it is known not to. */
bool upstream_speaks_edns(const struct upstream *u, struct monotime now);

static inline bool
upstream_is_down(const struct upstream *u)
{
	return (atomic_load_explicit(&u->common->down, memory_order_relaxed));
}

/* Whether it has answered anything since, to whatever worker. */
bool upstream_answered_since(const struct upstream *u, struct monotime since);

/* The same of any server of a route. */
bool upstreams_answered_since(const struct upstreams *ups,
    const struct upstream_route *route, struct monotime since);

/* Whether all of a route are down, and were at that time. */
bool upstreams_down_since(const struct upstreams *ups,
    const struct upstream_route *route, struct monotime since);

/* A query has left, and is no longer waited for. */
void upstream_sent(struct upstream *u);
void upstream_ended(struct upstream *u);

/* An answer came rtt_us after the query (RFC 6298, 2). */
void upstream_measured(struct upstream *u, int64_t rtt_us);

/*
 * A query was answered. asked_edns: the query had OPT; edns: the answer has.
 * Returns true when that ends what was told as down.
 */
bool upstream_answered(struct upstream *u, bool asked_edns, bool edns,
    struct monotime now);

/*
 * It gave an answer to a query without OPT that would not have come with it.
 * refused: the query with OPT was refused; otherwise those before, which
 * asked tells of, were left unanswered. Returns true when this shows that
 * the server does not speak EDNS, and that was not known.
 */
bool upstream_answered_plain(struct upstream *u, bool refused,
    const struct upstream_asked *asked, struct monotime now);

/*
 * A query was not answered within its time, or rejected by the network.
 * edns: it had OPT; sent: when it left. Returns true when a probe is wanted.
 */
bool upstream_lost(struct upstream *u, bool edns, struct monotime sent);

/*
 * The first server from index *i on that is to be probed now, or NULL; *i is
 * the index behind it. The caller probes it, and nobody else meanwhile.
 */
struct upstream *upstream_probe_due(const struct upstreams *ups, size_t *i,
    struct monotime now);

/* Whether any server is down, or silent enough for a probe. */
bool upstreams_any_silent(const struct upstreams *ups);

/*
 * A probe that began then was left unanswered. Returns true when it is to be
 * told that the server is down.
 */
bool upstream_probe_failed(struct upstream *u, struct monotime began,
    struct monotime now, const struct rng *rng);

#endif
