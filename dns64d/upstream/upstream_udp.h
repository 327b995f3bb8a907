/*
 * Queries to servers over UDP: sockets on random ports, ids, and which query
 * an answer is for. Knows ids and bytes only.
 *
 * What is asked in one round of the event loop leaves together: each server
 * has one socket for the round, or one for every UPSTREAM_UDP_BATCH queries,
 * which is never sent on again and closed when nobody waits for it any more.
 * So ports are not bound by the query where there are many, and are as fresh
 * as if they were: the port of a query is drawn from all of them and nobody
 * can have seen it in use before (RFC 5452, 9.2).
 *
 * The threat is a forger who cannot see our queries. A forged answer has to
 * hit port, id and question of one query. Queries that share a port have
 * different questions (resolve.h) and different random ids, so the chance of
 * each forged datagram is the same as with a port for each query; hits merely
 * come together. To find out the port of a batch helps against the queries
 * of that batch alone, which have left already.
 *
 * Sockets are connected, so that the kernel drops what comes from elsewhere
 * and passes the network's errors on. What carries an id that no query on the
 * socket has had is a mismatch, of which all who wait on the socket are told:
 * any of them may be the one who is aimed at. An id whose query has ended is
 * not: late and duplicated answers are no attack.
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
	UPSTREAM_UDP_MISMATCH, /* something that is for no query */
	UPSTREAM_UDP_UNSENT,   /* the system would not take the query */
	UPSTREAM_UDP_REJECTED  /* the network reported an error */
};

/*
 * wire: UPSTREAM_UDP_ANSWER alone has it, valid during the call. The query
 * goes on waiting until upstream_udp_end.
 */
typedef void upstream_udp_fn(struct upstream_udp_query *q,
    enum upstream_udp_news news, const uint8_t *wire, size_t len);

/* To be embedded; all zero is one at rest. */
struct upstream_udp_query {
	struct upstream_udp_socket *socket; /* NULL: at rest */
	unsigned slot;
};

TAILQ_HEAD(upstream_udp_sockets, upstream_udp_socket);

/* All sockets; one per event loop. Private to upstream_udp.c. */
struct upstream_udp {
	struct event_base *base;
	struct stats *stats;
	const struct rng *rng;
	upstream_udp_fn *report;
	struct upstream_udp_sockets filling; /* until the end of the round */
	struct event flush;
	struct upstream_udp_outbox *spare; /* kept for the next round */
	struct udp_inbox *inbox;
	int grouping; /* of udp_write */
};

/*
 * rng and stats are borrowed. report is called from the event loop only, and
 * may ask and end queries.
 * Returns 0, or -1 when memory is short; upstream_udp_clear is due then, too.
 */
int upstream_udp_init(struct upstream_udp *pool, struct event_base *base,
    struct stats *stats, const struct rng *rng, upstream_udp_fn *report);

/* All queries must have been ended. */
void upstream_udp_clear(struct upstream_udp *pool);

/*
 * Send a query of at most MSG_QUERY_MAX octets at the end of this round of
 * the event loop. It is copied; its id is replaced by a random one that no
 * other query on the socket has. Retries and deadlines are the caller's.
 * Returns 0, or -1 when there is no socket for it.
 */
int upstream_udp_ask(struct upstream_udp *pool, struct upstream_udp_query *q,
    const struct sockaddr_storage *to, const uint8_t *query, size_t len);

/* Wait no more; harmless at rest. May be called from report. */
void upstream_udp_end(struct upstream_udp_query *q);

static inline bool
upstream_udp_is_waiting(const struct upstream_udp_query *q)
{
	return (q->socket != NULL);
}

#endif
