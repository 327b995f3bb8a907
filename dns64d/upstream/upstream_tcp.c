#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/net/addr.h"
#include "common/monotime.h"

#include "dns64d/base/loop.h"
#include "dns64d/wire/msg.h"
#include "dns64d/base/stats.h"
#include "dns64d/os/udp.h"
#include "upstream_tcp.h"

#define LENGTH 2 /* octets before each message */

TAILQ_HEAD(exchanges, upstream_tcp);

/*
 * The states of a connection:
 *
 * idle      n_waiting is 0; the idle timer runs and leads to closed. send_on()
 *           leads to busy. open_conn() leads here, connected or not: what is
 *           written before is sent when the connection is established.
 * busy      n_waiting > 0; the idle timer is off. The last answer, or
 *           upstream_tcp_free(), leads to idle.
 * stalled   stalled is set, by check_stall(): no query is sent on it, and
 *           the idle timer, which is active, leads to closed.
 * closed    bev is NULL; not in pool->conns. Exists only while close_conn()
 *           sends its queries again. Only waiting and n_waiting may change.
 *
 * Errors and the end of the stream lead from each of them to closed.
 */
struct upstream_tcp_conn {
	TAILQ_ENTRY(upstream_tcp_conn) next;
	struct upstream_pool *pool;
	struct sockaddr_storage to;
	struct bufferevent *bev; /* NULL: closed */
	struct event idle;
	struct exchanges waiting; /* for answers, oldest first */
	unsigned n_waiting;
	uint64_t n_answers; /* received so far */
	bool stalled;
	bool reading; /* on_readable is running: must not be closed */
};

/*
 * A query and its answer (exchange). Its states:
 *
 * waiting   conn is set; in conn->waiting. send_on() leads here, also from one
 *           connection to another when that closes. deliver(), close_conn()
 *           and make_room() lead to over and call done.
 * over      conn is NULL; answer is what done was called with. Nothing changes
 *           any more.
 *
 * upstream_tcp_free() frees it in both.
 */
struct upstream_tcp {
	TAILQ_ENTRY(upstream_tcp) next;
	struct fairness_item place; /* in pool->fairness */
	struct fairness_client asker;
	struct upstream_pool *pool;
	struct upstream_tcp_conn *conn; /* NULL: not waiting */
	unsigned max_conns;
	bool again; /* was sent a second time */
	struct monotime sent_at;
	uint64_t n_answers; /* conn->n_answers when it was sent */
	upstream_tcp_fn *done;
	void *arg;
	uint8_t *answer;
	size_t len;
	uint8_t query[LENGTH + MSG_QUERY_MAX]; /* as it is sent */
};

static void close_conn(struct upstream_tcp_conn *);

int
upstream_pool_init(struct upstream_pool *pool, struct event_base *base,
    struct stats *stats)
{
	struct siphash_key key;

	pool->base = base;
	pool->stats = stats;
	pool->n_conns = pool->n_exchanges = 0;
	TAILQ_INIT(&pool->conns);
	pool->shedding = false;
	arc4random_buf(&key, sizeof(key));
	if ((pool->fairness = fairness_new(&key)) == NULL)
		return (-1);
	pool->idle_delay = loop_delay(base, UPSTREAM_TCP_IDLE_SECS * 1000);
	return (pool->idle_delay != NULL ? 0 : -1);
}

void
upstream_pool_clear(struct upstream_pool *pool)
{
	struct upstream_tcp_conn *c;

	while ((c = TAILQ_FIRST(&pool->conns)) != NULL)
		close_conn(c);
	fairness_free(pool->fairness);
}

/* Stop waiting. */
static void
detach(struct upstream_tcp *x)
{
	struct upstream_tcp_conn *c = x->conn;

	x->conn = NULL;
	TAILQ_REMOVE(&c->waiting, x, next);
	c->n_waiting--;
	if (c->bev != NULL && c->n_waiting == 0 && !c->stalled)
		event_add(&c->idle, c->pool->idle_delay);
}

static struct upstream_tcp *
find_exchange(const struct upstream_tcp_conn *c, uint16_t id)
{
	struct upstream_tcp *x;

	TAILQ_FOREACH(x, &c->waiting, next) {
		if (get16(x->query + LENGTH) == id)
			break;
	}
	return (x);
}

/*
 * Take a message of len octets from in and report it. If memory is short, done
 * is told that there is no answer.
 */
static void
deliver(struct upstream_tcp_conn *c, struct evbuffer *in, size_t len)
{
	uint8_t id[2] = { 0, 0 };
	struct upstream_tcp *x;

	c->n_answers++;
	if (len < sizeof(id) ||
	    evbuffer_copyout(in, id, sizeof(id)) < (ssize_t)sizeof(id) ||
	    (x = find_exchange(c, get16(id))) == NULL) {
		stats_count(c->pool->stats, STAT_UP_MISMATCH);
		evbuffer_drain(in, len);
		return;
	}
	detach(x);
	if ((x->answer = malloc(len)) != NULL)
		evbuffer_copyout(in, x->answer, len);
	x->len = len;
	evbuffer_drain(in, len);
	x->done(x->arg, x->answer, x->len);
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	struct upstream_tcp_conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	uint8_t head[LENGTH];
	size_t len;

	c->reading = true;
	while (evbuffer_copyout(in, head, sizeof(head)) ==
	    (ssize_t)sizeof(head)) {
		len = get16(head);
		if (evbuffer_get_length(in) < sizeof(head) + len)
			break;
		evbuffer_drain(in, sizeof(head));
		deliver(c, in, len);
	}
	c->reading = false;
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	close_conn(arg);
}

