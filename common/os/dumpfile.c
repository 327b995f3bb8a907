#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "dumpfile.h"
#include "log.h"
#include "common/monotime.h"
#include "version.h"

/*
 * The states of a dump:
 *
 * idle      out is NULL. dumpfile_print() leads to writing.
 * writing   turn is pending: on_turn() writes a part of out, or gets the next
 *           piece. It leads to waiting when nothing can be written, and to idle
 *           at the end or after an error.
 * waiting   writable is pending, with a timeout. on_writable() leads to writing
 *           or, after the timeout, to idle.
 *
 * The members from out on are used in writing and waiting only; refused is set
 * by dumpfile_print() there. end() leads to idle and sets cut.
 */
struct dumpfile {
	struct event_base *base;
	const char *program;
	char *path; /* owned; NULL: standard output, or nowhere */
	bool to_stdout;
	struct dumpfile_ops ops;

	/* A timer, because epoll(7) refuses regular files. */
	struct event *turn;
	bool cut; /* the last one on standard output was cut off */

	struct evbuffer *out; /* not yet written */
	struct event *writable;
	int fd;
	bool more;    /* there are more pieces */
	bool refused; /* another request was refused meanwhile */
};

static const char *
where(const struct dumpfile *d)
{
	return (d->path != NULL ? d->path : "standard output");
}

/* Free what a dump has allocated. */
static void
release(struct dumpfile *d)
{
	if (d->writable != NULL)
		event_free(d->writable);
	d->writable = NULL;
	if (d->out != NULL)
		evbuffer_free(d->out);
	d->out = NULL;
	if (d->path != NULL)
		close(d->fd);
}

static void
end(struct dumpfile *d)
{
	d->cut =
	    d->path == NULL && (d->more || evbuffer_get_length(d->out) > 0);
	if (d->ops.end != NULL)
		d->ops.end(d->ops.arg);
	event_del(d->turn);
	release(d);
}

static void
take_turn(struct dumpfile *d)
{
	static const struct timeval at_once;

	if (event_add(d->turn, &at_once) == -1) {
		log_warn("dump: cannot set a timer");
		end(d);
	}
}

static void
wait_for_reader(struct dumpfile *d)
{
	static const struct timeval patience = { .tv_sec =
						     DUMPFILE_STUCK_SECS };

	if (event_add(d->writable, &patience) == -1) {
		log_warn("dump: %s: cannot wait for it", where(d));
		end(d);
	}
}

/*
 * Standard output may be shared with processes that expect it to block, so
 * O_NONBLOCK is set only for the time of each write.
 */
static int
write_some(struct dumpfile *d)
{
	int flags = -1, n, saved_errno;

	if (d->path == NULL) {
		flags = fcntl(d->fd, F_GETFL);
		if (flags == -1 ||
		    fcntl(d->fd, F_SETFL, flags | O_NONBLOCK) == -1)
			return (-1);
	}
	n = evbuffer_write_atmost(d->out, d->fd, DUMPFILE_WRITE_MAX);
	saved_errno = errno;
	if (d->path == NULL)
		(void)fcntl(d->fd, F_SETFL, flags);
	errno = saved_errno;
	return (n);
}

/* Write the current piece, or get the next one when all was written. */
static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct dumpfile *d = arg;

	(void)fd;
	(void)what;
	if (evbuffer_get_length(d->out) == 0 && d->more)
		d->more = d->ops.more(d->ops.arg, d->out);
	if (evbuffer_get_length(d->out) > 0 && write_some(d) == -1 &&
	    errno != EINTR) {
		if (errno == EAGAIN) {
			wait_for_reader(d);
			return;
		}
		log_warn("dump: %s: %s", where(d), strerror(errno));
		end(d);
		return;
	}
	if (evbuffer_get_length(d->out) > 0 || d->more)
		take_turn(d);
	else
		end(d);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct dumpfile *d = arg;

	if ((what & EV_WRITE) != 0) {
		on_turn(fd, what, arg);
		return;
	}
	log_warn("dump: %s: given up, for nobody has read it for %d seconds",
	    where(d), DUMPFILE_STUCK_SECS);
	end(d);
}

static int
open_file(const char *path)
{
	int fd;

	fd = open(path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY |
		O_CLOEXEC,
	    0640);
	if (fd != -1)
		return (fd);
	if (errno == ELOOP || errno == EMLINK) /* FreeBSD has the other one */
		log_warn("dump: %s: is a symbolic link", path);
	else if (errno == ENXIO)
		log_warn("dump: %s: is a pipe that nobody reads", path);
	else
		log_warn("dump: %s: %s", path, strerror(errno));
	return (-1);
}

static void
print_first_line(const struct dumpfile *d)
{
	const time_t now = (time_t)(wallclock_ms() / 1000);
	char stamp[sizeof("2026-11-29T10:24:07Z") + 8];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	evbuffer_add_printf(d->out, "%sdump %s %s %s pid %ld\n",
	    d->cut ? "\n" : "", stamp, d->program, version(), (long)getpid());
}

static int
begin(struct dumpfile *d)
{
	d->more = d->ops.more != NULL;
	d->refused = false;
	d->out = evbuffer_new();
	d->writable = event_new(d->base, d->fd, EV_WRITE, on_writable, d);
	if (d->out == NULL || d->writable == NULL)
		return (-1);
	print_first_line(d);
	return (d->ops.begin(d->ops.arg, d->out));
}

void
dumpfile_print(struct dumpfile *d)
{
	if (d->out != NULL) {
		if (!d->refused)
			log_warn("dump: another one is being printed");
		d->refused = true;
		return;
	}
	if (d->path == NULL && !d->to_stdout) {
		log_warn("dump: no file configured");
		return;
	}
	d->fd = d->path != NULL ? open_file(d->path) : STDOUT_FILENO;
	if (d->fd == -1)
		return;
	if (begin(d) == -1) {
		log_warn("dump: out of memory");
		release(d);
	} else
		take_turn(d);
}

struct dumpfile *
dumpfile_new(struct event_base *base, const char *program, const char *path,
    bool to_stdout, const struct dumpfile_ops *ops)
{
	struct dumpfile *d;

	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return (NULL);
	d->base = base;
	d->program = program;
	d->to_stdout = to_stdout;
	d->ops = *ops;
	d->turn = event_new(base, -1, 0, on_turn, d);
	if (path != NULL)
		d->path = strdup(path);
	if (d->turn == NULL || (path != NULL && d->path == NULL)) {
		dumpfile_free(d);
		errno = ENOMEM;
		return (NULL);
	}
	return (d);
}

void
dumpfile_free(struct dumpfile *d)
{
	if (d == NULL)
		return;
	if (d->out != NULL)
		end(d);
	if (d->turn != NULL)
		event_free(d->turn);
	free(d->path);
	free(d);
}
