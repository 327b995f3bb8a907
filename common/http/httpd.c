/*
 * The server: listeners, and which route answers a request.
 */
#include <sys/queue.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "common/os/log.h"
#include "common/os/timer.h"

#include "httpd_int.h"
#include "origin.h"

#define LIST_SIZE 512

/* All servers of the process, for on_accept_error(). */
static TAILQ_HEAD(, httpd) servers = TAILQ_HEAD_INITIALIZER(servers);

static const char *
method_name(const struct evhttp_request *req)
{
	switch (evhttp_request_get_command(req)) {
	case EVHTTP_REQ_POST:
		return ("POST");
	case EVHTTP_REQ_DELETE:
		return ("DELETE");
	default: /* HEAD too */
		return ("GET");
	}
}

static void
add_word(char list[LIST_SIZE], const char *word)
{
	if (list[0] != '\0')
		strlcat(list, ", ", LIST_SIZE);
	strlcat(list, word, LIST_SIZE);
}

/* No route has this path and method: say what is possible. */
static void
answer_unknown(struct httpd_request *rq, const char *path, const char *method)
{
	const struct httpd_opts *o = &rq->h->opts;
	char methods[LIST_SIZE] = "", paths[LIST_SIZE] = "";
	size_t i;

	for (i = 0; i < o->n_routes; i++) {
		if (strcmp(o->routes[i].path, path) == 0)
			add_word(methods, o->routes[i].method);
		/* Those of a path stand together. */
		if (i == 0 ||
		    strcmp(o->routes[i].path, o->routes[i - 1].path) != 0)
			add_word(paths, o->routes[i].path);
	}
	if (methods[0] == '\0') {
		httpd_error(rq, HTTP_NOTFOUND,
		    "no such path: %.200s: there "
		    "are %s",
		    path, paths);
		return;
	}
	evhttp_add_header(evhttp_request_get_output_headers(rq->req), "Allow",
	    methods);
	httpd_error(rq, HTTP_BADMETHOD, "%s: not with %s but with %s", path,
	    method, methods);
}

static void
route(struct httpd_request *rq, const char *path)
{
	const struct httpd_opts *o = &rq->h->opts;
	const char *method = method_name(rq->req);
	size_t i;

	for (i = 0; i < o->n_routes; i++) {
		if (strcmp(o->routes[i].method, method) != 0 ||
		    strcmp(o->routes[i].path, path) != 0)
			continue;
		o->routes[i].fn(o->arg, rq);
		if (!rq->answered && !rq->deferred)
			httpd_error(rq, HTTP_INTERNAL, "no answer");
		return;
	}
	answer_unknown(rq, path, method);
}

/* Returns 0, or -1 when the request has been answered. */
static int
check_origin(struct httpd_request *rq)
{
	const struct evkeyvalq *headers =
	    evhttp_request_get_input_headers(rq->req);
	const char *why;

	if (!rq->h->opts.check_host)
		return (0);
	why = origin_refuse(evhttp_find_header(headers, "Host"),
	    evhttp_find_header(headers, "Origin"),
	    evhttp_find_header(headers, "Sec-Fetch-Site"),
	    rq->h->opts.host_name);
	if (why == NULL)
		return (0);
	httpd_error(rq, 403, "refused: %s", why);
	return (-1);
}

static void
answer(struct httpd_request *rq)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(rq->req);
	const char *query = evhttp_uri_get_query(uri);
	const char *path = evhttp_uri_get_path(uri);

	if (check_origin(rq) == -1)
		return;
	if (query != NULL &&
	    evhttp_parse_query_str(query, &rq->params) == -1) {
		/* It leaves the list as it was before the error. */
		TAILQ_INIT(&rq->params);
		httpd_error(rq, HTTP_BADREQUEST,
		    "the query is not of the form name=value&name=value");
		return;
	}
	route(rq, path != NULL && path[0] != '\0' ? path : "/");
}

static void
answer_now(struct httpd_request *rq)
{
	rq->in_route = true;
	answer(rq);
	rq->in_route = false;
	if (rq->answered)
		httpd_request_free(rq);
}

/* Answer those that wait, as far as the rate allows. */
static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct httpd *h = arg;
	struct httpd_request *rq;

	(void)fd;
	(void)what;
	while ((rq = TAILQ_FIRST(&h->waiting)) != NULL &&
	    bucket_take(&h->answers, httpd_rate(h), monotime_now())) {
		TAILQ_REMOVE(&h->waiting, rq, link);
		answer_now(rq);
	}
	if (rq != NULL)
		timer_start(h->turn, 1000 / h->opts.max_rate + 1);
}

