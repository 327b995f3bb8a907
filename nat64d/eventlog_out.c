#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "appender.h"
#include "eventlog_out.h"

/* A line with the prefix of syslog; longer ones are cut. */
#define DATAGRAM_SIZE 1024

/* How long a disk is waited for at the end, and in one go. */
#define FINISH_MS 2000
#define WAIT_MS 100

struct eventlog_out {
	bool syslog;
	int fd; /* syslog: -1: not open yet */

	/* The file: NULL: not open yet. */
	struct appender *appender;
	bool torn;	     /* it ends with a part of a line */
	bool reopens;	     /* the file is to be opened again ... */
	size_t reopen_after; /* ... when so many bytes have been written */
	unsigned dropped;    /* lines, since eventlog_out_dropped() */
	eventlog_out_fn *opened;
	void *opened_arg;

	char path[]; /* of the file, or of the logger's socket */
};

static struct eventlog_out *
new_out(const char *path, bool syslog)
{
	const size_t len = strlen(path) + 1;
	struct eventlog_out *o;

	o = calloc(1, sizeof(*o) + len);
	if (o == NULL)
		return (NULL);
	o->fd = -1;
	o->syslog = syslog;
	memcpy(o->path, path, len);
	return (o);
}

struct eventlog_out *
eventlog_out_file(const char *path)
{
	return (new_out(path, false));
}

struct eventlog_out *
eventlog_out_syslog(const char *path)
{
	return (new_out(path, true));
}

void
eventlog_out_free(struct eventlog_out *o)
{
	if (o == NULL)
		return;
	if (o->fd != -1)
		close(o->fd);
	appender_stop(o->appender);
	free(o);
}

const char *
eventlog_out_path(const struct eventlog_out *o)
{
	return (o->path);
}

static int
connect_logger(int fd, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	return (connect(fd, (struct sockaddr *)&sun, sizeof(sun)));
}

static int
open_logger(const char *path)
{
	int fd, saved_errno;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || connect_logger(fd, path) == 0)
		return (fd);
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return (-1);
}

static int
reopen_logger(struct eventlog_out *o)
{
	const int fd = open_logger(o->path);

	if (fd == -1)
		return (-1);
	if (o->fd != -1)
		close(o->fd);
	o->fd = fd;
	return (0);
}

int
eventlog_out_open(struct eventlog_out *o)
{
	if (o->syslog)
		return (reopen_logger(o));
	o->appender = appender_start(o->path);
	return (o->appender != NULL ? 0 : -1);
}

void
eventlog_out_sandbox(struct eventlog_out *o,
    void (*enter)(const struct sandbox *sb), const struct sandbox *sb)
{
	if (o->appender != NULL)
		appender_sandbox(o->appender, enter, sb);
}

void
eventlog_out_reopen(struct eventlog_out *o, size_t after, eventlog_out_fn *fn,
    void *arg)
{
	if (o->syslog || o->appender == NULL) {
		fn(arg, eventlog_out_open(o) == -1 ? errno : 0);
		return;
	}
	o->reopens = true;
	o->reopen_after = after;
	o->opened = fn;
	o->opened_arg = arg;
}

unsigned
eventlog_out_dropped(struct eventlog_out *o)
{
	const unsigned n = o->dropped;

	o->dropped = 0;
	return (n);
}

/* What syslog(3) puts before a message; returns its length. */
static size_t
syslog_head(char *buf, size_t size)
{
	const time_t now = time(NULL);
	char stamp[32];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%h %e %T", &tm);
	return ((size_t)snprintf(buf, size, "<%d>%s nat64d[%ld]: ",
	    LOG_DAEMON | LOG_INFO, stamp, (long)getpid()));
}

/* A logger that was restarted has a new socket at the same path. */
static int
send_datagram(const struct eventlog_out *o, const char *buf, size_t len)
{
	if (send(o->fd, buf, len, MSG_NOSIGNAL) != -1)
		return (0);
	if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) {
		errno = EAGAIN;
		return (-1);
	}
	if (connect_logger(o->fd, o->path) == -1)
		return (-1);
	return (send(o->fd, buf, len, MSG_NOSIGNAL) == -1 ? -1 : 0);
}

static int
write_datagrams(const struct eventlog_out *o, struct evbuffer *lines,
    size_t max)
{
	char buf[DATAGRAM_SIZE];
	struct evbuffer_ptr end;
	size_t head, len, done;

	head = syslog_head(buf, sizeof(buf));
	for (done = 0; done < max; done += len) {
		end = evbuffer_search_eol(lines, NULL, NULL, EVBUFFER_EOL_LF);
		if (end.pos == -1)
			break;
		len = (size_t)end.pos;
		if (len > sizeof(buf) - head)
			len = sizeof(buf) - head;
		evbuffer_copyout(lines, buf + head, len);
		if (send_datagram(o, buf, head + len) == -1)
			return (-1);
		len = (size_t)end.pos + 1;
		evbuffer_drain(lines, len);
	}
	return (0);
}

