#include <sys/queue.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "dns64d/conf/conf.h"
#include "frontend_tcp.h"
#include "dns64d/base/stats.h"

/*
 * A connection that was closed with queries pending lives on, without bev
 * and in no list, until the last of them has ended.
 */
struct tcp_client {
	TAILQ_ENTRY(tcp_client) next;
	struct fairness_item place; /* among those of its client */
	struct tcp_front *front;
	struct bufferevent *bev;
	struct sockaddr_storage peer;
	struct scoped_addr asked; /* the listener's address */
	struct event idle;
	unsigned n_pending;
	bool reading; /* read_queries is on the stack */
	bool eof;     /* the client will send no more */
};

struct tcp_front *
tcp_client_front(const struct tcp_client *c)
{
	return (c->front);
}

const struct sockaddr_storage *
tcp_client_peer(const struct tcp_client *c)
{
	return (&c->peer);
}

const struct scoped_addr *
tcp_client_asked(const struct tcp_client *c)
{
	return (&c->asked);
}

int
tcp_front_init(struct tcp_front *tf)
{
	struct siphash_key key;

	TAILQ_INIT(&tf->clients);
	tf->n = 0;
	arc4random_buf(&key, sizeof(key));
	tf->fairness = fairness_new(&key);
	return (tf->fairness != NULL ? 0 : -1);
}

static void
free_when_done(struct tcp_client *c)
{
	if (c->bev == NULL && c->n_pending == 0)
		free(c);
}

static void
close_client(struct tcp_client *c)
{
	event_del(&c->idle);
	bufferevent_free(c->bev);
	c->bev = NULL;
	TAILQ_REMOVE(&c->front->clients, c, next);
	fairness_leave(c->front->fairness, &c->place);
	c->front->n--;
	free_when_done(c);
}

void
tcp_front_clear(struct tcp_front *tf)
{
	struct tcp_client *c;

	while ((c = TAILQ_FIRST(&tf->clients)) != NULL)
		close_client(c);
	fairness_free(tf->fairness);
}

/* A query or an answer: only these count as activity (RFC 7766, 6.2.3). */
static void
note_activity(struct tcp_client *c)
{
	struct timeval tv = { c->front->conf->tcp_idle_secs, 0 };

	TAILQ_REMOVE(&c->front->clients, c, next);
	TAILQ_INSERT_TAIL(&c->front->clients, c, next);
	event_add(&c->idle, &tv);
}

static void
on_idle(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_client *c = arg;

	(void)fd;
	(void)what;
	if (c->n_pending > 0) {
		note_activity(c);
		return;
	}
	stats_count(c->front->stats, STAT_TCP_IDLE);
	close_client(c);
}

/* Hand over the next query; false when it is not all there. */
static bool
read_query(struct tcp_client *c)
{
	struct tcp_front *tf = c->front;
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct client client = { .tcp = c };
	uint8_t head[2];
	uint8_t *message;
	size_t len;

	if (evbuffer_copyout(in, head, sizeof(head)) < (ssize_t)sizeof(head))
		return (false);
	len = sizeof(head) + (head[0] << 8 | head[1]);
	if (evbuffer_get_length(in) < len ||
	    (message = evbuffer_pullup(in, len)) == NULL)
		return (false);
	note_activity(c);
	c->n_pending++;
	client.access = access_check(tf->access, &c->peer);
	tf->handler(tf->arg, &client, message + sizeof(head),
	    len - sizeof(head));
	evbuffer_drain(in, len);
	return (true);
}

static bool
is_full(const struct tcp_client *c)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	return (c->n_pending >= TCP_PIPELINE ||
	    evbuffer_get_length(out) >= TCP_UNSENT);
}

static bool
is_finished(const struct tcp_client *c)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	return (c->eof && c->n_pending == 0 && evbuffer_get_length(out) == 0);
}

/*
 * Read queries as far as the limits allow, and see how the connection then
 * stands. To be called whenever something has changed.
 */
