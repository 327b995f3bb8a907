#include <signal.h>

#include "newthread.h"

/*
 * Our largest frames have 13 KiB; musl's 128 KiB leave little for several of
 * them, the libraries and a signal.
 */
#define STACK_SIZE (1024 * 1024)

int
newthread(pthread_t *id, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int error;

	error = pthread_attr_init(&attr);
	if (error != 0)
		return (error);
	error = pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (error == 0)
		error = pthread_create(id, &attr, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return (error);
}
