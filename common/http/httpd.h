/*
 * An HTTP/1.1 server (RFC 9110, RFC 9112) inside an event loop: the control
 * socket of a daemon, and its metrics. It parses with evhttp of libevent and
 * adds what that lacks: bounds, deadlines, routes and streams. It knows nothing
 * of the daemons.
 *
 * What a client can do is bounded:
 *
 *	connections	max_connections; when another one arrives, that which
 *			has waited longest for a request is closed, or else
 *			the new one
 *	a request	HTTPD_HEADERS_MAX octets of headers and max_body of
 *			body, complete within idle_secs, also while it
 *			trickles
 *	an answer	as large as the route makes it; a stream has one slice
 *			in memory, or HTTPD_PUSH_MAX of events. A client that
 *			has not read anything of it for stuck_secs is dropped.
 *
 * Each of these is logged at most once in HTTPD_LOG_SECS. Nothing here blocks
 * the event loop.
 *
 * A route is a method and a path. An answer is JSON, text, an error, or a
 * stream; a route that returns without one is answered with status 500. HEAD is
 * answered as GET, without the body. Bodies of requests are read and ignored.
 *
 * A client that has sent its request may end its half of the connection, as
 * nc -N does: it gets its answer as a whole.
 */
#ifndef COMMON_HTTP_HTTPD_H
#define COMMON_HTTP_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define HTTPD_CONNECTIONS 32
#define HTTPD_HEADERS_MAX 8192
#define HTTPD_BODY_MAX (64 * 1024)
#define HTTPD_PUSH_MAX (256 * 1024)
#define HTTPD_IDLE_SECS 30
#define HTTPD_STUCK_SECS 60
#define HTTPD_LOG_SECS 60

struct evbuffer;
struct event_base;
struct httpd;
struct httpd_request;
struct httpd_stream;

struct httpd_route {
	const char *method; /* "GET", "POST" or "DELETE" */
	const char *path;   /* compared as a whole, without the query */
	void (*fn)(void *arg, struct httpd_request *rq);
};

/* Strings and routes are borrowed. 0 stands for the default above. */
struct httpd_opts {
	const char *name; /* of the server, in log messages */
	const struct httpd_route *routes;
	size_t n_routes;
	void *arg; /* of the routes */
	unsigned max_connections;
	size_t max_body;
	unsigned idle_secs;
	unsigned stuck_secs;
	/*
	 * Answers per second, and new connections per second; more of them
	 * wait, so that many requests take no more than their share of the
	 * event loop. 0: no bound.
	 */
	unsigned max_rate;
	/*
	 * For TCP: refuse requests that a page of another site has sent
	 * (origin.h); host_name is the name of this host, or NULL.
	 */
	bool check_host;
	const char *host_name;
	/* May routes tell of single persons? See httpd_is_private(). */
	bool private;
};

/* Returns NULL with errno ENOMEM. */
struct httpd *httpd_new(struct event_base *base,
    const struct httpd_opts *opts);

/*
 * Accept connections at a listening socket, of any family, from now on. fd
 * belongs to h then. May be called several times. Returns 0, or -1 with errno
 * ENOMEM.
 */
int httpd_accept(struct httpd *h, int fd);

/* Close all; streams end, and answers that are still due are lost. */
void httpd_free(struct httpd *h);

/*
 * Requests. They are valid until they are answered, and are answered once.
 */

/* The value of a parameter of the query, decoded; NULL if it is not given. */
const char *httpd_param(struct httpd_request *rq, const char *name);

/* httpd_opts.private of the server that was asked. */
bool httpd_is_private(const struct httpd_request *rq);

/*
 * Are all parameters in names, which ends with NULL? If not, the request is
 * answered with status 400, naming those that are possible, and -1 is returned.
 */
int httpd_only_params(struct httpd_request *rq, const char *const names[]);

/*
 * Answer later. To be called by a route, which then must answer rq at some
 * time, also when the client has gone: the answer is lost then. Only one
 * request of a connection is open at a time.
 */
void httpd_defer(struct httpd_request *rq);

/* A header of the answer that follows; both are copied. */
void httpd_header(struct httpd_request *rq, const char *name,
    const char *value);

/* Answer with body, which is taken over; NULL means that memory is short. */
void httpd_json(struct httpd_request *rq, int status, json_t *body);

/*
 * The same, written at once as far as the connection takes it: for a process
 * that does not come back to its event loop.
 */
void httpd_json_at_once(struct httpd_request *rq, int status, json_t *body);

/* Answer {"error": "what has failed, and what to do"}. */
void httpd_error(struct httpd_request *rq, int status, const char *fmt, ...)
    __attribute__((__format__(printf, 3, 4)));

/* Answer with what body contains; it is emptied and stays the caller's. */
void httpd_text(struct httpd_request *rq, int status, const char *content_type,
    struct evbuffer *body);

/*
 * Streams: answers of any length, in chunks.
 */
struct httpd_stream_ops {
	/*
	 * Append the next slice, of about 64 KiB at most. Called again when
	 * the client has read the last one, so one that does not read delays
	 * nobody else. A slice may be empty: what takes long is done a little
	 * at a time, and other events come between. Returns false at the end.
	 * NULL: a stream of events.
	 */
	bool (*more)(void *arg, struct evbuffer *out);
	/*
	 * Called once, when the stream has ended: completely, or because the
	 * client or the server has gone. May be NULL.
	 */
	void (*end)(void *arg);
};

/*
 * Answer with a stream. ops is borrowed. Returns a stream of events, which is
 * valid until end is called. NULL when ops->more makes the answer, or when
 * memory is short: then end was called, and the request was answered.
 */
struct httpd_stream *httpd_stream(struct httpd_request *rq,
    const char *content_type, const struct httpd_stream_ops *ops, void *arg);

/*
 * Add an event to a stream without more. Returns 0, or -1 when HTTPD_PUSH_MAX
 * octets wait for the client; then it is lost, and the caller counts it.
 */
int httpd_push(struct httpd_stream *s, const void *data, size_t len);

/* End a stream; calls end, and frees the request. */
void httpd_finish(struct httpd_stream *s);

#endif
