#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/net/addr.h"

#include "dns64d/wire/msg.h"
#include "dns64d/base/stats.h"
#include "dns64d/os/udp.h"
#include "upstream_udp.h"

_Static_assert(UPSTREAM_UDP_BATCH <= UDP_WRITE_MAX,
    "one udp_write sends a batch");

/* The queries of a socket in the state filling, by slot. */
struct upstream_udp_outbox {
	struct {
		size_t len;
		uint8_t wire[MSG_QUERY_MAX];
	} query[UPSTREAM_UDP_BATCH];
};

/*
 * The states of a socket:
 *
 * filling   out is set; in pool->filling. It takes queries and is not read.
 *           flush(), at the end of the turn, leads to sent.
 * sent      out is NULL. It is read and takes no queries.
 *
 * When no query waits on it, free_if_over() frees it in both. Slots are filled
 * in order and are not reused; upstream_udp_end() sets query[slot] to NULL.
 */
struct upstream_udp_socket {
	TAILQ_ENTRY(upstream_udp_socket) next;
	struct upstream_udp *pool;
	struct upstream_udp_outbox *out; /* NULL: sent */
	struct event ev;
	int fd;
	bool busy; /* flush or on_readable is running: must not be freed */
	struct sockaddr_storage to;
	unsigned n; /* slots that are or were in use */
	unsigned n_waiting;
	uint16_t id[UPSTREAM_UDP_BATCH];
	struct upstream_udp_query *query[UPSTREAM_UDP_BATCH]; /* NULL: ended */
};

static void on_flush(evutil_socket_t, short, void *);

int
upstream_udp_init(struct upstream_udp *pool, struct event_base *base,
    struct stats *stats, const struct rng *rng, upstream_udp_fn *report)
{
	pool->base = base;
	pool->stats = stats;
	pool->rng = rng;
	pool->report = report;
	TAILQ_INIT(&pool->filling);
	event_assign(&pool->flush, base, -1, 0, on_flush, pool);
	pool->spare = NULL;
	pool->grouping = 0;
	pool->inbox = malloc(sizeof(*pool->inbox));
	return (pool->inbox != NULL ? 0 : -1);
}

void
upstream_udp_clear(struct upstream_udp *pool)
{
	event_del(&pool->flush);
	free(pool->spare);
	free(pool->inbox);
}

static struct upstream_udp_outbox *
get_outbox(struct upstream_udp *pool)
{
	struct upstream_udp_outbox *out = pool->spare;

	pool->spare = NULL;
	return (out != NULL ? out : malloc(sizeof(*out)));
}

static void
put_outbox(struct upstream_udp *pool, struct upstream_udp_outbox *out)
{
	free(pool->spare);
	pool->spare = out;
}

/* Its queries have been sent, or all of them have ended. */
static void
stop_filling(struct upstream_udp_socket *s)
{
	TAILQ_REMOVE(&s->pool->filling, s, next);
	put_outbox(s->pool, s->out);
	s->out = NULL;
}

static void
free_if_over(struct upstream_udp_socket *s)
{
	if (s->busy || s->n_waiting > 0)
		return;
	if (s->out != NULL)
		stop_filling(s);
	event_del(&s->ev);
	close(s->fd);
	free(s);
}

static void
report_all(struct upstream_udp_socket *s, enum upstream_udp_news news)
{
	unsigned i;

	for (i = 0; i < s->n; i++) {
		if (s->query[i] != NULL)
			s->pool->report(s->query[i], news, NULL, 0);
	}
}

/* The slot whose query has, or had, this id; s->n when there is none. */
static unsigned
find_id(const struct upstream_udp_socket *s, uint16_t id)
{
	unsigned i;

	for (i = 0; i < s->n && s->id[i] != id; i++)
		continue;
	return (i);
}

/*
 * The source is compared (RFC 5452, 9.1), because the kernel accepted
 * datagrams from anywhere between bind() and connect().
 */
static void
receive(struct upstream_udp_socket *s, const struct udp_datagram *d)
{
	unsigned slot = s->n;

	if (d->len >= sizeof(uint16_t) && sockaddr_equal(&d->from, &s->to))
		slot = find_id(s, get16(d->data));
	if (slot == s->n) {
		stats_count(s->pool->stats, STAT_UP_MISMATCH);
		report_all(s, UPSTREAM_UDP_MISMATCH);
	} else if (s->query[slot] != NULL)
		s->pool->report(s->query[slot], UPSTREAM_UDP_ANSWER, d->data,
		    d->len);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_udp_socket *s = arg;
	struct udp_inbox *in = s->pool->inbox;
	unsigned i;

	(void)what;
	s->busy = true;
	udp_read(fd, in, s->n_waiting);
	for (i = 0; i < in->n && s->n_waiting > 0; i++)
		receive(s, &in->datagram[i]);
	if (in->error != 0)
		report_all(s, UPSTREAM_UDP_REJECTED);
	s->busy = false;
	free_if_over(s);
}

