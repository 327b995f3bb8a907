/*
 * Answers in chunks. evhttp reports when a chunk was written to the socket;
 * only then the next slice is made. After an empty slice the next one is made
 * when other events have had their turn.
 */
#include <stdlib.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "httpd_int.h"

struct httpd_stream {
	struct httpd_request *rq;
	const struct httpd_stream_ops *ops;
	void *arg;
	struct evbuffer *slice; /* empty between two calls */
	struct event *again;	/* after an empty slice; NULL without more */
};

static void
free_stream(struct httpd_stream *s)
{
	if (s->again != NULL)
		event_free(s->again);
	if (s->slice != NULL)
		evbuffer_free(s->slice);
	free(s);
}

void
httpd_finish(struct httpd_stream *s)
{
	struct httpd_request *rq = s->rq;

	if (s->ops->end != NULL)
		s->ops->end(s->arg);
	free_stream(s);
	rq->stream = NULL;
	/* When the client has gone, this only frees the request of evhttp. */
	evhttp_send_reply_end(rq->req);
	httpd_stop_reading(rq);
	httpd_answered(rq);
}

static void send_slice(struct evhttp_connection *evcon, void *arg);

/*
 * Send what is in slice, and call next when it was written; an empty chunk
 * would end the answer.
 */
static void
send_chunk(struct httpd_stream *s,
    void (*next)(struct evhttp_connection *, void *))
{
	if (evbuffer_get_length(s->slice) == 0)
		return;
	evhttp_send_reply_chunk_with_cb(s->rq->req, s->slice, next, s);
	httpd_stop_reading(s->rq);
}

static void
send_slice(struct evhttp_connection *evcon, void *arg)
{
	const struct timeval at_once = { 0 };
	struct httpd_stream *s = arg;
	bool more;

	(void)evcon;
	more = s->ops->more(s->arg, s->slice);
	if (more && evbuffer_get_length(s->slice) == 0)
		event_add(s->again, &at_once);
	send_chunk(s, more ? send_slice : NULL);
	if (!more)
		httpd_finish(s);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	send_slice(NULL, arg);
}

static struct httpd_stream *
new_stream(struct httpd_request *rq, const struct httpd_stream_ops *ops,
    void *arg)
{
	struct httpd_stream *s;

	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return (NULL);
	s->rq = rq;
	s->ops = ops;
	s->arg = arg;
	s->slice = evbuffer_new();
	if (ops->more != NULL)
		s->again = event_new(rq->h->base, -1, 0, on_again, s);
	if (s->slice != NULL && (ops->more == NULL || s->again != NULL))
		return (s);
	free_stream(s);
	return (NULL);
}

struct httpd_stream *
httpd_stream(struct httpd_request *rq, const char *content_type,
    const struct httpd_stream_ops *ops, void *arg)
{
	struct httpd_stream *s;

	s = new_stream(rq, ops, arg);
	if (s == NULL) {
		if (ops->end != NULL)
			ops->end(arg);
		httpd_error(rq, HTTP_INTERNAL, "out of memory");
		return (NULL);
	}
	rq->stream = s;
	rq->deferred = true;
	httpd_add_headers(rq, content_type);
	evhttp_send_reply_start(rq->req, HTTP_OK, NULL);
	httpd_stop_reading(rq);
	/* To a client that has gone nothing is sent, and nothing ends it. */
	if (rq->head || rq->conn == NULL) {
		httpd_finish(s);
		return (NULL);
	}
	if (ops->more == NULL)
		return (s);
	send_slice(NULL, s);
	return (NULL);
}

int
httpd_push(struct httpd_stream *s, const void *data, size_t len)
{
	struct evhttp_connection *evcon =
	    evhttp_request_get_connection(s->rq->req);
	const struct evbuffer *out =
	    bufferevent_get_output(evhttp_connection_get_bufferevent(evcon));

	if (evbuffer_get_length(out) + len > HTTPD_PUSH_MAX ||
	    evbuffer_add(s->slice, data, len) == -1)
		return (-1);
	send_chunk(s, NULL);
	return (0);
}
