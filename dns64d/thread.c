#include <sys/socket.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "common/os/log.h"

#include "thread.h"

/*
 * The stack of a thread, whatever the C library takes by itself. Our largest
 * frames have 13 KiB; musl's 128 KiB leave little for several of them, the
 * libraries and a signal.
 */
#define STACK_SIZE (1024 * 1024)

static int
create(struct thread *t, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	int error;

	if ((error = pthread_attr_init(&attr)) != 0)
		return (error);
	if ((error = pthread_attr_setstacksize(&attr, STACK_SIZE)) == 0)
		error = pthread_create(&t->id, &attr, run, arg);
	pthread_attr_destroy(&attr);
	return (error);
}

void
thread_put(int end, uint8_t octet)
{
	while (write(end, &octet, 1) == -1 && errno == EINTR)
		continue;
}

int
thread_get(int end)
{
	uint8_t octet;
	ssize_t n;

	while ((n = read(end, &octet, 1)) == -1 && errno == EINTR)
		continue;
	return (n == 1 ? octet : -1);
}

void
thread_start(struct thread *t, const char *what, void *(*run)(void *),
    void *arg)
{
	int pair[2], error;
	sigset_t all, old;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		fatal("%s: socket pair", what);
	t->main_end = pair[0];
	t->own_end = pair[1];
	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if ((error = create(t, run, arg)) != 0) {
		errno = error;
		fatal("%s: thread", what);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	thread_get(t->main_end);
}

void
thread_end(struct thread *t)
{
	close(t->main_end);
	pthread_join(t->id, NULL);
	close(t->own_end);
}
