/*
 * The two threads send each other single octets over a socket pair. The main
 * thread sends one when it has set files; the loader sends one when it has
 * entered the sandbox, and one when it has set conf. Between the two octets
 * of a load, struct loader belongs to the loader; write() and read() order
 * the memory accesses of both.
 */
#include <sys/socket.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/os/log.h"
#include "common/os/sandbox.h"

#include "dns64d/conf/conf.h"
#include "loader.h"

struct loader {
	const char *path;
	conf_report_fn *report;
	loader_fn *done;
	void *arg;
	const struct sandbox *sandbox; /* while starting */
	bool started;
	pthread_t thread;
	int main_end; /* of the socket pair */
	int own_end;
	struct event loaded;
	struct files *files;
	struct conf *conf;
};

static void
put_octet(int fd)
{
	while (write(fd, "", 1) == -1 && errno == EINTR)
		continue;
}

/* Returns false when the other end is closed. */
static bool
get_octet(int fd)
{
	ssize_t n;
	char octet;

	while ((n = read(fd, &octet, 1)) == -1 && errno == EINTR)
		continue;
	return (n == 1);
}

static void *
run(void *arg)
{
	struct loader *l = arg;

	sandbox_enter(l->sandbox);
	put_octet(l->own_end);
	while (get_octet(l->own_end)) {
		l->conf = conf_load(l->path, l->files, l->report);
		put_octet(l->own_end);
	}
	return (NULL);
}

static void
on_loaded(evutil_socket_t fd, short what, void *arg)
{
	struct loader *l = arg;
	struct conf *conf;

	(void)what;
	get_octet(fd);
	conf = l->conf;
	l->conf = NULL;
	l->done(l->arg, conf);
}

struct loader *
loader_new(struct event_base *base, const char *path, conf_report_fn *report,
    loader_fn *done, void *arg)
{
	struct loader *l;
	int pair[2];

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return (NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
		free(l);
		return (NULL);
	}
	l->path = path;
	l->report = report;
	l->done = done;
	l->arg = arg;
	l->main_end = pair[0];
	l->own_end = pair[1];
	event_assign(&l->loaded, base, l->main_end, EV_READ | EV_PERSIST,
	    on_loaded, l);
	return (l);
}

void
loader_start(struct loader *l, const struct sandbox *sb)
{
	sigset_t all, old;
	int error;

	l->sandbox = sb;
	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if ((error = pthread_create(&l->thread, NULL, run, l)) != 0) {
		errno = error;
		fatal("loader: thread");
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	l->started = true;
	get_octet(l->main_end);
	if (event_add(&l->loaded, NULL) == -1)
		fatalx("loader: out of memory");
}

void
loader_load(struct loader *l, struct files *files)
{
	l->files = files;
	put_octet(l->main_end);
}

void
loader_free(struct loader *l)
{
	if (l == NULL)
		return;
	event_del(&l->loaded);
	close(l->main_end);
	if (l->started)
		pthread_join(l->thread, NULL);
	close(l->own_end);
	if (l->conf != NULL)
		conf_unref(l->conf);
	free(l);
}
