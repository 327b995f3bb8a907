/*
 * The new process: asks the running one for everything.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/octets.h"
#include "common/os/fdwait.h"
#include "common/os/log.h"

#include "handover_int.h"
#include "recover.h"

struct heir {
	int fd;
	struct handover_fds fds;
};

static void __attribute__((format(printf, 2, 3)))
say(char text[HANDOVER_TEXT_SIZE], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, HANDOVER_TEXT_SIZE, fmt, ap);
	va_end(ap);
}

/* What went wrong, when the other end may have been closed. */
static const char *
why(void)
{
	return (errno == 0 ? "it has closed the connection" : strerror(errno));
}

/* --- the request to the control socket --- */

/* Returns the connected socket, or -1 with errno. */
static int
connect_control(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int s;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s == -1)
		return (-1);
	if (connect(s, (const struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(s);
		return (-1);
	}
	return (s);
}

/* Read the whole answer. Returns its length, or -1 with errno. */
static ssize_t
read_answer(int s, char *answer, size_t size)
{
	size_t len = 0;
	ssize_t n;

	do {
		if (fdwait(s, POLLIN, HANDOVER_PATIENCE_MS) == -1)
			return (-1);
		n = read(s, answer + len, size - 1 - len);
		if (n == -1 && errno != EINTR)
			return (-1);
		if (n > 0)
			len += (size_t)n;
	} while (n != 0 && len < size - 1);
	answer[len] = '\0';
	return ((ssize_t)len);
}

/* Ask for a connection to our socket of that name. Returns 0, or -1. */
static int
ask(const char *control, const char *name, char text[HANDOVER_TEXT_SIZE])
{
	char request[256], answer[4096], *body;
	int s, n, rc = -1;

	s = connect_control(control);
	if (s == -1) {
		say(text, "%s: %s: does nat64d run with this control socket?",
		    control, strerror(errno));
		return (-1);
	}
	n = snprintf(request, sizeof(request),
	    "POST /v1/upgrade?socket=%s HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Length: 0\r\nConnection: close\r\n\r\n",
	    name);
	if (handover_write(s, request, (size_t)n) == -1 ||
	    read_answer(s, answer, sizeof(answer)) == -1)
		say(text, "%s: %s", control, strerror(errno));
	else if (strncmp(answer, "HTTP/1.1 2", 10) == 0)
		rc = 0;
	else {
		body = strstr(answer, "\r\n\r\n");
		say(text, "%s: %s", control,
		    body != NULL ? body + 4 : "no answer");
		text[strcspn(text, "\r\n")] = '\0';
	}
	close(s);
	return (rc);
}

/* --- the descriptors --- */

/* Listen at an abstract socket with a name of our own. Returns it, or -1. */
static int
listen_at(char *name, size_t size)
{
	struct sockaddr_un sun;
	socklen_t len;
	int s;

	snprintf(name, size, "nat64d-upgrade-%ld-%08" PRIx32, (long)getpid(),
	    arc4random());
	if (handover_address(&sun, &len, name) == -1)
		return (-1);
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s == -1)
		return (-1);
	if (bind(s, (const struct sockaddr *)&sun, len) == -1 ||
	    listen(s, 1) == -1) {
		close(s);
		return (-1);
	}
	return (s);
}

/* Give out the descriptors that came with a hello. Returns 0, or -1. */
static int
sort_fds(struct handover_fds *fds, const uint8_t *hello, const int *got,
    size_t n)
{
	int *const single[HANDOVER_SINGLE_FDS] = { &fds->tun, &fds->control,
		&fds->pidfile };
	size_t i, k = 0;

	for (i = 0; i < HANDOVER_SINGLE_FDS; i++)
		if ((hello[6] & 1u << i) != 0 && k < n)
			*single[i] = got[k++];
	for (i = 0; i < HANDOVER_MAX_METRICS && i < hello[7] && k < n; i++)
		fds->metrics[fds->n_metrics++] = got[k++];
	return (k == n && fds->tun != -1 ? 0 : -1);
}

/* Receive the descriptors. Returns 0, or -1 with errno; 0: no hello. */
static int
receive_hello(struct heir *h)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(HANDOVER_MAX_FDS * sizeof(int))];
	} control;
	uint8_t hello[HANDOVER_HELLO_SIZE];
	struct iovec iov = { .iov_base = hello, .iov_len = sizeof(hello) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	int got[HANDOVER_MAX_FDS];
	struct cmsghdr *c;
	size_t n = 0;

	if (fdwait(h->fd, POLLIN, HANDOVER_PATIENCE_MS) == -1)
		return (-1);
	if (recvmsg(h->fd, &m, MSG_CMSG_CLOEXEC | MSG_WAITALL) !=
	    (ssize_t)sizeof(hello))
		return (-1);
	errno = 0;
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS) {
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(got, CMSG_DATA(c), n * sizeof(int));
	}
	if (memcmp(hello, "N64H", 4) != 0 ||
	    get16(hello + 4) != HANDOVER_VERSION)
		return (-1);
	return (sort_fds(&h->fds, hello, got, n));
}

/* The names of abstract sockets are no secret: others may connect, too. */
#define MAX_STRANGERS 100

