#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/http.h>

#include "common/monotime.h"
#include "common/net/pref64.h"
#include "common/os/log.h"

#include "balance.h"
#include "load.h"
#include "metrics.h"
#include "translator.h"

#define HEADERS_MAX 8192 /* octets of an answer's headers */
#define HTTP_OK_CODE 200

/* After a first poll without an answer, so that clients lose little time. */
#define AGAIN_MS 250

/*
 * The states of a translator's polls:
 *
 * idle      request is NULL; timer is the time of the next poll. on_timer()
 *           leads to polling.
 * polling   request is set; timer is the timeout of the answer. on_answer()
 *           leads to idle; on_timer() cancels the request and leads to idle.
 *
 * answered() and lost(), called at the end of a poll, change target, metrics
 * and the member lost, which translators_hurry() may lower in both states.
 * target may be read at any time (balance.h).
 */
struct translator {
	const struct translator_conf *conf;
	struct evhttp_connection *http;
	struct evhttp_request *request; /* NULL: none is in progress */
	struct event timer; /* timeout of request, or the next poll is due */
	struct balance_target target;
	struct load load;
	struct metrics metrics; /* of the last answer */
	unsigned lost;		/* polls without an answer in a row */
	uint64_t n_polls;
	uint64_t n_lost;
};

struct translators {
	struct translator *v;
	size_t n;
};

const char *
translator_state_name(enum balance_state state)
{
	switch (state) {
	case BALANCE_UP:
		break;
	case BALANCE_DRAINING:
		return ("draining");
	case BALANCE_DOWN:
		return ("down");
	}
	return ("up");
}

/* why: the reason for BALANCE_DRAINING or BALANCE_DOWN; NULL: BALANCE_UP. */
static void
set_state(struct translator *t, enum balance_state state, const char *why)
{
	if (t->target.state == state)
		return;
	t->target.state = state;
	if (state == BALANCE_DOWN)
		t->target.down_ms = monotime_now().ns / 1000000;
	if (why == NULL)
		log_info("translator %s: %s", t->conf->url,
		    translator_state_name(state));
	else
		log_warn("translator %s: %s: %s", t->conf->url,
		    translator_state_name(state), why);
}

/* With 10 % jitter, so that many dns64d do not poll at the same time. */
static void
arm(struct translator *t, unsigned secs)
{
	uint64_t us = (uint64_t)secs * 900000;
	struct timeval tv;

	us += arc4random_uniform(secs * 200000);
	tv.tv_sec = us / 1000000;
	tv.tv_usec = us % 1000000;
	event_add(&t->timer, &tv);
}

static void
arm_next(struct translator *t)
{
	unsigned secs = t->conf->every_secs, i;

	for (i = TRANSLATOR_LOST;
	     i < t->lost && secs < TRANSLATOR_BACKOFF_SECS; i++)
		secs *= 2;
	if (secs > TRANSLATOR_BACKOFF_SECS)
		secs = TRANSLATOR_BACKOFF_SECS;
	if (secs < t->conf->every_secs)
		secs = t->conf->every_secs;
	arm(t, secs);
}

static void
answered(struct translator *t, const struct metrics *m)
{
	t->lost = 0;
	t->metrics = *m;
	load_observe(&t->load, m);
	t->target.load = t->load.used;
	if (m->draining)
		set_state(t, BALANCE_DRAINING, "nat64d_draining is 1");
	else if (!m->up)
		set_state(t, BALANCE_DRAINING, "nat64d_up is 0");
	else
		set_state(t, BALANCE_UP, NULL);
	arm_next(t);
}

static void
lost(struct translator *t, const char *why)
{
	static const struct timeval again = { 0, AGAIN_MS * 1000 };

	t->n_lost++;
	t->lost++;
	if (t->lost < TRANSLATOR_LOST) {
		event_add(&t->timer, &again);
		return;
	}
	set_state(t, BALANCE_DOWN, why);
	arm_next(t);
}

static void
on_answer(struct evhttp_request *request, void *arg)
{
	struct translator *t = arg;
	struct evbuffer *body;
	struct metrics m;
	size_t len;

	t->request = NULL;
	if (request == NULL ||
	    evhttp_request_get_response_code(request) != HTTP_OK_CODE) {
		lost(t, request == NULL ? "no answer" : "status is not 200");
		return;
	}
	body = evhttp_request_get_input_buffer(request);
	len = evbuffer_get_length(body);
	if (len == 0 ||
	    metrics_parse((const char *)evbuffer_pullup(body, -1), len, &m) ==
		-1)
		lost(t, "invalid answer");
	else
		answered(t, &m);
}

