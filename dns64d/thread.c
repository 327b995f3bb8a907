#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include "common/os/log.h"
#include "common/os/newthread.h"

#include "thread.h"

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

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		fatal("%s: socket pair", what);
	t->main_end = pair[0];
	t->own_end = pair[1];
	if ((error = newthread(&t->id, run, arg)) != 0) {
		errno = error;
		fatal("%s: thread", what);
	}
	thread_get(t->main_end);
}

void
thread_end(struct thread *t)
{
	close(t->main_end);
	pthread_join(t->id, NULL);
	close(t->own_end);
}
