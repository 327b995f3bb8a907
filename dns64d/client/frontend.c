#define _GNU_SOURCE /* accept4 */

#include <sys/queue.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/os/log.h"
#include "common/net/scoped_addr.h"

#include "dns64d/conf/conf.h"
#include "frontend.h"
#include "frontend_tcp.h"
#include "listen.h"
#include "dns64d/os/activation.h"
#include "dns64d/admission/refusals.h"
#include "dns64d/base/stats.h"
#include "dns64d/local/zone.h"

#define DRAIN_BATCHES 8 /* per listener in one turn of the event loop */
#define ACCEPT_BATCH 16
#define ACCEPT_PAUSE_SECS 1 /* when there are no descriptors left */

/*
 * A listener for one address of the configuration. Its states:
 *
 * waiting   udp and tcp are -1: the address or its interface does not exist,
 *           or they could not be opened. frontend_follow() tries again and
 *           leads to open.
 * open      udp and tcp are bound; the events are assigned once started is
 *           set. frontend_follow() leads to waiting when the interface has
 *           gone or has another index.
 * closed    closed is set; not in fe->listeners, udp and tcp are -1. Only
 *           n_pending may change; freed when it is 0.
 *
 * open_listener() makes one that is open or waiting; close_listener() leads
 * from both to closed.
 */
struct listener {
	TAILQ_ENTRY(listener) next;
	struct frontend *fe;
	struct scoped_addr addr;
	unsigned how;	  /* LISTEN_ bits */
	uint32_t ifindex; /* of its zone; 0: no zone, or no such interface */
	int udp;	  /* -1: not open */
	int tcp;
	struct event udp_ev;
	struct event tcp_ev;
	struct event flush_ev;
	struct event resume_ev;
	bool started;
	bool closed;
	int logged; /* errno that was logged last; 0: none */
	bool fresh; /* added by frontend_prepare, not committed */
	unsigned n_pending;
	bool receiving;	      /* on_datagrams is running, and will flush */
	struct udp_batch out; /* answers that are sent together */
};

TAILQ_HEAD(listeners, listener);

struct frontend {
	struct event_base *base; /* NULL until started */
	struct stats *stats;
	frontend_query_fn *handler;
	void *arg;
	bool first;
	bool stopped; /* frontend_stop was called */
	struct listeners listeners;
	struct access access;
	struct refusals refusals;
	struct tcp_front tcp;
	struct udp_batch in;
};

struct frontend *
frontend_new(struct stats *stats, frontend_query_fn *handler, void *arg,
    bool first)
{
	struct frontend *fe;

	if ((fe = calloc(1, sizeof(*fe))) == NULL)
		return (NULL);
	fe->stats = stats;
	fe->handler = handler;
	fe->arg = arg;
	fe->first = first;
	TAILQ_INIT(&fe->listeners);
	if (tcp_front_init(&fe->tcp) == -1) {
		free(fe);
		return (NULL);
	}
	fe->tcp.stats = stats;
	fe->tcp.handler = handler;
	fe->tcp.arg = arg;
	fe->tcp.access = &fe->access;
	fe->tcp.refusals = &fe->refusals;
	return (fe);
}

static void
free_when_done(struct listener *l)
{
	if (l->closed && l->n_pending == 0)
		free(l);
}

static void
close_sockets(struct listener *l)
{
	if (l->udp != -1)
		close(l->udp);
	if (l->tcp != -1)
		close(l->tcp);
	l->udp = l->tcp = -1;
	l->out.n = 0;
}

/* Answers to queries that were received before are dropped from now on. */
static void
stop_sockets(struct listener *l)
{
	if (l->started && l->udp != -1) {
		event_del(&l->udp_ev);
		event_del(&l->tcp_ev);
		event_del(&l->flush_ev);
		event_del(&l->resume_ev);
	}
	close_sockets(l);
}

static void
close_listener(struct listener *l)
{
	stop_sockets(l);
	l->closed = true;
	TAILQ_REMOVE(&l->fe->listeners, l, next);
	free_when_done(l);
}