/* Returns 0, or -1 if memory is short; then there is no request. */
static int
ask(struct translator *t)
{
	struct evkeyvalq *headers;
	char host[128];

	t->request = evhttp_request_new(on_answer, t);
	if (t->request == NULL)
		return (-1);
	headers = evhttp_request_get_output_headers(t->request);
	snprintf(host, sizeof(host),
	    strchr(t->conf->host, ':') != NULL ? "[%s]:%u" : "%s:%u",
	    t->conf->host, t->conf->port);
	/* If this fails, evhttp has freed the request. */
	if (evhttp_add_header(headers, "Host", host) == 0 &&
	    evhttp_add_header(headers, "Connection", "close") == 0 &&
	    evhttp_make_request(t->http, t->request, EVHTTP_REQ_GET,
		t->conf->path) == 0)
		return (0);
	t->request = NULL;
	return (-1);
}

/* The answer is overdue, or the next poll is due. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval timeout = { TRANSLATOR_TIMEOUT_SECS, 0 };
	struct translator *t = arg;

	(void)fd;
	(void)what;
	if (t->request != NULL) {
		evhttp_cancel_request(t->request);
		t->request = NULL;
		lost(t, "timeout");
		return;
	}
	t->n_polls++;
	event_add(&t->timer, &timeout);
	if (ask(t) == -1)
		lost(t, "out of memory");
}

static struct translator *
find(const struct translators *ts, const struct pref64 *prefix)
{
	size_t i;

	for (i = 0; i < ts->n; i++)
		if (pref64_equal(&ts->v[i].conf->prefix, prefix))
			return (&ts->v[i]);
	return (NULL);
}

struct balance_target *
translators_find(const struct translators *ts, const struct pref64 *prefix)
{
	struct translator *t = find(ts, prefix);

	return (t != NULL ? &t->target : NULL);
}

static void
inherit(struct translator *t, const struct translators *old)
{
	const struct translator *o;

	if (old == NULL || (o = find(old, &t->conf->prefix)) == NULL ||
	    strcmp(o->conf->url, t->conf->url) != 0)
		return;
	t->target = o->target;
	t->load = o->load;
	t->metrics = o->metrics;
	t->lost = o->lost;
	t->n_polls = o->n_polls;
	t->n_lost = o->n_lost;
}

static int
start(struct translator *t, struct event_base *base)
{
	const struct timeval at_once = { 0, 0 };

	t->http = evhttp_connection_base_new(base, NULL, t->conf->host,
	    t->conf->port);
	if (t->http == NULL)
		return (-1);
	evhttp_connection_set_max_headers_size(t->http, HEADERS_MAX);
	evhttp_connection_set_max_body_size(t->http, METRICS_MAX);
	evhttp_connection_set_timeout(t->http, TRANSLATOR_TIMEOUT_SECS);
	event_assign(&t->timer, base, -1, 0, on_timer, t);
	return (event_add(&t->timer, &at_once));
}

struct translators *
translators_new(struct event_base *base, const struct translator_conf *conf,
    size_t n, const struct translators *old)
{
	struct translators *ts;

	if ((ts = calloc(1, sizeof(*ts))) == NULL)
		return (NULL);
	ts->v = calloc(n + 1, sizeof(*ts->v));
	if (ts->v == NULL) {
		free(ts);
		return (NULL);
	}
	for (; ts->n < n; ts->n++) {
		ts->v[ts->n].conf = &conf[ts->n];
		inherit(&ts->v[ts->n], old);
		if (start(&ts->v[ts->n], base) == -1) {
			ts->n++;
			translators_free(ts);
			return (NULL);
		}
	}
	return (ts);
}

void
translators_free(struct translators *ts)
{
	struct translator *t;
	size_t i;

	if (ts == NULL)
		return;
	for (i = 0; i < ts->n; i++) {
		t = &ts->v[i];
		if (t->http == NULL)
			continue;
		event_del(&t->timer);
		evhttp_connection_free(t->http);
	}
	free(ts->v);
	free(ts);
}

void
translators_hurry(struct translators *ts)
{
	struct translator *t;

	for (t = ts->v; t < ts->v + ts->n; t++) {
		if (t->lost <= TRANSLATOR_LOST)
			continue;
		t->lost = TRANSLATOR_LOST;
		if (t->request == NULL)
			arm_next(t);
	}
}

int
translators_look(const struct translators *ts, size_t i,
    struct translator_view *out)
{
	const struct translator *t;

	if (i >= ts->n)
		return (-1);
	t = &ts->v[i];
	out->conf = t->conf;
	out->state = t->target.state;
	out->load = t->target.load;
	out->answers = t->target.answers;
	out->sessions = t->metrics.sessions;
	out->sessions_max = t->metrics.sessions_max;
	out->n_polls = t->n_polls;
	out->n_lost = t->n_lost;
	return (0);
}

void
translators_print(const struct translators *ts, FILE *f)
{
	struct translator_view t;
	char buf[PREF64_STRLEN];
	size_t i;

	for (i = 0; translators_look(ts, i, &t) == 0; i++)
		fprintf(f,
		    "translator %s prefix %s %s sessions %" PRIu64
		    " of %" PRIu64 " polls %" PRIu64 " lost %" PRIu64 "\n",
		    t.conf->url,
		    pref64_print(&t.conf->prefix, buf, sizeof(buf)),
		    translator_state_name(t.state), t.sessions, t.sessions_max,
		    t.n_polls, t.n_lost);
}
