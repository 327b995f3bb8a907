/*
 * The side of the clients: UDP and TCP listeners, the access list, the limits
 * of TCP. Receives queries and sends answers; does not look into them.
 */
#ifndef DNS64D_CLIENT_FRONTEND_H
#define DNS64D_CLIENT_FRONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/scoped_addr.h"

#include "access.h"
#include "dns64d/os/udp.h"
#include "dns64d/wire/msg_scan.h"

struct acl;
struct conf;
struct event_base;
struct frontend;
struct listener;
struct querylog_line;
struct refusals;
struct stats;
struct tcp_client;

/* Somebody in this process who asks a question as a client would. */
struct inside_client {
	struct sockaddr_storage peer; /* in whose name */
	struct scoped_addr asked;     /* the listener, as configured */
	/* Called before done, unless the message is dropped: what was done. */
	void (
	    *tell)(struct inside_client *c, const struct querylog_line *line);
	/* Called once; len 0: there is no answer. */
	void (
	    *done)(struct inside_client *c, const uint8_t *answer, size_t len);
	uint8_t room[MSG_MAX];
};

/* The sender of a query and how to answer it; may be copied. */
struct client {
	struct inside_client *inside; /* NULL: from the network */
	struct tcp_client *tcp;	      /* NULL: over UDP, or inside */
	struct listener *listener;    /* over UDP */
	struct udp_path path;	      /* over UDP */
	enum access_verdict access;
};

/*
 * Called for each message of a client. wire is valid during the call. The
 * handler must end every message with exactly one frontend_send or
 * frontend_drop, during the call or later, even when the listener or the
 * connection has closed meanwhile.
 */
typedef void frontend_query_fn(void *arg, const struct client *client,
    const uint8_t *wire, size_t len);

/*
 * first: this is the first of several frontends that share their addresses
 * (reuseport.h), and opens its listeners before the others do.
 * Returns NULL with errno ENOMEM.
 */
struct frontend *frontend_new(struct stats *stats, frontend_query_fn *handler,
    void *arg, bool first);

/*
 * Open the listeners of a configuration that are not open yet. Returns 0; -1
 * with errno after a log message, and then nothing has changed.
 */
int frontend_prepare(struct frontend *fe, const struct conf *conf);

/* Undo the last frontend_prepare. */
void frontend_abandon(struct frontend *fe);

/*
 * Use the configuration that was prepared last, and close listeners that are
 * not in it. conf is borrowed until the next commit or frontend_free.
 */
void frontend_commit(struct frontend *fe, const struct conf *conf);

/*
 * Set the networks whose clients may ask when no rule matches (access.h); to
 * be called before the first message. Borrowed until the next call.
 */
void frontend_connect(struct frontend *fe, const struct acl *connected);

/*
 * Interfaces or addresses have changed: open the listeners that wait for
 * theirs, and reopen those whose interface has another index. A failure is
 * logged, and tried again at the next call.
 */
void frontend_follow(struct frontend *fe);

/* Start to receive. Returns 0, or -1 with errno ENOMEM. */
int frontend_start(struct frontend *fe, struct event_base *base);

/*
 * Receive no more datagrams and accept no more connections, until the end.
 * Messages that were received are answered as before, and clients may use
 * connections that are open.
 */
void frontend_stop(struct frontend *fe);

/* How many TCP connections have answers that the kernel has not taken yet. */
unsigned frontend_unsent(const struct frontend *fe);

/* Close everything. All messages must have been ended. */
void frontend_free(struct frontend *fe);

/* Does an answer have to fit a datagram? */
static inline bool
client_is_udp(const struct client *client)
{
	return (client->tcp == NULL && client->inside == NULL);
}

/*
 * The address of the client, and that of the listener as configured; valid
 * until the message is ended.
 */
const struct sockaddr_storage *frontend_peer(const struct client *client);
const struct scoped_addr *frontend_asked(const struct client *client);

/*
 * Where to write an answer: room for frontend_room_size octets, valid until
 * the next call of any frontend function.
 */
uint8_t *frontend_room(const struct client *client);
size_t frontend_room_size(const struct client *client);

/*
 * Send the first len octets of what frontend_room gave. Neither this nor
 * frontend_drop calls the handler.
 */
void frontend_send(const struct client *client, size_t len);

/* Call fn with the address of each client that is connected over TCP. */
void frontend_each_tcp(const struct frontend *fe,
    void (*fn)(void *arg, const struct sockaddr_storage *client), void *arg);

/* Whether a client may ask. */
enum access_verdict frontend_access(const struct frontend *fe,
    const struct sockaddr_storage *client);

/* Count a client that gets REFUSED when no rule matched it (refusals.h). */
void frontend_refuse(const struct client *client);

/* What was counted; owned by fe. */
struct refusals *frontend_refusals(struct frontend *fe);

/* End a message without an answer. */
void frontend_drop(const struct client *client);

#endif
