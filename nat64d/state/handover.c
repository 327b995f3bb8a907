/*
 * The running process: offers everything, and leaves it to the new one.
 */
#define _GNU_SOURCE /* struct ucred */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/monotime.h"
#include "common/octets.h"
#include "common/os/fdwait.h"
#include "common/os/notify.h"
#include "common/os/timer.h"
#include "common/os/version.h"

#include "handover_int.h"
#include "snapshot.h"

/* Bindings and sessions of a slice; nobody waits for a turn of the loop. */
#define MAX_ENTRIES 1024

/* Between two looks at the gateways. */
#define REST_LOOK_MS 5

struct handover {
	int fd;
	struct handover_opts opts;
	struct event *message;
	struct event *rest; /* looks whether gateways have come to rest */
	struct monotime rest_until;
	bool ended;
};

int
handover_address(struct sockaddr_un *sun, socklen_t *len, const char *name)
{
	const size_t n = strlen(name);

	if (n == 0 || n >= sizeof(sun->sun_path))
		return (-1);
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path + 1, name, n);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
	return (0);
}

/* Who is at the other end? For who connects, the process that listens. */
static int
get_peer(int s, uid_t *uid, pid_t *pid)
{
#ifdef __linux__ /* elsewhere SO_PEERCRED is another thing */
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(s, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return (-1);
	*uid = cred.uid;
	*pid = cred.pid;
	return (0);
#else
	(void)s;
	(void)uid;
	(void)pid;
	return (-1);
#endif
}

bool
handover_may(int s, uid_t uid)
{
	uid_t peer;
	pid_t pid;

	return (get_peer(s, &peer, &pid) == 0 &&
	    (peer == 0 || peer == geteuid() || peer == uid));
}

int
handover_write(int s, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		n = write(s, p, len);
		if (n == -1 && errno == EAGAIN &&
		    fdwait(s, POLLOUT, HANDOVER_PATIENCE_MS) == 0)
			continue;
		if (n == -1 && errno != EINTR)
			return (-1);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return (0);
}

int
handover_write_state(int fd, const struct nat64 *n)
{
	const struct nat64_clocks at = { monotime_now(), wallclock_ms() };
	struct snapshot *s;
	const uint8_t *bytes;
	char program[64];
	size_t len;
	int rc = 0;
	bool more;

	snprintf(program, sizeof(program), "nat64d %s", version());
	s = snapshot_new(n, &at, program, true);
	if (s == NULL)
		return (-1);
	do {
		more = snapshot_slice(s, MAX_ENTRIES, &bytes, &len);
		rc = handover_write(fd, bytes, len);
	} while (more && rc == 0);
	snapshot_free(s);
	return (rc);
}

int
handover_read(int s, void *data, size_t len)
{
	char *p = data;
	ssize_t n;

	while (len > 0) {
		if (fdwait(s, POLLIN, HANDOVER_PATIENCE_MS) == -1)
			return (-1);
		n = read(s, p, len);
		if (n == 0)
			errno = 0;
		if (n == 0 || (n == -1 && errno != EINTR && errno != EAGAIN))
			return (-1);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return (0);
}

/* --- offering --- */

static void
end(struct handover *h, bool taken, const char *text)
{
	h->ended = true;
	event_del(h->message);
	event_del(h->rest);
	nat64_rest_gateways(h->opts.n, false);
	close(h->fd);
	h->fd = -1;
	h->opts.end(h->opts.arg, taken, text);
}

/*
 * The service manager watches our process, and is to watch the new one. It
 * believes only the process that it watches.
 */
static void
tell_manager(int s)
{
	uid_t uid;
	pid_t pid;

	if (get_peer(s, &uid, &pid) == 0)
		notify_send("MAINPID=%ld", (long)pid);
}

/*
 * The new process is ready, and gateways rest. From here on nothing is
 * translated until it has everything, or has failed.
 */
static void
hand_over(struct handover *h)
{
	const char yours = HANDOVER_YOURS;
	char done = 0;

	if (handover_write_state(h->fd, h->opts.n) == -1 ||
	    handover_read(h->fd, &done, 1) == -1) {
		end(h, false, errno == 0 ? "it has ended" : strerror(errno));
		return;
	}
	if (done != HANDOVER_DONE) {
		end(h, false, "it does not follow the protocol");
		return;
	}
	/* Before the new process may say that it is ready. */
	tell_manager(h->fd);
	/* It may have ended just now; but it has said that it has it all. */
	(void)handover_write(h->fd, &yours, 1);
	end(h, true, NULL);
}

/* Most rest already; for the others, packets flow for a while. */
static void
let_rest(evutil_socket_t fd, short what, void *arg)
{
	struct handover *h = arg;

	(void)fd;
	(void)what;
	if (!nat64_gateways_rest(h->opts.n) &&
	    !monotime_reached(h->rest_until, monotime_now()) &&
	    timer_start(h->rest, REST_LOOK_MS) == 0)
		return;
	hand_over(h);
}

static void
begin_rest(struct handover *h)
{
	nat64_rest_gateways(h->opts.n, true);
	h->rest_until = monotime_add_ms(monotime_now(), HANDOVER_REST_MS);
	let_rest(-1, 0, h);
}

static void
take_message(evutil_socket_t fd, short what, void *arg)
{
	struct handover *h = arg;
	char go = 0;
	ssize_t n;

	if ((what & EV_TIMEOUT) != 0) {
		end(h, false, "it does not get ready");
		return;
	}
	n = read(fd, &go, 1);
	if (n == 1 && go == HANDOVER_GO)
		begin_rest(h);
	else if (n != -1 || (errno != EAGAIN && errno != EINTR))
		end(h, false,
		    n == 0 ? "it has ended before it was ready" :
			     "it does not follow the protocol");
}

/* Send the descriptors, which the new process has to wait for. */
static int
send_hello(int s, const struct handover_fds *fds)
{
	const int single[HANDOVER_SINGLE_FDS] = { fds->tun, fds->control,
		fds->pidfile };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(HANDOVER_MAX_FDS * sizeof(int))];
	} control = { .buf = { 0 } };
	uint8_t hello[HANDOVER_HELLO_SIZE] = { 'N', '6', '4', 'H' };
	struct iovec iov = { .iov_base = hello, .iov_len = sizeof(hello) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control };
	struct cmsghdr *c = &control.align;
	int have[HANDOVER_MAX_FDS];
	size_t i, n = 0;

	put16(hello + 4, HANDOVER_VERSION);
	for (i = 0; i < HANDOVER_SINGLE_FDS; i++)
		if (single[i] != -1) {
			have[n++] = single[i];
			hello[6] |= (uint8_t)(1 << i);
		}
	hello[7] = (uint8_t)fds->n_metrics;
	for (i = 0; i < fds->n_metrics; i++)
		have[n++] = fds->metrics[i];
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), have, n * sizeof(int));
	m.msg_controllen = CMSG_SPACE(n * sizeof(int));
	return (sendmsg(s, &m, 0) == (ssize_t)sizeof(hello) ? 0 : -1);
}