static struct upstream_udp_socket *
open_socket(struct upstream_udp *pool, const struct sockaddr_storage *to)
{
	struct upstream_udp_socket *s;

	if ((s = malloc(sizeof(*s))) == NULL)
		return (NULL);
	if ((s->out = get_outbox(pool)) == NULL) {
		free(s);
		return (NULL);
	}
	if ((s->fd = udp_connect(to)) == -1) {
		put_outbox(pool, s->out);
		free(s);
		return (NULL);
	}
	s->pool = pool;
	s->busy = false;
	s->to = *to;
	s->n = s->n_waiting = 0;
	event_assign(&s->ev, pool->base, s->fd, EV_READ | EV_PERSIST,
	    on_readable, s);
	TAILQ_INSERT_HEAD(&pool->filling, s, next);
	return (s);
}

/* Find a socket of this turn to this server with a free slot, or open one. */
static struct upstream_udp_socket *
get_socket(struct upstream_udp *pool, const struct sockaddr_storage *to)
{
	struct upstream_udp_socket *s;

	TAILQ_FOREACH(s, &pool->filling, next) {
		if (s->n < UPSTREAM_UDP_BATCH && sockaddr_equal(&s->to, to))
			return (s);
	}
	return (open_socket(pool, to));
}

int
upstream_udp_ask(struct upstream_udp *pool, struct upstream_udp_query *q,
    const struct sockaddr_storage *to, const uint8_t *query, size_t len)
{
	struct upstream_udp_socket *s;
	uint16_t id;

	if ((s = get_socket(pool, to)) == NULL)
		return (-1);
	do {
		id = (uint16_t)rng_next(pool->rng);
	} while (find_id(s, id) != s->n);
	memcpy(s->out->query[s->n].wire, query, len);
	put16(s->out->query[s->n].wire, id);
	s->out->query[s->n].len = len;
	s->id[s->n] = id;
	s->query[s->n] = q;
	q->socket = s;
	q->slot = s->n++;
	if (s->n_waiting++ == 0)
		event_active(&pool->flush, EV_TIMEOUT, 0);
	return (0);
}

void
upstream_udp_end(struct upstream_udp_query *q)
{
	struct upstream_udp_socket *s = q->socket;

	if (s == NULL)
		return;
	q->socket = NULL;
	s->query[q->slot] = NULL;
	s->n_waiting--;
	free_if_over(s);
}

/*
 * Send the queries that have not ended, and mark those that the system
 * refuses. Returns false on ECONNREFUSED, which is an ICMP error about a
 * datagram that was sent before.
 */
static bool
send_batch(const struct upstream_udp_socket *s, bool *unsent)
{
	struct iovec v[UPSTREAM_UDP_BATCH];
	unsigned slot[UPSTREAM_UDP_BATCH];
	unsigned i, sent, n = 0;

	for (i = 0; i < s->n; i++) {
		if (s->query[i] == NULL)
			continue;
		slot[n] = i;
		v[n].iov_base = s->out->query[i].wire;
		v[n++].iov_len = s->out->query[i].len;
	}
	for (i = 0; i<n; i += sent> 0 ? sent : 1) {
		sent = udp_write(s->fd, v + i, n - i, &s->pool->grouping);
		if (sent > 0)
			continue;
		if (errno == ECONNREFUSED)
			return (false);
		unsent[slot[i]] = true;
	}
	return (true);
}

static void
flush(struct upstream_udp_socket *s)
{
	bool unsent[UPSTREAM_UDP_BATCH] = { false };
	bool reached = send_batch(s, unsent);
	unsigned i;

	stop_filling(s);
	if (!reached)
		report_all(s, UPSTREAM_UDP_REJECTED);
	for (i = 0; i < s->n; i++) {
		if (unsent[i] && s->query[i] != NULL)
			s->pool->report(s->query[i], UPSTREAM_UDP_UNSENT, NULL,
			    0);
	}
	if (s->n_waiting > 0 && event_add(&s->ev, NULL) == -1)
		report_all(s, UPSTREAM_UDP_UNSENT);
}

static void
on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_udp *pool = arg;
	struct upstream_udp_socket *s;

	(void)fd;
	(void)what;
	while ((s = TAILQ_FIRST(&pool->filling)) != NULL) {
		s->busy = true;
		flush(s);
		s->busy = false;
		free_if_over(s);
	}
}