static void
read_queries(struct tcp_client *c)
{
	c->reading = true;
	while (!is_full(c) && read_query(c))
		continue;
	c->reading = false;
	if (is_finished(c))
		close_client(c);
	else if (is_full(c))
		bufferevent_disable(c->bev, EV_READ);
	else if (!c->eof)
		bufferevent_enable(c->bev, EV_READ);
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	(void)bev;
	read_queries(arg);
}

/* Every answer so far is with the system. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	(void)bev;
	read_queries(arg);
}

/* A client that closed its half may still wait for answers. */
static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct tcp_client *c = arg;

	(void)bev;
	if ((what & BEV_EVENT_EOF) && (what & BEV_EVENT_READING)) {
		c->eof = true;
		read_queries(c);
	} else
		close_client(c);
}

/*
 * Of the connections of those who have most of them, the one that is idle
 * longest; if none is idle, the one whose queries have waited longest. NULL:
 * everybody has one, and waits for an answer.
 */
static struct tcp_client *
find_victim(const struct tcp_front *tf)
{
	const unsigned most = fairness_most(tf->fairness);
	struct tcp_client *c, *busy = NULL;

	TAILQ_FOREACH(c, &tf->clients, next) {
		if (fairness_count_of(&c->place) < most)
			continue;
		if (c->n_pending == 0)
			return (c);
		if (busy == NULL)
			busy = c;
	}
	return (most > 1 ? busy : NULL);
}

/* Who has as many as any other loses one that is idle, or gets no more. */
static bool
make_room(struct tcp_front *tf, const struct fairness_client *client)
{
	const unsigned n = fairness_count(tf->fairness, client);
	struct tcp_client *c;

	if (n >= tf->conf->limit_tcp_per_client)
		return (false);
	if (tf->n < tf->conf->each.tcp_clients)
		return (true);
	if ((c = find_victim(tf)) == NULL ||
	    (c->n_pending > 0 && n + 1 >= fairness_most(tf->fairness)))
		return (false);
	stats_count(tf->stats,
	    c->n_pending > 0 ? STAT_TCP_SHED : STAT_TCP_IDLE);
	close_client(c);
	return (true);
}

static struct tcp_client *
new_client(struct tcp_front *tf, int fd)
{
	struct tcp_client *c;
	int on = 1;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->bev = bufferevent_socket_new(tf->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		free(c);
		return (NULL);
	}
	/* Answers leave as they come; failure costs but delay. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->front = tf;
	event_assign(&c->idle, tf->base, -1, 0, on_idle, c);
	bufferevent_setcb(c->bev, on_readable, on_written, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, 2 + MSG_MAX);
	return (c);
}

void
tcp_front_add(struct tcp_front *tf, int fd,
    const struct sockaddr_storage *peer, const struct scoped_addr *asked)
{
	const struct fairness_client client = fairness_client_of(peer);
	struct tcp_client *c;

	if (!make_room(tf, &client) || (c = new_client(tf, fd)) == NULL) {
		stats_count(tf->stats, STAT_TCP_REFUSED);
		close(fd);
		return;
	}
	stats_count(tf->stats, STAT_TCP_ACCEPTED);
	c->peer = *peer;
	c->asked = *asked;
	TAILQ_INSERT_TAIL(&tf->clients, c, next);
	fairness_join(tf->fairness, &c->place, &client);
	tf->n++;
	note_activity(c);
	bufferevent_enable(c->bev, EV_READ);
}

void
tcp_client_drop(struct tcp_client *c)
{
	c->n_pending--;
	/* Later: the caller does not expect a query from this call. */
	if (c->bev != NULL && !c->reading)
		bufferevent_trigger(c->bev, EV_READ,
		    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
	free_when_done(c);
}

/*
 * Length and message leave in one write (RFC 7766, 8). on_written goes on
 * with the queries that waited.
 */
void
tcp_client_send(struct tcp_client *c, size_t len)
{
	struct tcp_front *tf = c->front;

	c->n_pending--;
	if (c->bev != NULL) {
		tf->out[0] = len >> 8;
		tf->out[1] = len;
		if (bufferevent_write(c->bev, tf->out, 2 + len) == -1)
			stats_count(tf->stats, STAT_REPLY_ERRORS);
		note_activity(c);
	}
	free_when_done(c);
}
