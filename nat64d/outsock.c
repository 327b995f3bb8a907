#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/monotime.h"
#include "common/os/timer.h"

#include "outsock.h"

/* Pauses between attempts double from one to the other. */
#define PAUSE_FIRST_MS 250
#define PAUSE_MAX_MS 30000

#define CONNECT_MS 10000
#define TENTATIVE_MS 200
#define STALL_SECS 60

/* How often the source address of UDP is compared with that of the route. */
#define RECHECK_MS 60000

/* Datagrams that found the queue of the interface full are tried again. */
#define BUSY_MS 10

enum state { CLOSED, CONNECTING, TENTATIVE, OPEN };

struct outsock {
	struct sockaddr_storage addr;
	socklen_t addr_len;
	bool tcp;
	struct outsock_ops ops;
	enum state state;
	int fd;
	int64_t pause_ms; /* before the next attempt; 0: none has failed */
	bool spent;	  /* TENTATIVE: the datagram was sent */
	struct monotime progress; /* TCP: something was taken */

	/* NULL without an event base. */
	struct event_base *base;
	struct event *timer; /* of the state */
	struct event *retry;
	struct event *reading;
	struct event *writing;
};

static void act(evutil_socket_t fd, short what, void *arg);
static void readable(evutil_socket_t fd, short what, void *arg);
static void writable(evutil_socket_t fd, short what, void *arg);

static void
free_event(struct event **ev)
{
	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
}

static void
drop_socket(struct outsock *s)
{
	free_event(&s->reading);
	free_event(&s->writing);
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	s->state = CLOSED;
}

/* Close, and try again after a pause. why: an errno. */
static void
fail(struct outsock *s, int why, bool refused)
{
	drop_socket(s);
	s->pause_ms = s->pause_ms == 0 ? PAUSE_FIRST_MS : s->pause_ms * 2;
	if (s->pause_ms > PAUSE_MAX_MS)
		s->pause_ms = PAUSE_MAX_MS;
	if (s->timer != NULL)
		timer_start(s->timer, s->pause_ms);
	errno = why;
	s->ops.closed(s->ops.arg, refused && !s->tcp);
}

static int
connect_to(const struct outsock *s, int type)
{
	int fd, saved_errno;

	fd = socket(s->addr.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)&s->addr, s->addr_len) == 0 ||
	    errno == EINPROGRESS)
		return (fd);
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return (-1);
}

/* It can be used. */
static void
become_open(struct outsock *s)
{
	s->state = OPEN;
	s->pause_ms = 0;
	s->progress = monotime_now();
	timer_start(s->timer, s->tcp ? STALL_SECS * 1000 : RECHECK_MS);
	s->ops.ready(s->ops.arg);
}

static void
begin(struct outsock *s)
{
	s->fd = connect_to(s, s->tcp ? SOCK_STREAM : SOCK_DGRAM);
	if (s->fd == -1) {
		fail(s, errno, false);
		return;
	}
	s->reading =
	    event_new(s->base, s->fd, EV_READ | EV_PERSIST, readable, s);
	s->writing = event_new(s->base, s->fd, EV_WRITE, writable, s);
	if (s->reading == NULL || s->writing == NULL ||
	    event_add(s->reading, NULL) == -1) {
		fail(s, ENOMEM, false);
		return;
	}
	if (s->tcp) {
		s->state = CONNECTING;
		event_add(s->writing, NULL);
		timer_start(s->timer, CONNECT_MS);
		return;
	}
	s->ops.opened(s->ops.arg);
	if (s->pause_ms == 0) {
		become_open(s);
		return;
	}
	s->state = TENTATIVE;
	s->spent = false;
	timer_start(s->timer, TENTATIVE_MS);
	s->ops.ready(s->ops.arg);
}

/*
 * The host may have got another address, which a connected socket does not
 * notice: it goes on with the old one, from which nothing comes back. Compare
 * with a new socket, and use that one if they differ.
 */
static void
recheck(struct outsock *s)
{
	struct sockaddr_storage ours, new;
	socklen_t len = sizeof(ours);
	int fd;

	memset(&ours, 0, sizeof(ours));
	memset(&new, 0, sizeof(new));
	fd = connect_to(s, SOCK_DGRAM);
	if (fd == -1) {
		fail(s, errno, false);
		return;
	}
	if (getsockname(s->fd, (struct sockaddr *)&ours, &len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&new, &len) == -1)
		len = 0;
	close(fd);
	/* The ports differ anyway. */
	if (ours.ss_family == AF_INET) {
		((struct sockaddr_in *)&ours)->sin_port = 0;
		((struct sockaddr_in *)&new)->sin_port = 0;
	} else {
		((struct sockaddr_in6 *)&ours)->sin6_port = 0;
		((struct sockaddr_in6 *)&new)->sin6_port = 0;
	}
	if (len == 0 || memcmp(&ours, &new, sizeof(ours)) == 0) {
		timer_start(s->timer, RECHECK_MS);
		return;
	}
	drop_socket(s);
	begin(s);
}

