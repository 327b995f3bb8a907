/*
 * The TCP connections of clients (RFC 7766): pipelining, answers in any order,
 * idle timeout, limits in total and per client. For frontend.c only.
 *
 * When the total limit is reached a new connection replaces one of the client
 * that has most of them: the one that was idle longest or, when all have
 * queries pending, the one whose queries have waited longest. The latter only
 * for a client that has fewer connections than that one (fairness.h).
 */
#ifndef DNS64D_CLIENT_FRONTEND_TCP_H
#define DNS64D_CLIENT_FRONTEND_TCP_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

#include "dns64d/admission/fairness.h"
#include "frontend.h"
#include "dns64d/wire/msg_scan.h"

/* Unanswered queries of a connection; further ones stay in its buffer. */
#define TCP_PIPELINE 32
/* Octets of answers that are not sent yet, beyond which no query is read. */
#define TCP_UNSENT (128 * 1024)

TAILQ_HEAD(tcp_clients, tcp_client);

struct tcp_front {
	struct event_base *base;
	struct stats *stats;
	frontend_query_fn *handler;
	void *arg;
	const struct conf *conf;
	const struct access *access;
	struct refusals *refusals;

	/* Private. */
	struct tcp_clients clients; /* open; least recently active first */
	unsigned n_clients;
	struct fairness *fairness; /* of the connections */
	uint8_t in[2 + MSG_MAX];   /* a query that came in pieces */
	uint8_t out[2 + MSG_MAX];  /* an answer after its length */
};

/* Returns 0, or -1 with errno ENOMEM. */
int tcp_front_init(struct tcp_front *tf);

/* Close all connections. */
void tcp_front_clear(struct tcp_front *tf);

/* Take over a connection that the listener with address asked accepted. */
void tcp_front_add(struct tcp_front *tf, int fd,
    const struct sockaddr_storage *peer, const struct scoped_addr *asked);

/* As frontend_send and frontend_drop; the answer is in out + 2. */
void tcp_client_send(struct tcp_client *c, size_t len);
void tcp_client_drop(struct tcp_client *c);

/* As frontend_peer and frontend_asked. */
const struct sockaddr_storage *tcp_client_peer(const struct tcp_client *c);
const struct scoped_addr *tcp_client_asked(const struct tcp_client *c);

/* Call fn with the address of each connection. */
void tcp_front_each(const struct tcp_front *tf,
    void (*fn)(void *arg, const struct sockaddr_storage *client), void *arg);

/* How many connections have answers that the kernel has not taken yet. */
unsigned tcp_front_unsent(const struct tcp_front *tf);

struct tcp_front *tcp_client_front(const struct tcp_client *c);

#endif
