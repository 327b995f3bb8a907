/*
 * Connections: how many there are, which of them are closed, and why.
 */
#include <sys/queue.h>

#include <poll.h>
#include <stdlib.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "common/os/log.h"
#include "common/os/timer.h"

#include "httpd_int.h"

/* Interval of looks at all connections, while there are any. */
#define SWEEP_MS 1000

/*
 * Room for a request that evhttp has not read yet. It parses a body when all
 * of it is there, so this is more than the largest one.
 */
#define INPUT_SLACK (16 * 1024)

bool
httpd_may_log(struct httpd *h, enum httpd_complaint what)
{
	const struct monotime now = monotime_now();

	if (!monotime_reached(h->quiet_until[what], now))
		return (false);
	h->quiet_until[what] = monotime_add_secs(now, HTTPD_LOG_SECS);
	return (true);
}

/* evhttp has freed its connection: it removes its callbacks then. */
static bool
is_closed(const struct conn *c)
{
	bufferevent_event_cb on_event;

	bufferevent_getcb(c->bev, NULL, NULL, &on_event, NULL);
	return (on_event == NULL);
}

/*
 * Let evhttp close a connection, as after a time-out: it then leaves a request
 * that is being answered to us, which freeing the connection would not do.
 */
static void
close_conn(struct conn *c)
{
	bufferevent_trigger_event(c->bev,
	    BEV_EVENT_TIMEOUT | BEV_EVENT_READING, 0);
}

static void
on_input(struct evbuffer *input, const struct evbuffer_cb_info *info,
    void *arg)
{
	struct conn *c = arg;

	(void)input;
	if (info->n_added > 0)
		c->begun = true;
}

static void
forget(struct conn *c)
{
	TAILQ_REMOVE(&c->h->conns, c, link);
	c->h->n_conns--;
	evbuffer_remove_cb(bufferevent_get_input(c->bev), on_input, c);
	/* The last reference: this closes the socket. */
	bufferevent_decref(c->bev);
	free(c);
}

/*
 * Has the client closed the connection, and not only its half? Nothing is read
 * during an answer, and a quiet stream writes nothing that could fail. TCP does
 * not tell, but streams of events are for Unix sockets.
 */
static bool
has_hung_up(const struct conn *c)
{
	struct pollfd p = { .fd = bufferevent_getfd(c->bev) };

	return (poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0);
}

/*
 * Has the client stopped to send its request, or to read the answer? Browsers
 * open connections that they may never use; of these nothing is said.
 */
static bool
is_overdue(struct conn *c, struct monotime now)
{
	struct httpd *h = c->h;
	size_t unread;

	if (!c->busy) {
		if (!monotime_reached(monotime_add_secs(c->since,
					  h->opts.idle_secs),
			now))
			return (false);
		if (c->begun && !c->served && httpd_may_log(h, HTTPD_SLOW))
			log_warn("%s: closed a connection without a whole "
				 "request within %u seconds",
			    h->opts.name, h->opts.idle_secs);
		return (true);
	}
	unread = evbuffer_get_length(bufferevent_get_output(c->bev));
	if (unread == 0 || unread != c->unread)
		c->since = now;
	c->unread = unread;
	if (!monotime_reached(monotime_add_secs(c->since, h->opts.stuck_secs),
		now))
		return (false);
	if (httpd_may_log(h, HTTPD_STUCK))
		log_warn("%s: closed a connection whose client has read "
			 "nothing for %u seconds",
		    h->opts.name, h->opts.stuck_secs);
	return (true);
}

static void
sweep_conns(struct httpd *h)
{
	const struct monotime now = monotime_now();
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&h->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (!is_closed(c) &&
		    (c->refused || (c->busy && has_hung_up(c)) ||
			is_overdue(c, now)))
			close_conn(c);
		if (is_closed(c))
			forget(c);
	}
}

static void
resume(struct httpd *h)
{
	unsigned i;

	if (!monotime_reached(h->paused_until, monotime_now()))
		return;
	h->paused = false;
	for (i = 0; i < h->n_listeners; i++)
		evconnlistener_enable(h->listeners[i]);
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct httpd *h = arg;

	(void)fd;
	(void)what;
	sweep_conns(h);
	if (h->paused)
		resume(h);
	if (h->n_conns > 0 || h->paused)
		timer_start(h->sweep, SWEEP_MS);
}

void
httpd_pause(struct httpd *h)
{
	unsigned i;

	h->paused = true;
	h->paused_until = monotime_add_ms(monotime_now(), SWEEP_MS);
	for (i = 0; i < h->n_listeners; i++)
		evconnlistener_disable(h->listeners[i]);
	if (!event_pending(h->sweep, EV_TIMEOUT, NULL))
		timer_start(h->sweep, SWEEP_MS);
}