/* Returns a socket, or -1 and in text what failed. */
static int
connect_to(const char *name, char text[HANDOVER_TEXT_SIZE])
{
	struct sockaddr_un sun;
	socklen_t len;
	int s;

	if (handover_address(&sun, &len, name) == -1) {
		strlcpy(text, "the name of the socket is too long",
		    HANDOVER_TEXT_SIZE);
		return (-1);
	}
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s == -1 || connect(s, (const struct sockaddr *)&sun, len) == -1) {
		snprintf(text, HANDOVER_TEXT_SIZE,
		    "nobody listens at the socket: %s", strerror(errno));
		if (s != -1)
			close(s);
		return (-1);
	}
	if (handover_may(s, geteuid()))
		return (s);
	strlcpy(text, "who listens at the socket is neither root nor our user",
	    HANDOVER_TEXT_SIZE);
	close(s);
	return (-1);
}

struct handover *
handover_offer(struct event_base *base, const char *name,
    const struct handover_opts *opts, char text[HANDOVER_TEXT_SIZE])
{
	const struct timeval patience = { .tv_sec = HANDOVER_START_SECS };
	struct handover *h;

	h = calloc(1, sizeof(*h));
	if (h == NULL) {
		strlcpy(text, "out of memory", HANDOVER_TEXT_SIZE);
		return (NULL);
	}
	h->opts = *opts;
	h->fd = connect_to(name, text);
	if (h->fd == -1) {
		free(h);
		return (NULL);
	}
	h->message =
	    event_new(base, h->fd, EV_READ | EV_PERSIST, take_message, h);
	h->rest = event_new(base, -1, 0, let_rest, h);
	if (h->message == NULL || h->rest == NULL ||
	    event_add(h->message, &patience) == -1 ||
	    send_hello(h->fd, &opts->fds) == -1) {
		snprintf(text, HANDOVER_TEXT_SIZE, "cannot offer: %s",
		    strerror(errno));
		handover_free(h);
		return (NULL);
	}
	return (h);
}

void
handover_free(struct handover *h)
{
	if (h == NULL)
		return;
	if (h->message != NULL)
		event_free(h->message);
	if (h->rest != NULL)
		event_free(h->rest);
	if (h->fd != -1)
		close(h->fd);
	free(h);
}