static void
on_idle(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	close_conn(arg);
}

/* TCP_NODELAY: a query must not wait for the ACK of the one before. */
static int
connect_to(const struct sockaddr_storage *to)
{
	int fd, on = 1;

	fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1)
		return (-1);
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
	    (connect(fd, (const struct sockaddr *)to, udp_addrlen(to)) == 0 ||
		errno == EINPROGRESS))
		return (fd);
	close(fd);
	return (-1);
}

/* Whether another connection may be opened. Closes an idle one for it. */
static bool
has_room(struct upstream_pool *pool)
{
	struct upstream_tcp_conn *c;

	if (pool->n_conns < UPSTREAM_TCP_CONNS)
		return (true);
	TAILQ_FOREACH(c, &pool->conns, next) {
		if (c->n_waiting > 0 || c->reading)
			continue;
		close_conn(c);
		return (true);
	}
	return (false);
}

static struct upstream_tcp_conn *
open_conn(struct upstream_pool *pool, const struct sockaddr_storage *to)
{
	struct upstream_tcp_conn *c;
	int fd;

	if (!has_room(pool) || (c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	if ((fd = connect_to(to)) == -1)
		goto fail;
	c->bev = bufferevent_socket_new(pool->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		close(fd);
		goto fail;
	}
	bufferevent_setcb(c->bev, on_readable, NULL, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, LENGTH + MSG_MAX);
	if (bufferevent_enable(c->bev, EV_READ) == -1) {
		bufferevent_free(c->bev);
		goto fail;
	}
	c->pool = pool;
	c->to = *to;
	TAILQ_INIT(&c->waiting);
	event_assign(&c->idle, pool->base, -1, 0, on_idle, c);
	event_add(&c->idle, pool->idle_delay);
	TAILQ_INSERT_TAIL(&pool->conns, c, next);
	pool->n_conns++;
	return (c);

fail:
	free(c);
	return (NULL);
}

/* Count the queries of other clients that wait on a connection. */
static unsigned
count_others(const struct upstream_tcp_conn *c,
    const struct fairness_client *asker)
{
	const struct upstream_tcp *x;
	unsigned n = 0;

	TAILQ_FOREACH(x, &c->waiting, next)
		n += memcmp(&x->asker, asker, sizeof(*asker)) != 0;
	return (n);
}

/*
 * Whether all queries on a connection are of the client that has most
 * exchanges, and the oldest has waited for UPSTREAM_TCP_SLOW_MS.
 */
static bool
is_held_up(const struct upstream_tcp_conn *c, struct monotime now)
{
	const unsigned most = fairness_most(c->pool->fairness);
	const struct upstream_tcp *x, *first = TAILQ_FIRST(&c->waiting);

	if (c->reading || first == NULL ||
	    monotime_diff_ms(now, first->sent_at) < UPSTREAM_TCP_SLOW_MS)
		return (false);
	TAILQ_FOREACH(x, &c->waiting, next) {
		if (fairness_count_of(&x->place) < most)
			return (false);
	}
	return (true);
}

/* Close such a connection for a client that has fewer exchanges. */
static bool
close_held_up(struct upstream_pool *pool, const struct sockaddr_storage *to,
    const struct fairness_client *asker)
{
	const struct monotime now = monotime_now();
	struct upstream_tcp_conn *c;
	struct upstream_tcp *x;

	if (pool->shedding ||
	    fairness_count(pool->fairness, asker) + 1 >=
		fairness_most(pool->fairness))
		return (false);
	TAILQ_FOREACH(c, &pool->conns, next) {
		if (sockaddr_equal(&c->to, to) && is_held_up(c, now))
			break;
	}
	if (c == NULL)
		return (false);
	TAILQ_FOREACH(x, &c->waiting, next)
		x->again = true;
	pool->shedding = true;
	close_conn(c);
	pool->shedding = false;
	return (true);
}

/*
 * Choose a connection: an idle one, a new one, or the one with the fewest
 * queries of other clients and then in total. fresh: a new one if possible.
 */
static struct upstream_tcp_conn *
get_conn(struct upstream_pool *pool, const struct sockaddr_storage *to,
    unsigned max_conns, bool fresh, const struct fairness_client *asker)
{
	struct upstream_tcp_conn *c, *best = NULL;
	unsigned others, least = 0, n = 0;

	TAILQ_FOREACH(c, &pool->conns, next) {
		if (c->stalled || !sockaddr_equal(&c->to, to))
			continue;
		n++;
		others = count_others(c, asker);
		if (best == NULL || others < least ||
		    (others == least && c->n_waiting < best->n_waiting)) {
			best = c;
			least = others;
		}
	}
	if (n >= max_conns && least > 0 && close_held_up(pool, to, asker))
		return (open_conn(pool, to));
	if (n < max_conns && (fresh || best == NULL || best->n_waiting > 0)) {
		if ((c = open_conn(pool, to)) != NULL)
			return (c);
	}
	return (best);
}

/* Length and query are sent in one write (RFC 7766, 8). */
static int
send_on(struct upstream_tcp_conn *c, struct upstream_tcp *x)
{
	uint16_t id;

	do {
		id = arc4random();
	} while (find_exchange(c, id) != NULL);
	put16(x->query + LENGTH, id);
	if (bufferevent_write(c->bev, x->query, LENGTH + get16(x->query)) ==
	    -1)
		return (-1);
	event_del(&c->idle);
	TAILQ_REMOVE(&c->pool->conns, c, next);
	TAILQ_INSERT_TAIL(&c->pool->conns, c, next);
	TAILQ_INSERT_TAIL(&c->waiting, x, next);
	c->n_waiting++;
	x->conn = c;
	x->sent_at = monotime_now();
	x->n_answers = c->n_answers;
	return (0);
}

static int
send_again(struct upstream_tcp *x, const struct sockaddr_storage *to)
{
	struct upstream_tcp_conn *c;

	if (x->again)
		return (-1);
	x->again = true;
	c = get_conn(x->pool, to, x->max_conns, true, &x->asker);
	return (c != NULL ? send_on(c, x) : -1);
}

/*
 * done of an exchange may free other exchanges of this connection, but cannot
 * send on it, because it is no longer in pool->conns.
 */
static void
close_conn(struct upstream_tcp_conn *c)
{
	struct upstream_tcp *x;

	TAILQ_REMOVE(&c->pool->conns, c, next);
	c->pool->n_conns--;
	event_del(&c->idle);
	bufferevent_free(c->bev);
	c->bev = NULL;
	while ((x = TAILQ_FIRST(&c->waiting)) != NULL) {
		detach(x);
		if (send_again(x, &c->to) == -1)
			x->done(x->arg, NULL, 0);
	}
	free(c);
}

/* End the oldest exchange of the client that has most, if not the asker. */
static bool
make_room(struct upstream_pool *pool, const struct fairness_client *asker)
{
	struct fairness_item *place = fairness_heaviest(pool->fairness);
	struct upstream_tcp *x;

	if (pool->shedding || place == NULL ||
	    fairness_count(pool->fairness, asker) >=
		fairness_most(pool->fairness))
		return (false);
	x = (void *)((char *)place - offsetof(struct upstream_tcp, place));
	if (x->conn == NULL)
		return (false);
	detach(x);
	pool->shedding = true;
	x->done(x->arg, NULL, 0);
	pool->shedding = false;
	return (pool->n_exchanges < UPSTREAM_TCP_MAX);
}

struct upstream_tcp *
upstream_tcp_ask(struct upstream_pool *pool, const struct sockaddr_storage *to,
    unsigned max_conns, const struct fairness_client *asker,
    const uint8_t *query, size_t len, upstream_tcp_fn *done, void *arg)
{
	struct upstream_tcp_conn *c;
	struct upstream_tcp *x;

	if ((pool->n_exchanges >= UPSTREAM_TCP_MAX &&
		!make_room(pool, asker)) ||
	    (c = get_conn(pool, to, max_conns, false, asker)) == NULL ||
	    (x = calloc(1, sizeof(*x))) == NULL)
		return (NULL);
	x->pool = pool;
	x->asker = *asker;
	x->max_conns = max_conns;
	x->done = done;
	x->arg = arg;
	put16(x->query, len);
	memcpy(x->query + LENGTH, query, len);
	if (send_on(c, x) == -1) {
		free(x);
		return (NULL);
	}
	fairness_join(pool->fairness, &x->place, asker);
	pool->n_exchanges++;
	return (x);
}

/*
 * A query is given up. When it waited for long, and no answer has come since
 * it was sent, the connection is closed. This happens in the event loop,
 * because done of its other exchanges may be called.
 */
static void
check_stall(const struct upstream_tcp *x)
{
	struct upstream_tcp_conn *c = x->conn;

	if (c->bev == NULL || c->n_answers != x->n_answers ||
	    monotime_diff_ms(monotime_now(), x->sent_at) <
		UPSTREAM_TCP_STALL_MS)
		return;
	c->stalled = true;
	event_active(&c->idle, EV_TIMEOUT, 0);
}

void
upstream_tcp_free(struct upstream_tcp *x)
{
	if (x == NULL)
		return;
	if (x->conn != NULL) {
		check_stall(x);
		detach(x);
	}
	fairness_leave(x->pool->fairness, &x->place);
	x->pool->n_exchanges--;
	free(x->answer);
	free(x);
}
