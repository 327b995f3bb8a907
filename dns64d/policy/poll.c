#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "common/monotime.h"

#include "poll.h"

#define HEADERS_MAX 8192 /* octets of an answer's headers */
#define HTTP_OK_CODE 200

static void
lost(struct poll *p, const char *why)
{
	p->node->n_lost++;
	p->node->lost++;
	p->node->why = why;
	p->done(p->arg);
}

static void
on_answer(struct evhttp_request *request, void *arg)
{
	struct poll *p = arg;
	struct evbuffer *body;
	struct metrics m;
	size_t len;

	p->request = NULL;
	if (request == NULL ||
	    evhttp_request_get_response_code(request) != HTTP_OK_CODE) {
		lost(p, request == NULL ? "no answer" : "status is not 200");
		return;
	}
	body = evhttp_request_get_input_buffer(request);
	len = evbuffer_get_length(body);
	if (len == 0 ||
	    metrics_parse((const char *)evbuffer_pullup(body, -1), len, &m) ==
		-1) {
		lost(p, "invalid answer");
		return;
	}
	p->node->answered = true;
	p->node->lost = 0;
	p->node->metrics = m;
	p->done(p->arg);
}

/* Returns 0, or -1 if memory is short; then there is no request. */
static int
ask(struct poll *p)
{
	struct evkeyvalq *headers;
	char host[128];

	p->request = evhttp_request_new(on_answer, p);
	if (p->request == NULL)
		return (-1);
	headers = evhttp_request_get_output_headers(p->request);
	snprintf(host, sizeof(host),
	    strchr(p->url->host, ':') != NULL ? "[%s]:%u" : "%s:%u",
	    p->url->host, p->url->port);
	/* If this fails, evhttp has freed the request. */
	if (evhttp_add_header(headers, "Host", host) == 0 &&
	    evhttp_add_header(headers, "Connection", "close") == 0 &&
	    evhttp_make_request(p->http, p->request, EVHTTP_REQ_GET,
		p->url->path) == 0)
		return (0);
	p->request = NULL;
	return (-1);
}

/* The answer is overdue, or the next question is due. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval timeout = { POLL_TIMEOUT_SECS, 0 };
	struct poll *p = arg;

	(void)fd;
	(void)what;
	if (p->request != NULL) {
		evhttp_cancel_request(p->request);
		p->request = NULL;
		lost(p, "timeout");
		return;
	}
	p->node->asked = monotime_now();
	p->node->n_polls++;
	event_add(&p->timer, &timeout);
	if (ask(p) == -1)
		lost(p, "out of memory");
}

int
poll_start(struct poll *p, struct event_base *base, const struct poll_url *url,
    struct pair_node *node, void (*done)(void *arg), void *arg)
{
	p->url = url;
	p->node = node;
	p->done = done;
	p->arg = arg;
	p->http =
	    evhttp_connection_base_new(base, NULL, p->url->host, p->url->port);
	if (p->http == NULL)
		return (-1);
	evhttp_connection_set_max_headers_size(p->http, HEADERS_MAX);
	evhttp_connection_set_max_body_size(p->http, METRICS_TEXT_MAX);
	evhttp_connection_set_timeout(p->http, POLL_TIMEOUT_SECS);
	event_assign(&p->timer, base, -1, 0, on_timer, p);
	poll_in(p, 0);
	return (0);
}

void
poll_stop(struct poll *p)
{
	if (p->http == NULL)
		return;
	event_del(&p->timer);
	evhttp_connection_free(p->http);
}

static void
arm(struct poll *p, uint64_t us)
{
	const struct timeval tv = { us / 1000000, us % 1000000 };

	if (p->request == NULL)
		event_add(&p->timer, &tv);
}

void
poll_in(struct poll *p, unsigned ms)
{
	arm(p, (uint64_t)ms * 1000);
}

void
poll_about(struct poll *p, unsigned secs)
{
	arm(p, (uint64_t)secs * 900000 + arc4random_uniform(secs * 200000));
}
