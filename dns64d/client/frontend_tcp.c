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
 * The states of a connection of a client:
 *
 * reading   Reading is enabled: n_pending < TCP_PIPELINE, less than TCP_UNSENT
 *           octets to be sent, and eof is not set.
 * full      Reading is disabled, because one of the two limits is reached. An
 *           answer, sent or dropped, leads to reading.
 * half      eof is set: the client has closed its half and waits for answers.
 *   closed  The last one leads to closed.
 * closed    bev is NULL; not in front->clients. Only n_pending may change;
 *           freed when it is 0.
 *
 * read_queries() changes the state. An error, make_room() for another client,
 * and the idle timer if no query is pending lead from each of them to closed.
 */
struct tcp_client {
	TAILQ_ENTRY(tcp_client) next;
	struct fairness_item place; /* in front->fairness */
	struct tcp_front *front;
	struct bufferevent *bev;
	struct sockaddr_storage peer;
	struct scoped_addr asked; /* the listener's address */
	struct event idle;
	unsigned n_pending;
	bool reading; /* read_queries is running */
	bool eof;
};

void
tcp_front_each(const struct tcp_front *tf,
    void (*fn)(void *arg, const struct sockaddr_storage *client), void *arg)
{
	const struct tcp_client *c;

	TAILQ_FOREACH(c, &tf->clients, next)
		fn(arg, &c->peer);
}

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
	tf->n_clients = 0;
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
	c->front->n_clients--;
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

/* Only queries and answers count as activity (RFC 7766, 6.2.3). */
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

/*
 * The next len octets in one piece. A query that lies in several blocks of the
 * buffer is copied to ours: evbuffer_pullup() would allocate another one, of up
 * to 128 KB. musl returns blocks of that size to the kernel at once, and their
 * pages cost as much time as the rest of the query.
 */
static const uint8_t *
in_one_piece(struct tcp_front *tf, struct evbuffer *in, size_t len)
{
	if (evbuffer_get_contiguous_space(in) >= len)
		return (evbuffer_pullup(in, len));
	evbuffer_copyout(in, tf->in, len);
	return (tf->in);
}

/* Pass the next query to the handler; false when it is not complete. */
static bool
read_query(struct tcp_client *c)
{
	struct tcp_front *tf = c->front;
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct client client = { .tcp = c };
	uint8_t head[2];
	size_t len;

	if (evbuffer_copyout(in, head, sizeof(head)) < (ssize_t)sizeof(head))
		return (false);
	len = sizeof(head) + (head[0] << 8 | head[1]);
	if (evbuffer_get_length(in) < len)
		return (false);
	note_activity(c);
	c->n_pending++;
	client.access = access_check(tf->access, &c->peer);
	tf->handler(tf->arg, &client, in_one_piece(tf, in, len) + sizeof(head),
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
has_unsent(const struct tcp_client *c)
{
	return (evbuffer_get_length(bufferevent_get_output(c->bev)) > 0);
}

static bool
is_finished(const struct tcp_client *c)
{
	return (c->eof && c->n_pending == 0 && !has_unsent(c));
}

unsigned
tcp_front_unsent(const struct tcp_front *tf)
{
	const struct tcp_client *c;
	unsigned n = 0;

	TAILQ_FOREACH(c, &tf->clients, next)
		n += has_unsent(c);
	return (n);
}

/*
 * Read queries as far as the limits allow, and then change the state. Called
 * after every event of the connection.
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

/* All answers so far have been passed to the kernel. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	(void)bev;
	read_queries(arg);
}

/* After the end of the stream the client may still wait for answers. */
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
 * Among the connections of the clients that have most: the one that was idle
 * longest or, when none is idle, the one whose queries have waited longest.
 * NULL: every client has only one, and all have queries pending.
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

/* Whether the client may have another connection; closes one if needed. */
static bool
make_room(struct tcp_front *tf, const struct fairness_client *client)
{
	const unsigned n = fairness_count(tf->fairness, client);
	struct tcp_client *c;

	if (n >= tf->conf->limit_tcp_per_client)
		return (false);
	if (tf->n_clients < tf->conf->each.tcp_clients)
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
	/* Answers are sent without delay. A failure is harmless. */
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
	tf->n_clients++;
	note_activity(c);
	bufferevent_enable(c->bev, EV_READ);
}

void
tcp_client_drop(struct tcp_client *c)
{
	c->n_pending--;
	/* Deferred: this function must not call the handler. */
	if (c->bev != NULL && !c->reading)
		bufferevent_trigger(c->bev, EV_READ,
		    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
	free_when_done(c);
}

/*
 * Length and message are sent in one write (RFC 7766, 8). on_written() then
 * reads the queries that are left in the buffer.
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
