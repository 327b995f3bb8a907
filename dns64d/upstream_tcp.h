/*
 * One query to a server over TCP and its answer (RFC 7766): connect, write,
 * read one message. Knows lengths and bytes only.
 */
#ifndef DNS64D_UPSTREAM_TCP_H
#define DNS64D_UPSTREAM_TCP_H

#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct upstream_tcp;

/* Exchanges at a time; each may hold 64 KiB of answer. */
#define UPSTREAM_TCP_MAX 256

/* wire: the answer, valid until upstream_tcp_free; NULL: there is none. */
typedef void upstream_tcp_fn(void *arg, const uint8_t *wire, size_t len);

/*
 * Connect and send a query of at most MSG_QUERY_MAX octets, which is copied.
 * done is called at most once, from the event loop; a deadline is the
 * caller's. Returns NULL when memory or descriptors are short.
 */
struct upstream_tcp *upstream_tcp_ask(struct event_base *base,
    const struct sockaddr_storage *to, const uint8_t *query, size_t len,
    upstream_tcp_fn *done, void *arg);

/* Close, and forget the answer. May be called from done. */
void upstream_tcp_free(struct upstream_tcp *u);

#endif