/* --- the file --- */

/* The rest of a line whose beginning is in another file, or with no reader. */
static void
drop_rest(struct eventlog_out *o, struct evbuffer *lines)
{
	const struct evbuffer_ptr end =
	    evbuffer_search_eol(lines, NULL, NULL, EVBUFFER_EOL_LF);

	if (!o->torn || end.pos == -1)
		return;
	evbuffer_drain(lines, (size_t)end.pos + 1);
	o->torn = false;
	o->dropped++;
}

/* The length of the whole lines among the first len bytes. */
static size_t
whole_lines(struct evbuffer *lines, const char *bytes, size_t len)
{
	struct evbuffer_ptr end;
	size_t n = len;

	while (n > 0 && bytes[n - 1] != '\n')
		n--;
	if (n > 0)
		return (n);
	end = evbuffer_search_eol(lines, NULL, NULL, EVBUFFER_EOL_LF);
	return (end.pos == -1 || (size_t)end.pos >= len ? len :
							  (size_t)end.pos + 1);
}

static void
give(struct eventlog_out *o, struct evbuffer *lines, size_t max)
{
	char bytes[APPENDER_MAX];
	ev_ssize_t n;

	if (max > sizeof(bytes))
		max = sizeof(bytes);
	if (o->reopens && max > o->reopen_after)
		max = o->reopen_after;
	n = evbuffer_copyout(lines, bytes, max);
	if (n > 0)
		appender_write(o->appender, bytes,
		    whole_lines(lines, bytes, (size_t)n));
}

/* What the appender has written leaves the buffer. Returns 0 or an errno. */
static int
take(struct eventlog_out *o, struct evbuffer *lines, size_t done, int error)
{
	char last = '\n';
	struct evbuffer_ptr at;

	if (done > 0) {
		evbuffer_ptr_set(lines, &at, done - 1, EVBUFFER_PTR_SET);
		evbuffer_copyout_from(lines, &at, &last, 1);
		evbuffer_drain(lines, done);
		o->torn = last != '\n';
	}
	o->reopen_after -= done < o->reopen_after ? done : o->reopen_after;
	/* What cannot be written there goes to the next file. */
	if (error != 0 && done == 0)
		o->reopen_after = 0;
	if (error == EPIPE)
		drop_rest(o, lines);
	return (error);
}

static void
was_opened(struct eventlog_out *o, struct evbuffer *lines, int error)
{
	if (error == 0)
		drop_rest(o, lines);
	o->opened(o->opened_arg, error);
}

static int
write_file(struct eventlog_out *o, struct evbuffer *lines, size_t max)
{
	int error = 0, result;
	size_t done;

	switch (appender_poll(o->appender, &done, &result)) {
	case APPENDER_BUSY:
		errno = EBUSY;
		return (-1);
	case APPENDER_WROTE:
		error = take(o, lines, done, result);
		break;
	case APPENDER_OPENED:
		was_opened(o, lines, result);
		break;
	case APPENDER_IDLE:
		break;
	}
	if (o->reopens && o->reopen_after == 0) {
		o->reopens = false;
		appender_reopen(o->appender);
		error = EINPROGRESS;
	} else if (error == 0 && evbuffer_get_length(lines) > 0) {
		give(o, lines, max);
		error = EINPROGRESS;
	}
	errno = error;
	return (error == 0 ? 0 : -1);
}

int
eventlog_out_write(struct eventlog_out *o, struct evbuffer *lines, size_t max)
{
	if (o->syslog && o->fd != -1)
		return (write_datagrams(o, lines, max));
	if (!o->syslog && o->appender != NULL)
		return (write_file(o, lines, max));
	errno = EBADF;
	return (-1);
}

int
eventlog_out_finish(struct eventlog_out *o, struct evbuffer *lines)
{
	int rc, left;

	for (left = FINISH_MS; left > 0;) {
		rc = eventlog_out_write(o, lines, APPENDER_MAX);
		if (rc == 0 && evbuffer_get_length(lines) == 0)
			return (0);
		if (rc == -1 && errno != EINPROGRESS && errno != EBUSY)
			return (-1);
		if (rc == -1 && !appender_wait(o->appender, WAIT_MS))
			left -= WAIT_MS;
	}
	errno = ETIMEDOUT;
	return (-1);
}
