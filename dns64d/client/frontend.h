/*
 * The side towards the clients: UDP and TCP listeners, the access list, the
 * limits of TCP. Takes queries in and sends answers out; knows what neither
 * of them means.
 */
#ifndef DNS64D_CLIENT_FRONTEND_H
#define DNS64D_CLIENT_FRONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "dns64d/os/udp.h"

struct acl;
struct conf;
struct event_base;
struct frontend;
struct listener;
struct refusals;
struct scoped_addr;
struct stats;
struct tcp_client;

/* The way back to the sender of one query; may be copied. */
struct client {
	struct tcp_client *tcp;	   /* NULL: over UDP */
	struct listener *listener; /* over UDP */
	struct udp_path path;	   /* over UDP */
	enum access_verdict access;
};

/*
 * A message has come from a client. wire is valid during the call only. The
 * receiver ends every message with just one frontend_send or frontend_drop,
 * now or later, whatever becomes of listener or connection meanwhile.
 */
typedef void frontend_query_fn(void *arg, const struct client *client,
    const uint8_t *wire, size_t len);

/*
 * first: of those that are to share their addresses; it opens every listener
 * before the others do. Returns NULL with errno.
 */
struct frontend *frontend_new(struct stats *stats, frontend_query_fn *handler,
    void *arg, bool first);

/*
 * Open the listeners of a configuration that are not open yet. Returns 0, or
 * -1 after a log message; then nothing has changed.
 */
int frontend_prepare(struct frontend *fe, const struct conf *conf);

/* Undo the last frontend_prepare. */
void frontend_abandon(struct frontend *fe);

/*
 * Work by the configuration prepared last, and close listeners that are not
 * in it. conf is borrowed until the next commit or frontend_free.
 */
void frontend_commit(struct frontend *fe, const struct conf *conf);

/*
 * The networks whose clients may ask where no rule says otherwise, from now
 * on; before the first message. Borrowed until the next call.
 */
void frontend_connect(struct frontend *fe, const struct acl *connected);

/*
 * Interfaces or addresses have come or gone: open listeners that waited for
 * theirs, and those whose interface has another index anew. What cannot be
 * opened is tried again the next time, after a log message.
 */
void frontend_follow(struct frontend *fe);

/* Begin to receive. Returns 0, or -1 with errno ENOMEM. */
int frontend_start(struct frontend *fe, struct event_base *base);

/* Close everything. All messages must have been ended. */
void frontend_free(struct frontend *fe);

/*
 * Who asked, and the address of the listener in the configuration; valid
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

/* The answer is to be REFUSED; notes it when nothing allows the client. */
void frontend_refuse(const struct client *client);

/* What was noted. */
struct refusals *frontend_refusals(struct frontend *fe);

/* There will be no answer. */
void frontend_drop(const struct client *client);

#endif
