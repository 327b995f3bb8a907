/*
 * A connection to a server of the Redis protocol, in the event loop of the
 * daemon: commands are sent in their order, and their answers come later, in
 * the same order. Nothing here waits for the server.
 *
 * Servers are tried in the order of the list, again and again, with a pause
 * that grows to STORE_PAUSE_MAX_MS, until a connection has lasted for so long.
 * One is given up when it ends, when no answer comes for STORE_PATIENCE_MS,
 * when a command is refused, or when the server sends what is not of the
 * protocol or more than it was asked for. One warning says so, another one if
 * that is another problem later, and one message that a server was reached
 * again; but a refusal that comes again and again is told once a minute.
 *
 * Everything that is read and that waits to be sent has a bound.
 */
#ifndef NAT64D_STATE_STORE_H
#define NAT64D_STATE_STORE_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

#define STORE_SERVERS_MAX 8
#define STORE_TEXT_MAX 64 /* a user name or a password */

#define STORE_PATIENCE_MS 5000
#define STORE_PAUSE_MIN_MS 100
#define STORE_PAUSE_MAX_MS 5000

struct event_base;
struct store;

struct store_opts {
	struct sockaddr_storage servers[STORE_SERVERS_MAX];
	unsigned n_servers;
	unsigned db;			   /* SELECT */
	char user[STORE_TEXT_MAX + 1];	   /* "": none, or the default user */
	char password[STORE_TEXT_MAX + 1]; /* "": do not authenticate */
};

struct store_ops {
	void (*ready)(void *arg); /* a server takes commands */
	void (*lost)(void *arg);  /* and no longer; no answer comes any more */
	void *arg;
};

/* opts is copied. Returns NULL with errno. */
struct store *store_new(struct event_base *base, const struct store_opts *opts,
    const struct store_ops *ops);
void store_free(struct store *s);

/*
 * Send a command. Its answer goes to fn, which may be NULL, unless the
 * connection is lost before. An error is no answer: it ends the connection.
 * Returns -1 when there is no connection, or too much waits.
 */
typedef void store_answer_fn(void *arg, const redisReply *answer);
int store_send(struct store *s, store_answer_fn *fn, void *arg, int argc,
    const char *const argv[], const size_t lens[]);

/* No answer goes to arg any more, of the commands that have been sent. */
void store_forget(struct store *s, const void *arg);

/*
 * To be called by a store_answer_fn: the answer that it is given belongs to the
 * caller from now on, who frees it.
 */
redisReply *store_keep_answer(struct store *s);
void store_free_answer(redisReply *answer);

bool store_is_ready(const struct store *s);

/* Octets of commands that have not been answered. */
size_t store_waiting(const struct store *s);

/* Why there is no connection; NULL: there is one. Valid until the next call. */
const char *store_problem(const struct store *s);

/* The server that is used or tried: its address and port. */
const char *store_server(const struct store *s);

/* How often a connection has been lost. */
uint64_t store_losses(const struct store *s);

#endif