static void
flush(struct listener *l)
{
	unsigned lost;

	if (l->out.n == 0)
		return;
	for (lost = udp_send(l->udp, &l->out); lost > 0; lost--)
		stats_count(l->fe->stats, STAT_REPLY_ERRORS);
}

static void
on_flush(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush(arg);
}

static void
receive_batch(struct listener *l)
{
	struct frontend *fe = l->fe;
	struct client client = { .listener = l };
	unsigned i;

	udp_recv(l->udp, &fe->in);
	for (i = 0; i < fe->in.n; i++) {
		client.path = fe->in.msg[i].path;
		client.access = access_check(&fe->access, &client.path.peer);
		l->n_pending++;
		fe->handler(fe->arg, &client, fe->in.msg[i].data,
		    fe->in.msg[i].len);
	}
}

/* Answers that are known at once are sent after each batch of queries. */
static void
on_datagrams(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	unsigned i;

	(void)fd;
	(void)what;
	l->receiving = true;
	for (i = 0; i < DRAIN_BATCHES; i++) {
		receive_batch(l);
		flush(l);
		if (l->fe->in.n < UDP_BATCH)
			break;
	}
	l->receiving = false;
}

/* While there is no descriptor for accept(), the event would stay active. */
static void
pause_accept(struct listener *l)
{
	struct timeval tv = { ACCEPT_PAUSE_SECS, 0 };

	event_del(&l->tcp_ev);
	event_add(&l->resume_ev, &tv);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	event_add(&l->tcp_ev, NULL);
}

static void
on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	struct sockaddr_storage peer;
	socklen_t len;
	int i, conn;

	(void)what;
	for (i = 0; i < ACCEPT_BATCH; i++) {
		len = sizeof(peer);
		conn = accept4(fd, (struct sockaddr *)&peer, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (conn == -1)
			break;
		tcp_front_add(&l->fe->tcp, conn, &peer, &l->addr);
	}
	if (i < ACCEPT_BATCH &&
	    (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		errno == ENOMEM))
		pause_accept(l);
}

/* Start to receive, if the sockets are open. */
static int
start_listener(struct listener *l)
{
	struct event_base *base = l->fe->base;

	l->started = true;
	if (l->udp == -1)
		return (0);
	event_assign(&l->udp_ev, base, l->udp, EV_READ | EV_PERSIST,
	    on_datagrams, l);
	event_assign(&l->tcp_ev, base, l->tcp, EV_READ | EV_PERSIST,
	    on_connection, l);
	event_assign(&l->flush_ev, base, -1, 0, on_flush, l);
	event_assign(&l->resume_ev, base, -1, 0, on_resume, l);
	if (l->fe->stopped)
		return (0);
	if (event_add(&l->udp_ev, NULL) == -1)
		return (-1);
	return (event_add(&l->tcp_ev, NULL));
}

/* What the administrator can do about an error. */
static const char *
remedy(int error)
{
	switch (error) {
	case EACCES:
		return (": a port below 1024 needs root or "
			"CAP_NET_BIND_SERVICE");
	case EADDRINUSE:
		return (": another server uses it: stop that, or give it "
			"another address");
	default:
		return ("");
	}
}

/* Whether the address or its interface does not exist, but may later. */
static bool
is_absent(int error)
{
	return (error == EADDRNOTAVAIL || error == ENODEV || error == ENXIO);
}

/* Returns 0; -1 with errno after a log message, and then both are -1. */
static int
open_sockets(struct listener *l, unsigned how)
{
	struct sockaddr_storage ss;
	char buf[SCOPED_ADDR_STRLEN];
	int error;

	scoped_addr_resolve(&l->addr, l->ifindex, &ss);
	if ((l->udp = listen_udp(&ss, how)) != -1 &&
	    (l->tcp = listen_tcp(&ss, how)) != -1) {
		l->logged = 0;
		return (0);
	}
	error = errno;
	if (!is_absent(error) && error != l->logged)
		log_err("listen on %s: %s: %s%s",
		    scoped_addr_print(&l->addr, buf, sizeof(buf)),
		    l->udp == -1 ? "udp" : "tcp", strerror(error),
		    remedy(error));
	close_sockets(l);
	l->logged = is_absent(error) ? 0 : error;
	errno = error;
	return (-1);
}

