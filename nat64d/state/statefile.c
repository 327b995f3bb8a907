#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/os/fdwait.h"
#include "common/os/log.h"
#include "common/os/timer.h"
#include "common/os/version.h"

#include "snapshot.h"
#include "statefile.h"
#include "stateload.h"
#include "writer.h"

/* Bindings and sessions of a slice, which takes less than a millisecond. */
#define MAX_ENTRIES 256

/* When leaving: a disk that does nothing for so long is not waited for. */
#define PATIENCE_MS 30000

struct statefile {
	char *path;
	uint32_t every_secs;
	struct writer *writer;
	const struct nat64 *n;

	struct event *timer; /* idle: the next save; writing: the next slice */
	struct event *writable; /* writing: the socket is full */
	struct event *answer;
	struct snapshot *snapshot;
	const uint8_t *bytes; /* of the snapshot, to be sent; or NULL */
	size_t len;
	bool more;
	bool waiting;
	bool failed; /* has been logged */
};

static struct nat64_clocks
clocks_now(void)
{
	return ((struct nat64_clocks){ monotime_now(), wallclock_ms() });
}

/* --- loading --- */

/*
 * Open the file to read it; -1: there is none that we may use, which has been
 * logged. A file that another user may have made is not ours.
 */
static int
open_file(const struct statefile *f)
{
	struct stat st;
	int fd;

	fd = open(f->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT) {
		log_info("state: %s: no such file yet", f->path);
		return (-1);
	}
	if (fd == -1) {
		log_warn("state: %s: %s: starting without it", f->path,
		    errno == ELOOP ? "is a symbolic link" : strerror(errno));
		return (-1);
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_uid == geteuid() || st.st_uid == 0) &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return (fd);
	log_warn("state: %s: is no plain file that only we or root can "
		 "write: starting without it",
	    f->path);
	close(fd);
	return (-1);
}

void
statefile_load(const struct statefile *f, struct nat64 *n)
{
	const int fd = open_file(f);

	if (fd == -1)
		return;
	stateload(fd, f->path, n);
	close(fd);
}

/* --- saving --- */

static void
set_timer(struct statefile *f)
{
	if (f->every_secs > 0)
		timer_start(f->timer, (int64_t)f->every_secs * 1000);
}

/* The end of a save; error: an errno, or 0. */
static void
end_save(struct statefile *f, int error)
{
	snapshot_free(f->snapshot);
	f->snapshot = NULL;
	f->bytes = NULL;
	f->waiting = false;
	if (error == 0 && f->failed)
		log_info("state: %s: saved again", f->path);
	else if (error != 0 && !f->failed)
		log_warn("state: %s: cannot be saved, and stays as it was: %s",
		    f->path,
		    error == EPIPE ? "its writer has ended" : strerror(error));
	f->failed = error != 0;
}

static int
begin_save(struct statefile *f)
{
	const struct nat64_clocks at = clocks_now();
	char program[64];

	snprintf(program, sizeof(program), "nat64d %s", version());
	/* Who reads the file cannot tell whether it is that of a clean end. */
	f->snapshot = snapshot_new(f->n, &at, program, false);
	f->bytes = NULL;
	f->more = true;
	return (f->snapshot == NULL ? -1 : 0);
}

/* Send one slice. Returns 0, or -1 with errno EAGAIN or another. */
static int
send_slice(struct statefile *f)
{
	if (f->bytes == NULL && f->more) {
		f->more = snapshot_slice(f->snapshot, MAX_ENTRIES, &f->bytes,
		    &f->len);
		if (f->len == 0)
			f->bytes = NULL;
	}
	if (f->bytes != NULL && writer_send(f->writer, f->bytes, f->len) == -1)
		return (-1);
	f->bytes = NULL;
	if (f->more)
		return (0);
	if (writer_commit(f->writer) == -1)
		return (-1);
	f->waiting = true;
	return (0);
}

