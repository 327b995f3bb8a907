#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/os/freebind.h"
#include "common/os/log.h"
#include "common/os/timer.h"

#include "engine.h"
#include "nat64d/core/nat64_pcp.h"
#include "nat64d/core/nat64_role.h"
#include "pcpsock.h"

/* Requests that are answered in one turn of the event loop. */
#define MAX_REQUESTS 32

/*
 * An announcement is sent so often, FIRST_MS after the first one and then after
 * twice as long each time (RFC 6887, 14.1.3).
 */
#define N_ANNOUNCEMENTS 6
#define FIRST_MS 250

struct listener {
	struct pcpsock *p;
	struct pcp_listen at;
	struct event *event; /* NULL: there is none */
	int fd;
};

struct pcpsock {
	struct engine *engine;
	struct watch *watch;
	struct listener listeners[CONF_MAX_PCP];
	struct event *timer;
	unsigned n_announced;
};

/* --- requests --- */

static void
answer(const struct listener *l, struct sockaddr_in6 *from, socklen_t from_len,
    const uint8_t *data, size_t len)
{
	struct nat64 *n = engine_nat64(l->p->engine);
	uint8_t out[PCP_MAX];

	len = nat64_pcp_input(n, &from->sin6_addr, data, len, out,
	    monotime_now());
	/* One that cannot be sent now will be asked for again. */
	if (len > 0)
		(void)sendto(l->fd, out, len, MSG_DONTWAIT,
		    (const struct sockaddr *)from, from_len);
}

static void
readable(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	struct sockaddr_in6 from;
	/* Longer than any request: a longer one is seen to be too long. */
	uint8_t data[PCP_MAX + 4];
	socklen_t size;
	ssize_t len;
	int i;

	(void)what;
	for (i = 0; i < MAX_REQUESTS; i++) {
		size = sizeof(from);
		len = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT,
		    (struct sockaddr *)&from, &size);
		if (len == -1)
			break;
		answer(l, &from, size, data, (size_t)len);
	}
	engine_restored(l->p->engine);
}

/* --- announcements --- */

/* The interface of an address. */
struct search {
	const struct in6_addr *addr;
	unsigned ifindex;
};

static void
compare(void *arg, const struct hostaddr *a)
{
	struct search *s = arg;

	if (IN6_ARE_ADDR_EQUAL(&a->v6, s->addr))
		s->ifindex = a->ifindex;
}

static void
announce_on(const struct listener *l, const uint8_t *out, size_t len)
{
	struct search s = { .addr = &l->at.addr };
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
		.sin6_port = htons(PCP_CLIENT_PORT) };

	(void)hostwatch_addrs(watch_host(l->p->watch), AF_INET6, compare, &s);
	if (s.ifindex == 0)
		return;
	/* All nodes of the link. */
	inet_pton(AF_INET6, "ff02::1", &to.sin6_addr);
	to.sin6_scope_id = s.ifindex;
	(void)sendto(l->fd, out, len, MSG_DONTWAIT,
	    (const struct sockaddr *)&to, sizeof(to));
}

static void
announce(evutil_socket_t fd, short what, void *arg)
{
	struct pcpsock *p = arg;
	const struct nat64 *n = engine_nat64(p->engine);
	uint8_t out[PCP_MAX];
	struct listener *l;
	size_t len;

	(void)fd;
	(void)what;
	/* At standby nobody would answer. */
	if (nat64_role(n) == NAT64_ROLE_STANDBY)
		return;
	len = nat64_pcp_announce(n, out, monotime_now());
	for (l = p->listeners; l < p->listeners + CONF_MAX_PCP; l++)
		if (l->event != NULL)
			announce_on(l, out, len);
	if (++p->n_announced < N_ANNOUNCEMENTS)
		timer_start(p->timer, FIRST_MS << (p->n_announced - 1));
}

/* Another epoch has begun; a nat64_restart_fn. */
static void
restarted(void *arg)
{
	struct pcpsock *p = arg;

	p->n_announced = 0;
	timer_start(p->timer, 0);
}

/* --- sockets --- */