/* At the end: those that wait get no answer. */
static void
forget_waiting(struct httpd *h)
{
	struct httpd_request *rq;

	while ((rq = TAILQ_FIRST(&h->waiting)) != NULL) {
		TAILQ_REMOVE(&h->waiting, rq, link);
		httpd_error(rq, HTTP_SERVUNAVAIL, "the server ends");
	}
}

/* For evhttp: a whole request has arrived. */
static void
on_request(struct evhttp_request *req, void *arg)
{
	struct httpd *h = arg;
	struct conn *c = httpd_conn_take(h, req);
	struct httpd_request *rq;

	rq = c != NULL ? calloc(1, sizeof(*rq)) : NULL;
	if (rq == NULL) {
		evhttp_send_error(req, HTTP_SERVUNAVAIL, NULL);
		return;
	}
	TAILQ_INIT(&rq->params);
	rq->h = h;
	rq->conn = c;
	rq->req = req;
	rq->head = evhttp_request_get_command(req) == EVHTTP_REQ_HEAD;
	c->rq = rq;
	if (h->opts.max_rate == 0 ||
	    (TAILQ_EMPTY(&h->waiting) &&
		bucket_take(&h->answers, httpd_rate(h), monotime_now()))) {
		answer_now(rq);
		return;
	}
	TAILQ_INSERT_TAIL(&h->waiting, rq, link);
	if (!event_pending(h->turn, EV_TIMEOUT, NULL))
		timer_start(h->turn, 1000 / h->opts.max_rate + 1);
}

static void
set_defaults(struct httpd_opts *o)
{
	if (o->max_connections == 0)
		o->max_connections = HTTPD_CONNECTIONS;
	if (o->max_body == 0)
		o->max_body = HTTPD_BODY_MAX;
	if (o->idle_secs == 0)
		o->idle_secs = HTTPD_IDLE_SECS;
	if (o->stuck_secs == 0)
		o->stuck_secs = HTTPD_STUCK_SECS;
}

struct httpd *
httpd_new(struct event_base *base, const struct httpd_opts *opts)
{
	struct httpd *h;

	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return (NULL);
	h->base = base;
	h->opts = *opts;
	set_defaults(&h->opts);
	h->http = evhttp_new(base);
	if (h->http == NULL) {
		free(h);
		errno = ENOMEM;
		return (NULL);
	}
	TAILQ_INSERT_TAIL(&servers, h, link);
	TAILQ_INIT(&h->waiting);
	bucket_init_full(&h->answers);
	bucket_init_full(&h->accepts);
	h->turn = event_new(base, -1, 0, on_turn, h);
	httpd_conns_init(h);
	if (h->sweep == NULL || h->turn == NULL) {
		httpd_free(h);
		errno = ENOMEM;
		return (NULL);
	}
	evhttp_set_max_headers_size(h->http, HTTPD_HEADERS_MAX);
	evhttp_set_max_body_size(h->http, (ev_ssize_t)h->opts.max_body);
	evhttp_set_allowed_methods(h->http,
	    EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
		EVHTTP_REQ_DELETE);
	evhttp_set_gencb(h->http, on_request, h);
	return (h);
}

static bool
has_listener(const struct httpd *h, const struct evconnlistener *listener)
{
	unsigned i;

	for (i = 0; i < h->n_listeners; i++)
		if (h->listeners[i] == listener)
			return (true);
	return (false);
}

/*
 * As when there are no more descriptors: do not try again at once. evhttp owns
 * the argument of its listeners, so the server is looked up.
 */
static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	const int error = errno;
	struct httpd *h;

	(void)arg;
	TAILQ_FOREACH(h, &servers, link)
		if (has_listener(h, listener))
			break;
	if (h == NULL)
		return;
	if (httpd_may_log(h, HTTPD_ACCEPT))
		log_warn("%s: cannot accept connections: %s", h->opts.name,
		    strerror(error));
	httpd_pause(h);
}

int
httpd_accept(struct httpd *h, int fd)
{
	struct evhttp_bound_socket *bound = NULL;
	struct evconnlistener *listener;

	errno = ENOMEM;
	if (h->n_listeners < HTTPD_LISTENERS_MAX &&
	    evutil_make_socket_nonblocking(fd) == 0)
		bound = evhttp_accept_socket_with_handle(h->http, fd);
	if (bound == NULL)
		return (-1);
	listener = evhttp_bound_socket_get_listener(bound);
	evconnlistener_set_error_cb(listener, on_accept_error);
	h->listeners[h->n_listeners++] = listener;
	return (0);
}

void
httpd_free(struct httpd *h)
{
	if (h == NULL)
		return;
	httpd_conns_clear(h);
	forget_waiting(h);
	if (h->turn != NULL)
		event_free(h->turn);
	TAILQ_REMOVE(&servers, h, link);
	evhttp_free(h->http);
	free(h);
}
