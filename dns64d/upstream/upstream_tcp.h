/*
 * Queries to upstream servers over TCP (RFC 7766): persistent connections,
 * pipelining, answers in any order. Knows lengths, ids and octets only.
 *
 * Choice of a connection: an idle one, else a new one, else, when the server
 * has max_conns, the one with the fewest queries of other clients. So a
 * server that answers one query at a time delays few clients.
 *
 * Fairness among clients (fairness.h): when all exchanges are in use the
 * oldest one of the client that has most of them ends. When a client finds
 * all connections to a server occupied by queries of the client that has
 * most, one that got no answer for UPSTREAM_TCP_SLOW_MS is closed for it.
 *
 * A connection on which a query was given up after UPSTREAM_TCP_STALL_MS or
 * more, and no answer to another came since, is closed.
 *
 * Queries that wait when a connection closes are sent once more on a new one:
 * servers may close a connection at any time (RFC 7766, 6.2.4).
 */
#ifndef DNS64D_UPSTREAM_UPSTREAM_TCP_H
#define DNS64D_UPSTREAM_UPSTREAM_TCP_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns64d/admission/fairness.h"

struct event_base;
struct stats;
struct timeval;
struct upstream_tcp;
struct upstream_tcp_conn;

/* Exchanges at a time; each may hold an answer of 64 KiB. */
#define UPSTREAM_TCP_MAX 256
#define UPSTREAM_TCP_CONNS 256 /* to all servers together */
#define UPSTREAM_TCP_IDLE_SECS 5
#define UPSTREAM_TCP_STALL_MS 1000
#define UPSTREAM_TCP_SLOW_MS 200

TAILQ_HEAD(upstream_tcp_conns, upstream_tcp_conn);

/* All connections of an event loop. Private to upstream_tcp.c. */
struct upstream_pool {
	struct event_base *base;
	struct stats *stats;
	const struct timeval *idle_delay;
	struct upstream_tcp_conns conns; /* least recently used first */
	unsigned n_conns;
	unsigned n_exchanges;
	struct fairness *fairness; /* of the exchanges */
	bool shedding; /* done of an ended exchange is running: end no other */
};

/*
 * wire: the answer, its id compared, valid until upstream_tcp_free; NULL:
 * there will be no answer.
 */
typedef void upstream_tcp_fn(void *arg, const uint8_t *wire, size_t len);

/* Returns 0, or -1 with errno ENOMEM. */
int upstream_pool_init(struct upstream_pool *pool, struct event_base *base,
    struct stats *stats);

/* Close all connections. All exchanges must have been freed. */
void upstream_pool_clear(struct upstream_pool *pool);

/*
 * Send a query of at most MSG_QUERY_MAX octets. It is copied, and its id
 * replaced by a random one that is unique on the connection.
 * max_conns: connections to this server at a time, at least 1.
 * asker: the client that the query is for.
 * done is called at most once, from the event loop; the caller has a timeout.
 * Returns the exchange, owned by the caller; NULL when there is not enough
 * memory, no descriptor or no exchange left.
 */
struct upstream_tcp *upstream_tcp_ask(struct upstream_pool *pool,
    const struct sockaddr_storage *to, unsigned max_conns,
    const struct fairness_client *asker, const uint8_t *query, size_t len,
    upstream_tcp_fn *done, void *arg);

/*
 * Free an exchange and its answer; the connection stays open. May be called
 * from done. x may be NULL.
 */
void upstream_tcp_free(struct upstream_tcp *x);

#endif
