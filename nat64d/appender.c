#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/os/newthread.h"

#include "appender.h"

enum job { JOB_NONE, JOB_OPEN, JOB_WRITE, JOB_SANDBOX, JOB_END };

/*
 * job is JOB_NONE while the thread is idle, and set by its owner; the thread
 * sets it to JOB_NONE when it is done. Only who has the job may touch what is
 * below, so that the lock is for job alone.
 */
struct appender {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum job job;

	enum job last; /* whose result has not been asked for */
	void (*enter)(const struct sandbox *sb);
	const struct sandbox *sandbox;
	int fd; /* -1: not open yet */
	int error;
	size_t len;
	size_t done;
	char bytes[APPENDER_MAX];
	char path[];
};

/* --- the thread --- */

/*
 * A process that was killed, or a full disk, leaves a part of a line, which the
 * next one would go on. Without the right to read that is not known.
 */
static void
end_line(int fd, const char *path)
{
	struct stat st;
	char last = '\n';
	int in;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return;
	in = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (in == -1)
		return;
	if (pread(in, &last, 1, st.st_size - 1) == 1 && last != '\n')
		(void)!write(fd, "\n", 1);
	close(in);
}

/*
 * O_APPEND: after a rotation by copying and truncating the next line is written
 * at the new end. O_NONBLOCK: it may be a pipe.
 */
static int
open_file(struct appender *a)
{
	const int fd = open(a->path,
	    O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOFOLLOW |
		O_NOCTTY | O_CLOEXEC,
	    0640);

	if (fd == -1)
		return (errno);
	end_line(fd, a->path);
	if (a->fd != -1)
		close(a->fd);
	a->fd = fd;
	return (0);
}

static int
write_all(struct appender *a)
{
	ssize_t n;

	for (a->done = 0; a->done < a->len; a->done += (size_t)n) {
		n = write(a->fd, a->bytes + a->done, a->len - a->done);
		if (n == -1 && errno != EINTR)
			return (errno);
		if (n == -1)
			n = 0;
	}
	return (0);
}

static void
obey(struct appender *a, enum job job)
{
	if (job == JOB_OPEN)
		a->error = open_file(a);
	else if (job == JOB_WRITE)
		a->error = write_all(a);
	else if (job == JOB_SANDBOX)
		a->enter(a->sandbox);
}

static enum job
next_job(struct appender *a)
{
	enum job job;

	pthread_mutex_lock(&a->lock);
	while (a->job == JOB_NONE)
		pthread_cond_wait(&a->changed, &a->lock);
	job = a->job;
	pthread_mutex_unlock(&a->lock);
	return (job);
}

static void
set_job(struct appender *a, enum job job)
{
	pthread_mutex_lock(&a->lock);
	a->job = job;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

static void *
run(void *arg)
{
	struct appender *a = arg;
	enum job job;

	while ((job = next_job(a)) != JOB_END) {
		obey(a, job);
		set_job(a, JOB_NONE);
	}
	return (NULL);
}

/* --- its owner --- */

static bool
is_busy(struct appender *a)
{
	bool busy;

	pthread_mutex_lock(&a->lock);
	busy = a->job != JOB_NONE;
	pthread_mutex_unlock(&a->lock);
	return (busy);
}

static void
begin(struct appender *a, enum job job)
{
	a->last = job;
	set_job(a, job);
}

/* ms: negative: for ever */
bool
appender_wait(struct appender *a, int ms)
{
	struct timespec until;
	int error = 0;
	bool busy;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&a->lock);
	while (a->job != JOB_NONE && error == 0)
		error = ms < 0 ?
		    pthread_cond_wait(&a->changed, &a->lock) :
		    pthread_cond_timedwait(&a->changed, &a->lock, &until);
	busy = a->job != JOB_NONE;
	pthread_mutex_unlock(&a->lock);
	return (!busy);
}

static int
init_lock(struct appender *a)
{
	pthread_condattr_t attr;
	int error;

	error = pthread_condattr_init(&attr);
	if (error != 0)
		return (error);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	error = pthread_cond_init(&a->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (error == 0)
		error = pthread_mutex_init(&a->lock, NULL);
	return (error);
}

struct appender *
appender_start(const char *path)
{
	const size_t size = strlen(path) + 1;
	struct appender *a = calloc(1, sizeof(*a) + size);
	int error;

	if (a == NULL)
		return (NULL);
	memcpy(a->path, path, size);
	a->fd = -1;
	error = init_lock(a);
	if (error == 0)
		error = newthread(&a->thread, run, a);
	if (error != 0) {
		free(a);
		errno = error;
		return (NULL);
	}
	begin(a, JOB_OPEN);
	(void)appender_wait(a, -1);
	a->last = JOB_NONE;
	if (a->error == 0)
		return (a);
	error = a->error;
	appender_stop(a);
	errno = error;
	return (NULL);
}

void
appender_sandbox(struct appender *a, void (*enter)(const struct sandbox *sb),
    const struct sandbox *sb)
{
	a->enter = enter;
	a->sandbox = sb;
	(void)appender_wait(a, -1);
	set_job(a, JOB_SANDBOX);
	(void)appender_wait(a, -1);
}

void
appender_write(struct appender *a, const void *bytes, size_t len)
{
	memcpy(a->bytes, bytes, len);
	a->len = len;
	begin(a, JOB_WRITE);
}

void
appender_reopen(struct appender *a)
{
	begin(a, JOB_OPEN);
}

enum appender_state
appender_poll(struct appender *a, size_t *done, int *error)
{
	enum job last = a->last;

	if (is_busy(a))
		return (APPENDER_BUSY);
	a->last = JOB_NONE;
	*done = a->done;
	*error = a->error;
	if (last == JOB_NONE)
		return (APPENDER_IDLE);
	return (last == JOB_WRITE ? APPENDER_WROTE : APPENDER_OPENED);
}

void
appender_stop(struct appender *a)
{
	if (a == NULL)
		return;
	if (is_busy(a)) {
		pthread_detach(a->thread);
		return;
	}
	set_job(a, JOB_END);
	pthread_join(a->thread, NULL);
	if (a->fd != -1)
		close(a->fd);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