/* A turn of the event loop. */
static void
take_turn(evutil_socket_t fd, short what, void *arg)
{
	struct statefile *f = arg;
	int error;

	(void)fd;
	(void)what;
	if (f->snapshot == NULL && begin_save(f) == -1) {
		end_save(f, ENOMEM);
		set_timer(f);
		return;
	}
	if (send_slice(f) == 0) {
		if (!f->waiting)
			timer_start(f->timer, 0);
		return;
	}
	if (errno == EAGAIN && event_add(f->writable, NULL) == 0)
		return;
	error = errno;
	(void)writer_cancel(f->writer);
	end_save(f, error);
	set_timer(f);
}

static void
take_answer(evutil_socket_t fd, short what, void *arg)
{
	struct statefile *f = arg;
	int error;

	(void)fd;
	(void)what;
	if (writer_result(f->writer, &error) == -1) {
		if (errno == EAGAIN)
			return;
		/* It will not come back; nothing is saved any more. */
		event_del(f->answer);
		event_del(f->timer);
		event_del(f->writable);
		end_save(f, errno);
		return;
	}
	end_save(f, error);
	set_timer(f);
}

int
statefile_attach(struct statefile *f, struct event_base *base,
    const struct nat64 *n)
{
	const int fd = writer_fd(f->writer);

	f->n = n;
	f->timer = event_new(base, -1, 0, take_turn, f);
	f->writable = event_new(base, fd, EV_WRITE, take_turn, f);
	f->answer = event_new(base, fd, EV_READ | EV_PERSIST, take_answer, f);
	if (f->timer == NULL || f->writable == NULL || f->answer == NULL ||
	    event_add(f->answer, NULL) == -1)
		return (-1);
	set_timer(f);
	return (0);
}

/* Wait until the writer takes or says something. */
static int
wait_for(struct statefile *f, short events)
{
	return (errno == EAGAIN ?
		fdwait(writer_fd(f->writer), events, PATIENCE_MS) :
		-1);
}

static int
wait_for_answer(struct statefile *f, int *error)
{
	while (writer_result(f->writer, error) == -1)
		if (wait_for(f, POLLIN) == -1)
			return (-1);
	return (0);
}

/* Returns 0 or an errno. */
static int
save_now(struct statefile *f)
{
	int error = 0;

	/* Of the last one, which is about to be replaced. */
	if (f->waiting && wait_for_answer(f, &error) == -1)
		return (errno);
	while (writer_cancel(f->writer) == -1)
		if (wait_for(f, POLLOUT) == -1)
			return (errno);
	snapshot_free(f->snapshot);
	f->waiting = false;
	if (begin_save(f) == -1)
		return (ENOMEM);
	while (!f->waiting)
		if (send_slice(f) == -1 && wait_for(f, POLLOUT) == -1)
			return (errno);
	return (wait_for_answer(f, &error) == -1 ? errno : error);
}

void
statefile_save(struct statefile *f)
{
	int error;

	if (f->n == NULL)
		return;
	f->failed = false; /* the last one is always told */
	error = save_now(f);
	end_save(f, error);
	if (error == 0)
		log_info("state: %s: saved", f->path);
}

/* --- begin and end --- */

struct statefile *
statefile_new(const char *path, uint32_t every_secs, const struct privs *privs)
{
	struct statefile *f;

	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return (NULL);
	f->every_secs = every_secs;
	f->path = strdup(path);
	if (f->path != NULL)
		f->writer = writer_start(path, privs);
	if (f->writer == NULL) {
		statefile_free(f);
		return (NULL);
	}
	return (f);
}

static void
free_event(struct event **ev)
{
	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
}

void
statefile_detach(struct statefile *f)
{
	free_event(&f->timer);
	free_event(&f->writable);
	free_event(&f->answer);
	snapshot_free(f->snapshot);
	f->snapshot = NULL;
	f->n = NULL;
}

void
statefile_free(struct statefile *f)
{
	const int saved_errno = errno;

	if (f == NULL)
		return;
	statefile_detach(f);
	writer_stop(f->writer);
	free(f->path);
	free(f);
	errno = saved_errno;
}