/*
 * Wait for a process of root, of our user or of the owner of the control
 * socket. Returns the connected socket, or -1 with errno.
 */
static int
accept_from(int listener, const char *control)
{
	struct stat st;
	unsigned i;
	int s;

	if (stat(control, &st) == -1)
		return (-1);
	for (i = 0; i < MAX_STRANGERS; i++) {
		if (fdwait(listener, POLLIN, HANDOVER_PATIENCE_MS) == -1)
			return (-1);
		s = accept(listener, NULL, NULL);
		if (s == -1 || handover_may(s, st.st_uid))
			return (s);
		close(s);
	}
	errno = EPERM;
	return (-1);
}

/* Returns 0, or -1 and in text what failed. */
static int
meet(struct heir *h, int listener, const char *control,
    char text[HANDOVER_TEXT_SIZE])
{
	h->fd = accept_from(listener, control);
	if (h->fd == -1) {
		say(text, "it does not connect: %s", strerror(errno));
		return (-1);
	}
	if (receive_hello(h) == -1) {
		say(text, "it hands over no device: %s",
		    errno == 0 ? "it is of another version" : strerror(errno));
		return (-1);
	}
	return (0);
}

struct heir *
heir_new(const char *control, char text[HANDOVER_TEXT_SIZE])
{
	char name[64];
	struct heir *h;
	int listener;

	h = malloc(sizeof(*h));
	listener = h != NULL ? listen_at(name, sizeof(name)) : -1;
	if (listener == -1) {
		say(text, "cannot make a socket: %s", strerror(errno));
		free(h);
		return (NULL);
	}
	h->fd = -1;
	h->fds =
	    (struct handover_fds){ .tun = -1, .control = -1, .pidfile = -1 };
	if (ask(control, name, text) == -1 ||
	    meet(h, listener, control, text) == -1) {
		heir_free(h);
		h = NULL;
	}
	close(listener);
	return (h);
}

struct handover_fds
heir_fds(const struct heir *h)
{
	return (h->fds);
}

/* --- the state --- */

/* Read the stream up to its end. Returns 0, or -1 and in text what failed. */
static int
receive_state(const struct heir *h, struct recover *r,
    char text[HANDOVER_TEXT_SIZE])
{
	uint8_t buf[65536];
	ssize_t n;

	while (!record_is_complete(&r->reader)) {
		if (fdwait(h->fd, POLLIN, HANDOVER_PATIENCE_MS) == -1) {
			say(text, "its state does not come: %s",
			    strerror(errno));
			return (-1);
		}
		n = read(h->fd, buf, sizeof(buf));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			say(text, "its state ends early");
			return (-1);
		}
		if (record_read(&r->reader, buf, (size_t)n) == -1) {
			say(text, "its state %s", record_why(r->reader.fault));
			return (-1);
		}
	}
	return (0);
}

static struct heir_result
count(const struct recover *r)
{
	const struct nat64_restored *c = &r->restore.counts;
	struct heir_result result = { .bindings = c->bindings,
		.sessions = c->sessions };
	unsigned i;

	for (i = 0; i < NAT64_NLEFTS; i++)
		result.left += c->left_bindings[i] + c->left_sessions[i];
	return (result);
}

static void
log_taken(const struct heir_result *result)
{
	log_info("taken over: %" PRIu64 " bindings and %" PRIu64
		 " sessions go on",
	    result->bindings, result->sessions);
	if (result->left > 0)
		log_info("taken over: %" PRIu64 " bindings and sessions are "
			 "left out",
		    result->left);
}

/* Everything is restored. Returns 0 when it is ours, or -1 with a text. */
static int
get_all(const struct heir *h, char text[HANDOVER_TEXT_SIZE])
{
	const char done = HANDOVER_DONE;
	char yours = 0;

	if (handover_write(h->fd, &done, 1) == 0 &&
	    handover_read(h->fd, &yours, 1) == 0 && yours == HANDOVER_YOURS)
		return (0);
	say(text, "it goes on: %s", why());
	return (-1);
}

int
heir_take(struct heir *h, struct nat64 *n, heir_fn *restored, void *arg,
    char text[HANDOVER_TEXT_SIZE])
{
	const struct nat64_clocks at = { monotime_now(), wallclock_ms() };
	const char go = HANDOVER_GO;
	struct heir_result result;
	struct recover *r;
	int rc = -1;

	r = malloc(sizeof(*r));
	if (r == NULL) {
		say(text, "out of memory");
		return (-1);
	}
	recover_begin(r, n, &at, false);
	if (handover_write(h->fd, &go, 1) == -1)
		say(text, "it has gone: %s", strerror(errno));
	else if (receive_state(h, r, text) == 0) {
		(void)recover_end(r);
		result = count(r);
		if (restored != NULL && restored(arg, &result) == -1)
			say(text, "who has asked for it has gone");
		else
			rc = get_all(h, text);
	}
	if (rc == 0)
		log_taken(&result);
	free(r);
	return (rc);
}

void
heir_free(struct heir *h)
{
	if (h == NULL)
		return;
	if (h->fd != -1)
		close(h->fd);
	free(h);
}