static bool
is_stalled(const struct outsock *s)
{
	return (event_pending(s->writing, EV_WRITE, NULL) &&
	    monotime_diff_ms(monotime_now(), s->progress) >=
		STALL_SECS * 1000);
}

/* The timer of the state. */
static void
act(evutil_socket_t fd, short what, void *arg)
{
	struct outsock *s = arg;

	(void)fd;
	(void)what;
	switch (s->state) {
	case CLOSED:
		begin(s);
		break;
	case CONNECTING:
		fail(s, ETIMEDOUT, false);
		break;
	case TENTATIVE:
		become_open(s);
		break;
	case OPEN:
		if (!s->tcp)
			recheck(s);
		else if (is_stalled(s))
			fail(s, ETIMEDOUT, false);
		else
			timer_start(s->timer, STALL_SECS * 1000);
		break;
	}
}

/* Collectors do not answer: this is an error, or the end. */
static void
readable(evutil_socket_t fd, short what, void *arg)
{
	struct outsock *s = arg;
	char buf[512];
	ssize_t n;

	(void)fd;
	(void)what;
	if (s->state == CONNECTING)
		return;
	n = recv(s->fd, buf, sizeof(buf), 0);
	if (n == 0 && s->tcp)
		fail(s, ECONNRESET, false);
	else if (n == -1 && errno != EAGAIN && errno != EINTR)
		fail(s, errno, true);
}

/* The end of the handshake, or room in the buffer. */
static void
writable(evutil_socket_t fd, short what, void *arg)
{
	struct outsock *s = arg;
	socklen_t len = sizeof(int);
	int error = 0;

	(void)fd;
	(void)what;
	if (s->state != CONNECTING) {
		s->ops.ready(s->ops.arg);
		return;
	}
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		fail(s, error, false);
		return;
	}
	s->ops.opened(s->ops.arg);
	become_open(s);
}

static void
retry(evutil_socket_t fd, short what, void *arg)
{
	struct outsock *s = arg;

	(void)fd;
	(void)what;
	s->ops.ready(s->ops.arg);
}

ssize_t
outsock_send(struct outsock *s, const void *buf, size_t len)
{
	ssize_t n;

	if (s->state == CLOSED || s->state == CONNECTING ||
	    (s->state == TENTATIVE && s->spent))
		return (-1);
	n = send(s->fd, buf, len, MSG_NOSIGNAL);
	if (n >= 0) {
		s->spent = true;
		s->progress = monotime_now();
		return (n);
	}
	/* With ENOBUFS, Linux says at once that the socket is writable. */
	if (errno == ENOBUFS && s->retry != NULL)
		timer_start(s->retry, BUSY_MS);
	else if (errno == EAGAIN && s->writing != NULL)
		event_add(s->writing, NULL);
	else if (errno != ENOBUFS && errno != EAGAIN)
		fail(s, errno, errno == ECONNREFUSED);
	return (-1);
}

bool
outsock_is_open(const struct outsock *s)
{
	return (s->state == OPEN || (s->state == TENTATIVE && !s->spent));
}

bool
outsock_is_proven(const struct outsock *s)
{
	return (s->state == OPEN);
}

struct outsock *
outsock_new(const struct sockaddr_storage *addr, bool tcp,
    const struct outsock_ops *ops)
{
	struct outsock *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return (NULL);
	s->addr = *addr;
	s->addr_len = addr->ss_family == AF_INET ? sizeof(struct sockaddr_in) :
						   sizeof(struct sockaddr_in6);
	s->tcp = tcp;
	s->ops = *ops;
	s->fd = -1;
	return (s);
}

int
outsock_attach(struct outsock *s, struct event_base *base)
{
	s->base = base;
	s->timer = event_new(base, -1, 0, act, s);
	s->retry = event_new(base, -1, 0, retry, s);
	if (s->timer == NULL || s->retry == NULL) {
		outsock_detach(s);
		errno = ENOMEM;
		return (-1);
	}
	return (timer_start(s->timer, 0));
}

void
outsock_detach(struct outsock *s)
{
	free_event(&s->timer);
	free_event(&s->retry);
	free_event(&s->reading);
	free_event(&s->writing);
	s->base = NULL;
}

void
outsock_free(struct outsock *s)
{
	if (s == NULL)
		return;
	outsock_detach(s);
	drop_socket(s);
	free(s);
}
