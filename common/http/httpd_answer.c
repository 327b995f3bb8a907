/*
 * Requests and their answers.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "httpd_int.h"

#define ERROR_SIZE 1024
#define JSON "application/json"

void
httpd_request_free(struct httpd_request *rq)
{
	evhttp_clear_headers(&rq->params);
	free(rq);
}

void
httpd_answered(struct httpd_request *rq)
{
	rq->answered = true;
	if (rq->conn != NULL)
		rq->conn->rq = NULL;
	if (!rq->in_route)
		httpd_request_free(rq);
}

void
httpd_stop_reading(const struct httpd_request *rq)
{
	/* After the whole answer, evhttp reads the next request. */
	if (rq->conn != NULL && rq->conn->busy)
		bufferevent_disable(rq->conn->bev, EV_READ);
}

void
httpd_defer(struct httpd_request *rq)
{
	rq->deferred = true;
}

const char *
httpd_param(struct httpd_request *rq, const char *name)
{
	return (evhttp_find_header(&rq->params, name));
}

bool
httpd_is_private(const struct httpd_request *rq)
{
	return (rq->h->opts.private);
}

static bool
is_in(const char *word, const char *const list[])
{
	for (; *list != NULL; list++)
		if (strcmp(word, *list) == 0)
			return (true);
	return (false);
}

int
httpd_only_params(struct httpd_request *rq, const char *const names[])
{
	const struct evkeyval *p;
	char possible[ERROR_SIZE / 2] = "";
	size_t i;

	TAILQ_FOREACH(p, &rq->params, next)
		if (!is_in(p->key, names))
			break;
	if (p == NULL)
		return (0);
	for (i = 0; names[i] != NULL; i++) {
		strlcat(possible, i > 0 ? ", " : "", sizeof(possible));
		strlcat(possible, names[i], sizeof(possible));
	}
	if (i == 0)
		httpd_error(rq, HTTP_BADREQUEST,
		    "unknown parameter \"%s\": none is possible here", p->key);
	else
		httpd_error(rq, HTTP_BADREQUEST,
		    "unknown parameter \"%s\": possible are %s", p->key,
		    possible);
	return (-1);
}

void
httpd_header(struct httpd_request *rq, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(rq->req), name,
	    value);
}

void
httpd_add_headers(struct httpd_request *rq, const char *content_type)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(rq->req);

	evhttp_add_header(headers, "Content-Type", content_type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
}

void
httpd_text(struct httpd_request *rq, int status, const char *content_type,
    struct evbuffer *body)
{
	char length[sizeof("18446744073709551615")];

	httpd_add_headers(rq, content_type);
	if (rq->head) {
		/* The length of the body that GET would get (RFC 9110, 8.6). */
		snprintf(length, sizeof(length), "%zu",
		    evbuffer_get_length(body));
		evhttp_add_header(evhttp_request_get_output_headers(rq->req),
		    "Content-Length", length);
		evbuffer_drain(body, evbuffer_get_length(body));
	}
	/* When the client has gone, this only frees the request of evhttp. */
	evhttp_send_reply(rq->req, status, NULL, body);
	httpd_stop_reading(rq);
	httpd_answered(rq);
}

static int
append(const char *data, size_t len, void *arg)
{
	return (evbuffer_add(arg, data, len));
}

void
httpd_json(struct httpd_request *rq, int status, json_t *body)
{
	struct evbuffer *text = evbuffer_new();

	if (text == NULL || body == NULL ||
	    json_dump_callback(body, append, text, JSON_COMPACT) == -1) {
		evhttp_send_reply(rq->req, HTTP_INTERNAL, NULL, NULL);
		httpd_answered(rq);
	} else {
		evbuffer_add(text, "\n", 1);
		httpd_text(rq, status, JSON, text);
	}
	json_decref(body);
	if (text != NULL)
		evbuffer_free(text);
}

void
httpd_json_at_once(struct httpd_request *rq, int status, json_t *body)
{
	const struct conn *c = rq->conn;
	struct evbuffer *out;

	httpd_json(rq, status, body);
	if (c == NULL)
		return;
	out = bufferevent_get_output(c->bev);
	/* What has not been written yet may be written by its owner only. */
	evbuffer_unfreeze(out, 1);
	(void)evbuffer_write(out, bufferevent_getfd(c->bev));
	evbuffer_freeze(out, 1);
}

/*
 * JSON is UTF-8; a request may have any octets, which are quoted in errors.
 * There may be several lines.
 */
static void
make_ascii(char *text)
{
	for (; *text != '\0'; text++)
		if ((*text < ' ' && *text != '\n') || *text > '~')
			*text = '?';
}

void
httpd_error(struct httpd_request *rq, int status, const char *fmt, ...)
{
	char text[ERROR_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_ascii(text);
	httpd_json(rq, status, json_pack("{s:s}", "error", text));
}