/*
 * With SO_REUSEPORT another process of our user could share the address as
 * our workers do. Opening sockets without it first shows whether one does.
 * Sockets of a service manager may be shared.
 */
static int
claim_address(struct listener *l)
{
	struct sockaddr_storage ss;

	scoped_addr_resolve(&l->addr, l->ifindex, &ss);
	if (activation_has(SOCK_DGRAM, &ss))
		return (0);
	if (open_sockets(l, l->how & ~LISTEN_SHARED) == -1)
		return (-1);
	close_sockets(l);
	return (0);
}

/*
 * Open both sockets, or leave the listener waiting for its address or
 * interface. Returns 0, or -1 after a log message.
 */
static int
open_or_wait(struct listener *l)
{
	l->ifindex = zone_index(&l->addr);
	if (scoped_addr_has_zone(&l->addr) && l->ifindex == 0)
		return (0);
	if ((l->how & LISTEN_SHARED) != 0 && l->fe->first &&
	    claim_address(l) == -1)
		return (is_absent(errno) ? 0 : -1);
	if (open_sockets(l, l->how) == -1)
		return (is_absent(errno) ? 0 : -1);
	return (0);
}

static struct listener *
open_listener(struct frontend *fe, const struct scoped_addr *addr,
    unsigned how)
{
	char buf[SCOPED_ADDR_STRLEN];
	struct listener *l;

	if ((l = calloc(1, sizeof(*l))) == NULL) {
		log_err("listen on %s: %s",
		    scoped_addr_print(addr, buf, sizeof(buf)),
		    strerror(errno));
		return (NULL);
	}
	l->fe = fe;
	l->addr = *addr;
	l->how = how;
	l->udp = l->tcp = -1;
	if (open_or_wait(l) == -1) {
		free(l);
		return (NULL);
	}
	return (l);
}

static struct listener *
find_listener(const struct frontend *fe, const struct scoped_addr *addr)
{
	struct listener *l;

	TAILQ_FOREACH(l, &fe->listeners, next) {
		if (scoped_addr_equal(&l->addr, addr))
			break;
	}
	return (l);
}

static int
open_missing(struct frontend *fe, const struct conf *conf)
{
	const struct conf_addrs *addrs = &conf->listens;
	const unsigned shared = conf->workers > 1 ? LISTEN_SHARED : 0;
	struct listener *l;
	size_t i;

	for (i = 0; i < addrs->n; i++) {
		if (find_listener(fe, &addrs->v[i]) != NULL)
			continue;
		l = open_listener(fe, &addrs->v[i],
		    shared | (addrs->freebind[i] ? LISTEN_FREEBIND : 0));
		if (l == NULL)
			return (-1);
		l->fresh = true;
		TAILQ_INSERT_TAIL(&fe->listeners, l, next);
		if (fe->base != NULL && start_listener(l) == -1) {
			log_err("listen: %s", strerror(errno));
			return (-1);
		}
	}
	return (0);
}

void
frontend_abandon(struct frontend *fe)
{
	struct listener *l, *next;

	TAILQ_FOREACH_SAFE(l, &fe->listeners, next, next) {
		if (l->fresh)
			close_listener(l);
	}
}

int
frontend_prepare(struct frontend *fe, const struct conf *conf)
{
	int error;

	if (open_missing(fe, conf) == -1) {
		error = errno;
		frontend_abandon(fe);
		errno = error;
		return (-1);
	}
	return (0);
}

void
frontend_commit(struct frontend *fe, const struct conf *conf)
{
	struct listener *l, *next;

	TAILQ_FOREACH_SAFE(l, &fe->listeners, next, next) {
		l->fresh = false;
		if (conf_find_addr(&conf->listens, &l->addr) == -1)
			close_listener(l);
	}
	fe->access.rules = conf->acl;
	fe->tcp.conf = conf;
}

void
frontend_connect(struct frontend *fe, const struct acl *connected)
{
	fe->access.connected = connected;
}

int
frontend_start(struct frontend *fe, struct event_base *base)
{
	struct listener *l;

	fe->base = base;
	fe->tcp.base = base;
	TAILQ_FOREACH(l, &fe->listeners, next) {
		if (start_listener(l) == -1)
			return (-1);
	}
	return (0);
}