/* A bound socket, or -1 with errno. */
static int
open_socket(const struct pcp_listen *at)
{
	const struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
		.sin6_addr = at->addr,
		.sin6_port = htons(at->port) };
	const int on = 1;
	int fd, saved_errno;

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return (-1);
	/* Without the right to it, the address has to be there. */
	(void)freebind_allow(fd, AF_INET6);
	/* The port is shared with the process that takes over from us. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0 &&
	    bind(fd, (const struct sockaddr *)&sin6, sizeof(sin6)) == 0)
		return (fd);
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return (-1);
}

static int
begin(struct pcpsock *p, const struct pcp_listen *at, struct listener *l)
{
	l->fd = open_socket(at);
	if (l->fd == -1)
		return (-1);
	l->p = p;
	l->at = *at;
	l->event = event_new(engine_base(p->engine), l->fd,
	    EV_READ | EV_PERSIST, readable, l);
	if (l->event != NULL && event_add(l->event, NULL) == 0)
		return (0);
	if (l->event != NULL)
		event_free(l->event);
	l->event = NULL;
	close(l->fd);
	errno = ENOMEM;
	return (-1);
}

static void
end(struct listener *l)
{
	if (l->event == NULL)
		return;
	event_free(l->event);
	l->event = NULL;
	close(l->fd);
}

static bool
is_same(const struct pcp_listen *a, const struct pcp_listen *b)
{
	return (a->port == b->port && IN6_ARE_ADDR_EQUAL(&a->addr, &b->addr));
}

static void
end_others(struct pcpsock *p, const struct pcp_listen *listen, unsigned n)
{
	struct listener *l;
	unsigned i;

	for (l = p->listeners; l < p->listeners + CONF_MAX_PCP; l++) {
		for (i = 0; i < n; i++)
			if (is_same(&l->at, &listen[i]))
				break;
		if (i == n)
			end(l);
	}
}

/* The place of at, or a free one: there are as many as can be configured. */
static struct listener *
place_of(struct pcpsock *p, const struct pcp_listen *at)
{
	struct listener *l, *free_one = NULL;

	for (l = p->listeners; l < p->listeners + CONF_MAX_PCP; l++) {
		if (l->event != NULL && is_same(&l->at, at))
			return (l);
		if (l->event == NULL)
			free_one = l;
	}
	return (free_one);
}

/*
 * Returns -1 if one of them could not be opened, which has been logged. Clients
 * are told of one that is new.
 */
static int
use(struct pcpsock *p, const struct pcp_listen *listen, unsigned n)
{
	char text[INET6_ADDRSTRLEN];
	struct listener *l;
	int rc = 0, saved_errno = 0;
	unsigned i;

	end_others(p, listen, n);
	for (i = 0; i < n; i++) {
		l = place_of(p, &listen[i]);
		if (l->event != NULL)
			continue;
		if (begin(p, &listen[i], l) == 0) {
			restarted(p);
			continue;
		}
		saved_errno = errno;
		log_warn("pcp listen on %s port %u: %s",
		    inet_ntop(AF_INET6, &listen[i].addr, text, sizeof(text)),
		    listen[i].port, strerror(saved_errno));
		rc = -1;
	}
	errno = saved_errno;
	return (rc);
}

void
pcpsock_use(struct pcpsock *p, const struct pcp_listen *listen, unsigned n)
{
	(void)use(p, listen, n);
}

struct pcpsock *
pcpsock_new(struct engine *e, struct watch *w, const struct pcp_listen *listen,
    unsigned n)
{
	struct pcpsock *p;

	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return (NULL);
	p->engine = e;
	p->watch = w;
	p->timer = event_new(engine_base(e), -1, 0, announce, p);
	if (p->timer == NULL || use(p, listen, n) == -1) {
		pcpsock_free(p);
		return (NULL);
	}
	nat64_pcp_set_restarted(engine_nat64(e), restarted, p);
	return (p);
}

void
pcpsock_free(struct pcpsock *p)
{
	struct listener *l;

	if (p == NULL)
		return;
	nat64_pcp_set_restarted(engine_nat64(p->engine), NULL, NULL);
	for (l = p->listeners; l < p->listeners + CONF_MAX_PCP; l++)
		end(l);
	if (p->timer != NULL)
		event_free(p->timer);
	free(p);
}
