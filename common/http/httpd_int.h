/*
 * The parts of the HTTP server: connections (httpd_conn.c), requests and
 * answers (httpd_answer.c), streams (httpd_stream.c), the server (httpd.c).
 */
#ifndef COMMON_HTTP_HTTPD_INT_H
#define COMMON_HTTP_HTTPD_INT_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>

#include <event2/keyvalq_struct.h>

#include "common/bucket.h"
#include "common/monotime.h"

#include "httpd.h"

#define HTTPD_LISTENERS_MAX 16

struct bufferevent;
struct event;
struct evconnlistener;
struct evhttp;
struct evhttp_request;

/*
 * evhttp tells nobody of a connection before its first request, and has no
 * bound for their number. Therefore we make the bufferevent of each, and keep
 * a reference to it: evhttp has closed the connection when the callbacks are
 * gone (httpd_conn.c, is_closed()).
 */
struct conn {
	TAILQ_ENTRY(conn) link;
	struct httpd *h;
	struct bufferevent *bev;
	bool refused; /* one too many: to be closed at once */
	bool begun;   /* it has sent an octet */
	bool served;  /* it has sent a whole request */
	bool busy;    /* a request is being answered */
	/* It waits for a request since then, or reads no answer since then. */
	struct monotime since;
	size_t unread;		  /* octets of the answer at the last look */
	struct httpd_request *rq; /* of busy, while it has no whole answer */
};

/* What is logged at most once in HTTPD_LOG_SECS. */
enum httpd_complaint {
	HTTPD_FULL,
	HTTPD_SLOW,
	HTTPD_STUCK,
	HTTPD_ACCEPT,
	HTTPD_NCOMPLAINTS
};

struct httpd {
	TAILQ_ENTRY(httpd) link;
	struct event_base *base;
	struct evhttp *http;
	struct httpd_opts opts; /* with the defaults */
	TAILQ_HEAD(, conn) conns;
	unsigned n_conns;
	struct event *sweep;
	struct evconnlistener *listeners[HTTPD_LISTENERS_MAX];
	unsigned n_listeners;
	bool paused; /* no connections are accepted until then */
	struct monotime paused_until;
	/* With max_rate: answers and accepted connections, and who waits. */
	struct bucket answers;
	struct bucket accepts;
	TAILQ_HEAD(, httpd_request) waiting;
	struct event *turn; /* of the first that waits */
	struct monotime quiet_until[HTTPD_NCOMPLAINTS];
};

/*
 * States of a request:
 *
 * waiting     for its turn, with max_rate; in httpd.waiting.
 * in route    in_route is set; an answer sets answered.
 * deferred    after a route without answer that has called httpd_defer().
 * streaming   stream is set.
 *
 * It is freed when it has its answer or its stream has ended, but not before
 * the route has returned. When the client has gone, conn is NULL.
 */
struct httpd_request {
	TAILQ_ENTRY(httpd_request) link; /* waiting */
	struct httpd *h;
	struct conn *conn;
	struct evhttp_request *req;
	struct evkeyvalq params;
	bool head; /* HEAD: no body is sent */
	bool in_route;
	bool answered;
	bool deferred;
	struct httpd_stream *stream;
};

/* Begin to account for connections; they are made by evhttp. */
void httpd_conns_init(struct httpd *h);

/* Close all connections. */
void httpd_conns_clear(struct httpd *h);

/* The connection of a request, from now on busy; NULL: it is refused. */
struct conn *httpd_conn_take(struct httpd *h, struct evhttp_request *req);

/* max_rate as a rate, with a burst of a tenth of a second or more. */
struct bucket_rate httpd_rate(const struct httpd *h);

/* May this be logged now? */
bool httpd_may_log(struct httpd *h, enum httpd_complaint what);

/* Accept no connections for a while. */
void httpd_pause(struct httpd *h);

/*
 * evhttp reads while it writes, and takes the end of what a client sends for
 * the end of the connection. Call it whenever evhttp has got some of an answer:
 * nothing is read then until the answer was sent.
 */
void httpd_stop_reading(const struct httpd_request *rq);

/* The request has been answered: free it unless its route still runs. */
void httpd_answered(struct httpd_request *rq);
void httpd_request_free(struct httpd_request *rq);

/* Headers of every answer. */
void httpd_add_headers(struct httpd_request *rq, const char *content_type);

#endif