void
frontend_stop(struct frontend *fe)
{
	struct listener *l;

	fe->stopped = true;
	TAILQ_FOREACH(l, &fe->listeners, next) {
		if (!l->started || l->udp == -1)
			continue;
		event_del(&l->udp_ev);
		event_del(&l->tcp_ev);
		event_del(&l->resume_ev);
	}
}

unsigned
frontend_unsent(const struct frontend *fe)
{
	return (tcp_front_unsent(&fe->tcp));
}

void
frontend_follow(struct frontend *fe)
{
	struct listener *l;

	TAILQ_FOREACH(l, &fe->listeners, next) {
		if (l->udp != -1 && zone_index(&l->addr) == l->ifindex)
			continue;
		stop_sockets(l);
		if (open_or_wait(l) == -1)
			continue;
		if (start_listener(l) == -1)
			log_err("listen: out of memory");
	}
}

void
frontend_free(struct frontend *fe)
{
	struct listener *l, *next;

	if (fe == NULL)
		return;
	TAILQ_FOREACH_SAFE(l, &fe->listeners, next, next) {
		if (l->started)
			flush(l);
		close_listener(l);
	}
	tcp_front_clear(&fe->tcp);
	free(fe);
}

const struct sockaddr_storage *
frontend_peer(const struct client *client)
{
	if (client->inside != NULL)
		return (&client->inside->peer);
	return (client->tcp != NULL ? tcp_client_peer(client->tcp) :
				      &client->path.peer);
}

const struct scoped_addr *
frontend_asked(const struct client *client)
{
	if (client->inside != NULL)
		return (&client->inside->asked);
	return (client->tcp != NULL ? tcp_client_asked(client->tcp) :
				      &client->listener->addr);
}

uint8_t *
frontend_room(const struct client *client)
{
	struct listener *l = client->listener;

	if (client->inside != NULL)
		return (client->inside->room);
	if (client->tcp != NULL)
		return (tcp_client_front(client->tcp)->out + 2);
	if (l->out.n == UDP_BATCH)
		flush(l);
	return (l->out.msg[l->out.n].data);
}

size_t
frontend_room_size(const struct client *client)
{
	return (client_is_udp(client) ? UDP_PAYLOAD : MSG_MAX);
}

/*
 * An answer is sent together with the others to the same batch of queries, or
 * else by the flush event, which runs after the events that are active now.
 */
void
frontend_send(const struct client *client, size_t len)
{
	struct listener *l = client->listener;

	if (client->inside != NULL) {
		client->inside->done(client->inside, client->inside->room,
		    len);
		return;
	}
	if (client->tcp != NULL) {
		tcp_client_send(client->tcp, len);
		return;
	}
	if (l->udp != -1) {
		l->out.msg[l->out.n].path = client->path;
		l->out.msg[l->out.n].len = len;
		if (l->out.n++ == 0 && !l->receiving)
			event_active(&l->flush_ev, EV_TIMEOUT, 0);
	}
	frontend_drop(client);
}

void
frontend_refuse(const struct client *client)
{
	if (client->access == ACCESS_UNKNOWN && client->inside == NULL)
		refusals_note(client->tcp != NULL ?
			tcp_client_front(client->tcp)->refusals :
			&client->listener->fe->refusals,
		    frontend_peer(client));
}

void
frontend_each_tcp(const struct frontend *fe,
    void (*fn)(void *arg, const struct sockaddr_storage *client), void *arg)
{
	tcp_front_each(&fe->tcp, fn, arg);
}

enum access_verdict
frontend_access(const struct frontend *fe,
    const struct sockaddr_storage *client)
{
	return (access_check(&fe->access, client));
}

struct refusals *
frontend_refusals(struct frontend *fe)
{
	return (&fe->refusals);
}

void
frontend_drop(const struct client *client)
{
	if (client->inside != NULL) {
		client->inside->done(client->inside, NULL, 0);
		return;
	}
	if (client->tcp != NULL) {
		tcp_client_drop(client->tcp);
		return;
	}
	client->listener->n_pending--;
	free_when_done(client->listener);
}
