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
 */
#ifndef DNS64D_UPSTREAM_H
#define DNS64D_UPSTREAM_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/rng.h"

#define UPSTREAM_RTO_FIRST_MS 400 /* before anything was measured */
#define UPSTREAM_RTO_MIN_MS 100
#define UPSTREAM_RTO_MAX_MS 1500
#define UPSTREAM_DOWN_LOST 4
#define UPSTREAM_PROBE_FIRST_MS 1000
#define UPSTREAM_PROBE_MAX_MS 32000

/* RFC 9520, 3.1: queries for one question to one server. */
#define UPSTREAM_TRIES_EACH 3

/* How long a server counts as one without EDNS before it is tried again. */
#define UPSTREAM_NOEDNS_SECS 900
/* A server that answered with EDNS so recently does speak it. */
#define UPSTREAM_EDNS_SECS 900

struct upstream {
	struct sockaddr_storage addr;

	/* RFC 6298, in microseconds; 0: nothing measured yet. */
	int64_t srtt_us;
	int64_t rttvar_us;

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

	uint64_t n_sent;
	uint64_t n_answered;
	uint64_t n_lost;
};

/* In the order of preference. */
struct upstreams {
	struct upstream *v;
	size_t n;
};

/*
 * Set up n servers, n > 0. A server that is in old as well keeps what is
 * known of it; old may be NULL and is not changed.
 * Returns 0, or -1 with errno ENOMEM.
 */
int upstreams_init(struct upstreams *ups,
    const struct sockaddr_storage *addrs, size_t n,
    const struct upstreams *old);

void upstreams_clear(struct upstreams *ups);

/*
 * Choose a server for a question that was sent tries[i] times to server i
 * before: the one that is up, then the one with the fewest tries, then the
 * first. untried_only: only one that is up and was not tried yet.
 * Returns NULL when there is none: every server has had its
 * UPSTREAM_TRIES_EACH.
 */
struct upstream *upstream_choose(const struct upstreams *ups,
    const unsigned *tries, bool untried_only);

/* How long to wait for the answer to the try-th query, from 0. */
unsigned upstream_rto_ms(const struct upstream *u, unsigned try);

/* Whether to add OPT to a query (RFC 6891, 6.2.2). */
bool upstream_speaks_edns(const struct upstream *u, struct monotime now);

/* Whether an answer with OPT came recently enough to rule out a lack of it. */
bool upstream_spoke_edns(const struct upstream *u, struct monotime now);

/* It answered without OPT what it had not answered with it. */
void upstream_set_noedns(struct upstream *u, struct monotime now);

/*
 * A query was answered, rtt_us after it was sent.
 * edns: with OPT. Returns true when the server was down until now.
 */
bool upstream_answered(struct upstream *u, int64_t rtt_us, bool edns,
    struct monotime now);

/*
 * A query was not answered within its time, or rejected by the network.
 * name: any hash of the name. Returns true when this marked the server down.
 */
bool upstream_lost(struct upstream *u, uint64_t name, struct monotime now,
    const struct rng *rng);

/* A server that is down and due for a probe, or NULL. */
struct upstream *upstream_probe_due(const struct upstreams *ups,
    struct monotime now);

/* Whether any server is down. */
bool upstreams_any_down(const struct upstreams *ups);

/* The probe was not answered: the next one comes later, by jittered steps. */
void upstream_probe_failed(struct upstream *u, struct monotime now,
    const struct rng *rng);

#endif
