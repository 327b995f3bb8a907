/*
 * Queries to upstream servers over UDP: sockets on random ports, random ids,
 * and the matching of answers to queries. Knows ids and octets only.
 *
 * All queries to a server in one turn of the event loop are sent together
 * over one socket, or one for every UPSTREAM_UDP_BATCH queries. No query is
 * added to a socket later, and it is closed when none of its queries waits
 * any more. This saves system calls, and ports are as unpredictable as with a
 * socket for each query: the port is random, and it was not in use before the
 * queries were sent (RFC 5452, 9.2).
 *
 * Threat: an attacker off the path. A forged answer has to match port, id and
 * question of a query. Queries that share a port have different questions
 * (resolve.h) and different random ids, so each forged datagram has the same
 * chance as with a port for each query. An attacker who has found the port of
 * a socket can use it only against queries that were sent already.
 *
 * Sockets are connected, so that the kernel drops datagrams from elsewhere
 * and reports errors of the network. A datagram with an id that no query of
 * the socket has had is a mismatch, which is reported to all queries that
 * wait on the socket, because any of them may be the target. An id whose
 * query has ended is ignored: late and duplicate answers are no attack.
 */
#ifndef DNS64D_UPSTREAM_UPSTREAM_UDP_H
#define DNS64D_UPSTREAM_UPSTREAM_UDP_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event_struct.h>

#include "common/rng.h"

struct event_base;
struct stats;
struct udp_inbox;
struct upstream_udp_outbox;
struct upstream_udp_query;
struct upstream_udp_socket;

#define UPSTREAM_UDP_BATCH 64

enum upstream_udp_news {
	UPSTREAM_UDP_ANSWER,   /* from the server, with the id of the query */
	UPSTREAM_UDP_MISMATCH, /* a datagram that is for no query */
	UPSTREAM_UDP_UNSENT,   /* the system refused to send the query */
	UPSTREAM_UDP_REJECTED  /* the network reported an error */
};

/*
 * wire: of UPSTREAM_UDP_ANSWER only, valid during the call. The query goes on
 * waiting until upstream_udp_end.
 */
typedef void upstream_udp_fn(struct upstream_udp_query *q,
    enum upstream_udp_news news, const uint8_t *wire, size_t len);

/* To be embedded; all zero: not waiting. */
struct upstream_udp_query {
	struct upstream_udp_socket *socket; /* NULL: not waiting */
	unsigned slot;
};

TAILQ_HEAD(upstream_udp_sockets, upstream_udp_socket);

/* All sockets of an event loop. Private to upstream_udp.c. */
struct upstream_udp {
	struct event_base *base;
	struct stats *stats;
	const struct rng *rng;
	upstream_udp_fn *report;
	struct upstream_udp_sockets
	    filling; /* that still take queries in this turn */
	struct event flush;
	struct upstream_udp_outbox *spare; /* for reuse; or NULL */
	struct udp_inbox *inbox;
	int grouping; /* kept for udp_write */
};

/*
 * rng and stats are borrowed. report is called from the event loop only, and
 * may ask and end queries. Returns 0, or -1 with errno ENOMEM; call
 * upstream_udp_clear() in both cases.
 */
int upstream_udp_init(struct upstream_udp *pool, struct event_base *base,
    struct stats *stats, const struct rng *rng, upstream_udp_fn *report);

/* All queries must have been ended. */
void upstream_udp_clear(struct upstream_udp *pool);

/*
 * Send a query of at most MSG_QUERY_MAX octets at the end of this turn of the
 * event loop. It is copied, and its id replaced by a random one that is
 * unique on its socket. There are no retries and no timeout: the caller has
 * them. Returns 0, or -1 when no socket could be opened.
 */
int upstream_udp_ask(struct upstream_udp *pool, struct upstream_udp_query *q,
    const struct sockaddr_storage *to, const uint8_t *query, size_t len);

/* Stop waiting, if it does. May be called from report. */
void upstream_udp_end(struct upstream_udp_query *q);

static inline bool
upstream_udp_is_waiting(const struct upstream_udp_query *q)
{
	return (q->socket != NULL);
}

#endif
