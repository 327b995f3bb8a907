#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "eventlog_out.h"

/* A line with the prefix of syslog; longer ones are cut. */
#define DATAGRAM_SIZE 1024

struct eventlog_out {
	int fd; /* -1: not open yet */
	bool syslog;
	char path[]; /* of the file, or of the logger's socket */
};

static struct eventlog_out *
new_out(const char *path, bool syslog)
{
	const size_t len = strlen(path) + 1;
	struct eventlog_out *o;

	o = malloc(sizeof(*o) + len);
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
	free(o);
}

const char *
eventlog_out_path(const struct eventlog_out *o)
{
	return (o->path);
}

/*
 * O_APPEND: after a rotation by copying and truncating the next line is written
 * at the new end. O_NONBLOCK: it may be a pipe.
 */
static int
open_file(const char *path)
{
	return (open(path,
	    O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOFOLLOW |
		O_NOCTTY | O_CLOEXEC,
	    0640));
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

int
eventlog_out_open(struct eventlog_out *o)
{
	int fd;

	fd = o->syslog ? open_logger(o->path) : open_file(o->path);
	if (fd == -1)
		return (-1);
	if (o->fd != -1)
		close(o->fd);
	o->fd = fd;
	return (0);
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

int
eventlog_out_write(struct eventlog_out *o, struct evbuffer *lines, size_t max)
{
	size_t before = evbuffer_get_length(lines);
	int n;

	if (o->fd == -1) {
		errno = EBADF;
		return (-1);
	}
	if (before == 0)
		return (0);
	if (o->syslog)
		return (write_datagrams(o, lines, max));
	if (max > before)
		max = before;
	n = evbuffer_write_atmost(lines, o->fd, (ev_ssize_t)max);
	if (n == -1 && errno == EINTR)
		errno = EAGAIN;
	if (n == -1)
		return (-1);
	if ((size_t)n < max) { /* the pipe or the disk is full */
		errno = EAGAIN;
		return (-1);
	}
	return (0);
}