struct bucket_rate
httpd_rate(const struct httpd *h)
{
	return ((struct bucket_rate){ .per_sec = h->opts.max_rate,
	    .burst = h->opts.max_rate / 10 + 1 });
}

/* The one that has waited longest for a request, or NULL. */
static struct conn *
longest_idle(struct httpd *h)
{
	struct conn *c, *found = NULL;

	TAILQ_FOREACH(c, &h->conns, link)
		if (!c->busy && !c->refused &&
		    (found == NULL || c->since.ns < found->since.ns))
			found = c;
	return (found);
}

/* Make room for another connection. Returns whether there is room. */
static bool
make_room(struct httpd *h)
{
	struct conn *c;

	if (h->n_conns < h->opts.max_connections)
		return (true);
	sweep_conns(h);
	if (h->n_conns < h->opts.max_connections)
		return (true);
	if (httpd_may_log(h, HTTPD_FULL))
		log_warn("%s: %u connections: closing idle ones, or refusing "
			 "more",
		    h->opts.name, h->n_conns);
	c = longest_idle(h);
	if (c == NULL)
		return (false);
	close_conn(c);
	if (is_closed(c))
		forget(c);
	return (h->n_conns < h->opts.max_connections);
}

/* For evhttp: the bufferevent of a connection that it has accepted. */
static struct bufferevent *
new_bufferevent(struct event_base *base, void *arg)
{
	struct httpd *h = arg;
	const bool room = make_room(h);
	struct conn *c;

	if (h->opts.max_rate > 0 &&
	    !bucket_take(&h->accepts, httpd_rate(h), monotime_now()))
		httpd_pause(h);
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return (NULL);
	c->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		free(c);
		return (NULL);
	}
	if (evbuffer_add_cb(bufferevent_get_input(c->bev), on_input, c) ==
	    NULL) {
		bufferevent_free(c->bev);
		free(c);
		return (NULL);
	}
	bufferevent_incref(c->bev);
	bufferevent_setwatermark(c->bev, EV_READ, 0,
	    h->opts.max_body + HTTPD_HEADERS_MAX + INPUT_SLACK);
	c->h = h;
	c->refused = !room;
	c->since = monotime_now();
	TAILQ_INSERT_TAIL(&h->conns, c, link);
	h->n_conns++;
	/* Not from within this call, since evhttp still uses it. */
	if (c->refused || !event_pending(h->sweep, EV_TIMEOUT, NULL))
		timer_start(h->sweep, c->refused ? 0 : SWEEP_MS);
	return (c->bev);
}

static void
on_close(struct evhttp_connection *evcon, void *arg)
{
	struct conn *c = arg;
	struct httpd_request *rq = c->rq;

	(void)evcon;
	c->busy = false;
	c->rq = NULL;
	timer_start(c->h->sweep, 0);
	if (rq == NULL)
		return;
	rq->conn = NULL;
	if (rq->stream != NULL)
		httpd_finish(rq->stream);
}

/* The answer was sent; the connection waits for the next request. */
static void
on_complete(struct evhttp_request *req, void *arg)
{
	struct conn *c = arg;

	(void)req;
	c->busy = false;
	c->rq = NULL;
	c->since = monotime_now();
	/* It is closed now, if the client has asked for that. */
	timer_start(c->h->sweep, 0);
}

struct conn *
httpd_conn_take(struct httpd *h, struct evhttp_request *req)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(req);
	const struct bufferevent *bev =
	    evhttp_connection_get_bufferevent(evcon);
	struct conn *c;

	TAILQ_FOREACH(c, &h->conns, link)
		if (c->bev == bev)
			break;
	if (c == NULL || c->refused)
		return (NULL);
	/* Deadlines are ours: those of evhttp end streams that are quiet. */
	bufferevent_set_timeouts(c->bev, NULL, NULL);
	evhttp_connection_set_closecb(evcon, on_close, c);
	evhttp_request_set_on_complete_cb(req, on_complete, c);
	c->served = true;
	c->busy = true;
	c->since = monotime_now();
	c->unread = 0;
	return (c);
}

void
httpd_conns_init(struct httpd *h)
{
	TAILQ_INIT(&h->conns);
	h->sweep = event_new(h->base, -1, 0, on_sweep, h);
	evhttp_set_bevcb(h->http, new_bufferevent, h);
}

void
httpd_conns_clear(struct httpd *h)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&h->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (!is_closed(c))
			close_conn(c);
		forget(c);
	}
	if (h->sweep != NULL)
		event_free(h->sweep);
}
