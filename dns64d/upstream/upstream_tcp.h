/*
 * Queries to servers over TCP (RFC 7766): connections that are kept for the
 * next query, several queries on one at a time, answers in any order. Knows
 * lengths, ids and bytes only.
 *
 * A query goes to a connection that waits for nothing; when there is none,
 * to a new one; when the server has as many as it may have, behind the
 * fewest others. So a server that answers one query after the other holds up
 * few. A connection over which a query was given up after
 * UPSTREAM_TCP_STALL_MS or more, and nothing else came either, is closed.
 *
 * When exchanges are used up the oldest of the client who has most of them
 * makes room. Queries of one client go to connections of their own as far as
 * there are enough; where none is left for another client, because all wait
 * for answers to those of who has most, one of these is closed after
 * UPSTREAM_TCP_SLOW_MS. So answers that stall or come octet by octet hold up
 * who asks for them.
 *
 * What is unanswered when a connection ends is sent once more, over a new
 * one: servers close connections whenever they like (RFC 7766, 6.2.4).
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

/* Exchanges at a time; each may hold 64 KiB of answer. */
#define UPSTREAM_TCP_MAX 256
#define UPSTREAM_TCP_CONNS 256 /* to all servers together */
#define UPSTREAM_TCP_IDLE_SECS 5
#define UPSTREAM_TCP_STALL_MS 1000
#define UPSTREAM_TCP_SLOW_MS 200

TAILQ_HEAD(upstream_tcp_conns, upstream_tcp_conn);

/* All connections; one per event loop. Private to upstream_tcp.c. */
struct upstream_pool {
	struct event_base *base;
	struct stats *stats;
	const struct timeval *idle_delay;
	struct upstream_tcp_conns conns; /* longest unused first */
	unsigned n_conns;
	unsigned n_exchanges;
	struct fairness *fairness; /* of the exchanges, by the client */
	bool shedding; /* somebody is losing one: nobody else is to */
};

/*
 * wire: the answer, with the id of the query as it was sent, valid until
 * upstream_tcp_free; NULL: there is none.
 */
typedef void upstream_tcp_fn(void *arg, const uint8_t *wire, size_t len);

/* Returns 0, or -1 when memory is short. */
int upstream_pool_init(struct upstream_pool *pool, struct event_base *base,
    struct stats *stats);

/* Close the connections; all exchanges must have been freed. */
void upstream_pool_clear(struct upstream_pool *pool);

/*
 * Send a query of at most MSG_QUERY_MAX octets, which is copied; its id is
 * replaced by a random one that no other query on the connection has.
 * max_conns: connections to this server at a time, at least 1.
 * asker: the client that it is for.
 * done is called at most once, from the event loop; a deadline is the
 * caller's. Returns NULL when memory, descriptors or exchanges are short.
 */
struct upstream_tcp *upstream_tcp_ask(struct upstream_pool *pool,
    const struct sockaddr_storage *to, unsigned max_conns,
    const struct fairness_client *asker, const uint8_t *query, size_t len,
    upstream_tcp_fn *done, void *arg);

/*
 * Forget the exchange and its answer; the connection stays for others. May
 * be called from done. x may be NULL.
 */
void upstream_tcp_free(struct upstream_tcp *x);

#endif
